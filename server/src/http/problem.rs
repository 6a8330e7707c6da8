//! Errors of the interface that no handler has made: unknown routes, other methods, bodies out of bounds.

use axum::body::Body;
use axum::extract::Request;
use axum::http::header;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::relying_party::ApiError;

/// Gives errors of programs' routes the body that all other errors of the interface have.
pub(super) async fn describe_errors(request: Request, next: Next) -> Response {
    let is_api = is_api(request.uri().path());
    let response = next.run(request).await;
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    if !is_api || !is_error || is_described(&response) {
        return response;
    }
    let (mut kept, _) = response.into_parts();
    let (described, body) = ApiError::of_status(status).into_response().into_parts();
    kept.headers.remove(header::CONTENT_LENGTH);
    kept.headers.extend(described.headers);
    Response::from_parts(kept, body)
}

/// Whether a path is one that programs ask for, in contrast to browsers.
fn is_api(path: &str) -> bool {
    let is_below =
        |root: &str| path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    is_below("/v1")
        || is_below("/.well-known")
        || is_below("/oidc/jwks")
        || is_below("/oidc/token")
        || is_below("/oidc/userinfo")
        || matches!(path, "/openapi.json" | "/healthz" | "/livez" | "/readyz")
}

/// Whether the body is one that a program can read: JSON, or a signed message.
fn is_described(response: &Response<Body>) -> bool {
    let content_type = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    content_type.is_some_and(|value| value.contains("json") || value.starts_with("application/jose"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_paths_are_told_from_pages() {
        for path in
            ["/v1", "/v1/", "/v1/nothing", "/v1/device/nothing", "/.well-known/x", "/openapi.json", "/readyz"]
        {
            assert!(is_api(path), "{path}");
        }
        for path in ["/", "/v1x", "/v2/sign-ins", "/sign-ins/x", "/enrol", "/readyz/x", "/favicon.ico"] {
            assert!(!is_api(path), "{path}");
        }
    }
}
