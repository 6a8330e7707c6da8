//! `countersign doctor`: checks everything that can go wrong, and suggests fixes.

mod clock;
mod local;
mod services;

use std::io::{self, Write};

use serde::Serialize;

use crate::args::Global;
use crate::failure::Failure;
use crate::output::{Look, Output, Report};
use crate::reminder;
use crate::session::{self, Session};
use crate::text::{ERROR, GOOD, WARNING, wrap};

pub(crate) async fn run(global: &Global, output: Output) -> Result<(), Failure> {
    let mut checks = local::files(global)?;
    match session::open(global) {
        Ok(session) => {
            checks.extend(local::vault(session.authenticator.vault()));
            checks.extend(passphrase(&session)?);
            checks.extend(services::all(&session).await?);
            checks.extend(clock::all(&session.authenticator));
            checks.push(backup(&session)?);
        }
        // Without a person to ask, nothing can be checked, and a cancelled question isn't a finding.
        Err(failure @ (Failure::Cancelled | Failure::Output(_))) => return Err(failure),
        Err(failure) => {
            checks.push(Check::problem("Opening the vault", failure.to_string()).advise(failure.advice()));
            if let Ok(vault) = session::open_locked(global) {
                checks.extend(local::vault(&vault));
            }
        }
    }
    let healthy = checks.iter().all(|check| check.status != Status::Problem);
    output.report(&DoctorReport { healthy, checks })?;
    if healthy { Ok(()) } else { Err(Failure::Unhealthy) }
}

/// When somebody last typed the passphrase; nothing where the vault has none.
fn passphrase(session: &Session) -> Result<Option<Check>, Failure> {
    let authenticator = &session.authenticator;
    let Some(reminder) = authenticator.passphrase_reminder()? else { return Ok(None) };
    let found = reminder::last_typed(&reminder, reminder::now(authenticator));
    let check = if reminder.is_due {
        Check::warning("Passphrase", found)
            .advise(Some(format!("{} checks whether you know it", reminder::CHECK)))
    } else {
        Check::good("Passphrase", found)
    };
    Ok(Some(check.measure("typed_at", reminder.typed_at).measure("due_at", reminder.due_at)))
}

fn backup(session: &Session) -> Result<Check, Failure> {
    let Some(last) = session.authenticator.last_backup()? else {
        return Ok(Check::warning("Backup", "you have no verified backup yet")
            .advise(Some("`countersign backup make FOLDER` creates and verifies one")));
    };
    let found = format!("the last one was verified for {} of {} accounts", last.restorable, last.total);
    Ok(Check::good("Backup", found).measure("proven_at", last.proven_at))
}

#[derive(Serialize)]
struct DoctorReport {
    healthy: bool,
    checks: Vec<Check>,
}

/// One check and its result.
#[derive(Serialize)]
struct Check {
    what: String,
    status: Status,
    found: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
    #[serde(flatten)]
    measures: serde_json::Map<String, serde_json::Value>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Good,
    Warning,
    Problem,
}

impl Check {
    fn good(what: impl Into<String>, found: impl Into<String>) -> Self {
        Self::new(Status::Good, what.into(), found.into())
    }

    fn warning(what: impl Into<String>, found: impl Into<String>) -> Self {
        Self::new(Status::Warning, what.into(), found.into())
    }

    fn problem(what: impl Into<String>, found: impl Into<String>) -> Self {
        Self::new(Status::Problem, what.into(), found.into())
    }

    fn new(status: Status, what: String, found: String) -> Self {
        Self { what, status, found, advice: None, measures: serde_json::Map::new() }
    }

    fn advise(mut self, advice: Option<impl Into<String>>) -> Self {
        self.advice = advice.map(Into::into);
        self
    }

    fn measure(mut self, name: &str, value: impl Into<serde_json::Value>) -> Self {
        self.measures.insert(name.to_owned(), value.into());
        self
    }
}

/// Columns before the finding.
const INDENT: usize = 9;

impl Report for DoctorReport {
    fn write_text(&self, out: &mut dyn Write, look: Look) -> io::Result<()> {
        for check in &self.checks {
            if look.quiet && check.status == Status::Good {
                continue;
            }
            let (mark, style) = match check.status {
                Status::Good => ("ok", GOOD),
                Status::Warning => ("warning", WARNING),
                Status::Problem => ("problem", ERROR),
            };
            let width = if look.terminal { look.width } else { usize::MAX };
            let found = format!("{style}{mark:<8}{style:#} {}: {}", check.what, check.found);
            writeln!(out, "{}", wrap(&found, width, INDENT))?;
            if let Some(advice) = &check.advice {
                writeln!(out, "{}", wrap(&format!("{:INDENT$}{advice}", ""), width, INDENT))?;
            }
        }
        Ok(())
    }
}
