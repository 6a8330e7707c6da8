//! The service's signing keys, sealed.

use countersign_protocol::Id;
use rusqlite::{Connection, params};

use super::{Result, StoreError, id};
use crate::keys::{KeyRing, Sealer, SigningKey};
use crate::oidc::{NewKey, OpenidKey, OpenidKeys};
use crate::time::Time;

super::text_enum! {
    /// What a signing key is for.
    Purpose {
        /// Devices pin it.
        Device = "device",
        /// Relying parties find it in the JWKS.
        Assertion = "assertion",
        /// ID tokens, by RS256.
        OpenidRsa = "openid_rsa",
        /// ID tokens, by ES256.
        OpenidP256 = "openid_p256",
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

/// How many there are for devices and assertions: changes when another process has added one.
pub(crate) fn count(connection: &Connection) -> Result<usize> {
    let count: i64 = connection
        .prepare_cached("SELECT count(*) FROM signing_keys WHERE purpose IN ('device', 'assertion')")?
        .query_row([], |row| row.get(0))?;
    Ok(usize::try_from(count).unwrap_or(0))
}

/// Opens all keys for devices and assertions.
pub(crate) fn load(connection: &Connection, sealer: &Sealer) -> Result<KeyRing> {
    let mut statement = connection.prepare(
        "SELECT purpose, row, sealed, created FROM signing_keys WHERE purpose IN ('device', 'assertion')
         ORDER BY sequence",
    )?;
    let mut rows = statement.query([])?;
    let (mut device_facing, mut assertion) = (Vec::new(), None);
    while let Some(row) = rows.next()? {
        let sealed: Vec<u8> = row.get("sealed")?;
        let document = sealer.open(TABLE, id(row, "row")?.as_bytes(), &sealed)?;
        let key = SigningKey::from_pkcs8(&document, row.get("created")?)?;
        match row.get("purpose")? {
            Purpose::Device => device_facing.push(key),
            Purpose::Assertion => assertion = Some(key),
            Purpose::OpenidRsa | Purpose::OpenidP256 => {}
        }
    }
    let assertion = assertion.ok_or(StoreError::Damaged("no key for assertions"))?;
    Ok(KeyRing::new(device_facing, assertion)?)
}

/// Stores a key for ID tokens, sealed, with its certificate.
pub(crate) fn add_openid(connection: &Connection, sealer: &Sealer, key: &NewKey, now: Time) -> Result<()> {
    let row = Id::make_random();
    let sealed = sealer.seal(TABLE, row.as_bytes(), &key.document)?;
    connection.execute(
        "INSERT INTO signing_keys (purpose, row, sealed, created, certificate) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![key.purpose, row.as_bytes(), sealed, now, key.certificate],
    )?;
    Ok(())
}

/// Deletes all keys for ID tokens: none of them is believed any more.
pub(crate) fn delete_openid(connection: &Connection) -> Result<()> {
    connection.execute("DELETE FROM signing_keys WHERE purpose IN ('openid_rsa', 'openid_p256')", [])?;
    Ok(())
}

/// The number of the newest key for ID tokens, which no other ever has; 0 if there is none.
pub(crate) fn newest_openid(connection: &Connection) -> Result<i64> {
    Ok(connection
        .prepare_cached(
            "SELECT coalesce(max(sequence), 0) FROM signing_keys WHERE purpose IN ('openid_rsa', 'openid_p256')",
        )?
        .query_row([], |row| row.get(0))?)
}

/// Opens all keys for ID tokens.
pub(crate) fn load_openid(connection: &Connection, sealer: &Sealer) -> Result<OpenidKeys> {
    let mut statement = connection.prepare(
        "SELECT purpose, row, sealed, created, certificate FROM signing_keys
         WHERE purpose IN ('openid_rsa', 'openid_p256') ORDER BY sequence",
    )?;
    let mut rows = statement.query([])?;
    let mut keys = Vec::new();
    while let Some(row) = rows.next()? {
        let sealed: Vec<u8> = row.get("sealed")?;
        let certificate: Vec<u8> = row.get("certificate")?;
        let document = sealer.open(TABLE, id(row, "row")?.as_bytes(), &sealed)?;
        keys.push(OpenidKey::open(row.get("purpose")?, &document, &certificate, row.get("created")?)?);
    }
    Ok(OpenidKeys::new(keys))
}

const TABLE: &str = "signing_keys";
