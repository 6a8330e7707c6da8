//! RSA keys, for servers that take no other: PKCS#1 v1.5 with SHA-256 (RFC 8017, section 8.2).
//!
//! The `rsa` crate makes keys; ring signs and verifies, in constant time and several times faster.

use getrandom::SysRng;
use ring::rand::SystemRandom;
use ring::rsa::KeyPair;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, UnparsedPublicKey};
use rsa::pkcs1::DecodeRsaPublicKey;
use rsa::pkcs8::{EncodePrivateKey, EncodePublicKey};
use rsa::traits::PublicKeyParts;
use rsa::{PrivateKey, PublicKey};

use crate::{KeyStoreError, Secret};

/// Bits of a key's modulus.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum RsaKeySize {
    /// 112 bits of security (NIST SP 800-57, part 1), and the quickest to make.
    Bits2048,
    /// 128 bits of security.
    Bits3072,
    /// What privacyIDEA's own app makes. A phone needs seconds to find one.
    #[default]
    Bits4096,
}

impl RsaKeySize {
    const fn bits(self) -> usize {
        match self {
            Self::Bits2048 => 2048,
            Self::Bits3072 => 3072,
            Self::Bits4096 => 4096,
        }
    }
}

/// A private key, ready to sign.
pub(crate) struct RsaKey(KeyPair);

/// A new key pair, encoded.
pub(crate) struct NewRsaKey {
    /// PKCS#8 DER.
    pub(crate) private: Secret,
    /// SubjectPublicKeyInfo DER.
    pub(crate) public: Vec<u8>,
}

impl NewRsaKey {
    /// Makes a key pair. Takes seconds: not for a thread that draws or polls.
    pub(crate) fn make(size: RsaKeySize) -> Result<Self, KeyStoreError> {
        let key = PrivateKey::new(&mut SysRng, size.bits()).map_err(|_| KeyStoreError::Unavailable)?;
        let private = key.to_pkcs8_der().map_err(|_| KeyStoreError::Unavailable)?;
        let public = key.to_public_key().to_public_key_der().map_err(|_| KeyStoreError::Unavailable)?;
        let private = Secret::from(private.as_bytes());
        // What one crate has made must be usable by the other before anything is bound to it.
        RsaKey::from_pkcs8(&private)?.sign(b"")?;
        Ok(Self { private, public: public.into_vec() })
    }
}

impl RsaKey {
    /// Reads a private key as [`NewRsaKey::private`] has it.
    pub(crate) fn from_pkcs8(private: &Secret) -> Result<Self, KeyStoreError> {
        KeyPair::from_pkcs8(private.expose()).map(Self).map_err(|_| KeyStoreError::Invalidated)
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
    #[cfg(test)]
    pub(crate) fn public_pkcs1(&self) -> Vec<u8> {
        self.0.public().as_ref().to_vec()
    }
}

/// Whether this is a key that [`verifies`] can use.
pub(crate) fn is_public_key(public_key: &[u8]) -> bool {
    PublicKey::from_pkcs1_der(public_key).is_ok_and(|key| (2048..=8192).contains(&key.n_bits_precision()))
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
        let key = RsaKey::from_pkcs8(&new.private).unwrap();
        let public = key.public_pkcs1();
        assert!(new.public.ends_with(&public), "the public key's bits end its SubjectPublicKeyInfo");
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
            assert_eq!(RsaKey::from_pkcs8(&bytes.into()).err(), Some(KeyStoreError::Invalidated));
            assert!(!is_public_key(bytes));
            assert!(!verifies(bytes, b"text", &[0; 256]));
        }
    }
}
