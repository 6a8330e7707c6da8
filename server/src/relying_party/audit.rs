//! `/v1/audit`: the organisation's audit log.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Params;
use super::error::{ApiError, ErrorBody};
use crate::app::App;
use crate::refusal::Refusal;
use crate::store::audit::{self, Entry};
use crate::store::clients::Client;

/// Which part of the log.
#[derive(Deserialize)]
pub(super) struct Page {
    /// Lines after the one with this `id`.
    #[serde(default)]
    after: i64,
    /// At most so many, 1 to 1000.
    #[serde(default = "default_limit")]
    limit: u32,
}

/// Lines of the log, oldest first.
#[derive(Serialize, ToSchema)]
pub(super) struct AuditPage {
    entries: Vec<AuditEntry>,
}

/// Who did what, when, and what came of it.
#[derive(Serialize, ToSchema)]
pub(super) struct AuditEntry {
    /// Grows with time; gaps mean nothing.
    id: i64,
    /// When.
    at: u64,
    /// `client:NAME`, `device:ID`, `page`, `command_line` or `service`.
    actor: String,
    /// What was done or tried.
    event: String,
    /// What came of it.
    outcome: String,
    /// Whose account it concerns, if it concerns one.
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    /// The enrolment, device, sign-in or client.
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    /// What another system calls it: `client-request-id` for a request of Microsoft Entra.
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
}

/// Read the audit log
#[utoipa::path(
    get, path = "/v1/audit", tag = "audit", operation_id = "list_audit", security(("api_key" = ["read_audit"])),
    params(
        ("after" = Option<i64>, Query, description = "Lines after the one with this `id`"),
        ("limit" = Option<u32>, Query, description = "At most so many lines, 1 to 1000; 100 if it isn't said"),
    ),
    responses((status = 200, body = AuditPage), (status = "default", body = ErrorBody, description = "Refused"))
)]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    client: Client,
    Params(page): Params<Page>,
) -> Result<Json<AuditPage>, ApiError> {
    let (after, limit) = (page.after, page.limit.clamp(1, 1000));
    let entries = app
        .store
        .read(move |connection| audit::list(connection, client.organisation, after, limit))
        .await
        .map_err(Refusal::from)?;
    Ok(Json(AuditPage { entries: entries.into_iter().map(AuditEntry::from).collect() }))
}

const fn default_limit() -> u32 {
    100
}

impl From<Entry> for AuditEntry {
    fn from(entry: Entry) -> Self {
        Self {
            id: entry.id,
            at: entry.at.seconds(),
            actor: entry.actor,
            event: entry.event,
            outcome: entry.outcome,
            user: Some(entry.user).filter(|user| !user.is_empty()),
            subject: entry.subject.map(|subject| subject.to_string()),
            reference: entry.reference,
        }
    }
}
