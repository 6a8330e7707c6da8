//! The text of a code.

use std::fmt;

use zeroize::Zeroizing;

/// The text of a scanned code. It usually holds a secret, so it is wiped on drop and `Debug` doesn't show it.
#[derive(Clone, PartialEq, Eq)]
pub struct ScannedText {
    text: Zeroizing<String>,
    is_whole: bool,
}

impl ScannedText {
    pub(super) const fn new(text: Zeroizing<String>, is_whole: bool) -> Self {
        Self { text, is_whole }
    }

    /// The text: parse it, show it to the person if need be, never log it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// Whether letters of it are in a character set that this build has no table of, and so became U+FFFD. A name in it
    /// may have lost some: tell the person, and let them correct it.
    #[must_use]
    pub const fn has_unreadable_letters(&self) -> bool {
        !self.is_whole
    }
}

impl fmt::Debug for ScannedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ScannedText([{} bytes redacted])", self.text.len())
    }
}
