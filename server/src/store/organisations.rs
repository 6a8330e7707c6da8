//! Organisations: everything that clients see or do is within theirs.

use countersign_protocol::Id;
use rusqlite::{Connection, OptionalExtension, params};

use super::{Result, id};
use crate::time::Time;

/// The organisation of this name.
pub(crate) fn find(connection: &Connection, name: &str) -> Result<Option<Id>> {
    Ok(connection
        .prepare_cached("SELECT id FROM organisations WHERE name = ?1")?
        .query_row([name], |row| id(row, "id"))
        .optional()?)
}

/// The organisation of this name, made if there is none.
pub(crate) fn obtain(connection: &Connection, name: &str, now: Time) -> Result<Id> {
    if let Some(id) = find(connection, name)? {
        return Ok(id);
    }
    let id = Id::make_random();
    connection.execute(
        "INSERT INTO organisations (id, name, created) VALUES (?1, ?2, ?3)",
        params![id.as_bytes(), name, now],
    )?;
    Ok(id)
}

/// Names that an organisation goes by.
pub(crate) fn name_of(connection: &Connection, organisation: Id) -> Result<String> {
    Ok(connection
        .prepare_cached("SELECT name FROM organisations WHERE id = ?1")?
        .query_row([organisation.as_bytes()], |row| row.get(0))?)
}
