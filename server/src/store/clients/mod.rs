//! Clients: the programs and systems by which sign-ins arrive, what each may do, and how it shows who it is.
//!
//! A client belongs to one organisation and sees nothing beyond it. Its name is the `aud` of its assertions and stands in
//! the audit log, so that it is never changed, and never given to another client of the organisation, also after the
//! client was revoked.

mod secrets;

use countersign_protocol::Id;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef};
use rusqlite::{Connection, OptionalExtension, Row, ToSql, params};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub(crate) use self::secrets::{
    MAX_SECRETS, Rejection, Shown, add_secret, record_use, remove_secret, secrets, show,
};
use super::set::{Member, Set};
use super::sign_ins::Method;
use super::{Result, id};
use crate::oidc::Algorithm;
use crate::time::Time;

super::text_enum! {
    /// By which door a client's sign-ins arrive.
    ClientKind {
        /// The relying-party interface.
        Rest = "rest",
        /// OpenID Connect.
        Oidc = "oidc",
        /// External MFA of Microsoft Entra ID.
        Entra = "entra",
    }
}

super::text_enum! {
    /// What a client may be allowed to do. Every route of the relying-party interface names the one that it needs.
    Right {
        /// Start its own sign-ins, follow and withdraw them, and verify codes.
        SignIn = "sign_in",
        /// Enrol devices.
        Enrol = "enrol",
        /// See how accounts stand, and their devices.
        ReadUsers = "read_users",
        /// Revoke devices, lock accounts and unlock them.
        ManageUsers = "manage_users",
        /// Read the audit log.
        ReadAudit = "read_audit",
        /// Make, change and revoke clients that have no right which it lacks itself.
        ManageClients = "manage_clients",
    }
}

/// What a client may do.
pub(crate) type Rights = Set<Right>;
/// By which methods its sign-ins may be approved.
pub(crate) type Methods = Set<Method>;

impl Member for Right {
    const ALL: &'static [Self] = &[
        Self::SignIn,
        Self::Enrol,
        Self::ReadUsers,
        Self::ManageUsers,
        Self::ReadAudit,
        Self::ManageClients,
    ];

    fn text(self) -> &'static str {
        self.as_str()
    }
}

impl Member for Method {
    const ALL: &'static [Self] = &[Self::Push, Self::Code];

    fn text(self) -> &'static str {
        self.as_str()
    }
}

/// Rights of an API key that is made without naming any: everything about people, nothing about clients.
pub(crate) fn api_key_rights() -> Rights {
    Rights::of(&[Right::SignIn, Right::Enrol, Right::ReadUsers, Right::ManageUsers, Right::ReadAudit])
}

/// What only some kinds of clients have.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ClientSettings {
    /// OpenID Connect: whether a person whom the application hasn't named may type their name on our page.
    pub(crate) asks_name: bool,
    /// OpenID Connect: what its ID tokens are signed by, `RS256` or `ES256`.
    #[schema(value_type = String)]
    pub(crate) id_token_signed_response_alg: Algorithm,
    /// Entra: the application ID of the registration, which is the `aud` of its hints.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) app_id: Option<String>,
    /// Entra: whether the account of somebody who is new is the one of their user name.
    pub(crate) trusts_names: bool,
}

/// A client. Its secrets aren't in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Client {
    /// Its text form is the `client_id` of OAuth.
    pub(crate) id: Id,
    /// Its organisation: everything it sees or does is within it.
    pub(crate) organisation: Id,
    /// The organisation's name.
    pub(crate) organisation_name: String,
    /// Its own name: the `aud` of its assertions.
    pub(crate) name: String,
    /// By which door its sign-ins arrive.
    pub(crate) kind: ClientKind,
    /// What phones show where its requests name no application.
    pub(crate) application: Option<String>,
    /// What it may do.
    pub(crate) rights: Rights,
    /// Addresses that browsers may be sent back to, each compared as it is.
    pub(crate) redirect_uris: Vec<String>,
    /// Whether it was made before return addresses were registered, and has registered none: then any will do.
    pub(crate) returns_anywhere: bool,
    /// Issuers that may vouch for a person.
    pub(crate) issuers: Vec<String>,
    /// Tenants of Entra, by identifier.
    pub(crate) tenants: Vec<String>,
    /// Public keys that it signs with, as a JWK set (`private_key_jwt`).
    pub(crate) jwks: Option<String>,
    /// Methods that may approve its sign-ins.
    pub(crate) methods: Methods,
    /// What only its kind has.
    pub(crate) settings: ClientSettings,
    /// When it was made.
    pub(crate) created: Time,
    /// When it ends by itself.
    pub(crate) expires: Option<Time>,
    /// When it was revoked.
    pub(crate) revoked: Option<Time>,
    /// When it was last used, to within a minute or so.
    pub(crate) last_used: Option<Time>,
}

impl Client {
    /// A new client, by its name, with these rights and every method.
    pub(crate) fn new(
        kind: ClientKind,
        organisation: Id,
        organisation_name: &str,
        name: &str,
        rights: Rights,
        now: Time,
    ) -> Self {
        Self {
            id: Id::make_random(),
            organisation,
            organisation_name: organisation_name.to_owned(),
            name: name.to_owned(),
            kind,
            application: None,
            rights,
            redirect_uris: Vec::new(),
            returns_anywhere: false,
            issuers: Vec::new(),
            tenants: Vec::new(),
            jwks: None,
            methods: Methods::of(Method::ALL),
            settings: ClientSettings::default(),
            created: now,
            expires: None,
            revoked: None,
            last_used: None,
        }
    }

    /// Whether it has this right.
    pub(crate) fn may(&self, right: Right) -> bool {
        self.rights.contains(right)
    }

    /// Whether a browser may be sent back to this address.
    pub(crate) fn may_return_to(&self, url: &str) -> bool {
        self.returns_anywhere || self.redirect_uris.iter().any(|registered| registered == url)
    }

    /// Whether it may sign people in at this moment.
    pub(crate) fn can_sign_people_in(&self, now: Time) -> bool {
        self.is_usable(now) && self.may(Right::SignIn)
    }

    /// Whether it was neither revoked nor has expired.
    pub(crate) fn is_usable(&self, now: Time) -> bool {
        self.revoked.is_none() && self.expires.is_none_or(|expires| expires > now)
    }
}

/// The client of this identifier, even if it can no longer be used.
pub(crate) fn load(connection: &Connection, client: Id) -> Result<Option<Client>> {
    Ok(connection
        .prepare_cached(&query("WHERE clients.id = ?1"))?
        .query_row([client.as_bytes()], read)
        .optional()?)
}

/// The client of this name in an organisation, even if it can no longer be used.
pub(crate) fn named(connection: &Connection, organisation: Id, name: &str) -> Result<Option<Client>> {
    Ok(connection
        .prepare_cached(&query("WHERE clients.organisation = ?1 AND clients.name = ?2"))?
        .query_row(params![organisation.as_bytes(), name], read)
        .optional()?)
}

/// Clients by organisation and name, of one organisation or of all, including those that can no longer be used.
pub(crate) fn list(connection: &Connection, organisation: Option<Id>) -> Result<Vec<Client>> {
    let condition = "WHERE ?1 IS NULL OR clients.organisation = ?1 ORDER BY organisations.name, clients.name";
    let mut statement = connection.prepare_cached(&query(condition))?;
    let rows = statement.query_map([organisation.as_ref().map(Id::as_bytes)], read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Whether a client can still be used.
pub(crate) fn is_usable(connection: &Connection, client: Id, now: Time) -> Result<bool> {
    Ok(connection
        .prepare_cached(
            "SELECT 1 FROM clients WHERE id = ?1 AND revoked IS NULL AND (expires IS NULL OR expires > ?2)",
        )?
        .exists(params![client.as_bytes(), now])?)
}

/// Clients that ended after `since`: revoked, or over.
pub(crate) fn ended(connection: &Connection, since: Time, now: Time) -> Result<Vec<Client>> {
    let condition = "WHERE clients.revoked > ?1 OR clients.expires BETWEEN ?1 AND ?2";
    let mut statement = connection.prepare_cached(&query(condition))?;
    let rows = statement.query_map([since, now], read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Stores what a client's change has changed. Its identifier, organisation, name and kind stay.
pub(crate) fn update(connection: &Connection, client: &Client) -> Result<()> {
    connection
        .prepare_cached(
            "UPDATE clients SET application = ?2, rights = ?3, redirect_uris = ?4, returns_anywhere = ?5,
                 issuers = ?6, tenants = ?7, jwks = ?8, methods = ?9, settings = ?10, expires = ?11, revoked = ?12
             WHERE id = ?1",
        )?
        .execute(params![
            client.id.as_bytes(),
            client.application,
            client.rights,
            Json(&client.redirect_uris),
            client.returns_anywhere,
            Json(&client.issuers),
            Json(&client.tenants),
            client.jwks,
            client.methods,
            Json(&client.settings),
            client.expires,
            client.revoked,
        ])?;
    Ok(())
}

/// Stores a new client.
pub(crate) fn insert(connection: &Connection, client: &Client) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO clients (id, organisation, name, kind, application, rights, redirect_uris,
                 returns_anywhere, issuers, tenants, jwks, methods, settings, created, expires, revoked, last_used)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
        )?
        .execute(params![
            client.id.as_bytes(),
            client.organisation.as_bytes(),
            client.name,
            client.kind,
            client.application,
            client.rights,
            Json(&client.redirect_uris),
            client.returns_anywhere,
            Json(&client.issuers),
            Json(&client.tenants),
            client.jwks,
            client.methods,
            Json(&client.settings),
            client.created,
            client.expires,
            client.revoked,
            client.last_used,
        ])?;
    Ok(())
}

/// What [`read`] reads.
const COLUMNS: &str = "clients.*, organisations.name AS organisation_name";

fn query(condition: &str) -> String {
    format!(
        "SELECT {COLUMNS} FROM clients JOIN organisations ON organisations.id = clients.organisation {condition}"
    )
}

fn read(row: &Row<'_>) -> rusqlite::Result<Client> {
    Ok(Client {
        id: id(row, "id")?,
        organisation: id(row, "organisation")?,
        organisation_name: row.get("organisation_name")?,
        name: row.get("name")?,
        kind: row.get("kind")?,
        application: row.get("application")?,
        rights: row.get("rights")?,
        redirect_uris: row.get::<_, Json<_>>("redirect_uris")?.0,
        returns_anywhere: row.get("returns_anywhere")?,
        issuers: row.get::<_, Json<_>>("issuers")?.0,
        tenants: row.get::<_, Json<_>>("tenants")?.0,
        jwks: row.get("jwks")?,
        methods: row.get("methods")?,
        settings: row.get::<_, Json<_>>("settings")?.0,
        created: row.get("created")?,
        expires: row.get("expires")?,
        revoked: row.get("revoked")?,
        last_used: row.get("last_used")?,
    })
}

/// A value that is stored as JSON.
struct Json<T>(T);

impl<T: Serialize> ToSql for Json<&T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let text = serde_json::to_string(self.0);
        text.map(Into::into).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
    }
}

impl<T: DeserializeOwned> FromSql for Json<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        serde_json::from_str(value.as_str()?).map(Self).map_err(|error| FromSqlError::Other(error.into()))
    }
}

#[cfg(test)]
mod tests;
