//! The text of a code.

use std::fmt;

use zeroize::Zeroizing;

/// The text of a scanned code. It usually holds a secret, so it is wiped on drop and `Debug` doesn't show it.
#[derive(Clone, PartialEq, Eq)]
pub struct ScannedText(Zeroizing<String>);

impl ScannedText {
    pub(super) fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text: parse it, show it to the person if need be, never log it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ScannedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ScannedText([{} bytes redacted])", self.0.len())
    }
}
