//! Why a message or a link was refused.

/// Why an envelope, a key or a link was refused. No variant holds any of the refused text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProtocolError {
    /// Not of the form that the protocol gives it; the field says which part.
    #[error("malformed {0}")]
    Malformed(&'static str),
    /// Longer than [`crate::limits`] allows.
    #[error("message too long")]
    TooLong,
    /// Another kind of message than the one expected: `typ` differs.
    #[error("unexpected message type")]
    WrongType,
    /// An algorithm other than ES256 (JWS) or ECDH-ES with A256GCM (JWE).
    #[error("unsupported algorithm")]
    Algorithm,
    /// Signed by (or sealed to) another key than the one expected.
    #[error("unexpected key")]
    WrongKey,
    /// The signature, or the seal, doesn't verify.
    #[error("the signature or seal does not verify")]
    BadSignature,
    /// A service address that is neither https nor http on loopback.
    #[error("the service address is neither https nor loopback")]
    InsecureUrl,
}
