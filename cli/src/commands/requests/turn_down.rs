//! Rejects requests: one, those that look like it, or all.

use std::io::{self, Write};

use countersign_authenticator::TurnDown;
use countersign_authenticator::approvals::{ApprovalRequest, RequestGroup, group};
use countersign_authenticator::protocol::Id;
use countersign_authenticator::protocol::messages::Outcome;
use serde::Serialize;

use super::answer;
use crate::failure::Failure;
use crate::output::{Look, Output, Report};
use crate::session::Session;
use crate::text::{ERROR, safe};

/// Asks all services, and rejects the named request; with `all`, those that look like it, or all.
pub(super) async fn run(
    session: &Session,
    wanted: Option<&str>,
    all: bool,
    how: TurnDown,
    output: Output,
) -> Result<(), Failure> {
    let open = super::ask_all(session, output).await?;
    if !all {
        return one(session, &super::pick(session, open, wanted)?, how, output).await;
    }
    if wanted.is_none() {
        return if open.is_empty() {
            Err(Failure::NoRequests)
        } else {
            several(session, &open, how, output).await
        };
    }
    let picked = super::pick(session, open.clone(), wanted)?.id;
    let meant = group(open).into_iter().find(|group| group.ids().contains(&picked));
    let RequestGroup { newest, older, .. } = meant.ok_or(Failure::NoSuchRequest)?;
    several(session, &[vec![newest], older].concat(), how, output).await
}

async fn one(
    session: &Session,
    request: &ApprovalRequest,
    how: TurnDown,
    output: Output,
) -> Result<(), Failure> {
    let mut turned_down = session.authenticator.turn_down(&[request.id], how).await;
    let answered = turned_down.pop().ok_or(Failure::NoSuchRequest)?.result?;
    answer::finish(request, answered, output)
}

/// Each is answered separately. The command fails with the first that wasn't.
async fn several(
    session: &Session,
    requests: &[ApprovalRequest],
    how: TurnDown,
    output: Output,
) -> Result<(), Failure> {
    let ids: Vec<_> = requests.iter().map(|request| request.id).collect();
    let turned_down = session.authenticator.turn_down(&ids, how).await;
    let locked = turned_down.iter().any(|one| one.result.as_ref().is_ok_and(|answer| answer.locked));
    let mut failed = None;
    let mut rows = Vec::new();
    for (request, one) in requests.iter().zip(turned_down) {
        let (outcome, error) = match one.result {
            Ok(answer) => (Some(answer.outcome), None),
            Err(error) => {
                let failure = Failure::from(error);
                let view = ErrorView { code: failure.code(), message: failure.to_string() };
                failed.get_or_insert(failure);
                (None, Some(view))
            }
        };
        let application = request.application.clone();
        rows.push(Row { request: request.id, account: request.account, application, outcome, error });
    }
    output.report(&TurnedDownReport { turned_down: rows, locked })?;
    failed.map_or(Ok(()), Err)
}

/// It was sent, and the service has most likely taken it.
const UNCONFIRMED: &str = "answer_unconfirmed";

#[derive(Serialize)]
struct TurnedDownReport {
    turned_down: Vec<Row>,
    locked: bool,
}

#[derive(Serialize)]
struct Row {
    request: Id,
    account: Id,
    application: String,
    outcome: Option<Outcome>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorView>,
}

#[derive(Serialize)]
struct ErrorView {
    code: &'static str,
    message: String,
}

impl Report for TurnedDownReport {
    fn write_text(&self, out: &mut dyn Write, look: Look) -> io::Result<()> {
        if look.quiet {
            return Ok(());
        }
        for row in &self.turned_down {
            let application = safe(&row.application);
            match (&row.outcome, &row.error) {
                (Some(Outcome::Reported), _) => {
                    writeln!(out, "Denied and reported to your organisation: {application}")?;
                }
                (Some(_), _) => writeln!(out, "Denied: {application}")?,
                (None, Some(error)) => {
                    let what = if error.code == UNCONFIRMED { "Sent" } else { "Not denied" };
                    writeln!(out, "{ERROR}{what}{ERROR:#}: {application}: {}", error.message)?
                }
                (None, None) => {}
            }
        }
        if self.locked {
            writeln!(out, "{}", answer::LOCKED)?;
        }
        Ok(())
    }
}
