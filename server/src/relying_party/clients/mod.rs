//! `/v1/clients`: the organisation's clients and what each may do.

mod body;
pub(super) mod secrets;

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;

use self::body::{ChangeRequest, ClientList, CreatedClient, NewClient};
pub(crate) use self::body::{ClientReply, Warning};
use super::error::{ApiError, ErrorBody};
use super::retry::RetryKey;
use super::{Params, PathId, exposed, parse};
use crate::actions::clients::{self as managing, Manager, NewSecret};
use crate::app::App;
use crate::refusal::Refusal;
use crate::store::audit::Actor;
use crate::store::clients::{self, Client};
use crate::store::idempotency::{self, Known};
use crate::store::{self, Transaction};

/// Whether to go on where the client would lock itself, or another, out.
#[derive(Deserialize)]
pub(super) struct Force {
    #[serde(default)]
    force: bool,
}

/// List the organisation's clients, including revoked ones
#[utoipa::path(
    get, path = "/v1/clients", tag = "clients", operation_id = "list_clients",
    security(("api_key" = ["manage_clients"])),
    responses((status = 200, body = ClientList), (status = "default", body = ErrorBody, description = "Refused"))
)]
pub(super) async fn list(State(app): State<Arc<App>>, manager: Client) -> Result<Json<ClientList>, ApiError> {
    let now = app.now();
    let clients = app
        .store
        .read(move |connection| {
            let clients = clients::list(connection, Some(manager.organisation))?;
            clients.into_iter().map(|client| ClientReply::of(connection, client, now)).collect()
        })
        .await
        .map_err(Refusal::from)?;
    Ok(Json(ClientList { clients }))
}

/// Make a client
///
/// It can't have more than the client that makes it: rights, methods, or a later end. The reply has the client's secret, if
/// it shows one, this once.
#[utoipa::path(
    post, path = "/v1/clients", tag = "clients", operation_id = "create_client",
    security(("api_key" = ["manage_clients"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Names the request, so that it may be sent again")),
    request_body = NewClient,
    responses(
        (status = 201, body = CreatedClient),
        (status = 403, description = "`missing_right` or `beyond_own`", body = ErrorBody),
        (status = 409, description = "`name_taken`", body = ErrorBody),
        (status = "default", body = ErrorBody, description = "Refused"),
    )
)]
pub(super) async fn create(
    State(app): State<Arc<App>>,
    manager: Client,
    key: RetryKey,
    body: Bytes,
) -> Result<(StatusCode, Json<CreatedClient>), ApiError> {
    let new: NewClient = parse(&body)?;
    let now = app.now();
    let client = new.client(&manager, now)?;
    let (writer, retry) = (Arc::clone(&app), key.of(&app, &["clients"], &body));
    let created = app
        .store
        .write(move |transaction| {
            if let Some(retry) = &retry {
                match idempotency::find(transaction, &manager, retry)? {
                    Known::New => {}
                    Known::Other => return Ok(Err(Refusal::KeyReused)),
                    Known::Done { subject, .. } => {
                        let known = subject.map(|id| clients::load(transaction, id)).transpose()?.flatten();
                        let Some(known) = known else { return Ok(Err(Refusal::NotFound)) };
                        // The secret that it was made with, unless it was removed.
                        let first = clients::secrets(transaction, known.id)?.into_iter().next();
                        let first =
                            first.filter(|secret| secret.created == known.created).map(|secret| secret.id);
                        let secret = first.map(|id| (id, writer.keys.derive_client_secret(known.id, id)));
                        return reply(transaction, known, secret, now).map(Ok);
                    }
                }
            }
            let by = Manager::Client(Box::new(manager.clone()));
            let secret = match managing::create(transaction, &writer.keys, &by, &client, now)? {
                Ok(secret) => secret,
                Err(refusal) => return Ok(Err(refusal)),
            };
            if let Some(retry) = &retry {
                idempotency::remember(transaction, &manager, retry, "created", Some(client.id), now)?;
            }
            reply(transaction, client, secret, now).map(Ok)
        })
        .await
        .map_err(Refusal::from)??;
    Ok((StatusCode::CREATED, Json(created)))
}

/// Read a client
#[utoipa::path(
    get, path = "/v1/clients/{id}", tag = "clients", operation_id = "read_client",
    security(("api_key" = ["manage_clients"])),
    params(("id" = String, Path, description = "Client")),
    responses((status = 200, body = ClientReply), (status = "default", body = ErrorBody, description = "Refused"))
)]
pub(super) async fn read(
    State(app): State<Arc<App>>,
    manager: Client,
    PathId(id): PathId,
) -> Result<Json<ClientReply>, ApiError> {
    let now = app.now();
    let client = app
        .store
        .read(move |connection| {
            let client = clients::load(connection, id)?;
            let client = client.filter(|client| client.organisation == manager.organisation);
            client.map(|client| ClientReply::of(connection, client, now)).transpose()
        })
        .await
        .map_err(Refusal::from)?;
    Ok(Json(client.ok_or(Refusal::NotFound)?))
}

/// Change a client
///
/// What the request doesn't name stays. Lists are replaced as a whole.
#[utoipa::path(
    patch, path = "/v1/clients/{id}", tag = "clients", operation_id = "change_client",
    security(("api_key" = ["manage_clients"])),
    params(
        ("id" = String, Path, description = "Client"),
        ("force" = Option<bool>, Query, description = "Go on where it locks the client out"),
    ),
    request_body = ChangeRequest,
    responses(
        (status = 200, body = ClientReply),
        (status = 403, description = "`missing_right` or `beyond_own`", body = ErrorBody),
        (status = 409, description = "`ended`, `locks_out`, `last_manager` or `last_secret`", body = ErrorBody),
        (status = "default", body = ErrorBody, description = "Refused"),
    )
)]
pub(super) async fn change(
    State(app): State<Arc<App>>,
    manager: Client,
    PathId(id): PathId,
    Params(Force { force }): Params<Force>,
    body: Bytes,
) -> Result<Json<ClientReply>, ApiError> {
    let change = parse::<ChangeRequest>(&body)?.change();
    let now = app.now();
    let changed = app
        .store
        .write(move |transaction| {
            let by = Manager::Client(Box::new(manager));
            match managing::change(transaction, &by, id, change, force, now)? {
                Ok(client) => ClientReply::of(transaction, client, now).map(Ok),
                Err(refusal) => Ok(Err(refusal)),
            }
        })
        .await
        .map_err(Refusal::from)??;
    Ok(Json(changed))
}

/// Revoke a client, for ever
///
/// Its sign-ins and enrolments that wait are withdrawn, and it reads no more results. Its name stays taken.
#[utoipa::path(
    delete, path = "/v1/clients/{id}", tag = "clients", operation_id = "revoke_client",
    security(("api_key" = ["manage_clients"])),
    params(
        ("id" = String, Path, description = "Client"),
        ("force" = Option<bool>, Query, description = "Go on where the client revokes itself"),
    ),
    responses(
        (status = 204),
        (status = 403, description = "`missing_right`", body = ErrorBody),
        (status = 409, description = "`ended`, `locks_out` or `last_manager`", body = ErrorBody),
        (status = "default", body = ErrorBody, description = "Refused"),
    )
)]
pub(super) async fn revoke(
    State(app): State<Arc<App>>,
    manager: Client,
    PathId(id): PathId,
    Params(Force { force }): Params<Force>,
) -> Result<StatusCode, ApiError> {
    let now = app.now();
    app.store
        .write(move |transaction| {
            let actor = Actor::Client(manager.name.clone());
            let by = Manager::Client(Box::new(manager));
            match managing::revoke(transaction, &by, id, force, now)? {
                Ok(client) => managing::end_waiting(transaction, &client, &actor, now).map(|_| Ok(())),
                Err(refusal) => Ok(Err(refusal)),
            }
        })
        .await
        .map_err(Refusal::from)??;
    Ok(StatusCode::NO_CONTENT)
}

fn reply(
    transaction: &Transaction<'_>,
    client: Client,
    secret: Option<NewSecret>,
    now: crate::time::Time,
) -> store::Result<CreatedClient> {
    let client = ClientReply::of(transaction, client, now)?;
    Ok(CreatedClient { client, secret: secret.map(|(_, secret)| exposed(secret)) })
}
