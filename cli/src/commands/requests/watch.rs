//! Waits for sign-ins on a terminal, and asks about each.

use std::collections::HashSet;
use std::time::Duration;

use super::ask::{self, Answered};
use super::{hopeless, news, pauses};
use crate::failure::Failure;
use crate::output::Output;
use crate::session::Session;
use crate::text::sentence;

pub(super) async fn run(session: &Session, output: Output) -> Result<(), Failure> {
    output.note(WAITING);
    let mut left_open = HashSet::new();
    let mut trouble = None;
    let mut paused = Vec::new();
    loop {
        // Requests that arrived during the previous question are already known.
        let groups = session.authenticator.request_groups();
        let next = groups.into_iter().find(|group| !left_open.contains(&group.newest.id));
        if let Some(group) = next {
            output.note("");
            match ask::ask(session, &group.newest, output).await? {
                Answered::Skipped => left_open.extend(group.ids()),
                Answered::Quit => return Ok(()),
                _ => {}
            }
            output.note(format_args!("\n{WAITING}"));
            continue;
        }
        let paused_now = session.authenticator.pauses()?;
        if paused != paused_now {
            pauses::warn(session, output)?;
            paused = paused_now;
        }
        let requests = session.authenticator.wait_for_requests(LONGEST_POLL).await?;
        news::tell(session, output)?;
        if let Some(failure) = hopeless(session, &requests)? {
            return Err(failure);
        }
        match requests.failures.first().map(|failure| Failure::from(failure.error.clone())) {
            Some(failure) if trouble != Some(failure.code()) => {
                output.note(format_args!("{} Still trying …", sentence(&failure)));
                trouble = Some(failure.code());
            }
            None if trouble.take().is_some() => output.note("The service is reachable again."),
            _ => {}
        }
    }
}

const WAITING: &str = "Waiting for sign-ins. Press Ctrl-C to stop.";
const LONGEST_POLL: Duration = Duration::from_secs(30);
