//! Key slots: what opens the vault, what doesn't, and how that changes.

use std::collections::HashMap;

use async_trait::async_trait;
use ring::aead::{Aad, NONCE_LEN, Nonce};

use super::*;
use crate::KeyStoreError;
use crate::vault::envelope::make_nonce;
use crate::vault::keys::aes_256_gcm;
use crate::vault::slots::{load, passphrase_key};

fn passphrase(text: &str) -> Secret {
    text.as_bytes().into()
}

/// A slot that costs next to nothing.
fn cheap_slot(text: &str) -> NewSlot {
    NewSlot::from_passphrase_at_cost(&passphrase(text), 64, 1).unwrap()
}

fn opens(vault: &Vault, text: &str) -> bool {
    match vault.unlock_with_passphrase(&passphrase(text)) {
        Ok(()) => true,
        Err(VaultError::WrongKey) => false,
        Err(error) => panic!("{error:?}"),
    }
}

/// A key store in memory that answers as it is told to.
#[derive(Default)]
pub(super) struct MemoryStore {
    keys: Mutex<HashMap<Id, [u8; 32]>>,
    refusal: Mutex<Option<KeyStoreError>>,
}

impl MemoryStore {
    pub(super) fn refuse(&self, error: KeyStoreError) {
        *self.refusal.lock().unwrap() = Some(error);
    }

    pub(super) fn relent(&self) {
        *self.refusal.lock().unwrap() = None;
    }

    fn key(&self, slot: Id) -> Result<ring::aead::LessSafeKey, KeyStoreError> {
        if let Some(error) = *self.refusal.lock().unwrap() {
            return Err(error);
        }
        self.keys.lock().unwrap().get(&slot).map(aes_256_gcm).ok_or(KeyStoreError::NotFound)
    }
}

#[async_trait]
impl VaultKeyStore for MemoryStore {
    async fn wrap(&self, slot: Id, key: &Secret) -> Result<Vec<u8>, KeyStoreError> {
        self.keys.lock().unwrap().entry(slot).or_insert_with(|| {
            let mut bytes = [0; 32];
            getrandom::fill(&mut bytes).unwrap();
            bytes
        });
        let nonce = make_nonce();
        let mut sealed = key.expose().to_vec();
        self.key(slot)?
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut sealed)
            .unwrap();
        Ok([&nonce[..], &sealed].concat())
    }

    async fn unwrap(&self, slot: Id, wrapped: &[u8]) -> Result<Secret, KeyStoreError> {
        let (nonce, sealed) = wrapped.split_first_chunk::<NONCE_LEN>().unwrap();
        let mut sealed = sealed.to_vec();
        let key = self.key(slot)?;
        let opened = key
            .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::empty(), &mut sealed)
            .map_err(|_| KeyStoreError::NotFound)?;
        Ok(Secret::from(&*opened))
    }

    async fn forget(&self, slot: Id) -> Result<(), KeyStoreError> {
        self.keys.lock().unwrap().remove(&slot);
        Ok(())
    }
}

#[test]
fn the_passphrase_opens_the_vault_and_no_other_does() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vault.db");
    let slot = NewSlot::from_passphrase(&passphrase("correct horse")).unwrap();
    Vault::create(&path, &[slot]).unwrap().add_account(&totp_account("kept")).unwrap();

    let vault = Vault::open(&path).unwrap();
    assert!(vault.is_locked());
    for wrong in ["", "correct horse ", "Correct horse"] {
        assert!(!opens(&vault, wrong), "{wrong}");
        assert!(vault.is_locked());
    }
    assert!(opens(&vault, "correct horse"));
    assert_eq!(names(&vault), ["kept"]);
}

#[test]
fn a_wrong_key_leaves_an_open_vault_open() {
    let fixture = Fixture::new();
    let other = RecoveryCode::make_random();
    assert_eq!(fixture.vault.unlock_with_recovery_code(&other), Err(VaultError::WrongKey));
    assert!(!fixture.vault.is_locked());
}

#[test]
fn an_empty_passphrase_makes_no_slot() {
    assert_eq!(NewSlot::from_passphrase(&passphrase("")).unwrap_err(), VaultError::EmptyPassphrase);
}

#[test]
fn a_kind_of_slot_that_the_vault_lacks_is_told_from_a_wrong_key() {
    let fixture = Fixture::new();
    let vault = &fixture.vault;
    assert_eq!(vault.unlock_with_passphrase(&passphrase("any")), Err(VaultError::NoSuchSlot));
    vault.add_slot(&cheap_slot("some")).unwrap();
    vault.remove_slot(slot_of(vault, SlotKind::RecoveryCode)).unwrap();
    assert_eq!(vault.unlock_with_recovery_code(&fixture.code), Err(VaultError::NoSuchSlot));
}

#[test]
fn any_of_several_slots_opens_the_vault_until_it_is_removed() {
    let fixture = Fixture::new();
    let vault = &fixture.vault;
    let (first, second) = (cheap_slot("first"), cheap_slot("second"));
    vault.add_slot(&first).unwrap();
    vault.add_slot(&second).unwrap();
    assert!(opens(vault, "first") && opens(vault, "second"));

    vault.remove_slot(first.id()).unwrap();
    assert_eq!(vault.remove_slot(first.id()), Err(VaultError::NoSuchSlot));
    assert!(!opens(vault, "first") && opens(vault, "second"));
    vault.remove_slot(slot_of(vault, SlotKind::RecoveryCode)).unwrap();

    assert_eq!(vault.remove_slot(second.id()), Err(VaultError::LastSlot));
    assert!(opens(&Vault::open(&fixture.path()).unwrap(), "second"));
}

#[test]
fn a_damaged_slot_is_no_reason_to_remove_the_last_good_one() {
    let fixture = Fixture::new();
    let damaged = cheap_slot("damaged");
    fixture.vault.add_slot(&damaged).unwrap();
    let fixture = fixture.reopen_after("UPDATE key_slots SET wrapped_key = zeroblob(60) WHERE kind = 1");
    let good = slot_of(&fixture.vault, SlotKind::RecoveryCode);
    assert_eq!(fixture.vault.remove_slot(good), Err(VaultError::LastSlot));
    fixture.vault.remove_slot(damaged.id()).unwrap();
    assert!(fixture.vault.check().unwrap().is_sound());
}

#[test]
fn a_replaced_slot_opens_nothing_and_its_row_is_gone_from_the_disk() {
    let fixture = Fixture::new();
    let old = cheap_slot("old");
    fixture.vault.add_slot(&old).unwrap();
    let row = old.id().as_bytes().to_vec();
    assert!(on_disk(&fixture, &row));
    fixture.vault.replace_slot(old.id(), &cheap_slot("new")).unwrap();
    assert!(!opens(&fixture.vault, "old") && opens(&fixture.vault, "new"));
    assert!(!on_disk(&fixture, &row));
}

#[test]
fn changing_the_passphrase_asks_for_the_current_one_and_leaves_the_other_slots() {
    let fixture = Fixture::new();
    fixture.vault.add_slot(&cheap_slot("old")).unwrap();
    let vault = Vault::open(&fixture.path()).unwrap();
    let change = |current, new| vault.change_passphrase(&passphrase(current), &passphrase(new));
    assert_eq!(change("wrong", "new"), Err(VaultError::WrongKey));
    assert_eq!(change("old", ""), Err(VaultError::EmptyPassphrase));
    assert!(opens(&fixture.vault, "old"));

    assert_eq!(change("old", "new"), Ok(()));
    assert!(vault.is_locked());
    assert!(!opens(&vault, "old"));
    assert!(opens(&vault, "new"));
    vault.unlock_with_recovery_code(&fixture.code).unwrap();
}

#[test]
fn of_two_passphrase_changes_at_once_one_is_told_that_it_lost() {
    let fixture = Fixture::new();
    fixture.vault.add_slot(&cheap_slot("old")).unwrap();
    let id = slot_of(&fixture.vault, SlotKind::Passphrase);
    let other = fixture.open_again();
    other.replace_slot(id, &cheap_slot("theirs")).unwrap();
    // The change that is under way found the old slot before it was replaced.
    assert_eq!(fixture.vault.replace_slot(id, &cheap_slot("mine")), Err(VaultError::NoSuchSlot));
    assert!(opens(&other, "theirs") && !opens(&other, "mine"));
}

#[test]
fn a_flipped_bit_in_a_slot_is_damage_and_not_a_wrong_passphrase() {
    for column in ["parameters", "wrapped_key", "checksum"] {
        let fixture = Fixture::new();
        fixture.vault.add_slot(&cheap_slot("right")).unwrap();
        let fixture = fixture.reopen_after(&format!(
            "UPDATE key_slots SET {column} = unhex('55' || substr(hex({column}), 3)) WHERE kind = 1"
        ));
        let damaged = VaultError::DamagedSlot(SlotKind::Passphrase);
        assert_eq!(fixture.vault.unlock_with_passphrase(&passphrase("right")), Err(damaged), "{column}");
        let slot = fixture.vault.slots().unwrap().into_iter().find(|slot| slot.damaged).unwrap();
        assert_eq!(slot.kind, SlotKind::Passphrase);
        assert!(!fixture.vault.check().unwrap().is_sound());
    }
}

#[test]
fn the_parts_of_two_slots_can_not_be_mixed() {
    let fixture = Fixture::new();
    let (mine, theirs) = (cheap_slot("mine"), cheap_slot("theirs"));
    fixture.vault.add_slot(&mine).unwrap();
    fixture.vault.add_slot(&theirs).unwrap();
    let rows = load(&fixture.vault.state().connection).unwrap();
    let row = |slot: &NewSlot| rows.iter().find(|row| row.id == slot.id()).unwrap();
    let key = passphrase_key(&passphrase("mine"), row(&mine)).unwrap();
    assert!(row(&mine).unwrap(&key).is_ok());
    assert_eq!(row(&theirs).unwrap(&key), Err(VaultError::WrongKey));
}

#[tokio::test]
async fn a_key_store_opens_its_own_slot() {
    let fixture = Fixture::new();
    let (store, other) = (MemoryStore::default(), MemoryStore::default());
    let vault = &fixture.vault;
    assert_eq!(vault.unlock_with_key_store(&store).await, Err(VaultError::NoSuchSlot));
    for store in [&other, &store] {
        vault.add_slot(&NewSlot::from_key_store(store).await.unwrap()).unwrap();
    }
    for store in [&store, &other] {
        let vault = Vault::open(&fixture.path()).unwrap();
        vault.unlock_with_key_store(store).await.unwrap();
        assert!(!vault.is_locked());
    }
    for slot in vault.slots().unwrap() {
        store.forget(slot.id).await.unwrap();
    }
    let gone = VaultError::KeyStore(KeyStoreError::NotFound);
    assert_eq!(vault.unlock_with_key_store(&store).await, Err(gone));
}

#[tokio::test]
async fn what_the_key_store_refuses_is_told_and_the_recovery_code_still_opens() {
    let fixture = Fixture::new();
    let store = MemoryStore::default();
    fixture.vault.add_slot(&NewSlot::from_key_store(&store).await.unwrap()).unwrap();
    let vault = Vault::open(&fixture.path()).unwrap();
    for refusal in [
        KeyStoreError::Cancelled,
        KeyStoreError::Locked,
        KeyStoreError::Invalidated,
        KeyStoreError::NotFound,
        KeyStoreError::Unavailable,
    ] {
        store.refuse(refusal);
        assert_eq!(vault.unlock_with_key_store(&store).await, Err(refusal.into()));
        assert_eq!(vault.accounts(), Err(VaultError::Locked));
        assert_eq!(NewSlot::from_key_store(&store).await.unwrap_err(), refusal.into());
    }
    vault.unlock_with_recovery_code(&fixture.code).unwrap();
}

#[tokio::test]
async fn a_key_store_that_answers_with_another_key_opens_nothing() {
    struct Liar(usize);
    #[async_trait]
    impl VaultKeyStore for Liar {
        async fn wrap(&self, _: Id, _: &Secret) -> Result<Vec<u8>, KeyStoreError> {
            Ok(vec![0; self.0])
        }
        async fn unwrap(&self, _: Id, _: &[u8]) -> Result<Secret, KeyStoreError> {
            Ok(Secret::new(vec![0; self.0]))
        }
        async fn forget(&self, _: Id) -> Result<(), KeyStoreError> {
            Ok(())
        }
    }

    let fixture = Fixture::new();
    fixture.vault.add_slot(&NewSlot::from_key_store(&Liar(32)).await.unwrap()).unwrap();
    for length in [0, 31, 32, 33] {
        assert_eq!(fixture.vault.unlock_with_key_store(&Liar(length)).await, Err(VaultError::WrongKey));
    }
    let oversized = NewSlot::from_key_store(&Liar(5000)).await.unwrap_err();
    assert_eq!(oversized, KeyStoreError::Unavailable.into());
}

#[test]
fn a_recovery_code_counts_once_it_was_typed_back() {
    let folder = tempfile::tempdir().unwrap();
    let code = RecoveryCode::make_random();
    let vault =
        Vault::create(&folder.path().join("vault.db"), &[NewSlot::from_recovery_code(&code)]).unwrap();
    assert_eq!(vault.recoverability(), Ok(Recoverability::Unproven));
    let another = RecoveryCode::make_random();
    assert_eq!(vault.check_recovery_code(&another), Err(VaultError::WrongKey));
    assert_eq!(vault.recoverability(), Ok(Recoverability::Unproven));
    vault.check_recovery_code(&code).unwrap();
    assert_eq!(vault.recoverability(), Ok(Recoverability::Proven));

    vault
        .replace_slot(slot_of(&vault, SlotKind::RecoveryCode), &NewSlot::from_recovery_code(&another))
        .unwrap();
    assert_eq!(vault.recoverability(), Ok(Recoverability::Unproven), "the new one was never tried");
    assert!(vault.check().unwrap().is_sound());
}

#[test]
fn what_has_opened_the_vault_is_proven_and_stays_so() {
    let fixture = Fixture::new();
    fixture.vault.add_slot(&cheap_slot("some")).unwrap();
    let vault = Vault::open(&fixture.path()).unwrap();
    assert_eq!(vault.recoverability(), Err(VaultError::Locked));
    assert!(vault.slots().unwrap().iter().all(|slot| slot.proven.is_none()), "unknown while it is locked");
    assert!(opens(&vault, "some"));
    drop(vault);
    let vault = fixture.open_again();
    assert!(vault.slots().unwrap().iter().all(|slot| slot.proven == Some(true)));
    assert_eq!(vault.check_recovery_code(&fixture.code), Ok(()));
    vault.lock();
    assert_eq!(vault.check_recovery_code(&fixture.code), Err(VaultError::Locked));
}

#[tokio::test]
async fn a_fingerprint_alone_is_never_called_recoverable() {
    let folder = tempfile::tempdir().unwrap();
    let store = MemoryStore::default();
    let slot = NewSlot::from_key_store(&store).await.unwrap();
    let vault = Vault::create(&folder.path().join("vault.db"), &[slot]).unwrap();
    vault.unlock_with_key_store(&store).await.unwrap();
    assert_eq!(vault.recoverability(), Ok(Recoverability::DeviceOnly));
    vault.add_slot(&cheap_slot("forgotten at once")).unwrap();
    assert_eq!(vault.recoverability(), Ok(Recoverability::Unproven));
    vault.unlock_with_key_store(&store).await.unwrap();
    assert_eq!(vault.recoverability(), Ok(Recoverability::Unproven), "the fingerprint proves nothing of it");
    assert!(opens(&vault, "forgotten at once"));
    assert_eq!(vault.recoverability(), Ok(Recoverability::Proven));
}

#[test]
fn a_damaged_proof_is_as_good_as_none() {
    let fixture = Fixture::new();
    fixture.vault.check_recovery_code(&fixture.code).unwrap();
    let kind = RecordKind::SlotProof.number();
    let sql = format!("UPDATE records SET envelope = zeroblob(40) WHERE kind = {kind}");
    let Fixture { folder, code, vault } = fixture;
    drop(vault);
    Connection::open(folder.path().join("vault.db")).unwrap().execute_batch(&sql).unwrap();
    let vault = Vault::open(&folder.path().join("vault.db")).unwrap();
    vault.unlock_with_recovery_code(&code).unwrap();
    assert_eq!(vault.recoverability(), Ok(Recoverability::Unproven));
    vault.check_recovery_code(&code).unwrap();
    assert_eq!(vault.recoverability(), Ok(Recoverability::Proven));
    assert!(vault.check().unwrap().is_sound());
}

pub(super) fn slot_of(vault: &Vault, kind: SlotKind) -> Id {
    vault.slots().unwrap().iter().find(|slot| slot.kind == kind).unwrap().id
}

fn on_disk(fixture: &Fixture, bytes: &[u8]) -> bool {
    files_in(fixture.folder.path()).iter().any(|file| {
        let content = fs::read(fixture.folder.path().join(file)).unwrap();
        // The -shm file is an index without content.
        !file.ends_with("-shm") && content.windows(bytes.len()).any(|window| window == bytes)
    })
}
