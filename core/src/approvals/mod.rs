//! Approvals: enrolling a device with an approval service and answering its challenges.
//!
//! Everything in this folder is sans-IO: it makes requests, reads replies and decides, and never touches network, disk
//! or clocks. [`crate::client`] carries the requests, [`crate::Authenticator`] puts the parts together. The protocol
//! is described in `docs/protocol.md`.

mod answer;
mod backoff;
mod binding;
mod challenge;
mod change;
mod enrolment;
mod exchange;
mod fetch;

pub(crate) use answer::PreparedAnswer;
pub use answer::{AnswerError, MatchProof};
pub(crate) use backoff::Backoff;
pub use binding::{Binding, BindingState};
pub use challenge::ApprovalRequest;
pub(crate) use challenge::{ChallengeError, OpenChallenge};
pub(crate) use change::{change_request, is_usable};
pub use enrolment::DeviceDescription;
pub(crate) use enrolment::{PendingEnrolment, PublicKeys, UnsignedEnrolment};
pub(crate) use exchange::{Exchange, Reply, Trusted};
pub use exchange::{Refusal, ReplyError};
pub(crate) use fetch::{fetch_request, read_delivery};

#[cfg(test)]
mod testing;
