//! Every call of foreign code that never calls back is given up. (In tests after 10 ms.)

use std::sync::Arc;

use async_trait::async_trait;
use countersign_authenticator::backup::{self, BackupError};
use countersign_authenticator::keys::{self, DeviceKeys as _};
use countersign_authenticator::vault::VaultKeyStore as _;
use countersign_authenticator::{KeyStoreError, Secret};

use crate::backup::ForeignFolder;
use crate::key_store::ForeignKeyStore;
use crate::keys::ForeignKeys;
use crate::{
    BackupFolder, BackupFolderError, DeviceKeys, Id, KeyName, PlatformKeyError, Prompt, UserCheck,
    VaultKeyStore,
};

/// Never calls back.
struct Hanging;

#[async_trait]
impl VaultKeyStore for Hanging {
    async fn wrap(&self, _: Id, _: Vec<u8>) -> Result<Vec<u8>, PlatformKeyError> {
        std::future::pending().await
    }

    async fn unwrap(&self, _: Id, _: Vec<u8>) -> Result<Vec<u8>, PlatformKeyError> {
        std::future::pending().await
    }

    async fn forget(&self, _: Id) -> Result<(), PlatformKeyError> {
        std::future::pending().await
    }
}

#[async_trait]
impl DeviceKeys for Hanging {
    async fn make(&self, _: KeyName) -> Result<Vec<u8>, PlatformKeyError> {
        std::future::pending().await
    }

    async fn sign(&self, _: KeyName, _: Vec<u8>, _: Option<Prompt>) -> Result<Vec<u8>, PlatformKeyError> {
        std::future::pending().await
    }

    async fn delete(&self, _: KeyName) -> Result<(), PlatformKeyError> {
        std::future::pending().await
    }

    fn user_check(&self) -> Result<UserCheck, PlatformKeyError> {
        Err(PlatformKeyError::Unavailable)
    }

    fn in_hardware(&self) -> Result<bool, PlatformKeyError> {
        Err(PlatformKeyError::Unavailable)
    }

    fn has_rsa(&self) -> Result<bool, PlatformKeyError> {
        Err(PlatformKeyError::Unavailable)
    }
}

#[async_trait]
impl BackupFolder for Hanging {
    async fn names(&self) -> Result<Vec<String>, BackupFolderError> {
        std::future::pending().await
    }

    async fn write(&self, _: String, _: Vec<u8>) -> Result<(), BackupFolderError> {
        std::future::pending().await
    }

    async fn read(&self, _: String) -> Result<Vec<u8>, BackupFolderError> {
        std::future::pending().await
    }

    async fn remove(&self, _: String) -> Result<(), BackupFolderError> {
        std::future::pending().await
    }
}

#[tokio::test]
async fn a_folder_that_does_not_answer_has_failed() {
    use backup::BackupFolder as _;
    let folder = ForeignFolder(Arc::new(Hanging));
    assert_eq!(folder.names().await, Err(BackupError::Storage));
    assert_eq!(folder.write("name", Vec::new()).await, Err(BackupError::Storage));
    assert_eq!(folder.read("name").await, Err(BackupError::Storage));
    assert_eq!(folder.remove("name").await, Err(BackupError::Storage));
}

#[tokio::test]
async fn a_key_store_that_asks_nobody_is_broken_and_a_person_who_does_not_answer_has_cancelled() {
    let keys = ForeignKeys(Arc::new(Hanging));
    let [device, approval] = [keys::KeyRole::Device, keys::KeyRole::Approval]
        .map(|role| keys::KeyName { account: Id::from_bytes([1; 16]), role });
    assert_eq!(keys.make(device).await, Err(KeyStoreError::Unavailable));
    assert_eq!(keys.make(approval).await, Err(KeyStoreError::Unavailable));
    assert_eq!(keys.sign(device, b"", None).await, Err(KeyStoreError::Unavailable));
    assert_eq!(keys.sign(approval, b"", None).await, Err(KeyStoreError::Cancelled));
    assert_eq!(keys.delete(device).await, Err(KeyStoreError::Unavailable));

    let (store, slot) = (ForeignKeyStore(Arc::new(Hanging)), Id::from_bytes([1; 16]));
    let key = Secret::new(vec![1; 32]);
    assert_eq!(store.wrap(slot, &key).await, Err(KeyStoreError::Cancelled));
    assert_eq!(store.unwrap(slot, b"").await, Err(KeyStoreError::Cancelled));
    assert_eq!(store.forget(slot).await, Err(KeyStoreError::Unavailable));
}

#[test]
fn a_key_store_that_cannot_tell_claims_nothing() {
    let keys = ForeignKeys(Arc::new(Hanging));
    assert_eq!(keys.user_check(), keys::UserCheck::None);
    assert!(!keys.in_hardware());
    assert!(!keys.has_rsa());
}
