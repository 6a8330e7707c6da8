//! Challenges as they were sent to each device, and the answers that came back.
//!
//! The text is stored, since an answer names it by its hash. A device that has gone over to a new signing key gets a
//! second text of the same challenge under that key; an answer to either is good.

use countersign_protocol::messages::Outcome;
use countersign_protocol::{Id, Thumbprint, sha256_base64url};
use rusqlite::{Connection, OptionalExtension, params};

use super::accounts::Account;
use super::{Result, StoreError, id};
use crate::time::{CLOCK_TOLERANCE, Time};

/// A challenge that waits for an answer.
#[derive(Clone, Debug)]
pub(crate) struct Open {
    pub(crate) id: Id,
    pub(crate) expires: Time,
    /// Its text under the asked-for signing key, if there is one yet.
    pub(crate) jws: Option<String>,
}

/// What an answer did, to be told again to the same answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Answered {
    pub(crate) outcome: Outcome,
    pub(crate) tries_left: u8,
    /// Whether it has locked push.
    pub(crate) locked: bool,
}

/// Stores the challenge's text for one device under one signing key, unless there is one.
pub(crate) fn insert(
    connection: &Connection,
    sign_in: Id,
    device: Id,
    service_key: Thumbprint,
    jws: &str,
) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO challenges (sign_in, device, service_key, hash, jws) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT DO NOTHING",
        )?
        .execute(params![
            sign_in.as_bytes(),
            device.as_bytes(),
            service_key.to_string(),
            sha256_base64url(jws),
            jws
        ])?;
    Ok(())
}

/// The challenges that a device can answer at this moment, oldest first.
pub(crate) fn open(
    connection: &Connection,
    account: &Account,
    device: Id,
    service_key: Thumbprint,
    now: Time,
    limit: usize,
) -> Result<Vec<Open>> {
    // The account's sign-ins that wait for a device are few by policy, and an index holds just them.
    let mut statement = connection.prepare_cached(
        "SELECT s.id, s.expires, mine.jws
         FROM sign_ins AS s LEFT JOIN challenges AS mine
             ON mine.sign_in = s.id AND mine.device = ?3 AND mine.service_key = ?4
         WHERE s.organisation = ?1 AND s.user = ?2 AND s.state = 'pending' AND s.push = 'asked' AND s.expires > ?5
             AND s.created <= ?7
             AND EXISTS (SELECT 1 FROM challenges AS c WHERE c.sign_in = s.id AND c.device = ?3)
         ORDER BY s.created, s.id LIMIT ?6",
    )?;
    let rows = statement.query_map(
        params![
            account.organisation.as_bytes(),
            account.user,
            device.as_bytes(),
            service_key.to_string(),
            now,
            i64::try_from(limit).unwrap_or(i64::MAX),
            now + CLOCK_TOLERANCE
        ],
        |row| Ok(Open { id: id(row, "id")?, expires: row.get("expires")?, jws: row.get("jws")? }),
    )?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Hashes of the texts that a device was sent of one challenge; none if it wasn't sent any.
pub(crate) fn hashes(connection: &Connection, sign_in: Id, device: Id) -> Result<Vec<String>> {
    let mut statement =
        connection.prepare_cached("SELECT hash FROM challenges WHERE sign_in = ?1 AND device = ?2")?;
    let rows = statement.query_map([sign_in.as_bytes(), device.as_bytes()], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The devices that were sent a challenge.
pub(crate) fn devices(connection: &Connection, sign_in: Id) -> Result<Vec<Id>> {
    let mut statement =
        connection.prepare_cached("SELECT DISTINCT device FROM challenges WHERE sign_in = ?1")?;
    let rows = statement.query_map([sign_in.as_bytes()], |row| id(row, "device"))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// What the answer with this hash did, if it was given before.
pub(crate) fn answered(
    connection: &Connection,
    sign_in: Id,
    device: Id,
    request_hash: &[u8],
) -> Result<Option<Answered>> {
    let row: Option<(String, u8, bool)> = connection
        .prepare_cached(
            "SELECT outcome, tries_left, locked FROM answers
             WHERE sign_in = ?1 AND device = ?2 AND request_hash = ?3",
        )?
        .query_row(params![sign_in.as_bytes(), device.as_bytes(), request_hash], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .optional()?;
    row.map(|(outcome, tries_left, locked)| {
        Ok(Answered { outcome: outcome_from(&outcome)?, tries_left, locked })
    })
    .transpose()
}

pub(crate) fn remember_answer(
    connection: &Connection,
    sign_in: Id,
    device: Id,
    request_hash: &[u8],
    answered: Answered,
    now: Time,
) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO answers (sign_in, device, request_hash, outcome, tries_left, locked, at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            sign_in.as_bytes(),
            device.as_bytes(),
            request_hash,
            outcome_text(answered.outcome),
            answered.tries_left,
            answered.locked,
            now
        ])?;
    Ok(())
}

/// An outcome's stored text.
pub(crate) const fn outcome_text(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Approved => "approved",
        Outcome::Denied => "denied",
        Outcome::Reported => "reported",
        Outcome::WrongMatch => "wrong_match",
    }
}

fn outcome_from(text: &str) -> Result<Outcome> {
    match text {
        "approved" => Ok(Outcome::Approved),
        "denied" => Ok(Outcome::Denied),
        "reported" => Ok(Outcome::Reported),
        "wrong_match" => Ok(Outcome::WrongMatch),
        _ => Err(StoreError::Damaged("outcome")),
    }
}
