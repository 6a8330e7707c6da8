//! `/v1/enrolments`: starting and following the enrolment of a device.

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
use super::{Params, PathId, Show, exposed, parse};
use crate::actions::{enrolment, sign_in};
use crate::app::App;
use crate::store::audit::Actor;
use crate::store::clients::Client;
use crate::store::enrolments::{Enrolment, EnrolmentState};

/// Whom a device is enrolled for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewEnrolment {
    /// The user's name at the organisation, 1 to 128 characters. Sign-ins name the user in the same way.
    user: String,
    /// What the page calls the user.
    #[serde(default)]
    display_name: Option<String>,
    /// `relying_party` adds the `link` to the reply, and to later ones the number of the activation.
    #[serde(default)]
    show: Show,
}

/// An enrolment.
#[derive(Serialize, ToSchema)]
pub(super) struct EnrolmentReply {
    /// Its name.
    id: String,
    /// Whose it is.
    user: String,
    /// How far it has come.
    state: EnrolmentState,
    /// When the ticket expires, or, once it is used, the activation.
    expires_at: u64,
    /// What the page and the phone both show, once a device has used the ticket.
    #[serde(skip_serializing_if = "Option::is_none")]
    check_value: Option<String>,
    /// The device that has used the ticket.
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<String>,
    /// Send the user's browser here. The address opens the page for the first browser only. In the reply to the request
    /// that has started the enrolment.
    #[serde(skip_serializing_if = "Option::is_none")]
    page_url: Option<String>,
    /// The text of the QR, if it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
    /// The number of the activation while it waits, if it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<String>,
    /// The text of the activation's QR while it waits, if it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    match_link: Option<String>,
}

/// How long to wait.
#[derive(Deserialize)]
pub(super) struct Wait {
    #[serde(default)]
    wait: u64,
}

/// Start an enrolment
#[utoipa::path(
    post, path = "/v1/enrolments", tag = "enrolments", operation_id = "create_enrolment", security(("api_key" = ["enrol"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Names the request, so that it may be sent again")),
    request_body = NewEnrolment,
    responses(
        (status = 201, body = EnrolmentReply),
        (status = 409, description = "`too_many_devices`", body = ErrorBody),
        (status = 429, description = "`too_many_open`", body = ErrorBody),
        (status = "default", body = ErrorBody, description = "Refused"),
    )
)]
pub(super) async fn create(
    State(app): State<Arc<App>>,
    client: Client,
    key: RetryKey,
    body: Bytes,
) -> Result<(StatusCode, Json<EnrolmentReply>), ApiError> {
    let new: NewEnrolment = parse(&body)?;
    let new = enrolment::NewEnrolment {
        user: new.user,
        display_name: new.display_name,
        shown_by_client: new.show == Show::RelyingParty,
    };
    let enrolment = enrolment::create(&app, &client, new, key.of(&app, &["enrolments"], &body)).await?;
    let page_url = exposed(enrolment::page_url(&app, enrolment.id));
    let link = enrolment.shown_by_client.then(|| exposed(enrolment::link(&app, &enrolment)));
    let reply = EnrolmentReply { page_url: Some(page_url), link, ..reply(&app, enrolment) };
    Ok((StatusCode::CREATED, Json(reply)))
}

/// Read an enrolment, and wait for its next change
#[utoipa::path(
    get, path = "/v1/enrolments/{id}", tag = "enrolments", operation_id = "read_enrolment", security(("api_key" = ["enrol"])),
    params(
        ("id" = String, Path, description = "Enrolment"),
        ("wait" = Option<u64>, Query, description = "Seconds to hold the reply until something changes"),
    ),
    responses((status = 200, body = EnrolmentReply), (status = "default", body = ErrorBody, description = "Refused"))
)]
pub(super) async fn read(
    State(app): State<Arc<App>>,
    client: Client,
    PathId(id): PathId,
    Params(wait): Params<Wait>,
) -> Result<Json<EnrolmentReply>, ApiError> {
    let wait = Duration::from_secs(wait.wait).min(app.settings.longest_wait);
    let (enrolment, activation) = enrolment::wait(&app, &client, id, app.now() + wait).await?;
    let waits = enrolment.state_at(app.now()) == EnrolmentState::AwaitingActivation;
    let shown = activation.filter(|_| enrolment.shown_by_client && waits);
    let number = shown.as_ref().and_then(|activation| sign_in::number(&app, activation)).map(exposed);
    let match_link = shown.as_ref().and_then(|activation| sign_in::match_link(&app, activation)).map(exposed);
    Ok(Json(EnrolmentReply { number, match_link, ..reply(&app, enrolment) }))
}

/// Withdraw an enrolment that isn't done
#[utoipa::path(
    delete, path = "/v1/enrolments/{id}", tag = "enrolments", operation_id = "cancel_enrolment", security(("api_key" = ["enrol"])),
    params(("id" = String, Path, description = "Enrolment")),
    responses((status = 204), (status = 409, description = "`ended`", body = ErrorBody), (status = "default", body = ErrorBody, description = "Refused"))
)]
pub(super) async fn cancel(
    State(app): State<Arc<App>>,
    client: Client,
    PathId(id): PathId,
) -> Result<StatusCode, ApiError> {
    let enrolment = enrolment::load(&app, &client, id).await?;
    enrolment::cancel(&app, enrolment, Actor::Client(client.name)).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn reply(app: &App, enrolment: Enrolment) -> EnrolmentReply {
    EnrolmentReply {
        id: enrolment.id.to_string(),
        state: enrolment.state_at(app.now()),
        expires_at: enrolment.expires.seconds(),
        device: enrolment.device.map(|device| device.to_string()),
        check_value: enrolment.check_value,
        user: enrolment.account.user,
        page_url: None,
        link: None,
        number: None,
        match_link: None,
    }
}
