//! The device interface of `docs/protocol.md`: a signed request in, a signed reply out.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use countersign_protocol::jws::{self, Message};
use countersign_protocol::messages::{
    Answer, Change, Collect, Enrol, Fetch, Problem, ProblemCode, Relay, Replace, paths,
};
use countersign_protocol::{Thumbprint, encode_base64url, json};
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
        .routes(routes!(replace))
        .routes(routes!(relay))
        .routes(routes!(collect))
}

/// Bind a device's keys to the account behind a ticket
#[utoipa::path(
    post, path = paths::ENROL, tag = "device", operation_id = "enrol_device",
    request_body(content = String, content_type = "application/jose", description = "Compact JWS `countersign-enrol+jws`"),
    responses(
        (status = 200, description = "Compact JWS `countersign-enrolled+jws`", body = String, content_type = "application/jose"),
        (status = "default", description = "Compact JWS `countersign-problem+jws`", body = String, content_type = "application/jose"),
    )
)]
async fn enrol(State(app): State<Arc<App>>, body: Bytes) -> Response {
    let (request, reply) = match receive::<Enrol>(&app, &body) {
        Ok(received) => received,
        Err(refused) => return *refused,
    };
    drop(body);
    let result = actions::enrol::enrol(Arc::clone(&app), &request.compact, reply.re.clone()).await;
    reply.with(&app, result)
}

/// Ask for open challenges, and wait for news
#[utoipa::path(
    post, path = paths::FETCH, tag = "device", operation_id = "fetch_challenges",
    request_body(content = String, content_type = "application/jose", description = "Compact JWS `countersign-fetch+jws`"),
    responses(
        (status = 200, description = "Compact JWS `countersign-delivery+jws`", body = String, content_type = "application/jose"),
        (status = "default", description = "Compact JWS `countersign-problem+jws`", body = String, content_type = "application/jose"),
    )
)]
async fn fetch(State(app): State<Arc<App>>, body: Bytes) -> Response {
    let (request, reply) = match receive::<Fetch>(&app, &body) {
        Ok(received) => received,
        Err(refused) => return *refused,
    };
    drop(body);
    let Request { compact, claims, .. } = request;
    let (key, re) = (Arc::clone(&reply.key), reply.re.clone());
    let result = actions::fetch::fetch(Arc::clone(&app), compact, claims, key, re).await;
    reply.with(&app, result)
}

/// Approve, deny or report a challenge
#[utoipa::path(
    post, path = paths::ANSWER, tag = "device", operation_id = "answer_challenge",
    request_body(content = String, content_type = "application/jose", description = "Compact JWS `countersign-answer+jws`"),
    responses(
        (status = 200, description = "Compact JWS `countersign-receipt+jws`", body = String, content_type = "application/jose"),
        (status = "default", description = "Compact JWS `countersign-problem+jws`", body = String, content_type = "application/jose"),
    )
)]
async fn answer(State(app): State<Arc<App>>, body: Bytes) -> Response {
    let (request, reply) = match receive::<Answer>(&app, &body) {
        Ok(received) => received,
        Err(refused) => return *refused,
    };
    drop(body);
    let Request { compact, claims, signed_by } = request;
    let result =
        actions::answer::answer(Arc::clone(&app), &compact, claims, signed_by, reply.re.clone()).await;
    reply.with(&app, result)
}

/// Rename a device, change its wake-up channel, or revoke it
#[utoipa::path(
    post, path = paths::CHANGE, tag = "device", operation_id = "change_device",
    request_body(content = String, content_type = "application/jose", description = "Compact JWS `countersign-change+jws`"),
    responses(
        (status = 200, description = "Compact JWS `countersign-changed+jws`", body = String, content_type = "application/jose"),
        (status = "default", description = "Compact JWS `countersign-problem+jws`", body = String, content_type = "application/jose"),
    )
)]
async fn change(State(app): State<Arc<App>>, body: Bytes) -> Response {
    let (request, reply) = match receive::<Change>(&app, &body) {
        Ok(received) => received,
        Err(refused) => return *refused,
    };
    drop(body);
    let result =
        actions::change::change(Arc::clone(&app), &request.compact, request.claims.device, reply.re.clone())
            .await;
    reply.with(&app, result)
}

/// Ask for another device to take this one's place, and how far it is
#[utoipa::path(
    post, path = paths::REPLACE, tag = "device", operation_id = "replace_device",
    request_body(content = String, content_type = "application/jose", description = "Compact JWS `countersign-replace+jws`"),
    responses(
        (status = 200, description = "Compact JWS `countersign-replacement+jws`", body = String, content_type = "application/jose"),
        (status = "default", description = "Compact JWS `countersign-problem+jws`", body = String, content_type = "application/jose"),
    )
)]
async fn replace(State(app): State<Arc<App>>, body: Bytes) -> Response {
    let (request, reply) = match receive::<Replace>(&app, &body) {
        Ok(received) => received,
        Err(refused) => return *refused,
    };
    drop(body);
    let device = request.claims.device;
    let result =
        actions::replace::replace(Arc::clone(&app), &request.compact, device, reply.re.clone()).await;
    reply.with(&app, result)
}

/// Put a move's sealed parts into a mailbox, ask for the receipt, or end it
#[utoipa::path(
    post, path = paths::RELAY, tag = "device", operation_id = "relay_move",
    request_body(content = String, content_type = "application/jose", description = "Compact JWS `countersign-relay+jws`"),
    responses(
        (status = 200, description = "Compact JWS `countersign-relayed+jws`", body = String, content_type = "application/jose"),
        (status = "default", description = "Compact JWS `countersign-problem+jws`", body = String, content_type = "application/jose"),
    )
)]
async fn relay(State(app): State<Arc<App>>, body: Bytes) -> Response {
    let (request, reply) = match receive::<Relay>(&app, &body) {
        Ok(received) => received,
        Err(refused) => return *refused,
    };
    drop(body);
    let device = request.claims.device;
    let result = actions::relay::relay(Arc::clone(&app), &request.compact, device, reply.re.clone()).await;
    reply.with(&app, result)
}

/// Take a move's sealed parts out of a mailbox, or leave the receipt
#[utoipa::path(
    post, path = paths::COLLECT, tag = "device", operation_id = "collect_move",
    request_body(content = String, content_type = "application/json", description = "`Collect`: the mailbox's name is all that is asked for"),
    responses(
        (status = 200, description = "Compact JWS `countersign-collected+jws`", body = String, content_type = "application/jose"),
        (status = "default", description = "Compact JWS `countersign-problem+jws`", body = String, content_type = "application/jose"),
    )
)]
async fn collect(State(app): State<Arc<App>>, body: Bytes) -> Response {
    let (ring, reply) = (app.ring(), Reply::to(&app, &body, true));
    let Ok(claims) = json::from_object::<Collect>(&body) else {
        return reply.problem(&app, ProblemCode::Malformed.into());
    };
    let Some(key) = ring.device_facing(&claims.aud) else {
        return reply.problem(&app, ProblemCode::WrongServiceKey.into());
    };
    let reply = Reply { key: Arc::clone(key), ..reply };
    let result = actions::collect::collect(Arc::clone(&app), claims, reply.re.clone()).await;
    reply.with(&app, result)
}

/// A request whose form is right. Nothing in it is verified yet.
struct Request<Q> {
    compact: String,
    claims: Q,
    /// The key that it says it is signed by.
    signed_by: Thumbprint,
}

/// What the reply to a request needs.
struct Reply {
    /// The service's key that the device trusts.
    key: Arc<SigningKey>,
    /// Names the request.
    re: String,
    /// Whether the device has the key yet.
    embeds_key: bool,
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

addressed!(Enrol: true, Fetch: false, Answer: false, Change: false, Replace: false, Relay: false);

/// Reads a request as far as that can be done without the database, or refuses it.
fn receive<Q: Addressed>(app: &App, body: &[u8]) -> Result<(Request<Q>, Reply), Box<Response>> {
    let (ring, reply) = (app.ring(), Reply::to(app, body, Q::REPLY_HAS_KEY));
    let peeked = std::str::from_utf8(body)
        .ok()
        .and_then(|compact| jws::peek::<Q>(compact).ok().map(|peeked| (compact.to_owned(), peeked)));
    let Some((compact, (signed_by, claims))) = peeked else {
        return Err(Box::new(reply.problem(app, ProblemCode::Malformed.into())));
    };
    let Some(key) = ring.device_facing(claims.aud()) else {
        return Err(Box::new(reply.problem(app, ProblemCode::WrongServiceKey.into())));
    };
    Ok((Request { compact, claims, signed_by }, Reply { key: Arc::clone(key), ..reply }))
}

impl Reply {
    /// A reply to these bytes, under the current key until the request's own is known.
    fn to(app: &App, body: &[u8], embeds_key: bool) -> Self {
        let re = encode_base64url(ring::digest::digest(&ring::digest::SHA256, body));
        Self { key: Arc::clone(app.ring().current()), re, embeds_key }
    }

    fn with<M: Message>(self, app: &App, result: Result<M, Denial>) -> Response {
        match result {
            Ok(message) => self.sign(StatusCode::OK, &message),
            Err(denial) => self.problem(app, denial),
        }
    }

    fn problem(self, app: &App, denial: Denial) -> Response {
        let Denial { code, outcome, retry_after } = denial;
        tracing::debug!(?code, "a device's request was refused");
        let problem = Problem { re: self.re.clone(), time: app.now().millis(), code, outcome, retry_after };
        self.sign(status(code), &problem)
    }

    fn sign<M: Message>(&self, status: StatusCode, message: &M) -> Response {
        let signed = if self.embeds_key { self.key.sign_embedded(message) } else { self.key.sign(message) };
        match signed {
            Ok(compact) => (status, [(header::CONTENT_TYPE, paths::MEDIA_TYPE)], compact).into_response(),
            Err(_) => {
                tracing::error!("a reply of type {} could not be signed", M::TYP);
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}

/// The table of problems in `docs/protocol.md`.
pub(crate) const fn status(code: ProblemCode) -> StatusCode {
    match code {
        ProblemCode::Malformed | ProblemCode::ClockSkew => StatusCode::BAD_REQUEST,
        ProblemCode::WrongKey | ProblemCode::RelayRefused => StatusCode::FORBIDDEN,
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
        ProblemCode::NameRefused => StatusCode::UNPROCESSABLE_ENTITY,
        ProblemCode::Throttled => StatusCode::TOO_MANY_REQUESTS,
        ProblemCode::Unavailable | ProblemCode::Unknown => StatusCode::SERVICE_UNAVAILABLE,
    }
}
