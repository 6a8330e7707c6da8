//! `countersign requests`: lists sign-ins, waits for them and answers them.

mod answer;
pub(crate) mod ask;
mod news;
pub(crate) mod pauses;
mod proof;
mod turn_down;
mod view;
mod wait;
mod watch;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use countersign_authenticator::approvals::privacyidea::PushError;
use countersign_authenticator::approvals::{ApprovalRequest, BindingState};
use countersign_authenticator::protocol::Id;
use countersign_authenticator::{Error, Requests as CoreRequests, TurnDown};
use view::RequestsReport;

use super::completions;
use crate::account::short;
use crate::args::{Global, number};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, Output};
use crate::prompt;
use crate::session::{self, Session};
use crate::text::WARNING;

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Requests {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Subcommand)]
enum Action {
    /// List the pending requests
    List,
    /// Wait for a request, then list the pending ones
    Wait {
        /// Maximum time to wait, in seconds [default: no limit]
        #[arg(long, value_name = "SECONDS", value_parser = number::<u64>)]
        timeout: Option<u64>,
    },
    /// Approve a sign-in; asks for its number on a terminal
    Approve {
        /// Beginning of the request's identifier; optional if only one is pending
        #[arg(value_name = "ID", allow_hyphen_values = true)]
        request: Option<String>,
        /// The number or the option that the sign-in page shows
        #[arg(long, value_name = "N")]
        number: Option<String>,
        /// A picture of the sign-in page's QR code, instead of the number
        #[arg(long, value_name = "FILE", conflicts_with = "number")]
        scan: Option<PathBuf>,
        /// Approve without asking, if your organisation's policy requires no number
        #[arg(long, conflicts_with_all = ["number", "scan"])]
        yes: bool,
    },
    /// Deny a sign-in
    Deny {
        /// Beginning of the request's identifier; optional if only one is pending
        #[arg(value_name = "ID", allow_hyphen_values = true)]
        request: Option<String>,
        /// All similar requests; without an ID, all pending ones
        #[arg(long)]
        all: bool,
        /// Cancel your own sign-in; the sign-in page says so if the server supports it
        #[arg(long)]
        own: bool,
    },
    /// Deny a sign-in, and report to your organisation that it isn't you
    Report {
        /// Beginning of the request's identifier; optional if only one is pending
        #[arg(value_name = "ID", allow_hyphen_values = true)]
        request: Option<String>,
        /// All similar requests; without an ID, all pending ones
        #[arg(long)]
        all: bool,
        /// Lock push requests for the account until your administrator unlocks them
        #[arg(long)]
        lock: bool,
    },
    /// Resume an account's requests after you denied many that were yours
    Resume {
        /// Issuer, name or both [default: every paused account]
        #[arg(add = completions::accounts())]
        account: Option<String>,
    },
}

pub(crate) async fn run(args: Requests, global: &Global, output: Output) -> Result<(), Failure> {
    let session = session::open(global)?;
    if enrolled(&session)?.is_empty() {
        return Err(Failure::NothingEnrolled);
    }
    match args.action {
        None if output.is_for_a_person() && prompt::can_ask() => watch::run(&session, output).await,
        None | Some(Action::List) => {
            let requests = session.authenticator.ask_for_requests().await?;
            list(&session, requests, output)
        }
        Some(Action::Wait { timeout }) => {
            let requests = wait::run(&session, timeout.map(Duration::from_secs), output).await?;
            list(&session, requests, output)
        }
        Some(Action::Approve { request, number, scan, yes }) => {
            let request = fetch(&session, request.as_deref(), output).await?;
            answer::approve(&session, &request, answer::Means { number, scan, yes }, output).await
        }
        Some(Action::Deny { request, all, own }) => {
            let how = if own { TurnDown::Cancel } else { TurnDown::Deny };
            turn_down::run(&session, request.as_deref(), all, how, output).await
        }
        Some(Action::Report { request, all, lock }) => {
            let how = if lock { TurnDown::ReportAndLock } else { TurnDown::Report };
            turn_down::run(&session, request.as_deref(), all, how, output).await
        }
        Some(Action::Resume { account }) => pauses::resume(&session, account.as_deref(), output).await,
    }
}

/// The accounts that can receive sign-ins.
fn enrolled(session: &Session) -> Result<Vec<Id>, Failure> {
    let listing = session.authenticator.accounts()?;
    let kept = listing.accounts.iter().filter(|account| account.trashed_at.is_none());
    let enrolled =
        kept.filter(|account| matches!(account.binding, Some(state) if state != BindingState::Revoked));
    Ok(enrolled.map(|account| account.id).collect())
}

/// Why further waiting is pointless, if it is: no service is left that could answer.
fn hopeless(session: &Session, requests: &CoreRequests) -> Result<Option<Failure>, Failure> {
    let failed = |account: &Id| {
        let failures = requests.failures.iter().filter(|failure| failure.account == *account);
        failures
            .map(|failure| Failure::from(failure.error.clone()))
            .any(|failure| failure.exit() != Exit::Network)
    };
    if !enrolled(session)?.iter().all(failed) {
        return Ok(None);
    }
    let first = requests.failures.first().map(|failure| Failure::from(failure.error.clone()));
    Ok(Some(first.unwrap_or(Failure::NothingEnrolled)))
}

fn list(session: &Session, requests: CoreRequests, output: Output) -> Result<(), Failure> {
    let report = RequestsReport::new(&requests, session.authenticator.clock_status().time.unix_seconds());
    warn_of_failures(&requests, output);
    news::tell(session, output)?;
    if requests.open.is_empty() && requests.failures.is_empty() {
        output.note("No sign-in is pending.");
    }
    pauses::warn(session, output)?;
    output.report(&report)?;
    if requests.open.is_empty() && requests.failures.is_empty() && is_unconfirmed(session, None)? {
        output.note(
            "An answer was sent, but its reply was lost: the sign-in page shows whether it has arrived.",
        );
    }
    match requests.failures.into_iter().next() {
        // If a service couldn't be asked, the list may not be empty.
        Some(failure) if requests.open.is_empty() => Err(failure.error.into()),
        _ => Ok(()),
    }
}

/// Asks all services, and picks the request that is meant.
async fn fetch(session: &Session, wanted: Option<&str>, output: Output) -> Result<ApprovalRequest, Failure> {
    let open = ask_all(session, output).await?;
    pick(session, open, wanted)
}

/// Asks all services, including those of paused accounts, since the person wants to see everything.
async fn ask_all(session: &Session, output: Output) -> Result<Vec<ApprovalRequest>, Failure> {
    let requests = session.authenticator.ask_for_requests().await?;
    match requests.failures.first() {
        Some(failure) if requests.open.is_empty() => return Err(failure.error.clone().into()),
        _ => warn_of_failures(&requests, output),
    }
    Ok(requests.open)
}

fn pick(
    session: &Session,
    open: Vec<ApprovalRequest>,
    wanted: Option<&str>,
) -> Result<ApprovalRequest, Failure> {
    let none = if wanted.is_some() { Failure::NoSuchRequest } else { Failure::NoRequests };
    let fits =
        |request: &ApprovalRequest| wanted.is_none_or(|wanted| request.id.to_string().starts_with(wanted));
    let mut fitting: Vec<_> = open.into_iter().filter(fits).collect();
    if fitting.len() > 1 {
        let ids: Vec<_> = fitting.iter().map(|request| short(request.id)).collect();
        return Err(Failure::SeveralRequests(ids.join(", ")));
    }
    match fitting.pop() {
        Some(request) => Ok(request),
        // Answered here, although no confirmation has arrived.
        None if is_unconfirmed(session, wanted)? => Err(Error::Push(PushError::Unconfirmed).into()),
        None => Err(none),
    }
}

/// Whether an answer to this request, or to any, was sent and its reply was lost.
fn is_unconfirmed(session: &Session, wanted: Option<&str>) -> Result<bool, Failure> {
    let sent = session.authenticator.unconfirmed_answers()?;
    Ok(sent.iter().any(|id| wanted.is_none_or(|wanted| id.to_string().starts_with(wanted))))
}

fn warn_of_failures(requests: &CoreRequests, output: Output) {
    if output.is_json() || requests.open.is_empty() {
        return;
    }
    for failure in &requests.failures {
        let is_unshown = matches!(failure.error, Error::Unshown(_));
        let failure = Failure::from(failure.error.clone());
        let what = if is_unshown { "" } else { "one account's service can't be asked: " };
        output::tell(&format!("{WARNING}warning:{WARNING:#} {what}{failure}\n"));
    }
}
