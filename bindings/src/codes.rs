//! One-time codes of all accounts at once.

use std::fmt;

use countersign_authenticator as core;
use countersign_authenticator::tasks::blocking;

use crate::accounts::page_of;
use crate::convert::{mirror_enum, signed};
use crate::{Authenticator, AuthenticatorError, ClockStatus, Completeness, Id, Page};

/// The codes of this moment.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
#[uniffi::export(Debug)]
pub struct Codes {
    /// The rows of the page: one for each account with codes that isn't in the trash, in the person's order.
    pub codes: Vec<AccountCode>,
    /// How many rows there are in all.
    pub total: i64,
    /// Accounts that are there but can't be read.
    pub damaged: Vec<Id>,
    /// Whether accounts have vanished from the file.
    pub completeness: Completeness,
    /// The time they are for, and how far the device's clock is off.
    pub clock: ClockStatus,
    /// Milliseconds until the first of all codes changes, on this page or not; `None` if none does. Ask again then.
    pub next_change_ms: Option<i64>,
    /// Accounts whose server wants the person checked before codes are shown, where nobody was: they have no row.
    #[uniffi(default = [])]
    pub withheld: Vec<Id>,
}

/// An account's code.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
#[uniffi::export(Debug)]
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

mirror_enum! {
    /// Whether the device's clock was corrected for a code, and by whom.
    Correction of core::Correction {
        /// The device's clock is right, or nobody has told that it isn't.
        Uncorrected of Uncorrected,
        /// By the account's own service, which is who checks the code.
        OwnService of OwnService,
        /// By a clock that the platform sets from the network.
        Platform of Platform,
        /// By the time of another service, or of several, since the account's issuer has told none. Say so: a code that is refused may be so
        /// for this.
        OtherService of OtherService,
    } else OtherService
}

/// What to show for an account. Its debug text has no code in it.
#[derive(Clone, PartialEq, Eq, uniffi::Enum)]
#[uniffi::export(Debug)]
pub enum ShownCode {
    /// This code and the next one.
    Timed {
        /// The code of this time step.
        code: String,
        /// The code of the next time step.
        next: String,
        /// Seconds until `next` takes over: 1 to `period`.
        remaining_seconds: i32,
        /// Length of a time step in seconds.
        period: i32,
    },
    /// A code is made when the person asks: [`Authenticator::next_code`].
    OnRequest,
    /// No code, since the account's service would refuse it.
    Refused {
        /// Why.
        why: CodeRefusal,
    },
}

mirror_enum! {
    /// Why an account's service refuses its one-time codes.
    CodeRefusal of core::approvals::CodeRefusal {
        /// The enrolment isn't finished: the codes count once the device is active.
        NotActive of NotActive,
        /// The service doesn't know the device: its activation failed, or it was removed. Offer to remove the account.
        Removed of Removed,
    } else Removed
}

#[uniffi::export(async_runtime = "tokio")]
impl Authenticator {
    /// The codes of all accounts, now; all rows without a `page`. Needs no network.
    ///
    /// # Errors
    ///
    /// When the vault can't be read.
    #[uniffi::method(default(page = None))]
    pub async fn codes(&self, page: Option<Page>) -> Result<Codes, AuthenticatorError> {
        let core = self.core.clone();
        let codes = blocking(move || core.codes()).await?;
        Ok(Codes {
            total: signed(codes.codes.len()),
            codes: page_of(codes.codes, page).map(AccountCode::from).collect(),
            damaged: codes.damaged,
            completeness: codes.completeness.into(),
            clock: codes.clock.into(),
            next_change_ms: codes.next_change_ms.map(signed),
            withheld: codes.withheld,
        })
    }

    /// Makes the next code of an account whose codes come from a counter. The counter has moved on durably before the
    /// code is given out, so that no code is given out twice.
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError::Gone`] when there is no such account, or it has no counter.
    pub async fn next_code(&self, account: Id) -> Result<String, AuthenticatorError> {
        let core = self.core.clone();
        Ok(blocking(move || core.next_code(account)).await?.as_str().to_owned())
    }
}

impl From<core::AccountCode> for AccountCode {
    fn from(row: core::AccountCode) -> Self {
        let code = match row.code {
            core::ShownCode::Timed(timed) => ShownCode::Timed {
                code: timed.code.as_str().to_owned(),
                next: timed.next.as_str().to_owned(),
                remaining_seconds: timed.remaining_seconds.try_into().unwrap_or(i32::MAX),
                period: timed.period.try_into().unwrap_or(i32::MAX),
            },
            core::ShownCode::Refused(why) => ShownCode::Refused { why: why.into() },
            _ => ShownCode::OnRequest,
        };
        Self {
            account: row.account,
            issuer: row.issuer,
            name: row.name,
            code,
            correction: row.correction.into(),
        }
    }
}

impl fmt::Debug for ShownCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timed { remaining_seconds, period, .. } => f
                .debug_struct("Timed")
                .field("remaining_seconds", remaining_seconds)
                .field("period", period)
                .finish_non_exhaustive(),
            Self::OnRequest => f.write_str("OnRequest"),
            Self::Refused { why } => f.debug_struct("Refused").field("why", why).finish(),
        }
    }
}
