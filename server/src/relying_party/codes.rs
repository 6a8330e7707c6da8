//! `/v1/codes/verify` and `/v1/users/{user}/unlock`: one-time codes by themselves, and the lock they can bring.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::error::{ApiError, ErrorBody};
use super::parse;
use crate::actions::code as one_time_code;
use crate::app::App;
use crate::refusal::Refusal;
use crate::secret::SecretText;
use crate::store::accounts::{self, Account};
use crate::store::audit::{self, Actor, Event};
use crate::store::organisations::Client;
use crate::text;

/// A code to be verified.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct VerifyRequest {
    /// Whose.
    user: String,
    /// Six digits.
    code: String,
}

/// What came of a code.
#[derive(Serialize, ToSchema)]
pub(super) struct VerifyReply {
    /// Whether it was right. It is used up then; a wrong one is counted.
    valid: bool,
    /// The device that a right one is from.
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<String>,
    /// `["otp"]` (RFC 8176) for a right one.
    #[serde(skip_serializing_if = "Option::is_none")]
    amr: Option<Vec<&'static str>>,
}

/// Verify a user's one-time code
#[utoipa::path(
    post, path = "/v1/codes/verify", tag = "codes", security(("api_key" = [])),
    request_body = VerifyRequest,
    responses(
        (status = 200, body = VerifyReply),
        (status = 429, description = "`throttled` or `locked`", body = ErrorBody),
        (status = "default", body = ErrorBody, description = "Refused"),
    )
)]
pub(super) async fn verify(
    State(app): State<Arc<App>>,
    client: Client,
    body: Bytes,
) -> Result<Json<VerifyReply>, ApiError> {
    let VerifyRequest { user, code } = parse(&body)?;
    let account = account(&client, user)?;
    let actor = Actor::Client(client.name);
    match one_time_code::alone(&app, account, SecretText::new(code), actor).await {
        Ok(device) => Ok(Json(VerifyReply {
            valid: true,
            device: Some(device.to_string()),
            amr: Some(vec![one_time_code::AMR]),
        })),
        Err(Refusal::WrongCode) => Ok(Json(VerifyReply { valid: false, device: None, amr: None })),
        Err(refusal) => Err(refusal.into()),
    }
}

/// Forget a user's failures, and open an account that they have closed
#[utoipa::path(
    post, path = "/v1/users/{user}/unlock", tag = "codes", security(("api_key" = [])),
    params(("user" = String, Path, description = "User")),
    responses((status = 204), (status = "default", body = ErrorBody, description = "Refused"))
)]
pub(super) async fn unlock(
    State(app): State<Arc<App>>,
    client: Client,
    Path(user): Path<String>,
) -> Result<StatusCode, ApiError> {
    let account = account(&client, user)?;
    let now = app.now();
    app.store
        .write(move |transaction| {
            let outcome =
                if accounts::forget_failures(transaction, &account)? { "unlocked" } else { "nothing_to_do" };
            let actor = Actor::Client(client.name);
            audit::append(transaction, now, &actor, Event::UserUnlock, outcome, &account, None)
        })
        .await
        .map_err(Refusal::from)?;
    Ok(StatusCode::NO_CONTENT)
}

fn account(client: &Client, user: String) -> Result<Account, Refusal> {
    if !text::is_name(&user) {
        return Err(Refusal::Invalid("user"));
    }
    Ok(Account { organisation: client.organisation, user })
}
