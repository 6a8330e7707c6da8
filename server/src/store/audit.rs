//! The audit log: who did what, when, and what came of it. It only grows, and no secret is in it.

use countersign_protocol::Id;
use rusqlite::{Connection, params};

use super::accounts::Account;
use super::{Result, optional_id};
use crate::time::Time;

/// Who acted.
#[derive(Clone, Debug)]
pub(crate) enum Actor {
    /// A relying party, by its client name.
    Client(String),
    /// A device.
    Device(Id),
    /// The person at a hosted page.
    Page,
    /// The service itself, as when a time is over.
    Service,
}

/// One line of the log.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) id: i64,
    pub(crate) at: Time,
    pub(crate) actor: String,
    pub(crate) event: String,
    pub(crate) outcome: String,
    pub(crate) user: String,
    pub(crate) subject: Option<Id>,
}

super::text_enum! {
    /// What was done or tried.
    Event {
        /// A ticket was made.
        EnrolmentCreate = "enrolment.create",
        /// A device used, or tried to use, a ticket.
        EnrolmentUse = "enrolment.use",
        /// An enrolment ended otherwise than by an answer.
        EnrolmentEnd = "enrolment.end",
        /// A device's activation was answered.
        DeviceActivate = "device.activate",
        /// A device was renamed.
        DeviceRename = "device.rename",
        /// A device's wake-up channel was changed.
        DeviceWakeUp = "device.wake_up",
        /// A device couldn't be woken.
        WakeUpFail = "wake_up.fail",
        /// A device was revoked.
        DeviceRevoke = "device.revoke",
        /// A device asked for another to take its place, or one has.
        DeviceReplace = "device.replace",
        /// A device's accounts went to a new phone over the service.
        DeviceMove = "device.move",
        /// A sign-in was started.
        SignInCreate = "sign_in.create",
        /// A sign-in was answered by a device.
        SignInAnswer = "sign_in.answer",
        /// A sign-in ended without an answer.
        SignInEnd = "sign_in.end",
        /// A one-time code was given.
        CodeVerify = "code.verify",
        /// A client of the OpenID door exchanged a code for tokens, or tried to do so again.
        TokenIssue = "token.issue",
        /// Push was locked for the account.
        UserLock = "user.lock",
        /// The account was unlocked.
        UserUnlock = "user.unlock",
    }
}

/// Adds a line.
pub(crate) fn append(
    connection: &Connection,
    at: Time,
    actor: &Actor,
    event: Event,
    outcome: &str,
    account: &Account,
    subject: Option<Id>,
) -> Result<()> {
    let actor = match actor {
        Actor::Client(name) => format!("client:{name}"),
        Actor::Device(device) => format!("device:{device}"),
        Actor::Page => "page".to_owned(),
        Actor::Service => "service".to_owned(),
    };
    connection
        .prepare_cached(
            "INSERT INTO audit (at, organisation, actor, event, outcome, user, subject)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            at,
            account.organisation.as_bytes(),
            actor,
            event,
            outcome,
            account.user,
            subject.as_ref().map(Id::as_bytes)
        ])?;
    Ok(())
}

/// Lines of an organisation after the line `after`, oldest first.
pub(crate) fn list(connection: &Connection, organisation: Id, after: i64, limit: u32) -> Result<Vec<Entry>> {
    let mut statement = connection.prepare_cached(
        "SELECT id, at, actor, event, outcome, user, subject FROM audit
         WHERE organisation = ?1 AND id > ?2 ORDER BY id LIMIT ?3",
    )?;
    let rows = statement.query_map(params![organisation.as_bytes(), after, limit], |row| {
        Ok(Entry {
            id: row.get("id")?,
            at: row.get("at")?,
            actor: row.get("actor")?,
            event: row.get("event")?,
            outcome: row.get("outcome")?,
            user: row.get("user")?,
            subject: optional_id(row, "subject")?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
