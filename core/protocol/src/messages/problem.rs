//! Why a request was refused (`docs/protocol.md`).

use serde::{Deserialize, Serialize};

use super::Outcome;

/// Service to device: the request was refused, and nothing has changed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Problem {
    /// The request that this answers.
    pub re: String,
    /// The service's time, milliseconds.
    pub time: u64,
    /// Why.
    pub code: ProblemCode,
    /// What became of the challenge before, with [`ProblemCode::AlreadyAnswered`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Milliseconds after which the request may be made again, with [`ProblemCode::Throttled`] and, where there were too many,
    /// [`ProblemCode::RelayRefused`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
}

/// Why a request was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemCode {
    /// Not of the form the protocol gives it, or badly signed.
    Malformed,
    /// No such ticket, or an altered one.
    TicketUnknown,
    /// The ticket's time is over.
    TicketExpired,
    /// The ticket has enrolled another device.
    TicketUsed,
    /// The request's `aud` is no key of this service.
    WrongServiceKey,
    /// The request's `iat` is too far from the service's time; `time` says what it is.
    ClockSkew,
    /// No such device.
    DeviceUnknown,
    /// The device was revoked.
    DeviceRevoked,
    /// The request was seen before.
    Replayed,
    /// No such challenge for this device.
    ChallengeUnknown,
    /// The challenge's time is over, or it was withdrawn.
    ChallengeExpired,
    /// The answer is for another text than the challenge that was sent.
    ChallengeAltered,
    /// The challenge has been answered; `outcome` says how.
    AlreadyAnswered,
    /// Approvals are signed by the approval key.
    WrongKey,
    /// Too many failures on this account; `retry_after` says when to try again.
    Throttled,
    /// The device's name has something in it that a name mustn't have ([`crate::name`]).
    NameRefused,
    /// The service doesn't carry this move: it carries none, it is too large, or they were too many.
    RelayRefused,
    /// The service can't serve the request now.
    Unavailable,
    /// A reason that this version doesn't know.
    #[serde(other)]
    Unknown,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_problem_is_still_a_problem() {
        let problem = r#"{"re":"x","time":1,"code":"from_the_future"}"#;
        assert_eq!(serde_json::from_str::<Problem>(problem).unwrap().code, ProblemCode::Unknown);
    }
}
