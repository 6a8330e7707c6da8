//! The `key_slots` table.

use countersign_protocol::Id;
use rusqlite::{Connection, params};

use super::{KeySlot, Row, SlotKind};
use crate::vault::VaultError;

/// All slots that a person may know of.
pub(in crate::vault) fn list(connection: &Connection) -> Result<Vec<KeySlot>, VaultError> {
    let rows = load(connection)?;
    let slot = |row: &Row| KeySlot { id: row.id, kind: row.kind, damaged: row.is_damaged(), proven: None };
    Ok(rows.iter().map(slot).collect())
}

/// All rows, in the order of their identifiers. A row of an unknown kind, or without an identifier, is left alone.
pub(in crate::vault) fn load(connection: &Connection) -> Result<Vec<Row>, VaultError> {
    let mut statement = connection
        .prepare_cached("SELECT id, kind, parameters, wrapped_key, checksum FROM key_slots ORDER BY id")?;
    let mut rows = statement.query([])?;
    let mut slots = Vec::new();
    while let Some(row) = rows.next()? {
        let id: Option<[u8; 16]> = row.get_ref(0)?.as_blob().ok().and_then(|id| id.try_into().ok());
        let (Some(id), Some(kind)) = (id, SlotKind::from_number(row.get(1)?)) else { continue };
        slots.push(Row {
            id: Id::from_bytes(id),
            kind,
            parameters: row.get(2)?,
            wrapped_key: row.get(3)?,
            checksum: row.get(4)?,
        });
    }
    Ok(slots)
}

pub(in crate::vault) fn insert(connection: &Connection, row: &Row) -> Result<(), VaultError> {
    connection.execute(
        "INSERT INTO key_slots (id, kind, parameters, wrapped_key, checksum) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![row.id.as_bytes(), row.kind.number(), row.parameters, row.wrapped_key, row.checksum],
    )?;
    Ok(())
}

/// Deletes a slot; whether there was one.
pub(in crate::vault) fn delete(connection: &Connection, id: Id) -> Result<bool, VaultError> {
    Ok(connection.execute("DELETE FROM key_slots WHERE id = ?1", [id.as_bytes()])? == 1)
}

/// The number of slots that this software could still open.
pub(in crate::vault) fn count(connection: &Connection) -> Result<usize, VaultError> {
    Ok(load(connection)?.iter().filter(|row| !row.is_damaged()).count())
}
