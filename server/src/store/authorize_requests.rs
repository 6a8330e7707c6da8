//! Authorization requests of the OpenID door, and the codes and tokens that came of them.
//!
//! A request's row has the identifier of the sign-in that it has made, and is written with it: so one request makes one
//! sign-in. It is recognised by a keyed hash of all its parameters. Codes and tokens are kept by hash.

use countersign_protocol::Id;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{Result, id};
use crate::secret::SecretText;
use crate::time::{CLOCK_TOLERANCE, Time};

super::text_enum! {
    /// How an answer goes back to the client.
    ResponseMode {
        /// In the query of the redirect URI.
        Query = "query",
        /// By a form that the browser posts.
        FormPost = "form_post",
    }
}

/// Codes that one request may have. A new one is made while none was used, since the reply with the last may be lost.
const MAX_CODES: u32 = 8;

/// An authorization request that has made a sign-in.
#[derive(Clone, Debug)]
pub(crate) struct AuthorizeRequest {
    /// That of its sign-in.
    pub(crate) id: Id,
    pub(crate) fingerprint: [u8; 16],
    pub(crate) client: Id,
    pub(crate) redirect_uri: String,
    pub(crate) mode: ResponseMode,
    pub(crate) state: Option<String>,
    pub(crate) nonce: Option<String>,
    /// The S256 challenge of PKCE.
    pub(crate) code_challenge: String,
    pub(crate) scope: String,
    /// What is wanted of the sign-in, as JSON.
    pub(crate) wanted: String,
    pub(crate) created: Time,
    /// The hash of the code that was exchanged for tokens.
    pub(crate) redeemed: Option<Vec<u8>>,
}

pub(crate) fn insert(connection: &Connection, request: &AuthorizeRequest) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO authorize_requests (id, fingerprint, client, redirect_uri, mode, state, nonce, code_challenge,
                 scope, wanted, created)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?
        .execute(params![
            request.id.as_bytes(),
            request.fingerprint,
            request.client.as_bytes(),
            request.redirect_uri,
            request.mode,
            request.state,
            request.nonce,
            request.code_challenge,
            request.scope,
            request.wanted,
            request.created,
        ])?;
    Ok(())
}

pub(crate) fn load(connection: &Connection, request: Id) -> Result<Option<AuthorizeRequest>> {
    Ok(connection
        .prepare_cached("SELECT * FROM authorize_requests WHERE id = ?1")?
        .query_row([request.as_bytes()], read)
        .optional()?)
}

/// The request with these parameters, if it has been made.
pub(crate) fn known(connection: &Connection, fingerprint: &[u8; 16]) -> Result<Option<Id>> {
    Ok(connection
        .prepare_cached("SELECT id FROM authorize_requests WHERE fingerprint = ?1")?
        .query_row([fingerprint], |row| id(row, "id"))
        .optional()?)
}

/// Stores a code of a request. False if the request has had one that was used, or as many as it may have.
pub(crate) fn add_code(
    connection: &Connection,
    request: Id,
    code: &SecretText,
    expires: Time,
) -> Result<bool> {
    let added = connection
        .prepare_cached(
            "INSERT INTO authorize_codes (hash, request, expires)
             SELECT ?1, id, ?3 FROM authorize_requests WHERE id = ?2 AND redeemed IS NULL
                 AND (SELECT count(*) FROM authorize_codes WHERE request = ?2) < ?4",
        )?
        .execute(params![hash(code), request.as_bytes(), expires, MAX_CODES])?;
    Ok(added == 1)
}

/// The request that a code is of, the code's hash, and when the code expires.
pub(crate) fn of_code(
    connection: &Connection,
    code: &SecretText,
) -> Result<Option<(AuthorizeRequest, Vec<u8>, Time)>> {
    let hash = hash(code);
    let found = connection
        .prepare_cached(
            "SELECT authorize_requests.*, authorize_codes.expires AS code_expires
             FROM authorize_codes JOIN authorize_requests ON id = request WHERE hash = ?1",
        )?
        .query_row([&hash], |row| Ok((read(row)?, row.get("code_expires")?)))
        .optional()?;
    Ok(found.map(|(request, expires)| (request, hash, expires)))
}

/// Notes which code was exchanged. False if one was before.
pub(crate) fn redeem(connection: &Connection, request: Id, code_hash: &[u8]) -> Result<bool> {
    let changed = connection
        .prepare_cached("UPDATE authorize_requests SET redeemed = ?2 WHERE id = ?1 AND redeemed IS NULL")?
        .execute(params![request.as_bytes(), code_hash])?;
    Ok(changed == 1)
}

pub(crate) fn add_token(
    connection: &Connection,
    request: Id,
    token: &SecretText,
    expires: Time,
) -> Result<()> {
    connection
        .prepare_cached("INSERT INTO access_tokens (hash, request, expires) VALUES (?1, ?2, ?3)")?
        .execute(params![hash(token), request.as_bytes(), expires])?;
    Ok(())
}

/// The request that an access token is of, if it is good at this time.
pub(crate) fn of_token(
    connection: &Connection,
    token: &SecretText,
    now: Time,
) -> Result<Option<AuthorizeRequest>> {
    Ok(connection
        .prepare_cached(
            "SELECT authorize_requests.* FROM access_tokens JOIN authorize_requests ON id = request
             WHERE hash = ?1 AND expires > ?2 AND created <= ?3",
        )?
        .query_row(params![hash(token), now, now + CLOCK_TOLERANCE], read)
        .optional()?)
}

/// Ends all tokens of a request. True if there were any.
pub(crate) fn end_tokens(connection: &Connection, request: Id) -> Result<bool> {
    let ended = connection
        .prepare_cached("DELETE FROM access_tokens WHERE request = ?1")?
        .execute([request.as_bytes()])?;
    Ok(ended > 0)
}

/// Remembers that a client has used an assertion (`jti`). False if it has been used before.
pub(crate) fn use_assertion(connection: &Connection, client: Id, jti: &str, expires: Time) -> Result<bool> {
    let added = connection
        .prepare_cached(
            "INSERT INTO client_assertions (client, jti, expires) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
        )?
        .execute(params![client.as_bytes(), digest(jti), expires])?;
    Ok(added == 1)
}

/// Whether there is anything for [`forget`] to forget.
pub(crate) fn has_forgettable(connection: &Connection, before: Time, now: Time) -> Result<bool> {
    let has_requests =
        connection.prepare_cached("SELECT 1 FROM authorize_requests WHERE created < ?1")?.exists([before])?;
    Ok(has_requests
        || connection.prepare_cached("SELECT 1 FROM client_assertions WHERE expires < ?1")?.exists([now])?)
}

/// Forgets requests that were made before `before`, with their codes and tokens, and assertions that have expired.
pub(crate) fn forget(connection: &Connection, before: Time, now: Time, limit: u32) -> Result<usize> {
    let requests = connection
        .prepare_cached(
            "DELETE FROM authorize_requests WHERE id IN
             (SELECT id FROM authorize_requests WHERE created < ?1 ORDER BY created LIMIT ?2)",
        )?
        .execute(params![before, limit])?;
    let assertions = connection
        .prepare_cached(
            "DELETE FROM client_assertions WHERE (client, jti) IN
             (SELECT client, jti FROM client_assertions WHERE expires < ?1 ORDER BY expires LIMIT ?2)",
        )?
        .execute(params![now, limit])?;
    Ok(requests.max(assertions))
}

/// Codes and tokens have 256 random bits, so that a plain hash can't be searched.
fn hash(secret: &SecretText) -> Vec<u8> {
    digest(secret.expose())
}

fn digest(text: &str) -> Vec<u8> {
    ring::digest::digest(&ring::digest::SHA256, text.as_bytes()).as_ref().to_vec()
}

fn read(row: &Row<'_>) -> rusqlite::Result<AuthorizeRequest> {
    Ok(AuthorizeRequest {
        id: id(row, "id")?,
        fingerprint: row.get("fingerprint")?,
        client: id(row, "client")?,
        redirect_uri: row.get("redirect_uri")?,
        mode: row.get("mode")?,
        state: row.get("state")?,
        nonce: row.get("nonce")?,
        code_challenge: row.get("code_challenge")?,
        scope: row.get("scope")?,
        wanted: row.get("wanted")?,
        created: row.get("created")?,
        redeemed: row.get("redeemed")?,
    })
}
