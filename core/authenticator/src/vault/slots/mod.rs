//! Key slots: the vault key, wrapped once for each way to open the vault.
//!
//! A slot's key comes from a passphrase, from a recovery code or from the platform's key store; it wraps the vault key
//! with AES-256-GCM. The slot's kind, identifier and parameters are the additional data, so none can be exchanged.
//!
//! Each row has a checksum. A flipped bit would otherwise look like a wrong passphrase, and send a person hunting for
//! a passphrase that they have typed correctly all along.

mod key_store;
mod passphrase;
mod recovery_code;
mod table;

use std::fmt;

use countersign_protocol::Id;
use ring::aead::{Aad, NONCE_LEN, Nonce};
use ring::digest;
use zeroize::Zeroizing;

pub use key_store::VaultKeyStore;
pub(super) use key_store::open_any as open_by_key_store;
pub(super) use passphrase::derive_key as passphrase_key;
pub(super) use recovery_code::derive_key as recovery_key;
pub use recovery_code::{RecoveryCode, RecoveryCodeError};
pub(super) use table::{count, delete, insert, list, load};

use super::VaultError;
use super::envelope::make_nonce;
use super::keys::{Keys, aes_256_gcm};
use crate::Secret;

/// A way to open the vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SlotKind {
    /// A passphrase, through Argon2id.
    Passphrase,
    /// A recovery code that the person keeps on paper.
    RecoveryCode,
    /// A key in the platform's key store.
    KeyStore,
}

impl SlotKind {
    const ALL: [Self; 3] = [Self::Passphrase, Self::RecoveryCode, Self::KeyStore];

    const fn number(self) -> u8 {
        match self {
            Self::Passphrase => 1,
            Self::RecoveryCode => 2,
            Self::KeyStore => 3,
        }
    }

    fn from_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| i64::from(kind.number()) == number)
    }

    /// Its stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Passphrase => "passphrase",
            Self::RecoveryCode => "recovery_code",
            Self::KeyStore => "key_store",
        }
    }
}

impl fmt::Display for SlotKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A slot of a vault, as a person may see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeySlot {
    /// Its identifier; also names the key in the platform's key store.
    pub id: Id,
    /// How it is opened.
    pub kind: SlotKind,
    /// Whether its row has been damaged, so that its key can't be tried.
    pub damaged: bool,
    /// Whether the vault has been opened by it, or its key typed back; unknown while the vault is locked.
    pub proven: Option<bool>,
}

/// A slot that is ready to be added to a vault: its key is made, and nothing has been written yet.
///
/// Made before the vault is touched, because the key derivation takes a while and a key store may wait for a person.
#[derive(Clone)]
pub struct NewSlot {
    id: Id,
    kind: SlotKind,
    parameters: Vec<u8>,
    key: SlotKey,
}

impl NewSlot {
    /// The identifier that the slot will have.
    #[must_use]
    pub const fn id(&self) -> Id {
        self.id
    }

    /// Wraps a vault key into a row.
    pub(super) fn wrap(&self, vault_key: &Secret) -> Row {
        let wrapped_key = self.key.wrap(&additional_data(self.kind, self.id, &self.parameters), vault_key);
        let checksum = checksum(self.kind, self.id, &self.parameters, &wrapped_key);
        Row { id: self.id, kind: self.kind, parameters: self.parameters.clone(), wrapped_key, checksum }
    }
}

impl fmt::Debug for NewSlot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewSlot").field("id", &self.id).field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// A slot as it lies in the table.
pub(super) struct Row {
    pub(super) id: Id,
    pub(super) kind: SlotKind,
    parameters: Vec<u8>,
    wrapped_key: Vec<u8>,
    checksum: Vec<u8>,
}

impl Row {
    /// Opens the slot by its key.
    pub(super) fn unwrap(&self, key: &SlotKey) -> Result<Secret, VaultError> {
        self.check()?;
        key.unwrap(&additional_data(self.kind, self.id, &self.parameters), &self.wrapped_key)
            .ok_or(VaultError::WrongKey)
    }

    pub(super) fn is_damaged(&self) -> bool {
        checksum(self.kind, self.id, &self.parameters, &self.wrapped_key) != self.checksum
    }

    /// The parameters, once the row is known to be undamaged.
    fn parameters(&self) -> Result<&[u8], VaultError> {
        self.check()?;
        Ok(&self.parameters)
    }

    fn check(&self) -> Result<(), VaultError> {
        if self.is_damaged() { Err(VaultError::DamagedSlot(self.kind)) } else { Ok(()) }
    }
}

/// Tries the key made for each of `rows` until one opens.
///
/// When none does, a damaged slot is told before a wrong key only if there was no undamaged one to try.
pub(super) fn open_any(
    kind: SlotKind,
    rows: &[Row],
    make_key: impl Fn(&Row) -> Result<SlotKey, VaultError>,
) -> Result<(Id, Secret), VaultError> {
    let mut refusal = VaultError::NoSuchSlot;
    for row in rows.iter().filter(|row| row.kind == kind) {
        match make_key(row).and_then(|key| row.unwrap(&key)) {
            Ok(vault_key) => return Ok((row.id, vault_key)),
            Err(VaultError::DamagedSlot(_)) if refusal == VaultError::WrongKey => {}
            Err(error @ (VaultError::WrongKey | VaultError::DamagedSlot(_))) => refusal = error,
            Err(error) => return Err(error),
        }
    }
    Err(refusal)
}

/// The 256-bit key that wraps the vault key in one slot.
#[derive(Clone)]
pub(super) struct SlotKey(Secret);

impl SlotKey {
    const LEN: usize = 32;

    fn cipher(&self) -> Option<ring::aead::LessSafeKey> {
        Some(aes_256_gcm(self.0.expose().try_into().ok()?))
    }

    #[expect(
        clippy::expect_used,
        reason = "slot keys are made with their one length, and a vault key is short"
    )]
    fn wrap(&self, additional_data: &[u8], vault_key: &Secret) -> Vec<u8> {
        let nonce = make_nonce();
        let mut bytes = Zeroizing::new(vault_key.expose().to_vec());
        let cipher = self.cipher().expect("a slot key has 32 bytes");
        let tag = cipher
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(additional_data),
                &mut bytes,
            )
            .expect("a vault key is short enough to seal");
        [&nonce, bytes.as_slice(), tag.as_ref()].concat()
    }

    fn unwrap(&self, additional_data: &[u8], wrapped: &[u8]) -> Option<Secret> {
        let (nonce, sealed) = wrapped.split_first_chunk::<NONCE_LEN>()?;
        let mut bytes = Zeroizing::new(sealed.to_vec());
        let opened = self
            .cipher()?
            .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(additional_data), &mut bytes)
            .ok()?;
        (opened.len() == Keys::VAULT_KEY_LEN).then(|| Secret::from(&*opened))
    }
}

fn additional_data(kind: SlotKind, id: Id, parameters: &[u8]) -> Vec<u8> {
    [b"countersign key slot v1 ".as_slice(), &[kind.number()], id.as_bytes(), parameters].concat()
}

fn checksum(kind: SlotKind, id: Id, parameters: &[u8], wrapped_key: &[u8]) -> Vec<u8> {
    let mut context = digest::Context::new(&digest::SHA256);
    // The wrapped key comes first, since its length is the fixed one.
    context.update(wrapped_key);
    context.update(&additional_data(kind, id, parameters));
    context.finish().as_ref().to_vec()
}
