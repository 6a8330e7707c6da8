//! How a move to a new phone is called at the service that carries it (`docs/transfer.md`).

use std::fmt;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::ProtocolError;
use crate::encoding::{decode_array, encode_base64url};

/// A mailbox's name: 32 bytes that both phones of a move derive, 43 characters of base64url. Whoever has it may take the
/// sealed parts out and leave a receipt, so its debug text doesn't show it.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct MailboxName([u8; 32]);

/// What the service knows a mailbox by: the SHA-256 of its name, 43 characters of base64url. It opens nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct MailboxId([u8; 32]);

impl MailboxName {
    /// The name with these bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 43 characters that the new phone sends.
    #[must_use]
    pub fn expose_text(&self) -> String {
        encode_base64url(self.0)
    }

    /// What the service knows the mailbox by.
    #[must_use]
    pub fn id(&self) -> MailboxId {
        let mut digest = [0; 32];
        digest.copy_from_slice(ring::digest::digest(&ring::digest::SHA256, &self.0).as_ref());
        MailboxId(digest)
    }
}

impl MailboxId {
    /// Its 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for MailboxName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MailboxName([redacted])")
    }
}

impl fmt::Display for MailboxId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&encode_base64url(self.0))
    }
}

impl fmt::Debug for MailboxId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for MailboxName {
    type Err = ProtocolError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        decode_array(text, "mailbox").map(Self)
    }
}

impl FromStr for MailboxId {
    type Err = ProtocolError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        decode_array(text, "mailbox").map(Self)
    }
}

impl Serialize for MailboxName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.expose_text())
    }
}

impl Serialize for MailboxId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for MailboxName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

impl<'de> Deserialize<'de> for MailboxId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_shown_to_nobody_and_its_id_is_its_hash() {
        let name = MailboxName::new(*b"canary-canary-canary-canary-cana");
        assert_eq!(format!("{name:?}"), "MailboxName([redacted])");
        // Computed with Python's hashlib.
        assert_eq!(name.id().to_string(), "IvzFpiCHSIjNoZZkM83fjnyvoYcolz1v2c1nRndWzh8");
        assert_eq!(name.expose_text().parse::<MailboxName>().unwrap().id(), name.id());
        assert_eq!(name.id().to_string().parse(), Ok(name.id()));
    }

    #[test]
    fn other_lengths_are_refused() {
        for text in ["", "AAAA", &"A".repeat(42), &"A".repeat(44), &"A".repeat(10_000_000)] {
            assert!(text.parse::<MailboxName>().is_err() && text.parse::<MailboxId>().is_err());
        }
    }
}
