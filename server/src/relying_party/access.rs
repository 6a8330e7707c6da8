//! Who asks, and whether they may.
//!
//! Each operation names the right that it needs in its description, as the role of its security requirement (OpenAPI 3.1,
//! section 4.8.30). This layer reads the rights there: what is described is what is enforced, and an operation that names
//! none isn't served.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use super::error::ApiError;
use crate::actions::authenticate::{self, AuthenticationError};
use crate::app::App;
use crate::http::RefusedAs;
use crate::secret::SecretText;
use crate::store::clients::{Client, ClientKind, Right};

/// The right that each operation needs.
#[derive(Debug)]
struct Rights(HashMap<(String, String), Right>);

impl Rights {
    /// Reads them from a description. The error is the operation that names none.
    fn of(api: &OpenApi) -> Result<Self, String> {
        let api = serde_json::to_value(api).map_err(|error| error.to_string())?;
        let mut rights = HashMap::new();
        for (path, operations) in api["paths"].as_object().into_iter().flatten() {
            for (method, operation) in operations.as_object().into_iter().flatten() {
                let right = right_of(operation).ok_or_else(|| format!("{method} {path}"))?;
                rights.insert((method.to_ascii_uppercase(), path.clone()), right);
            }
        }
        Ok(Self(rights))
    }

    fn needed(&self, method: &Method, route: &str) -> Option<Right> {
        // A GET handler answers HEAD as well.
        let method = if method == Method::HEAD { &Method::GET } else { method };
        self.0.get(&(method.as_str().to_owned(), route.to_owned())).copied()
    }
}

/// The right in an operation's one security requirement.
fn right_of(operation: &Value) -> Option<Right> {
    let [requirement] = operation["security"].as_array()?.as_slice() else { return None };
    let [right] = requirement["api_key"].as_array()?.as_slice() else { return None };
    right.as_str()?.parse().ok()
}

/// The operations, each open to clients that have its right.
pub(super) fn guard(router: OpenApiRouter<Arc<App>>, app: &Arc<App>) -> OpenApiRouter<Arc<App>> {
    #[expect(clippy::expect_used, reason = "what the code describes is the same at every start")]
    let rights = Rights::of(router.get_openapi()).expect("every operation names the right that it needs");
    router.route_layer(from_fn_with_state((Arc::clone(app), Arc::new(rights)), admit))
}

/// Lets a request in if its client has the right that the operation needs.
async fn admit(
    State((app, rights)): State<(Arc<App>, Arc<Rights>)>,
    mut request: Request,
    next: Next,
) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    // No operation: the router says which methods there are.
    let Some(right) = rights.needed(request.method(), route) else { return next.run(request).await };
    match authenticate(&app, request.headers()).await {
        Ok(client) if client.may(right) => {
            request.extensions_mut().insert(client);
            next.run(request).await
        }
        Ok(_) => ApiError::missing_right(right).into_response(),
        Err(response) => response,
    }
}

async fn authenticate(app: &Arc<App>, headers: &HeaderMap) -> Result<Client, Response> {
    let key = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("Bearer"))
        .map(|(_, key)| SecretText::new(key.trim().to_owned()))
        .ok_or_else(|| ApiError::UNAUTHORISED.into_response())?;
    authenticate::by_secret(app, &[ClientKind::Rest], None, key).await.map_err(|error| match error {
        AuthenticationError::Unknown => ApiError::UNAUTHORISED.into_response(),
        AuthenticationError::Unavailable => {
            ApiError::from(crate::refusal::Refusal::Unavailable).into_response()
        }
        AuthenticationError::Rejected(client, rejection) => {
            let mut response = ApiError::rejected(rejection).into_response();
            response.extensions_mut().insert(RefusedAs(client));
            response
        }
    })
}

/// Extracts the client that was let in. Where no operation is described, none was.
impl FromRequestParts<Arc<App>> for Client {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, ApiError> {
        parts.extensions.remove().ok_or(ApiError::UNAUTHORISED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn api(operation: &str) -> OpenApi {
        let text = format!(
            r#"{{"openapi": "3.1.0", "info": {{"title": "x", "version": "1"}},
                "paths": {{"/v1/x/{{id}}": {{"get": {operation}}}}}}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn an_operation_needs_the_right_that_its_description_names() {
        let rights =
            Rights::of(&api(r#"{"responses": {}, "security": [{"api_key": ["read_audit"]}]}"#)).unwrap();
        assert_eq!(rights.needed(&Method::GET, "/v1/x/{id}"), Some(Right::ReadAudit));
        assert_eq!(rights.needed(&Method::HEAD, "/v1/x/{id}"), Some(Right::ReadAudit));
        assert_eq!(rights.needed(&Method::POST, "/v1/x/{id}"), None);
        assert_eq!(rights.needed(&Method::GET, "/v1/x/1"), None);
    }

    #[test]
    fn an_operation_that_names_no_right_or_several_ways_in_is_not_served() {
        for operation in [
            r#"{"responses": {}}"#,
            r#"{"responses": {}, "security": []}"#,
            r#"{"responses": {}, "security": [{}]}"#,
            r#"{"responses": {}, "security": [{"api_key": []}]}"#,
            r#"{"responses": {}, "security": [{"api_key": ["everything"]}]}"#,
            r#"{"responses": {}, "security": [{"api_key": ["sign_in", "enrol"]}]}"#,
            r#"{"responses": {}, "security": [{"api_key": ["sign_in"]}, {}]}"#,
        ] {
            assert_eq!(Rights::of(&api(operation)).unwrap_err(), "get /v1/x/{id}", "{operation}");
        }
    }
}
