//! Why the vault refused, each kind with another next step for the person.

use std::io;

use countersign_protocol::Id;
use rusqlite::ErrorCode;

use super::record::RecordKind;
use super::slots::SlotKind;
use crate::KeyStoreError;

/// Why a vault operation failed. Whatever the variant, the file holds what it held before.
///
/// No variant holds a secret, an issuer, a name, a path or the text of a lower error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VaultError {
    /// There is no file at this path. Create a vault, or find where the file went.
    #[error("there is no vault at this path")]
    Missing,
    /// Create found a vault, or the write-ahead log of one, at this path; it never overwrites.
    #[error("there is already a vault at this path")]
    AlreadyExists,
    /// A healthy SQLite database of another application.
    #[error("the file is not a vault")]
    NotAVault,
    /// Truncated, overwritten or otherwise broken. The file is kept as it is; restore a backup.
    #[error("the vault's file is damaged")]
    DamagedFile,
    /// Written by a newer version of the software. Nothing was touched; update and open again.
    #[error("the vault has schema {found}, newer than {supported}, the newest this version knows")]
    NewerSchema {
        /// The file's schema version.
        found: u32,
        /// The newest schema version that this software knows.
        supported: u32,
    },
    /// The vault is locked. Unlock it and try again.
    #[error("the vault is locked")]
    Locked,
    /// The passphrase, recovery code or key doesn't open the vault.
    #[error("this key does not open the vault")]
    WrongKey,
    /// The vault has no key slot of this kind, or none under this identifier any more.
    #[error("the vault has no such key slot")]
    NoSuchSlot,
    /// A key slot's row is damaged, so its key can't be tried. Use another slot.
    #[error("a key slot is damaged ({0})")]
    DamagedSlot(SlotKind),
    /// A vault always has a slot; the last one is never removed.
    #[error("a vault needs at least one key slot")]
    LastSlot,
    /// An empty passphrase protects nothing.
    #[error("the passphrase is empty")]
    EmptyPassphrase,
    /// The platform's key store didn't open its slot.
    #[error(transparent)]
    KeyStore(#[from] KeyStoreError),
    /// A record can't be opened or read. Its sealed bytes are kept.
    #[error("a record is damaged ({kind}, {id})")]
    DamagedRecord {
        /// Its kind.
        kind: RecordKind,
        /// Its identifier.
        id: Id,
    },
    /// There is no such record.
    #[error("there is no such record ({kind}, {id})")]
    NotFound {
        /// The kind asked for.
        kind: RecordKind,
        /// The identifier asked for.
        id: Id,
    },
    /// Insert found a record of this kind and identifier; it never overwrites.
    #[error("there is already such a record ({kind}, {id})")]
    AlreadyPresent {
        /// Its kind.
        kind: RecordKind,
        /// Its identifier.
        id: Id,
    },
    /// The record is larger than [`super::MAX_PAYLOAD_BYTES`].
    #[error("the record is too large")]
    TooLarge,
    /// The account's codes don't come from a counter, or its counter has reached its end.
    #[error("the account has no counter to move on")]
    NoCounter,
    /// A new phone has the account and counts on: a code that was made here would be one that it makes too.
    #[error(
        "the account was moved to another phone, which makes its codes now; take it back to make them here"
    )]
    MovedAway,
    /// No space left on the device. Nothing was changed.
    #[error("the disk is full")]
    DiskFull,
    /// Another process kept the vault busy for longer than five seconds. Try again.
    #[error("the vault is busy in another process")]
    Busy,
    /// The operating system denies access to the file or its folder.
    #[error("access to the vault's file is denied")]
    AccessDenied,
    /// There isn't enough memory for the key derivation.
    #[error("there is not enough memory to derive the key")]
    OutOfMemory,
    /// Reading or writing failed in another way.
    #[error("the vault's file can't be read or written (code {code})")]
    Storage {
        /// SQLite's extended result code, or 0 when the failure came from the file system itself.
        code: i32,
    },
}

impl VaultError {
    /// A stable name for shells and scripts.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Missing => "vault_missing",
            Self::AlreadyExists => "vault_already_exists",
            Self::NotAVault => "not_a_vault",
            Self::DamagedFile => "vault_damaged",
            Self::NewerSchema { .. } => "vault_newer_schema",
            Self::Locked => "vault_locked",
            Self::WrongKey => "vault_wrong_key",
            Self::NoSuchSlot => "vault_no_such_slot",
            Self::DamagedSlot(_) => "vault_slot_damaged",
            Self::LastSlot => "vault_last_slot",
            Self::EmptyPassphrase => "passphrase_empty",
            Self::KeyStore(error) => error.code(),
            Self::DamagedRecord { .. } => "record_damaged",
            Self::NotFound { .. } => "record_not_found",
            Self::AlreadyPresent { .. } => "record_already_present",
            Self::TooLarge => "record_too_large",
            Self::NoCounter => "account_no_counter",
            Self::MovedAway => "account_moved_away",
            Self::DiskFull => "disk_full",
            Self::Busy => "vault_busy",
            Self::AccessDenied => "vault_access_denied",
            Self::OutOfMemory => "out_of_memory",
            Self::Storage { .. } => "vault_storage",
        }
    }
}

impl From<rusqlite::Error> for VaultError {
    fn from(error: rusqlite::Error) -> Self {
        // The statements are fixed and tested, so that any other error than SQLite's own (a column that isn't there
        // or has another type) means that the file isn't what this software wrote.
        let Some(error) = error.sqlite_error() else { return Self::DamagedFile };
        match error.code {
            ErrorCode::DiskFull => Self::DiskFull,
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Self::Busy,
            ErrorCode::PermissionDenied | ErrorCode::ReadOnly | ErrorCode::CannotOpen => Self::AccessDenied,
            ErrorCode::OutOfMemory => Self::OutOfMemory,
            ErrorCode::SystemIoFailure if !DAMAGE_SEEN_AS_IO.contains(&error.extended_code) => {
                Self::Storage { code: error.extended_code }
            }
            ErrorCode::InternalMalfunction
            | ErrorCode::OperationAborted
            | ErrorCode::OperationInterrupted
            | ErrorCode::ApiMisuse
            | ErrorCode::NoLargeFileSupport
            | ErrorCode::FileLockingProtocolFailed => Self::Storage { code: error.extended_code },
            _ => Self::DamagedFile,
        }
    }
}

impl From<io::Error> for VaultError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Missing,
            io::ErrorKind::AlreadyExists => Self::AlreadyExists,
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Self::AccessDenied,
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull,
            _ => Self::Storage { code: 0 },
        }
    }
}

/// `SQLITE_IOERR_SHORT_READ`, `SQLITE_IOERR_CORRUPTFS` and `SQLITE_IOERR_DATA`.
const DAMAGE_SEEN_AS_IO: [i32; 3] = [522, 8458, 8202];
