//! The tables, their version, and the steps from one version to the next.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::{VaultError, connection, files};

/// The schema version that this software writes.
pub(super) const VERSION: u32 = 1;

/// Builds an empty vault's tables in an empty file.
pub(super) fn build(connection: &mut Connection) -> Result<(), VaultError> {
    let transaction = connection.transaction()?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    apply(&transaction, 0, MIGRATIONS)?;
    transaction.commit()?;
    let mode: String = connection.query_row("PRAGMA journal_mode=WAL", [], |row| row.get(0))?;
    if mode != "wal" {
        return Err(VaultError::Storage { code: 0 });
    }
    Ok(())
}

/// Reads the schema version of a file, and refuses a file that isn't a vault or is newer than this software.
pub(super) fn check(connection: &Connection) -> Result<u32, VaultError> {
    check_against(connection, VERSION)
}

/// Brings an older vault to [`VERSION`], all steps or none, after keeping a verified copy of the file.
///
/// The copy stays until [`discard_copies`], which the first unlocking calls.
pub(super) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), VaultError> {
    migrate_by(connection, path, MIGRATIONS)
}

/// Removes the copies that migrations kept, if there are any and `is_sound` finds the migrated vault whole.
pub(super) fn discard_copies(
    path: &Path,
    is_sound: impl FnOnce() -> Result<bool, VaultError>,
) -> Result<(), VaultError> {
    discard_copies_before(path, VERSION, is_sound)
}

/// The steps from version `to - 1` to version `to`.
struct Migration {
    to: u32,
    steps: &'static [&'static str],
}

/// `WITHOUT ROWID` keeps a kind's records side by side in one tree: a list is one scan, a write touches one page.
const MIGRATIONS: &[Migration] = &[Migration {
    to: 1,
    steps: &[
        "CREATE TABLE records (
            kind INTEGER NOT NULL,
            id BLOB NOT NULL CHECK (length(id) = 16),
            envelope BLOB NOT NULL,
            PRIMARY KEY (kind, id)
        ) STRICT, WITHOUT ROWID",
        "CREATE TABLE key_slots (
            id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
            kind INTEGER NOT NULL,
            parameters BLOB NOT NULL,
            wrapped_key BLOB NOT NULL,
            checksum BLOB NOT NULL
        ) STRICT, WITHOUT ROWID",
    ],
}];

/// "CSGN": tells a vault from any other SQLite database.
const APPLICATION_ID: u32 = 0x4353_474E;

fn check_against(connection: &Connection, supported: u32) -> Result<u32, VaultError> {
    let application: i64 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    match (application, version) {
        // What SQLite finds in an empty or a very short file: nothing, where there was a vault once.
        (0, 0) => return Err(VaultError::DamagedFile),
        (application, _) if application != i64::from(APPLICATION_ID) => return Err(VaultError::NotAVault),
        _ => {}
    }
    match u32::try_from(version) {
        Ok(0) | Err(_) => Err(VaultError::DamagedFile),
        Ok(found) if found > supported => Err(VaultError::NewerSchema { found, supported }),
        Ok(found) => Ok(found),
    }
}

fn migrate_by(connection: &mut Connection, path: &Path, migrations: &[Migration]) -> Result<(), VaultError> {
    let newest = migrations.last().map_or(0, |migration| migration.to);
    // The write lock keeps any other process from migrating, or writing, between the copy and the first step.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version = check_against(&transaction, newest)?;
    if version == newest {
        return Ok(());
    }
    keep_copy(path, version)?;
    apply(&transaction, version, migrations)?;
    transaction.commit()?;
    Ok(())
}

fn apply(transaction: &Transaction<'_>, from: u32, migrations: &[Migration]) -> Result<(), VaultError> {
    for migration in migrations.iter().filter(|migration| migration.to > from) {
        for step in migration.steps {
            transaction.execute_batch(step)?;
        }
        transaction.pragma_update(None, "user_version", migration.to)?;
    }
    Ok(())
}

/// Copies the committed state through a second connection, since `VACUUM` can't run inside a transaction.
fn keep_copy(path: &Path, version: u32) -> Result<(), VaultError> {
    let copy = copy_path(path, version);
    files::publish(&copy, |draft| {
        let target = draft.to_str().ok_or(VaultError::Storage { code: 0 })?;
        connection::connect(path)?.execute("VACUUM INTO ?1", [target])?;

        let written = connection::connect(draft)?;
        if check_against(&written, version)? != version || !is_sound(&written)? {
            return Err(VaultError::DamagedFile);
        }
        Ok(())
    })
}

/// Whether SQLite finds the file's structure sound.
pub(super) fn is_sound(connection: &Connection) -> Result<bool, VaultError> {
    let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    Ok(verdict == "ok")
}

fn discard_copies_before(
    path: &Path,
    version: u32,
    is_sound: impl FnOnce() -> Result<bool, VaultError>,
) -> Result<(), VaultError> {
    let copies: Vec<_> = (1..version).map(|old| copy_path(path, old)).filter(|copy| copy.exists()).collect();
    if copies.is_empty() || !is_sound()? {
        return Ok(());
    }
    copies.iter().try_for_each(|copy| files::remove_if_present(copy))
}

fn copy_path(path: &Path, version: u32) -> PathBuf {
    files::beside(path, &format!(".schema-{version}"))
}

#[cfg(test)]
mod tests;
