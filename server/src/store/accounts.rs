//! How accounts stand: failures and pushes since their last success, and locks.

use countersign_protocol::Id;
use rusqlite::{Connection, OptionalExtension, params};

use super::Result;
use crate::throttle::{self, Lock};
use crate::time::Time;

/// Whose account: a user of an organisation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Account {
    pub(crate) organisation: Id,
    pub(crate) user: String,
}

/// How an account stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Wrong numbers and codes in a row.
    pub(crate) failures: u32,
    /// The end of the lock that the last of them brought.
    pub(crate) locked_until: Time,
    /// Sign-ins that devices were asked about since one succeeded.
    pub(crate) pushes: u32,
    /// When the last of them was started.
    pub(crate) last_push: Time,
    /// Since when push is locked, if it is.
    pub(crate) push_locked: Option<Time>,
}

impl Default for Standing {
    /// An account that nothing has happened to.
    fn default() -> Self {
        let never = Time::from_millis(i64::MIN);
        Self { failures: 0, locked_until: never, pushes: 0, last_push: never, push_locked: None }
    }
}

impl Standing {
    /// Whether the account's failures lock it at this moment.
    pub(crate) fn lock(&self, now: Time) -> Option<Lock> {
        throttle::lock_at(self.failures, self.locked_until, now)
    }
}

/// How the account stands.
pub(crate) fn standing(connection: &Connection, account: &Account) -> Result<Standing> {
    let standing = connection
        .prepare_cached(
            "SELECT failures, locked_until, pushes, last_push, push_locked FROM accounts
             WHERE organisation = ?1 AND user = ?2",
        )?
        .query_row(params![account.organisation.as_bytes(), account.user], |row| {
            Ok(Standing {
                failures: row.get("failures")?,
                locked_until: row.get("locked_until")?,
                pushes: row.get("pushes")?,
                last_push: row.get("last_push")?,
                push_locked: row.get("push_locked")?,
            })
        })
        .optional()?;
    Ok(standing.unwrap_or_default())
}

/// Whether the account is locked by its failures at this moment.
pub(crate) fn lock(connection: &Connection, account: &Account, now: Time) -> Result<Option<Lock>> {
    Ok(standing(connection, account)?.lock(now))
}

/// Counts one more failure and sets the lock that it brings; gives the count.
pub(crate) fn count_failure(connection: &Connection, account: &Account, now: Time) -> Result<u32> {
    let failures: u32 = connection
        .prepare_cached(
            "INSERT INTO accounts (organisation, user, failures) VALUES (?1, ?2, 1)
             ON CONFLICT DO UPDATE SET failures = failures + 1 RETURNING failures",
        )?
        .query_row(params![account.organisation.as_bytes(), account.user], |row| row.get(0))?;
    connection
        .prepare_cached("UPDATE accounts SET locked_until = ?3 WHERE organisation = ?1 AND user = ?2")?
        .execute(params![
            account.organisation.as_bytes(),
            account.user,
            now + throttle::delay_after(failures)
        ])?;
    Ok(failures)
}

/// Notes that devices are asked about a sign-in: the `pushes`th since the last that succeeded.
pub(crate) fn note_push(connection: &Connection, account: &Account, pushes: u32, now: Time) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO accounts (organisation, user, pushes, last_push) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET pushes = ?3, last_push = ?4",
        )?
        .execute(params![account.organisation.as_bytes(), account.user, pushes, now])?;
    Ok(())
}

/// Locks push. False if it was locked before; its time stays then.
pub(crate) fn lock_push(connection: &Connection, account: &Account, now: Time) -> Result<bool> {
    let changed = connection
        .prepare_cached(
            "INSERT INTO accounts (organisation, user, push_locked) VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET push_locked = ?3 WHERE push_locked IS NULL",
        )?
        .execute(params![account.organisation.as_bytes(), account.user, now])?;
    Ok(changed == 1)
}

/// Starts all counts anew after a success. A lock of push stays.
pub(crate) fn note_success(connection: &Connection, account: &Account) -> Result<()> {
    let key = params![account.organisation.as_bytes(), account.user];
    let deleted = connection
        .prepare_cached("DELETE FROM accounts WHERE organisation = ?1 AND user = ?2 AND push_locked IS NULL")?
        .execute(key)?;
    if deleted == 0 {
        connection
            .prepare_cached(
                "UPDATE accounts SET failures = 0, locked_until = 0, pushes = 0
                 WHERE organisation = ?1 AND user = ?2",
            )?
            .execute(key)?;
    }
    Ok(())
}

/// Starts all counts anew and opens every lock. False if there was nothing to do.
pub(crate) fn unlock(connection: &Connection, account: &Account) -> Result<bool> {
    let changed = connection
        .prepare_cached("DELETE FROM accounts WHERE organisation = ?1 AND user = ?2")?
        .execute(params![account.organisation.as_bytes(), account.user])?;
    Ok(changed > 0)
}

/// Whether there is anything for [`forget_idle`] to forget.
pub(crate) fn has_idle(connection: &Connection, before: Time) -> Result<bool> {
    Ok(connection
        .prepare_cached(
            "SELECT 1 FROM accounts WHERE failures = 0 AND push_locked IS NULL AND last_push < ?1",
        )?
        .exists([before])?)
}

/// Forgets accounts whose last push was before `before`, and that nothing else is known of.
pub(crate) fn forget_idle(connection: &Connection, before: Time, limit: u32) -> Result<usize> {
    Ok(connection
        .prepare_cached(
            "DELETE FROM accounts WHERE (organisation, user) IN
             (SELECT organisation, user FROM accounts
              WHERE failures = 0 AND push_locked IS NULL AND last_push < ?1 ORDER BY last_push LIMIT ?2)",
        )?
        .execute(params![before, limit])?)
}
