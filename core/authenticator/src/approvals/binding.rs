//! What ties an account to an approval service of our own protocol.

use countersign_protocol::limits::MAX_NEWER_DEVICES;
use countersign_protocol::messages::{NewerDevice, Policy, WakeUp};
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
    /// The enrolment that made it: its code works once, and scanning it again leads here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrolment: Option<Id>,
    /// Devices of the account that became active after this one, as the service tells.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub newer_devices: Vec<KnownDevice>,
}

/// Another device of the account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct KnownDevice {
    /// The device.
    pub device: NewerDevice,
    /// Whether the person has been told.
    pub is_told: bool,
}

impl NativeBinding {
    /// Takes over what the service says. What the person wasn't told yet stays, whatever it says.
    pub(super) fn take_newer_devices(&mut self, newer: &[NewerDevice]) {
        let known = std::mem::take(&mut self.newer_devices);
        let is_told = |id| known.iter().any(|known| known.device.id == id && known.is_told);
        let untold =
            known.iter().filter(|old| !old.is_told && newer.iter().all(|new| new.id != old.device.id));
        let named = newer
            .iter()
            .take(MAX_NEWER_DEVICES)
            .map(|new| KnownDevice { device: new.clone(), is_told: is_told(new.id) });
        self.newer_devices = untold.take(MAX_NEWER_DEVICES).cloned().chain(named).collect();
    }
}
