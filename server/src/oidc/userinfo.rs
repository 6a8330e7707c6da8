//! The userinfo endpoint (OpenID Connect Core 1.0, section 5.3).

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::id_token::PersonClaims;
use super::resume::Found;
use crate::app::App;
use crate::refusal::Refusal;
use crate::relying_party::ApiError;
use crate::secret::SecretText;
use crate::store::authorize_requests;

/// `GET` and `POST /oidc/userinfo`
pub(super) async fn userinfo(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let Some(token) = bearer(&headers) else { return refuse(None) };
    let now = app.now();
    let found =
        app.store.read(move |connection| match authorize_requests::of_token(connection, &token, now)? {
            Some(request) => Found::of(connection, request),
            None => Ok(None),
        });
    match found.await.map_err(Refusal::from) {
        Ok(Some(found)) if found.client.can_sign_people_in(now) => {
            Json(PersonClaims::of(&found)).into_response()
        }
        Ok(_) => refuse(Some("invalid_token")),
        Err(refusal) => ApiError::from(refusal).into_response(),
    }
}

/// The token of an `Authorization` header (RFC 6750, section 2.1). One in an address would be in logs.
fn bearer(headers: &HeaderMap) -> Option<SecretText> {
    let text = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = text.split_once(' ')?;
    scheme.eq_ignore_ascii_case("Bearer").then(|| SecretText::new(token.trim().to_owned()))
}

/// A request without a token learns no error code (RFC 6750, section 3.1).
fn refuse(code: Option<&'static str>) -> Response {
    let challenge = match code {
        None => "Bearer realm=\"countersign\"",
        Some(_) => "Bearer realm=\"countersign\", error=\"invalid_token\"",
    };
    let headers = [(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge))];
    let body = Json(json!({ "error": code.unwrap_or("unauthorised") }));
    (StatusCode::UNAUTHORIZED, headers, body).into_response()
}
