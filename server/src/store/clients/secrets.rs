//! Clients' secrets. One has 256 random bits and is kept by hash; a client may have two at once, so that a secret can be
//! changed without a gap.

use countersign_protocol::Id;
use rusqlite::{Connection, params};

use super::{Client, ClientKind, load, one};
use crate::secret::SecretText;
use crate::store::Result;
use crate::time::Time;

/// Stores a secret of a client by its hash.
pub(crate) fn add_secret(connection: &Connection, client: Id, secret: &SecretText, now: Time) -> Result<()> {
    connection
        .prepare_cached("INSERT INTO client_secrets (id, client, hash, created) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![Id::make_random().as_bytes(), client.as_bytes(), hash(secret.expose()), now])?;
    Ok(())
}

/// The client of the relying-party interface that this secret belongs to, if it can be used now.
pub(crate) fn by_secret(connection: &Connection, secret: &str, now: Time) -> Result<Option<Client>> {
    let client = one(
        connection,
        "SELECT clients.*, organisations.name AS organisation_name FROM client_secrets
         JOIN clients ON clients.id = client_secrets.client
         JOIN organisations ON organisations.id = clients.organisation
         WHERE client_secrets.hash = ?1",
        params![hash(secret)],
    )?;
    Ok(client.filter(|client| client.kind == ClientKind::Rest && client.is_usable(now)))
}

/// Whether this is a secret of a client that can be used now.
pub(crate) fn check_secret(
    connection: &Connection,
    client: Id,
    secret: &SecretText,
    now: Time,
) -> Result<bool> {
    let is_known = connection
        .prepare_cached("SELECT 1 FROM client_secrets WHERE hash = ?1 AND client = ?2")?
        .exists(params![hash(secret.expose()), client.as_bytes()])?;
    Ok(is_known && load(connection, client)?.is_some_and(|client| client.is_usable(now)))
}

/// A secret has 256 random bits, so that a plain hash can't be searched.
fn hash(secret: &str) -> Vec<u8> {
    ring::digest::digest(&ring::digest::SHA256, secret.as_bytes()).as_ref().to_vec()
}
