//! The result of a sign-in, signed for the relying party, and the key to verify it with.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use countersign_protocol::jws::Message;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::refusal::Refusal;
use crate::store::sign_ins::{SignIn, SignInState};

/// How long an assertion is good for, from the decision on.
const LIFETIME: Duration = Duration::from_secs(300);

/// Claims of an assertion (RFC 7519; `docs/protocol.md`).
#[derive(Serialize, Deserialize)]
struct Assertion {
    iss: String,
    aud: String,
    sub: String,
    iat: u64,
    exp: u64,
    auth_time: u64,
    /// The sign-in has one assertion, however often it is read: a relying party takes each `jti` once.
    jti: String,
    sign_in: String,
    amr: Vec<String>,
}

impl Message for Assertion {
    const TYP: &'static str = "countersign-assertion+jwt";
}

/// The keys that assertions verify under (RFC 7517, section 5).
#[derive(Serialize, ToSchema)]
pub(crate) struct Jwks {
    keys: Vec<JwksKey>,
}

/// One of them.
#[derive(Serialize, ToSchema)]
pub(crate) struct JwksKey {
    #[serde(flatten)]
    #[schema(value_type = Object)]
    key: countersign_protocol::Jwk,
    /// Its thumbprint (RFC 7638).
    kid: String,
    /// `sig`.
    r#use: &'static str,
    /// `ES256`.
    alg: &'static str,
}

/// Keys that assertions verify under
#[utoipa::path(
    get, path = "/.well-known/jwks.json", tag = "service",
    responses((status = 200, body = Jwks))
)]
pub(crate) async fn jwks(State(app): State<Arc<App>>) -> Json<Jwks> {
    let ring = app.ring();
    let key = ring.assertion();
    let key = JwksKey { key: *key.public(), kid: key.thumbprint().to_string(), r#use: "sig", alg: "ES256" };
    Json(Jwks { keys: vec![key] })
}

/// The assertion of a sign-in, if it was approved.
pub(super) fn of_sign_in(app: &App, sign_in: &SignIn) -> Result<Option<String>, Refusal> {
    let (SignInState::Approved, Some(decided), Some(amr)) = (sign_in.state, sign_in.decided, &sign_in.amr)
    else {
        return Ok(None);
    };
    let claims = Assertion {
        iss: app.settings.public_url.to_string(),
        aud: sign_in.client.clone(),
        sub: sign_in.account.user.clone(),
        iat: decided.seconds(),
        exp: (decided + LIFETIME).seconds(),
        auth_time: decided.seconds(),
        jti: sign_in.id.to_string(),
        sign_in: sign_in.id.to_string(),
        amr: amr.split(' ').map(str::to_owned).collect(),
    };
    app.ring().assertion().sign(&claims).map(Some).map_err(|_| Refusal::Unavailable)
}
