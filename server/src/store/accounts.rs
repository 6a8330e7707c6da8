//! Failures that an account has had since its last success.

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

/// Whether the account is locked at this moment.
pub(crate) fn lock(connection: &Connection, account: &Account, now: Time) -> Result<Option<Lock>> {
    let row: Option<(u32, Time)> = connection
        .prepare_cached("SELECT failures, locked_until FROM accounts WHERE organisation = ?1 AND user = ?2")?
        .query_row(params![account.organisation.as_bytes(), account.user], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    Ok(row.and_then(|(failures, until)| throttle::lock_at(failures, until, now)))
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

/// Forgets the failures: after a success, or when an administrator unlocks. True if there were any.
pub(crate) fn forget_failures(connection: &Connection, account: &Account) -> Result<bool> {
    let changed = connection
        .prepare_cached("DELETE FROM accounts WHERE organisation = ?1 AND user = ?2")?
        .execute(params![account.organisation.as_bytes(), account.user])?;
    Ok(changed > 0)
}
