//! `/v1/users/{user}`: how an account stands, locking push for it, and opening every lock.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::error::{ApiError, ErrorBody};
use crate::actions::lock;
use crate::actions::sign_in::standing;
use crate::app::App;
use crate::refusal::{Refusal, check_name};
use crate::store::accounts::Account;
use crate::store::audit::Actor;
use crate::store::clients::Client;
use crate::store::failures::{self, Authenticator};
use crate::store::sign_ins::{Push, SignInState};
use crate::time::Time;

/// How an account stands.
#[derive(Serialize, ToSchema)]
pub(super) struct UserReply {
    /// The user's name at the organisation.
    user: String,
    /// Wrong codes in a row, from anywhere.
    failures: u32,
    /// Whether there were so many that codes are taken in pairs until two right ones came.
    two_codes: bool,
    /// When codes are taken again from wherever too many wrong ones came.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_at: Option<u64>,
    /// Devices whose person has typed wrong numbers since the last right one.
    approvals: Vec<ApprovalsReply>,
    /// Sign-ins that devices were asked about since the last that succeeded.
    pushes: u32,
    /// Whether devices are asked about the next from everywhere: `limited` if some have used up their share.
    push: Push,
    /// When all are asked about again, if it is a matter of time.
    #[serde(skip_serializing_if = "Option::is_none")]
    push_retry_at: Option<u64>,
    /// Since when push is locked, if it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    push_locked_at: Option<u64>,
}

/// How a device's approvals stand.
#[derive(Serialize, ToSchema)]
pub(super) struct ApprovalsReply {
    /// The device.
    device: String,
    /// Wrong numbers and scans in a row.
    failures: u32,
    /// Whether they have closed its approvals until the account is unlocked.
    closed: bool,
    /// When its approvals are taken again, if it is a matter of time.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_at: Option<u64>,
}

/// Read how a user's account stands
///
/// It succeeds for any name: an account that nothing has happened to is in order.
#[utoipa::path(
    get, path = "/v1/users/{user}", tag = "users", operation_id = "read_user", security(("api_key" = ["read_users"])),
    params(("user" = String, Path, description = "User")),
    responses((status = 200, body = UserReply), (status = "default", body = ErrorBody, description = "Refused"))
)]
pub(super) async fn read(
    State(app): State<Arc<App>>,
    client: Client,
    Path(user): Path<String>,
) -> Result<Json<UserReply>, ApiError> {
    let account = account(&client, user)?;
    let now = app.now();
    let asked = account.clone();
    let (standing, failures) = app
        .store
        .read(move |connection| Ok((standing(connection, &asked)?, failures::all(connection, &asked)?)))
        .await
        .map_err(Refusal::from)?;
    let limit = app.settings.push_limit;
    let limited = limit.limited_until(&standing, now);
    let push = match (standing.locked, limited) {
        (Some(_), _) => Push::Locked,
        (None, Some(_)) => Push::Limited,
        (None, None) => Push::Asked,
    };
    let mut reply = UserReply {
        user: account.user,
        failures: 0,
        two_codes: false,
        retry_at: None,
        approvals: Vec::new(),
        pushes: standing.pushes.iter().map(|pushes| limit.counted(pushes, now)).sum(),
        push,
        push_retry_at: limited.filter(|_| push == Push::Limited).map(Time::seconds),
        push_locked_at: standing.locked.map(Time::seconds),
    };
    for (authenticator, failures) in failures {
        let wait = failures.wait(now).map(Time::seconds);
        match authenticator {
            Authenticator::Codes => {
                (reply.failures, reply.two_codes) = (failures.count, failures.is_exhausted());
            }
            Authenticator::CodesFrom(_) => reply.retry_at = reply.retry_at.max(wait),
            Authenticator::Approvals(device) => {
                let closed = failures.is_exhausted();
                reply.approvals.push(ApprovalsReply {
                    device: device.to_string(),
                    failures: failures.count,
                    closed,
                    retry_at: wait.filter(|_| !closed),
                });
            }
        }
    }
    Ok(Json(reply))
}

/// Lock push for a user until the account is unlocked
///
/// Sign-ins that wait for a device are withdrawn. New ones ask no device; other methods work.
#[utoipa::path(
    post, path = "/v1/users/{user}/lock", tag = "users", operation_id = "lock_push", security(("api_key" = ["manage_users"])),
    params(("user" = String, Path, description = "User")),
    responses((status = 204), (status = "default", body = ErrorBody, description = "Refused"))
)]
pub(super) async fn lock_push(
    State(app): State<Arc<App>>,
    client: Client,
    Path(user): Path<String>,
) -> Result<StatusCode, ApiError> {
    let account = account(&client, user)?;
    let now = app.now();
    app.store
        .write(move |transaction| {
            let (ending, actor) = (SignInState::Cancelled.into(), Actor::Client(client.name));
            lock::push(transaction, &account, &ending, &actor, None, now)
        })
        .await
        .map_err(Refusal::from)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Open every lock of a user's account
///
/// Forgets wrong codes and numbers, and requests since the last success, and opens a lock of push that a report has
/// brought.
#[utoipa::path(
    post, path = "/v1/users/{user}/unlock", tag = "users", operation_id = "unlock_user", security(("api_key" = ["manage_users"])),
    params(("user" = String, Path, description = "User")),
    responses((status = 204), (status = "default", body = ErrorBody, description = "Refused"))
)]
pub(super) async fn unlock(
    State(app): State<Arc<App>>,
    client: Client,
    Path(user): Path<String>,
) -> Result<StatusCode, ApiError> {
    let account = account(&client, user)?;
    let now = app.now();
    app.store
        .write(move |transaction| lock::unlock(transaction, &account, &Actor::Client(client.name), now))
        .await
        .map_err(Refusal::from)?;
    Ok(StatusCode::NO_CONTENT)
}

/// The account of a user of the client's organisation.
pub(super) fn account(client: &Client, user: String) -> Result<Account, Refusal> {
    check_name("user", &user)?;
    Ok(Account { organisation: client.organisation, user })
}
