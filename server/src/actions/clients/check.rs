//! What a client may look like, whoever makes it.

use serde_json::Value;

use crate::refusal::{Refusal, check_name};
use crate::store::clients::{Client, ClientKind, ClientSettings, Methods, Rights};
use crate::text;
use crate::time::Time;

/// Addresses, issuers and tenants that a client may have of each.
const MAX_LISTED: usize = 50;
/// Characters of a tenant's or an application's identifier.
const MAX_IDENTIFIER: usize = 128;
/// Bytes and keys of a client's JWK set.
const MAX_JWKS_BYTES: usize = 16 * 1024;
const MAX_JWKS_KEYS: usize = 20;
/// Members of a JWK that are private (RFC 7518, section 6).
const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// What is to be changed of a client; the rest stays.
#[derive(Clone, Debug, Default)]
pub(crate) struct Change {
    pub(crate) application: Option<Option<String>>,
    pub(crate) rights: Option<Rights>,
    pub(crate) redirect_uris: Option<Vec<String>>,
    pub(crate) issuers: Option<Vec<String>>,
    pub(crate) tenants: Option<Vec<String>>,
    pub(crate) jwks: Option<Option<String>>,
    pub(crate) methods: Option<Methods>,
    pub(crate) settings: Option<ClientSettings>,
    pub(crate) expires: Option<Option<Time>>,
}

impl Change {
    /// The client with the change. Once it has registered return addresses, no others will do, for ever.
    pub(crate) fn of(self, client: Client) -> Client {
        Client {
            returns_anywhere: client.returns_anywhere && self.redirect_uris.is_none(),
            application: self.application.unwrap_or(client.application),
            rights: self.rights.unwrap_or(client.rights),
            redirect_uris: self.redirect_uris.unwrap_or(client.redirect_uris),
            issuers: self.issuers.unwrap_or(client.issuers),
            tenants: self.tenants.unwrap_or(client.tenants),
            jwks: self.jwks.unwrap_or(client.jwks),
            methods: self.methods.unwrap_or(client.methods),
            settings: self.settings.unwrap_or(client.settings),
            expires: self.expires.unwrap_or(client.expires),
            ..client
        }
    }
}

/// Refuses what can't be a client, and what has no effect for its kind.
pub(super) fn client(client: &Client) -> Result<(), Refusal> {
    check_name("name", &client.name)?;
    if let Some(application) = &client.application {
        check_name("application", application)?;
    }
    let redirects = matches!(client.kind, ClientKind::Rest | ClientKind::Oidc);
    // A fragment of a redirect URI would be the answer's (RFC 6749, section 3.1.2).
    let is_redirect =
        |uri: &String| text::is_return_url(uri) && (client.kind == ClientKind::Rest || !uri.contains('#'));
    list("redirect_uris", &client.redirect_uris, redirects, is_redirect)?;
    let believes = client.kind != ClientKind::Rest;
    list("issuers", &client.issuers, believes, |issuer| text::is_issuer(issuer))?;
    let is_entra = client.kind == ClientKind::Entra;
    list("tenants", &client.tenants, is_entra, |tenant| text::is_guid(tenant))?;
    let signs = client.kind == ClientKind::Oidc;
    if client.jwks.as_ref().is_some_and(|jwks| !signs || !is_public_key_set(jwks)) {
        return Err(Refusal::Invalid("jwks"));
    }
    if client.methods == Methods::default() {
        return Err(Refusal::Invalid("methods"));
    }
    let ClientSettings { asks_name, app_id, trusts_names, .. } = &client.settings;
    let is_fitting = (!asks_name || client.kind == ClientKind::Oidc)
        && app_id.as_ref().is_none_or(|id| is_entra && is_identifier(id))
        && (!trusts_names || is_entra);
    if is_fitting { Ok(()) } else { Err(Refusal::Invalid("settings")) }
}

/// Refuses an end that is over already.
pub(super) fn end(expires: Option<Time>, now: Time) -> Result<(), Refusal> {
    if expires.is_some_and(|end| end <= now) { Err(Refusal::Invalid("expires_at")) } else { Ok(()) }
}

fn list(
    field: &'static str,
    values: &[String],
    is_used: bool,
    is_good: impl Fn(&String) -> bool,
) -> Result<(), Refusal> {
    let is_distinct = values
        .iter()
        .enumerate()
        .all(|(index, value)| !values.iter().skip(index + 1).any(|other| other == value));
    let is_in_order = values.len() <= MAX_LISTED && is_distinct && values.iter().all(is_good);
    if values.is_empty() || (is_used && is_in_order) { Ok(()) } else { Err(Refusal::Invalid(field)) }
}

fn is_identifier(text: &str) -> bool {
    (1..=MAX_IDENTIFIER).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Whether this is a JWK set (RFC 7517, section 5) of public keys. One with a private key in it is refused: that key is
/// somebody's secret, and has no business here.
fn is_public_key_set(text: &str) -> bool {
    let Ok(set) = serde_json::from_str::<Value>(text) else { return false };
    let Some(keys) = set["keys"].as_array() else { return false };
    let is_public = |key: &Value| {
        let is_known = matches!(key["kty"].as_str(), Some("RSA" | "EC"));
        is_known && !PRIVATE_MEMBERS.iter().any(|member| key.get(member).is_some())
    };
    text.len() <= MAX_JWKS_BYTES && (1..=MAX_JWKS_KEYS).contains(&keys.len()) && keys.iter().all(is_public)
}
