//! Who may see a page: the first browser by the key in the address, and from then on that browser by its cookie.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Path, Query};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use countersign_protocol::Id;
use serde::Deserialize;

use super::{origin, reply};
use crate::app::App;
use crate::keys::PageKind;
use crate::page::{self, Page};
use crate::refusal::Refusal;

/// The enrolment page of the browser that asks, which has its cookie.
pub(super) struct EnrolmentPage(pub(super) Page);

/// The sign-in page of the browser that asks, which has its cookie.
pub(super) struct SignInPage(pub(super) Page);

impl FromRequestParts<Arc<App>> for EnrolmentPage {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Response> {
        enter(parts, app, PageKind::Enrolment).await.map(Self)
    }
}

impl FromRequestParts<Arc<App>> for SignInPage {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Response> {
        enter(parts, app, PageKind::SignIn).await.map(Self)
    }
}

#[derive(Deserialize)]
struct Address {
    key: Option<String>,
}

/// Finds the page of a request below `/enrolments/{id}` or `/sign-ins/{id}`.
async fn enter(parts: &mut Parts, app: &Arc<App>, kind: PageKind) -> Result<Page, Response> {
    let root = root_of(parts.uri.path());
    let refuse = |refusal| reply::refuse(refusal, root);
    let reads = matches!(parts.method, Method::GET | Method::HEAD);
    if !reads && !origin::is_own(&parts.headers, &app.settings.public_url) {
        return Err(refuse(Refusal::CrossOrigin));
    }
    let Ok(Path(id)) = Path::<String>::from_request_parts(parts, app).await else {
        return Err(refuse(Refusal::NotFound));
    };
    let id: Id = id.parse().map_err(|_| refuse(Refusal::NotFound))?;
    let cookies = cookies(&parts.headers);
    let key = Query::<Address>::try_from_uri(&parts.uri).ok().and_then(|Query(address)| address.key);
    let Some(key) = key else {
        return page::authorise(app, kind, id, cookies).await.map_err(refuse);
    };
    if !is_visit(&parts.method, &parts.headers) {
        return Err(StatusCode::FORBIDDEN.into_response());
    }
    let set_cookie = page::open(app, kind, id, &key, cookies).await.map_err(refuse)?;
    // On to the address without the key, so that it stays in no history.
    let here = parts.uri.path().rsplit('/').next().unwrap_or_default();
    let mut response = Redirect::to(here).into_response();
    let cookie = set_cookie.and_then(|cookie| cookie.expose().parse().ok());
    if let Some(cookie) = cookie {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Err(response)
}

/// Whether a person has come to the page. What loads an address ahead of a person, or without one, may not use it up.
pub(crate) fn is_visit(method: &Method, headers: &HeaderMap) -> bool {
    method == Method::GET && is_document(headers)
}

/// Whether a request loads a page that a person is to see now.
pub(crate) fn is_document(headers: &HeaderMap) -> bool {
    let value = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let ahead = ["sec-purpose", "purpose"]
        .into_iter()
        .any(|name| value(name).is_some_and(|it| it.contains("prefetch")));
    !ahead && value("sec-fetch-dest").is_none_or(|destination| destination == "document")
}

pub(crate) fn cookies(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::COOKIE)?.to_str().ok()
}

/// See [`Document`](super::document::Document).
fn root_of(path: &str) -> &'static str {
    if path.matches('/').count() > 2 { "../../" } else { "../" }
}
