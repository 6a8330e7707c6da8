//! Times that were stored while the clock was ahead. Every rule passes over them by itself; here they are found, so that
//! the log says what happened, and set right, so that they don't come true later.

use rusqlite::{Connection, params};

use super::Result;
use crate::time::{CLOCK_TOLERANCE, Time};

/// How many times of each kind lay ahead.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ahead {
    pub(crate) failures: usize,
    pub(crate) pushes: usize,
    pub(crate) locks: usize,
    pub(crate) retries: usize,
}

impl Ahead {
    pub(crate) fn is_any(self) -> bool {
        self != Self::default()
    }
}

/// Finds and sets right what lies ahead of `now`.
pub(crate) fn set_right(connection: &Connection, now: Time) -> Result<Ahead> {
    let ahead = now + CLOCK_TOLERANCE;
    // Failures stay counted; nobody waits for them.
    let failures = connection.execute("UPDATE failures SET last = 0 WHERE last > ?1", [ahead])?;
    let pushes = connection.execute(
        "UPDATE pushes SET count = 0, last = ?2 WHERE known IN (0, 1) AND last > ?1",
        params![ahead, now],
    )?;
    // A lock has no end of its own: only its beginning is told.
    let locks =
        connection.execute("UPDATE push_locks SET since = ?2 WHERE since > ?1", params![ahead, now])?;
    connection
        .execute("UPDATE mailboxes SET since = ?2, opened = 0 WHERE since > ?1", params![ahead, now])?;
    let retries = connection.execute("UPDATE idempotency SET at = ?2 WHERE at > ?1", params![ahead, now])?;
    // When a client was last used is shown, and decides nothing.
    for table in ["clients", "client_secrets"] {
        connection.execute(
            &format!("UPDATE {table} SET last_used = ?2 WHERE last_used > ?1"),
            params![ahead, now],
        )?;
    }
    Ok(Ahead { failures, pushes, locks, retries })
}
