//! The sign-in page's way back to the client. Only the browser that has made the request gets its answer.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use countersign_protocol::{Id, encode_base64url};

use super::claims::Wanted;
use super::entra;
use super::error::OauthError;
use super::request::Back;
use crate::app::App;
use crate::keys::PageKind;
use crate::page;
use crate::pages::{entry, openid};
use crate::refusal::Refusal;
use crate::secret::{SecretBytes, SecretText};
use crate::store::StoreError;
use crate::store::authorize_requests::{self, AuthorizeRequest};
use crate::store::clients::{self, Client};
use crate::store::sign_ins::{self, SignIn, SignInState};

/// How long a code is good for.
const CODE_LIFETIME: Duration = Duration::from_mins(1);
/// How long after the approval a code is made: a phone's browser may have slept.
const APPROVAL_LIFETIME: Duration = Duration::from_mins(5);
/// How long the cookie of a page that was opened in several tabs at once may be on the way.
pub(super) const COOKIE_DELAY: Duration = Duration::from_secs(10);
/// As in [`Document`](crate::pages).
const ROOT: &str = "../../";

/// `GET /oidc/resume/{id}`
pub(super) async fn resume(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    if !entry::is_visit(&method, &headers) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let Ok(id) = id.parse() else { return openid::refused(Refusal::NotFound) };
    if let Some(response) = entra::resume(&app, id, entry::cookies(&headers)).await {
        return response;
    }
    let found = match load(&app, id).await {
        Ok(Some(found)) => found,
        Ok(None) => return openid::refused(Refusal::NotFound),
        Err(refusal) => return openid::refused(refusal),
    };
    let cookies = entry::cookies(&headers);
    match page::authorise(&app, PageKind::SignIn, id, cookies).await {
        Ok(_) => answer(&app, found).await,
        Err(Refusal::Elsewhere) if app.now().since(found.request.created) < COOKIE_DELAY => openid::waiting(),
        Err(refusal) => openid::refused(refusal),
    }
}

/// A request with what came of it.
pub(super) struct Found {
    pub(super) request: AuthorizeRequest,
    pub(super) sign_in: SignIn,
    pub(super) client: Client,
    pub(super) wanted: Wanted,
}

impl Found {
    /// Reads the rest of a request. None if its sign-in was forgotten.
    pub(super) fn of(
        connection: &rusqlite::Connection,
        request: AuthorizeRequest,
    ) -> crate::store::Result<Option<Self>> {
        let sign_in = sign_ins::load(connection, request.id)?;
        let client = clients::load(connection, request.client)?;
        // What can't be read was asked for all the same: taking it for nothing would let a lesser sign-in pass.
        let wanted = serde_json::from_str(&request.wanted)
            .map_err(|_| StoreError::Damaged("what an authorization request asks for"))?;
        Ok(sign_in.zip(client).map(|(sign_in, client)| Self { request, sign_in, client, wanted }))
    }
}

async fn load(app: &Arc<App>, id: Id) -> Result<Option<Found>, Refusal> {
    let found = app.store.read(move |connection| match authorize_requests::load(connection, id)? {
        Some(request) => Found::of(connection, request),
        None => Ok(None),
    });
    Ok(found.await?)
}

async fn answer(app: &Arc<App>, found: Found) -> Response {
    let now = app.now();
    let (back, sign_in) = (Back::from(&found.request), &found.sign_in);
    if found.request.redeemed.is_some() {
        return openid::finished();
    }
    // Its registration may have been taken away for a good reason: nothing goes to its address any more.
    if !found.client.can_sign_people_in(now) || !found.client.redirect_uris.contains(&back.redirect_uri) {
        return openid::untrusted(
            openid::Untrusted::Client,
            "The client was revoked, has expired or was changed.",
        );
    }
    let error = match sign_in.state_at(now) {
        SignInState::Pending => {
            return Redirect::to(&format!("{ROOT}sign-ins/{}", sign_in.id)).into_response();
        }
        SignInState::Approved if !found.wanted.is_met_by(sign_in) => {
            OauthError::unmet("the sign-in was approved in another way than the request asks for")
        }
        SignInState::Approved if !is_fresh(sign_in, now) => denied("the approval was not used in time"),
        SignInState::Approved => return give_code(app, &back, sign_in.id).await,
        SignInState::Denied => denied("the sign-in was denied on the phone"),
        SignInState::Reported => denied("the sign-in was reported on the phone"),
        SignInState::Failed => denied("a wrong number was typed on the phone"),
        SignInState::Expired => denied("nobody approved the sign-in in time"),
        SignInState::Cancelled => denied("the sign-in was cancelled"),
    };
    back.error(app, ROOT, error)
}

fn is_fresh(sign_in: &SignIn, now: crate::time::Time) -> bool {
    sign_in.decided.is_some_and(|decided| now < decided + APPROVAL_LIFETIME && !decided.is_ahead_of(now))
}

const fn denied(description: &'static str) -> OauthError {
    OauthError::new("access_denied", description)
}

async fn give_code(app: &Arc<App>, back: &Back, id: Id) -> Response {
    let code = make_secret();
    let (stored, expires) = (code.clone(), app.now() + CODE_LIFETIME);
    let added = app
        .store
        .write(move |transaction| authorize_requests::add_code(transaction, id, &stored, expires))
        .await;
    match added.map_err(Refusal::from) {
        Ok(true) => back.code(app, ROOT, &code),
        Ok(false) => openid::finished(),
        Err(refusal) => openid::refused(refusal),
    }
}

/// 256 random bits.
pub(super) fn make_secret() -> SecretText {
    SecretText::new(encode_base64url(SecretBytes::<32>::make_random().expose()))
}
