//! One-time codes of all accounts at once, right by their services' time.

use countersign_protocol::Id;
use serde::Serialize;

use super::{Authenticator, hold};
use crate::approvals::{AnswerError, CodeRefusal};
use crate::clock::{ClockStatus, TimeSource};
use crate::keys::UserCheck;
use crate::otp::{Code, OtpGenerator, TimedCode};
use crate::vault::{Completeness, VaultError};
use crate::{Account, Error};

/// The codes of this moment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Codes {
    /// One row for each account with codes that isn't in the trash, in the person's order.
    pub codes: Vec<AccountCode>,
    /// Accounts whose server wants the person checked before codes are shown, where nobody was ([`UserCheck::None`]): they
    /// have no row.
    pub withheld: Vec<Id>,
    /// Accounts that are there but can't be read.
    pub damaged: Vec<Id>,
    /// Whether accounts have vanished from the file.
    pub completeness: Completeness,
    /// The time they are for, and how far the device's clock is off. Codes of an account that has a service go by that
    /// service's time, where it has told it.
    pub clock: ClockStatus,
    /// Milliseconds until the first of them changes; `None` if none does.
    pub next_change_ms: Option<u64>,
}

/// An account's code.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccountCode {
    /// The account.
    pub account: Id,
    /// Who issued it; may be empty.
    pub issuer: String,
    /// Whose it is; may be empty.
    pub name: String,
    /// What to show.
    pub code: ShownCode,
    /// Whether the device's clock was corrected for it, and by whom.
    pub correction: Correction,
}

/// Whether the device's clock was corrected for a code, and by whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Correction {
    /// The device's clock is right, or nobody has told that it isn't.
    Uncorrected,
    /// By the account's own service, which is who checks the code.
    OwnService,
    /// By a clock that the platform sets from the network.
    Platform,
    /// By the time of another service, or of several, since the account's issuer has told none. True time is the same for everybody, but
    /// a person whose code is refused should know.
    OtherService,
}

/// What to show for an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ShownCode {
    /// This code and the next one.
    Timed(TimedCode),
    /// A code is made when the person asks: [`Authenticator::next_code`].
    OnRequest,
    /// No code, since the account's service would refuse it. Where it was [`CodeRefusal::Removed`], a shell offers to remove
    /// the account.
    Refused(CodeRefusal),
}

impl Authenticator {
    /// The codes of all accounts, now. Needs no network.
    ///
    /// # Errors
    ///
    /// [`Error::Vault`].
    pub fn codes(&self) -> Result<Codes, Error> {
        let listing = self.parts.vault.accounts()?;
        self.note_wall();
        let nobody_was_checked = self.parts.keys.user_check() == UserCheck::None;
        let mut withheld = Vec::new();
        let reading = self.parts.clock.read();
        let times = hold(&self.parts.times);
        let clock = times.status(&reading);
        let mut next_change_ms: Option<u64> = None;
        let codes = listing
            .items
            .into_iter()
            .filter(|account| account.trashed_at.is_none())
            .filter_map(|account| {
                let otp = account.otp.as_ref()?;
                if let Some(refusal) = account.binding.as_ref().and_then(|it| it.refusal_of_codes()) {
                    return Some(AccountCode {
                        account: account.id,
                        issuer: account.issuer,
                        name: account.name,
                        code: ShownCode::Refused(refusal),
                        correction: Correction::Uncorrected,
                    });
                }
                if nobody_was_checked && wants_check(&account) {
                    withheld.push(account.id);
                    return None;
                }
                let service = account.binding.as_ref().map(|binding| binding.service().authority());
                let own = service.map(|service| times.status_at(service, &reading));
                let status = own.as_ref().unwrap_or(&clock);
                let (code, correction) = match OtpGenerator::new(otp).codes_at(status.time.unix_seconds()) {
                    Some(timed) => {
                        let left = u64::from(timed.remaining_seconds) * 1000 - status.time.unix_ms % 1000;
                        next_change_ms = Some(next_change_ms.map_or(left, |next| next.min(left)));
                        (ShownCode::Timed(timed), correction(status, service))
                    }
                    None => (ShownCode::OnRequest, Correction::Uncorrected),
                };
                Some(AccountCode {
                    account: account.id,
                    issuer: account.issuer,
                    name: account.name,
                    code,
                    correction,
                })
            })
            .collect();
        Ok(Codes {
            codes,
            withheld,
            damaged: listing.damaged,
            completeness: listing.completeness,
            clock,
            next_change_ms,
        })
    }

    /// Makes the next code of an account whose codes come from a counter. The counter has moved on durably before the
    /// code is given out, so that no code is given out twice.
    ///
    /// # Errors
    ///
    /// [`Error::NoCodeOnRequest`], [`Error::NoSuchAccount`], [`Error::Vault`]; [`AnswerError::UnlockNeeded`] where the
    /// account's server wants the person checked, and nobody was.
    pub fn next_code(&self, account: Id) -> Result<Code, Error> {
        let nobody_was_checked = self.parts.keys.user_check() == UserCheck::None;
        if nobody_was_checked
            && self.parts.vault.account(account)?.is_some_and(|account| wants_check(&account))
        {
            return Err(AnswerError::UnlockNeeded.into());
        }
        self.parts.vault.next_hotp(account).map_err(|error| match error {
            VaultError::NoCounter => Error::NoCodeOnRequest,
            error => error.into(),
        })
    }
}

/// Whether the account's server wants the person checked before its codes are shown: in whatever way the phone does.
fn wants_check(account: &Account) -> bool {
    account.token.as_deref().is_some_and(|token| token.unlock.is_some())
}

fn correction(status: &ClockStatus, own: Option<&str>) -> Correction {
    if status.time.source == TimeSource::Platform && status.is_corrected() {
        return Correction::Platform;
    }
    match status.service.as_deref().filter(|_| status.is_corrected()) {
        None => Correction::Uncorrected,
        service if service == own => Correction::OwnService,
        Some(_) => Correction::OtherService,
    }
}
