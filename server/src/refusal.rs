//! Why a relying party's or a page's request was refused.

use crate::store::StoreError;
use crate::throttle::Lock;

/// A refusal, and all that the asker may know about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// A field has no acceptable value; this is its name.
    Invalid(&'static str),
    /// There is nothing of this name that the asker may see.
    NotFound,
    /// It has ended, so that this can't be done to it any more.
    Ended,
    /// The one-time code is wrong, or was used before.
    WrongCode,
    /// Too many failures on this account.
    Locked(Lock),
    /// This sign-in has had as many one-time codes as it may have.
    TooManyCodes,
    /// The account has as many open sign-ins or enrolments as it may have.
    TooManyOpen,
    /// The account has as many devices as it may have.
    TooManyDevices,
    /// The page belongs to another browser.
    Elsewhere,
    /// The service can't do it now.
    Unavailable,
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        log_store_error(&error);
        Self::Unavailable
    }
}

/// Writes down why the database failed. None of the values are in it: SQLite's texts name tables and codes.
pub(crate) fn log_store_error(error: &StoreError) {
    match error {
        StoreError::Sqlite(cause) => tracing::error!(%cause, "{error}"),
        _ => tracing::error!("{error}"),
    }
}
