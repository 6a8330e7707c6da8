//! `/v1/codes/verify`: one-time codes by themselves.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::error::{ApiError, ErrorBody};
use super::parse;
use super::retry::RetryKey;
use super::users::account;
use crate::actions::code::{self as one_time_code, Asker};
use crate::app::App;
use crate::refusal::Refusal;
use crate::secret::SecretText;
use crate::source::Source;
use crate::store::clients::Client;

/// A code to be verified.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct VerifyRequest {
    /// Whose.
    user: String,
    /// Six digits.
    code: String,
    /// The network address that it was typed at. Wrong codes are counted by it: whoever types them elsewhere doesn't make
    /// this person wait.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    ip: Option<IpAddr>,
}

/// What came of a code.
#[derive(Serialize, ToSchema)]
pub(super) struct VerifyReply {
    /// Whether it was right. It is used up then; a wrong one is counted, one that was used before isn't.
    valid: bool,
    /// Whether it was right but isn't enough, since the account has had too many wrong ones: ask for the next code, and
    /// verify that one as well.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    next_code: bool,
    /// The device that a right one is from.
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<String>,
    /// `["otp"]` (RFC 8176) for a right one.
    #[serde(skip_serializing_if = "Option::is_none")]
    amr: Option<Vec<&'static str>>,
}

/// Verify a user's one-time code
#[utoipa::path(
    post, path = "/v1/codes/verify", tag = "codes", operation_id = "verify_code", security(("api_key" = ["sign_in"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Names the request, so that it may be sent again")),
    request_body = VerifyRequest,
    responses(
        (status = 200, body = VerifyReply),
        (status = 429, description = "`throttled`", body = ErrorBody),
        (status = "default", body = ErrorBody, description = "Refused"),
    )
)]
pub(super) async fn verify(
    State(app): State<Arc<App>>,
    client: Client,
    key: RetryKey,
    body: Bytes,
) -> Result<Json<VerifyReply>, ApiError> {
    let VerifyRequest { user, code, ip } = parse(&body)?;
    let account = account(&client, user)?;
    let source = Source::derive(&app.keys, &client.name, ip);
    let asker = Asker::Client(Box::new(client), key.of(&app, &["codes/verify"], &body));
    let invalid = VerifyReply { valid: false, next_code: false, device: None, amr: None };
    match one_time_code::alone(&app, account, SecretText::new(code), source, asker).await {
        Ok(device) => Ok(Json(VerifyReply {
            valid: true,
            next_code: false,
            device: Some(device.to_string()),
            amr: Some(vec![one_time_code::AMR]),
        })),
        Err(Refusal::WrongCode | Refusal::UsedCode) => Ok(Json(invalid)),
        Err(Refusal::NextCode) => Ok(Json(VerifyReply { next_code: true, ..invalid })),
        Err(refusal) => Err(refusal.into()),
    }
}
