//! The slot whose key the platform holds.

use async_trait::async_trait;
use countersign_protocol::Id;

use super::{NewSlot, Row, SlotKey, SlotKind, VaultError};
use crate::{KeyStoreError, Secret};

/// A platform's key store, as the vault uses it: it wraps and unwraps the 32-byte key of a slot.
///
/// This is the contract for shells:
///
/// - **Where the key lives.** The wrapping key is made inside the store and never leaves it.
///   *Android*: an AES-256-GCM key in `AndroidKeyStore`, StrongBox if the device has it, `setUnlockedDeviceRequired(true)`;
///   the store picks the nonce. *Apple*: a P-256 key in the Secure Enclave with
///   `kSecAttrAccessibleWhenUnlockedThisDeviceOnly`, in the access group shared with the app's extensions, used by
///   `eciesEncryptionCofactorVariableIVX963SHA256AESGCM`. *Desktop*: the session's secret service, or a file of mode 0600.
/// - **Names.** `slot` names the wrapping key, for example as the alias `countersign.vault.<slot>`. Nothing else does,
///   so every vault and every profile has its own.
/// - **Idempotence.** `wrap` makes the key if there is none of this name and otherwise uses the one that is there.
///   `forget` of a key that isn't there succeeds.
/// - **Threads.** Any method may be called from any thread, also while another is under way; a store that takes one
///   call at a time does its own queueing. Methods may wait for a person for minutes, and must not block the thread.
/// - **Dropping.** The future may be dropped at any time. A prompt that is still shown is then dismissed. A wrapping key
///   that was already made may stay; the next `wrap` or `forget` finds it.
/// - **Errors** are the five of [`KeyStoreError`]; anything unforeseen is [`KeyStoreError::Unavailable`]. A wrapped key
///   that doesn't open because it was altered is [`KeyStoreError::NotFound`]. No method panics or throws.
/// - **Secrets.** The slot key is in the clear in `wrap`'s argument and `unwrap`'s result alone, and is never logged.
#[async_trait]
pub trait VaultKeyStore: Send + Sync {
    /// Encrypts `key` (32 bytes) under the wrapping key named by `slot`. The result has at most 4,096 bytes, and may be
    /// anything that [`VaultKeyStore::unwrap`] understands.
    ///
    /// # Errors
    ///
    /// As the contract says; never [`KeyStoreError::NotFound`].
    async fn wrap(&self, slot: Id, key: &Secret) -> Result<Vec<u8>, KeyStoreError>;

    /// Decrypts what [`VaultKeyStore::wrap`] made under the same name.
    ///
    /// # Errors
    ///
    /// As the contract says.
    async fn unwrap(&self, slot: Id, wrapped: &[u8]) -> Result<Secret, KeyStoreError>;

    /// Deletes the wrapping key of a slot that was removed.
    ///
    /// # Errors
    ///
    /// As the contract says; never [`KeyStoreError::NotFound`].
    async fn forget(&self, slot: Id) -> Result<(), KeyStoreError>;
}

impl NewSlot {
    /// A slot that this key store opens: a random key that only the store can unwrap.
    ///
    /// # Errors
    ///
    /// [`VaultError::KeyStore`].
    pub async fn from_key_store(store: &dyn VaultKeyStore) -> Result<Self, VaultError> {
        let id = Id::make_random();
        let key = Secret::make_random(SlotKey::LEN);
        let parameters = store.wrap(id, &key).await?;
        if parameters.len() > MAX_WRAPPED_LEN {
            return Err(KeyStoreError::Unavailable.into());
        }
        Ok(Self { id, kind: SlotKind::KeyStore, parameters, key: SlotKey(key) })
    }
}

/// Opens the first of the key-store slots that the store knows.
///
/// A slot that it doesn't know belongs to another store, or to a device that is gone, so the next is tried.
pub(in crate::vault) async fn open_any(
    store: &dyn VaultKeyStore,
    rows: &[Row],
) -> Result<(Id, Secret), VaultError> {
    let mut refusal = VaultError::NoSuchSlot;
    for row in rows.iter().filter(|row| row.kind == SlotKind::KeyStore) {
        match unwrap(store, row).await {
            Ok(vault_key) => return Ok((row.id, vault_key)),
            Err(error @ (VaultError::KeyStore(KeyStoreError::NotFound) | VaultError::DamagedSlot(_))) => {
                refusal = error;
            }
            Err(error) => return Err(error),
        }
    }
    Err(refusal)
}

async fn unwrap(store: &dyn VaultKeyStore, row: &Row) -> Result<Secret, VaultError> {
    let key = store.unwrap(row.id, row.parameters()?).await?;
    row.unwrap(&SlotKey(key))
}

const MAX_WRAPPED_LEN: usize = 4096;
