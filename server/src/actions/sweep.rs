//! What happens by itself: times that are over, and rows that have had their time.
//!
//! Work is done in transactions of [`BATCH`] rows, one after the other until nothing is left, with requests between
//! them. So it keeps up with whatever load the service can take: each of its transactions removes more than the
//! requests of one group commit add.

use std::sync::Arc;
use std::time::Duration;

use crate::actions;
use crate::actions::relay::OPENINGS_COUNT;
use crate::app::App;
use crate::refusal::log_store_error;
use crate::store::audit::Actor;
use crate::store::enrolments::{self, EnrolmentState};
use crate::store::sign_ins::{self, SignInState};
use crate::store::{
    StoreError, Transaction, authorize_requests, clock, devices, entra_requests, failures, idempotency,
    mailboxes, pushes,
};
use crate::time::Time;

/// How often the service looks. Nothing is accepted late for it: every decision looks at the time itself.
const INTERVAL: Duration = Duration::from_secs(2);
/// How long ended sign-ins, their challenges and answers, enrolments that came to nothing, and the names of changes are
/// kept.
const RETENTION: Duration = Duration::from_hours(24);
/// How long a source that a person has signed in from stays known without being used.
const KNOWN: Duration = Duration::from_hours(90 * 24);
/// For how long what waits of a client that has ended is looked for.
const LATELY: Duration = Duration::from_mins(2);
/// Rows of each kind that one transaction works on, so that requests aren't kept waiting.
const BATCH: u32 = 200;

/// Sweeps until the service stops.
pub(crate) async fn run(app: Arc<App>) {
    let mut last: Option<Time> = None;
    // What ended before the start is looked for once; later, what ended lately. Requests that were let in before may have
    // come after.
    let mut ended_since = Time::from_seconds(0);
    while !app.hub.is_closing() {
        let began = app.now();
        if last.is_none_or(|last| last.is_ahead_of(began))
            && let Err(error) = set_clock_right(&app).await
        {
            log_store_error(&error);
        }
        last = Some(began);
        if let Err(error) = once(&app).await {
            log_store_error(&error);
        }
        match actions::clients::end_of_ended(&app, ended_since, began).await {
            Ok(_) => ended_since = began - LATELY,
            Err(error) => log_store_error(&error),
        }
        // From the time that it has looked at: what comes due meanwhile isn't left to the next interval's end.
        app.clock.sleep_until(began + INTERVAL).await;
    }
}

/// Writes down what is over, tells those who wait, and forgets what is old: all that there is at this moment.
async fn once(app: &Arc<App>) -> Result<(), StoreError> {
    app.reload_ring().await?;
    app.openid_keys.reload(app).await?;
    let now = app.now();
    loop {
        let is_more_overdue = end_overdue(app, now).await?;
        let is_more_old = forget_old(app, now).await?;
        if app.hub.is_closing() || !(is_more_overdue || is_more_old) {
            return Ok(());
        }
    }
}

/// Ends a batch of what has been open for too long. True if there may be more.
async fn end_overdue(app: &Arc<App>, now: Time) -> Result<bool, StoreError> {
    let (sign_ins, enrolments, mailboxes) = app
        .store
        .read(move |connection| {
            Ok((
                sign_ins::overdue(connection, now, BATCH)?,
                enrolments::overdue(connection, now, BATCH)?,
                mailboxes::overdue(connection, now, BATCH)?,
            ))
        })
        .await?;
    let most = sign_ins.len().max(enrolments.len()).max(mailboxes.len());
    if most == 0 {
        return Ok(false);
    }
    app.store
        .write(move |transaction| {
            for sign_in in &sign_ins {
                let ending = SignInState::Expired.into();
                actions::end::sign_in(transaction, sign_in, &ending, &Actor::Service, now)?;
            }
            for enrolment in &enrolments {
                actions::end::enrolment(
                    transaction,
                    enrolment.id,
                    &enrolment.account,
                    EnrolmentState::Expired,
                    &Actor::Service,
                    now,
                )?;
            }
            for device in &mailboxes {
                actions::relay::expire(transaction, *device, now)?;
            }
            Ok(())
        })
        .await?;
    Ok(is_full(most))
}

/// Deletes a batch of each kind of rows that have had their time. True if there may be more.
async fn forget_old(app: &Arc<App>, now: Time) -> Result<bool, StoreError> {
    let (rested, unused) = (now - app.settings.push_limit.rest, now - KNOWN);
    let (counted, old) = (now - OPENINGS_COUNT, now - RETENTION);
    let is_anything = app
        .store
        .read(move |connection| {
            Ok(sign_ins::has_older(connection, old)?
                || enrolments::has_unused_older(connection, old)?
                || devices::has_changes_older(connection, old)?
                || pushes::has_forgettable(connection, rested, unused)?
                || failures::has_forgettable(connection, old)?
                || idempotency::has_older(connection, old)?
                || authorize_requests::has_forgettable(connection, old, now)?
                || entra_requests::has_older(connection, old)?
                || mailboxes::has_forgettable(connection, counted)?)
        })
        .await?;
    if !is_anything {
        return Ok(false);
    }
    let forget = move |transaction: &mut Transaction<'_>| {
        let most = sign_ins::prune(transaction, old, BATCH)?
            .max(enrolments::prune_unused(transaction, old, BATCH)?)
            .max(devices::forget_changes(transaction, old, BATCH)?)
            .max(pushes::forget(transaction, rested, unused, BATCH)?)
            .max(failures::forget(transaction, old, BATCH)?)
            .max(idempotency::forget(transaction, old, BATCH)?)
            .max(authorize_requests::forget(transaction, old, now, BATCH)?)
            .max(entra_requests::forget(transaction, old, BATCH)?)
            .max(mailboxes::forget(transaction, counted, BATCH)?);
        Ok(is_full(most))
    };
    app.store.write(forget).await
}

/// Whether a batch was so large that there may be more.
fn is_full(rows: usize) -> bool {
    u32::try_from(rows).is_ok_and(|rows| rows >= BATCH)
}

/// Finds what was stored while the clock was ahead: at the start, and when the clock has gone back since the last look.
async fn set_clock_right(app: &Arc<App>) -> Result<(), StoreError> {
    let now = app.now();
    // All devices are looked at, which is no work for the writer.
    let devices = app.store.read(move |connection| devices::ahead(connection, now)).await?;
    app.store
        .write(move |transaction| {
            let ahead = clock::set_right(transaction, now)?;
            for device in &devices {
                devices::set_activated(transaction, *device, now)?;
            }
            let sign_ins = sign_ins::ahead(transaction, now, u32::MAX)?;
            for sign_in in &sign_ins {
                let ending = SignInState::Expired.into();
                actions::end::sign_in(transaction, sign_in, &ending, &Actor::Service, now)?;
            }
            let enrolments = enrolments::ahead(transaction, now, u32::MAX)?;
            for enrolment in &enrolments {
                actions::end::enrolment(
                    transaction,
                    enrolment.id,
                    &enrolment.account,
                    EnrolmentState::Expired,
                    &Actor::Service,
                    now,
                )?;
            }
            let (devices, sign_ins, enrolments) = (devices.len(), sign_ins.len(), enrolments.len());
            if ahead.is_any() || devices + sign_ins + enrolments > 0 {
                tracing::warn!(
                    ?ahead,
                    devices,
                    sign_ins,
                    enrolments,
                    "times in the database lay ahead of the clock, which must have been wrong when they were stored; \
                     they hold nobody up any more"
                );
            }
            Ok(())
        })
        .await
}
