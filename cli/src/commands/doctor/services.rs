//! Checks whether every approval service answers, and how fast.

use std::time::{Duration, Instant};

use countersign_authenticator::approvals::BindingState;
use futures_util::future::join_all;

use super::super::requests::pauses;
use super::Check;
use crate::failure::Failure;
use crate::session::Session;
use crate::text::{label, safe};

pub(super) async fn all(session: &Session) -> Result<Vec<Check>, Failure> {
    let listing = session.authenticator.accounts()?;
    let enrolled = listing.accounts.iter().filter(|account| account.trashed_at.is_none());
    let enrolled =
        enrolled.filter_map(|account| Some((account, account.service.as_deref()?, account.binding?)));
    let checks = enrolled.map(async |(account, service, state)| {
        let what = format!("{} at {}", safe(&label(&account.issuer, &account.name)), safe(service));
        if state == BindingState::Revoked {
            return Check::warning(what, "the service has removed this device")
                .advise(Some("ask your organisation to enrol it again, or remove the account"));
        }
        let start = Instant::now();
        match session.authenticator.fetch(account.id, Duration::ZERO).await {
            Ok(_) => {
                let latency = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
                let check = if state == BindingState::AwaitingActivation {
                    Check::warning(what, "the service answers, but the enrolment isn't finished")
                        .advise(Some("approve its request: `countersign requests`"))
                } else {
                    Check::good(what, format!("answers in {latency} ms"))
                };
                check.measure("latency_ms", latency)
            }
            Err(error) => {
                let failure = Failure::from(error);
                Check::problem(what, failure.to_string())
                    .advise(failure.advice())
                    .measure("code", failure.code())
            }
        }
    });
    let mut checks = join_all(checks).await;
    // By now the services have said what they have stopped.
    let pauses = pauses::all(session)?.into_iter();
    checks.extend(pauses.map(|pause| Check::warning(pause.account, pause.found).advise(Some(pause.advice))));
    Ok(checks)
}
