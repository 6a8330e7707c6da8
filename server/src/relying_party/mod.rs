//! The relying-party interface under `/v1`: JSON, with an API key that belongs to one client of one organisation.
//!
//! Times are seconds since 1970. What a client asks for beyond its organisation isn't there: 404, as for anything
//! unknown.

mod assertion;
mod audit;
mod codes;
mod devices;
mod enrolments;
mod error;
mod retry;
mod sign_ins;
mod users;

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequestParts, Query};
use axum::http::header;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) use self::assertion::{__path_jwks, jwks};
pub(crate) use self::error::{ApiError, ErrorBody, PROBLEM_JSON};
use crate::app::App;
use crate::secret::SecretText;
use crate::store::clients::{self, Client};

pub(crate) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(enrolments::create))
        .routes(routes!(enrolments::read, enrolments::cancel))
        .routes(routes!(sign_ins::create))
        .routes(routes!(sign_ins::read, sign_ins::cancel))
        .routes(routes!(sign_ins::code))
        .routes(routes!(codes::verify))
        .routes(routes!(devices::list))
        .routes(routes!(devices::revoke))
        .routes(routes!(users::read))
        .routes(routes!(users::lock_push))
        .routes(routes!(users::unlock))
        .routes(routes!(audit::list))
}

/// Who sees what a page shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Show {
    /// The hosted page shows it. Nobody else learns it, so that a phone that has it has seen the page.
    #[default]
    Page,
    /// The relying party shows it itself, in a program without a browser. Whoever controls the relying party can then
    /// have somebody else's phone approve.
    RelyingParty,
}

/// Extracts the client that an API key belongs to.
impl FromRequestParts<Arc<App>> for Client {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let key = parts
            .headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("Bearer"))
            .map(|(_, key)| key.trim().to_owned())
            .ok_or(ApiError::UNAUTHORISED)?;
        let now = app.now();
        let client = app.store.read(move |connection| clients::by_secret(connection, &key, now)).await;
        client
            .map_err(|error| ApiError::from(crate::refusal::Refusal::from(error)))?
            .ok_or(ApiError::UNAUTHORISED)
    }
}

/// The query of a request, read as [`axum::extract::Query`] does, refused as the interface does.
struct Params<T>(T);

impl<T: DeserializeOwned> FromRequestParts<Arc<App>> for Params<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        match Query::from_request_parts(parts, app).await {
            Ok(Query(params)) => Ok(Self(params)),
            Err(_) => Err(ApiError::MALFORMED_QUERY),
        }
    }
}

/// A secret that the asker is to have.
fn exposed(secret: SecretText) -> String {
    secret.expose().to_owned()
}

/// Reads a JSON body. The error says where it is wrong, and has nothing of it.
fn parse<T: DeserializeOwned>(body: &Bytes) -> Result<T, ApiError> {
    countersign_protocol::json::from_object(body).map_err(|error| ApiError::malformed_json(&error))
}

/// Parses an identifier in a path: what isn't one names nothing.
fn parse_id(text: &str) -> Result<countersign_protocol::Id, ApiError> {
    text.parse().map_err(|_| ApiError::from(crate::refusal::Refusal::NotFound))
}
