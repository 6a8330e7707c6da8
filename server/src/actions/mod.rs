//! What the service does, whoever asks: over the device interface, the relying-party interface or a hosted page.
//!
//! Each action decides and writes in one transaction, so that being killed at any point leaves it done or not done.

pub(crate) mod answer;
pub(crate) mod authenticate;
pub(crate) mod change;
pub(crate) mod clients;
pub(crate) mod code;
pub(crate) mod collect;
pub(crate) mod end;
pub(crate) mod enrol;
pub(crate) mod enrolment;
pub(crate) mod fetch;
pub(crate) mod lock;
pub(crate) mod relay;
pub(crate) mod replace;
pub(crate) mod sign_in;
pub(crate) mod sweep;

use countersign_protocol::limits::MAX_REQUEST_AGE_SECONDS;
use countersign_protocol::messages::{Outcome, ProblemCode};

use crate::refusal::log_store_error;
use crate::store::StoreError;
use crate::store::accounts::Account;
use crate::throttle::Lock;
use crate::time::Time;

/// Why a device's request was refused, and what it is told beside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Denial {
    pub(crate) code: ProblemCode,
    pub(crate) outcome: Option<Outcome>,
    pub(crate) retry_after: Option<u64>,
}

impl Denial {
    pub(crate) fn already_answered(outcome: Outcome) -> Self {
        Self { outcome: Some(outcome), ..ProblemCode::AlreadyAnswered.into() }
    }

    /// A lock without an end has no `retry_after`.
    pub(crate) fn locked(lock: Lock, now: Time) -> Self {
        let retry_after = match lock {
            Lock::Until(until) => u64::try_from(until.since(now).as_millis()).ok(),
            Lock::UntilUnlocked => None,
        };
        Self { retry_after, ..ProblemCode::Throttled.into() }
    }
}

impl From<ProblemCode> for Denial {
    fn from(code: ProblemCode) -> Self {
        Self { code, outcome: None, retry_after: None }
    }
}

impl From<StoreError> for Denial {
    fn from(error: StoreError) -> Self {
        log_store_error(&error);
        ProblemCode::Unavailable.into()
    }
}

/// Refuses a request whose `iat` is too far from the service's time.
fn check_age(iat: u64, now: Time) -> Result<(), Denial> {
    if iat.abs_diff(now.seconds()) > MAX_REQUEST_AGE_SECONDS {
        return Err(ProblemCode::ClockSkew.into());
    }
    Ok(())
}

fn hash_of(request: &str) -> Vec<u8> {
    ring::digest::digest(&ring::digest::SHA256, request.as_bytes()).as_ref().to_vec()
}

fn account_of(client: &crate::store::clients::Client, user: &str) -> Account {
    Account { organisation: client.organisation, user: user.to_owned() }
}
