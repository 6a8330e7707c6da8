//! Errors of the door, by the names that the standards give them.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use countersign_protocol::Id;
use serde_json::json;

use crate::http::RefusedAs;
use crate::refusal::Refusal;
use crate::store::StoreError;

/// An error that a client is told: a name of a standard, and a text for the person who sets the client up. Neither has
/// anything of the request in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OauthError {
    pub(super) code: &'static str,
    pub(super) description: &'static str,
    /// The client that somebody would be who got this.
    refused_as: Option<Id>,
}

impl OauthError {
    pub(super) const UNAVAILABLE: Self =
        Self::new("temporarily_unavailable", "the service can't do it now; try again");

    pub(super) const fn new(code: &'static str, description: &'static str) -> Self {
        Self { code, description, refused_as: None }
    }

    pub(super) const fn invalid_request(description: &'static str) -> Self {
        Self::new("invalid_request", description)
    }

    pub(super) const fn invalid_grant(description: &'static str) -> Self {
        Self::new("invalid_grant", description)
    }

    pub(super) const fn invalid_client(description: &'static str) -> Self {
        Self::new("invalid_client", description)
    }

    /// The error of somebody who would be this client: its reply is slowed down by client as well.
    pub(super) const fn as_client(self, client: Id) -> Self {
        Self { refused_as: Some(client), ..self }
    }

    /// OpenID Connect Core Error Code `unmet_authentication_requirements`.
    pub(super) const fn unmet(description: &'static str) -> Self {
        Self::new("unmet_authentication_requirements", description)
    }
}

impl From<StoreError> for OauthError {
    fn from(error: StoreError) -> Self {
        Refusal::from(error).into()
    }
}

impl From<Refusal> for OauthError {
    fn from(_: Refusal) -> Self {
        Self::UNAVAILABLE
    }
}

/// The error of the token endpoint (RFC 6749, section 5.2).
impl IntoResponse for OauthError {
    fn into_response(self) -> Response {
        let status = match self.code {
            "invalid_client" => StatusCode::UNAUTHORIZED,
            "temporarily_unavailable" | "server_error" => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_REQUEST,
        };
        let body = Json(json!({ "error": self.code, "error_description": self.description }));
        let mut response = (status, body).into_response();
        if status == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static("Basic realm=\"countersign\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        if let Some(client) = self.refused_as {
            response.extensions_mut().insert(RefusedAs(client));
        }
        response
    }
}
