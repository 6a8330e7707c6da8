//! What ties an account to an approval service.

use countersign_protocol::messages::Policy;
use countersign_protocol::{Id, Jwk, ServiceUrl, Thumbprint};
use serde::{Deserialize, Serialize};

/// What an enrolment left on this device: whom to ask, and whom to believe. Nothing in it is secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Binding {
    /// The approval service.
    pub service: ServiceUrl,
    /// Its signing key, pinned at enrolment; only a message signed by it can change it.
    pub service_key: Jwk,
    /// What the service calls this device.
    pub device: Id,
    /// Names this device's key for fetching and life cycle.
    pub device_key: Thumbprint,
    /// Names this device's key for approvals.
    pub approval_key: Thumbprint,
    /// The person's name at the organisation.
    pub user: String,
    /// What the organisation asks of an approval.
    pub policy: Policy,
    /// Whether approvals work.
    pub state: BindingState,
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
