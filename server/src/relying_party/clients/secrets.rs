//! `/v1/clients/{id}/secrets`: changing a secret without a gap.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::error::{ApiError, ErrorBody};
use super::super::retry::RetryKey;
use super::super::{Params, PathId, exposed, parse_id};
use super::Force;
use crate::actions::clients::{self as managing, Manager};
use crate::app::App;
use crate::refusal::Refusal;
use crate::store::clients::{self, Client};
use crate::store::idempotency::{self, Known};

/// A new secret.
#[derive(Serialize, ToSchema)]
pub(in super::super) struct CreatedSecret {
    /// Its name, which is no secret.
    id: String,
    /// The secret, this once.
    secret: String,
}

/// Give a client another secret
///
/// It has two then: give the new one to the client, and remove the old one once `last_used_at` says that it isn't used any
/// more.
#[utoipa::path(
    post, path = "/v1/clients/{id}/secrets", tag = "clients", operation_id = "add_client_secret",
    security(("api_key" = ["manage_clients"])),
    params(
        ("id" = String, Path, description = "Client"),
        ("Idempotency-Key" = Option<String>, Header, description = "Names the request, so that it may be sent again"),
    ),
    responses(
        (status = 201, body = CreatedSecret),
        (status = 403, description = "`missing_right` or `beyond_own`", body = ErrorBody),
        (status = 409, description = "`ended`, `too_many_secrets` or `shows_no_secret`", body = ErrorBody),
        (status = "default", body = ErrorBody, description = "Refused"),
    )
)]
pub(in super::super) async fn add(
    State(app): State<Arc<App>>,
    manager: Client,
    PathId(id): PathId,
    key: RetryKey,
    body: Bytes,
) -> Result<(StatusCode, Json<CreatedSecret>), ApiError> {
    let now = app.now();
    let (writer, retry) = (Arc::clone(&app), key.of(&app, &["clients/secrets", &id.to_string()], &body));
    let (secret, text) = app
        .store
        .write(move |transaction| {
            if let Some(retry) = &retry {
                match idempotency::find(transaction, &manager, retry)? {
                    Known::New => {}
                    Known::Other => return Ok(Err(Refusal::KeyReused)),
                    Known::Done { subject, .. } => {
                        let known = clients::secrets(transaction, id)?;
                        let known = known.into_iter().find(|secret| Some(secret.id) == subject);
                        let again = known.map(|it| (it.id, writer.keys.derive_client_secret(id, it.id)));
                        return Ok(again.ok_or(Refusal::NotFound));
                    }
                }
            }
            let by = Manager::Client(Box::new(manager.clone()));
            let added = managing::add_secret(transaction, &writer.keys, &by, id, now)?;
            if let (Some(retry), Ok((secret, _))) = (&retry, &added) {
                idempotency::remember(transaction, &manager, retry, "created", Some(*secret), now)?;
            }
            Ok(added)
        })
        .await
        .map_err(Refusal::from)??;
    Ok((StatusCode::CREATED, Json(CreatedSecret { id: secret.to_string(), secret: exposed(text) })))
}

/// Remove a secret of a client
#[utoipa::path(
    delete, path = "/v1/clients/{id}/secrets/{secret}", tag = "clients", operation_id = "remove_client_secret",
    security(("api_key" = ["manage_clients"])),
    params(
        ("id" = String, Path, description = "Client"),
        ("secret" = String, Path, description = "The secret's name"),
        ("force" = Option<bool>, Query, description = "Go on where it is the client's last"),
    ),
    responses(
        (status = 204),
        (status = 403, description = "`missing_right`", body = ErrorBody),
        (status = 409, description = "`last_secret`", body = ErrorBody),
        (status = "default", body = ErrorBody, description = "Refused"),
    )
)]
pub(in super::super) async fn remove(
    State(app): State<Arc<App>>,
    manager: Client,
    Path((id, secret)): Path<(String, String)>,
    Params(Force { force }): Params<Force>,
) -> Result<StatusCode, ApiError> {
    let (id, secret, now) = (parse_id(&id)?, parse_id(&secret)?, app.now());
    app.store
        .write(move |transaction| {
            let by = Manager::Client(Box::new(manager));
            managing::remove_secret(transaction, &by, id, secret, force, now)
        })
        .await
        .map_err(Refusal::from)??;
    Ok(StatusCode::NO_CONTENT)
}
