//! Asking a person about one request, with its time running.
//!
//! The request is shown in full, since what is shown is what is signed. One line below it is live: the seconds that
//! are left, and what is being typed. Meanwhile the services are asked on, so that a request that was withdrawn, or
//! answered on another device, isn't answered in vain.

use std::io::{self, Write};
use std::time::Duration;

use countersign_authenticator::approvals::{ApprovalRequest, MatchProof, Matching, RequestGroup};
use countersign_authenticator::protocol::Id;
use countersign_authenticator::protocol::messages::{Outcome, Purpose};
use countersign_authenticator::{AnswerOutcome, TurnDown};
use crossterm::event::{Event, EventStream};
use futures_util::StreamExt;

use super::view::RequestView;
use super::{answer, proof};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, Output};
use crate::prompt::{self, Edit, LineEditor};
use crate::screen::RawMode;
use crate::session::Session;
use crate::text::{BOLD, DIM, ERROR, WARNING, safe, sentence};

/// What became of asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answered {
    Approved,
    /// Denied or reported.
    TurnedDown,
    /// A wrong number too many.
    Failed,
    /// Expired, withdrawn, or answered elsewhere.
    Gone,
    /// Left open.
    Skipped,
    /// The person wants to end.
    Quit,
}

/// Shows `request` and asks until there is an answer.
pub(crate) async fn ask(
    session: &Session,
    request: &ApprovalRequest,
    output: Output,
) -> Result<Answered, Failure> {
    let now = session.authenticator.clock_status().time.unix_seconds();
    let mut shown = Vec::new();
    RequestView::new(request, now).write_text(&mut shown, output::width())?;
    let alike = alike(session, request);
    discard_typed_ahead()?;
    // Rings, for a person who is looking elsewhere.
    let instruction = instruction(request, alike.len());
    output::tell(&format!("\u{7}{}\n{instruction}\n", String::from_utf8_lossy(&shown)));
    loop {
        let typed = match read(session, request).await? {
            Read::Line(line) => line,
            Read::Gone => {
                output::tell("It has expired, was withdrawn, or was answered elsewhere.\n");
                return Ok(Answered::Gone);
            }
            Read::Quit => return Ok(Answered::Quit),
        };
        let result = match typed.text().trim() {
            "" => continue,
            "s" => return Ok(Answered::Skipped),
            "q" => return Ok(Answered::Quit),
            "d" => turn_down(session, request, &alike, TurnDown::Deny).await,
            "c" if request.can_cancel => turn_down(session, request, &[request.id], TurnDown::Cancel).await,
            "r" => turn_down(session, request, &alike, TurnDown::Report).await,
            "l" if request.can_lock => turn_down(session, request, &alike, TurnDown::ReportAndLock).await,
            line => match read_proof(line, &request.matching) {
                Ok(proof) => approve(session, request, proof).await,
                Err(failure) => Err(failure),
            },
        };
        match result {
            Ok(answer) if answer.outcome == Outcome::WrongMatch => {
                tell(&answer::wrong_number(request, answer.tries_left));
                if answer.tries_left == 0 {
                    return Ok(Answered::Failed);
                }
            }
            Ok(answer) => {
                let approved = answer.outcome == Outcome::Approved;
                answer::finish(request, answer, output)?;
                return Ok(if approved { Answered::Approved } else { Answered::TurnedDown });
            }
            // A slip, or the network: the request is still open, and the same answer may be given again.
            Err(failure) if may_try_again(&failure) => tell(&failure),
            Err(failure) if matches!(failure.exit(), Exit::NothingThere | Exit::Refused) => {
                tell(&failure);
                return Ok(Answered::Gone);
            }
            Err(failure) => return Err(failure),
        }
    }
}

/// The open requests that look like this one, itself among them, newest first.
fn alike(session: &Session, request: &ApprovalRequest) -> Vec<Id> {
    let groups = session.authenticator.request_groups();
    let group = groups.iter().map(RequestGroup::ids).find(|ids| ids.contains(&request.id));
    group.unwrap_or_else(|| vec![request.id])
}

/// Turns all of them down, and gives what became of the one that is shown.
async fn turn_down(
    session: &Session,
    request: &ApprovalRequest,
    alike: &[Id],
    how: TurnDown,
) -> Result<AnswerOutcome, Failure> {
    let turned_down = session.authenticator.turn_down(alike, how).await;
    let locked = turned_down.iter().any(|one| one.result.as_ref().is_ok_and(|answer| answer.locked));
    let mut shown = Err(Failure::NoSuchRequest);
    for one in turned_down {
        match one.result {
            result if one.request == request.id => shown = result.map_err(Failure::from),
            Ok(_) => {}
            Err(error) => tell(&error.into()),
        }
    }
    shown.map(|mut answer| {
        answer.locked = locked;
        answer
    })
}

async fn approve(
    session: &Session,
    request: &ApprovalRequest,
    proof: MatchProof,
) -> Result<AnswerOutcome, Failure> {
    session.check_person()?;
    Ok(session.authenticator.approve(request.id, proof).await?)
}

fn read_proof(line: &str, matching: &Matching) -> Result<MatchProof, Failure> {
    let needs_nothing = matching.is_none();
    match line {
        "a" if needs_nothing => Ok(MatchProof::None),
        _ if needs_nothing => Err(Failure::Usage("type a, d, r or s".to_owned())),
        line => proof::typed(line, matching),
    }
}

fn may_try_again(failure: &Failure) -> bool {
    matches!(failure.exit(), Exit::Usage | Exit::Network | Exit::Input | Exit::WrongNumber | Exit::Locked)
}

fn tell(failure: &Failure) {
    output::tell(&format!("{ERROR}{}{ERROR:#}\n", sentence(failure)));
}

/// `alike` counts the requests that one denial turns down.
fn instruction(request: &ApprovalRequest, alike: usize) -> String {
    let page = match request.purpose {
        Purpose::SignIn => "sign-in page",
        Purpose::Activation => "enrolment page",
    };
    let options = request.matching.options.join(", ");
    let approve = match (request.matching.digits, request.matching.scan) {
        _ if !options.is_empty() => format!(
            "Type the one of {BOLD}{}{BOLD:#} that the {page} shows to approve; one choice is all you have.",
            safe(&options)
        ),
        (Some(digits), _) => format!("Type the {BOLD}{digits} digits{BOLD:#} on the {page} to approve."),
        (None, true) => format!("Type the name of a picture of the {page}'s QR code to approve."),
        (None, false) => format!("Type {BOLD}a{BOLD:#} to approve."),
    };
    let all = if alike > 1 { format!(" all {alike} that look like it") } else { String::new() };
    let report = if request.can_report {
        format!("{BOLD}r{BOLD:#} to report that it isn't you, ")
    } else {
        String::new()
    };
    let cancel =
        if request.can_cancel { format!("{BOLD}c{BOLD:#} to cancel your own, ") } else { String::new() };
    let lock = if request.can_lock {
        format!("{BOLD}l{BOLD:#} to report and lock your account, ")
    } else {
        String::new()
    };
    format!(
        "{approve}\nOr {BOLD}d{BOLD:#} to deny{all}, {cancel}{report}{lock}{BOLD}s{BOLD:#} to leave it open."
    )
}

/// What was typed before the request was there to be seen is no answer to it.
fn discard_typed_ahead() -> io::Result<()> {
    let _raw = RawMode::enter()?;
    while crossterm::event::poll(Duration::ZERO)? {
        crossterm::event::read()?;
    }
    Ok(())
}

enum Read {
    Line(LineEditor),
    Gone,
    Quit,
}

/// Reads one line while the seconds run.
async fn read(session: &Session, request: &ApprovalRequest) -> Result<Read, Failure> {
    let raw = RawMode::enter()?;
    let mut events = EventStream::new();
    let mut editor = LineEditor::new();
    let mut tick = tokio::time::interval(Duration::from_millis(250));
    let mut polled = Box::pin(session.authenticator.wait_for_requests(LONGEST_POLL));
    let mut shown = None;
    let read = loop {
        let now = session.authenticator.clock_status().time.unix_seconds();
        let left = request.expires_at.saturating_sub(now);
        let is_open = session.authenticator.requests().iter().any(|open| open.id == request.id);
        if left == 0 || !is_open {
            break Read::Gone;
        }
        draw(left, editor.text(), &mut shown)?;
        tokio::select! {
            event = events.next() => match event {
                Some(Ok(Event::Key(key))) => match editor.key(key) {
                    Edit::Open => {}
                    Edit::Done => break Read::Line(editor),
                    Edit::Cancelled => break Read::Quit,
                },
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error.into()),
                None => break Read::Quit,
            },
            // What is wrong with a service is told when the answer is sent there.
            _ = &mut polled => polled = Box::pin(session.authenticator.wait_for_requests(LONGEST_POLL)),
            _ = tick.tick() => {}
        }
    };
    drop(raw);
    output::tell("\n");
    Ok(read)
}

const LONGEST_POLL: Duration = Duration::from_secs(30);

/// Draws the line anew. On a terminal that can't, the time is shown once, and then only what is typed; `shown` is how many
/// characters of it are there.
fn draw(left: u64, typed: &str, shown: &mut Option<usize>) -> io::Result<()> {
    // A pasted link is a secret, and wider than the line.
    let typed = if typed.contains("://") { "(link)" } else { typed };
    if !output::can_move_cursor() {
        let mut err = io::stderr().lock();
        if shown.is_none() {
            write!(err, "{left:>4} s > ")?;
        }
        prompt::show_change(&mut err, shown.unwrap_or_default(), typed)?;
        *shown = Some(typed.chars().count());
        return Ok(());
    }
    let style = if left <= 15 { WARNING } else { DIM };
    let room = output::width().saturating_sub(10).max(1);
    let start = typed.char_indices().rev().nth(room - 1).map_or(0, |(index, _)| index);
    let typed = typed.get(start..).unwrap_or_default();
    let mut err = anstream::stderr().lock();
    write!(err, "\r\u{1b}[K{style}{left:>4} s{style:#} › {typed}")?;
    err.flush()
}
