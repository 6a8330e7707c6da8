//! What a one-time code is made from: secret, algorithm, format and moving factor.

use crate::Secret;

/// Everything needed to compute an account's one-time codes.
///
/// Its constructors are the only way to one, so that digits, period and secret are always within their bounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtpParameters {
    secret: Secret,
    algorithm: Algorithm,
    format: CodeFormat,
    factor: MovingFactor,
}

/// The hash under HMAC (RFC 6238, section 1.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "whoever stores or writes codes must know every one of them")]
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
#[expect(clippy::exhaustive_enums, reason = "whoever stores or writes codes must know every one of them")]
pub enum CodeFormat {
    /// Decimal digits, 6 to 10 of them (RFC 4226, section 5.3).
    Decimal {
        /// Number of digits.
        digits: u8,
    },
    /// Steam Guard: five characters of Steam's own alphabet.
    Steam,
}

/// What moves from one code to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "whoever stores or writes codes must know every one of them")]
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

/// Why parameters were refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParametersError {
    /// There is no secret.
    #[error("the secret is empty")]
    EmptySecret,
    /// The secret is longer than [`OtpParameters::MAX_SECRET_BYTES`].
    #[error("the secret is too long")]
    SecretTooLong,
    /// Fewer than 6 digits, or more than 10.
    #[error("codes have 6 to 10 digits")]
    Digits,
    /// A time step of no length.
    #[error("the period is at least one second")]
    Period,
    /// Steam's codes are made with SHA-1 every 30 seconds; any other choice would give codes that never work.
    #[error("Steam codes use SHA-1 and a period of 30 seconds")]
    Steam,
}

impl OtpParameters {
    /// Longest secret, in bytes.
    pub const MAX_SECRET_BYTES: usize = 1024;
    /// The period of nearly every issuer, in seconds, and the only one of Steam.
    pub const DEFAULT_PERIOD: u32 = 30;

    /// Checks and holds parameters.
    ///
    /// # Errors
    ///
    /// [`ParametersError`] says which of them is out of its bounds.
    pub fn new(
        secret: Secret,
        algorithm: Algorithm,
        format: CodeFormat,
        factor: MovingFactor,
    ) -> Result<Self, ParametersError> {
        if secret.is_empty() {
            return Err(ParametersError::EmptySecret);
        }
        if secret.len() > Self::MAX_SECRET_BYTES {
            return Err(ParametersError::SecretTooLong);
        }
        match format {
            CodeFormat::Decimal { digits: 6..=10 } => {}
            CodeFormat::Decimal { .. } => return Err(ParametersError::Digits),
            CodeFormat::Steam => {
                if (algorithm, factor) != (Algorithm::Sha1, STEAM_FACTOR) {
                    return Err(ParametersError::Steam);
                }
            }
        }
        if factor == (MovingFactor::Time { period: 0 }) {
            return Err(ParametersError::Period);
        }
        Ok(Self { secret, algorithm, format, factor })
    }

    /// The parameters of Steam Guard: SHA-1, 30 seconds, five characters.
    ///
    /// # Errors
    ///
    /// When the secret is empty or too long.
    pub fn new_steam(secret: Secret) -> Result<Self, ParametersError> {
        Self::new(secret, Algorithm::Sha1, CodeFormat::Steam, STEAM_FACTOR)
    }

    /// The shared secret.
    #[must_use]
    pub const fn secret(&self) -> &Secret {
        &self.secret
    }

    /// The hash under HMAC.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// How codes are written.
    #[must_use]
    pub const fn format(&self) -> CodeFormat {
        self.format
    }

    /// Time or counter.
    #[must_use]
    pub const fn factor(&self) -> MovingFactor {
        self.factor
    }

    /// The same with another moving factor.
    ///
    /// # Errors
    ///
    /// As [`OtpParameters::new`].
    pub fn with_factor(self, factor: MovingFactor) -> Result<Self, ParametersError> {
        Self::new(self.secret, self.algorithm, self.format, factor)
    }

    /// Takes the counter for the next code and moves on to the one after it; `None` when codes come from the time,
    /// or when the last counter of all has been taken.
    ///
    /// The change must be stored durably before the code is shown: a counter given out twice is a code that the
    /// issuer refuses.
    pub fn take_counter(&mut self) -> Option<u64> {
        let MovingFactor::Counter { next } = self.factor else { return None };
        self.factor = MovingFactor::Counter { next: next.checked_add(1)? };
        Some(next)
    }
}

const STEAM_FACTOR: MovingFactor = MovingFactor::Time { period: OtpParameters::DEFAULT_PERIOD };

#[cfg(test)]
mod tests {
    use super::*;

    const TIME: MovingFactor = MovingFactor::Time { period: 30 };
    const SIX: CodeFormat = CodeFormat::Decimal { digits: 6 };

    fn secret(length: usize) -> Secret {
        Secret::new(vec![7; length])
    }

    #[test]
    fn six_to_ten_digits_are_accepted_and_no_others() {
        for digits in 0..=u8::MAX {
            let made = OtpParameters::new(secret(20), Algorithm::Sha1, CodeFormat::Decimal { digits }, TIME);
            assert_eq!(made.err(), (!(6..=10).contains(&digits)).then_some(ParametersError::Digits));
        }
    }

    #[test]
    fn secrets_are_bounded_below_and_above() {
        let make = |length| OtpParameters::new(secret(length), Algorithm::Sha1, SIX, TIME).err();
        assert_eq!(make(0), Some(ParametersError::EmptySecret));
        assert_eq!(make(1), None);
        assert_eq!(make(1024), None);
        assert_eq!(make(1025), Some(ParametersError::SecretTooLong));
    }

    #[test]
    fn a_period_of_zero_is_refused() {
        let factor = MovingFactor::Time { period: 0 };
        let made = OtpParameters::new(secret(20), Algorithm::Sha1, SIX, factor);
        assert_eq!(made, Err(ParametersError::Period));
    }

    #[test]
    fn steam_has_one_algorithm_and_one_period() {
        let make = |algorithm, factor| OtpParameters::new(secret(20), algorithm, CodeFormat::Steam, factor);
        assert_eq!(make(Algorithm::Sha1, TIME), OtpParameters::new_steam(secret(20)));
        for (algorithm, factor) in [
            (Algorithm::Sha256, TIME),
            (Algorithm::Sha1, MovingFactor::Time { period: 60 }),
            (Algorithm::Sha1, MovingFactor::Counter { next: 0 }),
        ] {
            assert_eq!(make(algorithm, factor), Err(ParametersError::Steam));
        }
    }

    #[test]
    fn a_counter_is_taken_once_and_never_wraps() {
        let make = |next| {
            OtpParameters::new(secret(20), Algorithm::Sha1, SIX, MovingFactor::Counter { next }).unwrap()
        };
        let mut parameters = make(7);
        assert_eq!([parameters.take_counter(), parameters.take_counter()], [Some(7), Some(8)]);
        assert_eq!(parameters, make(9));

        let mut last = make(u64::MAX);
        assert_eq!(last.take_counter(), None);
        assert_eq!(last, make(u64::MAX));

        let mut timed = OtpParameters::new(secret(20), Algorithm::Sha1, SIX, TIME).unwrap();
        assert_eq!(timed.take_counter(), None);
    }

    #[test]
    fn debug_output_has_no_secret() {
        let secret = Secret::from(&b"planted-canary"[..]);
        let parameters = OtpParameters::new_steam(secret).unwrap();
        assert!(!format!("{parameters:?}").contains("canary"));
        assert!(!format!("{parameters:?}").contains("99, 97, 110"));
    }
}
