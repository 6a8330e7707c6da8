//! Mailboxes: sealed parts of a move to a new phone, for minutes. A device has one at most; its row outlives the mailbox
//! for as long as openings are counted.

use countersign_protocol::messages::SealedPart;
use countersign_protocol::{Id, MailboxId};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{Result, id};
use crate::time::Time;

/// A device's mailbox, if one is open, and how many it has opened.
#[derive(Clone, Debug)]
pub(crate) struct Mailbox {
    pub(crate) device: Id,
    /// The device's.
    pub(crate) organisation: Id,
    /// Sealed bytes in it.
    pub(crate) bytes: i64,
    /// SHA-256 of its name; nothing once it has ended.
    name: Option<[u8; 32]>,
    /// Parts that its content has.
    pub(crate) count: u16,
    expires: Time,
    /// Mailboxes that the device has opened since `since`.
    pub(crate) opened: u32,
    pub(crate) since: Time,
}

/// Whose parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// Put in by the old phone.
    Accounts,
    /// Left by the new one.
    Receipt,
}

impl Mailbox {
    /// Whether it is open, under this name.
    pub(crate) fn is(&self, mailbox: &MailboxId, now: Time) -> bool {
        self.name.as_ref() == Some(mailbox.as_bytes()) && !self.is_over(now)
    }

    /// Whether its time is over, also when nobody has written so yet.
    pub(crate) fn is_over(&self, now: Time) -> bool {
        self.expires <= now
    }
}

pub(crate) fn load(connection: &Connection, device: Id) -> Result<Option<Mailbox>> {
    let mut statement = connection.prepare_cached("SELECT * FROM mailboxes WHERE device = ?1")?;
    Ok(statement.query_row([device.as_bytes()], read).optional()?)
}

/// The open mailbox of this name.
pub(crate) fn find(connection: &Connection, mailbox: &MailboxId, now: Time) -> Result<Option<Mailbox>> {
    let mut statement =
        connection.prepare_cached("SELECT * FROM mailboxes WHERE name = ?1 AND expires > ?2")?;
    Ok(statement.query_row(params![mailbox.as_bytes(), now], read).optional()?)
}

/// Whether another device has a mailbox of this name.
pub(crate) fn is_taken(connection: &Connection, device: Id, mailbox: &MailboxId) -> Result<bool> {
    let mut statement =
        connection.prepare_cached("SELECT 1 FROM mailboxes WHERE name = ?1 AND device <> ?2")?;
    Ok(statement.exists(params![mailbox.as_bytes(), device.as_bytes()])?)
}

/// Opens an empty mailbox for a device that has none.
pub(crate) fn open(
    connection: &Connection,
    (device, organisation): (Id, Id),
    mailbox: &MailboxId,
    count: u16,
    expires: Time,
    (opened, since): (u32, Time),
) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO mailboxes (device, organisation, name, count, expires, opened, since)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (device) DO UPDATE SET name = ?3, count = ?4, expires = ?5, opened = ?6, since = ?7",
        )?
        .execute(params![
            device.as_bytes(),
            organisation.as_bytes(),
            mailbox.as_bytes(),
            count,
            expires,
            opened,
            since
        ])?;
    Ok(())
}

/// Sealed bytes that all mailboxes hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Usage {
    /// Those of one organisation.
    pub(crate) organisation: i64,
    /// Those of all organisations together.
    pub(crate) all: i64,
}

/// What the mailboxes hold at this moment.
pub(crate) fn usage(connection: &Connection, organisation: Id) -> Result<Usage> {
    let mut all =
        connection.prepare_cached("SELECT coalesce(sum(bytes), 0) FROM mailboxes WHERE bytes > 0")?;
    let mut own = connection.prepare_cached(
        "SELECT coalesce(sum(bytes), 0) FROM mailboxes WHERE organisation = ?1 AND bytes > 0",
    )?;
    Ok(Usage {
        organisation: own.query_row([organisation.as_bytes()], |row| row.get(0))?,
        all: all.query_row([], |row| row.get(0))?,
    })
}

/// How many parts are there. They come in order, so this is the number of the last.
pub(crate) fn held(connection: &Connection, device: Id, content: Content) -> Result<u16> {
    let mut statement = connection
        .prepare_cached("SELECT count(*) FROM mailbox_parts WHERE device = ?1 AND is_receipt = ?2")?;
    Ok(statement.query_row(params![device.as_bytes(), content == Content::Receipt], |row| row.get(0))?)
}

/// Sealed bytes of a part.
pub(crate) fn byte_count(part: &SealedPart) -> i64 {
    i64::try_from(part.0.len()).unwrap_or(i64::MAX)
}

/// Adds a part. One that is there stays as it is.
pub(crate) fn put(
    connection: &Connection,
    device: Id,
    content: Content,
    number: u16,
    part: &SealedPart,
) -> Result<()> {
    let added = connection
        .prepare_cached(
            "INSERT OR IGNORE INTO mailbox_parts (device, is_receipt, number, sealed) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![device.as_bytes(), content == Content::Receipt, number, part.0])?;
    if added == 1 {
        connection
            .prepare_cached("UPDATE mailboxes SET bytes = bytes + ?2 WHERE device = ?1")?
            .execute(params![device.as_bytes(), byte_count(part)])?;
    }
    Ok(())
}

/// Parts from `first` on, at most `limit`.
pub(crate) fn parts(
    connection: &Connection,
    device: Id,
    content: Content,
    first: u16,
    limit: usize,
) -> Result<Vec<SealedPart>> {
    let mut statement = connection.prepare_cached(
        "SELECT sealed FROM mailbox_parts WHERE device = ?1 AND is_receipt = ?2 AND number >= ?3
         ORDER BY number LIMIT ?4",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = statement
        .query_map(params![device.as_bytes(), content == Content::Receipt, first, limit], |row| {
            row.get(0).map(SealedPart)
        })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Removes the accounts' parts: the new phone has them.
pub(crate) fn remove_accounts(connection: &Connection, device: Id) -> Result<()> {
    connection
        .execute("DELETE FROM mailbox_parts WHERE device = ?1 AND is_receipt = FALSE", [device.as_bytes()])?;
    connection.execute(
        "UPDATE mailboxes SET bytes =
             (SELECT coalesce(sum(length(sealed)), 0) FROM mailbox_parts AS part WHERE part.device = ?1)
         WHERE device = ?1",
        [device.as_bytes()],
    )?;
    Ok(())
}

/// Ends a device's mailbox with all that is in it. False if there is none.
pub(crate) fn end(connection: &Connection, device: Id) -> Result<bool> {
    let ended = connection
        .prepare_cached("UPDATE mailboxes SET name = NULL, bytes = 0 WHERE device = ?1 AND name IS NOT NULL")?
        .execute([device.as_bytes()])?;
    connection.prepare_cached("DELETE FROM mailbox_parts WHERE device = ?1")?.execute([device.as_bytes()])?;
    Ok(ended == 1)
}

/// Devices whose mailbox's time is over.
pub(crate) fn overdue(connection: &Connection, now: Time, limit: u32) -> Result<Vec<Id>> {
    let mut statement = connection.prepare_cached(
        "SELECT device FROM mailboxes WHERE name IS NOT NULL AND expires <= ?1 ORDER BY expires LIMIT ?2",
    )?;
    let rows = statement.query_map(params![now, limit], |row| id(row, "device"))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Whether there are openings that don't count any more.
pub(crate) fn has_forgettable(connection: &Connection, before: Time) -> Result<bool> {
    Ok(connection
        .prepare_cached("SELECT 1 FROM mailboxes WHERE name IS NULL AND since < ?1")?
        .exists([before])?)
}

/// Forgets openings that don't count any more.
pub(crate) fn forget(connection: &Connection, before: Time, limit: u32) -> Result<usize> {
    Ok(connection
        .prepare_cached(
            "DELETE FROM mailboxes WHERE device IN
             (SELECT device FROM mailboxes WHERE name IS NULL AND since < ?1 ORDER BY since LIMIT ?2)",
        )?
        .execute(params![before, limit])?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Mailbox> {
    Ok(Mailbox {
        device: id(row, "device")?,
        organisation: id(row, "organisation")?,
        bytes: row.get("bytes")?,
        name: row.get("name")?,
        count: row.get("count")?,
        expires: row.get("expires")?,
        opened: row.get("opened")?,
        since: row.get("since")?,
    })
}
