//! What a server answers about containers, and what its refusals mean.

use data_encoding::BASE64URL;
use serde::Deserialize;
use serde_json::Value;

use super::super::reply::SERVER_FAULT;
use super::{ContainerError, Policies};
use crate::offer::{is_nonce, is_time};

/// What a call was for, which decides what a refusal means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Registering by a code.
    Register,
    /// Anything by a phone that is registered.
    Use,
}

/// What a refusal by its number means. A policy of the server makes one number, 3000, of most.
pub(crate) const fn refused(step: Step, code: i64) -> ContainerError {
    match (step, code) {
        (_, SERVER_FAULT) => ContainerError::Unavailable,
        (_, 303) => ContainerError::Forbidden,
        (Step::Register, 601 | 905 | 3001 | 3002) => ContainerError::CodeRefused,
        (Step::Register, 3000) => ContainerError::CodeUsed,
        (Step::Use, 601 | 3001) => ContainerError::NotRegistered,
        (Step::Use, 3000 | 3002) => ContainerError::Moved,
        (_, code) => ContainerError::Refused(code),
    }
}

/// The permission to make one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Nonce {
    pub(crate) nonce: String,
    pub(crate) time: String,
}

impl Nonce {
    pub(crate) fn read(value: &Value) -> Result<Self, ContainerError> {
        let text = |name| value.get(name).and_then(Value::as_str).ok_or(ContainerError::Unreadable);
        let (nonce, time) = (text("nonce")?, text("time_stamp")?);
        if !is_nonce(nonce) || !is_time(time) {
            return Err(ContainerError::Unreadable);
        }
        Ok(Self { nonce: nonce.to_owned(), time: time.to_owned() })
    }
}

/// The answer to a synchronisation, still encrypted.
pub(crate) struct Synchronised {
    pub(crate) server_key: Vec<u8>,
    pub(crate) iv: Vec<u8>,
    pub(crate) tag: Vec<u8>,
    pub(crate) ciphertext: Vec<u8>,
    pub(crate) policies: Policies,
}

#[derive(Deserialize)]
struct Wire {
    public_server_key: String,
    container_dict_server: String,
    encryption_algorithm: String,
    encryption_params: WireParameters,
    #[serde(default)]
    policies: Value,
}

#[derive(Deserialize)]
struct WireParameters {
    mode: String,
    init_vector: String,
    tag: String,
}

impl Synchronised {
    pub(crate) fn read(value: Value) -> Result<Self, ContainerError> {
        let wire: Wire = serde_json::from_value(value).map_err(|_| ContainerError::Unreadable)?;
        let parameters = wire.encryption_params;
        if (wire.encryption_algorithm.as_str(), parameters.mode.as_str()) != ("AES", "GCM") {
            return Err(ContainerError::Unreadable);
        }
        let decode = |text: String| BASE64URL.decode(text.as_bytes()).map_err(|_| ContainerError::Unreadable);
        Ok(Self {
            server_key: decode(wire.public_server_key)?,
            iv: decode(parameters.init_vector)?,
            tag: decode(parameters.tag)?,
            ciphertext: decode(wire.container_dict_server)?,
            policies: Policies::read(&wire.policies),
        })
    }
}
