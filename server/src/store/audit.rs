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
    /// Whoever runs the service, at its command line.
    CommandLine,
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
    /// Whose account it concerns; empty if it concerns none.
    pub(crate) user: String,
    pub(crate) subject: Option<Id>,
    /// What another system calls it.
    pub(crate) reference: Option<String>,
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
        /// Microsoft Entra sent somebody for their second factor.
        EntraRequest = "entra.request",
        /// Push was locked for the account.
        UserLock = "user.lock",
        /// The account was unlocked.
        UserUnlock = "user.unlock",
        /// A client was made.
        ClientCreate = "client.create",
        /// A client's rights or configuration were changed.
        ClientChange = "client.change",
        /// A client was revoked.
        ClientRevoke = "client.revoke",
        /// A client was given another secret.
        ClientSecretAdd = "client.secret_add",
        /// A secret of a client was removed.
        ClientSecretRemove = "client.secret_remove",
        /// Somebody couldn't show that they are this client.
        ClientRefuse = "client.refuse",
    }
}

/// Whom or what an act concerns.
#[derive(Clone, Copy, Debug)]
pub(crate) enum About<'a> {
    /// Somebody's account.
    Account(&'a Account),
    /// The organisation itself, or one of its clients.
    Organisation(Id),
}

/// What is written down of an act.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Act<'a> {
    pub(crate) at: Time,
    pub(crate) actor: &'a Actor,
    pub(crate) event: Event,
    pub(crate) outcome: &'a str,
    pub(crate) about: About<'a>,
    /// The enrolment, device, sign-in or client.
    pub(crate) subject: Option<Id>,
}

/// Adds a line.
pub(crate) fn append(connection: &Connection, act: &Act<'_>) -> Result<()> {
    append_with_reference(connection, act, None)
}

/// Adds a line, with what another system calls it.
pub(crate) fn append_with_reference(
    connection: &Connection,
    act: &Act<'_>,
    reference: Option<&str>,
) -> Result<()> {
    let actor = match act.actor {
        Actor::Client(name) => format!("client:{name}"),
        Actor::Device(device) => format!("device:{device}"),
        Actor::Page => "page".to_owned(),
        Actor::CommandLine => "command_line".to_owned(),
        Actor::Service => "service".to_owned(),
    };
    let (organisation, user) = match act.about {
        About::Account(account) => (account.organisation, account.user.as_str()),
        About::Organisation(organisation) => (organisation, ""),
    };
    connection
        .prepare_cached(
            "INSERT INTO audit (at, organisation, actor, event, outcome, user, subject, reference)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            act.at,
            organisation.as_bytes(),
            actor,
            act.event,
            act.outcome,
            user,
            act.subject.as_ref().map(Id::as_bytes),
            reference
        ])?;
    Ok(())
}

/// Lines of an organisation after the line `after`, oldest first.
pub(crate) fn list(connection: &Connection, organisation: Id, after: i64, limit: u32) -> Result<Vec<Entry>> {
    let mut statement = connection.prepare_cached(
        "SELECT id, at, actor, event, outcome, user, subject, reference FROM audit
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
            reference: row.get("reference")?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
