//! Whose account, and locks of push. Failures and requests have files of their own.

use countersign_protocol::Id;
use rusqlite::{Connection, OptionalExtension, params};

use super::{Result, failures, pushes};
use crate::time::Time;

/// Whose account: a user of an organisation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Account {
    pub(crate) organisation: Id,
    pub(crate) user: String,
}

/// Since when push is locked, if it is.
pub(crate) fn push_lock(connection: &Connection, account: &Account) -> Result<Option<Time>> {
    Ok(connection
        .prepare_cached("SELECT since FROM push_locks WHERE organisation = ?1 AND user = ?2")?
        .query_row(params![account.organisation.as_bytes(), account.user], |row| row.get(0))
        .optional()?)
}

/// Locks push. False if it was locked before; its time stays then.
pub(crate) fn lock_push(connection: &Connection, account: &Account, now: Time) -> Result<bool> {
    let changed = connection
        .prepare_cached(
            "INSERT INTO push_locks (organisation, user, since) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
        )?
        .execute(params![account.organisation.as_bytes(), account.user, now])?;
    Ok(changed == 1)
}

/// Starts all counts again and opens every lock. False if there was nothing to do.
pub(crate) fn unlock(connection: &Connection, account: &Account) -> Result<bool> {
    let had_failures = failures::reset_all(connection, account)?;
    let had_pushes = pushes::reset_all(connection, account)?;
    let was_locked = connection
        .prepare_cached("DELETE FROM push_locks WHERE organisation = ?1 AND user = ?2")?
        .execute(params![account.organisation.as_bytes(), account.user])?
        > 0;
    Ok(had_failures || had_pushes || was_locked)
}
