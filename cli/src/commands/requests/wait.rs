//! Waits for a request, for scripts.

use std::time::{Duration, Instant};

use countersign_authenticator::Requests;

use super::{hopeless, pauses};
use crate::failure::Failure;
use crate::output::Output;
use crate::session::Session;
use crate::text::sentence;

/// Waits for an open request, up to `timeout`.
pub(super) async fn run(
    session: &Session,
    timeout: Option<Duration>,
    output: Output,
) -> Result<Requests, Failure> {
    let Some(timeout) = timeout else { return poll(session, None, output).await };
    // After failures the core waits before it asks again, perhaps longer than the remaining time.
    let polled = tokio::time::timeout(timeout + GRACE, poll(session, Some(Instant::now() + timeout), output));
    polled.await.unwrap_or(Err(Failure::NoRequestsInTime))
}

async fn poll(session: &Session, end: Option<Instant>, output: Output) -> Result<Requests, Failure> {
    let mut told = None;
    let mut paused = Vec::new();
    loop {
        let left = end.map_or(LONGEST_POLL, |end| end.saturating_duration_since(Instant::now()));
        let requests = session.authenticator.wait_for_requests(left.min(LONGEST_POLL)).await?;
        if !requests.open.is_empty() {
            return Ok(requests);
        }
        if paused != requests.pauses {
            pauses::warn(session, output)?;
            paused.clone_from(&requests.pauses);
        }
        if let Some(failure) = hopeless(session, &requests)? {
            return Err(failure);
        }
        if let Some(failure) = requests.failures.into_iter().next() {
            let failure = Failure::from(failure.error);
            if told != Some(failure.code()) {
                output.note(format_args!("{} Still trying …", sentence(&failure)));
                told = Some(failure.code());
            }
        }
        if end.is_some_and(|end| Instant::now() >= end) {
            return Err(Failure::NoRequestsInTime);
        }
    }
}

const LONGEST_POLL: Duration = Duration::from_secs(30);
/// Time for a reply to arrive, in addition to the time for which the service holds it.
const GRACE: Duration = Duration::from_secs(3);
