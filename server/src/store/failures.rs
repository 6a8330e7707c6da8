//! Failures in a row, for each authenticator of an account. What they bring is [`crate::throttle`]'s to say.

use countersign_protocol::Id;
use rusqlite::{Connection, OptionalExtension, params};

use super::Result;
use super::accounts::Account;
use crate::source::Source;
use crate::throttle::Failures;
use crate::time::Time;

/// What was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Authenticator {
    /// One-time codes, from anywhere.
    Codes,
    /// One-time codes from one source.
    CodesFrom(Source),
    /// One device's approvals.
    Approvals(Id),
}

impl Authenticator {
    const fn kind(&self) -> &'static str {
        match self {
            Self::Codes => "codes",
            Self::CodesFrom(_) => "codes_from",
            Self::Approvals(_) => "approvals",
        }
    }

    fn scope(&self) -> &[u8] {
        match self {
            Self::Codes => &[],
            Self::CodesFrom(source) => source.as_bytes(),
            Self::Approvals(device) => device.as_bytes(),
        }
    }
}

/// The failures of one authenticator.
pub(crate) fn of(
    connection: &Connection,
    account: &Account,
    authenticator: &Authenticator,
) -> Result<Failures> {
    let failures = connection
        .prepare_cached(
            "SELECT count, last FROM failures
             WHERE organisation = ?1 AND user = ?2 AND authenticator = ?3 AND scope = ?4",
        )?
        .query_row(
            params![
                account.organisation.as_bytes(),
                account.user,
                authenticator.kind(),
                authenticator.scope()
            ],
            |row| Ok(Failures { count: row.get("count")?, last: row.get("last")? }),
        )
        .optional()?;
    Ok(failures.unwrap_or_default())
}

/// Counts one more, and gives them all.
pub(crate) fn count(
    connection: &Connection,
    account: &Account,
    authenticator: &Authenticator,
    now: Time,
) -> Result<Failures> {
    let failures = of(connection, account, authenticator)?.and_one(now);
    connection
        .prepare_cached(
            "INSERT INTO failures (organisation, user, authenticator, scope, count, last)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO UPDATE SET count = ?5, last = ?6",
        )?
        .execute(params![
            account.organisation.as_bytes(),
            account.user,
            authenticator.kind(),
            authenticator.scope(),
            failures.count,
            failures.last
        ])?;
    Ok(failures)
}

/// Resets one authenticator, which was used with success.
pub(crate) fn reset(connection: &Connection, account: &Account, authenticator: &Authenticator) -> Result<()> {
    connection
        .prepare_cached(
            "DELETE FROM failures WHERE organisation = ?1 AND user = ?2 AND authenticator = ?3 AND scope = ?4",
        )?
        .execute(params![
            account.organisation.as_bytes(),
            account.user,
            authenticator.kind(),
            authenticator.scope()
        ])?;
    Ok(())
}

/// Resets all authenticators of an account. False if there was nothing to do.
pub(crate) fn reset_all(connection: &Connection, account: &Account) -> Result<bool> {
    let deleted = connection
        .prepare_cached("DELETE FROM failures WHERE organisation = ?1 AND user = ?2")?
        .execute(params![account.organisation.as_bytes(), account.user])?;
    Ok(deleted > 0)
}

/// The failures at codes, by source, and at approvals, by device.
pub(crate) fn all(connection: &Connection, account: &Account) -> Result<Vec<(Authenticator, Failures)>> {
    let mut statement = connection.prepare_cached(
        "SELECT authenticator, scope, count, last FROM failures WHERE organisation = ?1 AND user = ?2
         ORDER BY authenticator, last DESC LIMIT 1000",
    )?;
    let mut rows = statement.query(params![account.organisation.as_bytes(), account.user])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let kind: String = row.get("authenticator")?;
        let authenticator = match kind.as_str() {
            "codes" => Authenticator::Codes,
            "codes_from" => Authenticator::CodesFrom(Source::from_bytes(row.get("scope")?)),
            _ => Authenticator::Approvals(super::id(row, "scope")?),
        };
        all.push((authenticator, Failures { count: row.get("count")?, last: row.get("last")? }));
    }
    Ok(all)
}

/// Whether there is anything for [`forget`] to forget.
pub(crate) fn has_forgettable(connection: &Connection, before: Time) -> Result<bool> {
    Ok(connection
        .prepare_cached("SELECT 1 FROM failures WHERE authenticator = 'codes_from' AND last < ?1")?
        .exists([before])?)
}

/// Forgets the failures of sources whose last one was before `before`. Those of an account's codes stay: nobody gains by
/// waiting.
pub(crate) fn forget(connection: &Connection, before: Time, limit: u32) -> Result<usize> {
    Ok(connection
        .prepare_cached(
            "DELETE FROM failures WHERE (organisation, user, authenticator, scope) IN
             (SELECT organisation, user, authenticator, scope FROM failures
              WHERE authenticator = 'codes_from' AND last < ?1 LIMIT ?2)",
        )?
        .execute(params![before, limit])?)
}
