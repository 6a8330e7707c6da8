//! `countersign device replace`: this terminal in place of the enrolment page, for the device that comes after it.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use countersign_core::approvals::BindingState;
use countersign_core::protocol::{Id, MatchLink};
use countersign_core::{Authenticator, Error, Replacement, ReplacementStep};
use serde::Serialize;

use crate::args::Global;
use crate::failure::Failure;
use crate::output::{Look, Output, Report};
use crate::qr::Modules;
use crate::text::{ACCENT, BOLD, GOOD};
use crate::{account, session};

#[derive(Args)]
pub(super) struct Replace {
    account: String,
    /// End what was begun before, and begin anew with another code
    #[arg(long)]
    anew: bool,
    /// Write the QR code as a picture to this file
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(super) async fn run(args: &Replace, global: &Global, output: Output) -> Result<(), Failure> {
    let session = session::open(global)?;
    let authenticator = &session.authenticator;
    let accounts = authenticator.accounts()?.accounts;
    let open = authenticator.open_replacements()?;
    let replaceable: Vec<_> = accounts
        .iter()
        .filter(|account| account.binding == Some(BindingState::Active) || open.contains(&account.id))
        .collect();
    let account = account::find(&replaceable, &args.account)?.id;
    session.check_person()?;
    let former = if args.anew { None } else { resume(authenticator, account, output).await? };
    let (replacement, mut step) = match former {
        Some(former) => former,
        None => (authenticator.replace_device(account).await?, ReplacementStep::Waiting),
    };
    if step == ReplacementStep::Waiting {
        show(&replacement, args.out.as_deref(), output)?;
    }

    let mut shown = ReplacementStep::Waiting;
    loop {
        if step != shown {
            shown = step;
            match &shown {
                ReplacementStep::Activating { check_value, number, match_link } => {
                    output.report(&Step::Activating {
                        account,
                        check_value: check_value.clone(),
                        number: number.clone(),
                        match_link: match_link.as_ref().map(MatchLink::expose_text),
                    })?;
                }
                ReplacementStep::Done => return output.report(&Step::Done { account }),
                ReplacementStep::Ended => return Err(Failure::ReplacementEnded),
                _ => {}
            }
        }
        tokio::time::sleep(PAUSE).await;
        step = match authenticator.replacement_step(&replacement).await {
            // The next time may get through; the service's own time ends it.
            Err(Error::Network(_)) => shown.clone(),
            step => step?,
        };
    }
}

/// The replacement that was begun before, if it goes on.
async fn resume(
    authenticator: &Authenticator,
    account: Id,
    output: Output,
) -> Result<Option<(Replacement, ReplacementStep)>, Failure> {
    let is_known = authenticator.open_replacements()?.contains(&account);
    if let Some(former) = authenticator.resume_replacement(account).await? {
        let step = authenticator.replacement_step(&former).await?;
        if step != ReplacementStep::Ended {
            output.note("This goes on with what was begun before; --anew ends it and begins anew.");
            return Ok(Some((former, step)));
        }
    }
    if is_known {
        output.note("What was begun before has come to nothing. This begins anew.");
    }
    Ok(None)
}

fn show(replacement: &Replacement, file: Option<&Path>, output: Output) -> Result<(), Failure> {
    let link = replacement.link.expose_text();
    if let Some(file) = file {
        let png = Modules::of(&link).and_then(|modules| modules.to_png());
        std::fs::write(file, png.ok_or_else(|| io::Error::other("a picture can't be made"))?)?;
    }
    let (account, expires_at) = (replacement.account, replacement.expires_at);
    output.report(&Step::Waiting { account, link, expires_at })
}

const PAUSE: Duration = Duration::from_secs(2);

#[derive(Serialize)]
#[serde(tag = "step", rename_all = "snake_case")]
enum Step {
    Waiting { account: Id, link: String, expires_at: u64 },
    Activating { account: Id, check_value: String, number: Option<String>, match_link: Option<String> },
    Done { account: Id },
}

impl Report for Step {
    fn write_text(&self, out: &mut dyn Write, look: Look) -> io::Result<()> {
        match self {
            Self::Waiting { link, .. } => {
                if look.terminal {
                    let lines = Modules::of(link).map(|modules| modules.to_lines()).unwrap_or_default();
                    lines.iter().try_for_each(|line| writeln!(out, "{line}"))?;
                    return writeln!(out, "Scan this with the new device, as on an enrolment page.");
                }
                writeln!(out, "{link}")
            }
            Self::Activating { check_value, number, match_link, .. } => {
                writeln!(
                    out,
                    "The new device shows {ACCENT}{check_value}{ACCENT:#} too; if not, somebody else has scanned the \
                     code: stop, and begin again with --anew."
                )?;
                if let Some(number) = number {
                    writeln!(out, "Type {BOLD}{number}{BOLD:#} there.")?;
                }
                let lines = match_link.as_deref().filter(|_| look.terminal).and_then(Modules::of);
                lines.iter().flat_map(Modules::to_lines).try_for_each(|line| writeln!(out, "{line}"))
            }
            Self::Done { .. } => {
                writeln!(out, "{GOOD}The new device is active, and this one revoked.{GOOD:#}")
            }
        }
    }
}
