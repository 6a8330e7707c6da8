//! Pages as responses.

use axum::http::{HeaderValue, StatusCode, header};
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

/// A page.
pub(super) fn show(status: StatusCode, document: &Document) -> Response {
    let headers = [(header::CONTENT_SECURITY_POLICY, CONTENT_POLICY)];
    (status, headers, Html(document.render(&ENGLISH))).into_response()
}

/// The page that says why another one isn't shown.
pub(super) fn refuse(refusal: Refusal, root: &'static str) -> Response {
    let text = &ENGLISH.refusal;
    let (status, section, state) = match refusal {
        Refusal::NotFound => (StatusCode::NOT_FOUND, &text.unknown, "unknown"),
        Refusal::Elsewhere => (StatusCode::FORBIDDEN, &text.elsewhere, "elsewhere"),
        _ => (StatusCode::SERVICE_UNAVAILABLE, &text.unavailable, "unavailable"),
    };
    show(status, &plain::refusal(section, state, root))
}
