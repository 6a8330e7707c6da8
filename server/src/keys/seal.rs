//! Sealing secrets at rest: AES-256-GCM, bound to the table and the row that they belong to.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use zeroize::Zeroizing;

use crate::secret::SecretBytes;

/// Seals and opens what the database may know in sealed form only.
pub(crate) struct Sealer(LessSafeKey);

/// A sealed value doesn't open: it was altered, moved to another row, or sealed under another key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a sealed value in the database does not open")]
pub(crate) struct SealError;

impl Sealer {
    #[expect(clippy::expect_used, reason = "the key has the length of AES-256")]
    pub(crate) fn new(key: &SecretBytes<32>) -> Self {
        Self(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key.expose()).expect("the key has 32 bytes")))
    }

    /// Seals `plaintext` for the row `row` of `table`: nonce, ciphertext and tag.
    ///
    /// Nonces are random. With 96 bits, 2^32 sealed values under one key are safe (NIST SP 800-38D, section 8.3);
    /// a service seals one for each device.
    pub(crate) fn seal(&self, table: &str, row: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, SealError> {
        let nonce = SecretBytes::<NONCE_LEN>::make_random();
        let mut sealed = Vec::with_capacity(NONCE_LEN + plaintext.len() + AES_256_GCM.tag_len());
        sealed.extend_from_slice(nonce.expose());
        let mut ciphertext = Zeroizing::new(plaintext.to_vec());
        let tag = self
            .0
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(*nonce.expose()),
                Aad::from(associated(table, row)),
                &mut ciphertext,
            )
            .map_err(|_| SealError)?;
        sealed.extend_from_slice(&ciphertext);
        sealed.extend_from_slice(tag.as_ref());
        Ok(sealed)
    }

    /// Opens what [`Sealer::seal`] sealed for the same row of the same table.
    pub(crate) fn open(
        &self,
        table: &str,
        row: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let (nonce, ciphertext) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(SealError)?;
        let mut buffer = Zeroizing::new(ciphertext.to_vec());
        let length = self
            .0
            .open_in_place(
                Nonce::assume_unique_for_key(*nonce),
                Aad::from(associated(table, row)),
                &mut buffer,
            )
            .map_err(|_| SealError)?
            .len();
        buffer.truncate(length);
        Ok(buffer)
    }
}

/// Table and row in one unambiguous text: no table's name has a zero byte.
fn associated(table: &str, row: &[u8]) -> Vec<u8> {
    [table.as_bytes(), &[0], row].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealer() -> Sealer {
        Sealer::new(&SecretBytes::new([7; 32]))
    }

    #[test]
    fn sealed_values_open_in_their_own_row_alone() {
        let sealed = sealer().seal("devices", b"one", b"secret").unwrap();
        assert_eq!(*sealer().open("devices", b"one", &sealed).unwrap(), b"secret");
        assert_eq!(sealer().open("devices", b"two", &sealed), Err(SealError));
        assert_eq!(sealer().open("signing_keys", b"one", &sealed), Err(SealError));
        let other = Sealer::new(&SecretBytes::new([8; 32]));
        assert_eq!(other.open("devices", b"one", &sealed), Err(SealError));
    }

    #[test]
    fn any_flipped_bit_and_any_shorter_value_is_refused() {
        let sealed = sealer().seal("devices", b"one", b"secret").unwrap();
        for at in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            assert_eq!(sealer().open("devices", b"one", &altered), Err(SealError), "byte {at}");
            assert_eq!(sealer().open("devices", b"one", &sealed[..at]), Err(SealError), "length {at}");
        }
    }

    #[test]
    fn the_same_value_is_sealed_differently_each_time() {
        let seal = || sealer().seal("devices", b"one", b"secret").unwrap();
        assert_ne!(seal(), seal());
    }
}
