//! Routes, what holds for every request, and the loop that serves connections.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Body, to_bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use countersign_protocol::limits::MAX_MESSAGE_BYTES;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, oneshot};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::{device_api, openapi, pages, relying_party};

/// How long a client may take for the head of a request, idle time on an open connection included.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// How long it may take for the body.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);
/// How long open requests may take to end once the service stops.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// All routes of the service.
pub(crate) fn router(app: Arc<App>) -> Router {
    let (router, api) = OpenApiRouter::with_openapi(openapi::base())
        .routes(routes!(health))
        .routes(routes!(relying_party::jwks))
        .merge(device_api::router())
        .merge(relying_party::router())
        .split_for_parts();
    let api = Arc::new(api);
    router
        .route("/openapi.json", get(async move || Json((*api).clone())))
        .merge(pages::router())
        .fallback(async || StatusCode::NOT_FOUND)
        .layer(from_fn(bound_body))
        .layer(from_fn_with_state(Arc::clone(&app), describe))
        .with_state(app)
}

/// Serves until `stop`, then lets open requests end. Waits that are still held must be ended by whoever stops it.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    connections: usize,
    mut stop: oneshot::Receiver<()>,
) {
    let graceful = GracefulShutdown::new();
    let limit = Arc::new(Semaphore::new(connections.min(Semaphore::MAX_PERMITS)));
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT).max_buf_size(16 * 1024);
    loop {
        let accepted = tokio::select! {
            _ = &mut stop => break,
            accepted = accept(&listener, &limit) => accepted,
        };
        let Some((stream, permit)) = accepted else { continue };
        let service = TowerToHyperService::new(router.clone());
        let connection = graceful.watch(builder.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            // A client that goes away or talks nonsense is its own affair.
            let _ = connection.await;
            drop(permit);
        });
    }
    drop(listener);
    if tokio::time::timeout(STOP_TIMEOUT, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests did not end within {} s", STOP_TIMEOUT.as_secs());
    }
}

async fn accept(
    listener: &TcpListener,
    limit: &Arc<Semaphore>,
) -> Option<(tokio::net::TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let permit = Arc::clone(limit).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, _)) => {
            let _ = stream.set_nodelay(true);
            Some((stream, permit))
        }
        Err(error) => {
            // Out of file descriptors, most often: wait for some to be given back.
            tracing::warn!(%error, "a connection could not be accepted");
            tokio::time::sleep(Duration::from_millis(50)).await;
            None
        }
    }
}

/// Health of the service
#[utoipa::path(
    get, path = "/healthz", tag = "service",
    responses((status = 200, description = "It serves"), (status = 503, description = "It can't reach its database"))
)]
async fn health(State(app): State<Arc<App>>) -> StatusCode {
    match app.store.write(|_| Ok(())).await {
        Ok(()) => StatusCode::OK,
        Err(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
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
