//! How a client shows at the token endpoint who it is: by its secret in the header or in the body (RFC 6749, section 2.3.1), or
//! by an assertion that it has signed (RFC 7523).

use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign_protocol::{Id, decode_base64url, json};
use serde::Deserialize;
use url::form_urlencoded;

use super::error::OauthError;
use super::parameters::Parameters;
use crate::actions::authenticate::{self, AuthenticationError};
use crate::app::App;
use crate::foreign::{Lifetime, verify_under};
use crate::secret::SecretText;
use crate::store::authorize_requests;
use crate::store::clients::{self, Client, ClientKind};

/// What every failure says: not whether there is such a client.
const FAILED: OauthError =
    OauthError::invalid_client("the client isn't known, or its secret or signature is wrong");

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// How far ahead an assertion may expire: each is remembered until then.
const LONGEST_ASSERTION: Duration = Duration::from_mins(15);
/// More than clocks may differ by.
const CLOCK_SKEW: Duration = Duration::from_mins(10);

/// The client that a request of the token endpoint is of.
pub(super) async fn authenticate(
    app: &Arc<App>,
    headers: &HeaderMap,
    parameters: &Parameters,
) -> Result<Client, OauthError> {
    let basic = basic(headers)?;
    let in_body = parameters.get("client_secret");
    let ways = [basic.is_some(), in_body.is_some(), parameters.get("client_assertion").is_some()];
    if ways.iter().filter(|is_used| **is_used).count() > 1 {
        return Err(OauthError::invalid_request("a client shows in one way who it is"));
    }
    let named = parameters.get("client_id");
    if let Some(assertion) = parameters.get("client_assertion") {
        return by_assertion(app, parameters, named, assertion).await;
    }
    let (id, secret) = match (basic, in_body) {
        (Some((id, secret)), _) => {
            if named.is_some_and(|named| named != id) {
                return Err(OauthError::invalid_request("client_id is another one than the header's"));
            }
            (id, secret)
        }
        (None, Some(secret)) => (named.ok_or(FAILED)?.to_owned(), SecretText::new(secret.to_owned())),
        (None, None) => return Err(FAILED),
    };
    let id: Id = id.parse().map_err(|_| FAILED)?;
    let client = authenticate::by_secret(app, &[ClientKind::Oidc], Some(id), secret).await;
    let client = client.map_err(|error| match error {
        AuthenticationError::Rejected(client, _) => FAILED.as_client(client),
        AuthenticationError::Unknown => FAILED,
        AuthenticationError::Unavailable => OauthError::UNAVAILABLE,
    })?;
    if client.can_sign_people_in(app.now()) { Ok(client) } else { Err(FAILED) }
}

/// The client that has signed an assertion (RFC 7523, section 3), which is taken once.
async fn by_assertion(
    app: &Arc<App>,
    parameters: &Parameters,
    named: Option<&str>,
    assertion: &str,
) -> Result<Client, OauthError> {
    if parameters.get("client_assertion_type") != Some(ASSERTION_TYPE) {
        return Err(OauthError::invalid_request("client_assertion_type isn't jwt-bearer"));
    }
    let issuer = claimed_issuer(assertion).ok_or(FAILED)?;
    if named.is_some_and(|named| named != issuer) {
        return Err(OauthError::invalid_request("client_id is another one than the assertion's"));
    }
    let id: Id = issuer.parse().map_err(|_| FAILED)?;
    let now = app.now();
    let client = app.store.read(move |connection| clients::load(connection, id)).await?;
    let client = client
        .filter(|client| {
            client.kind == ClientKind::Oidc
                && client.can_sign_people_in(now)
                && client.id.to_string() == issuer
        })
        .ok_or(FAILED)?;
    let keys = client.jwks.as_deref().ok_or(FAILED)?;
    let url = &app.settings.public_url;
    let (service, endpoint) = (url.to_string(), url.join("/oidc/token"));
    let audiences = [service.as_str(), endpoint.as_str()];
    let verified = verify_under(keys.as_bytes(), &issuer, &audiences, Lifetime::Expiry, assertion, now);
    let verified = verified.map_err(|error| {
        tracing::debug!(%error, "a client's assertion was refused");
        FAILED
    })?;
    let (jti, expires) =
        (verified.text("jti").ok_or(FAILED)?.to_owned(), verified.time("exp").ok_or(FAILED)?);
    if verified.subject != issuer || jti.is_empty() || expires > now + LONGEST_ASSERTION {
        return Err(FAILED);
    }
    // It is remembered for as long as it is good, which is a little longer than it says.
    let forgotten = expires + CLOCK_SKEW;
    let is_new = app
        .store
        .write(move |transaction| authorize_requests::use_assertion(transaction, id, &jti, forgotten))
        .await?;
    if is_new { Ok(client) } else { Err(FAILED) }
}

/// Whom an assertion says that it is of, which says nothing until it is verified.
fn claimed_issuer(assertion: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Issuer {
        iss: String,
    }
    let claims = decode_base64url(assertion.split('.').nth(1)?).ok()?;
    json::from_object::<Issuer>(&claims).ok().map(|claims| claims.iss)
}

/// Name and secret of an `Authorization: Basic` header, if there is one.
fn basic(headers: &HeaderMap) -> Result<Option<(String, SecretText)>, OauthError> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let text = value.to_str().map_err(|_| FAILED)?;
    let (scheme, encoded) = text.split_once(' ').ok_or(FAILED)?;
    if !scheme.eq_ignore_ascii_case("Basic") || headers.get_all(header::AUTHORIZATION).iter().count() != 1 {
        return Err(FAILED);
    }
    let decoded = STANDARD.decode(encoded.trim()).map_err(|_| FAILED)?;
    let decoded = SecretText::new(String::from_utf8(decoded).map_err(|_| FAILED)?);
    let (id, secret) = decoded.expose().split_once(':').ok_or(FAILED)?;
    Ok(Some((decode(id), SecretText::new(decode(secret)))))
}

/// Each half is encoded as a form's field before they are joined.
fn decode(text: &str) -> String {
    let field = format!("x={text}");
    form_urlencoded::parse(field.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}
