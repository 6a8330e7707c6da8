//! Asks for the passphrase from time to time if a file contains it, so that somebody still knows it when the file is lost.

use std::io::{self, Write};
use std::path::Path;

use countersign_authenticator::vault::VaultError;
use countersign_authenticator::{Authenticator, Error, PassphraseReminder, Secret};
use serde::Serialize;

use crate::args::Global;
use crate::failure::Failure;
use crate::output::{self, Look, Output, Report};
use crate::session::{self, Session};
use crate::text::{GOOD, duration};
use crate::{input, passphrase, prompt};

/// The command that asks for the passphrase.
pub(crate) const CHECK: &str = "`countersign vault passphrase --check`";

/// Reminds the person to type the passphrase, unless they have just typed it.
pub(crate) fn remind(authenticator: &Authenticator, output: Output) {
    if !output.is_for_a_person() {
        return;
    }
    // The command itself and `doctor` report what can't be read.
    if let Ok(Some(reminder)) = authenticator.passphrase_reminder()
        && reminder.is_due
    {
        let last = last_typed(&reminder, now(authenticator));
        output.note(format!("The passphrase {last}. {CHECK} checks whether you still know it."));
    }
}

/// `last typed 3 days ago`, or that it was never typed.
pub(crate) fn last_typed(reminder: &PassphraseReminder, now: u64) -> String {
    match reminder.typed_at {
        Some(typed) => format!("was last typed {} ago", duration(now.saturating_sub(typed))),
        None => "has never been typed, as far as known".to_owned(),
    }
}

/// The authenticator's time, in Unix seconds.
pub(crate) fn now(authenticator: &Authenticator) -> u64 {
    authenticator.clock_status().time.unix_seconds()
}

/// Asks for the passphrase, even if a file has opened the vault.
pub(crate) fn check(global: &Global, typed: Option<&Path>, output: Output) -> Result<(), Failure> {
    let Session { authenticator, .. } = session::open(global)?;
    let asks = typed.is_none() && global.passphrase_file.is_some();
    let reminder = match typed {
        Some(file) => {
            let typed = input::read_first_line(file, "--typed-passphrase-file")?;
            Some(check_typed(&authenticator, &typed)?)
        }
        None if asks => Some(ask(&authenticator)?),
        // It was typed to open the vault.
        None => authenticator.passphrase_reminder()?,
    };
    match reminder {
        Some(reminder) => output.report(&Checked::new(&reminder, now(&authenticator))),
        None => Err(Error::from(VaultError::NoSuchSlot).into()),
    }
}

/// A person may mistype it twice.
fn ask(authenticator: &Authenticator) -> Result<PassphraseReminder, Failure> {
    if !prompt::can_ask() {
        return Err(Failure::PassphraseNeeded);
    }
    let question = || -> Result<Secret, Failure> { prompt::secret("Passphrase: ") };
    for _ in 0..2 {
        match check_typed(authenticator, &question()?) {
            Err(Error::Vault(VaultError::WrongKey)) => output::tell("Wrong passphrase.\n"),
            checked => return Ok(checked?),
        }
    }
    Ok(check_typed(authenticator, &question()?)?)
}

fn check_typed(authenticator: &Authenticator, typed: &Secret) -> Result<PassphraseReminder, Error> {
    let is_wrong = |error: &Error| matches!(error, Error::Vault(VaultError::WrongKey));
    passphrase::open(typed, is_wrong, |it| authenticator.check_passphrase(it))
}

#[derive(Serialize)]
struct Checked {
    typed_at: Option<u64>,
    due_at: Option<u64>,
    #[serde(skip)]
    now: u64,
}

impl Checked {
    const fn new(reminder: &PassphraseReminder, now: u64) -> Self {
        Self { typed_at: reminder.typed_at, due_at: reminder.due_at, now }
    }
}

impl Report for Checked {
    fn write_text(&self, out: &mut dyn Write, look: Look) -> io::Result<()> {
        if look.quiet {
            return Ok(());
        }
        let left = duration(self.due_at.unwrap_or_default().saturating_sub(self.now));
        writeln!(out, "{GOOD}Correct.{GOOD:#} Type it again in {left}.")
    }
}
