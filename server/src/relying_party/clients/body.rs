//! Clients as JSON: what a request may ask for, and what is shown of them.

use rusqlite::Connection;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::super::error::ApiError;
use crate::actions::clients::{Change, shows_secret};
use crate::refusal::Refusal;
use crate::store;
use crate::store::clients::{self, Client, ClientKind, ClientSettings, Methods, Right, Rights};
use crate::store::sign_ins::Method;
use crate::time::Time;

/// A client to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct NewClient {
    /// Its name, for good: the `aud` of its assertions. No other client of the organisation may have it or have had it.
    name: String,
    /// By which door its sign-ins arrive; `rest` if it isn't said.
    #[serde(default)]
    #[schema(value_type = Option<ClientKind>)]
    kind: Option<String>,
    /// What phones show where its requests name no application.
    #[serde(default)]
    application: Option<String>,
    /// What it may do. There is no default: name what it needs.
    #[schema(value_type = Vec<Right>)]
    rights: Rights,
    /// Addresses that browsers may be sent back to. Each is compared as it is.
    #[serde(default)]
    redirect_uris: Vec<String>,
    /// Issuers that may vouch for a person.
    #[serde(default)]
    issuers: Vec<String>,
    /// Tenants of Entra, by identifier.
    #[serde(default)]
    tenants: Vec<String>,
    /// A JWK set of public keys that it signs with, instead of a secret.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    jwks: Option<Value>,
    /// Methods that may approve its sign-ins; all that its maker has if it isn't said.
    #[serde(default)]
    #[schema(value_type = Option<Vec<Method>>)]
    methods: Option<Methods>,
    /// What only its kind has.
    #[serde(default)]
    settings: ClientSettings,
    /// When it ends by itself, in seconds since 1970.
    #[serde(default)]
    expires_at: Option<u64>,
}

/// What to change. A field that isn't there stays, one that is null is emptied.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct ChangeRequest {
    /// What phones show where its requests name no application.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    application: Option<Option<String>>,
    /// What it may do.
    #[serde(default)]
    #[schema(value_type = Option<Vec<Right>>)]
    rights: Option<Rights>,
    /// Addresses that browsers may be sent back to.
    #[serde(default)]
    redirect_uris: Option<Vec<String>>,
    /// Issuers that may vouch for a person.
    #[serde(default)]
    issuers: Option<Vec<String>>,
    /// Tenants of Entra, by identifier.
    #[serde(default)]
    tenants: Option<Vec<String>>,
    /// A JWK set of public keys that it signs with.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<Object>)]
    jwks: Option<Option<Value>>,
    /// Methods that may approve its sign-ins.
    #[serde(default)]
    #[schema(value_type = Option<Vec<Method>>)]
    methods: Option<Methods>,
    /// What only its kind has.
    #[serde(default)]
    settings: Option<ClientSettings>,
    /// When it ends by itself, in seconds since 1970.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<u64>)]
    expires_at: Option<Option<u64>>,
}

/// The organisation's clients, by name.
#[derive(Serialize, ToSchema)]
pub(in super::super) struct ClientList {
    pub(super) clients: Vec<ClientReply>,
}

/// A client that was made.
#[derive(Serialize, ToSchema)]
pub(in super::super) struct CreatedClient {
    #[serde(flatten)]
    pub(super) client: ClientReply,
    /// Its secret (API key), this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) secret: Option<String>,
}

crate::store::text_enum! {
    /// Whether a client can be used.
    ClientState {
        /// It can.
        Active = "active",
        /// Its time is over.
        Expired = "expired",
        /// It was revoked.
        Revoked = "revoked",
    }
}

crate::store::text_enum! {
    /// What somebody should look at.
    Warning {
        /// It was made before return addresses were registered: browsers may be sent back anywhere until it registers some.
        ReturnsAnywhere = "returns_anywhere",
        /// It has neither a secret nor keys to show who it is.
        NoSecret = "no_secret",
        /// It has more secrets than a client may have now.
        ManySecrets = "many_secrets",
    }
}

/// A client.
#[derive(Serialize, ToSchema)]
pub(crate) struct ClientReply {
    /// Its name for the interface, which is also the `client_id` of OAuth.
    pub(crate) id: String,
    /// Its organisation's name.
    pub(crate) organisation: String,
    /// Its own name.
    pub(crate) name: String,
    /// By which door its sign-ins arrive.
    pub(crate) kind: ClientKind,
    /// Whether it can be used.
    pub(crate) state: ClientState,
    /// What phones show where its requests name no application.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) application: Option<String>,
    /// What it may do.
    #[schema(value_type = Vec<Right>)]
    pub(crate) rights: Rights,
    /// Addresses that browsers may be sent back to.
    pub(crate) redirect_uris: Vec<String>,
    /// Issuers that may vouch for a person.
    pub(crate) issuers: Vec<String>,
    /// Tenants of Entra, by identifier.
    pub(crate) tenants: Vec<String>,
    /// A JWK set of public keys that it signs with.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub(crate) jwks: Option<Value>,
    /// Methods that may approve its sign-ins.
    #[schema(value_type = Vec<Method>)]
    pub(crate) methods: Methods,
    /// What only its kind has.
    pub(crate) settings: ClientSettings,
    /// When it was made.
    pub(crate) created_at: u64,
    /// When it ends by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expires_at: Option<u64>,
    /// When it was revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) revoked_at: Option<u64>,
    /// When it was last used, to within a minute or so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_used_at: Option<u64>,
    /// Its secrets, oldest first, without themselves.
    pub(crate) secrets: Vec<SecretReply>,
    /// What somebody should look at.
    pub(crate) warnings: Vec<Warning>,
}

/// A secret, without itself.
#[derive(Serialize, ToSchema)]
pub(crate) struct SecretReply {
    /// Its name.
    pub(crate) id: String,
    /// When it was made.
    pub(crate) created_at: u64,
    /// When it was last used, to within a minute or so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_used_at: Option<u64>,
}

impl NewClient {
    /// The client that is asked for, in its maker's organisation.
    pub(super) fn client(self, maker: &Client, now: Time) -> Result<Client, ApiError> {
        let kind = match self.kind.as_deref() {
            None => ClientKind::Rest,
            Some(kind) => kind.parse().map_err(|()| Refusal::Invalid("kind"))?,
        };
        let new =
            Client::new(kind, maker.organisation, &maker.organisation_name, &self.name, self.rights, now);
        Ok(Client {
            application: self.application,
            redirect_uris: self.redirect_uris,
            issuers: self.issuers,
            tenants: self.tenants,
            jwks: self.jwks.map(|jwks| jwks.to_string()),
            methods: self.methods.unwrap_or(maker.methods),
            settings: self.settings,
            expires: self.expires_at.map(Time::from_seconds),
            ..new
        })
    }
}

impl ChangeRequest {
    pub(super) fn change(self) -> Change {
        Change {
            application: self.application,
            rights: self.rights,
            redirect_uris: self.redirect_uris,
            issuers: self.issuers,
            tenants: self.tenants,
            jwks: self.jwks.map(|jwks| jwks.map(|jwks| jwks.to_string())),
            methods: self.methods,
            settings: self.settings,
            expires: self.expires_at.map(|end| end.map(Time::from_seconds)),
        }
    }
}

impl ClientReply {
    pub(crate) fn of(connection: &Connection, client: Client, now: Time) -> store::Result<Self> {
        let secrets = clients::secrets(connection, client.id)?;
        let state = match client.revoked {
            Some(_) => ClientState::Revoked,
            None if client.is_usable(now) => ClientState::Active,
            None => ClientState::Expired,
        };
        let mut warnings = Vec::new();
        if state != ClientState::Revoked {
            if client.returns_anywhere {
                warnings.push(Warning::ReturnsAnywhere);
            }
            if secrets.is_empty() && client.jwks.is_none() && shows_secret(client.kind) {
                warnings.push(Warning::NoSecret);
            }
            if secrets.len() > clients::MAX_SECRETS {
                warnings.push(Warning::ManySecrets);
            }
        }
        Ok(Self {
            id: client.id.to_string(),
            organisation: client.organisation_name,
            name: client.name,
            kind: client.kind,
            state,
            application: client.application,
            rights: client.rights,
            redirect_uris: client.redirect_uris,
            issuers: client.issuers,
            tenants: client.tenants,
            jwks: client.jwks.and_then(|jwks| serde_json::from_str(&jwks).ok()),
            methods: client.methods,
            settings: client.settings,
            created_at: client.created.seconds(),
            expires_at: client.expires.map(Time::seconds),
            revoked_at: client.revoked.map(Time::seconds),
            last_used_at: client.last_used.map(Time::seconds),
            secrets: secrets
                .into_iter()
                .map(|secret| SecretReply {
                    id: secret.id.to_string(),
                    created_at: secret.created.seconds(),
                    last_used_at: secret.last_used.map(Time::seconds),
                })
                .collect(),
            warnings,
        })
    }
}

/// Tells null from a field that isn't there.
fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}
