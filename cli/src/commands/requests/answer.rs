//! Answers one request, from the arguments or by asking.

use std::io::{self, Write};
use std::path::PathBuf;

use countersign_authenticator::AnswerOutcome;
use countersign_authenticator::approvals::{ApprovalRequest, MatchProof};
use countersign_authenticator::protocol::Id;
use countersign_authenticator::protocol::messages::{Outcome, Purpose};
use serde::Serialize;

use super::ask::{self, Answered};
use super::proof;
use crate::account::short;
use crate::failure::Failure;
use crate::output::{Look, Output, Report};
use crate::prompt;
use crate::session::Session;
use crate::text::{BOLD, GOOD, safe};

/// The proof given in the arguments, if any.
pub(super) struct Means {
    pub(super) number: Option<String>,
    pub(super) scan: Option<PathBuf>,
    pub(super) yes: bool,
}

pub(super) async fn approve(
    session: &Session,
    request: &ApprovalRequest,
    means: Means,
    output: Output,
) -> Result<(), Failure> {
    let needs_nothing = request.matching.is_none();
    let proof = match means {
        Means { number: Some(number), .. } => proof::number(&number, &request.matching),
        Means { scan: Some(path), .. } => proof::pictured(&path)?,
        Means { yes: true, .. } if needs_nothing => MatchProof::None,
        _ if prompt::can_ask() && !output.is_json() => {
            return match ask::ask(session, request, output).await? {
                Answered::Approved | Answered::TurnedDown => Ok(()),
                Answered::Failed => Err(wrong_number(request, 0)),
                Answered::Gone => Err(Failure::NoSuchRequest),
                Answered::Skipped | Answered::Quit => Err(Failure::Cancelled),
            };
        }
        _ if needs_nothing => return Err(Failure::ConfirmationNeeded),
        _ => return Err(Failure::NumberNeeded),
    };
    finish(request, session.authenticator.approve(request.id, proof).await?, output)
}

/// A wrong number. A failed activation leaves a useless account behind.
pub(super) fn wrong_number(request: &ApprovalRequest, tries_left: u8) -> Failure {
    match request.purpose {
        Purpose::Activation if tries_left == 0 => Failure::ActivationFailed(what_remains(request.account)),
        _ => Failure::WrongNumber { tries_left },
    }
}

/// What to do after an activation has failed or was rejected.
fn what_remains(account: Id) -> String {
    format!(
        "`countersign accounts delete {}` removes the account; get a new enrolment code to start again",
        short(account)
    )
}

/// Reports the outcome of an answer.
pub(super) fn finish(
    request: &ApprovalRequest,
    answer: AnswerOutcome,
    output: Output,
) -> Result<(), Failure> {
    if answer.outcome == Outcome::WrongMatch {
        return Err(wrong_number(request, answer.tries_left));
    }
    output.report(&AnswerReport {
        request: request.id,
        account: request.account,
        application: request.application.clone(),
        outcome: answer.outcome,
        purpose: request.purpose,
        code: answer.code,
        message: answer.message,
        locked: answer.locked,
    })
}

#[derive(Serialize)]
struct AnswerReport {
    request: Id,
    account: Id,
    application: String,
    outcome: Outcome,
    #[serde(skip)]
    purpose: Purpose,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    locked: bool,
}

/// The effect of a report with a lock.
pub(super) const LOCKED: &str =
    "No phone will be asked until your administrator unlocks the account. Codes still work.";

impl Report for AnswerReport {
    fn write_text(&self, out: &mut dyn Write, look: Look) -> io::Result<()> {
        let application = safe(&self.application);
        if look.quiet {
            return self.code.as_ref().map_or(Ok(()), |code| writeln!(out, "{code}"));
        }
        if let Some(code) = &self.code {
            writeln!(out, "{GOOD}Approved{GOOD:#}: {application}\n\n  Code  {BOLD}{code}{BOLD:#}\n")?;
            if let Some(message) = &self.message {
                writeln!(out, "  Says  {}\n", safe(message))?;
            }
            return writeln!(out, "Type it on the sign-in page. It is shown once.");
        }
        match self.outcome {
            Outcome::Approved => writeln!(out, "{GOOD}Approved{GOOD:#}: {application}"),
            Outcome::Denied => writeln!(out, "Denied: {application}"),
            Outcome::Reported => writeln!(out, "Denied and reported to your organisation: {application}"),
            Outcome::WrongMatch => Ok(()),
        }?;
        if self.locked {
            writeln!(out, "{LOCKED}")?;
        }
        match (self.purpose, self.outcome) {
            (Purpose::Activation, Outcome::Denied | Outcome::Reported) => {
                writeln!(out, "This device was not activated: {}.", what_remains(self.account))
            }
            _ => Ok(()),
        }
    }
}
