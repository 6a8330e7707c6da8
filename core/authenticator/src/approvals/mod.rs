//! Approvals: enrolling a device with an approval service and answering its challenges.
//!
//! The files of this folder are the model that shells see ([`ApprovalRequest`], [`MatchProof`], [`Provider`]) and our own
//! protocol, which `docs/protocol.md` describes; [`privacyidea`] is the other protocol. Everything in this folder is
//! sans-IO: it makes requests, reads replies and decides, and never touches network, disk or clocks. [`crate::client`]
//! carries the requests, [`crate::Authenticator`] puts the parts together.

mod answer;
mod backoff;
mod binding;
mod challenge;
mod change;
mod digits;
mod enrolment;
mod exchange;
mod fetch;
mod group;
pub mod privacyidea;
mod provider;
mod refusal_text;
mod reply_error;
mod request;
mod storm;
mod unshown;

pub(crate) use answer::PreparedAnswer;
pub use answer::{AnswerError, MatchProof};
pub(crate) use backoff::Backoff;
pub use binding::{KnownDevice, NativeBinding};
pub(crate) use challenge::{ChallengeError, NativeChallenge};
pub(crate) use change::{change_request, is_usable, relay_request, replace_request};
pub use digits::ascii_digits;
pub use enrolment::DeviceDescription;
pub(crate) use enrolment::{PendingEnrolment, PublicKeys, UnsignedEnrolment};
pub(crate) use exchange::{Exchange, Reply, Trusted};
pub(crate) use fetch::{fetch_request, read_delivery};
pub use group::{RequestGroup, group};
pub(crate) use provider::OpenChallenge;
pub use provider::{Abilities, Binding, BindingState, CodeRefusal, Provider};
pub use reply_error::{Refusal, ReplyError};
pub use request::{ApprovalRequest, Matching};
pub(crate) use storm::Storm;
pub use storm::{AccountPause, PauseReason, WayOut};
pub use unshown::Unshown;

#[cfg(test)]
mod testing;
