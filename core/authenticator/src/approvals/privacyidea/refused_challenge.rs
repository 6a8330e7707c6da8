//! Why a challenge of a privacyIDEA server isn't shown.

use crate::approvals::Unshown;

/// Why a challenge isn't shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RefusedChallenge {
    #[error("the challenge is not of the form it should have")]
    Malformed,
    #[error("the challenge does not verify")]
    BadSignature,
    #[error("the challenge is for another token")]
    OtherToken,
    #[error("the challenge wants its answer sent to another server than the one of the enrolment")]
    OtherServer,
    #[error("the challenge's sslverify is neither 0 nor 1")]
    AmbiguousText,
    #[error("the challenge has options that can be taken for something else")]
    BadOptions,
    #[error("the challenge's capabilities do not verify")]
    BadCapabilities,
    #[error("more challenges wait than are looked at")]
    TooMany,
}

impl From<RefusedChallenge> for Unshown {
    fn from(refused: RefusedChallenge) -> Self {
        match refused {
            RefusedChallenge::BadOptions => Self::Options,
            RefusedChallenge::OtherServer => Self::Address,
            RefusedChallenge::TooMany => Self::TooMany,
            RefusedChallenge::Malformed
            | RefusedChallenge::BadSignature
            | RefusedChallenge::OtherToken
            | RefusedChallenge::AmbiguousText
            | RefusedChallenge::BadCapabilities => Self::Unverified,
        }
    }
}
