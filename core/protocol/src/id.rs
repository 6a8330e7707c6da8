//! Random identifiers.

use std::fmt;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::ProtocolError;
use crate::encoding::{decode_array, encode_base64url};

/// A 128-bit random identifier, written as 22 characters of base64url.
///
/// Accounts, devices, enrolments, sign-ins, challenges and requests are all named by one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id([u8; 16]);

impl Id {
    /// Makes a new identifier from the system's random generator.
    ///
    /// # Panics
    ///
    /// When the operating system has no random bytes to give.
    #[must_use]
    #[expect(clippy::expect_used, reason = "without the system's generator nothing can be named safely")]
    pub fn make_random() -> Self {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).expect("the system's random generator works");
        Self(bytes)
    }

    /// The identifier with these 16 bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Its 16 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&encode_base64url(self.0))
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Id {
    type Err = ProtocolError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        decode_array(text, "identifier").map(Self)
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_form_round_trips() {
        let id = Id::make_random();
        assert_eq!(id.to_string().len(), 22);
        assert_eq!(id.to_string().parse::<Id>(), Ok(id));
    }

    #[test]
    fn other_lengths_and_alphabets_are_refused() {
        for text in
            ["", "AAAA", "AAAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAA+A", "AAAAAAAAAAAAAAAAAAAAAA=="]
        {
            assert_eq!(text.parse::<Id>(), Err(ProtocolError::Malformed("identifier")), "{text}");
        }
    }
}
