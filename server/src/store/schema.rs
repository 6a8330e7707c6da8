//! Tables, and how an older file becomes one of this version.
//!
//! `user_version` counts the migrations that a file has had. Each runs in one transaction with its count.

use rusqlite::{Connection, TransactionBehavior};

/// Why a database can't be used by this version.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SchemaError {
    /// A newer version of the service has written it.
    #[error(
        "the database was written by a newer version (schema {found}, this version knows up to {known}): \
         start that version, or restore a backup made before the update"
    )]
    Newer {
        /// Migrations that the file has had.
        found: usize,
        /// Migrations that this version knows.
        known: usize,
    },
    /// SQLite failed.
    #[error("the database can't be opened or brought to this version")]
    Sqlite(#[from] rusqlite::Error),
}

pub(super) fn migrate(connection: &mut Connection) -> Result<(), SchemaError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found = version(&transaction)?;
    if found > MIGRATIONS.len() {
        return Err(SchemaError::Newer { found, known: MIGRATIONS.len() });
    }
    for (index, migration) in MIGRATIONS.iter().enumerate().skip(found) {
        transaction.execute_batch(migration)?;
        transaction.pragma_update(None, "user_version", u32::try_from(index + 1).unwrap_or(u32::MAX))?;
    }
    Ok(transaction.commit()?)
}

/// Whether the file has never been set up: nothing in it depends on a master key yet.
pub(crate) fn is_empty(connection: &Connection) -> rusqlite::Result<bool> {
    if version(connection)? == 0 {
        return Ok(true);
    }
    Ok(!connection.prepare("SELECT 1 FROM meta WHERE key = 'master_key_check'")?.exists([])?)
}

fn version(connection: &Connection) -> rusqlite::Result<usize> {
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    Ok(usize::try_from(version).unwrap_or(usize::MAX))
}

const MIGRATIONS: &[&str] = &[
    "
CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE organisations (
    id BLOB PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    created INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE api_keys (
    hash BLOB PRIMARY KEY,
    organisation BLOB NOT NULL REFERENCES organisations (id),
    client TEXT NOT NULL,
    created INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE signing_keys (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    purpose TEXT NOT NULL,
    row BLOB NOT NULL UNIQUE,
    sealed BLOB NOT NULL,
    created INTEGER NOT NULL
) STRICT;

CREATE TABLE accounts (
    organisation BLOB NOT NULL REFERENCES organisations (id),
    user TEXT NOT NULL,
    failures INTEGER NOT NULL DEFAULT 0,
    locked_until INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (organisation, user)
) STRICT, WITHOUT ROWID;

CREATE TABLE enrolments (
    id BLOB PRIMARY KEY,
    organisation BLOB NOT NULL REFERENCES organisations (id),
    client TEXT NOT NULL,
    user TEXT NOT NULL,
    display_name TEXT,
    shown_by_client INTEGER NOT NULL,
    service_key TEXT NOT NULL,
    state TEXT NOT NULL,
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    request_hash BLOB,
    check_value TEXT,
    device BLOB,
    activation BLOB,
    page_claim BLOB
) STRICT, WITHOUT ROWID;
CREATE INDEX open_enrolments ON enrolments (organisation, user)
    WHERE state IN ('pending', 'awaiting_activation');
CREATE INDEX enrolments_by_expiry ON enrolments (expires)
    WHERE state IN ('pending', 'awaiting_activation');

CREATE TABLE devices (
    id BLOB PRIMARY KEY,
    organisation BLOB NOT NULL REFERENCES organisations (id),
    user TEXT NOT NULL,
    enrolment BLOB NOT NULL UNIQUE REFERENCES enrolments (id),
    state TEXT NOT NULL,
    name TEXT NOT NULL,
    platform TEXT NOT NULL,
    hardware_keys INTEGER NOT NULL,
    wake_up TEXT,
    device_key BLOB NOT NULL,
    approval_key BLOB NOT NULL,
    encryption_key BLOB NOT NULL,
    service_key TEXT NOT NULL,
    totp_secret BLOB NOT NULL,
    totp_last_step INTEGER NOT NULL DEFAULT 0,
    totp_drift INTEGER NOT NULL DEFAULT 0,
    created INTEGER NOT NULL,
    activated INTEGER,
    revoked INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX devices_of_user ON devices (organisation, user);

CREATE TABLE sign_ins (
    id BLOB PRIMARY KEY,
    organisation BLOB NOT NULL REFERENCES organisations (id),
    client TEXT NOT NULL,
    user TEXT NOT NULL,
    purpose TEXT NOT NULL,
    application TEXT NOT NULL,
    place TEXT,
    ip TEXT,
    browser TEXT,
    return_url TEXT,
    enrolment BLOB,
    digits INTEGER,
    scan INTEGER NOT NULL,
    tries_left INTEGER NOT NULL,
    code_tries_left INTEGER NOT NULL,
    devices INTEGER NOT NULL,
    state TEXT NOT NULL,
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    method TEXT,
    decided INTEGER,
    device BLOB,
    amr TEXT,
    page_claim BLOB
) STRICT, WITHOUT ROWID;
CREATE INDEX open_sign_ins ON sign_ins (organisation, user) WHERE state = 'pending';
CREATE INDEX open_sign_ins_by_expiry ON sign_ins (expires) WHERE state = 'pending';
CREATE INDEX closed_sign_ins_by_expiry ON sign_ins (expires) WHERE state <> 'pending';

CREATE TABLE challenges (
    sign_in BLOB NOT NULL REFERENCES sign_ins (id) ON DELETE CASCADE,
    device BLOB NOT NULL REFERENCES devices (id),
    service_key TEXT NOT NULL,
    hash TEXT NOT NULL,
    jws TEXT NOT NULL,
    PRIMARY KEY (sign_in, device, service_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE answers (
    sign_in BLOB NOT NULL REFERENCES sign_ins (id) ON DELETE CASCADE,
    device BLOB NOT NULL REFERENCES devices (id),
    request_hash BLOB NOT NULL,
    outcome TEXT NOT NULL,
    tries_left INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (sign_in, device, request_hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE changes (
    device BLOB NOT NULL REFERENCES devices (id),
    jti BLOB NOT NULL,
    request_hash BLOB NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (device, jti)
) STRICT, WITHOUT ROWID;
CREATE INDEX changes_by_time ON changes (at);

CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    organisation BLOB NOT NULL REFERENCES organisations (id),
    actor TEXT NOT NULL,
    event TEXT NOT NULL,
    outcome TEXT NOT NULL,
    user TEXT NOT NULL,
    subject BLOB
) STRICT;
CREATE INDEX audit_of_organisation ON audit (organisation, id);
CREATE TRIGGER audit_is_append_only_update BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_is_append_only_delete BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
",
    "
ALTER TABLE accounts ADD COLUMN pushes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN last_push INTEGER NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN push_locked INTEGER;
CREATE INDEX idle_accounts ON accounts (last_push) WHERE failures = 0 AND push_locked IS NULL;
ALTER TABLE sign_ins ADD COLUMN push TEXT NOT NULL DEFAULT 'asked';
ALTER TABLE sign_ins ADD COLUMN push_until INTEGER;
ALTER TABLE answers ADD COLUMN locked INTEGER NOT NULL DEFAULT 0;
",
    "
ALTER TABLE enrolments ADD COLUMN replaces BLOB;
ALTER TABLE enrolments ADD COLUMN replace_hash BLOB;
CREATE INDEX open_replacements ON enrolments (replaces)
    WHERE replaces IS NOT NULL AND state IN ('pending', 'awaiting_activation');
",
    "
CREATE TABLE mailboxes (
    device BLOB PRIMARY KEY REFERENCES devices (id),
    name BLOB UNIQUE,
    count INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    opened INTEGER NOT NULL,
    since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX mailboxes_by_expiry ON mailboxes (expires) WHERE name IS NOT NULL;

CREATE TABLE mailbox_parts (
    device BLOB NOT NULL REFERENCES mailboxes (device) ON DELETE CASCADE,
    is_receipt INTEGER NOT NULL,
    number INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (device, is_receipt, number)
) STRICT, WITHOUT ROWID;
",
    "
CREATE INDEX unused_enrolments_by_expiry ON enrolments (expires)
    WHERE state NOT IN ('pending', 'awaiting_activation') AND device IS NULL;
CREATE INDEX ended_mailboxes_by_opening ON mailboxes (since) WHERE name IS NULL;
ALTER TABLE mailboxes ADD COLUMN organisation BLOB;
ALTER TABLE mailboxes ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
UPDATE mailboxes SET
    organisation = (SELECT organisation FROM devices WHERE id = device),
    bytes = (SELECT coalesce(sum(length(sealed)), 0) FROM mailbox_parts AS part WHERE part.device = mailboxes.device);
CREATE INDEX mailbox_bytes ON mailboxes (organisation, bytes) WHERE bytes > 0;
",
    "
CREATE TABLE failures (
    organisation BLOB NOT NULL REFERENCES organisations (id),
    user TEXT NOT NULL,
    authenticator TEXT NOT NULL,
    scope BLOB NOT NULL,
    count INTEGER NOT NULL,
    last INTEGER NOT NULL,
    PRIMARY KEY (organisation, user, authenticator, scope)
) STRICT, WITHOUT ROWID;
CREATE INDEX failures_of_sources ON failures (last) WHERE authenticator = 'codes_from';
INSERT INTO failures
    SELECT organisation, user, 'codes', x'', failures, locked_until FROM accounts WHERE failures > 0;

CREATE TABLE pushes (
    organisation BLOB NOT NULL REFERENCES organisations (id),
    user TEXT NOT NULL,
    source BLOB NOT NULL,
    count INTEGER NOT NULL,
    last INTEGER NOT NULL,
    known INTEGER NOT NULL,
    PRIMARY KEY (organisation, user, source)
) STRICT, WITHOUT ROWID;
CREATE INDEX pushes_by_time ON pushes (known, last);
INSERT INTO pushes
    SELECT organisation, user, zeroblob(16), pushes, last_push, 0 FROM accounts WHERE pushes > 0;

CREATE TABLE push_locks (
    organisation BLOB NOT NULL REFERENCES organisations (id),
    user TEXT NOT NULL,
    since INTEGER NOT NULL,
    PRIMARY KEY (organisation, user)
) STRICT, WITHOUT ROWID;
INSERT INTO push_locks
    SELECT organisation, user, push_locked FROM accounts WHERE push_locked IS NOT NULL;

DROP TABLE accounts;

ALTER TABLE sign_ins ADD COLUMN source BLOB NOT NULL DEFAULT x'00000000000000000000000000000000';
ALTER TABLE sign_ins ADD COLUMN matched TEXT;
DROP INDEX open_sign_ins;
CREATE INDEX asked_sign_ins ON sign_ins (organisation, user) WHERE state = 'pending' AND push = 'asked';

ALTER TABLE devices ADD COLUMN first_code_step INTEGER;
ALTER TABLE devices ADD COLUMN first_code_source BLOB;

CREATE TABLE used_codes (
    device BLOB NOT NULL REFERENCES devices (id),
    step INTEGER NOT NULL,
    PRIMARY KEY (device, step)
) STRICT, WITHOUT ROWID;
INSERT INTO used_codes SELECT id, totp_last_step FROM devices WHERE totp_last_step > 0;

CREATE TABLE idempotency (
    organisation BLOB NOT NULL REFERENCES organisations (id),
    client TEXT NOT NULL,
    key TEXT NOT NULL,
    request BLOB NOT NULL,
    outcome TEXT NOT NULL,
    subject BLOB,
    at INTEGER NOT NULL,
    PRIMARY KEY (organisation, client, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_by_time ON idempotency (at);
",
    "
CREATE TABLE clients (
    id BLOB PRIMARY KEY,
    organisation BLOB NOT NULL REFERENCES organisations (id),
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    application TEXT,
    rights TEXT NOT NULL,
    redirect_uris TEXT NOT NULL DEFAULT '[]',
    returns_anywhere INTEGER NOT NULL DEFAULT 0,
    issuers TEXT NOT NULL DEFAULT '[]',
    tenants TEXT NOT NULL DEFAULT '[]',
    jwks TEXT,
    methods TEXT NOT NULL,
    settings TEXT NOT NULL DEFAULT '{}',
    created INTEGER NOT NULL,
    expires INTEGER,
    revoked INTEGER,
    last_used INTEGER,
    UNIQUE (organisation, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE client_secrets (
    id BLOB PRIMARY KEY,
    client BLOB NOT NULL REFERENCES clients (id),
    hash BLOB UNIQUE,
    sealed BLOB,
    created INTEGER NOT NULL,
    last_used INTEGER,
    removed INTEGER,
    CHECK ((hash IS NULL) <> (sealed IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX secrets_of_client ON client_secrets (client);

INSERT INTO clients (id, organisation, name, kind, rights, returns_anywhere, methods, created)
    SELECT randomblob(16), organisation, client, 'rest', 'sign_in enrol read_users manage_users read_audit', 1,
        'push code', min(created)
    FROM api_keys GROUP BY organisation, client;
INSERT INTO client_secrets (id, client, hash, created)
    SELECT randomblob(16), clients.id, api_keys.hash, api_keys.created
    FROM api_keys JOIN clients ON clients.organisation = api_keys.organisation AND clients.name = api_keys.client;
DROP TABLE api_keys;
",
    "
ALTER TABLE signing_keys ADD COLUMN certificate BLOB;
ALTER TABLE sign_ins ADD COLUMN methods TEXT NOT NULL DEFAULT 'push code';

CREATE TABLE authorize_requests (
    id BLOB PRIMARY KEY,
    fingerprint BLOB NOT NULL UNIQUE,
    client BLOB NOT NULL REFERENCES clients (id),
    redirect_uri TEXT NOT NULL,
    mode TEXT NOT NULL,
    state TEXT,
    nonce TEXT,
    code_challenge TEXT NOT NULL,
    scope TEXT NOT NULL,
    wanted TEXT NOT NULL,
    created INTEGER NOT NULL,
    redeemed BLOB
) STRICT, WITHOUT ROWID;
CREATE INDEX authorize_requests_by_time ON authorize_requests (created);

CREATE TABLE authorize_codes (
    hash BLOB PRIMARY KEY,
    request BLOB NOT NULL REFERENCES authorize_requests (id) ON DELETE CASCADE,
    expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX codes_of_request ON authorize_codes (request);

CREATE TABLE access_tokens (
    hash BLOB PRIMARY KEY,
    request BLOB NOT NULL REFERENCES authorize_requests (id) ON DELETE CASCADE,
    expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX tokens_of_request ON access_tokens (request);

CREATE TABLE client_assertions (
    client BLOB NOT NULL REFERENCES clients (id),
    jti BLOB NOT NULL,
    expires INTEGER NOT NULL,
    PRIMARY KEY (client, jti)
) STRICT, WITHOUT ROWID;
CREATE INDEX client_assertions_by_expiry ON client_assertions (expires);
",
    "
ALTER TABLE audit ADD COLUMN reference TEXT;
ALTER TABLE enrolments ADD COLUMN return_url TEXT;

CREATE TABLE identities (
    organisation BLOB NOT NULL REFERENCES organisations (id),
    issuer TEXT NOT NULL,
    tenant TEXT NOT NULL,
    object TEXT NOT NULL,
    user TEXT NOT NULL,
    created INTEGER NOT NULL,
    PRIMARY KEY (organisation, issuer, tenant, object),
    UNIQUE (organisation, user)
) STRICT, WITHOUT ROWID;

CREATE TABLE entra_requests (
    id BLOB PRIMARY KEY,
    made TEXT NOT NULL,
    hint BLOB NOT NULL UNIQUE,
    client BLOB NOT NULL REFERENCES clients (id),
    redirect_uri TEXT NOT NULL,
    state TEXT,
    nonce TEXT NOT NULL,
    subject TEXT NOT NULL,
    acr TEXT NOT NULL,
    amr TEXT NOT NULL,
    issuer TEXT NOT NULL,
    tenant TEXT NOT NULL,
    object TEXT NOT NULL,
    reference TEXT,
    created INTEGER NOT NULL,
    answered INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX entra_requests_by_time ON entra_requests (created);
",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_file_gets_the_schema_and_an_old_one_is_left_alone() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection).unwrap();
        connection.execute("INSERT INTO organisations VALUES (x'00', 'kept', 0)", []).unwrap();
        migrate(&mut connection).unwrap();
        assert_eq!(version(&connection).unwrap(), MIGRATIONS.len());
        assert!(connection.prepare("SELECT 1 FROM organisations").unwrap().exists([]).unwrap());
    }

    #[test]
    fn a_file_of_the_first_version_keeps_what_is_in_it() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(MIGRATIONS[0]).unwrap();
        connection.pragma_update(None, "user_version", 1).unwrap();
        connection
            .execute_batch(
                "INSERT INTO organisations VALUES (x'00', 'one', 0);
                 INSERT INTO accounts VALUES (x'00', 'ada', 7, 5);",
            )
            .unwrap();
        migrate(&mut connection).unwrap();
        let count = |query: &str| connection.query_row(query, [], |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!(count("SELECT count FROM failures WHERE authenticator = 'codes' AND user = 'ada'"), 7);
        assert_eq!(count("SELECT (SELECT count(*) FROM pushes) + (SELECT count(*) FROM push_locks)"), 0);
    }

    #[test]
    fn what_was_known_of_accounts_is_kept_by_authenticator() {
        let mut connection = Connection::open_in_memory().unwrap();
        for migration in &MIGRATIONS[..4] {
            connection.execute_batch(migration).unwrap();
        }
        connection.pragma_update(None, "user_version", 4).unwrap();
        connection
            .execute_batch(
                "INSERT INTO organisations VALUES (x'00', 'one', 0);
                 INSERT INTO accounts (organisation, user, failures, locked_until, pushes, last_push, push_locked)
                     VALUES (x'00', 'closed', 100, 5, 0, 0, NULL), (x'00', 'flooded', 0, 0, 9, 6, NULL),
                            (x'00', 'locked', 0, 0, 0, 0, 7), (x'00', 'calm', 0, 0, 0, 0, NULL);
                 INSERT INTO sign_ins (id, organisation, client, user, purpose, application, scan, tries_left,
                     code_tries_left, devices, state, created, expires)
                     VALUES (x'01', x'00', 'portal', 'ada', 'sign_in', 'Ward portal', 1, 1, 10, 1, 'pending', 0, 9);",
            )
            .unwrap();
        migrate(&mut connection).unwrap();
        let rows = |query: &str| -> Vec<(String, i64, i64)> {
            let mut statement = connection.prepare(query).unwrap();
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
            rows.collect::<Result<_, _>>().unwrap()
        };
        assert_eq!(rows("SELECT user, count, last FROM failures"), [("closed".to_owned(), 100, 5)]);
        assert_eq!(rows("SELECT user, count, last FROM pushes"), [("flooded".to_owned(), 9, 6)]);
        assert_eq!(rows("SELECT user, since, since FROM push_locks"), [("locked".to_owned(), 7, 7)]);
        assert_eq!(
            rows("SELECT user, length(source), push = 'asked' FROM sign_ins"),
            [("ada".to_owned(), 16, 1)]
        );
    }

    #[test]
    fn every_api_key_becomes_a_secret_of_its_client_with_the_rights_that_it_had() {
        let mut connection = Connection::open_in_memory().unwrap();
        for migration in &MIGRATIONS[..6] {
            connection.execute_batch(migration).unwrap();
        }
        connection.pragma_update(None, "user_version", 6).unwrap();
        connection
            .execute_batch(
                "INSERT INTO organisations VALUES (x'00', 'one', 0), (x'01', 'two', 0);
                 INSERT INTO api_keys VALUES (x'0a', x'00', 'portal', 7), (x'0b', x'00', 'portal', 5),
                     (x'0c', x'00', 'portal', 9), (x'0d', x'00', 'Portal', 1), (x'0e', x'01', 'portal', 2);",
            )
            .unwrap();
        migrate(&mut connection).unwrap();
        let mut statement = connection
            .prepare(
                "SELECT hex(organisation) || ' ' || name || ' ' || clients.created || ' ' || kind || ' ' || rights
                     || ' ' || returns_anywhere || ' ' || length(clients.id),
                     group_concat(hex(hash) || client_secrets.created, ' ' ORDER BY hash)
                 FROM clients JOIN client_secrets ON client = clients.id GROUP BY clients.id ORDER BY 1",
            )
            .unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        let rows: Vec<(String, String)> = rows.collect::<Result<_, _>>().unwrap();
        let rights = "rest sign_in enrol read_users manage_users read_audit 1 16";
        let expected = [("00 Portal 1", "0D1"), ("00 portal 5", "0A7 0B5 0C9"), ("01 portal 2", "0E2")];
        assert_eq!(rows, expected.map(|(client, keys)| (format!("{client} {rights}"), keys.to_owned())));
    }

    #[test]
    fn a_newer_file_is_refused_and_untouched() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.pragma_update(None, "user_version", 99).unwrap();
        let error = migrate(&mut connection).unwrap_err();
        assert!(matches!(error, SchemaError::Newer { found: 99, .. }), "{error}");
        assert_eq!(version(&connection).unwrap(), 99);
    }

    #[test]
    fn the_audit_log_can_only_grow() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection).unwrap();
        connection
            .execute_batch(
                "INSERT INTO organisations VALUES (x'00', 'one', 0);
                 INSERT INTO audit (at, organisation, actor, event, outcome, user) VALUES (0, x'00', 'a', 'e', 'o', 'u');",
            )
            .unwrap();
        assert!(connection.execute("UPDATE audit SET outcome = 'x'", []).is_err());
        assert!(connection.execute("DELETE FROM audit", []).is_err());
    }
}
