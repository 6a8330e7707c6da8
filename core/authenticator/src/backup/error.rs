//! Why a backup wasn't made.

use std::io;

use crate::import::ImportError;

/// Why an export or a backup failed. Older backups are as they were.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// A backup needs a password.
    #[error("a backup needs a password; without it, anyone who finds the file has your codes")]
    PasswordNeeded,
    /// There is a file of this name.
    #[error("there is already a file of this name; choose another, it is not overwritten")]
    AlreadyExists,
    /// The folder isn't there, or not a folder.
    #[error("the folder for the backup is not there; make it, or choose another")]
    NoFolder,
    /// The operating system denies access.
    #[error("the folder for the backup can't be written to; allow it, or choose another")]
    AccessDenied,
    /// No space left.
    #[error("the disk for the backup is full; free some space and try again, the older backups are kept")]
    DiskFull,
    /// Another failure to write or read.
    #[error("the backup can't be written or read back; the older backups are kept")]
    Storage,
    /// There isn't enough memory for the key derivation.
    #[error("there is not enough memory to derive the backup's key; close other apps and try again")]
    OutOfMemory,
    /// The file doesn't open again.
    #[error("the backup does not open again, so it is not counted as one ({0})")]
    Unreadable(ImportError),
    /// The file opens, but accounts in it aren't what they should be.
    #[error("{missing} accounts would not come back as they are, so the backup is not counted as one")]
    NotProven {
        /// How many accounts.
        missing: usize,
    },
}

impl BackupError {
    /// A stable name for shells and scripts.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::PasswordNeeded => "backup_password_needed",
            Self::AlreadyExists => "backup_already_exists",
            Self::NoFolder => "backup_no_folder",
            Self::AccessDenied => "backup_access_denied",
            Self::DiskFull => "disk_full",
            Self::Storage => "backup_storage",
            Self::OutOfMemory => "out_of_memory",
            Self::Unreadable(_) => "backup_unreadable",
            Self::NotProven { .. } => "backup_not_proven",
        }
    }
}

impl From<io::Error> for BackupError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Self::NoFolder,
            io::ErrorKind::AlreadyExists => Self::AlreadyExists,
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Self::AccessDenied,
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull,
            _ => Self::Storage,
        }
    }
}
