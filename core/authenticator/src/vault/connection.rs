//! The connection: how the file is opened, and with which settings.

use std::path::Path;
use std::time::Duration;

use rusqlite::limits::Limit;
use rusqlite::{Connection, OpenFlags};

use super::VaultError;

/// Moves what is in the write-ahead log into the file, as far as that goes without waiting for another process.
///
/// Phones kill apps without letting them close anything. The log would otherwise hold months of changes beside a
/// file that looks whole without it, and be lost by whatever copies that file alone.
pub(super) fn merge_log(connection: &Connection) {
    // What isn't moved now is no less durable, so there is nothing to report.
    let _ = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
}

/// Moves all of the write-ahead log into the file and empties it, waiting for other processes' readers if need be.
pub(super) fn empty_log(connection: &Connection) {
    // If a reader stays, the next writer starts the log anew; that is no reason to call what was done a failure.
    let _ = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
}

/// Connects to an existing file with the settings that every connection has.
pub(super) fn connect(path: &Path) -> Result<Connection, VaultError> {
    // An absolute path can't be read as one of SQLite's `file:` URIs. The vault's mutex serialises its connection.
    let path = std::path::absolute(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_EXRESCODE;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, MAX_ROW_BYTES)?;
    connection.execute_batch(PRAGMAS)?;
    Ok(connection)
}

/// Writers hold the lock for milliseconds; whoever waits this long is told.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Bounds what a hostile file can make SQLite allocate for one value.
const MAX_ROW_BYTES: i32 = 1024 * 1024;

/// | pragma | why |
/// |---|---|
/// | `journal_mode=WAL` (kept in the file, set when it is made) | one sync a write, readers and a writer in two processes at once |
/// | `synchronous=FULL` | a committed write survives power loss; WAL's default doesn't sync |
/// | `fullfsync`, `checkpoint_fullfsync` | Apple's fsync doesn't reach the disk by itself; elsewhere without effect |
/// | `secure_delete=ON` | a deleted record or key slot is overwritten, not merely unlinked |
/// | `cell_size_check=ON` | damage is noticed when a page is read, not when its bytes are used |
/// | `trusted_schema=OFF` | a planted view or trigger runs no function with side effects |
/// | `temp_store=MEMORY` | nothing is written beside the vault's own files |
const PRAGMAS: &str = "\
    PRAGMA synchronous=FULL;\
    PRAGMA fullfsync=ON;\
    PRAGMA checkpoint_fullfsync=ON;\
    PRAGMA secure_delete=ON;\
    PRAGMA cell_size_check=ON;\
    PRAGMA trusted_schema=OFF;\
    PRAGMA temp_store=MEMORY;";
