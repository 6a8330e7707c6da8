//! The recovery code: generated, shown once, and typed back from paper.

use std::io::{self, Write};

use countersign_authenticator::protocol::Id;
use countersign_authenticator::vault::{NewSlot, RecoveryCode, SlotKind, Vault, VaultError};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::output::{self, Look, Output, Report};
use crate::prompt;
use crate::text::{BOLD, plain, sentence};

/// Generates a code, shows it, and asks the person to type it back.
pub(crate) fn make(vault: &Vault, replace: bool, output: Output) -> Result<(), Failure> {
    let has_one = vault.slots()?.iter().any(|slot| slot.kind == SlotKind::RecoveryCode);
    if has_one && !replace {
        if !prompt::can_ask() {
            return Err(Failure::Usage(
                "there is already a recovery code; use --replace to create another".to_owned(),
            ));
        }
        if !prompt::confirm(
            "There is already a recovery code, which will no longer open the vault. Continue?",
        )? {
            return Err(Failure::Cancelled);
        }
    }
    let code = RecoveryCode::make_random();
    exchange(vault, SlotKind::RecoveryCode, &NewSlot::from_recovery_code(&code))?;
    output.report(&RecoveryCodeReport { recovery_code: code.to_text() })?;
    if output.is_for_a_person() && prompt::can_ask() { check(vault) } else { Ok(()) }
}

/// Replaces all slots of one kind by a new one.
pub(crate) fn exchange(vault: &Vault, kind: SlotKind, slot: &NewSlot) -> Result<(), Failure> {
    let old: Vec<Id> = vault.slots()?.iter().filter(|slot| slot.kind == kind).map(|slot| slot.id).collect();
    match old.split_first() {
        None => vault.add_slot(slot)?,
        Some((first, rest)) => {
            vault.replace_slot(*first, slot)?;
            rest.iter().try_for_each(|id| vault.remove_slot(*id))?;
        }
    }
    Ok(())
}

/// Asks for the code until it is right, or the person postpones it.
fn check(vault: &Vault) -> Result<(), Failure> {
    loop {
        let typed = match prompt::from_paper("\nType it from the paper (Esc: later): ") {
            Ok(typed) => typed,
            Err(Failure::Cancelled) => {
                output::tell("Check it later with `countersign vault recovery-code --check`.\n");
                return Ok(());
            }
            Err(failure) => return Err(failure),
        };
        match RecoveryCode::parse(&plain(&typed)).map(|code| vault.check_recovery_code(&code)) {
            Ok(Ok(())) => {
                output::tell("Correct: it opens this vault.\n");
                return Ok(());
            }
            Ok(Err(VaultError::WrongKey)) => {
                output::tell("That is a different code. Compare it with the paper.\n")
            }
            Ok(Err(error)) => return Err(error.into()),
            Err(error) => output::tell(&format!("{}\n", sentence(&error))),
        }
    }
}

#[derive(Serialize)]
struct RecoveryCodeReport {
    #[serde(serialize_with = "expose")]
    recovery_code: Zeroizing<String>,
}

impl Report for RecoveryCodeReport {
    fn write_text(&self, out: &mut dyn Write, look: Look) -> io::Result<()> {
        if look.terminal && !look.quiet {
            writeln!(out, "Write this down and keep it with your documents. It opens the vault without the")?;
            writeln!(out, "passphrase, and is not shown again.\n")?;
            writeln!(out, "  {BOLD}{}{BOLD:#}", self.recovery_code.as_str())
        } else {
            writeln!(out, "{}", self.recovery_code.as_str())
        }
    }
}

/// The only secret that is printed, because it has to be written down.
fn expose<S: serde::Serializer>(text: &Zeroizing<String>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(text)
}
