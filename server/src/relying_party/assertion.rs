//! The result of a sign-in, signed for the relying party, and the key to verify it with.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use countersign_protocol::encode_base64url;
use countersign_protocol::jws::Message;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::refusal::Refusal;
use crate::store::organisations;
use crate::store::sign_ins::{SignIn, SignInState};

/// How long an assertion is good for, from the decision on.
const LIFETIME: Duration = Duration::from_secs(300);

/// Claims of an assertion (RFC 7519; `docs/protocol.md`).
#[derive(Serialize, Deserialize)]
struct Assertion {
    iss: String,
    /// The client's name, within its organisation.
    aud: String,
    /// The user's name, within the organisation.
    sub: String,
    /// The organisation's name. Two organisations of one service may have clients and users of the same names.
    organisation: String,
    /// The organisation's identifier, which no other ever has.
    organisation_id: String,
    iat: u64,
    exp: u64,
    auth_time: u64,
    /// The sign-in has one assertion, however often it is read: a relying party takes each `jti` once.
    jti: String,
    sign_in: String,
    amr: Vec<String>,
    /// How the device proved that its person saw the page; not there for a code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    matching: Option<String>,
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
    /// `EC`.
    kty: &'static str,
    /// `P-256`.
    crv: &'static str,
    /// First coordinate of the point, base64url.
    x: String,
    /// Second coordinate.
    y: String,
    /// Its thumbprint (RFC 7638).
    kid: String,
    /// `sig`.
    r#use: &'static str,
    /// `ES256`.
    alg: &'static str,
}

/// Keys that assertions verify under
#[utoipa::path(
    get, path = "/.well-known/jwks.json", tag = "service", operation_id = "assertion_keys",
    responses((status = 200, body = Jwks))
)]
pub(crate) async fn jwks(State(app): State<Arc<App>>) -> Json<Jwks> {
    let ring = app.ring();
    let key = ring.assertion();
    // 0x04, then both coordinates of 32 bytes.
    let point = key.public().to_point();
    let (x, y) = point[1..].split_at(32);
    let key = JwksKey {
        kty: "EC",
        crv: "P-256",
        x: encode_base64url(x),
        y: encode_base64url(y),
        kid: key.thumbprint().to_string(),
        r#use: "sig",
        alg: "ES256",
    };
    Json(Jwks { keys: vec![key] })
}

/// The assertion of a sign-in, if it was approved.
pub(super) async fn of_sign_in(app: &App, sign_in: &SignIn) -> Result<Option<String>, Refusal> {
    let (SignInState::Approved, Some(decided), Some(amr)) = (sign_in.state, sign_in.decided, &sign_in.amr)
    else {
        return Ok(None);
    };
    let organisation = sign_in.account.organisation;
    let name = app.store.read(move |connection| organisations::name_of(connection, organisation)).await?;
    let claims = Assertion {
        iss: app.settings.public_url.to_string(),
        aud: sign_in.client.clone(),
        sub: sign_in.account.user.clone(),
        organisation: name,
        organisation_id: organisation.to_string(),
        iat: decided.seconds(),
        exp: (decided + LIFETIME).seconds(),
        auth_time: decided.seconds(),
        jti: sign_in.id.to_string(),
        sign_in: sign_in.id.to_string(),
        amr: amr.split(' ').map(str::to_owned).collect(),
        matching: sign_in.matched.map(|matched| matched.as_str().to_owned()),
    };
    app.ring().assertion().sign(&claims).map(Some).map_err(|_| Refusal::Unavailable)
}
