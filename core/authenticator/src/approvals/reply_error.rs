//! Why a reply of an approval service isn't taken, and what a refusal is called.

use countersign_protocol::messages::{Outcome, ProblemCode};

use super::refusal_text::describe;

/// Why a reply can't be believed, or what it refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplyError {
    /// Not a message of this protocol at all: a proxy, a captive portal or a broken service answered.
    #[error("the answer did not come from an approval service; check the network, then try again")]
    NotTheService,
    /// A gateway answered in place of the service, which it can't reach now.
    #[error(
        "the approval service can't answer now, as the gateway in front of it says; try again in a moment"
    )]
    Unavailable,
    /// A gateway, or the service, is asked too often.
    #[error("the approval service is asked too often just now; wait a minute, then try again")]
    Busy,
    /// Signed by another key than the one pinned at enrolment.
    #[error(
        "the approval service no longer has the key that this account was enrolled with; \
         nothing was changed: ask your organisation whether it replaced its service"
    )]
    ServiceKeyChanged,
    /// Altered, or the reply to another request.
    #[error("the answer of the approval service does not verify; nothing was changed")]
    Untrusted,
    /// The service has refused the request, and said why under its key.
    #[error(transparent)]
    Refused(Refusal),
}

/// What the service refused, and what came with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", describe(.code))]
#[non_exhaustive]
pub struct Refusal {
    /// Why.
    pub code: ProblemCode,
    /// What became of the challenge before, with [`ProblemCode::AlreadyAnswered`].
    pub outcome: Option<Outcome>,
    /// Milliseconds after which to try again, with [`ProblemCode::Throttled`].
    pub retry_after: Option<u64>,
    /// The service's time, milliseconds.
    pub time: u64,
}

impl ReplyError {
    /// Why a reply that is no message of the protocol came, by its status, which nobody vouches for: it decides only what a
    /// person is told, and whether trying again may help.
    pub(crate) const fn of_status(status: u16) -> Self {
        match status {
            429 => Self::Busy,
            502..=504 => Self::Unavailable,
            _ => Self::NotTheService,
        }
    }
}

impl ReplyError {
    /// A stable name for shells and scripts.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotTheService => "network_not_the_service",
            Self::Unavailable => "service_unavailable",
            Self::Busy => "service_busy",
            Self::ServiceKeyChanged => "service_key_changed",
            Self::Untrusted => "service_untrusted",
            Self::Refused(refusal) => refusal.code(),
        }
    }
}

impl Refusal {
    /// A stable name for shells and scripts.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self.code {
            ProblemCode::TicketUnknown => "ticket_unknown",
            ProblemCode::TicketExpired => "ticket_expired",
            ProblemCode::TicketUsed => "ticket_used",
            ProblemCode::WrongServiceKey => "service_key_changed",
            ProblemCode::ClockSkew => "clock_skew",
            ProblemCode::DeviceUnknown | ProblemCode::DeviceRevoked => "device_revoked",
            ProblemCode::ChallengeUnknown | ProblemCode::ChallengeExpired => "request_expired",
            ProblemCode::AlreadyAnswered => "request_already_answered",
            ProblemCode::Throttled => "account_throttled",
            ProblemCode::NameRefused => "device_name_refused",
            ProblemCode::RelayRefused => "move_relay_refused",
            ProblemCode::Unavailable => "service_unavailable",
            ProblemCode::Malformed
            | ProblemCode::Replayed
            | ProblemCode::ChallengeAltered
            | ProblemCode::WrongKey
            | ProblemCode::Unknown => "service_refused",
        }
    }
}
