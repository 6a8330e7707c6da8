//! The phone's side of privacyIDEA's push tokens and containers, sans-IO: what to send, what to believe, what to sign.
//!
//! Written against the behaviour of privacyIDEA 3.14, as `docs/privacyidea.md` tells it. Texts are signed by RSA
//! PKCS#1 v1.5 with SHA-256, their parts joined by `|` without escaping; `challenge` refuses what that leaves
//! ambiguous. Replies themselves aren't signed: beside challenges, the connection alone vouches for them.

mod binding;
mod call;
mod capabilities;
mod challenge;
pub mod container;
mod error;
#[cfg(fuzzing)]
pub mod fuzzing;
mod options;
mod refused_challenge;
mod reply;
mod time;
mod token;

pub use binding::PushBinding;
pub(crate) use call::{Call, Say, UnsignedCall, address_call, answer_call, poll_call, register_call};
pub(crate) use challenge::{PushChallenge, read_challenges};
pub use error::PushError;
pub(crate) use reply::{Polled, PushReply};
pub(crate) use token::{PushKey, PushToken, choice_mark};

#[cfg(test)]
mod tests;
