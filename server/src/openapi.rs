//! The OpenAPI document: what the code doesn't say by itself.

use countersign_protocol::ServiceUrl;
use serde_json::{Map, Value, json};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{OpenApi, ToSchema};

use crate::relying_party::{ErrorBody, PROBLEM_JSON};

/// The document without its paths, which come from the handlers.
pub(crate) fn base() -> utoipa::openapi::OpenApi {
    let mut api = Base::openapi();
    let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    api.components.get_or_insert_default().add_security_scheme("api_key", scheme);
    api
}

/// The whole document, with what is the same everywhere: where the service is, and that errors are problem details.
pub(crate) fn document(api: &utoipa::openapi::OpenApi, public_url: &ServiceUrl) -> serde_json::Result<Value> {
    let mut document = serde_json::to_value(api)?;
    document["servers"] = json!([{ "url": public_url.to_string() }]);
    let error = json!(format!("#/components/schemas/{}", ErrorBody::name()));
    let operations = document["paths"].as_object_mut().into_iter().flat_map(Map::values_mut);
    let operations = operations.filter_map(Value::as_object_mut).flat_map(Map::values_mut);
    let responses = operations.filter_map(|operation| operation.get_mut("responses")?.as_object_mut());
    for response in responses.flat_map(Map::values_mut).filter_map(Value::as_object_mut) {
        // Every response needs one (OpenAPI 3.1, section 4.8.17), and generators insist on it.
        response.entry("description").or_insert_with(|| "Done".into());
        let Some(content) = response.get_mut("content").and_then(Value::as_object_mut) else { continue };
        if content.get("application/json").is_some_and(|content| content["schema"]["$ref"] == error)
            && let Some(error) = content.remove("application/json")
        {
            content.insert(PROBLEM_JSON.to_owned(), error);
        }
    }
    Ok(document)
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
