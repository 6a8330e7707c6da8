//! The vault: making it, opening it, and changing what opens it.

use std::path::PathBuf;
use std::sync::Arc;

use countersign_authenticator::tasks::blocking;
use countersign_authenticator::{Secret, vault};

use crate::cancel::{CancelHandle, cancellable};
use crate::convert::mirror_enum;
use crate::key_store::ForeignKeyStore;
use crate::{AuthenticatorError, Health, Id, VaultKeyStore};

/// A vault file and, while it is unlocked, its keys.
#[derive(uniffi::Object)]
pub struct Vault(Arc<vault::Vault>);

#[uniffi::export(async_runtime = "tokio")]
impl Vault {
    /// Creates a vault that these slots open, and its folder if need be; the new vault is unlocked.
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError::Vault`]: `vault_already_exists` whatever is there, `vault_last_slot` without a slot.
    #[uniffi::constructor]
    pub async fn create(path: String, slots: Vec<Arc<NewSlot>>) -> Result<Arc<Self>, AuthenticatorError> {
        let vault = blocking(move || {
            let slots: Vec<_> = slots.iter().map(|slot| vault::NewSlot::clone(&slot.0)).collect();
            vault::Vault::create(&PathBuf::from(path), &slots)
        });
        Ok(Arc::new(Self(Arc::new(vault.await?))))
    }

    /// Opens a vault file, locked, and brings an older schema up to date.
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError::Vault`]: `vault_missing`, `not_a_vault`, `vault_damaged`, `vault_newer_schema`; none of them
    /// changes the file.
    #[uniffi::constructor]
    pub async fn open(path: String) -> Result<Arc<Self>, AuthenticatorError> {
        let vault = blocking(move || vault::Vault::open(&PathBuf::from(path))).await?;
        Ok(Arc::new(Self(Arc::new(vault))))
    }

    /// Unlocks by passphrase. Takes about a fifth of a second of one core.
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError::WrongKey`]; [`AuthenticatorError::Vault`] when the vault has no passphrase.
    pub async fn unlock_with_passphrase(
        &self,
        passphrase: Arc<Passphrase>,
    ) -> Result<(), AuthenticatorError> {
        let vault = self.core();
        Ok(blocking(move || vault.unlock_with_passphrase(&passphrase.0)).await?)
    }

    /// Unlocks by recovery code.
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError::WrongKey`]; [`AuthenticatorError::Vault`] when the vault has no recovery code.
    pub async fn unlock_with_recovery_code(&self, code: Arc<RecoveryCode>) -> Result<(), AuthenticatorError> {
        let vault = self.core();
        Ok(blocking(move || vault.unlock_with_recovery_code(&code.0)).await?)
    }

    /// Unlocks by the platform's key store. Cancelled, the vault is as it was.
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError::Cancelled`] and [`AuthenticatorError::KeyStore`] say what the store answered; the other slots
    /// still open the vault. [`AuthenticatorError::Vault`] when no slot is held by a key store.
    #[uniffi::method(default(cancel = None))]
    pub async fn unlock_with_key_store(
        &self,
        store: Arc<dyn VaultKeyStore>,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<(), AuthenticatorError> {
        let store = ForeignKeyStore(store);
        cancellable(cancel, self.0.unlock_with_key_store(&store)).await
    }

    /// Wipes the keys. Every later call that needs them is [`AuthenticatorError::Locked`].
    ///
    /// Waits for a transaction that is under way, mostly less than a millisecond.
    pub fn lock(&self) {
        self.0.lock();
    }

    /// Whether the keys are absent.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        self.0.is_locked()
    }

    /// The vault's key slots. Needs no key, but tells only with one which of them have been proven.
    ///
    /// # Errors
    ///
    /// When the file can't be read.
    pub async fn slots(&self) -> Result<Vec<KeySlot>, AuthenticatorError> {
        let vault = self.core();
        let slots = blocking(move || vault.slots()).await?;
        Ok(slots.into_iter().map(KeySlot::from).collect())
    }

    /// Adds a key slot.
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError::Locked`].
    pub async fn add_slot(&self, slot: Arc<NewSlot>) -> Result<(), AuthenticatorError> {
        let vault = self.core();
        Ok(blocking(move || vault.add_slot(&slot.0)).await?)
    }

    /// Removes a key slot. For one held by a key store, [`VaultKeyStore::forget`] its key afterwards.
    ///
    /// The vault key stays the same: an old copy of the file still opens by the removed slot.
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError::Vault`]: `vault_last_slot` when no undamaged slot would be left, `vault_no_such_slot`.
    pub async fn remove_slot(&self, id: Id) -> Result<(), AuthenticatorError> {
        let vault = self.core();
        Ok(blocking(move || vault.remove_slot(id)).await?)
    }

    /// Puts a slot in the place of another, in one step.
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError::Vault`]: `vault_no_such_slot`.
    pub async fn replace_slot(&self, id: Id, slot: Arc<NewSlot>) -> Result<(), AuthenticatorError> {
        let vault = self.core();
        Ok(blocking(move || vault.replace_slot(id, &slot.0)).await?)
    }

    /// Changes the passphrase, in one step: at any moment either the old one or the new one opens the vault. Asks for the
    /// current one even if the vault is unlocked. Takes about half a second of one core.
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError::WrongKey`]; [`AuthenticatorError::Vault`] when the vault has no passphrase;
    /// [`AuthenticatorError::Input`] when the new one is empty.
    pub async fn change_passphrase(
        &self,
        current: Arc<Passphrase>,
        new: Arc<Passphrase>,
    ) -> Result<(), AuthenticatorError> {
        let vault = self.core();
        Ok(blocking(move || vault.change_passphrase(&current.0, &new.0)).await?)
    }

    /// Whether a person could open the vault if this device's key store were gone. A state to warn of; nothing is refused
    /// for it.
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError::Locked`].
    pub async fn recoverability(&self) -> Result<Recoverability, AuthenticatorError> {
        let vault = self.core();
        Ok(blocking(move || vault.recoverability()).await?.into())
    }

    /// Checks a recovery code that the person typed back, and notes that it has been proven. Ask for it once, when it was
    /// made.
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError::WrongKey`] when it was written down wrongly, or is an older one; [`AuthenticatorError::Locked`];
    /// [`AuthenticatorError::Vault`] when the vault has no recovery code.
    pub async fn check_recovery_code(&self, code: Arc<RecoveryCode>) -> Result<(), AuthenticatorError> {
        let vault = self.core();
        Ok(blocking(move || vault.check_recovery_code(&code.0)).await?)
    }

    /// Reads the whole file and opens every record. While the vault is locked, the file and the slots alone are checked.
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError::Vault`] when so much is damaged that the rest can't be told.
    pub async fn check(&self) -> Result<Health, AuthenticatorError> {
        let vault = self.core();
        Ok(blocking(move || vault.check()).await?.into())
    }

    /// Accepts what has been lost: counts the records that are there, and takes that as complete from now on. For when a
    /// list told of vanished records and the person has been told. Damaged records stay until they are deleted.
    ///
    /// # Errors
    ///
    /// When the file can't be read or written.
    pub async fn accept_loss(&self) -> Result<(), AuthenticatorError> {
        let vault = self.core();
        Ok(blocking(move || vault.accept_loss()).await?)
    }
}

/// Moves a vault that nobody can open out of the way, into a new folder beside it, so that another can be made at its path.
/// Nothing is deleted: whoever finds the key later opens it there. Returns the folder. Close the vault first.
///
/// # Errors
///
/// [`AuthenticatorError::Vault`]: `vault_missing` when there is nothing to move.
#[uniffi::export(async_runtime = "tokio")]
pub async fn set_vault_aside(path: String) -> Result<String, AuthenticatorError> {
    let folder = blocking(move || vault::Vault::set_aside(&PathBuf::from(path))).await?;
    Ok(folder.to_string_lossy().into_owned())
}

impl Vault {
    pub(crate) fn core(&self) -> Arc<vault::Vault> {
        Arc::clone(&self.0)
    }
}

impl From<Arc<vault::Vault>> for Vault {
    fn from(vault: Arc<vault::Vault>) -> Self {
        Self(vault)
    }
}

/// A passphrase, or the password of a file, taken in once and wiped when it is freed.
#[derive(uniffi::Object)]
pub struct Passphrase(pub(crate) Secret);

#[uniffi::export]
impl Passphrase {
    /// From the UTF-8 that the person typed, in Unicode's NFC. It is copied straight out of the caller's buffer; overwrite
    /// that afterwards.
    #[uniffi::constructor]
    #[must_use]
    pub fn new(utf8: &[u8]) -> Arc<Self> {
        Arc::new(Self(Secret::from(utf8)))
    }
}

impl Passphrase {
    pub(crate) fn core(&self) -> &Secret {
        &self.0
    }
}

/// A recovery code: 160 random bits on paper, for the day when passphrase and phone are gone.
#[derive(uniffi::Object)]
pub struct RecoveryCode(vault::RecoveryCode);

#[uniffi::export]
impl RecoveryCode {
    /// Makes a new code from the system's random generator.
    #[uniffi::constructor]
    #[must_use]
    pub fn make_random() -> Arc<Self> {
        Arc::new(Self(vault::RecoveryCode::make_random()))
    }

    /// Reads what a person typed: any case, any spaces and hyphens, with O for 0 and I or L for 1.
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError::Input`], which never holds the text.
    #[uniffi::constructor]
    pub fn parse(text: String) -> Result<Arc<Self>, AuthenticatorError> {
        let text = zeroize::Zeroizing::new(text);
        Ok(Arc::new(Self(vault::RecoveryCode::parse(&text)?)))
    }

    /// The code for the person to write down: eight groups of four symbols and the check symbol, joined by hyphens.
    ///
    /// This is the one secret that leaves the library, because a person has to read it. Show it once, when it was made, and
    /// keep it nowhere: no log, no clipboard, no screenshot.
    #[must_use]
    pub fn text(&self) -> String {
        String::clone(&self.0.to_text())
    }
}

/// A slot that is ready to be added to a vault: its key is made, and nothing has been written yet.
#[derive(uniffi::Object)]
pub struct NewSlot(Arc<vault::NewSlot>);

#[uniffi::export(async_runtime = "tokio")]
impl NewSlot {
    /// A slot that this passphrase opens, through Argon2id. Takes about a fifth of a second of one core, and 64 MiB.
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError::Input`] when it is empty, [`AuthenticatorError::Busy`] without the memory.
    #[uniffi::constructor]
    pub async fn from_passphrase(passphrase: Arc<Passphrase>) -> Result<Arc<Self>, AuthenticatorError> {
        let slot = blocking(move || vault::NewSlot::from_passphrase(&passphrase.0)).await?;
        Ok(Arc::new(Self(Arc::new(slot))))
    }

    /// A slot that this code opens.
    #[uniffi::constructor]
    #[must_use]
    pub fn from_recovery_code(code: Arc<RecoveryCode>) -> Arc<Self> {
        Arc::new(Self(Arc::new(vault::NewSlot::from_recovery_code(&code.0))))
    }

    /// A slot that this key store opens: a random key that only the store can unwrap.
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError::Cancelled`] and [`AuthenticatorError::KeyStore`] say what the store answered.
    #[uniffi::constructor(default(cancel = None))]
    pub async fn from_key_store(
        store: Arc<dyn VaultKeyStore>,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<Arc<Self>, AuthenticatorError> {
        let store = ForeignKeyStore(store);
        let slot = cancellable(cancel, vault::NewSlot::from_key_store(&store)).await?;
        Ok(Arc::new(Self(Arc::new(slot))))
    }

    /// The identifier that the slot will have.
    #[must_use]
    pub fn id(&self) -> Id {
        self.0.id()
    }
}

/// A slot of a vault, as a person may see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Record)]
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

mirror_enum! {
    /// Whether a person could open the vault if this device, or its key store, were gone.
    Recoverability of vault::Recoverability {
        /// A passphrase or a recovery code has been proven.
        Proven of Proven,
        /// There is one, but nobody has ever tried it: have it typed once.
        Unproven of Unproven,
        /// Nothing opens the vault but this device's key store: with a new fingerprint or a lost phone, all is lost.
        DeviceOnly of DeviceOnly,
    } else DeviceOnly
}

/// A way to open the vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum SlotKind {
    /// A passphrase, through Argon2id.
    Passphrase,
    /// A recovery code that the person keeps on paper.
    RecoveryCode,
    /// A key in the platform's key store.
    KeyStore,
    /// A way that this version doesn't know.
    Unknown,
}

impl From<vault::KeySlot> for KeySlot {
    fn from(slot: vault::KeySlot) -> Self {
        Self { id: slot.id, kind: slot.kind.into(), damaged: slot.damaged, proven: slot.proven }
    }
}

impl From<vault::SlotKind> for SlotKind {
    fn from(kind: vault::SlotKind) -> Self {
        match kind {
            vault::SlotKind::Passphrase => Self::Passphrase,
            vault::SlotKind::RecoveryCode => Self::RecoveryCode,
            vault::SlotKind::KeyStore => Self::KeyStore,
            _ => Self::Unknown,
        }
    }
}
