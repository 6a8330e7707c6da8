//! Exports and backups, and when one was last proven.

use std::path::{Path, PathBuf};

use countersign_protocol::Id;

use super::Authenticator;
use crate::backup::{
    self, Accounts, BackupError, BackupFolder, BackupState, Export, ExportFormat, Rehearsal, file_name,
    old_ones, rehearse,
};
use crate::import::ImportError;
use crate::offer::exports::sealed::is_sealed;
use crate::tasks::blocking;
use crate::{Error, Secret};

/// A backup in a folder, proven from what is on the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Backup {
    /// The file; its name alone in a [`BackupFolder`].
    pub path: PathBuf,
    /// What it was found to restore.
    pub rehearsal: Rehearsal,
    /// How many older backups made room.
    pub removed: usize,
    /// Why some that should have made room are still there; the new backup counts all the same.
    pub not_removed: Option<BackupError>,
}

/// The last backup that was proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LastBackup {
    /// When, in Unix seconds.
    pub proven_at: u64,
    /// How many accounts it restores.
    pub restorable: u64,
    /// How many there were.
    pub total: u64,
}

/// The one record of its kind.
const STATE: Id = Id::from_bytes([0; 16]);

impl Authenticator {
    /// Writes all accounts that aren't in the trash, and rehearses the result. Takes some half a second when it is
    /// encrypted, since its key is derived twice.
    ///
    /// For a shell that can't give a path: let it store the content, read it back, and give what it read to
    /// [`Authenticator::rehearse`], which is what counts as proof.
    ///
    /// # Errors
    ///
    /// [`Error::Backup`], also when an account with codes wouldn't come back as it is; [`Error::Vault`].
    pub fn export(&self, format: ExportFormat, password: Option<&Secret>) -> Result<Export, Error> {
        let export = backup::export(&self.accounts_to_back_up()?, format, password)?;
        whole(&export.rehearsal)?;
        Ok(export)
    }

    /// The same into a new file, which appears whole or not at all and is rehearsed from what is on the disk.
    ///
    /// # Errors
    ///
    /// As [`Authenticator::export`]; [`BackupError::AlreadyExists`], for nothing is overwritten.
    pub fn export_to(
        &self,
        path: &Path,
        format: ExportFormat,
        password: Option<&Secret>,
    ) -> Result<Rehearsal, Error> {
        let accounts = self.accounts_to_back_up()?;
        let export = backup::export(&accounts, format, password)?;
        let on_disk = zeroize::Zeroizing::new(backup::write(path, &export.content)?);
        let rehearsed = rehearse(&accounts, &on_disk, password).map_err(Error::from);
        let rehearsed = rehearsed.and_then(|rehearsal| whole(&rehearsal).map(|()| rehearsal));
        if let Err(Error::Backup(_)) = rehearsed {
            // What restores nothing must not lie there as a backup. The first error is the one worth telling.
            let _ = std::fs::remove_file(path);
        }
        let rehearsal = rehearsed?;
        if format == ExportFormat::Backup {
            self.note_proof(&rehearsal)?;
        }
        Ok(rehearsal)
    }

    /// Makes a backup in a folder, and removes the oldest ones there beyond `keep` once the new one is proven. For a
    /// shell's scheduler.
    ///
    /// # Errors
    ///
    /// As [`Authenticator::export_to`]; older backups are then all kept. That an older one can't be removed is no error:
    /// [`Backup::not_removed`].
    pub fn back_up(&self, folder: &Path, password: &Secret, keep: usize) -> Result<Backup, Error> {
        let path = folder.join(file_name(self.now_seconds()));
        let rehearsal = self.export_to(&path, ExportFormat::Backup, Some(password))?;
        let (removed, not_removed) = backup::remove_old(folder, keep);
        Ok(Backup { path, rehearsal, removed, not_removed })
    }

    /// The same in a folder that has no path. Dropped on the way, it may leave a file that wasn't read back; no older
    /// backup is removed then.
    ///
    /// # Errors
    ///
    /// As [`Authenticator::back_up`].
    pub async fn back_up_into(
        &self,
        folder: &dyn BackupFolder,
        password: &Secret,
        keep: usize,
    ) -> Result<Backup, Error> {
        let name = file_name(self.now_seconds());
        let (this, secret) = (self.clone(), password.clone());
        let (accounts, export) = blocking(move || {
            let accounts = this.accounts_to_back_up()?;
            let export = backup::export(&accounts, ExportFormat::Backup, Some(&secret))?;
            whole(&export.rehearsal)?;
            Ok::<_, Error>((accounts, export))
        })
        .await?;
        // Encrypted, so that copies of it are no secret.
        let written = folder.write(&name, export.content.to_vec()).await;
        let proven = match written {
            Ok(()) => self.prove(folder, &name, accounts, password.clone()).await,
            Err(error) => Err(error.into()),
        };
        if matches!(proven, Err(Error::Backup(error)) if error != BackupError::AlreadyExists) {
            // As above. The first error is the one worth telling.
            let _ = folder.remove(&name).await;
        }
        let rehearsal = proven?;
        let mut made = Backup { path: name.into(), rehearsal, removed: 0, not_removed: None };
        match folder.names().await {
            Ok(names) => {
                for name in old_ones(names.into_iter(), keep) {
                    match folder.remove(&name).await {
                        Ok(()) => made.removed += 1,
                        Err(error) => made.not_removed = Some(error),
                    }
                }
            }
            Err(error) => made.not_removed = Some(error),
        }
        Ok(made)
    }

    async fn prove(
        &self,
        folder: &dyn BackupFolder,
        name: &str,
        accounts: Accounts,
        password: Secret,
    ) -> Result<Rehearsal, Error> {
        let stored = folder.read(name).await?;
        let this = self.clone();
        blocking(move || {
            let rehearsal = rehearse(&accounts, &stored, Some(&password))?;
            whole(&rehearsal)?;
            this.note_proof(&rehearsal)?;
            Ok(rehearsal)
        })
        .await
    }

    /// What a file would restore of the accounts that there are now. Changes nothing but, when it is a backup that
    /// restores all of them, the time at which one was last proven.
    ///
    /// # Errors
    ///
    /// [`Error::Import`] when the file needs a password, or this isn't it (or the file is damaged: nobody can tell which);
    /// [`Error::Backup`] when it can't be read otherwise, [`Error::Vault`].
    pub fn rehearse(&self, content: &[u8], password: Option<&Secret>) -> Result<Rehearsal, Error> {
        let rehearsal = match rehearse(&self.accounts_to_back_up()?, content, password) {
            Err(BackupError::Unreadable(
                error @ (ImportError::PasswordNeeded(_) | ImportError::WrongPassword(_)),
            )) => return Err(error.into()),
            rehearsed => rehearsed?,
        };
        if rehearsal.missing() == 0 && is_sealed(content) {
            self.note_proof(&rehearsal)?;
        }
        Ok(rehearsal)
    }

    /// When a backup was last proven; nothing if none ever was.
    ///
    /// # Errors
    ///
    /// [`Error::Vault`].
    pub fn last_backup(&self) -> Result<Option<LastBackup>, Error> {
        let state = self.parts.vault.get::<BackupState>(STATE)?;
        Ok(state.map(|BackupState { proven_at, restorable, total }| LastBackup {
            proven_at,
            restorable,
            total,
        }))
    }

    fn accounts_to_back_up(&self) -> Result<Accounts, Error> {
        let listing = self.parts.vault.accounts()?;
        Ok(Accounts { readable: listing.items, damaged: listing.damaged })
    }

    fn note_proof(&self, rehearsal: &Rehearsal) -> Result<(), Error> {
        let count = |number| u64::try_from(number).unwrap_or(u64::MAX);
        let (restorable, total) = (count(rehearsal.restorable), count(rehearsal.total));
        let state = BackupState { proven_at: self.now_seconds(), restorable, total };
        Ok(self.parts.vault.transaction(|tx| tx.put(STATE, &state))?)
    }
}

/// Nothing counts that doesn't bring back every account with codes.
pub(super) fn whole(rehearsal: &Rehearsal) -> Result<(), Error> {
    match rehearsal.missing() {
        0 => Ok(()),
        missing => Err(BackupError::NotProven { missing }.into()),
    }
}
