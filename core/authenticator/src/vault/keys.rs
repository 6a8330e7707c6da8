//! The vault key, and the data keys derived from it: one for each kind of record.

use std::hint::black_box;

use ring::aead::{AES_256_GCM, LessSafeKey, UnboundKey};
use ring::hkdf::{self, HKDF_SHA256, Prk};
use zeroize::Zeroizing;

use super::record::RecordKind;
use crate::Secret;

/// The keys of an unlocked vault. Wiped on drop.
pub(super) struct Keys {
    vault_key: Secret,
    // On the heap, so that no copy stays behind where the structure was moved from.
    data: Box<[LessSafeKey; RecordKind::ALL.len()]>,
}

impl Keys {
    /// Length of the vault key in bytes.
    pub(super) const VAULT_KEY_LEN: usize = 32;

    pub(super) fn derive(vault_key: Secret) -> Self {
        let prk = hkdf::Salt::new(HKDF_SHA256, &[]).extract(vault_key.expose());
        let data = Box::new(RecordKind::ALL.map(|kind| derive_data_key(&prk, kind)));
        Self { vault_key, data }
    }

    pub(super) fn vault_key(&self) -> &Secret {
        &self.vault_key
    }

    pub(super) fn data_key(&self, kind: RecordKind) -> &LessSafeKey {
        &self.data[usize::from(kind.number())]
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        // ring doesn't wipe its keys, so they are overwritten in place by keys of zeros.
        for key in self.data.iter_mut() {
            *key = aes_256_gcm(&[0; 32]);
        }
        black_box(&mut *self.data);
    }
}

/// An AES-256-GCM key of these bytes.
#[expect(clippy::expect_used, reason = "the array has the one length that the algorithm takes")]
pub(super) fn aes_256_gcm(bytes: &[u8; 32]) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, bytes).expect("AES-256 takes 32 bytes"))
}

/// HKDF-Expand to 32 bytes (RFC 5869, section 2.3).
#[expect(clippy::expect_used, reason = "SHA-256 expands to 32 bytes, whatever the info")]
pub(super) fn expand(prk: &Prk, info: &[&[u8]]) -> Zeroizing<[u8; 32]> {
    let mut bytes = Zeroizing::new([0; 32]);
    prk.expand(info, HKDF_SHA256)
        .and_then(|okm| okm.fill(&mut *bytes))
        .expect("HKDF expands to one block of its hash");
    bytes
}

fn derive_data_key(prk: &Prk, kind: RecordKind) -> LessSafeKey {
    aes_256_gcm(&expand(prk, &[b"countersign vault v1 ", kind.name().as_bytes()]))
}

#[cfg(test)]
mod tests {
    use ring::aead::{Aad, NONCE_LEN, Nonce};

    use super::*;

    #[test]
    fn kinds_are_numbered_by_their_place() {
        for (index, kind) in RecordKind::ALL.into_iter().enumerate() {
            assert_eq!(usize::from(kind.number()), index);
        }
    }

    #[test]
    fn every_kind_and_every_vault_has_its_own_data_key() {
        let tag = |keys: &Keys, kind| {
            let nonce = Nonce::assume_unique_for_key([0; NONCE_LEN]);
            let tag = keys.data_key(kind).seal_in_place_separate_tag(nonce, Aad::empty(), &mut []).unwrap();
            tag.as_ref().to_vec()
        };
        let mut tags = Vec::new();
        for byte in [1, 2] {
            let keys = Keys::derive(Secret::new(vec![byte; 32]));
            tags.extend(RecordKind::ALL.map(|kind| tag(&keys, kind)));
        }
        let count = tags.len();
        tags.sort();
        tags.dedup();
        assert_eq!(tags.len(), count);
    }
}
