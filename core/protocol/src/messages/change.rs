//! What a device changes about itself.

use serde::{Deserialize, Serialize};

use super::WakeUp;
use crate::{Id, Thumbprint};

/// Device to service: a change in the device's own life cycle. Signed by the device key; each `jti` works once.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Change {
    /// The service's signing key that the device trusts.
    pub aud: Thumbprint,
    /// The device.
    pub device: Id,
    /// Makes each request a new one.
    pub jti: Id,
    /// The device's idea of the service's time, seconds.
    pub iat: u64,
    /// What changes.
    pub change: DeviceChange,
}

/// What changes about a device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum DeviceChange {
    /// A new name.
    Rename {
        /// The name.
        name: String,
    },
    /// A new wake-up channel, or none any more.
    WakeUp {
        /// The channel.
        wake_up: Option<WakeUp>,
    },
    /// The device is given up: its keys and its codes are worth nothing from now on.
    Revoke,
}

/// Service to device: the change is made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Changed {
    /// The request that this answers.
    pub re: String,
    /// The service's time, milliseconds.
    pub time: u64,
}
