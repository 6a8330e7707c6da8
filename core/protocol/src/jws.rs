//! Compact JWS (RFC 7515) with ES256 (RFC 7518, section 3.4) and a `typ` of its own for every message.
//!
//! Signing is in two halves, since a phone's key may be in hardware and take minutes to be allowed: [`Unsigned`]
//! holds the bytes to sign, [`Unsigned::finish`] takes the signature.

use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::encoding::{decode_base64url, encode_base64url};
use crate::limits::MAX_MESSAGE_BYTES;
use crate::{Jwk, ProtocolError, Thumbprint, json};

/// The claims of one kind of message, and the `typ` that no other kind has.
pub trait Message: Serialize + DeserializeOwned {
    /// Value of the header's `typ` (RFC 7515, section 4.1.9), without the `application/` prefix.
    const TYP: &'static str;
}

/// A message that is ready to be signed.
#[derive(Clone, Debug)]
pub struct Unsigned {
    signing_input: String,
}

impl Unsigned {
    /// Header and claims as the signing input of RFC 7515, section 5.1; `key` is the one that will sign.
    ///
    /// # Errors
    ///
    /// [`ProtocolError::TooLong`] when the claims are over the limit.
    pub fn new<M: Message>(message: &M, key: Thumbprint) -> Result<Self, ProtocolError> {
        Self::with_header(message, &format!(r#"{{"alg":"ES256","typ":"{}","kid":"{key}"}}"#, M::TYP))
    }

    /// As [`Unsigned::new`], with the signing key in the header (`jwk`, RFC 7515, section 4.1.3): for a receiver that
    /// knows the key by its thumbprint only, as in the replies to an enrolment.
    ///
    /// # Errors
    ///
    /// [`ProtocolError::TooLong`] when the claims are over the limit.
    pub fn with_embedded_key<M: Message>(message: &M, key: &Jwk) -> Result<Self, ProtocolError> {
        let jwk = serde_json::to_string(key).map_err(|_| ProtocolError::Malformed("public key"))?;
        let kid = key.thumbprint();
        Self::with_header(
            message,
            &format!(r#"{{"alg":"ES256","typ":"{}","kid":"{kid}","jwk":{jwk}}}"#, M::TYP),
        )
    }

    fn with_header<M: Message>(message: &M, header: &str) -> Result<Self, ProtocolError> {
        let claims = serde_json::to_vec(message).map_err(|_| ProtocolError::Malformed("claims"))?;
        let signing_input = format!("{}.{}", encode_base64url(header), encode_base64url(claims));
        if signing_input.len() + 1 + ENCODED_SIGNATURE_BYTES > MAX_MESSAGE_BYTES {
            return Err(ProtocolError::TooLong);
        }
        Ok(Self { signing_input })
    }

    /// The bytes that the key signs, with ECDSA over SHA-256.
    #[must_use]
    pub fn signing_input(&self) -> &[u8] {
        self.signing_input.as_bytes()
    }

    /// The finished JWS, from a signature as JWS wants it: r and s of 32 bytes each.
    #[must_use]
    pub fn finish(self, signature: &[u8; 64]) -> String {
        format!("{}.{}", self.signing_input, encode_base64url(signature))
    }

    /// The finished JWS, from a DER signature as phones' key stores give it.
    ///
    /// # Errors
    ///
    /// [`ProtocolError::Malformed`] when it isn't a DER ECDSA signature on P-256.
    pub fn finish_der(self, signature: &[u8]) -> Result<String, ProtocolError> {
        let signature =
            p256::ecdsa::Signature::from_der(signature).map_err(|_| ProtocolError::Malformed("signature"))?;
        Ok(self.finish(&signature.to_bytes().into()))
    }
}

/// Verifies `compact` as a message of kind `M` signed by `key`, and gives its claims.
///
/// # Errors
///
/// [`ProtocolError`]: too long, malformed, another `typ`, algorithm or key, or a signature that doesn't verify. The
/// claims aren't parsed before the signature has verified.
pub fn verify<M: Message>(compact: &str, key: &Jwk) -> Result<M, ProtocolError> {
    let parts = Parts::split::<M>(compact)?;
    if parts.header.kid != key.thumbprint() {
        return Err(ProtocolError::WrongKey);
    }
    parts.verify(key)
}

/// Verifies a message whose claims bring the key that signs it, as an enrolment does: the signature then proves
/// possession, and nothing else.
///
/// # Errors
///
/// As [`verify`].
pub fn verify_self_signed<M: Message>(
    compact: &str,
    key_of: impl FnOnce(&M) -> Jwk,
) -> Result<M, ProtocolError> {
    let parts = Parts::split::<M>(compact)?;
    let key = key_of(&parts.claims()?);
    if parts.header.kid != key.thumbprint() {
        return Err(ProtocolError::WrongKey);
    }
    parts.verify(&key)
}

/// Verifies a message that brings its key in the header, where the receiver has pinned the key's thumbprint. Gives the
/// claims and the key.
///
/// # Errors
///
/// As [`verify`]; [`ProtocolError::WrongKey`] when the key isn't there or isn't the pinned one.
pub fn verify_pinned<M: Message>(compact: &str, pin: Thumbprint) -> Result<(M, Jwk), ProtocolError> {
    let parts = Parts::split::<M>(compact)?;
    let key = parts.header.jwk.filter(|key| key.thumbprint() == pin).ok_or(ProtocolError::WrongKey)?;
    if parts.header.kid != pin {
        return Err(ProtocolError::WrongKey);
    }
    Ok((parts.verify(&key)?, key))
}

/// The key that a message of kind `M` says it is signed by and its unverified claims, to look the key up with.
/// Nothing may be decided on them before [`verify`].
///
/// # Errors
///
/// As [`verify`], but for the signature.
pub fn peek<M: Message>(compact: &str) -> Result<(Thumbprint, M), ProtocolError> {
    let parts = Parts::split::<M>(compact)?;
    let claims = parts.claims()?;
    Ok((parts.header.kid, claims))
}

/// The `typ` of a compact JWS, unverified: which kind of reply this is.
///
/// # Errors
///
/// [`ProtocolError::TooLong`] or [`ProtocolError::Malformed`].
pub fn peek_typ(compact: &str) -> Result<String, ProtocolError> {
    let (_, header, _) = split_header(compact)?;
    Ok(header.typ)
}

const ENCODED_SIGNATURE_BYTES: usize = 86;

#[derive(Deserialize)]
struct Header {
    alg: String,
    typ: String,
    kid: Thumbprint,
    /// Looked at by [`verify_pinned`] alone; everywhere else the receiver brings the key.
    jwk: Option<Jwk>,
    /// Extensions that must be understood (RFC 7515, section 4.1.11). None are, and the member isn't accepted with any
    /// value.
    #[serde(default, deserialize_with = "json::is_present")]
    crit: bool,
}

struct Parts<'a> {
    header: Header,
    signing_input: &'a str,
    claims: &'a str,
    signature: &'a str,
}

impl<'a> Parts<'a> {
    fn split<M: Message>(compact: &'a str) -> Result<Self, ProtocolError> {
        let (encoded_header, header, rest) = split_header(compact)?;
        if header.typ != M::TYP {
            return Err(ProtocolError::WrongType);
        }
        if header.alg != "ES256" || header.crit {
            return Err(ProtocolError::Algorithm);
        }
        let (claims, signature) = rest.split_once('.').ok_or(ProtocolError::Malformed("JWS"))?;
        let signing_input =
            compact.get(..encoded_header.len() + 1 + claims.len()).ok_or(ProtocolError::Malformed("JWS"))?;
        Ok(Self { header, signing_input, claims, signature })
    }

    fn claims<M: Message>(&self) -> Result<M, ProtocolError> {
        let claims = decode_base64url(self.claims)?;
        json::from_object(&claims).map_err(|_| ProtocolError::Malformed("claims"))
    }

    fn verify<M: Message>(&self, key: &Jwk) -> Result<M, ProtocolError> {
        let signature = decode_base64url(self.signature)?;
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.to_point())
            .verify(self.signing_input.as_bytes(), &signature)
            .map_err(|_| ProtocolError::BadSignature)?;
        self.claims()
    }
}

fn split_header(compact: &str) -> Result<(&str, Header, &str), ProtocolError> {
    if compact.len() > MAX_MESSAGE_BYTES {
        return Err(ProtocolError::TooLong);
    }
    let (encoded, rest) = compact.split_once('.').ok_or(ProtocolError::Malformed("JWS"))?;
    let header =
        json::from_object(&decode_base64url(encoded)?).map_err(|_| ProtocolError::Malformed("JWS header"))?;
    Ok((encoded, header, rest))
}

#[cfg(test)]
mod tests;
