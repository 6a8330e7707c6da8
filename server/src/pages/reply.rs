//! Pages as responses.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use super::document::Document;
use super::plain;
use super::text::ENGLISH;
use crate::refusal::Refusal;

/// Nothing from elsewhere, nothing inline, no frame around it.
const CONTENT_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);

/// Keeps other sites from showing what a page shows (Fetch, section 3.7).
pub(super) const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName =
    HeaderName::from_static("cross-origin-resource-policy");

/// A page. Its forms say which page they come from, to this service only; its address has no key in it any more.
pub(super) fn show(status: StatusCode, document: &Document) -> Response {
    let referrer = if document.has_forms { "same-origin" } else { "no-referrer" };
    let headers = [
        (header::CONTENT_SECURITY_POLICY, CONTENT_POLICY),
        (header::REFERRER_POLICY, HeaderValue::from_static(referrer)),
        (CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("same-origin")),
    ];
    (status, headers, Html(document.render(&ENGLISH))).into_response()
}

/// The page that says why another one isn't shown.
pub(super) fn refuse(refusal: Refusal, root: &'static str) -> Response {
    let text = &ENGLISH.refusal;
    let (status, section, state) = match refusal {
        Refusal::NotFound => (StatusCode::NOT_FOUND, &text.unknown, "unknown"),
        Refusal::CrossOrigin => (StatusCode::FORBIDDEN, &text.cross_origin, "refused"),
        Refusal::Elsewhere => (StatusCode::FORBIDDEN, &text.elsewhere, "elsewhere"),
        _ => (StatusCode::SERVICE_UNAVAILABLE, &text.unavailable, "unavailable"),
    };
    show(status, &plain::notice(section, state, root.into()))
}
