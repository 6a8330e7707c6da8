//! The vault: everything this device must not lose and must not show.
//!
//! One SQLite file holds sealed records; `docs/storage.md` describes it byte for byte. The file is authoritative:
//! nothing is kept anywhere else, and nothing in memory outlives a transaction but the keys.
//!
//! ```text
//! passphrase ── Argon2id ──┐
//! recovery code ── HKDF ───┼── slot key ── unwraps ── vault key ── HKDF ── one data key per kind ── seals records
//! platform's key store ────┘
//! ```
//!
//! - [`Vault::create`] makes a vault with one or more [`NewSlot`]s; [`Vault::open`] finds one, locked. It is opened by
//!   any of its slots: [`Vault::unlock_with_passphrase`], [`Vault::unlock_with_recovery_code`],
//!   [`Vault::unlock_with_key_store`]. [`Vault::lock`] wipes the keys.
//! - Which of them have been proven is kept: [`Vault::recoverability`], [`Vault::check_recovery_code`].
//! - Accounts: [`Vault::add_account`], [`Vault::accounts`] and their neighbours, also on [`Transaction`].
//! - Everything else that is stored is a [`Record`]: [`Vault::get`], [`Vault::list`], and [`Vault::transaction`], whose
//!   changes become durable together or not at all.
//! - A vault that nobody can open is set aside, never deleted: [`Vault::set_aside`].
//! - Nothing is lost silently: a [`Listing`] names the damaged records and counts the vanished ones, [`VaultError`] has a
//!   kind for each thing that can be wrong with the file, and [`Vault::check`] tells a doctor.
//!
//! A vault is `Send + Sync`; share it in an `Arc`. Its methods block, mostly for less than a millisecond, and wait up to
//! five seconds for a writer in another process; opening by passphrase takes a core for a fifth of a second.
//!
//! ```
//! use countersign_authenticator::vault::{NewSlot, RecoveryCode, Vault};
//! use countersign_authenticator::Account;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! let path = folder.path().join("vault.db");
//! let code = RecoveryCode::make_random();
//! let vault = Vault::create(&path, &[NewSlot::from_recovery_code(&code)])?;
//! vault.add_account(&Account::new("Northern Hospitals", "sister@north.example", 1_790_000_000))?;
//! drop(vault);
//!
//! let vault = Vault::open(&path)?;
//! vault.unlock_with_recovery_code(&RecoveryCode::parse(&code.to_text())?)?;
//! let listing = vault.accounts()?;
//! assert!(listing.is_whole());
//! assert_eq!(listing.items[0].name, "sister@north.example");
//! # Ok(())
//! # }
//! ```

mod access;
mod aside;
mod connection;
mod envelope;
mod error;
pub(crate) mod files;
mod health;
mod keys;
mod manifest;
mod open;
pub(crate) mod proof;
mod record;
mod schema;
pub(crate) mod sealed_secret;
mod slots;
mod transaction;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use countersign_protocol::Id;
use rusqlite::{Connection, TransactionBehavior};

pub use envelope::MAX_PAYLOAD_BYTES;
pub use error::VaultError;
pub use health::{Health, KindHealth};
pub use proof::Recoverability;
pub use record::{Completeness, Listing, Record, RecordKind};
pub use slots::{KeySlot, NewSlot, RecoveryCode, RecoveryCodeError, SlotKind, VaultKeyStore};
pub use transaction::Transaction;

use keys::Keys;
use manifest::Manifest;

use crate::Secret;

/// A vault file and, while it is unlocked, its keys.
pub struct Vault {
    path: PathBuf,
    state: Mutex<State>,
}

struct State {
    connection: Connection,
    keys: Option<Keys>,
    /// The slot whose passphrase or code a person typed to unlock it.
    typed: Option<Id>,
}

impl Vault {
    /// Creates a vault with these slots, and its folder if need be; the new vault is unlocked.
    ///
    /// The file appears whole or not at all, with mode 0600 (a new folder: 0700).
    ///
    /// # Errors
    ///
    /// [`VaultError::AlreadyExists`] whatever is there, [`VaultError::LastSlot`] without a slot.
    pub fn create(path: &Path, slots: &[NewSlot]) -> Result<Self, VaultError> {
        if slots.is_empty() {
            return Err(VaultError::LastSlot);
        }
        let keys = Keys::derive(Secret::make_random(Keys::VAULT_KEY_LEN));
        files::create(path, |draft| {
            let mut connection = connection::connect(draft)?;
            schema::build(&mut connection)?;
            let mut transaction = Transaction::new(connection.transaction()?, &keys);
            transaction.write_manifest(&Manifest::default())?;
            transaction.commit()?;
            for slot in slots {
                slots::insert(&connection, &slot.wrap(keys.vault_key()))?;
            }
            // Closing merges the write-ahead log into the file; an error would leave part of the vault in it.
            connection.close().map_err(|(_, error)| error)?;
            Ok(())
        })?;
        let connection = open::open(path)?;
        Ok(Self { path: path.into(), state: Mutex::new(State { connection, keys: Some(keys), typed: None }) })
    }

    /// Opens a vault file, locked, and brings an older schema up to date.
    ///
    /// # Errors
    ///
    /// [`VaultError::Missing`], [`VaultError::NotAVault`], [`VaultError::DamagedFile`], [`VaultError::NewerSchema`];
    /// none of them changes the file.
    pub fn open(path: &Path) -> Result<Self, VaultError> {
        let connection = open::open(path)?;
        Ok(Self { path: path.into(), state: Mutex::new(State { connection, keys: None, typed: None }) })
    }

    /// Wipes the keys. Every later call that needs them is [`VaultError::Locked`].
    ///
    /// Waits for a transaction that is under way.
    pub fn lock(&self) {
        let mut state = self.state();
        (state.keys, state.typed) = (None, None);
        connection::merge_log(&state.connection);
    }

    /// Whether the keys are absent.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        self.state().keys.is_none()
    }

    /// One record.
    ///
    /// # Errors
    ///
    /// See [`Transaction::get`]; [`VaultError::Locked`].
    pub fn get<T: Record>(&self, id: Id) -> Result<Option<T>, VaultError> {
        self.read(|transaction| transaction.get(id))
    }

    /// All records of a kind.
    ///
    /// # Errors
    ///
    /// See [`Transaction::list`]; [`VaultError::Locked`].
    pub fn list<T: Record>(&self) -> Result<Listing<(Id, T)>, VaultError> {
        self.read(|transaction| transaction.list())
    }

    /// Runs `change` in one transaction. If it returns an error, or panics, nothing has happened; if this returns `Ok`,
    /// everything is durable. Until then no other thread or process sees any of it.
    ///
    /// Keep it short, since it keeps other writers waiting, and don't use the vault itself in it: that would wait for
    /// this transaction's own end.
    ///
    /// # Errors
    ///
    /// Those of `change`; [`VaultError::Locked`], [`VaultError::Busy`], [`VaultError::DiskFull`].
    pub fn transaction<R, E: From<VaultError>>(
        &self,
        change: impl FnOnce(&mut Transaction<'_>) -> Result<R, E>,
    ) -> Result<R, E> {
        let mut state = self.state();
        let mut transaction = state.begin(TransactionBehavior::Immediate)?;
        let result = change(&mut transaction)?;
        transaction.commit()?;
        Ok(result)
    }

    /// Runs `query` on one consistent view of the vault, while others may write. What it changes itself is taken back.
    pub(crate) fn read<R, E: From<VaultError>>(
        &self,
        query: impl FnOnce(&mut Transaction<'_>) -> Result<R, E>,
    ) -> Result<R, E> {
        query(&mut self.state().begin(TransactionBehavior::Deferred)?)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic inside a transaction has rolled it back; the connection and the keys are as good as before.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault").finish_non_exhaustive()
    }
}

impl State {
    fn keys(&self) -> Result<&Keys, VaultError> {
        self.keys.as_ref().ok_or(VaultError::Locked)
    }

    fn begin(&mut self, behavior: TransactionBehavior) -> Result<Transaction<'_>, VaultError> {
        let keys = self.keys.as_ref().ok_or(VaultError::Locked)?;
        Ok(Transaction::new(self.connection.transaction_with_behavior(behavior)?, keys))
    }
}

#[cfg(test)]
mod tests;
