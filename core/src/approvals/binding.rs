//! What ties an account to an approval service of our own protocol.

use countersign_protocol::messages::{Policy, WakeUp};
use countersign_protocol::{Id, Jwk, ServiceUrl, Thumbprint};
use serde::{Deserialize, Serialize};

use super::BindingState;

/// What an enrolment left on this device: whom to ask, and whom to believe. Nothing in it is secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct NativeBinding {
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
    /// How this device is to be woken, if it can be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wake_up: Option<WakeUp>,
    /// Whether the service has yet to be told so.
    #[serde(default)]
    pub wake_up_is_unsent: bool,
}
