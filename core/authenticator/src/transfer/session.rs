//! What the two phones of one move share, and what is sealed under it.

use countersign_protocol::jwe::EncryptionKey;
use countersign_protocol::{CheckValue, Id, Jwk, MailboxName, Thumbprint};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, Prk, Salt};
use zeroize::Zeroizing;

use super::code::{Kind, Part, TransferCode, part_header};
use super::{Relay, TransferError};
use crate::offer::exports::{Argon2Cost, ImportError, ImportFormat, argon2id};
use crate::{Error, Secret};

/// The secret of one move, bound to the keys of both phones.
pub(crate) struct Session {
    id: Id,
    shared: Prk,
    new_phone: Thumbprint,
    old_phone: Thumbprint,
}

impl Session {
    /// As the new phone derives it.
    pub(crate) fn of_new_phone(id: Id, own: &EncryptionKey, old: &Jwk) -> Result<Self, TransferError> {
        Self::derive(id, own, old, own.public().thumbprint(), old.thumbprint())
    }

    /// As the old phone derives it.
    pub(crate) fn of_old_phone(id: Id, own: &EncryptionKey, new: &Jwk) -> Result<Self, TransferError> {
        Self::derive(id, own, new, new.thumbprint(), own.public().thumbprint())
    }

    fn derive(
        id: Id,
        own: &EncryptionKey,
        peer: &Jwk,
        new_phone: Thumbprint,
        old_phone: Thumbprint,
    ) -> Result<Self, TransferError> {
        let secret = own.agree(peer).map_err(|_| TransferError::BadCode)?;
        let shared = Salt::new(HKDF_SHA256, b"countersign move v1").extract(&secret);
        Ok(Self { id, shared, new_phone, old_phone })
    }

    /// What both phones show, for a person to compare. Takes a core for some 0.2 s: whoever stands between two phones
    /// would have to find a key of the same value meanwhile, and may try one each 0.2 s.
    ///
    /// # Errors
    ///
    /// [`ImportError::OutOfMemory`].
    pub(crate) fn check_value(&self) -> Result<CheckValue, Error> {
        let secret = Secret::new(self.expand(b"check value", b"")?.to_vec());
        // The format is for the errors alone, of which only the lack of memory can come.
        let stretched = argon2id(ImportFormat::Countersign, &secret, self.id.as_bytes(), CHECK_COST)?;
        let bits = stretched.first_chunk().ok_or(ImportError::Damaged)?;
        Ok(CheckValue::from_bits(*bits))
    }

    /// The texts of the codes that `content` makes.
    ///
    /// Each key seals one content in the life of a session, which the caller sees to.
    ///
    /// # Errors
    ///
    /// [`TransferError::TooMuch`].
    pub(crate) fn seal(&self, kind: Kind, content: &[u8]) -> Result<Vec<String>, TransferError> {
        let key = self.key(kind)?;
        let count = content.len().div_ceil(Part::CONTENT_BYTES);
        let count = u16::try_from(count).ok().filter(|count| (1..=Part::MAX_COUNT).contains(count));
        let count = count.ok_or(TransferError::TooMuch)?;
        let parts = (1..=count).zip(content.chunks(Part::CONTENT_BYTES));
        parts
            .map(|(number, chunk)| {
                let mut sealed = Zeroizing::new(Vec::with_capacity(chunk.len() + Part::TAG_BYTES));
                sealed.extend_from_slice(chunk);
                let header = part_header(kind, self.id, number, count);
                key.seal_in_place_append_tag(nonce(number), Aad::from(header), &mut *sealed)
                    .map_err(|_| TransferError::TooMuch)?;
                let part = Part { session: self.id, number, count, sealed: std::mem::take(&mut sealed) };
                Ok(match kind {
                    Kind::Receipt => TransferCode::Receipt(part).to_text(),
                    _ => TransferCode::Accounts(part).to_text(),
                })
            })
            .collect()
    }

    /// What is sealed in a part of this kind.
    ///
    /// # Errors
    ///
    /// [`TransferError::OtherMove`], [`TransferError::Altered`].
    pub(crate) fn open(&self, kind: Kind, part: &Part) -> Result<Zeroizing<Vec<u8>>, TransferError> {
        if part.session != self.id {
            return Err(TransferError::OtherMove);
        }
        let header = part_header(kind, self.id, part.number, part.count);
        let mut buffer = Zeroizing::new(part.sealed.clone());
        let opened = self.key(kind)?.open_in_place(nonce(part.number), Aad::from(header), &mut buffer);
        let length = opened.map_err(|_| TransferError::Altered)?.len();
        buffer.truncate(length);
        Ok(buffer)
    }

    /// The name of the mailbox at a service. It is bound to the service, so that an altered acceptance leads to a mailbox
    /// that nobody has.
    pub(crate) fn mailbox(&self, relay: &Relay) -> Result<MailboxName, TransferError> {
        Ok(MailboxName::new(*self.expand(b"relay", &relay.to_bytes())?))
    }

    fn key(&self, kind: Kind) -> Result<LessSafeKey, TransferError> {
        let label: &[u8] = match kind {
            Kind::Receipt => b"receipt",
            _ => b"accounts",
        };
        let key = UnboundKey::new(&AES_256_GCM, &*self.expand(label, b"")?);
        key.map(LessSafeKey::new).map_err(|_| TransferError::BadCode)
    }

    fn expand(&self, label: &[u8], more: &[u8]) -> Result<Zeroizing<[u8; 32]>, TransferError> {
        let info = [label, self.id.as_bytes(), self.new_phone.as_bytes(), self.old_phone.as_bytes(), more];
        let mut key = Zeroizing::new([0; 32]);
        let filled = self.shared.expand(&info, HKDF_SHA256).and_then(|okm| okm.fill(&mut *key));
        filled.map_err(|_| TransferError::BadCode)?;
        Ok(key)
    }
}

const CHECK_COST: Argon2Cost = Argon2Cost { memory_kib: 64 * 1024, passes: 3, lanes: 1 };

/// Ten zero bytes and the part's number. Each kind has a key of its own.
fn nonce(number: u16) -> Nonce {
    let mut nonce = [0; 12];
    nonce[10..].copy_from_slice(&number.to_be_bytes());
    Nonce::assume_unique_for_key(nonce)
}
