//! Whether the process lives, and whether the service can do its work.
//!
//! The two are apart, so that a full disk takes a service out of a balancer's rotation without having it restarted.
//! Readiness isn't guessed: it writes as much as a request does, durably, through the thread that all writes go
//! through. However often it is asked for, one such write a second is made.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use rusqlite::params;
use serde::Serialize;
use tokio::sync::Mutex;
use utoipa::ToSchema;

use crate::app::App;
use crate::relying_party::{ApiError, ErrorBody};
use crate::store::{Store, StoreError, Trouble};
use crate::time::Time;

/// How long an answer counts.
const GOOD_FOR: Duration = Duration::from_secs(1);
/// How long a write may take. Below the five seconds that those who ask usually wait.
const TIMEOUT: Duration = Duration::from_secs(3);
/// What is written: more than any request does, so that a disk on which this succeeds takes those as well.
const PROBE_BYTES: u32 = 32 * 1024;

/// The last answer, and when it was found.
#[derive(Debug, Default)]
pub(crate) struct Readiness(Mutex<Option<(Time, Result<(), NotReady>)>>);

/// Why the service can't do its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotReady {
    /// The database doesn't work.
    Database(Trouble),
    /// It takes too long.
    Slow,
    /// The service is being stopped.
    Stopping,
}

/// A service that lives, or is ready.
#[derive(Serialize, ToSchema)]
pub(crate) struct HealthReply {
    /// `ok`.
    #[schema(value_type = String)]
    status: &'static str,
}

/// Liveness: whether the process answers
///
/// It doesn't touch the database. A supervisor restarts a process that doesn't answer this.
#[utoipa::path(
    get, path = "/livez", tag = "service", operation_id = "liveness",
    responses((status = 200, description = "It lives", body = HealthReply))
)]
pub(crate) async fn live() -> Json<HealthReply> {
    Json(HealthReply { status: "ok" })
}

/// Readiness: whether the service can do its work
///
/// It reads and writes the database. A balancer sends no requests to a service that isn't ready; the error's code says
/// why it isn't.
#[utoipa::path(
    get, path = "/readyz", tag = "service", operation_id = "readiness",
    responses(
        (status = 200, description = "It works", body = HealthReply),
        (status = 503, description = "It doesn't: `database_full`, `database_read_only`, `database_io`, `database_busy`, `database_damaged`, `database_failed`, `database_slow` or `stopping`", body = ErrorBody),
    )
)]
pub(crate) async fn ready(State(app): State<Arc<App>>) -> Result<Json<HealthReply>, ApiError> {
    app.readiness.get(&app).await?;
    Ok(Json(HealthReply { status: "ok" }))
}

/// Readiness, under the name that it had first
#[utoipa::path(
    get, path = "/healthz", tag = "service", operation_id = "health",
    responses(
        (status = 200, description = "It works", body = HealthReply),
        (status = 503, description = "As `/readyz`", body = ErrorBody),
    )
)]
pub(crate) async fn health(app: State<Arc<App>>) -> Result<Json<HealthReply>, ApiError> {
    ready(app).await
}

impl Readiness {
    /// Finds out, unless that was done within the last second. Those who ask meanwhile get the same answer.
    async fn get(&self, app: &App) -> Result<(), NotReady> {
        if app.hub.is_closing() {
            return Err(NotReady::Stopping);
        }
        let mut last = self.0.lock().await;
        let now = app.now();
        // A clock that was turned back makes no answer last for ever.
        if let Some((at, answer)) = *last
            && (at..at + GOOD_FOR).contains(&now)
        {
            return answer;
        }
        let found = tokio::time::timeout(TIMEOUT, probe(&app.store, now)).await;
        let answer = match found {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(NotReady::Database(error.trouble())),
            Err(_) => Err(NotReady::Slow),
        };
        let before = last.map_or(Ok(()), |(_, answer)| answer);
        if answer != before {
            match answer {
                Ok(()) => tracing::info!("the service is ready again"),
                Err(reason) => {
                    tracing::error!(reason = reason.code(), "the service is not ready: {}", reason.text())
                }
            }
        }
        *last = Some((now, answer));
        answer
    }
}

/// Writes for real. The new row is there before the old one goes, so that it needs room of its own.
async fn probe(store: &Store, now: Time) -> Result<(), StoreError> {
    const KEYS: &str = "readiness ";
    let key = format!("{KEYS}{now}");
    let written = key.clone();
    store
        .write(move |transaction| {
            transaction
                .prepare_cached("INSERT OR REPLACE INTO meta (key, value) VALUES (?1, randomblob(?2))")?
                .execute(params![key, PROBE_BYTES])?;
            transaction
                .prepare_cached("DELETE FROM meta WHERE key GLOB ?1 || '*' AND key <> ?2")?
                .execute(params![KEYS, key])?;
            Ok(())
        })
        .await?;
    let is_there = store
        .read(move |connection| {
            Ok(connection.prepare_cached("SELECT 1 FROM meta WHERE key = ?1")?.exists([written])?)
        })
        .await?;
    if is_there { Ok(()) } else { Err(StoreError::Damaged("meta")) }
}

impl NotReady {
    const fn code(self) -> &'static str {
        match self {
            Self::Database(trouble) => trouble.code(),
            Self::Slow => "database_slow",
            Self::Stopping => "stopping",
        }
    }

    fn text(self) -> String {
        match self {
            Self::Database(trouble) => trouble.to_string(),
            Self::Slow => format!("a write takes longer than {} s: check the disk", TIMEOUT.as_secs()),
            Self::Stopping => "the service is being stopped".into(),
        }
    }
}

impl From<NotReady> for ApiError {
    fn from(reason: NotReady) -> Self {
        Self::not_ready(reason.code(), reason.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_probe_needs_room_and_leaves_one_row() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("test.db");
        let mut connection = crate::store::connect(&path).unwrap();
        crate::store::migrate(&mut connection).unwrap();
        let store = crate::store::start(&path, connection, Arc::new(|_| {})).unwrap();
        let limit = async |pages: u32| {
            let set = move |transaction: &mut crate::store::Transaction<'_>| {
                Ok(transaction.pragma_update(None, "max_page_count", pages)?)
            };
            store.write(set).await.unwrap();
        };
        probe(&store, Time::from_millis(1)).await.unwrap();
        // What earlier probes have given back is used up first, as it is by requests.
        limit(1).await;
        let mut failed = None;
        for at in 2..5 {
            let fill = store.write(|transaction| {
                transaction.execute("INSERT INTO meta VALUES (hex(randomblob(8)), zeroblob(40000))", [])?;
                Ok(())
            });
            let _ = fill.await;
            failed = probe(&store, Time::from_millis(at)).await.err();
        }
        assert_eq!(failed.unwrap().trouble(), Trouble::Full);
        limit(1_000_000).await;
        for at in 10..20 {
            probe(&store, Time::from_millis(at)).await.unwrap();
        }
        let rows = store.read(|connection| {
            let count = "SELECT count(*) FROM meta WHERE key GLOB 'readiness *'";
            Ok(connection.query_row(count, [], |row| row.get::<_, i64>(0))?)
        });
        assert_eq!(rows.await.unwrap(), 1);
    }
}
