//! What a one-time code is made from: secret, algorithm, format and moving factor.

use crate::Secret;

/// The hash under HMAC (RFC 6238, section 1.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// HMAC-SHA-1, what nearly every issuer uses.
    #[default]
    Sha1,
    /// HMAC-SHA-256.
    Sha256,
    /// HMAC-SHA-512.
    Sha512,
}

/// How the truncated HMAC is written for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CodeFormat {
    /// Decimal digits, 6 to 10 of them (RFC 4226, section 5.3; the checked constructor is
    /// [`OtpParameters::new`]).
    Decimal {
        /// Number of digits.
        digits: u8,
    },
    /// Steam Guard: five characters of Steam's own alphabet.
    Steam,
}

/// What moves from one code to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MovingFactor {
    /// Time steps (RFC 6238).
    Time {
        /// Length of a step in seconds, at least 1.
        period: u32,
    },
    /// A counter (RFC 4226).
    Counter {
        /// The counter of the next code to be given out.
        next: u64,
    },
}

/// Everything needed to compute an account's one-time codes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OtpParameters {
    /// The shared secret.
    pub secret: Secret,
    /// The hash under HMAC.
    pub algorithm: Algorithm,
    /// How codes are written.
    pub format: CodeFormat,
    /// Time or counter.
    pub factor: MovingFactor,
}
