//! The OpenAPI document: what the code doesn't say by itself.

use utoipa::OpenApi;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};

/// The document without its paths, which come from the handlers.
pub(crate) fn base() -> utoipa::openapi::OpenApi {
    let mut api = Base::openapi();
    let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    api.components.get_or_insert_default().add_security_scheme("api_key", scheme);
    api
}

#[derive(OpenApi)]
#[openapi(
    info(title = "Countersign approval service", description = "Enrolment, sign-ins, one-time codes and devices. Times are seconds since 1970."),
    tags(
        (name = "enrolments", description = "Enrolling a user's device"),
        (name = "sign-ins", description = "Asking a user's devices for an approval"),
        (name = "codes", description = "One-time codes"),
        (name = "devices", description = "A user's devices"),
        (name = "users", description = "How accounts stand, and their locks"),
        (name = "audit", description = "What happened"),
        (name = "device", description = "What phones speak: signed messages, see docs/protocol.md"),
        (name = "service", description = "The service itself"),
    )
)]
struct Base;
