//! Opening the vault, and changing what opens it.

use countersign_protocol::Id;
use rusqlite::{Connection, TransactionBehavior};

use super::keys::Keys;
use super::slots::{self, KeySlot, NewSlot, RecoveryCode, SlotKind, VaultKeyStore};
use super::transaction::Transaction;
use super::{State, Vault, VaultError, connection, schema};
use crate::Secret;

/// Who has given what opens the vault.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hand {
    Person,
    Program,
}

impl Vault {
    /// Unlocks by a passphrase that a person has typed.
    ///
    /// # Errors
    ///
    /// [`VaultError::WrongKey`]; [`VaultError::NoSuchSlot`] when the vault has no passphrase.
    pub fn unlock_with_passphrase(&self, passphrase: &Secret) -> Result<(), VaultError> {
        let (slot, vault_key) = self.open_by_passphrase(passphrase)?;
        self.install(slot, vault_key, Hand::Person)
    }

    /// Unlocks by a passphrase that nobody has typed, since a file or a program holds it: a reminder to type it is as due as
    /// before.
    ///
    /// # Errors
    ///
    /// As [`Vault::unlock_with_passphrase`].
    pub fn unlock_with_kept_passphrase(&self, passphrase: &Secret) -> Result<(), VaultError> {
        let (slot, vault_key) = self.open_by_passphrase(passphrase)?;
        self.install(slot, vault_key, Hand::Program)
    }

    /// Unlocks by recovery code.
    ///
    /// # Errors
    ///
    /// [`VaultError::WrongKey`]; [`VaultError::NoSuchSlot`] when the vault has no recovery code.
    pub fn unlock_with_recovery_code(&self, code: &RecoveryCode) -> Result<(), VaultError> {
        let (slot, vault_key) = self.open_by_recovery_code(code)?;
        self.install(slot, vault_key, Hand::Person)
    }

    /// Unlocks by the platform's key store.
    ///
    /// The future may be dropped at any time; the vault is then as it was.
    ///
    /// # Errors
    ///
    /// [`VaultError::KeyStore`] says what the store answered; the other slots still open the vault.
    /// [`VaultError::NoSuchSlot`] when no slot is held by a key store.
    pub async fn unlock_with_key_store(&self, store: &dyn VaultKeyStore) -> Result<(), VaultError> {
        let rows = slots::load(&self.state().connection)?;
        let (slot, vault_key) = slots::open_by_key_store(store, &rows).await?;
        self.install(slot, vault_key, Hand::Program)
    }

    /// The vault's key slots. Needs no key, but tells only with one which of them have been proven.
    ///
    /// # Errors
    ///
    /// When the file can't be read.
    pub fn slots(&self) -> Result<Vec<KeySlot>, VaultError> {
        let slots = slots::list(&self.state().connection)?;
        self.with_proofs(slots)
    }

    /// Adds a key slot.
    ///
    /// # Errors
    ///
    /// [`VaultError::Locked`].
    pub fn add_slot(&self, slot: &NewSlot) -> Result<(), VaultError> {
        let state = self.state();
        let row = slot.wrap(state.keys()?.vault_key());
        slots::insert(&state.connection, &row)
    }

    /// Removes a key slot. For one held by a key store, [`VaultKeyStore::forget`] its key afterwards.
    ///
    /// The vault key stays the same: an old copy of the file still opens by the removed slot.
    ///
    /// # Errors
    ///
    /// [`VaultError::LastSlot`] when no undamaged slot would be left, [`VaultError::NoSuchSlot`], [`VaultError::Locked`].
    pub fn remove_slot(&self, id: Id) -> Result<(), VaultError> {
        self.state().exchange_slot(id, None)
    }

    /// Puts a slot in the place of another, in one step.
    ///
    /// # Errors
    ///
    /// [`VaultError::NoSuchSlot`], [`VaultError::Locked`].
    pub fn replace_slot(&self, id: Id, slot: &NewSlot) -> Result<(), VaultError> {
        self.state().exchange_slot(id, Some(slot))
    }

    /// Changes the passphrase, in one step: at any moment either the old one or the new one opens the vault.
    ///
    /// Asks for the current one even if the vault is unlocked, so that nobody changes it on a phone left on a desk. The
    /// vault stays locked or unlocked, as it is.
    ///
    /// # Errors
    ///
    /// [`VaultError::WrongKey`], [`VaultError::NoSuchSlot`], [`VaultError::EmptyPassphrase`].
    pub fn change_passphrase(&self, current: &Secret, new: &Secret) -> Result<(), VaultError> {
        let (id, vault_key) = self.open_by_passphrase(current)?;
        let slot = NewSlot::from_passphrase(new)?;
        exchange_slot(&mut self.state().connection, &Keys::derive(vault_key), id, Some(&slot))
    }

    pub(super) fn open_by_recovery_code(&self, code: &RecoveryCode) -> Result<(Id, Secret), VaultError> {
        let rows = slots::load(&self.state().connection)?;
        slots::open_any(SlotKind::RecoveryCode, &rows, |row| Ok(slots::recovery_key(code, row)))
    }

    pub(super) fn open_by_passphrase(&self, passphrase: &Secret) -> Result<(Id, Secret), VaultError> {
        let rows = slots::load(&self.state().connection)?;
        slots::open_any(SlotKind::Passphrase, &rows, |row| slots::passphrase_key(passphrase, row))
    }

    fn install(&self, slot: Id, vault_key: Secret, hand: Hand) -> Result<(), VaultError> {
        {
            let mut state = self.state();
            state.keys = Some(Keys::derive(vault_key));
            state.typed = (hand == Hand::Person).then_some(slot);
        }
        schema::discard_copies(&self.path, || Ok(self.check()?.is_sound()))?;
        self.note_proof(slot);
        Ok(())
    }
}

impl State {
    fn exchange_slot(&mut self, old: Id, new: Option<&NewSlot>) -> Result<(), VaultError> {
        let keys = self.keys.as_ref().ok_or(VaultError::Locked)?;
        exchange_slot(&mut self.connection, keys, old, new)
    }
}

fn exchange_slot(
    connection: &mut Connection,
    keys: &Keys,
    old: Id,
    new: Option<&NewSlot>,
) -> Result<(), VaultError> {
    let sql = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut transaction = Transaction::new(sql, keys);
    if !slots::delete(transaction.sql(), old)? {
        return Err(VaultError::NoSuchSlot);
    }
    if let Some(new) = new {
        slots::insert(transaction.sql(), &new.wrap(keys.vault_key()))?;
    }
    if slots::count(transaction.sql())? == 0 {
        return Err(VaultError::LastSlot);
    }
    transaction.forget_proof(old)?;
    transaction.commit()?;
    // The old slot is still in the write-ahead log, where it would open the vault.
    connection::empty_log(connection);
    Ok(())
}
