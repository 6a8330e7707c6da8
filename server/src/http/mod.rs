//! Routes, what holds for every request, and the loop that serves connections.
//!
//! | module | what is in it |
//! |---|---|
//! | `serve` | the loop, and time-outs |
//! | `connections` | which connections are open, and which has to go when there are too many |
//! | `client` | who asks |
//! | `stream` | a connection whose peer has to read |
//! | `health` | liveness and readiness |
//! | `problem` | errors that no handler has made |

mod client;
mod connections;
mod health;
mod problem;
mod serve;
mod stream;

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Body, to_bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use countersign_protocol::Id;
use countersign_protocol::limits::MAX_MESSAGE_BYTES;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::{device_api, oidc, openapi, pages, relying_party};

pub(crate) use self::client::{Client, ClientAddress};
pub(crate) use self::health::Readiness;
pub(crate) use self::serve::{Limits, serve};

/// How long a client may take for the body of a request.
pub(crate) const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// Mark of a reply to somebody who would be this client and isn't: such replies are slowed down by client as well.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RefusedAs(pub(crate) Id);

/// All routes of the service.
pub(crate) fn router(app: Arc<App>) -> Router {
    let (router, api) = OpenApiRouter::with_openapi(openapi::base())
        .routes(routes!(health::live))
        .routes(routes!(health::ready))
        .routes(routes!(health::health))
        .routes(routes!(relying_party::jwks))
        .merge(device_api::router())
        .merge(relying_party::router(&app))
        .split_for_parts();
    #[expect(clippy::expect_used, reason = "what the code describes is the same at every start")]
    let api = openapi::document(&api, &app.settings.public_url).expect("the description is JSON");
    let api = Arc::new(api);
    router
        .route("/openapi.json", get(async move || Json((*api).clone())))
        .merge(pages::router())
        .merge(oidc::router())
        .fallback(pages::not_found)
        .layer(from_fn(bound_body))
        .layer(from_fn(problem::describe_errors))
        .layer(from_fn_with_state(Arc::clone(&app), describe))
        .with_state(app)
}

/// Reads the body before anything else is done: bounded in size and in time.
async fn bound_body(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    match tokio::time::timeout(BODY_TIMEOUT, to_bytes(body, MAX_MESSAGE_BYTES)).await {
        Ok(Ok(body)) => next.run(Request::from_parts(parts, Body::from(body))).await,
        Ok(Err(_)) => StatusCode::PAYLOAD_TOO_LARGE.into_response(),
        Err(_) => StatusCode::REQUEST_TIMEOUT.into_response(),
    }
}

/// Logs the request by its route's template, since paths and queries may hold keys, and sets what every reply has.
async fn describe(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let (method, began) = (request.method().clone(), Instant::now());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let mut response = next.run(request).await;
    let (route, status) = (route.as_ref().map_or("-", MatchedPath::as_str), response.status());
    let millis = began.elapsed().as_millis();
    if status.is_server_error() {
        tracing::warn!(%method, route, status = status.as_u16(), millis, "request");
    } else {
        tracing::debug!(%method, route, status = status.as_u16(), millis, "request");
    }
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if app.settings.public_url.join("").starts_with("https:") {
        headers
            .entry(header::STRICT_TRANSPORT_SECURITY)
            .or_insert(HeaderValue::from_static("max-age=31536000"));
    }
    response
}

/// Headers of every reply that doesn't set them itself. A page sets a policy of its own for content.
const HEADERS: [(HeaderName, &str); 4] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
];
