//! Another device in a device's place (`docs/protocol.md`, section 8).

use serde::{Deserialize, Serialize};

use crate::{Id, MatchSecret, Thumbprint, Ticket};

/// Device to service: another device is to take this one's place. Signed by the approval key; sent again, the same bytes
/// ask how far it is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Replace {
    /// The service's signing key that the device trusts.
    pub aud: Thumbprint,
    /// The device that is to be replaced.
    pub device: Id,
    /// Makes each request a new one, and names the enrolment that it makes.
    pub jti: Id,
    /// The device's idea of the service's time, seconds.
    pub iat: u64,
}

/// Service to device: the ticket that the other device enrols with, and how far it is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Replacement {
    /// The request that this answers.
    pub re: String,
    /// The service's time, milliseconds.
    pub time: u64,
    /// The other device's ticket.
    pub ticket: Ticket,
    /// The service's signing key that its link names.
    pub service_key: Thumbprint,
    /// When the ticket, or then the activation, ends, seconds.
    pub exp: u64,
    /// How far it is.
    pub state: ReplacementState,
    /// With [`ReplacementState::Activating`]: what the other device shows too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check_value: Option<String>,
    /// With [`ReplacementState::Activating`]: the number to be typed there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// With [`ReplacementState::Activating`]: the challenge and the secret for its camera.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scan: Option<ReplacementScan>,
}

/// What the other device's camera reads for scan matching.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReplacementScan {
    /// The activation's challenge.
    pub challenge: Id,
    /// Its secret.
    pub secret: MatchSecret,
}

/// How far another device has come in taking this one's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplacementState {
    /// The ticket waits to be used.
    Waiting,
    /// The other device has used it, and awaits its activation.
    Activating,
    /// The other device is active, and this one revoked.
    Done,
    /// It has failed, or its time is over. This device is as it was.
    Ended,
}
