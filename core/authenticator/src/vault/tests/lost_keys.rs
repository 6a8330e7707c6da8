//! Keys that a platform's key store doesn't give, as people complain of it: what is told, what opens the vault all the
//! same, and that not a byte of it goes.

use super::slots::{MemoryStore, slot_of};
use super::*;
use crate::KeyStoreError;

/// A closed vault with an account, opened by a key store and by a recovery code, and its bytes.
async fn sealed(store: &MemoryStore) -> (TempDir, RecoveryCode, Vec<u8>) {
    let Fixture { folder, code, vault } = Fixture::new();
    vault.add_slot(&NewSlot::from_key_store(store).await.unwrap()).unwrap();
    vault.add_account(&totp_account("kept")).unwrap();
    drop(vault);
    let bytes = fs::read(folder.path().join("vault.db")).unwrap();
    (folder, code, bytes)
}

/// That the key store doesn't open it, and that this changes nothing; gives the vault, locked.
async fn refused(folder: &TempDir, store: &MemoryStore, why: KeyStoreError, bytes: &[u8]) -> Vault {
    let path = folder.path().join("vault.db");
    let vault = Vault::open(&path).unwrap();
    assert_eq!(vault.unlock_with_key_store(store).await, Err(why.into()));
    assert_eq!(vault.accounts(), Err(VaultError::Locked), "an error, and no empty list");
    assert_eq!(fs::read(&path).unwrap(), bytes);
    vault
}

#[tokio::test]
async fn a_phone_that_was_not_unlocked_since_it_started_opens_the_vault_later() {
    let store = MemoryStore::default();
    let (folder, _, bytes) = sealed(&store).await;
    store.refuse(KeyStoreError::Locked);
    let vault = refused(&folder, &store, KeyStoreError::Locked, &bytes).await;
    store.relent();
    vault.unlock_with_key_store(&store).await.unwrap();
    assert_eq!(names(&vault), ["kept"]);
}

#[tokio::test]
async fn a_new_fingerprint_costs_no_account() {
    let store = MemoryStore::default();
    let (folder, code, bytes) = sealed(&store).await;
    store.refuse(KeyStoreError::Invalidated);
    let vault = refused(&folder, &store, KeyStoreError::Invalidated, &bytes).await;
    vault.unlock_with_recovery_code(&code).unwrap();
    store.relent();
    let lost = slot_of(&vault, SlotKind::KeyStore);
    vault.replace_slot(lost, &NewSlot::from_key_store(&store).await.unwrap()).unwrap();
    vault.lock();
    vault.unlock_with_key_store(&store).await.unwrap();
    assert_eq!(names(&vault), ["kept"]);
}

#[tokio::test]
async fn a_wiped_key_store_and_a_vault_restored_to_another_phone_cost_no_account() {
    let (store, other) = (MemoryStore::default(), MemoryStore::default());
    let (folder, code, bytes) = sealed(&store).await;
    let vault = refused(&folder, &other, KeyStoreError::NotFound, &bytes).await;
    vault.unlock_with_recovery_code(&code).unwrap();
    assert_eq!(names(&vault), ["kept"]);
    let here = NewSlot::from_key_store(&other).await.unwrap();
    vault.add_slot(&here).unwrap();
    vault.lock();
    vault.unlock_with_key_store(&other).await.unwrap();
    vault.lock();
    vault.unlock_with_key_store(&store).await.unwrap();
}

#[tokio::test]
async fn a_vault_whose_keys_are_all_lost_is_set_aside_whole_and_another_can_be_made() {
    let store = MemoryStore::default();
    let (folder, code, bytes) = sealed(&store).await;
    let path = folder.path().join("vault.db");
    let copy = folder.path().join("vault.db.schema-0");
    fs::write(&copy, "a copy that an upgrade kept").unwrap();
    let aside = Vault::set_aside(&path).unwrap();
    assert_eq!(files_in(folder.path()), ["vault.db.aside-1"]);
    assert_eq!(files_in(&aside), ["vault.db", "vault.db.schema-0"]);
    assert_eq!(Vault::open(&path).unwrap_err(), VaultError::Missing);
    assert_eq!(Vault::set_aside(&path), Err(VaultError::Missing));

    drop(Vault::create(&path, &[NewSlot::from_recovery_code(&RecoveryCode::make_random())]).unwrap());
    assert_eq!(fs::read(aside.join("vault.db")).unwrap(), bytes);
    assert_ne!(Vault::set_aside(&path).unwrap(), aside, "the next one has a folder of its own");
    let found = Vault::open(&aside.join("vault.db")).unwrap();
    found.unlock_with_recovery_code(&code).unwrap();
    assert_eq!(names(&found), ["kept"]);
}

#[test]
fn a_log_that_a_crash_left_behind_follows_its_vault() {
    let fixture = Fixture::new();
    fixture.vault.add_account(&totp_account("in the log")).unwrap();
    let path = fixture.path();
    let files = ["vault.db", "vault.db-wal"].map(|name| fs::read(fixture.folder.path().join(name)).unwrap());
    drop(fixture.vault);
    // As the crash left it: the file is moved, its log isn't yet.
    let aside = files::beside(&path, ".aside-1");
    fs::create_dir(&aside).unwrap();
    fs::remove_file(&path).unwrap();
    fs::write(aside.join("vault.db"), &files[0]).unwrap();
    fs::write(files::beside(&path, "-wal"), &files[1]).unwrap();

    assert_eq!(Vault::set_aside(&path).unwrap(), aside);
    let found = Vault::open(&aside.join("vault.db")).unwrap();
    found.unlock_with_recovery_code(&fixture.code).unwrap();
    assert_eq!(names(&found), ["in the log"]);
}
