//! The approval protocols that the core speaks, behind one model of request and answer.
//!
//! The set is closed: a protocol is a variant of [`Binding`], of [`OpenChallenge`] and of
//! [`crate::offer::EnrolmentOffer`], and the compiler names every place that has to say what it does. What a protocol
//! can't do is data: [`Abilities`] for an account, `can_report`, `can_lock` and `matching` for a request.

use countersign_protocol::messages::{Purpose, WakeUp};
use countersign_protocol::{Id, ServiceUrl};
use serde::{Deserialize, Serialize};

use super::privacyidea::{PushBinding, PushChallenge};
use super::{ApprovalRequest, NativeBinding, NativeChallenge};

/// Which protocol an account's service speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Provider {
    /// Our own, `docs/protocol.md`.
    Native,
    /// Push tokens of privacyIDEA, `docs/privacyidea.md`.
    PrivacyIdea,
}

/// What can be done with an account beside approving and denying.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Abilities {
    /// Giving the device another name at the service.
    pub rename_device: bool,
    /// Giving the device up at the service; else only its administrator can.
    pub revoke: bool,
}

impl Provider {
    /// What its protocol has messages for.
    #[must_use]
    pub const fn abilities(self) -> Abilities {
        match self {
            Self::Native => Abilities { rename_device: true, revoke: true },
            Self::PrivacyIdea => Abilities { rename_device: false, revoke: false },
        }
    }
}

/// What an enrolment left on this device: whom to ask, and whom to believe. Nothing in it is secret.
///
/// In the vault each variant is its fields alone; no two share their required ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Binding {
    /// To a service of our own protocol.
    Native(NativeBinding),
    /// To a privacyIDEA server.
    PrivacyIdea(PushBinding),
}

/// Where an enrolment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum BindingState {
    /// The keys are bound; the first number-matched approval makes the device active.
    AwaitingActivation,
    /// Approvals work.
    Active,
    /// The service no longer knows this device; its codes are worth nothing either.
    Revoked,
}

/// Why an account's service refuses its one-time codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CodeRefusal {
    /// The enrolment isn't finished: the codes count once the device is active.
    NotActive,
    /// The service doesn't know the device: its activation failed, or it was removed. The codes never count again.
    Removed,
}

impl Binding {
    /// Which protocol it is of.
    #[must_use]
    pub const fn provider(&self) -> Provider {
        match self {
            Self::Native(_) => Provider::Native,
            Self::PrivacyIdea(_) => Provider::PrivacyIdea,
        }
    }

    /// The approval service.
    #[must_use]
    pub const fn service(&self) -> &ServiceUrl {
        match self {
            Self::Native(binding) => &binding.service,
            Self::PrivacyIdea(binding) => &binding.service,
        }
    }

    /// Where the enrolment stands.
    #[must_use]
    pub const fn state(&self) -> BindingState {
        match self {
            Self::Native(binding) => binding.state,
            Self::PrivacyIdea(binding) => binding.state,
        }
    }

    /// Why the account's one-time codes are refused, if they are. Our own service takes those of active devices alone; a
    /// privacyIDEA server knows the codes as a token of their own.
    pub(crate) const fn refusal_of_codes(&self) -> Option<CodeRefusal> {
        match self {
            Self::Native(binding) => match binding.state {
                BindingState::AwaitingActivation => Some(CodeRefusal::NotActive),
                BindingState::Active => None,
                BindingState::Revoked => Some(CodeRefusal::Removed),
            },
            Self::PrivacyIdea(_) => None,
        }
    }

    /// How this device is to be woken, if it can be.
    #[must_use]
    pub const fn wake_up(&self) -> Option<&WakeUp> {
        match self {
            Self::Native(binding) => binding.wake_up.as_ref(),
            Self::PrivacyIdea(binding) => binding.wake_up.as_ref(),
        }
    }

    /// Whether the service has yet to be told so.
    #[must_use]
    pub const fn wake_up_is_unsent(&self) -> bool {
        match self {
            Self::Native(binding) => binding.wake_up_is_unsent,
            Self::PrivacyIdea(binding) => binding.wake_up_is_unsent,
        }
    }

    /// Takes the address that this device is to be woken at. The service has to be told, unless it is the one it knows.
    pub(crate) fn set_wake_up(&mut self, wake_up: Option<WakeUp>) {
        let (known, is_unsent) = self.wake_up_mut();
        *is_unsent |= *known != wake_up;
        *known = wake_up;
    }

    /// Notes that the service has been told of this address.
    pub(crate) fn note_wake_up_sent(&mut self, sent: Option<&WakeUp>) {
        let (known, is_unsent) = self.wake_up_mut();
        *is_unsent = known.as_ref() != sent;
    }

    const fn wake_up_mut(&mut self) -> (&mut Option<WakeUp>, &mut bool) {
        match self {
            Self::Native(binding) => (&mut binding.wake_up, &mut binding.wake_up_is_unsent),
            Self::PrivacyIdea(binding) => (&mut binding.wake_up, &mut binding.wake_up_is_unsent),
        }
    }

    pub(crate) const fn set_state(&mut self, state: BindingState) {
        match self {
            Self::Native(binding) => binding.state = state,
            Self::PrivacyIdea(binding) => binding.state = state,
        }
    }
}

/// A verified challenge of any protocol.
#[derive(Clone, Debug)]
pub(crate) enum OpenChallenge {
    Native(NativeChallenge),
    PrivacyIdea(PushChallenge),
}

impl OpenChallenge {
    pub(crate) const fn id(&self) -> Id {
        match self {
            Self::Native(challenge) => challenge.id(),
            Self::PrivacyIdea(challenge) => challenge.id(),
        }
    }

    /// Whether it activates this device.
    pub(crate) fn is_activation(&self) -> bool {
        match self {
            Self::Native(challenge) => challenge.claims.purpose == Purpose::Activation,
            Self::PrivacyIdea(_) => false,
        }
    }

    /// Whether `other` is the very same text.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Native(one), Self::Native(other)) => one.hash() == other.hash(),
            (Self::PrivacyIdea(one), Self::PrivacyIdea(other)) => one == other,
            _ => false,
        }
    }

    /// At the service's time `now`, in seconds.
    pub(crate) const fn is_expired(&self, now: u64) -> bool {
        match self {
            Self::Native(challenge) => challenge.is_expired(now),
            Self::PrivacyIdea(challenge) => challenge.is_expired(now),
        }
    }

    pub(crate) fn request(&self, account: Id, organisation: &str) -> ApprovalRequest {
        match self {
            Self::Native(challenge) => challenge.request(account, organisation),
            Self::PrivacyIdea(challenge) => challenge.request(account, organisation),
        }
    }
}
