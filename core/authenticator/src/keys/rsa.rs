//! RSA keys, for servers that take no other: PKCS#1 v1.5 with SHA-256 (RFC 8017, section 8.2).
//!
//! The `rsa` crate makes keys; ring signs and verifies, in constant time and several times faster. Between the two, a key is
//! DER: `RSAPrivateKey` and `RSAPublicKey` of PKCS#1 (RFC 8017, appendix A.1). The few lines that write it here save
//! phones the code of three crates.

use getrandom::SysRng;
use ring::rand::SystemRandom;
use ring::rsa::KeyPair;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, UnparsedPublicKey};
use rsa::PrivateKey;
use rsa::traits::{PrivateKeyParts, PublicKeyParts};
use zeroize::{Zeroize, Zeroizing};

use crate::offer::RsaKeySize;
use crate::{KeyStoreError, Secret};

/// A private key, ready to sign.
pub(crate) struct RsaKey(KeyPair);

/// A new key pair, encoded.
pub(crate) struct NewRsaKey {
    /// `RSAPrivateKey`.
    pub(crate) private: Secret,
    /// `SubjectPublicKeyInfo` (RFC 5280, section 4.1).
    pub(crate) public: Vec<u8>,
}

impl NewRsaKey {
    /// Makes a key pair. Takes seconds: not for a thread that draws or polls.
    pub(crate) fn make(size: RsaKeySize) -> Result<Self, KeyStoreError> {
        let key = PrivateKey::new(&mut SysRng, size.bits()).map_err(|_| KeyStoreError::Unavailable)?;
        let private = encode(&key).ok_or(KeyStoreError::Unavailable)?;
        // What one crate has made must be usable by the other before anything is bound to it.
        let key = RsaKey::from_pkcs1(&private)?;
        key.sign(b"")?;
        let bits = [&[0], key.0.public().as_ref()].concat();
        let public = tlv(SEQUENCE, &[RSA_ENCRYPTION, &tlv(BIT_STRING, &bits)].concat());
        Ok(Self { private, public })
    }
}

/// `RSAPrivateKey` of a key with two primes.
fn encode(key: &PrivateKey) -> Option<Secret> {
    let [p, q] = key.primes() else { return None };
    let numbers = [
        key.n_bytes(),
        key.e_bytes(),
        key.d().to_be_bytes(),
        p.to_be_bytes(),
        q.to_be_bytes(),
        key.dp()?.to_be_bytes(),
        key.dq()?.to_be_bytes(),
        key.crt_coefficient()?.to_be_bytes(),
    ];
    // Long enough for the largest key, so that no copy is left behind by growing.
    let mut fields = Zeroizing::new(Vec::with_capacity(4096));
    fields.extend(tlv(INTEGER, &[0]));
    for mut number in numbers {
        let first = number.iter().position(|byte| *byte != 0)?;
        let unsigned = number.get(first..)?;
        let sign: &[u8] = if unsigned.first()? & 0x80 == 0 { &[] } else { &[0] };
        let value = Zeroizing::new([sign, unsigned].concat());
        fields.extend_from_slice(&Zeroizing::new(tlv(INTEGER, &value)));
        number.zeroize();
    }
    Some(Secret::new(tlv(SEQUENCE, &fields)))
}

/// One element of DER (X.690, section 8.1). Nothing here is 64 KiB long.
fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let [.., high, low] = content.len().to_be_bytes();
    let header: &[u8] = match (high, low) {
        (0, 0..=0x7F) => &[tag, low],
        (0, _) => &[tag, 0x81, low],
        _ => &[tag, 0x82, high, low],
    };
    [header, content].concat()
}

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const SEQUENCE: u8 = 0x30;
/// `AlgorithmIdentifier` of rsaEncryption, with its NULL (RFC 3279, section 2.3.1).
const RSA_ENCRYPTION: &[u8] =
    &[0x30, 0x0D, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01, 0x05, 0x00];

impl RsaKey {
    /// Reads a private key as [`NewRsaKey::private`] has it.
    pub(crate) fn from_pkcs1(private: &Secret) -> Result<Self, KeyStoreError> {
        KeyPair::from_der(private.expose()).map(Self).map_err(|_| KeyStoreError::Invalidated)
    }

    /// Reads a private key of the test vectors.
    #[cfg(test)]
    pub(crate) fn from_pkcs8(private: &[u8]) -> Self {
        Self(KeyPair::from_pkcs8(private).unwrap())
    }

    /// The signature of `message`, as long as the modulus.
    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyStoreError> {
        let mut signature = vec![0; self.0.public().modulus_len()];
        self.0
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
            .map_err(|_| KeyStoreError::Unavailable)?;
        Ok(signature)
    }

    /// The public key as [`verifies`] takes it.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn public_pkcs1(&self) -> Vec<u8> {
        self.0.public().as_ref().to_vec()
    }
}

/// The `RSAPublicKey` in a `SubjectPublicKeyInfo` of an RSA key, if it is one that [`verifies`] can use.
pub(crate) fn public_key_of(info: &[u8]) -> Option<&[u8]> {
    let [SEQUENCE, 0x82, _, _, rest @ ..] = info else { return None };
    let [BIT_STRING, 0x82, _, _, 0, key @ ..] = rest.strip_prefix(RSA_ENCRYPTION)? else { return None };
    is_public_key(key).then_some(key)
}

/// Whether this has the form of a key that [`verifies`] can use: a sequence that begins with a modulus of 2048 to 8192 bits.
pub(crate) fn is_public_key(public_key: &[u8]) -> bool {
    let [SEQUENCE, 0x82, outer_high, outer_low, INTEGER, 0x82, high, low, ..] = public_key else {
        return false;
    };
    let outer = usize::from(u16::from_be_bytes([*outer_high, *outer_low]));
    let modulus = u16::from_be_bytes([*high, *low]);
    outer + 4 == public_key.len() && (257..=1025).contains(&modulus)
}

/// Whether `signature` is one of `message` by the key, a PKCS#1 `RSAPublicKey` in DER of 2048 to 8192 bits.
pub(crate) fn verifies(public_key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public_key).verify(message, signature).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made() -> (RsaKey, Vec<u8>) {
        let new = NewRsaKey::make(RsaKeySize::Bits2048).unwrap();
        let key = RsaKey::from_pkcs1(&new.private).unwrap();
        let public = key.public_pkcs1();
        assert_eq!(public_key_of(&new.public), Some(&*public));
        assert!(is_public_key(&public));
        (key, public)
    }

    #[test]
    fn a_key_signs_and_nothing_else_verifies() {
        let (key, public) = made();
        let signature = key.sign(b"text").unwrap();
        assert_eq!(signature.len(), 256);
        assert!(verifies(&public, b"text", &signature));
        assert!(!verifies(&public, b"Text", &signature));
        let mut flipped = signature.clone();
        flipped[200] ^= 1;
        assert!(!verifies(&public, b"text", &flipped));
        assert!(!verifies(&public, b"text", &signature[..255]));
        assert!(!verifies(&made().1, b"text", &signature));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for bytes in [&b""[..], b"junk", &[0x30, 0x82, 0xFF, 0xFF]] {
            assert_eq!(RsaKey::from_pkcs1(&bytes.into()).err(), Some(KeyStoreError::Invalidated));
            assert!(!is_public_key(bytes));
            assert_eq!(public_key_of(bytes), None);
            assert!(!verifies(bytes, b"text", &[0; 256]));
        }
    }
}
