//! Opening an existing vault file: nothing is created, and nothing is touched before the schema is known to be ours.

use std::fs;
use std::path::Path;

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use super::connection::{connect, merge_log};
use super::{VaultError, schema};

/// Opens an existing vault file and brings its schema up to date. It never creates a file.
pub(super) fn open(path: &Path) -> Result<Connection, VaultError> {
    // SQLite takes an empty file for an empty database; for a vault it is a file that lost everything.
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() || metadata.len() == 0 {
        return Err(VaultError::DamagedFile);
    }
    let mut connection = connect(path)?;
    // Until the schema is known to be ours, not even the checkpoint of another version's log may touch the file.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    let version = schema::check(&connection)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    if version < schema::VERSION {
        schema::migrate(&mut connection, path)?;
    }
    merge_log(&connection);
    Ok(connection)
}
