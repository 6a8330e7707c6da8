//! Sign-ins that devices were asked about since the last success, by source. What they bring is
//! [`crate::push_limit`]'s to say.

use rusqlite::{Connection, params};

use super::Result;
use super::accounts::Account;
use crate::source::Source;
use crate::time::Time;

/// The requests from one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pushes {
    pub(crate) source: Source,
    /// Since the last success from there.
    pub(crate) count: u32,
    /// When the last one was, or the success.
    pub(crate) last: Time,
    /// Whether the person has signed in from there.
    pub(crate) known: bool,
}

/// All sources of an account.
pub(crate) fn of_account(connection: &Connection, account: &Account) -> Result<Vec<Pushes>> {
    let mut statement = connection.prepare_cached(
        "SELECT source, count, last, known FROM pushes WHERE organisation = ?1 AND user = ?2",
    )?;
    let rows = statement.query_map(params![account.organisation.as_bytes(), account.user], |row| {
        Ok(Pushes {
            source: Source::from_bytes(row.get("source")?),
            count: row.get("count")?,
            last: row.get("last")?,
            known: row.get("known")?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Records a request from a source: the `count`th since its last success.
pub(crate) fn record(
    connection: &Connection,
    account: &Account,
    source: Source,
    count: u32,
    now: Time,
) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO pushes (organisation, user, source, count, last, known) VALUES (?1, ?2, ?3, ?4, ?5, 0)
             ON CONFLICT DO UPDATE SET count = ?4, last = ?5",
        )?
        .execute(params![account.organisation.as_bytes(), account.user, source.as_bytes(), count, now])?;
    Ok(())
}

/// Records a success from a source: its count starts again, and it is known from now on.
pub(crate) fn record_success(
    connection: &Connection,
    account: &Account,
    source: Source,
    now: Time,
) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO pushes (organisation, user, source, count, last, known) VALUES (?1, ?2, ?3, 0, ?4, 1)
             ON CONFLICT DO UPDATE SET count = 0, last = ?4, known = 1",
        )?
        .execute(params![account.organisation.as_bytes(), account.user, source.as_bytes(), now])?;
    Ok(())
}

/// Starts all counts of an account again; sources stay known. False if there was nothing to do.
pub(crate) fn reset_all(connection: &Connection, account: &Account) -> Result<bool> {
    let key = params![account.organisation.as_bytes(), account.user];
    let deleted = connection
        .prepare_cached("DELETE FROM pushes WHERE organisation = ?1 AND user = ?2 AND known = 0")?
        .execute(key)?;
    let changed = connection
        .prepare_cached("UPDATE pushes SET count = 0 WHERE organisation = ?1 AND user = ?2 AND count > 0")?
        .execute(key)?;
    Ok(deleted + changed > 0)
}

/// Whether there is anything for [`forget`] to forget.
pub(crate) fn has_forgettable(connection: &Connection, rested: Time, unused: Time) -> Result<bool> {
    Ok(connection
        .prepare_cached(
            "SELECT 1 FROM pushes WHERE known = 0 AND last < ?1
             UNION ALL SELECT 1 FROM pushes WHERE known = 1 AND last < ?2",
        )?
        .exists([rested, unused])?)
}

/// Forgets sources that nobody knows and whose last request was before `rested`, and known ones that weren't used since
/// `unused`.
pub(crate) fn forget(connection: &Connection, rested: Time, unused: Time, limit: u32) -> Result<usize> {
    Ok(connection
        .prepare_cached(
            "DELETE FROM pushes WHERE (organisation, user, source) IN
             (SELECT organisation, user, source FROM pushes WHERE known = 0 AND last < ?1
              UNION ALL SELECT organisation, user, source FROM pushes WHERE known = 1 AND last < ?2 LIMIT ?3)",
        )?
        .execute(params![rested, unused, limit])?)
}
