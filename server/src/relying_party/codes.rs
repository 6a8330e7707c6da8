//! `/v1/codes/verify`: one-time codes by themselves.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::error::{ApiError, ErrorBody};
use super::parse;
use super::users::account;
use crate::actions::code as one_time_code;
use crate::app::App;
use crate::refusal::Refusal;
use crate::secret::SecretText;
use crate::store::audit::Actor;
use crate::store::organisations::Client;

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
