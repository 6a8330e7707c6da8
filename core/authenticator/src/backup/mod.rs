//! Export and backup: accounts out of the vault, in files that have been proven to restore.
//!
//! An export is written in one of three [`ExportFormat`]s. None is called good before it was **rehearsed**: read again by
//! the very code that imports it, with the password as it was typed, and compared with the vault account by account. The
//! [`Rehearsal`] says how many of how many accounts the file restores, and what about the others.
//!
//! [`Authenticator::back_up`](crate::Authenticator::back_up) does the same to a folder, reads the file back from there,
//! and removes older backups only once the new one is proven; [`Authenticator::back_up_into`](crate::Authenticator::back_up_into)
//! does so in a folder that has no path.

mod aegis;
mod error;
mod folder;
mod links;
mod rehearsal;

pub use error::BackupError;
pub use folder::BackupFolder;
pub(crate) use folder::{file_name, old_ones, remove_old, write};
pub(crate) use rehearsal::{BackupState, rehearse};
pub use rehearsal::{LeftBehind, LeftReason, Rehearsal};

use countersign_protocol::Id;
use zeroize::Zeroizing;

use crate::Account;
use crate::Secret;
use crate::offer::exports::{ImportError, sealed};

/// How an export is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExportFormat {
    /// Encrypted with a password (`docs/backup.md`).
    #[default]
    Backup,
    /// Aegis' JSON, readable by anyone who has it.
    AegisJson,
    /// `otpauth` links, one on each line, readable by anyone who has it.
    Links,
}

impl ExportFormat {
    /// Whether whoever has the file has the secrets.
    #[must_use]
    pub const fn is_plain(self) -> bool {
        !matches!(self, Self::Backup)
    }
}

/// A rehearsed export.
#[non_exhaustive]
pub struct Export {
    /// The file's content. Wiped on drop.
    pub content: Zeroizing<Vec<u8>>,
    /// What it was found to restore.
    pub rehearsal: Rehearsal,
}

impl std::fmt::Debug for Export {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Export").field("rehearsal", &self.rehearsal).finish_non_exhaustive()
    }
}

/// The accounts as a list of the vault gave them, and those that couldn't be read.
pub(crate) struct Accounts {
    pub(crate) readable: Vec<Account>,
    pub(crate) damaged: Vec<Id>,
}

/// Writes an export and rehearses it.
pub(crate) fn export(
    accounts: &Accounts,
    format: ExportFormat,
    password: Option<&Secret>,
) -> Result<Export, BackupError> {
    let content = match format {
        ExportFormat::Links => links::write(&accounts.readable),
        ExportFormat::AegisJson => aegis::write(&accounts.readable)?,
        ExportFormat::Backup => {
            let password = password.filter(|password| !password.is_empty());
            let password = password.ok_or(BackupError::PasswordNeeded)?;
            sealed::seal(&aegis::write(&accounts.readable)?, password).map_err(not_sealed)?
        }
    };
    let rehearsal = rehearse(accounts, &content, password)?;
    Ok(Export { content, rehearsal })
}

const fn not_sealed(error: ImportError) -> BackupError {
    match error {
        ImportError::OutOfMemory => BackupError::OutOfMemory,
        ImportError::TooMuch => BackupError::Storage,
        error => BackupError::Unreadable(error),
    }
}

/// Accounts that an export is about.
fn visible(accounts: &[Account]) -> impl Iterator<Item = &Account> {
    accounts.iter().filter(|account| account.trashed_at.is_none())
}

#[cfg(test)]
mod tests;
