//! `/v1/users/{user}`: how an account stands, locking push for it, and opening every lock.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::error::{ApiError, ErrorBody};
use crate::actions::lock;
use crate::app::App;
use crate::refusal::Refusal;
use crate::store::accounts::{self, Account};
use crate::store::audit::Actor;
use crate::store::organisations::Client;
use crate::store::sign_ins::{Push, SignInState};
use crate::text;
use crate::throttle::Lock;
use crate::time::Time;

/// How an account stands.
#[derive(Serialize, ToSchema)]
pub(super) struct UserReply {
    /// The user's name at the organisation.
    user: String,
    /// Wrong numbers and codes in a row.
    failures: u32,
    /// Whether they have closed the account until it is unlocked.
    closed: bool,
    /// When numbers and codes are taken again, if it is a matter of time.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_at: Option<u64>,
    /// Sign-ins that devices were asked about since the last that succeeded.
    pushes: u32,
    /// Whether devices are asked about the next.
    push: Push,
    /// When they are asked again, if it is a matter of time.
    #[serde(skip_serializing_if = "Option::is_none")]
    push_retry_at: Option<u64>,
    /// Since when push is locked, if it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    push_locked_at: Option<u64>,
}

/// Read how a user's account stands
///
/// It succeeds for any name: an account that nothing has happened to is in order.
#[utoipa::path(
    get, path = "/v1/users/{user}", tag = "users", security(("api_key" = [])),
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
    let standing = app
        .store
        .read(move |connection| accounts::standing(connection, &asked))
        .await
        .map_err(Refusal::from)?;
    let pushing = app.settings.push_limit.at(&standing, now);
    let lock = standing.lock(now);
    Ok(Json(UserReply {
        user: account.user,
        failures: standing.failures,
        closed: lock == Some(Lock::UntilUnlocked),
        retry_at: match lock {
            Some(Lock::Until(until)) => Some(until.seconds()),
            Some(Lock::UntilUnlocked) | None => None,
        },
        pushes: standing.pushes,
        push: pushing.push(),
        push_retry_at: pushing.until().map(Time::seconds),
        push_locked_at: standing.push_locked.map(Time::seconds),
    }))
}

/// Lock push for a user until the account is unlocked
///
/// Sign-ins that wait for a device are withdrawn. New ones ask no device; other methods work.
#[utoipa::path(
    post, path = "/v1/users/{user}/lock", tag = "users", security(("api_key" = [])),
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
/// Forgets failures and pushes since the last success, and opens a lock of push that a report has brought.
#[utoipa::path(
    post, path = "/v1/users/{user}/unlock", tag = "users", security(("api_key" = [])),
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
    if !text::is_name(&user) {
        return Err(Refusal::Invalid("user"));
    }
    Ok(Account { organisation: client.organisation, user })
}
