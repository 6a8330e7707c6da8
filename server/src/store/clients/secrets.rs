//! Clients' secrets, and what one that is shown says about who shows it.
//!
//! A secret follows from the master key and its row's identifier, and is stored by hash: a request that made one may be
//! sent again, and gets the same one. A client may have two at once, so that a secret can be changed without a gap.

use countersign_protocol::Id;
use rusqlite::{Connection, OptionalExtension, params};

use super::{COLUMNS, Client, load, read};
use crate::keys::Keys;
use crate::secret::SecretText;
use crate::store::{Result, id};
use crate::time::Time;

/// Secrets that a client may have at once.
pub(crate) const MAX_SECRETS: usize = 2;

/// A secret of a client, without the secret itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClientSecret {
    /// Its name.
    pub(crate) id: Id,
    /// When it was made.
    pub(crate) created: Time,
    /// When it was last used, to within a minute or so.
    pub(crate) last_used: Option<Time>,
}

super::super::text_enum! {
    /// Why a secret isn't taken.
    Rejection {
        /// It names a client that has never had it.
        WrongSecret = "wrong_secret",
        /// It was taken from the client.
        RemovedSecret = "removed_secret",
        /// Its client was revoked.
        Revoked = "revoked",
        /// Its client's time is over.
        Expired = "expired",
        /// Its client comes in by another door.
        OtherDoor = "other_door",
    }
}

/// Who shows a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// A client, which can be used now, with the name of its secret.
    Accepted(Box<Client>, Id),
    /// Somebody who would be this client, if it could be used or the secret were right.
    Rejected(Box<Client>, Rejection),
    /// Nobody knows who.
    Unknown,
}

/// Makes another secret for a client.
pub(crate) fn add_secret(
    connection: &Connection,
    keys: &Keys,
    client: Id,
    now: Time,
) -> Result<(Id, SecretText)> {
    let id = Id::make_random();
    let secret = keys.derive_client_secret(client, id);
    connection
        .prepare_cached("INSERT INTO client_secrets (id, client, hash, created) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![id.as_bytes(), client.as_bytes(), hash(secret.expose()), now])?;
    Ok((id, secret))
}

/// A client's secrets, oldest first.
pub(crate) fn secrets(connection: &Connection, client: Id) -> Result<Vec<ClientSecret>> {
    let mut statement = connection.prepare_cached(
        "SELECT id, created, last_used FROM client_secrets WHERE client = ?1 AND removed IS NULL
         ORDER BY created, id",
    )?;
    let rows = statement.query_map([client.as_bytes()], |row| {
        Ok(ClientSecret {
            id: id(row, "id")?,
            created: row.get("created")?,
            last_used: row.get("last_used")?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Takes a secret from a client. Its hash stays, so that whoever still shows it is recognised. False if the client
/// doesn't have it.
pub(crate) fn remove_secret(connection: &Connection, client: Id, secret: Id, now: Time) -> Result<bool> {
    let changed = connection
        .prepare_cached(
            "UPDATE client_secrets SET removed = ?3 WHERE id = ?2 AND client = ?1 AND removed IS NULL",
        )?
        .execute(params![client.as_bytes(), secret.as_bytes(), now])?;
    Ok(changed == 1)
}

/// Who shows this secret. A door that knows which client it should be says so (`client`).
pub(crate) fn show(connection: &Connection, client: Option<Id>, secret: &str, now: Time) -> Result<Shown> {
    let found = connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS}, client_secrets.id AS secret, client_secrets.removed AS removed FROM client_secrets
             JOIN clients ON clients.id = client_secrets.client
             JOIN organisations ON organisations.id = clients.organisation
             WHERE client_secrets.hash = ?1"
        ))?
        .query_row([hash(secret)], |row| {
            Ok((read(row)?, id(row, "secret")?, row.get::<_, Option<Time>>("removed")?))
        })
        .optional()?;
    let rejected = |client, why| Ok(Shown::Rejected(Box::new(client), why));
    match found.filter(|(known, ..)| client.is_none_or(|client| client == known.id)) {
        Some((known, _, Some(_))) => rejected(known, Rejection::RemovedSecret),
        Some((known, ..)) if known.revoked.is_some() => rejected(known, Rejection::Revoked),
        Some((known, ..)) if !known.is_usable(now) => rejected(known, Rejection::Expired),
        Some((known, secret, None)) => Ok(Shown::Accepted(Box::new(known), secret)),
        None => match client
            .or_else(|| named_in(secret))
            .map(|named| load(connection, named))
            .transpose()?
            .flatten()
        {
            Some(named) => rejected(named, Rejection::WrongSecret),
            None => Ok(Shown::Unknown),
        },
    }
}

/// Writes down that a secret was used.
pub(crate) fn record_use(connection: &Connection, client: Id, secret: Id, now: Time) -> Result<()> {
    connection
        .prepare_cached("UPDATE client_secrets SET last_used = ?2 WHERE id = ?1")?
        .execute(params![secret.as_bytes(), now])?;
    connection
        .prepare_cached("UPDATE clients SET last_used = ?2 WHERE id = ?1")?
        .execute(params![client.as_bytes(), now])?;
    Ok(())
}

/// The client that a secret names: `cs_CLIENT_…`.
fn named_in(secret: &str) -> Option<Id> {
    secret.strip_prefix("cs_")?.get(..22)?.parse().ok()
}

/// A secret has 256 random bits, so that a plain hash can't be searched.
fn hash(secret: &str) -> Vec<u8> {
    ring::digest::digest(&ring::digest::SHA256, secret.as_bytes()).as_ref().to_vec()
}
