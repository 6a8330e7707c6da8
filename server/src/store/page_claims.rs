//! Which browser has a hosted page: the hash of its cookie, in the row of the enrolment or sign-in.

use countersign_protocol::Id;
use rusqlite::{Connection, OptionalExtension, params};

use super::Result;
use crate::keys::PageKind;

/// What came of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Claimed {
    /// The page is this browser's from now on.
    Now,
    /// A browser has it.
    Before,
    /// There is no such page.
    Unknown,
}

/// Gives the page to the browser with this cookie, unless one has it.
pub(crate) fn claim(connection: &Connection, page: PageKind, id: Id, cookie_hash: &[u8]) -> Result<Claimed> {
    let statement = match page {
        PageKind::Enrolment => "UPDATE enrolments SET page_claim = ?2 WHERE id = ?1 AND page_claim IS NULL",
        PageKind::SignIn => "UPDATE sign_ins SET page_claim = ?2 WHERE id = ?1 AND page_claim IS NULL",
    };
    if connection.prepare_cached(statement)?.execute(params![id.as_bytes(), cookie_hash])? == 1 {
        return Ok(Claimed::Now);
    }
    Ok(if load(connection, page, id)?.is_some() { Claimed::Before } else { Claimed::Unknown })
}

/// The hash of the cookie of the page's browser, if one has it; none at all if there is no such page.
pub(crate) fn load(connection: &Connection, page: PageKind, id: Id) -> Result<Option<Option<Vec<u8>>>> {
    let statement = match page {
        PageKind::Enrolment => "SELECT page_claim FROM enrolments WHERE id = ?1",
        PageKind::SignIn => "SELECT page_claim FROM sign_ins WHERE id = ?1",
    };
    Ok(connection.prepare_cached(statement)?.query_row([id.as_bytes()], |row| row.get(0)).optional()?)
}
