//! The key slot that the platform holds.

use std::sync::Arc;

use async_trait::async_trait;
use countersign_authenticator::{KeyStoreError, Secret, vault};

use crate::limit::{MACHINE, PERSON, within};
use crate::{Id, PlatformKeyError};

/// A platform's key store, as the vault uses it: it wraps and unwraps the 32-byte key of a slot.
///
/// # Contract
///
/// - **Where the key lives.** The wrapping key is made inside the store and never leaves it.
///   *Android*: an AES-256-GCM key in `AndroidKeyStore`, StrongBox if the device has it, `setUnlockedDeviceRequired(true)`;
///   the store picks the nonce. *Apple*: a P-256 key in the Secure Enclave with
///   `kSecAttrAccessibleWhenUnlockedThisDeviceOnly`, in the access group shared with the app's extensions, used by
///   `eciesEncryptionCofactorVariableIVX963SHA256AESGCM`.
/// - **Names.** `slot` names the wrapping key, for example as the alias `countersign.vault.<slot>`. Nothing else does,
///   so every vault and every profile has its own.
/// - **Idempotence.** `wrap` makes the key if there is none of this name and otherwise uses the one that is there.
///   `forget` of a key that isn't there succeeds.
/// - **Threads.** Any method may be called from any thread, also while another is under way; a store that takes one
///   call at a time does its own queueing. `wrap` and `unwrap` may wait for a person, at most five minutes, and must not
///   block the thread; `forget` has 30 seconds.
/// - **Cancelling.** The call may be cancelled at any time (Kotlin: the coroutine, Swift: the task). A prompt that is still
///   shown is then dismissed. A wrapping key that was already made may stay; the next `wrap` or `forget` finds it.
/// - **Errors** are those of [`PlatformKeyError`]; anything else that is thrown counts as `Unavailable`, and is neither
///   logged nor kept. A wrapped key that doesn't open because it was altered is `NotFound`. In Kotlin, catch `Throwable`:
///   an `Error` that escapes from an async method reaches nobody, and the call waits for its time limit.
/// - **Secrets.** The slot key is in the clear in `wrap`'s argument and `unwrap`'s result alone: the one key that crosses
///   this border, because the platform's cipher can't reach into Rust. Overwrite the array after use, and never log it.
#[uniffi::export(foreign)]
#[async_trait]
pub trait VaultKeyStore: Send + Sync {
    /// Encrypts `key` (32 bytes) under the wrapping key named by `slot`. The result has at most 4,096 bytes, and may be
    /// anything that [`VaultKeyStore::unwrap`] understands.
    ///
    /// # Errors
    ///
    /// As the contract says; never `NotFound`.
    async fn wrap(&self, slot: Id, key: Vec<u8>) -> Result<Vec<u8>, PlatformKeyError>;

    /// Decrypts what [`VaultKeyStore::wrap`] made under the same name.
    ///
    /// # Errors
    ///
    /// As the contract says.
    async fn unwrap(&self, slot: Id, wrapped: Vec<u8>) -> Result<Vec<u8>, PlatformKeyError>;

    /// Deletes the wrapping key of a slot that was removed.
    ///
    /// # Errors
    ///
    /// As the contract says; never `NotFound`.
    async fn forget(&self, slot: Id) -> Result<(), PlatformKeyError>;
}

/// The foreign key store as the core's.
pub(crate) struct ForeignKeyStore(pub(crate) Arc<dyn VaultKeyStore>);

#[async_trait]
impl vault::VaultKeyStore for ForeignKeyStore {
    async fn wrap(&self, slot: Id, key: &Secret) -> Result<Vec<u8>, KeyStoreError> {
        within(PERSON, self.0.wrap(slot, key.expose().to_vec())).await
    }

    async fn unwrap(&self, slot: Id, wrapped: &[u8]) -> Result<Secret, KeyStoreError> {
        within(PERSON, self.0.unwrap(slot, wrapped.to_vec())).await.map(Secret::new)
    }

    async fn forget(&self, slot: Id) -> Result<(), KeyStoreError> {
        within(MACHINE, self.0.forget(slot)).await
    }
}
