//! The token endpoint: a code becomes an ID token and an access token, once (RFC 6749, section 4.1.3; RFC 7636, section
//! 4.6).

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use countersign_protocol::sha256_base64url;
use serde_json::json;

use super::client_auth;
use super::error::OauthError;
use super::id_token::{IdTokenClaims, LIFETIME};
use super::parameters::Parameters;
use super::resume::{Found, make_secret};
use crate::app::App;
use crate::refusal::Refusal;
use crate::secret::SecretText;
use crate::store::audit::{self, About, Act, Actor, Event};
use crate::store::authorize_requests::{self, AuthorizeRequest};
use crate::store::clients::Client;
use crate::store::{self, StoreError, Transaction, sign_ins};
use crate::time::Time;

/// Every reason that a code isn't taken for looks the same.
const REFUSED: OauthError =
    OauthError::invalid_grant("the code is wrong, has expired, was used, or is of another request");

/// `POST /oidc/token`
pub(super) async fn token(State(app): State<Arc<App>>, headers: HeaderMap, body: Bytes) -> Response {
    match exchange(&app, &headers, &body).await {
        Ok(response) => response,
        Err(error) => {
            tracing::debug!(code = error.code, description = error.description, "no tokens were given");
            error.into_response()
        }
    }
}

async fn exchange(app: &Arc<App>, headers: &HeaderMap, body: &[u8]) -> Result<Response, OauthError> {
    let is_form = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|media| media.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded"));
    if !is_form {
        return Err(OauthError::invalid_request("the body must be application/x-www-form-urlencoded"));
    }
    let parameters = Parameters::parse(body);
    if parameters.repeated.is_some() {
        return Err(OauthError::invalid_request("a parameter came more than once"));
    }
    let client = client_auth::authenticate(app, headers, &parameters).await?;
    match parameters.get("grant_type") {
        Some("authorization_code") => {}
        None => return Err(OauthError::invalid_request("grant_type is missing")),
        Some(_) => {
            return Err(OauthError::new("unsupported_grant_type", "grant_type must be authorization_code"));
        }
    }
    let given = Given::read(&parameters)?;
    // Before the code is used up: without keys there is nothing to sign with.
    let keys = app.openid_keys.obtain(app).await?;
    let access_token = make_secret();
    let (writer, stored, now) = (client.clone(), access_token.clone(), app.now());
    let found = app
        .store
        .write(move |transaction| redeem(transaction, &writer, &given, &stored, now))
        .await?
        .ok_or(REFUSED)?;
    // What came to something is no longer counted against the network that it came from.
    if let Some(address) = found.sign_in.ip.as_deref().and_then(|address| address.parse().ok()) {
        app.openid_starts.give_back(address);
    }
    let key =
        keys.signing(client.settings.id_token_signed_response_alg, now).ok_or(OauthError::UNAVAILABLE)?;
    let claims = IdTokenClaims::of(&found, app.settings.public_url.to_string(), &access_token, now);
    let id_token = key.sign(&claims).map_err(|error| Refusal::from(StoreError::from(error)))?;
    let reply = json!({
        "access_token": access_token.expose(),
        "token_type": "Bearer",
        "expires_in": LIFETIME.as_secs(),
        "scope": found.request.scope,
        "id_token": id_token,
    });
    Ok(Json(reply).into_response())
}

/// What a client gives for tokens.
struct Given {
    code: SecretText,
    redirect_uri: String,
    verifier: String,
}

impl Given {
    fn read(parameters: &Parameters) -> Result<Self, OauthError> {
        let get =
            |name, error| parameters.get(name).map(str::to_owned).ok_or(OauthError::invalid_request(error));
        let verifier = get("code_verifier", "code_verifier is missing")?;
        let is_verifier = (43..=128).contains(&verifier.len())
            && verifier.bytes().all(|it| it.is_ascii_alphanumeric() || b"-._~".contains(&it));
        if !is_verifier {
            return Err(REFUSED);
        }
        Ok(Self {
            code: SecretText::new(get("code", "code is missing")?),
            redirect_uri: get("redirect_uri", "redirect_uri is missing")?,
            verifier,
        })
    }

    fn is_of(&self, request: &AuthorizeRequest) -> bool {
        request.redirect_uri == self.redirect_uri
            && request.code_challenge == sha256_base64url(&self.verifier)
    }
}

/// Exchanges a code, once. A code that comes again has been stolen, or the first one to use it was a thief: what it has
/// brought ends (RFC 6749, section 4.1.2).
fn redeem(
    transaction: &Transaction<'_>,
    client: &Client,
    given: &Given,
    access_token: &SecretText,
    now: Time,
) -> store::Result<Option<Found>> {
    let Some((request, hash, expires)) = authorize_requests::of_code(transaction, &given.code)? else {
        return Ok(None);
    };
    if request.client != client.id {
        return Ok(None);
    }
    let id = request.id;
    let record = |outcome: &str| -> store::Result<()> {
        let Some(sign_in) = sign_ins::load(transaction, id)? else { return Ok(()) };
        let actor = Actor::Client(client.name.clone());
        let about = About::Account(&sign_in.account);
        let act = Act { at: now, actor: &actor, event: Event::TokenIssue, outcome, about, subject: Some(id) };
        audit::append(transaction, &act)
    };
    if request.redeemed.as_ref() == Some(&hash) {
        authorize_requests::end_tokens(transaction, id)?;
        tracing::warn!("a code was used twice; its tokens have ended");
        record("code_reused")?;
        return Ok(None);
    }
    if expires <= now || request.created.is_ahead_of(now) || !given.is_of(&request) {
        return Ok(None);
    }
    if !authorize_requests::redeem(transaction, id, &hash)? {
        return Ok(None);
    }
    authorize_requests::add_token(transaction, id, access_token, now + LIFETIME)?;
    record("issued")?;
    Found::of(transaction, request)
}
