//! The relying-party interface under `/v1`: JSON, with a secret (API key) that belongs to one client of one organisation.
//!
//! Times are seconds since 1970. What a client asks for beyond its organisation isn't there: 404, as for anything
//! unknown.

mod access;
mod assertion;
mod audit;
mod clients;
mod codes;
mod devices;
mod enrolments;
mod error;
mod retry;
mod sign_ins;
mod users;

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequestParts, Path, Query};
use axum::http::StatusCode;
use axum::http::request::Parts;
use countersign_protocol::Id;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) use self::assertion::{__path_jwks, jwks};
pub(crate) use self::clients::{ClientReply, Warning};
pub(crate) use self::error::{ApiError, ErrorBody, PROBLEM_JSON};
use crate::app::App;
use crate::refusal::Refusal;
use crate::secret::SecretText;

pub(crate) fn router(app: &Arc<App>) -> OpenApiRouter<Arc<App>> {
    let router = OpenApiRouter::new()
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
        .routes(routes!(clients::list, clients::create))
        .routes(routes!(clients::read, clients::change, clients::revoke))
        .routes(routes!(clients::secrets::add))
        .routes(routes!(clients::secrets::remove));
    access::guard(router, app)
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

/// The identifier at a path's one place for one. What isn't an identifier names nothing.
struct PathId(Id);

impl FromRequestParts<Arc<App>> for PathId {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let Path(id) = Path::<String>::from_request_parts(parts, app)
            .await
            .map_err(|_| ApiError::of_status(StatusCode::BAD_REQUEST))?;
        parse_id(&id).map(Self)
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
fn parse_id(text: &str) -> Result<Id, ApiError> {
    text.parse().map_err(|_| ApiError::from(Refusal::NotFound))
}
