//! Sign-ins, and activations, which are sign-ins of an enrolment.

use countersign_protocol::Id;
use countersign_protocol::messages::Matching;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::accounts::Account;
use super::clients::{Client, Methods};
use super::{Result, id, optional_id};
use crate::source::Source;
use crate::time::{CLOCK_TOLERANCE, Time};

super::text_enum! {
    /// How a sign-in stands.
    SignInState {
        /// Nobody has decided yet.
        Pending = "pending",
        /// Approved on a device, or by a one-time code.
        Approved = "approved",
        /// Turned down on a device.
        Denied = "denied",
        /// Turned down and reported on a device.
        Reported = "reported",
        /// The number or the scanned secret was wrong, and no tries were left.
        Failed = "failed",
        /// Its time is over.
        Expired = "expired",
        /// Withdrawn by the relying party or the page.
        Cancelled = "cancelled",
    }
}

super::text_enum! {
    /// What approved a sign-in.
    Method {
        /// An approval on a device.
        Push = "push",
        /// A one-time code.
        Code = "code",
    }
}

super::text_enum! {
    /// How an approval proved that its person sees the page.
    Matched {
        /// The page's number was typed on the device.
        Number = "number",
        /// The page's QR was scanned by the device.
        Scan = "scan",
        /// It didn't: policy asks for nothing.
        Nothing = "none",
    }
}

super::text_enum! {
    /// What an approval does.
    SignInPurpose {
        /// It signs the person in.
        SignIn = "sign_in",
        /// It activates a device.
        Activation = "activation",
    }
}

super::text_enum! {
    /// Whether devices were asked about a sign-in.
    Push {
        /// They were.
        Asked = "asked",
        /// No: there were too many since the last sign-in that succeeded. Other methods work.
        Limited = "limited",
        /// No: a report, or an administrator, has locked push for the account. Other methods work.
        Locked = "locked",
        /// No: an approval on a device wouldn't do.
        Excluded = "excluded",
    }
}

/// A sign-in.
#[derive(Clone, Debug)]
pub(crate) struct SignIn {
    pub(crate) id: Id,
    pub(crate) account: Account,
    pub(crate) client: String,
    /// Where it was started, as failures and requests are counted by.
    pub(crate) source: Source,
    pub(crate) purpose: SignInPurpose,
    pub(crate) application: String,
    pub(crate) place: Option<String>,
    pub(crate) ip: Option<String>,
    pub(crate) browser: Option<String>,
    pub(crate) return_url: Option<String>,
    /// The enrolment that an activation belongs to.
    pub(crate) enrolment: Option<Id>,
    /// What may approve it.
    pub(crate) methods: Methods,
    pub(crate) matching: Matching,
    /// Numbers that may still be tried.
    pub(crate) tries_left: u8,
    /// One-time codes that may still be tried.
    pub(crate) code_tries_left: u8,
    /// Devices that were asked.
    pub(crate) devices: u32,
    /// Whether devices were asked at all.
    pub(crate) push: Push,
    /// When they will be again, if that is a matter of time.
    pub(crate) push_until: Option<Time>,
    pub(crate) state: SignInState,
    pub(crate) created: Time,
    pub(crate) expires: Time,
    pub(crate) method: Option<Method>,
    pub(crate) decided: Option<Time>,
    /// Authentication methods (RFC 8176), separated by spaces.
    pub(crate) amr: Option<String>,
    /// How a device matched the page.
    pub(crate) matched: Option<Matched>,
}

/// A sign-in that waits for devices, as far as limits go by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) source: Source,
    pub(crate) expires: Time,
}

/// How a sign-in ends.
#[derive(Clone, Debug)]
pub(crate) struct Ending {
    pub(crate) state: SignInState,
    pub(crate) method: Option<Method>,
    pub(crate) device: Option<Id>,
    pub(crate) amr: Option<String>,
    pub(crate) matched: Option<Matched>,
}

impl SignIn {
    /// The state at this moment, also when nobody has written yet that its time is over. One that was started by a clock
    /// that was ahead is over: it would wait for as long as the clock was wrong.
    pub(crate) fn state_at(&self, now: Time) -> SignInState {
        let is_over = self.expires <= now || self.created.is_ahead_of(now);
        if self.state == SignInState::Pending && is_over { SignInState::Expired } else { self.state }
    }
}

impl From<SignInState> for Ending {
    fn from(state: SignInState) -> Self {
        Self { state, method: None, device: None, amr: None, matched: None }
    }
}

pub(crate) fn insert(connection: &Connection, sign_in: &SignIn) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO sign_ins (id, organisation, client, user, purpose, application, place, ip, browser, return_url,
                 enrolment, digits, scan, tries_left, code_tries_left, devices, push, push_until, state, created, expires,
                 source, methods)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22,
                 ?23)",
        )?
        .execute(params![
            sign_in.id.as_bytes(),
            sign_in.account.organisation.as_bytes(),
            sign_in.client,
            sign_in.account.user,
            sign_in.purpose,
            sign_in.application,
            sign_in.place,
            sign_in.ip,
            sign_in.browser,
            sign_in.return_url,
            sign_in.enrolment.as_ref().map(Id::as_bytes),
            sign_in.matching.digits,
            sign_in.matching.scan,
            sign_in.tries_left,
            sign_in.code_tries_left,
            sign_in.devices,
            sign_in.push,
            sign_in.push_until,
            sign_in.state,
            sign_in.created,
            sign_in.expires,
            sign_in.source.as_bytes(),
            sign_in.methods
        ])?;
    Ok(())
}

pub(crate) fn load(connection: &Connection, sign_in: Id) -> Result<Option<SignIn>> {
    Ok(connection
        .prepare_cached("SELECT * FROM sign_ins WHERE id = ?1")?
        .query_row([sign_in.as_bytes()], read)
        .optional()?)
}

/// Sign-ins of the account that wait for a device, activations left out, as far as limits go by them.
pub(crate) fn asked(connection: &Connection, account: &Account, now: Time) -> Result<Vec<Asked>> {
    let mut statement = connection.prepare_cached(
        "SELECT source, expires FROM sign_ins
         WHERE organisation = ?1 AND user = ?2 AND state = 'pending' AND push = 'asked' AND expires > ?3
             AND created <= ?4 AND purpose = 'sign_in'",
    )?;
    let rows = statement.query_map(
        params![account.organisation.as_bytes(), account.user, now, now + CLOCK_TOLERANCE],
        |row| Ok(Asked { source: Source::from_bytes(row.get("source")?), expires: row.get("expires")? }),
    )?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Sign-ins of the account that wait for a device, activations left out.
pub(crate) fn pushed(connection: &Connection, account: &Account, now: Time) -> Result<Vec<SignIn>> {
    let mut statement = connection.prepare_cached(
        "SELECT * FROM sign_ins
         WHERE organisation = ?1 AND user = ?2 AND state = 'pending' AND expires > ?3 AND purpose = 'sign_in'
             AND push = 'asked'",
    )?;
    let rows = statement.query_map(params![account.organisation.as_bytes(), account.user, now], read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Notes what came of push for a sign-in.
pub(crate) fn set_push(connection: &Connection, sign_in: Id, push: Push) -> Result<()> {
    connection
        .prepare_cached("UPDATE sign_ins SET push = ?2 WHERE id = ?1")?
        .execute(params![sign_in.as_bytes(), push])?;
    Ok(())
}

/// Ends a sign-in that waits. False if it has ended, or its time is over: then nothing has changed.
pub(crate) fn end(connection: &Connection, sign_in: Id, ending: &Ending, now: Time) -> Result<bool> {
    let changed = connection
        .prepare_cached(
            "UPDATE sign_ins SET state = ?2, method = ?3, device = ?4, amr = ?5, decided = ?6, matched = ?7
             WHERE id = ?1 AND state = 'pending' AND expires > ?6",
        )?
        .execute(params![
            sign_in.as_bytes(),
            ending.state,
            ending.method,
            ending.device.as_ref().map(Id::as_bytes),
            ending.amr,
            now,
            ending.matched
        ])?;
    Ok(changed == 1)
}

/// Takes one try from a sign-in that waits, and gives how many are left; none if it doesn't wait any more.
pub(crate) fn take_try(connection: &Connection, sign_in: Id) -> Result<Option<u8>> {
    Ok(connection
        .prepare_cached(
            "UPDATE sign_ins SET tries_left = tries_left - 1
             WHERE id = ?1 AND state = 'pending' AND tries_left > 0 RETURNING tries_left",
        )?
        .query_row([sign_in.as_bytes()], |row| row.get(0))
        .optional()?)
}

/// Takes one try of a one-time code. False if none is left.
pub(crate) fn take_code_try(connection: &Connection, sign_in: Id) -> Result<bool> {
    let changed = connection
        .prepare_cached(
            "UPDATE sign_ins SET code_tries_left = code_tries_left - 1
             WHERE id = ?1 AND state = 'pending' AND code_tries_left > 0",
        )?
        .execute([sign_in.as_bytes()])?;
    Ok(changed == 1)
}

/// Whether a device that was asked can still answer.
pub(crate) fn has_active_device(connection: &Connection, sign_in: Id) -> Result<bool> {
    Ok(connection
        .prepare_cached(
            "SELECT 1 FROM challenges AS c JOIN devices AS d ON d.id = c.device
             WHERE c.sign_in = ?1 AND d.state = 'active'",
        )?
        .exists([sign_in.as_bytes()])?)
}

/// Waiting sign-ins that a client has started.
pub(crate) fn waiting_of(connection: &Connection, client: &Client) -> Result<Vec<SignIn>> {
    let mut statement = connection.prepare_cached(
        "SELECT * FROM sign_ins
         WHERE state = 'pending' AND purpose = 'sign_in' AND organisation = ?1 AND client = ?2",
    )?;
    let rows = statement.query_map(params![client.organisation.as_bytes(), client.name], read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Waiting sign-ins whose time is over.
pub(crate) fn overdue(connection: &Connection, now: Time, limit: u32) -> Result<Vec<SignIn>> {
    let mut statement = connection.prepare_cached(
        "SELECT * FROM sign_ins WHERE state = 'pending' AND expires <= ?1 ORDER BY expires LIMIT ?2",
    )?;
    let rows = statement.query_map(params![now, limit], read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Waiting sign-ins that were started by a clock that was ahead.
pub(crate) fn ahead(connection: &Connection, now: Time, limit: u32) -> Result<Vec<SignIn>> {
    let mut statement = connection.prepare_cached(
        "SELECT * FROM sign_ins WHERE state = 'pending' AND expires > ?1 AND created > ?1 LIMIT ?2",
    )?;
    let rows = statement.query_map(params![now + CLOCK_TOLERANCE, limit], read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Writes that the time of a waiting sign-in is over. False if it has ended otherwise.
pub(crate) fn expire(connection: &Connection, sign_in: Id) -> Result<bool> {
    let changed = connection
        .prepare_cached(
            "UPDATE sign_ins SET state = 'expired', decided = expires WHERE id = ?1 AND state = 'pending'",
        )?
        .execute([sign_in.as_bytes()])?;
    Ok(changed == 1)
}

/// Whether there is anything for [`prune`] to delete.
pub(crate) fn has_older(connection: &Connection, before: Time) -> Result<bool> {
    Ok(connection
        .prepare_cached("SELECT 1 FROM sign_ins WHERE state <> 'pending' AND expires < ?1")?
        .exists([before])?)
}

/// Deletes ended sign-ins, with their challenges and answers, that expired before `before`.
pub(crate) fn prune(connection: &Connection, before: Time, limit: u32) -> Result<usize> {
    Ok(connection
        .prepare_cached(
            "DELETE FROM sign_ins WHERE id IN
             (SELECT id FROM sign_ins WHERE state <> 'pending' AND expires < ?1 ORDER BY expires LIMIT ?2)",
        )?
        .execute(params![before, limit])?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<SignIn> {
    Ok(SignIn {
        id: id(row, "id")?,
        account: Account { organisation: id(row, "organisation")?, user: row.get("user")? },
        client: row.get("client")?,
        source: Source::from_bytes(row.get("source")?),
        purpose: row.get("purpose")?,
        application: row.get("application")?,
        place: row.get("place")?,
        ip: row.get("ip")?,
        browser: row.get("browser")?,
        return_url: row.get("return_url")?,
        enrolment: optional_id(row, "enrolment")?,
        methods: row.get("methods")?,
        matching: Matching { digits: row.get("digits")?, scan: row.get("scan")? },
        tries_left: row.get("tries_left")?,
        code_tries_left: row.get("code_tries_left")?,
        devices: row.get("devices")?,
        push: row.get("push")?,
        push_until: row.get("push_until")?,
        state: row.get("state")?,
        created: row.get("created")?,
        expires: row.get("expires")?,
        method: row.get("method")?,
        decided: row.get("decided")?,
        amr: row.get("amr")?,
        matched: row.get("matched")?,
    })
}
