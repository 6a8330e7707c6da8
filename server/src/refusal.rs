//! Why a relying party's or a page's request was refused.

use countersign_protocol::name::{self, NameError};

use crate::store::StoreError;
use crate::store::clients::Right;
use crate::throttle::Lock;

/// A refusal, and all that the asker may know about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// A field has no acceptable value; this is its name.
    Invalid(&'static str),
    /// A field's value can't be a name, for this reason.
    Name(&'static str, NameError),
    /// There is nothing of this name that the asker may see.
    NotFound,
    /// It has ended, so that this can't be done to it any more.
    Ended,
    /// The one-time code is wrong.
    WrongCode,
    /// The one-time code was used before, or a later one was: nothing is counted.
    UsedCode,
    /// The one-time code is right, but the account has had so many wrong ones that the next code is asked for as well.
    NextCode,
    /// Too many failures on this account.
    Locked(Lock),
    /// This sign-in has had as many one-time codes as it may have.
    TooManyCodes,
    /// The client's sign-ins aren't approved by this method.
    MethodOff,
    /// The account has as many open enrolments as it may have.
    TooManyOpen,
    /// The account has as many devices as it may have.
    TooManyDevices,
    /// The page belongs to another browser.
    Elsewhere,
    /// The request comes from another site's page.
    CrossOrigin,
    /// The idempotency key was used for another request.
    KeyReused,
    /// Several organisations have a client of this name.
    Ambiguous,
    /// The client lacks a right.
    MissingRight(Right),
    /// A client can't give another what it doesn't have itself; this is the field.
    BeyondOwn(&'static str),
    /// The organisation has, or had, a client of this name.
    NameTaken,
    /// The client would lock itself out; others could let it in again.
    LocksOut,
    /// The client would lock itself out, and the organisation with it.
    LastManager,
    /// The client would be left without a way in.
    LastSecret,
    /// The client has as many secrets as it may have.
    TooManySecrets,
    /// A client of this kind shows no secret.
    ShowsNoSecret,
    /// The client was revoked, or its time is over.
    ClientEnded,
    /// The client hasn't registered this address to return to.
    ReturnUrl,
    /// The service can't do it now.
    Unavailable,
}

/// Refuses what can't be a name in this field.
pub(crate) fn check_name(field: &'static str, text: &str) -> Result<(), Refusal> {
    name::check(text).map_err(|error| Refusal::Name(field, error))
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
        StoreError::Sqlite(cause) => tracing::error!(reason = error.trouble().code(), %cause, "{error}"),
        // The writer has logged the transaction's error, once for all that were in it.
        StoreError::Transaction(_) => tracing::debug!("{error}"),
        _ => tracing::error!("{error}"),
    }
}
