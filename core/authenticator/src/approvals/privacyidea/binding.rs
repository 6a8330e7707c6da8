//! What ties an account to a push token of a privacyIDEA server.

use countersign_protocol::ServiceUrl;
use countersign_protocol::messages::WakeUp;
use data_encoding::BASE64;
use serde::{Deserialize, Serialize};

use crate::approvals::BindingState;
use crate::offer::Unlock;

/// A push token as its rollout left it. Nothing in it is secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PushBinding {
    /// Where the phone registers, asks and answers.
    pub service: ServiceUrl,
    /// The token's serial, a part of every signed text.
    pub serial: String,
    /// The server's key for this token, as it came at the rollout: PKCS#1 DER in base64.
    pub server_key: String,
    /// Whether approvals work. `AwaitingActivation` until the server has once taken a signature of the token's key.
    pub state: BindingState,
    /// How this device is to be woken, if it can be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wake_up: Option<WakeUp>,
    /// Whether the server has yet to be told so.
    #[serde(default)]
    pub wake_up_is_unsent: bool,
    /// How the server wants the person checked before each approval, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unlock: Option<Unlock>,
}

impl PushBinding {
    /// The server's key as the verifier wants it.
    pub(crate) fn server_key_der(&self) -> Vec<u8> {
        // It was decoded before it was stored; with an empty key nothing verifies.
        BASE64.decode(self.server_key.as_bytes()).unwrap_or_default()
    }
}
