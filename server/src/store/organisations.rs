//! Organisations and the API keys of their relying parties.

use countersign_protocol::Id;
use rusqlite::{Connection, OptionalExtension, params};

use super::{Result, id};
use crate::secret::SecretText;
use crate::time::Time;

/// Who a request of the relying-party interface comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Client {
    /// Its organisation: everything it sees or does is within it.
    pub(crate) organisation: Id,
    /// The organisation's name.
    pub(crate) organisation_name: String,
    /// Its own name: the `aud` of its assertions.
    pub(crate) name: String,
}

/// The organisation of this name, made if there is none.
pub(crate) fn obtain(connection: &Connection, name: &str, now: Time) -> Result<Id> {
    let found = connection
        .prepare_cached("SELECT id FROM organisations WHERE name = ?1")?
        .query_row([name], |row| id(row, "id"))
        .optional()?;
    if let Some(id) = found {
        return Ok(id);
    }
    let id = Id::make_random();
    connection.execute(
        "INSERT INTO organisations (id, name, created) VALUES (?1, ?2, ?3)",
        params![id.as_bytes(), name, now],
    )?;
    Ok(id)
}

/// Stores an API key by its hash. Two clients may not have the same name in an organisation by accident, but one may
/// have several keys, so that a key can be replaced without a gap.
pub(crate) fn add_api_key(
    connection: &Connection,
    key: &SecretText,
    organisation: Id,
    client: &str,
    now: Time,
) -> Result<()> {
    connection.execute(
        "INSERT INTO api_keys (hash, organisation, client, created) VALUES (?1, ?2, ?3, ?4)",
        params![hash(key.expose()), organisation.as_bytes(), client, now],
    )?;
    Ok(())
}

/// Whose API key this is.
pub(crate) fn client_of(connection: &Connection, api_key: &str) -> Result<Option<Client>> {
    Ok(connection
        .prepare_cached(
            "SELECT organisation, name, client FROM api_keys JOIN organisations ON id = organisation
             WHERE hash = ?1",
        )?
        .query_row([hash(api_key)], |row| {
            Ok(Client {
                organisation: id(row, "organisation")?,
                organisation_name: row.get("name")?,
                name: row.get("client")?,
            })
        })
        .optional()?)
}

/// Names that an organisation goes by.
pub(crate) fn name_of(connection: &Connection, organisation: Id) -> Result<String> {
    Ok(connection
        .prepare_cached("SELECT name FROM organisations WHERE id = ?1")?
        .query_row([organisation.as_bytes()], |row| row.get(0))?)
}

/// The key has 256 random bits, so that a plain hash can't be searched.
fn hash(api_key: &str) -> Vec<u8> {
    ring::digest::digest(&ring::digest::SHA256, api_key.as_bytes()).as_ref().to_vec()
}
