//! Asks a person about one request, with a countdown.
//!
//! The request is shown in full, because people sign what they see. The line below it is live: it shows the seconds
//! left and the typed text. Fetching continues in the meantime, so that a request that was withdrawn or answered on
//! another device isn't answered in vain.

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

/// The outcome of asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answered {
    Approved,
    /// Denied or reported.
    TurnedDown,
    /// Too many wrong numbers.
    Failed,
    /// Expired, withdrawn, or answered elsewhere.
    Gone,
    /// Left open.
    Skipped,
    /// The person wants to quit.
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
    // Rings the bell, in case the person is looking elsewhere.
    let instruction = instruction(request, alike.len());
    output::tell(&format!("\u{7}{}\n{instruction}\n", String::from_utf8_lossy(&shown)));
    loop {
        let typed = match read(session, request).await? {
            Read::Line(line) => line,
            Read::Gone => {
                output::tell("It has expired, or was withdrawn or answered elsewhere.\n");
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
            // After a slip or a network error the request is still open, and the answer may be repeated.
            Err(failure) if may_try_again(&failure) => tell(&failure),
            Err(failure) if matches!(failure.exit(), Exit::NothingThere | Exit::Refused) => {
                tell(&failure);
                return Ok(Answered::Gone);
            }
            Err(failure) => return Err(failure),
        }
    }
}

/// The open requests that look like this one, including itself, newest first.
fn alike(session: &Session, request: &ApprovalRequest) -> Vec<Id> {
    let groups = session.authenticator.request_groups();
    let group = groups.iter().map(RequestGroup::ids).find(|ids| ids.contains(&request.id));
    group.unwrap_or_else(|| vec![request.id])
}

/// Rejects all of them, and returns the outcome of the one that is shown.
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

/// `alike` is the number of requests that one denial rejects.
fn instruction(request: &ApprovalRequest, alike: usize) -> String {
    let page = match request.purpose {
        Purpose::SignIn => "sign-in page",
        Purpose::Activation => "enrolment page",
    };
    let options = request.matching.options.join(", ");
    let approve = match (request.matching.digits, request.matching.scan) {
        _ if !options.is_empty() => format!(
            "To approve, type the one of {BOLD}{}{BOLD:#} that the {page} shows; you have only one try.",
            safe(&options)
        ),
        (Some(digits), _) => format!("To approve, type the {BOLD}{digits} digits{BOLD:#} on the {page}."),
        (None, true) => format!("To approve, type the file name of a picture of the {page}'s QR code."),
        (None, false) => format!("To approve, type {BOLD}a{BOLD:#}."),
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

/// Discards text that was typed before the request was shown.
fn discard_typed_ahead() -> io::Result<()> {
    let _raw = RawMode::enter()?;
    // Not zero: the terminal's reader takes that for a time that is over, and looks at nothing.
    while crossterm::event::poll(Duration::from_millis(1))? {
        crossterm::event::read()?;
    }
    Ok(())
}

enum Read {
    Line(LineEditor),
    Gone,
    Quit,
}

/// Reads one line during the countdown.
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
            // Errors of a service are reported when the answer is sent there.
            _ = &mut polled => polled = Box::pin(session.authenticator.wait_for_requests(LONGEST_POLL)),
            _ = tick.tick() => {}
        }
    };
    drop(raw);
    output::tell("\n");
    Ok(read)
}

const LONGEST_POLL: Duration = Duration::from_secs(30);

/// Redraws the line. On a terminal that can't, the time is shown once, followed only by typed text; `shown` is the number
/// of characters on the screen.
fn draw(left: u64, typed: &str, shown: &mut Option<usize>) -> io::Result<()> {
    // A pasted link is a secret, and longer than the line.
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
