//! What keeps the database from working, in terms that an administrator can act on.

use std::fmt;

use rusqlite::ErrorCode;

/// Why SQLite fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The disk, a quota or the database's own limit is used up.
    Full,
    /// The file or its file system can't be written.
    ReadOnly,
    /// The system failed to read, write, open or flush a file.
    Io,
    /// Another process held the database for longer than the time-out.
    Busy,
    /// The file isn't the database that it should be.
    Damaged,
    /// Anything else.
    Other,
}

impl Trouble {
    pub(crate) fn of(error: &rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => Self::ReadOnly,
            Some(
                ErrorCode::SystemIoFailure | ErrorCode::CannotOpen | ErrorCode::FileLockingProtocolFailed,
            ) => Self::Io,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged,
            _ => Self::Other,
        }
    }

    /// A stable name for programs.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Full => "database_full",
            Self::ReadOnly => "database_read_only",
            Self::Io => "database_io",
            Self::Busy => "database_busy",
            Self::Damaged => "database_damaged",
            Self::Other => "database_failed",
        }
    }
}

/// What is wrong, and what to do.
impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "the disk or the database is full: free some space",
            Self::ReadOnly => {
                "the database can't be written: check the permissions of its folder and whether the file system \
                 is mounted read-only"
            }
            Self::Io => "the system failed to read or write the database: check the disk and the system's log",
            Self::Busy => "another process has locked the database: end it",
            Self::Damaged => "the database is damaged: restore a backup",
            Self::Other => "the database failed: the service's log has SQLite's error",
        })
    }
}

/// Why a transaction ended without a commit.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    pub(super) trouble: Trouble,
    /// SQLite's extended result code (<https://sqlite.org/rescode.html>), if it gave one.
    pub(super) code: Option<i32>,
    /// SQLite's text. It names tables and conditions, never values.
    pub(super) text: String,
}

impl From<&rusqlite::Error> for Failure {
    fn from(error: &rusqlite::Error) -> Self {
        Self {
            trouble: Trouble::of(error),
            code: error.sqlite_error().map(|error| error.extended_code),
            text: error.to_string(),
        }
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::from(&error)
    }
}

impl Failure {
    /// SQLite has ended the transaction without saying why.
    pub(super) fn unexplained() -> Self {
        Self { trouble: Trouble::Other, code: None, text: "SQLite has ended the transaction".into() }
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::ffi;

    use super::*;

    #[test]
    fn every_cause_has_a_name() {
        for (code, trouble) in [
            (ffi::SQLITE_FULL, Trouble::Full),
            (ffi::SQLITE_READONLY, Trouble::ReadOnly),
            (ffi::SQLITE_READONLY_DBMOVED, Trouble::ReadOnly),
            (ffi::SQLITE_PERM, Trouble::ReadOnly),
            (ffi::SQLITE_IOERR_WRITE, Trouble::Io),
            (ffi::SQLITE_IOERR_FSYNC, Trouble::Io),
            (ffi::SQLITE_CANTOPEN, Trouble::Io),
            (ffi::SQLITE_BUSY, Trouble::Busy),
            (ffi::SQLITE_BUSY_SNAPSHOT, Trouble::Busy),
            (ffi::SQLITE_LOCKED, Trouble::Busy),
            (ffi::SQLITE_CORRUPT, Trouble::Damaged),
            (ffi::SQLITE_NOTADB, Trouble::Damaged),
            (ffi::SQLITE_CONSTRAINT, Trouble::Other),
        ] {
            let error = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
            assert_eq!(Trouble::of(&error), trouble, "{error}");
            assert_eq!(Failure::from(error).code, Some(code));
        }
        assert_eq!(Trouble::of(&rusqlite::Error::QueryReturnedNoRows), Trouble::Other);
    }
}
