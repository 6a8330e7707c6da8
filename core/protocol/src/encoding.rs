//! base64url without padding (RFC 7515, section 2), the only text encoding of bytes in the protocol.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::ProtocolError;

/// Writes bytes as unpadded base64url.
#[must_use]
pub fn encode_base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads unpadded base64url; padding, other alphabets and stray bits are refused.
///
/// # Errors
///
/// [`ProtocolError::Malformed`]; the text isn't in the error.
pub fn decode_base64url(text: &str) -> Result<Vec<u8>, ProtocolError> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| ProtocolError::Malformed("base64url"))
}

/// Base64url of the SHA-256 of `text`: how one message names another exactly.
#[must_use]
pub fn sha256_base64url(text: &str) -> String {
    encode_base64url(ring::digest::digest(&ring::digest::SHA256, text.as_bytes()))
}

/// Reads exactly `N` bytes of unpadded base64url.
pub(crate) fn decode_array<const N: usize>(text: &str, what: &'static str) -> Result<[u8; N], ProtocolError> {
    // The length check comes first, so that a huge text allocates nothing.
    if text.len() > N.div_ceil(3) * 4 {
        return Err(ProtocolError::Malformed(what));
    }
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| ProtocolError::Malformed(what))?;
    bytes.try_into().map_err(|_| ProtocolError::Malformed(what))
}

/// For fields of messages that are bytes.
pub(crate) mod as_base64url {
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&super::encode_base64url(bytes))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        super::decode_base64url(&text).map_err(D::Error::custom)
    }
}
