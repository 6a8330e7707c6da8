//! The key that a synchronisation's answer is encrypted to: X25519 (RFC 7748), whose output is the AES-256-GCM key as it
//! is, with an IV of 16 bytes.
//!
//! ring takes no IV but of 12 bytes, so the cipher is that of the `aes-gcm` crate.

use aes_gcm::aead::AeadInOut;
use aes_gcm::aead::consts::U16;
use aes_gcm::aes::Aes256;
use aes_gcm::{AesGcm, KeyInit};
use ring::agreement::{EphemeralPrivateKey, UnparsedPublicKey, X25519, agree_ephemeral};
use ring::rand::SystemRandom;
use zeroize::Zeroizing;

use super::{ContainerError, Synchronised};

/// A key for one answer.
pub(crate) struct SealingKey {
    private: EphemeralPrivateKey,
    public: Vec<u8>,
}

impl SealingKey {
    pub(crate) fn make() -> Result<Self, ContainerError> {
        // The system's random generator has failed.
        let failed = |_| ContainerError::Unavailable;
        let private = EphemeralPrivateKey::generate(&X25519, &SystemRandom::new()).map_err(failed)?;
        let public = private.compute_public_key().map_err(failed)?.as_ref().to_vec();
        Ok(Self { private, public })
    }

    /// The 32 bytes that the server encrypts to.
    pub(crate) fn public(&self) -> &[u8] {
        &self.public
    }

    /// Opens the answer.
    pub(crate) fn open(self, answer: Synchronised) -> Result<Zeroizing<Vec<u8>>, ContainerError> {
        let server = UnparsedPublicKey::new(&X25519, answer.server_key.clone());
        agree_ephemeral(self.private, &server, |key| open_with(key, answer))
            .unwrap_or(Err(ContainerError::Unreadable))
    }
}

pub(super) fn open_with(key: &[u8], answer: Synchronised) -> Result<Zeroizing<Vec<u8>>, ContainerError> {
    let cipher = AesGcm::<Aes256, U16>::new_from_slice(key).map_err(|_| ContainerError::Unreadable)?;
    let sixteen = |bytes: &[u8]| <[u8; 16]>::try_from(bytes).map_err(|_| ContainerError::Unreadable);
    let (iv, tag) = (sixteen(&answer.iv)?, sixteen(&answer.tag)?);
    let mut text = Zeroizing::new(answer.ciphertext);
    cipher
        .decrypt_inout_detached(&iv.into(), &[], text.as_mut_slice().into(), &tag.into())
        .map_err(|_| ContainerError::Unreadable)?;
    Ok(text)
}
