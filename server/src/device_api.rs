//! The device interface of `docs/protocol.md`: a signed request in, a signed reply out.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use countersign_protocol::jws::{self, Message};
use countersign_protocol::messages::{Answer, Change, Enrol, Fetch, Problem, ProblemCode, paths};
use countersign_protocol::{Thumbprint, encode_base64url};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::actions::{self, Denial};
use crate::app::App;
use crate::keys::SigningKey;

pub(crate) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(enrol))
        .routes(routes!(fetch))
        .routes(routes!(answer))
        .routes(routes!(change))
}

/// Bind a device's keys to the account behind a ticket
#[utoipa::path(
    post, path = paths::ENROL, tag = "device",
    request_body(content = String, content_type = "application/jose", description = "Compact JWS `countersign-enrol+jws`"),
    responses(
        (status = 200, description = "Compact JWS `countersign-enrolled+jws`", body = String, content_type = "application/jose"),
        (status = "default", description = "Compact JWS `countersign-problem+jws`", body = String, content_type = "application/jose"),
    )
)]
async fn enrol(State(app): State<Arc<App>>, body: Bytes) -> Response {
    exchange(&app, body, async |request: Request<Enrol>| {
        actions::enrol::enrol(Arc::clone(&app), &request.compact, request.re).await
    })
    .await
}

/// Ask for open challenges, and wait for news
#[utoipa::path(
    post, path = paths::FETCH, tag = "device",
    request_body(content = String, content_type = "application/jose", description = "Compact JWS `countersign-fetch+jws`"),
    responses(
        (status = 200, description = "Compact JWS `countersign-delivery+jws`", body = String, content_type = "application/jose"),
        (status = "default", description = "Compact JWS `countersign-problem+jws`", body = String, content_type = "application/jose"),
    )
)]
async fn fetch(State(app): State<Arc<App>>, body: Bytes) -> Response {
    exchange(&app, body, async |request: Request<Fetch>| {
        actions::fetch::fetch(Arc::clone(&app), request.compact, request.claims, request.key, request.re)
            .await
    })
    .await
}

/// Approve, deny or report a challenge
#[utoipa::path(
    post, path = paths::ANSWER, tag = "device",
    request_body(content = String, content_type = "application/jose", description = "Compact JWS `countersign-answer+jws`"),
    responses(
        (status = 200, description = "Compact JWS `countersign-receipt+jws`", body = String, content_type = "application/jose"),
        (status = "default", description = "Compact JWS `countersign-problem+jws`", body = String, content_type = "application/jose"),
    )
)]
async fn answer(State(app): State<Arc<App>>, body: Bytes) -> Response {
    exchange(&app, body, async |request: Request<Answer>| {
        let Request { compact, claims, signed_by, re, .. } = request;
        actions::answer::answer(Arc::clone(&app), &compact, claims, signed_by, re).await
    })
    .await
}

/// Rename a device, change its wake-up channel, or revoke it
#[utoipa::path(
    post, path = paths::CHANGE, tag = "device",
    request_body(content = String, content_type = "application/jose", description = "Compact JWS `countersign-change+jws`"),
    responses(
        (status = 200, description = "Compact JWS `countersign-changed+jws`", body = String, content_type = "application/jose"),
        (status = "default", description = "Compact JWS `countersign-problem+jws`", body = String, content_type = "application/jose"),
    )
)]
async fn change(State(app): State<Arc<App>>, body: Bytes) -> Response {
    exchange(&app, body, async |request: Request<Change>| {
        actions::change::change(Arc::clone(&app), &request.compact, request.claims.device, request.re).await
    })
    .await
}

/// A request whose form is right. Nothing in it is verified yet.
struct Request<Q> {
    compact: String,
    claims: Q,
    /// The key that it says it is signed by.
    signed_by: Thumbprint,
    /// Names the request in its reply.
    re: String,
    /// The service's key that the device trusts.
    key: Arc<SigningKey>,
}

/// A request that says which of the service's keys the device trusts.
trait Addressed: Message {
    /// Whether replies bring the key that they are signed by, since the device doesn't have it yet.
    const REPLY_HAS_KEY: bool;

    fn aud(&self) -> &Thumbprint;
}

macro_rules! addressed {
    ($($type:ty: $reply_has_key:literal),+) => {
        $(impl Addressed for $type {
            const REPLY_HAS_KEY: bool = $reply_has_key;

            fn aud(&self) -> &Thumbprint {
                &self.aud
            }
        })+
    };
}

addressed!(Enrol: true, Fetch: false, Answer: false, Change: false);

async fn exchange<Q: Addressed, M: Message>(
    app: &Arc<App>,
    body: Bytes,
    act: impl AsyncFnOnce(Request<Q>) -> Result<M, Denial>,
) -> Response {
    let re = encode_base64url(ring::digest::digest(&ring::digest::SHA256, &body));
    let ring = app.ring();
    let peeked = std::str::from_utf8(&body)
        .ok()
        .and_then(|compact| jws::peek::<Q>(compact).ok().map(|peeked| (compact.to_owned(), peeked)));
    // The body's buffer is the connection's: it isn't held while the request waits.
    drop(body);
    let Some((compact, (signed_by, claims))) = peeked else {
        return problem::<Q>(app, ring.current(), re, ProblemCode::Malformed.into());
    };
    let Some(key) = ring.device_facing(claims.aud()).map(Arc::clone) else {
        return problem::<Q>(app, ring.current(), re, ProblemCode::WrongServiceKey.into());
    };
    drop(ring);
    let request = Request { compact, claims, signed_by, re: re.clone(), key: Arc::clone(&key) };
    match act(request).await {
        Ok(message) => reply::<Q, _>(StatusCode::OK, &key, &message),
        Err(denial) => problem::<Q>(app, &key, re, denial),
    }
}

fn problem<Q: Addressed>(app: &App, key: &SigningKey, re: String, denial: Denial) -> Response {
    let Denial { code, outcome, retry_after } = denial;
    tracing::debug!(?code, "a device's request was refused");
    let problem = Problem { re, time: app.now().millis(), code, outcome, retry_after };
    reply::<Q, _>(status(code), key, &problem)
}

fn reply<Q: Addressed, M: Message>(status: StatusCode, key: &SigningKey, message: &M) -> Response {
    let signed = if Q::REPLY_HAS_KEY { key.sign_embedded(message) } else { key.sign(message) };
    match signed {
        Ok(compact) => (status, [(header::CONTENT_TYPE, paths::MEDIA_TYPE)], compact).into_response(),
        Err(_) => {
            tracing::error!("a reply of type {} could not be signed", M::TYP);
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// The table of problems in `docs/protocol.md`.
const fn status(code: ProblemCode) -> StatusCode {
    match code {
        ProblemCode::Malformed | ProblemCode::ClockSkew => StatusCode::BAD_REQUEST,
        ProblemCode::WrongKey => StatusCode::FORBIDDEN,
        ProblemCode::TicketUnknown | ProblemCode::DeviceUnknown | ProblemCode::ChallengeUnknown => {
            StatusCode::NOT_FOUND
        }
        ProblemCode::TicketUsed
        | ProblemCode::Replayed
        | ProblemCode::ChallengeAltered
        | ProblemCode::AlreadyAnswered => StatusCode::CONFLICT,
        ProblemCode::TicketExpired | ProblemCode::DeviceRevoked | ProblemCode::ChallengeExpired => {
            StatusCode::GONE
        }
        ProblemCode::WrongServiceKey => StatusCode::MISDIRECTED_REQUEST,
        ProblemCode::Throttled => StatusCode::TOO_MANY_REQUESTS,
        ProblemCode::Unavailable | ProblemCode::Unknown => StatusCode::SERVICE_UNAVAILABLE,
    }
}
