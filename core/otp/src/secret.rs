//! The one type that holds secret bytes.

use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Secret bytes: wiped on drop, compared in constant time, never printed and never serialised by accident.
///
/// It has no `Display`, no `Serialize` and a redacted `Debug`, so a secret can't reach a log, an error or a panic
/// text. [`Secret::expose`] is the only way to the bytes.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Secret(Box<[u8]>);

impl Secret {
    /// Takes ownership of `bytes`; an over-allocated vector is copied once and the original wiped.
    #[must_use]
    pub fn new(mut bytes: Vec<u8>) -> Self {
        let secret = Self(bytes.as_slice().into());
        bytes.zeroize();
        secret
    }

    /// Makes `length` random bytes from the system's generator.
    ///
    /// # Panics
    ///
    /// When the operating system has no random bytes to give, which leaves nothing safe to do.
    #[must_use]
    #[expect(clippy::expect_used, reason = "without the system's generator no secret can be made safely")]
    pub fn make_random(length: usize) -> Self {
        let mut bytes = vec![0; length].into_boxed_slice();
        getrandom::fill(&mut bytes).expect("the system's random generator works");
        Self(bytes)
    }

    /// The bytes themselves, for the cryptographic operation that needs them.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// Length in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no bytes at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<&[u8]> for Secret {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret([{} bytes redacted])", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_never_has_the_bytes() {
        let secret = Secret::from(&b"planted-canary"[..]);
        assert_eq!(format!("{secret:?}"), "Secret([14 bytes redacted])");
    }

    #[test]
    fn equality_compares_bytes_and_length() {
        assert_eq!(Secret::from(&b"same"[..]), Secret::new(b"same".to_vec()));
        assert_ne!(Secret::from(&b"same"[..]), Secret::from(&b"sam"[..]));
    }

    #[test]
    fn random_secrets_differ() {
        assert_ne!(Secret::make_random(32), Secret::make_random(32));
    }
}
