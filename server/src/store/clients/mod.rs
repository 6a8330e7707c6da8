//! Clients: the programs and systems by which sign-ins arrive, what each may do, and how it shows who it is.
//!
//! A client belongs to one organisation and sees nothing beyond it. Its name is the `aud` of its assertions and stands in
//! the audit log, so that it is never changed, and never given to another client of the organisation, also after the
//! client was revoked.

mod secrets;

use countersign_protocol::Id;
use rusqlite::{Connection, Row, params};
use serde::{Deserialize, Serialize};

pub(crate) use self::secrets::{add_secret, by_secret, check_secret};
use super::set::{Member, Set};
use super::sign_ins::Method;
use super::{Result, StoreError, id};
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
        /// Client-initiated backchannel authentication.
        Ciba = "ciba",
        /// The authentication channel of Keycloak's CIBA.
        KeycloakChannel = "keycloak-channel",
        /// RADIUS.
        Radius = "radius",
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
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ClientSettings {
    /// OpenID Connect: whether a person whom the application hasn't named may type their name on our page.
    pub(crate) asks_name: bool,
    /// OpenID Connect: what its ID tokens are signed by.
    pub(crate) id_token_signed_response_alg: Algorithm,
    /// Entra: the application ID of the registration, which is the `aud` of its hints.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) app_id: Option<String>,
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
    /// A new client of the relying-party interface.
    pub(crate) fn rest(
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
            kind: ClientKind::Rest,
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
    #[expect(dead_code, reason = "routes don't name their rights yet")]
    pub(crate) fn may(&self, right: Right) -> bool {
        self.rights.contains(right)
    }

    /// Whether it was neither revoked nor has expired.
    pub(crate) fn is_usable(&self, now: Time) -> bool {
        self.revoked.is_none() && self.expires.is_none_or(|expires| expires > now)
    }
}

/// The client of this identifier, also if it can't be used any more.
pub(crate) fn load(connection: &Connection, client: Id) -> Result<Option<Client>> {
    one(connection, &format!("{SELECT} WHERE clients.id = ?1"), params![client.as_bytes()])
}

/// The client of this name in an organisation, also if it can't be used any more.
pub(crate) fn named(connection: &Connection, organisation: Id, name: &str) -> Result<Option<Client>> {
    one(
        connection,
        &format!("{SELECT} WHERE clients.organisation = ?1 AND clients.name = ?2"),
        params![organisation.as_bytes(), name],
    )
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
            json(&client.redirect_uris)?,
            client.returns_anywhere,
            json(&client.issuers)?,
            json(&client.tenants)?,
            client.jwks,
            client.methods,
            json(&client.settings)?,
            client.created,
            client.expires,
            client.revoked,
            client.last_used,
        ])?;
    Ok(())
}

const SELECT: &str = "SELECT clients.*, organisations.name AS organisation_name
    FROM clients JOIN organisations ON organisations.id = clients.organisation";

fn one(connection: &Connection, query: &str, parameters: impl rusqlite::Params) -> Result<Option<Client>> {
    let mut statement = connection.prepare_cached(query)?;
    let mut rows = statement.query(parameters)?;
    rows.next()?.map(read).transpose()
}

fn read(row: &Row<'_>) -> Result<Client> {
    Ok(Client {
        id: id(row, "id")?,
        organisation: id(row, "organisation")?,
        organisation_name: row.get("organisation_name")?,
        name: row.get("name")?,
        kind: row.get("kind")?,
        application: row.get("application")?,
        rights: row.get("rights")?,
        redirect_uris: from_json(row, "redirect_uris")?,
        returns_anywhere: row.get("returns_anywhere")?,
        issuers: from_json(row, "issuers")?,
        tenants: from_json(row, "tenants")?,
        jwks: row.get("jwks")?,
        methods: row.get("methods")?,
        settings: from_json(row, "settings")?,
        created: row.get("created")?,
        expires: row.get("expires")?,
        revoked: row.get("revoked")?,
        last_used: row.get("last_used")?,
    })
}

fn json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|_| StoreError::Damaged("a client's configuration"))
}

fn from_json<T: for<'de> Deserialize<'de>>(row: &Row<'_>, column: &'static str) -> Result<T> {
    let text = row.get_ref(column)?.as_str().map_err(rusqlite::Error::from)?;
    serde_json::from_str(text).map_err(|_| StoreError::Damaged(column))
}

#[cfg(test)]
mod tests;
