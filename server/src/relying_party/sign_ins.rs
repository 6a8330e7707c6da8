//! `/v1/sign-ins`: starting a sign-in and learning its result.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::error::{ApiError, ErrorBody};
use super::retry::RetryKey;
use super::{Params, PathId, Show, assertion, exposed, parse};
use crate::actions::code::{self as one_time_code, Asker};
use crate::actions::sign_in::{self, NewSignIn};
use crate::app::App;
use crate::refusal::Refusal;
use crate::secret::SecretText;
use crate::store::audit::Actor;
use crate::store::clients::Client;
use crate::store::sign_ins::{Matched, Method, Push, SignIn, SignInState};
use crate::text;
use crate::time::Time;

/// Who wants to sign in, and what the phone shows of it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SignInRequest {
    /// The user's name at the organisation.
    user: String,
    /// Which application is signed in to, as the phone shows it.
    application: String,
    /// Roughly where from.
    #[serde(default)]
    place: Option<String>,
    /// The person's network address. Requests and wrong codes are counted by it, so that strangers elsewhere don't use up
    /// what this person may.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    ip: Option<IpAddr>,
    /// The browser or program.
    #[serde(default)]
    client: Option<String>,
    /// Where the page sends the browser back to: https, or http on loopback. Exactly one of the addresses that the client
    /// has registered.
    #[serde(default)]
    return_url: Option<String>,
    /// `relying_party` adds `number` and `match_link` to the reply.
    #[serde(default)]
    show: Show,
}

/// A sign-in.
#[derive(Serialize, ToSchema)]
pub(super) struct SignInReply {
    /// Its name.
    id: String,
    /// Who signs in.
    user: String,
    /// To which application.
    application: String,
    /// How it stands.
    state: SignInState,
    /// When it was started.
    created_at: u64,
    /// When it ends by itself.
    expires_at: u64,
    /// Devices that were asked. With none, only a one-time code could help; a page must not tell.
    devices: u32,
    /// Whether devices are asked: `limited` after too many sign-ins from there without a success, or while too many wait,
    /// `locked` after a report that asked for it, `excluded` where an approval on a device wouldn't do. The page then offers
    /// the other methods at once.
    push: Push,
    /// When devices will be asked again, if push is `limited`.
    #[serde(skip_serializing_if = "Option::is_none")]
    push_retry_at: Option<u64>,
    /// What has approved it.
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<Method>,
    /// How the device proved that its person sees the page, if a device has approved it.
    #[serde(skip_serializing_if = "Option::is_none")]
    matching: Option<Matched>,
    /// Once it is approved: a JWT (`countersign-assertion+jwt`) that verifies under the JWKS.
    #[serde(skip_serializing_if = "Option::is_none")]
    assertion: Option<String>,
    /// Send the user's browser here. The address opens the page for the first browser only. In the reply to the request
    /// that has started the sign-in.
    #[serde(skip_serializing_if = "Option::is_none")]
    page_url: Option<String>,
    /// The number to be shown, if it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<String>,
    /// The text of the QR to be shown, if it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    match_link: Option<String>,
}

/// How long to wait.
#[derive(Deserialize)]
pub(super) struct Wait {
    /// Seconds to hold the reply while the sign-in is pending; the service may hold it for less.
    #[serde(default)]
    wait: u64,
}

/// A one-time code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CodeRequest {
    /// Six digits.
    code: String,
}

/// Start a sign-in
///
/// It succeeds for any user, also one who has no device or doesn't exist. After too many sign-ins without a success,
/// while too many wait, or while push is locked, it asks no device (`push`), and can be approved by another method only.
#[utoipa::path(
    post, path = "/v1/sign-ins", tag = "sign-ins", operation_id = "create_sign_in", security(("api_key" = ["sign_in"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Names the request, so that it may be sent again")),
    request_body = SignInRequest,
    responses(
        (status = 201, body = SignInReply),
        (status = "default", body = ErrorBody, description = "Refused"),
    )
)]
pub(super) async fn create(
    State(app): State<Arc<App>>,
    client: Client,
    key: RetryKey,
    body: Bytes,
) -> Result<(StatusCode, Json<SignInReply>), ApiError> {
    let new: SignInRequest = parse(&body)?;
    let show = new.show;
    if new.return_url.as_ref().is_some_and(|url| text::is_return_url(url) && !client.may_return_to(url)) {
        return Err(Refusal::ReturnUrl.into());
    }
    let new = NewSignIn {
        user: new.user,
        application: new.application,
        place: new.place,
        ip: new.ip,
        browser: new.client,
        return_url: new.return_url,
    };
    let sign_in = sign_in::create(&app, &client, new, key.of(&app, &["sign-ins"], &body)).await?;
    let (number, match_link) = match show {
        Show::Page => (None, None),
        Show::RelyingParty => {
            (sign_in::number(&app, &sign_in).map(exposed), sign_in::match_link(&app, &sign_in).map(exposed))
        }
    };
    let page_url = Some(exposed(sign_in::page_url(&app, sign_in.id)));
    let reply = SignInReply { page_url, number, match_link, ..reply(&app, sign_in).await? };
    Ok((StatusCode::CREATED, Json(reply)))
}

/// Read a sign-in, and wait for its result
#[utoipa::path(
    get, path = "/v1/sign-ins/{id}", tag = "sign-ins", operation_id = "read_sign_in", security(("api_key" = ["sign_in"])),
    params(
        ("id" = String, Path, description = "Sign-in"),
        ("wait" = Option<u64>, Query, description = "Seconds to hold the reply while it is pending"),
    ),
    responses((status = 200, body = SignInReply), (status = "default", body = ErrorBody, description = "Refused"))
)]
pub(super) async fn read(
    State(app): State<Arc<App>>,
    client: Client,
    PathId(id): PathId,
    Params(wait): Params<Wait>,
) -> Result<Json<SignInReply>, ApiError> {
    let wait = Duration::from_secs(wait.wait).min(app.settings.longest_wait);
    let sign_in = sign_in::wait(&app, &client, id, app.now() + wait).await?;
    Ok(Json(reply(&app, sign_in).await?))
}

/// Withdraw a sign-in
#[utoipa::path(
    delete, path = "/v1/sign-ins/{id}", tag = "sign-ins", operation_id = "cancel_sign_in", security(("api_key" = ["sign_in"])),
    params(("id" = String, Path, description = "Sign-in")),
    responses((status = 204), (status = 409, description = "`ended`", body = ErrorBody), (status = "default", body = ErrorBody, description = "Refused"))
)]
pub(super) async fn cancel(
    State(app): State<Arc<App>>,
    client: Client,
    PathId(id): PathId,
) -> Result<StatusCode, ApiError> {
    let sign_in = sign_in::load(&app, &client, id).await?;
    sign_in::cancel(&app, sign_in.id, Actor::Client(client.name)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Approve a sign-in by a one-time code
#[utoipa::path(
    post, path = "/v1/sign-ins/{id}/code", tag = "sign-ins", operation_id = "submit_code", security(("api_key" = ["sign_in"])),
    params(
        ("id" = String, Path, description = "Sign-in"),
        ("Idempotency-Key" = Option<String>, Header, description = "Names the request, so that it may be sent again"),
    ),
    request_body = CodeRequest,
    responses(
        (status = 200, body = SignInReply),
        (status = 409, description = "`wrong_code`, `next_code` or `ended`", body = ErrorBody),
        (status = 429, description = "`throttled` or `too_many_codes`", body = ErrorBody),
        (status = "default", body = ErrorBody, description = "Refused"),
    )
)]
pub(super) async fn code(
    State(app): State<Arc<App>>,
    client: Client,
    PathId(id): PathId,
    key: RetryKey,
    body: Bytes,
) -> Result<Json<SignInReply>, ApiError> {
    let CodeRequest { code } = parse(&body)?;
    let asker = Asker::Client(Box::new(client), key.of(&app, &["sign-ins/code", &id.to_string()], &body));
    let sign_in = one_time_code::for_sign_in(&app, id, SecretText::new(code), asker).await?;
    Ok(Json(reply(&app, sign_in).await?))
}

async fn reply(app: &App, sign_in: SignIn) -> Result<SignInReply, Refusal> {
    let assertion = assertion::of_sign_in(app, &sign_in).await?;
    Ok(SignInReply {
        id: sign_in.id.to_string(),
        state: sign_in.state_at(app.now()),
        created_at: sign_in.created.seconds(),
        expires_at: sign_in.expires.seconds(),
        devices: sign_in.devices,
        push: sign_in.push,
        push_retry_at: sign_in.push_until.map(Time::seconds),
        method: sign_in.method,
        matching: sign_in.matched,
        assertion,
        page_url: None,
        number: None,
        match_link: None,
        user: sign_in.account.user,
        application: sign_in.application,
    })
}
