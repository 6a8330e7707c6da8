//! What waits of a client that has ended.
//!
//! Nobody may learn the result of a sign-in whose client was revoked, so that nobody is left to approve one for nothing:
//! phones and pages see it end. An open ticket of such a client must not become a device.

use std::sync::Arc;

use crate::actions;
use crate::app::App;
use crate::store::audit::Actor;
use crate::store::clients::{self, Client};
use crate::store::sign_ins::{self, SignInState};
use crate::store::{Result, StoreError, Transaction, enrolments};
use crate::time::Time;

/// Withdraws the sign-ins and enrolments of a client that wait. True if there were any.
pub(crate) fn end_waiting(
    transaction: &mut Transaction<'_>,
    client: &Client,
    actor: &Actor,
    now: Time,
) -> Result<bool> {
    let sign_ins = sign_ins::waiting_of(transaction, client)?;
    let enrolments = enrolments::waiting_of(transaction, client)?;
    for sign_in in &sign_ins {
        actions::end::sign_in(transaction, sign_in, &SignInState::Cancelled.into(), actor, now)?;
    }
    for enrolment in &enrolments {
        actions::end::cancel_enrolment(transaction, enrolment, actor, now)?;
    }
    Ok(!(sign_ins.is_empty() && enrolments.is_empty()))
}

/// Withdraws what waits of clients that have ended after `since`: by time, or by the command line, which works beside the
/// service. True if there was anything.
pub(crate) async fn end_of_ended(
    app: &Arc<App>,
    since: Time,
    now: Time,
) -> std::result::Result<bool, StoreError> {
    let ended = app
        .store
        .read(move |connection| {
            let mut waiting = Vec::new();
            for client in clients::ended(connection, since, now)? {
                if !(sign_ins::waiting_of(connection, &client)?.is_empty()
                    && enrolments::waiting_of(connection, &client)?.is_empty())
                {
                    waiting.push(client);
                }
            }
            Ok(waiting)
        })
        .await?;
    if ended.is_empty() {
        return Ok(false);
    }
    app.store
        .write(move |transaction| {
            for client in &ended {
                end_waiting(transaction, client, &Actor::Service, now)?;
            }
            Ok(true)
        })
        .await
}
