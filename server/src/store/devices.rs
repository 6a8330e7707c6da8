//! Devices, and the changes that they have made to themselves.

use countersign_protocol::messages::{NewerDevice, Platform};
use countersign_protocol::{Id, Jwk, Thumbprint};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::accounts::Account;
use super::{Result, id, key, thumbprint};
use crate::otp::{Marks, Step};
use crate::source::Source;
use crate::time::{CLOCK_TOLERANCE, Time};

super::text_enum! {
    /// How far a device has come.
    DeviceState {
        /// Enrolled; its first approval is still missing.
        AwaitingActivation = "awaiting_activation",
        /// Approves sign-ins.
        Active = "active",
        /// Given up or thrown out.
        Revoked = "revoked",
    }
}

/// A device.
#[derive(Clone, Debug)]
pub(crate) struct Device {
    pub(crate) id: Id,
    pub(crate) account: Account,
    pub(crate) enrolment: Id,
    pub(crate) state: DeviceState,
    pub(crate) name: String,
    pub(crate) platform: String,
    pub(crate) hardware_keys: bool,
    pub(crate) wake_up: Option<String>,
    pub(crate) device_key: Jwk,
    pub(crate) approval_key: Jwk,
    pub(crate) encryption_key: Jwk,
    /// The signing key that the device was last known to trust.
    pub(crate) service_key: Thumbprint,
    pub(crate) created: Time,
    pub(crate) activated: Option<Time>,
}

/// What is remembered about a device's one-time codes.
pub(crate) struct Totp {
    pub(crate) device: Id,
    pub(crate) sealed_secret: Vec<u8>,
    pub(crate) marks: Marks,
    /// A right code that waits for the next one, and where it was typed.
    pub(crate) first_code: Option<(i64, Source)>,
}

/// What came of a change's `jti`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// It is new.
    No,
    /// The very same request was answered before.
    Same,
    /// Another request had this `jti`.
    Other,
}

pub(crate) fn insert(connection: &Connection, device: &Device, sealed_totp_secret: &[u8]) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO devices (id, organisation, user, enrolment, state, name, platform, hardware_keys, wake_up,
                 device_key, approval_key, encryption_key, service_key, totp_secret, created)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
        )?
        .execute(params![
            device.id.as_bytes(),
            device.account.organisation.as_bytes(),
            device.account.user,
            device.enrolment.as_bytes(),
            device.state,
            device.name,
            device.platform,
            device.hardware_keys,
            device.wake_up,
            device.device_key.to_point(),
            device.approval_key.to_point(),
            device.encryption_key.to_point(),
            device.service_key.to_string(),
            sealed_totp_secret,
            device.created
        ])?;
    Ok(())
}

pub(crate) fn load(connection: &Connection, device: Id) -> Result<Option<Device>> {
    connection
        .prepare_cached("SELECT * FROM devices WHERE id = ?1")?
        .query_row([device.as_bytes()], |row| Ok(read(row)))
        .optional()?
        .transpose()
}

/// The devices of an account, oldest first; with `only`, those of one state.
pub(crate) fn of_account(
    connection: &Connection,
    account: &Account,
    only: Option<DeviceState>,
) -> Result<Vec<Device>> {
    let mut statement = connection.prepare_cached(
        "SELECT * FROM devices WHERE organisation = ?1 AND user = ?2 AND state = coalesce(?3, state)
         ORDER BY created, id",
    )?;
    let mut rows = statement.query(params![account.organisation.as_bytes(), account.user, only])?;
    let mut devices = Vec::new();
    while let Some(row) = rows.next()? {
        devices.push(read(row)?);
    }
    Ok(devices)
}

/// Active devices of the same account that became so after this one and after `since`, oldest first.
pub(crate) fn newer(
    connection: &Connection,
    device: Id,
    since: Time,
    limit: usize,
) -> Result<Vec<NewerDevice>> {
    let mut statement = connection.prepare_cached(
        "SELECT it.id, it.name, it.activated FROM devices AS me JOIN devices AS it
             ON it.organisation = me.organisation AND it.user = me.user
         WHERE me.id = ?1 AND it.id <> ?1 AND it.state = 'active' AND it.activated >= me.activated AND it.activated > ?2
         ORDER BY it.activated, it.id LIMIT ?3",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = statement.query_map(params![device.as_bytes(), since, limit], |row| {
        let activated: Time = row.get("activated")?;
        Ok(NewerDevice { id: id(row, "id")?, name: row.get("name")?, activated: activated.seconds() })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Makes a device active that awaits it. False if it doesn't.
pub(crate) fn activate(connection: &Connection, device: Id, now: Time) -> Result<bool> {
    let changed = connection
        .prepare_cached("UPDATE devices SET state = 'active', activated = ?2 WHERE id = ?1 AND state = 'awaiting_activation'")?
        .execute(params![device.as_bytes(), now])?;
    Ok(changed == 1)
}

/// Devices that became active by a clock that was ahead.
pub(crate) fn ahead(connection: &Connection, now: Time) -> Result<Vec<Id>> {
    let mut statement = connection.prepare("SELECT id FROM devices WHERE activated > ?1")?;
    let rows = statement.query_map([now + CLOCK_TOLERANCE], |row| id(row, "id"))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Writes that a device became active now: those after it are newer, those before it aren't.
pub(crate) fn set_activated(connection: &Connection, device: Id, now: Time) -> Result<()> {
    connection
        .prepare_cached("UPDATE devices SET activated = ?2 WHERE id = ?1")?
        .execute(params![device.as_bytes(), now])?;
    Ok(())
}

/// Revokes a device. False if it was revoked already.
pub(crate) fn revoke(connection: &Connection, device: Id, now: Time) -> Result<bool> {
    let changed = connection
        .prepare_cached("UPDATE devices SET state = 'revoked', revoked = ?2, wake_up = NULL WHERE id = ?1 AND state <> 'revoked'")?
        .execute(params![device.as_bytes(), now])?;
    Ok(changed == 1)
}

pub(crate) fn rename(connection: &Connection, device: Id, name: &str) -> Result<()> {
    connection.execute("UPDATE devices SET name = ?2 WHERE id = ?1", params![device.as_bytes(), name])?;
    Ok(())
}

pub(crate) fn set_wake_up(connection: &Connection, device: Id, wake_up: Option<&str>) -> Result<()> {
    connection
        .execute("UPDATE devices SET wake_up = ?2 WHERE id = ?1", params![device.as_bytes(), wake_up])?;
    Ok(())
}

/// Remembers which signing key the device trusts from now on.
pub(crate) fn set_service_key(connection: &Connection, device: Id, service_key: Thumbprint) -> Result<()> {
    connection
        .prepare_cached("UPDATE devices SET service_key = ?2 WHERE id = ?1")?
        .execute(params![device.as_bytes(), service_key.to_string()])?;
    Ok(())
}

/// The sealed secret of a device's one-time codes.
pub(crate) fn totp_secret(connection: &Connection, device: Id) -> Result<Vec<u8>> {
    Ok(connection
        .prepare_cached("SELECT totp_secret FROM devices WHERE id = ?1")?
        .query_row([device.as_bytes()], |row| row.get(0))?)
}

/// One-time-code states of the account's active devices.
pub(crate) fn totp_of_account(connection: &Connection, account: &Account) -> Result<Vec<Totp>> {
    let mut statement = connection.prepare_cached(
        "SELECT id, totp_secret, totp_last_step, totp_drift, first_code_step, first_code_source FROM devices
         WHERE organisation = ?1 AND user = ?2 AND state = 'active' ORDER BY created, id",
    )?;
    let rows = statement.query_map(params![account.organisation.as_bytes(), account.user], |row| {
        let first: (Option<i64>, Option<[u8; 16]>) =
            (row.get("first_code_step")?, row.get("first_code_source")?);
        Ok(Totp {
            device: id(row, "id")?,
            sealed_secret: row.get("totp_secret")?,
            marks: Marks {
                last: row.get("totp_last_step")?,
                drift: row.get("totp_drift")?,
                used: Vec::new(),
            },
            first_code: first.0.zip(first.1.map(Source::from_bytes)),
        })
    })?;
    let mut totps = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    let mut used = connection.prepare_cached("SELECT step FROM used_codes WHERE device = ?1")?;
    for totp in &mut totps {
        let steps = used.query_map([totp.device.as_bytes()], |row| row.get(0))?;
        totp.marks.used = steps.collect::<rusqlite::Result<_>>()?;
    }
    Ok(totps)
}

/// Uses up a step, which is marked by itself and as the last one. `before` is the first step that codes may still be
/// right for: earlier marks have done their work.
pub(crate) fn use_totp_step(connection: &Connection, device: Id, step: Step, before: i64) -> Result<()> {
    connection
        .prepare_cached("UPDATE devices SET totp_last_step = ?2, totp_drift = ?3 WHERE id = ?1")?
        .execute(params![device.as_bytes(), step.number, step.drift])?;
    connection
        .prepare_cached("DELETE FROM used_codes WHERE device = ?1 AND step < ?2")?
        .execute(params![device.as_bytes(), before])?;
    connection
        .prepare_cached("INSERT INTO used_codes (device, step) VALUES (?1, ?2)")?
        .execute(params![device.as_bytes(), step.number])?;
    Ok(())
}

/// Remembers a right code that isn't enough by itself, or forgets it.
pub(crate) fn set_first_code(
    connection: &Connection,
    device: Id,
    first: Option<(i64, Source)>,
) -> Result<()> {
    connection
        .prepare_cached("UPDATE devices SET first_code_step = ?2, first_code_source = ?3 WHERE id = ?1")?
        .execute(params![
            device.as_bytes(),
            first.map(|(step, _)| step),
            first.as_ref().map(|(_, source)| source.as_bytes())
        ])?;
    Ok(())
}

/// Whether a change of this name, and with these bytes, was made before.
pub(crate) fn change_seen(connection: &Connection, device: Id, jti: Id, request_hash: &[u8]) -> Result<Seen> {
    let stored: Option<Vec<u8>> = connection
        .prepare_cached("SELECT request_hash FROM changes WHERE device = ?1 AND jti = ?2")?
        .query_row(params![device.as_bytes(), jti.as_bytes()], |row| row.get(0))
        .optional()?;
    Ok(match stored {
        None => Seen::No,
        Some(stored) if stored == request_hash => Seen::Same,
        Some(_) => Seen::Other,
    })
}

pub(crate) fn remember_change(
    connection: &Connection,
    device: Id,
    jti: Id,
    request_hash: &[u8],
    now: Time,
) -> Result<()> {
    connection.execute(
        "INSERT INTO changes (device, jti, request_hash, at) VALUES (?1, ?2, ?3, ?4)",
        params![device.as_bytes(), jti.as_bytes(), request_hash, now],
    )?;
    Ok(())
}

/// Whether there is anything for [`forget_changes`] to forget.
pub(crate) fn has_changes_older(connection: &Connection, before: Time) -> Result<bool> {
    Ok(connection.prepare_cached("SELECT 1 FROM changes WHERE at < ?1")?.exists([before])?)
}

/// Forgets changes that a replay of would be refused for its age.
pub(crate) fn forget_changes(connection: &Connection, before: Time, limit: u32) -> Result<usize> {
    Ok(connection
        .prepare_cached(
            "DELETE FROM changes WHERE (device, jti) IN
             (SELECT device, jti FROM changes WHERE at < ?1 ORDER BY at LIMIT ?2)",
        )?
        .execute(params![before, limit])?)
}

/// A platform's stored text.
pub(crate) const fn platform_text(platform: Platform) -> &'static str {
    match platform {
        Platform::Android => "android",
        Platform::Ios => "ios",
        Platform::Desktop => "desktop",
        Platform::Other => "other",
    }
}

fn read(row: &Row<'_>) -> Result<Device> {
    Ok(Device {
        id: id(row, "id")?,
        account: Account { organisation: id(row, "organisation")?, user: row.get("user")? },
        enrolment: id(row, "enrolment")?,
        state: row.get("state")?,
        name: row.get("name")?,
        platform: row.get("platform")?,
        hardware_keys: row.get("hardware_keys")?,
        wake_up: row.get("wake_up")?,
        device_key: key(row, "device_key")?,
        approval_key: key(row, "approval_key")?,
        encryption_key: key(row, "encryption_key")?,
        service_key: thumbprint(row, "service_key")?,
        created: row.get("created")?,
        activated: row.get("activated")?,
    })
}
