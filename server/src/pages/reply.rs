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

/// A page whose form goes to another site. It is submitted there by itself or by its button, and nowhere else.
pub(super) fn show_posting(document: &Document, scheme: &str) -> Response {
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action {scheme}:; \
         base-uri 'none'; frame-ancestors 'none'"
    );
    let mut response = show(StatusCode::OK, document);
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    // The other site learns which service posts to it, and may ask for that.
    response.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("origin"));
    response
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
