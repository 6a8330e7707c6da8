//! The check value that two screens show, for a person to compare.

use std::fmt;

use crate::{Id, Jwk, Thumbprint};

/// Forty bits over all keys that two sides hold, as two groups of four characters: `K7QF-2MXD`.
///
/// A person compares it on both screens: equal values mean that both sides speak of the same keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckValue([u8; 5]);

impl CheckValue {
    /// The value of these forty bits, where they were derived in another way: `docs/transfer.md`.
    #[must_use]
    pub const fn from_bits(bits: [u8; 5]) -> Self {
        Self(bits)
    }

    /// Derives an enrolment's: the first five bytes of SHA-256 over a label, the enrolment's identifier and the thumbprints of the
    /// service's key, the device key, the approval key and the encryption key, in this order.
    #[must_use]
    pub fn derive(
        enrolment: Id,
        service_key: Thumbprint,
        device_key: &Jwk,
        approval_key: &Jwk,
        encryption_key: &Jwk,
    ) -> Self {
        let mut context = ring::digest::Context::new(&ring::digest::SHA256);
        context.update(b"countersign-check-1");
        context.update(enrolment.as_bytes());
        context.update(service_key.as_bytes());
        for key in [device_key, approval_key, encryption_key] {
            context.update(key.thumbprint().as_bytes());
        }
        let mut bits = [0; 5];
        bits.iter_mut().zip(context.finish().as_ref()).for_each(|(bit, byte)| *bit = *byte);
        Self(bits)
    }
}

/// Crockford's base32 alphabet: no I, L, O or U, so that nothing is misread.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

impl fmt::Display for CheckValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = self.0.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        let mut text = String::with_capacity(9);
        for group in (0..8).rev() {
            let index = usize::try_from(bits >> (5 * group) & 31).unwrap_or_default();
            text.push(char::from(ALPHABET[index]));
            if group == 4 {
                text.push('-');
            }
        }
        f.pad(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jwe::EncryptionKey;

    #[test]
    fn it_is_written_in_two_groups_of_four() {
        assert_eq!(CheckValue([0; 5]).to_string(), "0000-0000");
        assert_eq!(CheckValue([0xff; 5]).to_string(), "ZZZZ-ZZZZ");
        assert_eq!(CheckValue([0, 0, 0, 0, 1]).to_string(), "0000-0001");
    }

    #[test]
    fn any_other_key_gives_another_value() {
        let keys: Vec<Jwk> = (0..5).map(|_| EncryptionKey::make_random().public()).collect();
        let enrolment = Id::make_random();
        let value = |s: usize, d: usize, a: usize, e: usize| {
            CheckValue::derive(enrolment, keys[s].thumbprint(), &keys[d], &keys[a], &keys[e])
        };
        let right = value(0, 1, 2, 3);
        for other in
            [value(4, 1, 2, 3), value(0, 4, 2, 3), value(0, 1, 4, 3), value(0, 1, 2, 4), value(0, 2, 1, 3)]
        {
            assert_ne!(other, right);
        }
    }
}
