//! One-time codes of all accounts at once, right by the service's time.

use countersign_protocol::Id;

use super::Authenticator;
use crate::Error;
use crate::clock::ClockStatus;
use crate::otp::{Code, OtpGenerator, TimedCode};
use crate::vault::{Completeness, VaultError};

/// The codes of this moment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Codes {
    /// One row for each account with codes that isn't in the trash, in the person's order.
    pub codes: Vec<AccountCode>,
    /// Accounts that are there but can't be read.
    pub damaged: Vec<Id>,
    /// Whether accounts have vanished from the file.
    pub completeness: Completeness,
    /// The time they are for, and how far the device's clock is off.
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
}

/// What to show for an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ShownCode {
    /// This code and the next one.
    Timed(TimedCode),
    /// A code is made when the person asks: [`Authenticator::next_code`].
    OnRequest,
}

impl Authenticator {
    /// The codes of all accounts, now. Needs no network.
    ///
    /// # Errors
    ///
    /// [`Error::Vault`].
    pub fn codes(&self) -> Result<Codes, Error> {
        let listing = self.parts.vault.accounts()?;
        let clock = self.clock_status();
        let now = clock.time.unix_seconds();
        let mut next_change: Option<u32> = None;
        let codes = listing
            .items
            .into_iter()
            .filter(|account| account.trashed_at.is_none())
            .filter_map(|account| {
                let code = match OtpGenerator::new(account.otp.as_ref()?).codes_at(now) {
                    Some(timed) => {
                        next_change = Some(
                            next_change
                                .map_or(timed.remaining_seconds, |next| next.min(timed.remaining_seconds)),
                        );
                        ShownCode::Timed(timed)
                    }
                    None => ShownCode::OnRequest,
                };
                Some(AccountCode { account: account.id, issuer: account.issuer, name: account.name, code })
            })
            .collect();
        Ok(Codes {
            codes,
            damaged: listing.damaged,
            completeness: listing.completeness,
            clock,
            next_change_ms: next_change.map(|seconds| u64::from(seconds) * 1000 - clock.time.unix_ms % 1000),
        })
    }

    /// Makes the next code of an account whose codes come from a counter. The counter has moved on durably before the
    /// code is given out, so that no code is given out twice.
    ///
    /// # Errors
    ///
    /// [`Error::NoCodeOnRequest`], [`Error::NoSuchAccount`], [`Error::Vault`].
    pub fn next_code(&self, account: Id) -> Result<Code, Error> {
        self.parts.vault.next_hotp(account).map_err(|error| match error {
            VaultError::NoCounter => Error::NoCodeOnRequest,
            error => error.into(),
        })
    }
}
