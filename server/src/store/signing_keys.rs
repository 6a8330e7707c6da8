//! The service's signing keys, sealed.

use countersign_protocol::Id;
use rusqlite::{Connection, params};

use super::{Result, StoreError, id};
use crate::keys::{KeyRing, Sealer, SigningKey};
use crate::time::Time;

super::text_enum! {
    /// What a signing key is for.
    Purpose {
        /// Devices pin it.
        Device = "device",
        /// Relying parties find it in the JWKS.
        Assertion = "assertion",
    }
}

/// Makes a key and stores it sealed. The newest key of a purpose is the current one.
pub(crate) fn add(connection: &Connection, sealer: &Sealer, purpose: Purpose, now: Time) -> Result<()> {
    let row = Id::make_random();
    let sealed = sealer.seal(TABLE, row.as_bytes(), &SigningKey::make_pkcs8()?)?;
    connection.execute(
        "INSERT INTO signing_keys (purpose, row, sealed, created) VALUES (?1, ?2, ?3, ?4)",
        params![purpose, row.as_bytes(), sealed, now],
    )?;
    Ok(())
}

/// How many there are: changes when another process has added one.
pub(crate) fn count(connection: &Connection) -> Result<usize> {
    let count: i64 =
        connection.prepare_cached("SELECT count(*) FROM signing_keys")?.query_row([], |row| row.get(0))?;
    Ok(usize::try_from(count).unwrap_or(0))
}

/// Opens them all.
pub(crate) fn load(connection: &Connection, sealer: &Sealer) -> Result<KeyRing> {
    let mut statement =
        connection.prepare("SELECT purpose, row, sealed, created FROM signing_keys ORDER BY sequence")?;
    let mut rows = statement.query([])?;
    let (mut device_facing, mut assertion) = (Vec::new(), None);
    while let Some(row) = rows.next()? {
        let sealed: Vec<u8> = row.get("sealed")?;
        let document = sealer.open(TABLE, id(row, "row")?.as_bytes(), &sealed)?;
        let key = SigningKey::from_pkcs8(&document, row.get("created")?)?;
        match row.get("purpose")? {
            Purpose::Device => device_facing.push(key),
            Purpose::Assertion => assertion = Some(key),
        }
    }
    let assertion = assertion.ok_or(StoreError::Damaged("no key for assertions"))?;
    Ok(KeyRing::new(device_facing, assertion)?)
}

const TABLE: &str = "signing_keys";
