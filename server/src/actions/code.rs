//! One-time codes: for a sign-in from its page, or by themselves for a relying party.

use std::sync::Arc;

use countersign_protocol::Id;

use super::enrol::TOTP_TABLE;
use crate::actions;
use crate::app::App;
use crate::otp::{self, Found};
use crate::refusal::Refusal;
use crate::secret::SecretText;
use crate::source::Source;
use crate::store::accounts::Account;
use crate::store::audit::{self, About, Act, Actor, Event};
use crate::store::clients::Client;
use crate::store::devices::Totp;
use crate::store::failures::{self, Authenticator};
use crate::store::idempotency::{self, Known, Retry};
use crate::store::sign_ins::{self, Ending, Method, SignIn, SignInPurpose, SignInState};
use crate::store::{Result, StoreError, Transaction, devices, pushes};
use crate::throttle::{self, Lock};
use crate::time::Time;

/// Authentication method reference of a one-time code (RFC 8176).
pub(crate) const AMR: &str = "otp";

/// Who gives a code.
#[derive(Clone, Debug)]
pub(crate) enum Asker {
    /// The browser that has the sign-in's page.
    Page,
    /// A relying party, which may send its request again.
    Client(Box<Client>, Option<Retry>),
}

impl Asker {
    fn actor(&self) -> Actor {
        match self {
            Self::Page => Actor::Page,
            Self::Client(client, _) => Actor::Client(client.name.clone()),
        }
    }

    fn may(&self, sign_in: &SignIn) -> bool {
        match self {
            Self::Page => sign_in.purpose == SignInPurpose::SignIn,
            Self::Client(client, _) => actions::sign_in::belongs_to(sign_in, client),
        }
    }

    /// Whether its sign-ins may be approved by a code. A page's sign-in has no tries left where they may not.
    fn takes_codes(&self) -> bool {
        match self {
            Self::Page => true,
            Self::Client(client, _) => client.methods.contains(Method::Code),
        }
    }

    /// What came of the very same request before.
    fn known(&self, transaction: &Transaction<'_>) -> Result<Known> {
        match self {
            Self::Client(client, Some(retry)) => idempotency::find(transaction, client, retry),
            Self::Page | Self::Client(_, None) => Ok(Known::New),
        }
    }

    /// Remembers what came of it. What nothing came of, since it came too often or too late, may be asked again.
    fn remember(&self, transaction: &Transaction<'_>, checked: &Checked, now: Time) -> Result<()> {
        let Self::Client(client, Some(retry)) = self else { return Ok(()) };
        let (outcome, subject) = match checked {
            Ok(device) => ("approved", Some(*device)),
            Err(Refusal::WrongCode) => ("wrong_code", None),
            Err(Refusal::UsedCode) => ("used_code", None),
            Err(Refusal::NextCode) => ("next_code", None),
            Err(_) => return Ok(()),
        };
        idempotency::remember(transaction, client, retry, outcome, subject, now)
    }
}

/// The device that a right code is from.
type Checked = std::result::Result<Id, Refusal>;

/// What a remembered request is answered with.
fn again(outcome: &str, device: Option<Id>) -> Checked {
    match (outcome, device) {
        ("approved", Some(device)) => Ok(device),
        ("used_code", _) => Err(Refusal::UsedCode),
        ("next_code", _) => Err(Refusal::NextCode),
        _ => Err(Refusal::WrongCode),
    }
}

/// Approves a sign-in by a one-time code of any of its user's devices.
pub(crate) async fn for_sign_in(
    app: &Arc<App>,
    id: Id,
    code: SecretText,
    asker: Asker,
) -> std::result::Result<SignIn, Refusal> {
    check_form(&code)?;
    if !asker.takes_codes() {
        return Err(Refusal::MethodOff);
    }
    let (now, writer) = (app.now(), Arc::clone(app));
    app.store
        .write(move |transaction| {
            let sign_in = sign_ins::load(transaction, id)?;
            let Some(sign_in) = sign_in.filter(|it| asker.may(it)) else {
                return Ok(Err(Refusal::NotFound));
            };
            match asker.known(transaction)? {
                Known::New => {}
                Known::Other => return Ok(Err(Refusal::KeyReused)),
                Known::Done { outcome, subject } => return Ok(again(&outcome, subject).map(|_| sign_in)),
            }
            if sign_in.state_at(now) != SignInState::Pending {
                return Ok(Err(Refusal::Ended));
            }
            if !sign_ins::take_code_try(transaction, id)? {
                return Ok(Err(Refusal::TooManyCodes));
            }
            let attempt = Attempt {
                app: &writer,
                account: &sign_in.account,
                code: &code,
                source: sign_in.source,
                actor: &asker.actor(),
                subject: Some(id),
                now,
            };
            let checked = attempt.check(transaction)?;
            asker.remember(transaction, &checked, now)?;
            if let Err(refusal) = checked {
                return Ok(Err(refusal));
            }
            let ending = Ending {
                method: Some(Method::Code),
                amr: Some(AMR.to_owned()),
                ..SignInState::Approved.into()
            };
            if !actions::end::sign_in(transaction, &sign_in, &ending, &asker.actor(), now)? {
                return Err(StoreError::NotCommitted);
            }
            sign_ins::load(transaction, id)?.map(Ok).ok_or(StoreError::NotCommitted)
        })
        .await?
}

/// Verifies a one-time code of any of a user's devices, and uses it up. Gives the device.
pub(crate) async fn alone(
    app: &Arc<App>,
    account: Account,
    code: SecretText,
    source: Source,
    asker: Asker,
) -> Checked {
    check_form(&code)?;
    if !asker.takes_codes() {
        return Err(Refusal::MethodOff);
    }
    let (now, writer) = (app.now(), Arc::clone(app));
    app.store
        .write(move |transaction| {
            match asker.known(transaction)? {
                Known::New => {}
                Known::Other => return Ok(Err(Refusal::KeyReused)),
                Known::Done { outcome, subject } => return Ok(again(&outcome, subject)),
            }
            let actor = asker.actor();
            let attempt = Attempt {
                app: &writer,
                account: &account,
                code: &code,
                source,
                actor: &actor,
                subject: None,
                now,
            };
            let checked = attempt.check(transaction)?;
            asker.remember(transaction, &checked, now)?;
            if let Ok(device) = checked {
                let subject = Some(device);
                audit::append(
                    transaction,
                    &Act {
                        at: now,
                        actor: &actor,
                        event: Event::CodeVerify,
                        outcome: "approved",
                        about: About::Account(&account),
                        subject,
                    },
                )?;
            }
            Ok(checked)
        })
        .await?
}

/// When codes from this source are taken again, if they aren't now.
pub(crate) fn wait(
    connection: &rusqlite::Connection,
    account: &Account,
    source: Source,
    now: Time,
) -> Result<Option<Time>> {
    Ok(failures::of(connection, account, &Authenticator::CodesFrom(source))?.wait(now))
}

/// A text that can't be a code isn't a guess, and isn't counted as one.
fn check_form(code: &SecretText) -> std::result::Result<(), Refusal> {
    if otp::is_well_formed(code.expose()) { Ok(()) } else { Err(Refusal::Invalid("code")) }
}

/// One code for one account.
struct Attempt<'a> {
    app: &'a App,
    account: &'a Account,
    code: &'a SecretText,
    source: Source,
    actor: &'a Actor,
    /// The sign-in that it is for.
    subject: Option<Id>,
    now: Time,
}

impl Attempt<'_> {
    fn check(&self, transaction: &Transaction<'_>) -> Result<Checked> {
        if let Some(until) = wait(transaction, self.account, self.source, self.now)? {
            self.record(transaction, "throttled")?;
            return Ok(Err(Refusal::Locked(Lock::Until(until))));
        }
        let totps = devices::totp_of_account(transaction, self.account)?;
        let mut is_used = false;
        for totp in &totps {
            let secret =
                self.app.keys.sealer.open(TOTP_TABLE, totp.device.as_bytes(), &totp.sealed_secret)?;
            match otp::find_step(&secret, self.code.expose(), self.now, &totp.marks) {
                Some(Found::Step(step)) => return self.succeed(transaction, totp, step),
                Some(Found::Used) => is_used = true,
                None => {}
            }
        }
        // Whoever sends a code twice has guessed nothing.
        if is_used {
            self.record(transaction, "used_code")?;
            return Ok(Err(Refusal::UsedCode));
        }
        failures::count(transaction, self.account, &Authenticator::CodesFrom(self.source), self.now)?;
        // Where there is no code to be guessed, nothing is worth remembering for longer than a source is.
        if !totps.is_empty() {
            let all = failures::count(transaction, self.account, &Authenticator::Codes, self.now)?;
            if all.count == throttle::MAX_FAILURES {
                tracing::warn!(
                    "an account has had {} wrong codes in a row and takes them in pairs from now on",
                    all.count
                );
            }
        }
        self.record(transaction, "wrong_code")?;
        Ok(Err(Refusal::WrongCode))
    }

    /// Uses a right code up. After too many wrong ones it counts only together with the next one, from the same source.
    fn succeed(&self, transaction: &Transaction<'_>, totp: &Totp, step: otp::Step) -> Result<Checked> {
        devices::use_totp_step(transaction, totp.device, step, otp::first_step(self.now))?;
        if failures::of(transaction, self.account, &Authenticator::Codes)?.is_exhausted() {
            let is_second = totp
                .first_code
                .is_some_and(|(first, source)| source == self.source && otp::follows(first, step.number));
            let first = (!is_second).then_some((step.number, self.source));
            devices::set_first_code(transaction, totp.device, first)?;
            if !is_second {
                self.record(transaction, "next_code")?;
                return Ok(Err(Refusal::NextCode));
            }
        }
        failures::reset(transaction, self.account, &Authenticator::Codes)?;
        failures::reset(transaction, self.account, &Authenticator::CodesFrom(self.source))?;
        pushes::record_success(transaction, self.account, self.source, self.now)?;
        Ok(Ok(totp.device))
    }

    fn record(&self, transaction: &Transaction<'_>, outcome: &str) -> Result<()> {
        audit::append(
            transaction,
            &Act {
                at: self.now,
                actor: self.actor,
                event: Event::CodeVerify,
                outcome,
                about: About::Account(self.account),
                subject: self.subject,
            },
        )
    }
}
