//! `/v1/devices`: a user's devices, and their revocation.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::error::{ApiError, ErrorBody};
use super::users::account;
use super::{Params, PathId};
use crate::actions;
use crate::app::App;
use crate::refusal::Refusal;
use crate::store::audit::Actor;
use crate::store::clients::Client;
use crate::store::devices::{self, Device, DeviceState};
use crate::time::Time;

/// Whose devices.
#[derive(Deserialize)]
pub(super) struct OfUser {
    /// The user's name at the organisation.
    user: String,
}

/// A user's devices.
#[derive(Serialize, ToSchema)]
pub(super) struct DeviceList {
    devices: Vec<DeviceReply>,
}

/// A device.
#[derive(Serialize, ToSchema)]
pub(super) struct DeviceReply {
    /// Its name for the interface.
    id: String,
    /// Its name for people.
    name: String,
    /// `android`, `ios`, `desktop` or `other`.
    platform: String,
    /// How far it has come.
    state: DeviceState,
    /// Whether its keys are in hardware, as it says.
    hardware_keys: bool,
    /// When it was enrolled.
    created_at: u64,
    /// When it was activated.
    #[serde(skip_serializing_if = "Option::is_none")]
    activated_at: Option<u64>,
}

/// List a user's devices, revoked ones too
#[utoipa::path(
    get, path = "/v1/devices", tag = "devices", operation_id = "list_devices", security(("api_key" = ["read_users"])),
    params(("user" = String, Query, description = "The user's name at the organisation")),
    responses((status = 200, body = DeviceList), (status = "default", body = ErrorBody, description = "Refused"))
)]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    client: Client,
    Params(of): Params<OfUser>,
) -> Result<Json<DeviceList>, ApiError> {
    let account = account(&client, of.user)?;
    let devices = app
        .store
        .read(move |connection| devices::of_account(connection, &account, None))
        .await
        .map_err(Refusal::from)?;
    Ok(Json(DeviceList { devices: devices.into_iter().map(DeviceReply::from).collect() }))
}

/// Revoke a device
///
/// Sign-ins that no other device could answer are withdrawn. The device learns it at its next contact.
#[utoipa::path(
    delete, path = "/v1/devices/{id}", tag = "devices", operation_id = "revoke_device", security(("api_key" = ["manage_users"])),
    params(("id" = String, Path, description = "Device")),
    responses((status = 204), (status = 409, description = "`ended`: it was revoked before", body = ErrorBody), (status = "default", body = ErrorBody, description = "Refused"))
)]
pub(super) async fn revoke(
    State(app): State<Arc<App>>,
    client: Client,
    PathId(id): PathId,
) -> Result<StatusCode, ApiError> {
    let now = app.now();
    let revoked = app
        .store
        .write(move |transaction| {
            let device = devices::load(transaction, id)?;
            let Some(device) = device.filter(|it| it.account.organisation == client.organisation) else {
                return Ok(Err(Refusal::NotFound));
            };
            let actor = Actor::Client(client.name);
            let revoked = actions::end::device(transaction, &device, &actor, now)?;
            Ok(if revoked { Ok(()) } else { Err(Refusal::Ended) })
        })
        .await;
    revoked.map_err(Refusal::from)??;
    Ok(StatusCode::NO_CONTENT)
}

impl From<Device> for DeviceReply {
    fn from(device: Device) -> Self {
        Self {
            id: device.id.to_string(),
            name: device.name,
            platform: device.platform,
            state: device.state,
            hardware_keys: device.hardware_keys,
            created_at: device.created.seconds(),
            activated_at: device.activated.map(Time::seconds),
        }
    }
}
