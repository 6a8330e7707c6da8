//! What happens by itself: times that are over, and rows that have had their time.

use std::sync::Arc;
use std::time::Duration;

use crate::actions;
use crate::actions::relay::OPENINGS_COUNT;
use crate::app::App;
use crate::refusal::log_store_error;
use crate::store::audit::Actor;
use crate::store::enrolments::{self, EnrolmentState};
use crate::store::sign_ins::{self, SignInState};
use crate::store::{StoreError, accounts, devices, mailboxes};

/// How often the service looks. Nothing is accepted late for it: every decision looks at the time itself.
const INTERVAL: Duration = Duration::from_secs(2);
/// How long ended sign-ins, their challenges and answers, and the names of changes are kept.
const RETENTION: Duration = Duration::from_secs(24 * 60 * 60);
/// Rows that one transaction works on, so that requests aren't kept waiting.
const BATCH: u32 = 200;

/// Sweeps until the service stops.
pub(crate) async fn run(app: Arc<App>) {
    while !app.hub.is_closing() {
        let began = app.now();
        if let Err(error) = once(&app).await {
            log_store_error(&error);
        }
        // From the time that it has looked at: what comes due meanwhile isn't left to the next interval's end.
        app.clock.sleep_until(began + INTERVAL).await;
    }
}

/// Writes down what is over, tells those who wait, and forgets what is old.
pub(crate) async fn once(app: &Arc<App>) -> Result<(), StoreError> {
    app.reload_ring().await?;
    let now = app.now();
    let due = app
        .store
        .read(move |connection| {
            Ok((
                sign_ins::overdue(connection, now, BATCH)?,
                enrolments::overdue(connection, now, BATCH)?,
                mailboxes::overdue(connection, now, BATCH)?,
            ))
        })
        .await?;
    if !due.0.is_empty() || !due.1.is_empty() || !due.2.is_empty() {
        app.store
            .write(move |transaction| {
                for sign_in in &due.0 {
                    let ending = SignInState::Expired.into();
                    actions::end::sign_in(transaction, sign_in, &ending, &Actor::Service, now)?;
                }
                for enrolment in &due.1 {
                    actions::end::enrolment(
                        transaction,
                        enrolment.id,
                        &enrolment.account,
                        EnrolmentState::Expired,
                        &Actor::Service,
                        now,
                    )?;
                }
                for device in &due.2 {
                    actions::relay::expire(transaction, *device, now)?;
                }
                Ok(())
            })
            .await?;
    }
    let rested = now - app.settings.push_limit.rest;
    if app.store.read(move |connection| accounts::has_idle(connection, rested)).await? {
        app.store.write(move |transaction| accounts::forget_idle(transaction, rested, BATCH)).await?;
    }
    let counted = now - OPENINGS_COUNT;
    if app.store.read(move |connection| mailboxes::has_forgettable(connection, counted)).await? {
        app.store.write(move |transaction| mailboxes::forget(transaction, counted)).await?;
    }
    let old = now - RETENTION;
    let is_old = app.store.read(move |connection| sign_ins::has_older(connection, old)).await?;
    if is_old {
        app.store
            .write(move |transaction| {
                devices::forget_changes(transaction, old)?;
                sign_ins::prune(transaction, old, BATCH)
            })
            .await?;
    }
    Ok(())
}
