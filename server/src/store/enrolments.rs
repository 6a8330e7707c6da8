//! Enrolments: from a ticket to an active device.

use countersign_protocol::{Id, Thumbprint};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::accounts::Account;
use super::clients::Client;
use super::{Result, id, optional_id, thumbprint};
use crate::time::{CLOCK_TOLERANCE, Time};

super::text_enum! {
    /// How far an enrolment has come.
    EnrolmentState {
        /// Its ticket waits to be used.
        Pending = "pending",
        /// A device has used the ticket; its first approval is still missing.
        AwaitingActivation = "awaiting_activation",
        /// The device is active.
        Active = "active",
        /// A wrong number was typed on the device.
        Failed = "failed",
        /// The activation was denied on the device.
        Denied = "denied",
        /// The activation was reported from the device as not the person's.
        Reported = "reported",
        /// Its time is over.
        Expired = "expired",
        /// Withdrawn.
        Cancelled = "cancelled",
    }
}

/// An enrolment.
#[derive(Clone, Debug)]
pub(crate) struct Enrolment {
    pub(crate) id: Id,
    pub(crate) account: Account,
    pub(crate) client: String,
    pub(crate) display_name: Option<String>,
    /// Whether the relying party shows link and number itself, in place of the page.
    pub(crate) shown_by_client: bool,
    /// The signing key that its link pins.
    pub(crate) service_key: Thumbprint,
    pub(crate) state: EnrolmentState,
    pub(crate) created: Time,
    /// When the ticket expires; once it is used, when the activation does.
    pub(crate) expires: Time,
    /// Hash of the request that used the ticket.
    pub(crate) request_hash: Option<Vec<u8>>,
    pub(crate) check_value: Option<String>,
    pub(crate) device: Option<Id>,
    /// The sign-in that activates the device.
    pub(crate) activation: Option<Id>,
    /// The device that asked for it, and ends when it is done.
    pub(crate) replaces: Option<Replaces>,
    /// Where the page sends the browser once the enrolment has ended.
    pub(crate) return_url: Option<String>,
}

/// The device whose place another one takes, and its request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Replaces {
    pub(crate) device: Id,
    pub(crate) request_hash: Vec<u8>,
}

/// What a ticket's use writes into its enrolment.
pub(crate) struct TicketUse<'a> {
    pub(crate) enrolment: Id,
    pub(crate) request_hash: &'a [u8],
    pub(crate) check_value: &'a str,
    pub(crate) device: Id,
    pub(crate) activation: Id,
    /// When the activation expires.
    pub(crate) expires: Time,
}

impl Enrolment {
    /// The state at this moment, also when nobody has written yet that its time is over. One that was started by a clock
    /// that was ahead is over.
    pub(crate) fn state_at(&self, now: Time) -> EnrolmentState {
        let is_over = self.expires <= now || self.created.is_ahead_of(now);
        match self.state {
            EnrolmentState::Pending | EnrolmentState::AwaitingActivation if is_over => {
                EnrolmentState::Expired
            }
            state => state,
        }
    }
}

pub(crate) fn insert(connection: &Connection, enrolment: &Enrolment) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO enrolments (id, organisation, client, user, display_name, shown_by_client, service_key, state, created,
                 expires, replaces, replace_hash, return_url)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        )?
        .execute(params![
            enrolment.id.as_bytes(),
            enrolment.account.organisation.as_bytes(),
            enrolment.client,
            enrolment.account.user,
            enrolment.display_name,
            enrolment.shown_by_client,
            enrolment.service_key.to_string(),
            enrolment.state,
            enrolment.created,
            enrolment.expires,
            enrolment.replaces.as_ref().map(|replaces| replaces.device.as_bytes()),
            enrolment.replaces.as_ref().map(|replaces| replaces.request_hash.as_slice()),
            enrolment.return_url
        ])?;
    Ok(())
}

pub(crate) fn load(connection: &Connection, enrolment: Id) -> Result<Option<Enrolment>> {
    connection
        .prepare_cached("SELECT * FROM enrolments WHERE id = ?1")?
        .query_row([enrolment.as_bytes()], |row| Ok(read(row)))
        .optional()?
        .transpose()
}

/// Enrolments of the account that are neither done nor over.
pub(crate) fn count_open(connection: &Connection, account: &Account, now: Time) -> Result<u32> {
    Ok(connection
        .prepare_cached(
            "SELECT count(*) FROM enrolments
             WHERE organisation = ?1 AND user = ?2 AND state IN ('pending', 'awaiting_activation') AND expires > ?3
                 AND created <= ?4",
        )?
        .query_row(
            params![account.organisation.as_bytes(), account.user, now, now + CLOCK_TOLERANCE],
            |row| row.get(0),
        )?)
}

/// Tickets of the account that may still become a device beside those that there are.
pub(crate) fn count_tickets(connection: &Connection, account: &Account, now: Time) -> Result<usize> {
    let tickets: u32 = connection
        .prepare_cached(
            "SELECT count(*) FROM enrolments
             WHERE organisation = ?1 AND user = ?2 AND state = 'pending' AND expires > ?3 AND created <= ?4
                 AND replaces IS NULL",
        )?
        .query_row(
            params![account.organisation.as_bytes(), account.user, now, now + CLOCK_TOLERANCE],
            |row| row.get(0),
        )?;
    Ok(usize::try_from(tickets).unwrap_or(usize::MAX))
}

/// Uses a ticket up. False if it was used, withdrawn or is over.
pub(crate) fn use_ticket(connection: &Connection, ticket: &TicketUse<'_>, now: Time) -> Result<bool> {
    let changed = connection
        .prepare_cached(
            "UPDATE enrolments SET state = 'awaiting_activation', request_hash = ?2, check_value = ?3, device = ?4,
                 activation = ?5, expires = ?6
             WHERE id = ?1 AND state = 'pending' AND expires > ?7",
        )?
        .execute(params![
            ticket.enrolment.as_bytes(),
            ticket.request_hash,
            ticket.check_value,
            ticket.device.as_bytes(),
            ticket.activation.as_bytes(),
            ticket.expires,
            now
        ])?;
    Ok(changed == 1)
}

/// Ends an open enrolment, well or badly. False if it has ended before.
pub(crate) fn end(connection: &Connection, enrolment: Id, state: EnrolmentState) -> Result<bool> {
    let changed = connection
        .prepare_cached(
            "UPDATE enrolments SET state = ?2 WHERE id = ?1 AND state IN ('pending', 'awaiting_activation')",
        )?
        .execute(params![enrolment.as_bytes(), state])?;
    Ok(changed == 1)
}

/// Open first enrolments of the account: those that Entra's door has made, which makes them only for accounts without an
/// active device and without a lock.
pub(crate) fn open_first(connection: &Connection, account: &Account) -> Result<Vec<Enrolment>> {
    let mut statement = connection.prepare_cached(
        "SELECT * FROM enrolments
         WHERE organisation = ?1 AND user = ?2 AND state IN ('pending', 'awaiting_activation')
             AND EXISTS (SELECT 1 FROM entra_requests WHERE entra_requests.id = enrolments.id)",
    )?;
    let mut rows = statement.query(params![account.organisation.as_bytes(), account.user])?;
    let mut enrolments = Vec::new();
    while let Some(row) = rows.next()? {
        enrolments.push(read(row)?);
    }
    Ok(enrolments)
}

/// Open enrolments of devices that are to take this one's place.
pub(crate) fn open_replacements(connection: &Connection, device: Id) -> Result<Vec<Enrolment>> {
    let mut statement = connection.prepare_cached(
        "SELECT * FROM enrolments WHERE replaces = ?1 AND state IN ('pending', 'awaiting_activation')",
    )?;
    let mut rows = statement.query([device.as_bytes()])?;
    let mut enrolments = Vec::new();
    while let Some(row) = rows.next()? {
        enrolments.push(read(row)?);
    }
    Ok(enrolments)
}

/// Open enrolments that were started by a clock that was ahead.
pub(crate) fn ahead(connection: &Connection, now: Time, limit: u32) -> Result<Vec<Enrolment>> {
    let mut statement = connection.prepare_cached(
        "SELECT * FROM enrolments
         WHERE state IN ('pending', 'awaiting_activation') AND expires > ?1 AND created > ?1 LIMIT ?2",
    )?;
    let mut rows = statement.query(params![now + CLOCK_TOLERANCE, limit])?;
    let mut enrolments = Vec::new();
    while let Some(row) = rows.next()? {
        enrolments.push(read(row)?);
    }
    Ok(enrolments)
}

/// Enrolments of a client that wait. Those that a device has asked for aren't the client's to end.
pub(crate) fn waiting_of(connection: &Connection, client: &Client) -> Result<Vec<Enrolment>> {
    let mut statement = connection.prepare_cached(
        "SELECT * FROM enrolments
         WHERE state IN ('pending', 'awaiting_activation') AND replaces IS NULL
             AND organisation = ?1 AND client = ?2",
    )?;
    let mut rows = statement.query(params![client.organisation.as_bytes(), client.name])?;
    let mut waiting = Vec::new();
    while let Some(row) = rows.next()? {
        waiting.push(read(row)?);
    }
    Ok(waiting)
}

/// Open enrolments whose time is over.
pub(crate) fn overdue(connection: &Connection, now: Time, limit: u32) -> Result<Vec<Enrolment>> {
    let mut statement = connection.prepare_cached(
        "SELECT * FROM enrolments WHERE state IN ('pending', 'awaiting_activation') AND expires <= ?1
         ORDER BY expires LIMIT ?2",
    )?;
    let mut rows = statement.query(params![now, limit])?;
    let mut enrolments = Vec::new();
    while let Some(row) = rows.next()? {
        enrolments.push(read(row)?);
    }
    Ok(enrolments)
}

/// Whether there is anything for [`prune_unused`] to delete.
pub(crate) fn has_unused_older(connection: &Connection, before: Time) -> Result<bool> {
    Ok(connection
        .prepare_cached(
            "SELECT 1 FROM enrolments
             WHERE state NOT IN ('pending', 'awaiting_activation') AND device IS NULL AND expires < ?1",
        )?
        .exists([before])?)
}

/// Deletes ended enrolments that no device has used and that expired before `before`.
pub(crate) fn prune_unused(connection: &Connection, before: Time, limit: u32) -> Result<usize> {
    Ok(connection
        .prepare_cached(
            "DELETE FROM enrolments WHERE id IN
             (SELECT id FROM enrolments
              WHERE state NOT IN ('pending', 'awaiting_activation') AND device IS NULL AND expires < ?1
              ORDER BY expires LIMIT ?2)",
        )?
        .execute(params![before, limit])?)
}

fn read(row: &Row<'_>) -> Result<Enrolment> {
    Ok(Enrolment {
        id: id(row, "id")?,
        account: Account { organisation: id(row, "organisation")?, user: row.get("user")? },
        client: row.get("client")?,
        display_name: row.get("display_name")?,
        shown_by_client: row.get("shown_by_client")?,
        service_key: thumbprint(row, "service_key")?,
        state: row.get("state")?,
        created: row.get("created")?,
        expires: row.get("expires")?,
        request_hash: row.get("request_hash")?,
        check_value: row.get("check_value")?,
        device: optional_id(row, "device")?,
        activation: optional_id(row, "activation")?,
        replaces: match (optional_id(row, "replaces")?, row.get("replace_hash")?) {
            (Some(device), Some(request_hash)) => Some(Replaces { device, request_hash }),
            _ => None,
        },
        return_url: row.get("return_url")?,
    })
}
