//! Where an attempt comes from, as far as the relying party says.
//!
//! What a stranger can use up (requests on a phone, wrong codes) is counted for each source of an account, so that the
//! person, who comes from elsewhere, keeps a share of their own.

use std::net::IpAddr;

use crate::keys::Keys;

/// A relying party and a network of its users, under a keyed hash: rows that outlive a sign-in hold no addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Source([u8; 16]);

impl Source {
    /// Of what has no source, such as an activation.
    pub(crate) const NONE: Self = Self([0; 16]);

    /// The source of an attempt at `client` from `ip`. A relying party that names no addresses is one source.
    pub(crate) fn derive(keys: &Keys, client: &str, ip: Option<IpAddr>) -> Self {
        let mut message = Vec::with_capacity(client.len() + 9);
        message.extend_from_slice(client.as_bytes());
        // Ends the name: no name has a zero byte.
        message.push(0);
        match ip.map(|ip| ip.to_canonical()) {
            None => {}
            Some(IpAddr::V4(address)) => message.extend_from_slice(&address.octets()),
            // Whoever has one IPv6 address has its network of 64 bits.
            Some(IpAddr::V6(address)) => message.extend(address.octets().into_iter().take(8)),
        }
        Self(keys.derive_source(&message))
    }

    pub(crate) const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    pub(crate) const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::MasterKey;

    #[test]
    fn a_source_is_a_relying_party_and_a_network() {
        let keys = Keys::derive(&MasterKey::from_bytes([1; 32]));
        let source = |client: &str, ip: &str| Source::derive(&keys, client, ip.parse().ok());
        for (one, other, same) in [
            ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "::ffff:192.0.2.7", true),
            ("192.0.2.7", "192.0.2.8", false),
            ("2001:db8::1", "2001:db8::2", true),
            ("2001:db8::1", "2001:db8:0:1::1", false),
            ("192.0.2.7", "", false),
            ("", "", true),
        ] {
            assert_eq!(source("portal", one) == source("portal", other), same, "{one} and {other}");
            assert_ne!(source("portal", one), source("porta", other));
        }
        assert_ne!(source("portal", ""), Source::NONE);
    }
}
