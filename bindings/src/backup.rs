//! Exports and backups, proven by reading them back.

mod folder;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use countersign_authenticator as core;
use countersign_authenticator::tasks::blocking;
pub(crate) use folder::ForeignFolder;
pub use folder::{BackupFolder, BackupFolderError};
use zeroize::Zeroizing;

use crate::cancel::{CancelHandle, cancellable};
use crate::convert::{mirror_enum, signed};
use crate::{Authenticator, AuthenticatorError, Id, Passphrase};

/// How an export is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum ExportFormat {
    /// Encrypted with a password (`docs/backup.md`).
    Backup,
    /// Aegis' JSON, readable by anyone who has it.
    AegisJson,
    /// `otpauth` links, one on each line, readable by anyone who has it.
    Links,
}

/// An export that is yet to be stored.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
#[uniffi::export(Debug)]
pub struct ExportedFile {
    /// The file's content. In a plain format it holds the accounts' secrets: write it where the person said, overwrite it, and
    /// keep it nowhere else.
    pub content: Vec<u8>,
    /// What it was found to restore.
    pub rehearsal: Rehearsal,
}

/// What a file restores of the accounts that there are.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Rehearsal {
    /// Accounts that there are, without those in the trash.
    pub total: i64,
    /// Accounts that the file restores.
    pub restorable: i64,
    /// Accounts whose codes the file doesn't restore as they are. Unless it is 0, the file is no backup.
    pub missing: i64,
    /// What is to be said about single accounts.
    pub left_behind: Vec<LeftBehind>,
}

/// An account of which the file doesn't hold all.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct LeftBehind {
    /// The account.
    pub account: Id,
    /// Who issued it; may be empty.
    pub issuer: String,
    /// Whose it is; may be empty.
    pub name: String,
    /// Why.
    pub reason: LeftReason,
}

mirror_enum! {
    /// Why a file doesn't hold all of an account.
    LeftReason of core::backup::LeftReason {
        /// It approves sign-ins, with keys that can't be copied. Enrol it anew on another phone.
        Approvals of Approvals,
        /// The same; its codes are restored.
        ApprovalsBesideCodes of ApprovalsBesideCodes,
        /// It can't be read in the vault.
        Damaged of Damaged,
        /// What the file has of it is something else.
        Different of Different,
    } else Different
}

/// A backup that was proven by reading it back.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Backup {
    /// The file's name.
    pub name: String,
    /// What it was found to restore.
    pub rehearsal: Rehearsal,
    /// How many older backups made room.
    pub removed: i64,
    /// Whether some that should have made room are still there, since they can't be removed: tell the person, who removes
    /// them by hand. The new backup counts all the same.
    pub some_remain: bool,
}

/// The last backup that was proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Record)]
pub struct LastBackup {
    /// When, Unix seconds.
    pub proven_at: i64,
    /// How many accounts it restores.
    pub restorable: i64,
    /// How many there were.
    pub total: i64,
}

#[uniffi::export(async_runtime = "tokio")]
impl Authenticator {
    /// Writes all accounts that aren't in the trash, and rehearses the result. With a password it takes some half a second.
    ///
    /// It counts as a backup once it was stored, read again from there, and that given to [`Authenticator::rehearse`].
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError::WrongKey`] for a backup without a password; [`AuthenticatorError::Vault`] when an account with
    /// codes wouldn't come back as it is, or the vault can't be read.
    #[uniffi::method(default(password = None, cancel = None))]
    pub async fn export(
        &self,
        format: ExportFormat,
        password: Option<Arc<Passphrase>>,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<ExportedFile, AuthenticatorError> {
        let core = self.core.clone();
        let export = blocking(move || core.export(format.into(), secret(password.as_deref())));
        let mut export = cancellable(cancel, export).await?;
        Ok(ExportedFile { content: std::mem::take(&mut *export.content), rehearsal: export.rehearsal.into() })
    }

    /// The same into a new file, which appears whole or not at all and is rehearsed from what is on the disk.
    ///
    /// Cancelled, the file may appear nevertheless.
    ///
    /// # Errors
    ///
    /// As [`Authenticator::export`]; [`AuthenticatorError::Input`] when there is such a file already, or it can't be written;
    /// [`AuthenticatorError::Busy`] when the disk is full.
    #[uniffi::method(default(password = None, cancel = None))]
    pub async fn export_to(
        &self,
        path: String,
        format: ExportFormat,
        password: Option<Arc<Passphrase>>,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<Rehearsal, AuthenticatorError> {
        let (core, path) = (self.core.clone(), PathBuf::from(path));
        let export = blocking(move || core.export_to(&path, format.into(), secret(password.as_deref())));
        Ok(cancellable(cancel, export).await?.into())
    }

    /// Makes a backup in a folder, reads it back from there, and removes the oldest ones beyond `keep` once the new one is
    /// proven. For an app's scheduler.
    ///
    /// Cancelled, the backup may be made nevertheless: [`Authenticator::last_backup`] tells.
    ///
    /// # Errors
    ///
    /// As [`Authenticator::export_to`]; older backups are then all kept. That an older one can't be removed is none.
    #[uniffi::method(default(cancel = None))]
    pub async fn back_up(
        &self,
        folder: String,
        password: Arc<Passphrase>,
        keep: u32,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<Backup, AuthenticatorError> {
        let (core, folder) = (self.core.clone(), PathBuf::from(folder));
        let backup = blocking(move || core.back_up(&folder, &password.0, size(keep)));
        Ok(cancellable(cancel, backup).await?.into())
    }

    /// As [`Authenticator::back_up`], in a folder that has no path, such as one that another app of the phone gives access to.
    ///
    /// Cancelled, it may leave a file that wasn't read back; no older backup is removed then.
    ///
    /// # Errors
    ///
    /// As [`Authenticator::back_up`].
    #[uniffi::method(default(cancel = None))]
    pub async fn back_up_into(
        &self,
        folder: Arc<dyn BackupFolder>,
        password: Arc<Passphrase>,
        keep: u32,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<Backup, AuthenticatorError> {
        let folder = ForeignFolder(folder);
        let backup = self.core.back_up_into(&folder, &password.0, size(keep));
        Ok(cancellable(cancel, backup).await?.into())
    }

    /// What a file would restore of the accounts that there are now. Changes nothing but, when it is a backup that restores all
    /// of them, the time at which one was last proven.
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError::WrongKey`]: ask for the password and try again; [`AuthenticatorError::Input`] when the file isn't
    /// one that can be read.
    #[uniffi::method(default(password = None, cancel = None))]
    pub async fn rehearse(
        &self,
        file: Vec<u8>,
        password: Option<Arc<Passphrase>>,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<Rehearsal, AuthenticatorError> {
        let (core, file) = (self.core.clone(), Zeroizing::new(file));
        let rehearsal = blocking(move || core.rehearse(&file, secret(password.as_deref())));
        Ok(cancellable(cancel, rehearsal).await?.into())
    }

    /// When a backup was last proven; nothing if none ever was.
    ///
    /// # Errors
    ///
    /// When the vault can't be read.
    pub async fn last_backup(&self) -> Result<Option<LastBackup>, AuthenticatorError> {
        let core = self.core.clone();
        let last = blocking(move || core.last_backup()).await?;
        Ok(last.map(|last| LastBackup {
            proven_at: signed(last.proven_at),
            restorable: signed(last.restorable),
            total: signed(last.total),
        }))
    }
}

fn secret(password: Option<&Passphrase>) -> Option<&core::Secret> {
    password.map(|password| &password.0)
}

fn size(number: u32) -> usize {
    number.try_into().unwrap_or(usize::MAX)
}

impl From<ExportFormat> for core::backup::ExportFormat {
    fn from(format: ExportFormat) -> Self {
        match format {
            ExportFormat::Backup => Self::Backup,
            ExportFormat::AegisJson => Self::AegisJson,
            ExportFormat::Links => Self::Links,
        }
    }
}

impl From<core::backup::Rehearsal> for Rehearsal {
    fn from(rehearsal: core::backup::Rehearsal) -> Self {
        Self {
            total: signed(rehearsal.total),
            restorable: signed(rehearsal.restorable),
            missing: signed(rehearsal.missing()),
            left_behind: rehearsal.left_behind.into_iter().map(LeftBehind::from).collect(),
        }
    }
}

impl From<core::backup::LeftBehind> for LeftBehind {
    fn from(left: core::backup::LeftBehind) -> Self {
        Self { account: left.account, issuer: left.issuer, name: left.name, reason: left.reason.into() }
    }
}

impl From<core::Backup> for Backup {
    fn from(backup: core::Backup) -> Self {
        let name = backup.path.file_name().map(|name| name.to_string_lossy().into_owned());
        Self {
            name: name.unwrap_or_default(),
            rehearsal: backup.rehearsal.into(),
            removed: signed(backup.removed),
            some_remain: backup.not_removed.is_some(),
        }
    }
}

impl fmt::Debug for ExportedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExportedFile").field("rehearsal", &self.rehearsal).finish_non_exhaustive()
    }
}
