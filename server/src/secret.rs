//! Text and bytes that mustn't reach a log: wiped on drop, compared in constant time, never printed.

use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// A secret text: a number, a code, a key in a URL, a link with a ticket in it.
#[derive(Clone)]
pub struct SecretText(Zeroizing<String>);

/// A secret of `N` bytes.
#[derive(Clone)]
pub struct SecretBytes<const N: usize>(Zeroizing<[u8; N]>);

impl SecretText {
    /// Wraps `text`.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text itself, for the page or the reply that must show it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether `other` is the same text. Takes the same time whatever the difference is, if the lengths are equal.
    #[must_use]
    pub fn matches(&self, other: &str) -> bool {
        self.0.as_bytes().ct_eq(other.as_bytes()).into()
    }
}

impl<const N: usize> SecretBytes<N> {
    /// Wraps `bytes`.
    #[must_use]
    pub fn new(bytes: [u8; N]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Makes them from the system's random generator.
    ///
    /// # Panics
    ///
    /// When the operating system has no random bytes to give.
    #[must_use]
    #[expect(clippy::expect_used, reason = "without the system's generator no secret can be made safely")]
    pub fn make_random() -> Self {
        let mut bytes = Zeroizing::new([0; N]);
        getrandom::fill(&mut *bytes).expect("the system's random generator works");
        Self(bytes)
    }

    /// The bytes themselves.
    #[must_use]
    pub fn expose(&self) -> &[u8; N] {
        &self.0
    }

    /// Whether `other` has the same bytes, in constant time.
    #[must_use]
    pub fn matches(&self, other: &[u8; N]) -> bool {
        self.0.ct_eq(other).into()
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText([redacted])")
    }
}

impl<const N: usize> fmt::Debug for SecretBytes<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretBytes([{N} bytes redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_never_has_the_secret() {
        let shown =
            format!("{:?} {:?}", SecretText::new("planted-canary".into()), SecretBytes::new(*b"canary"));
        assert!(!shown.contains("canary") && !shown.contains("99"), "{shown}");
    }

    #[test]
    fn comparison_sees_any_difference() {
        let text = SecretText::new("123456".into());
        assert!(text.matches("123456"));
        for other in ["", "12345", "1234567", "123457", "023456"] {
            assert!(!text.matches(other), "{other}");
        }
        assert!(SecretBytes::new([1, 2]).matches(&[1, 2]));
        assert!(!SecretBytes::new([1, 2]).matches(&[1, 3]));
    }
}
