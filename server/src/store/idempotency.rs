//! Requests that a relying party may send again (`Idempotency-Key`), and what came of them.
//!
//! A row is written in the transaction that does what was asked for, so that a request is done once however often it
//! comes, also if two come at once. Replies aren't stored, since they have secrets in them: they are made again from
//! what was created.

use countersign_protocol::Id;
use rusqlite::{Connection, OptionalExtension, params};

use super::clients::Client;
use super::{Result, optional_id};
use crate::time::Time;

/// A request's key, and a keyed hash of what it asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Retry {
    pub(crate) key: String,
    pub(crate) request: [u8; 16],
}

/// What is known of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// Nothing: it is to be done.
    New,
    /// It was done, with this outcome for this sign-in, enrolment or device.
    Done { outcome: String, subject: Option<Id> },
    /// The key was used for something else.
    Other,
}

/// What is known of a client's request.
pub(crate) fn find(connection: &Connection, client: &Client, retry: &Retry) -> Result<Known> {
    let known = connection
        .prepare_cached(
            "SELECT request, outcome, subject FROM idempotency
             WHERE organisation = ?1 AND client = ?2 AND key = ?3",
        )?
        .query_row(params![client.organisation.as_bytes(), client.name, retry.key], |row| {
            if row.get::<_, [u8; 16]>("request")? != retry.request {
                return Ok(Known::Other);
            }
            Ok(Known::Done { outcome: row.get("outcome")?, subject: optional_id(row, "subject")? })
        })
        .optional()?;
    Ok(known.unwrap_or(Known::New))
}

/// Remembers what came of a client's request.
pub(crate) fn remember(
    connection: &Connection,
    client: &Client,
    retry: &Retry,
    outcome: &str,
    subject: Option<Id>,
    now: Time,
) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO idempotency (organisation, client, key, request, outcome, subject, at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            client.organisation.as_bytes(),
            client.name,
            retry.key,
            retry.request,
            outcome,
            subject.as_ref().map(Id::as_bytes),
            now
        ])?;
    Ok(())
}

/// Whether there is anything for [`forget`] to forget.
pub(crate) fn has_older(connection: &Connection, before: Time) -> Result<bool> {
    Ok(connection.prepare_cached("SELECT 1 FROM idempotency WHERE at < ?1")?.exists([before])?)
}

/// Forgets requests of before `before`.
pub(crate) fn forget(connection: &Connection, before: Time, limit: u32) -> Result<usize> {
    Ok(connection
        .prepare_cached(
            "DELETE FROM idempotency WHERE (organisation, client, key) IN
             (SELECT organisation, client, key FROM idempotency WHERE at < ?1 ORDER BY at LIMIT ?2)",
        )?
        .execute(params![before, limit])?)
}
