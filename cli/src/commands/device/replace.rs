//! `countersign device replace`: this terminal acts as the enrolment page for the device that replaces it.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use countersign_authenticator::approvals::BindingState;
use countersign_authenticator::protocol::{Id, MatchLink};
use countersign_authenticator::{AccountSummary, Authenticator, Error, Replacement, ReplacementStep};
use serde::Serialize;

use super::super::completions;
use crate::args::Global;
use crate::failure::{Failure, Unfit};
use crate::output::{Look, Output, Report};
use crate::qr::Modules;
use crate::text::{ACCENT, BOLD, GOOD};
use crate::{account, input, session};

#[derive(Args)]
pub(super) struct Replace {
    /// The account, by issuer, name or both; optional if only one is enrolled
    #[arg(allow_hyphen_values = true, add = completions::accounts())]
    account: Option<String>,
    /// End an open replacement, and start again with another code
    #[arg(long)]
    anew: bool,
    /// Write the QR code as a picture to this file
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(super) async fn run(args: &Replace, global: &Global, output: Output) -> Result<(), Failure> {
    args.out.as_deref().map_or(Ok(()), input::check_folder_of)?;
    let session = session::open(global)?;
    let authenticator = &session.authenticator;
    let accounts = authenticator.accounts()?.accounts;
    let open = authenticator.open_replacements()?;
    let unfit = |account: &AccountSummary| match account.binding {
        _ if open.contains(&account.id) => None,
        Some(BindingState::AwaitingActivation) => Some(Unfit::NotActive),
        _ => account::not_enrolled(account),
    };
    let account = match &args.account {
        Some(wanted) => account::find(&accounts, wanted, unfit)?.id,
        None => account::only(&accounts, unfit)?.id,
    };
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
            // The next attempt may succeed; the service's time-out ends it.
            Err(Error::Network(_)) => shown.clone(),
            step => step?,
        };
    }
}

/// The open replacement, if it can be resumed.
async fn resume(
    authenticator: &Authenticator,
    account: Id,
    output: Output,
) -> Result<Option<(Replacement, ReplacementStep)>, Failure> {
    let is_known = authenticator.open_replacements()?.contains(&account);
    if let Some(former) = authenticator.resume_replacement(account).await? {
        let step = authenticator.replacement_step(&former).await?;
        if step != ReplacementStep::Ended {
            output.note("Resuming the open replacement; --anew ends it and starts another.");
            return Ok(Some((former, step)));
        }
    }
    if is_known {
        output.note("The previous replacement has ended. Starting another.");
    }
    Ok(None)
}

fn show(replacement: &Replacement, file: Option<&Path>, output: Output) -> Result<(), Failure> {
    let link = replacement.link.expose_text();
    if let Some(file) = file {
        let png = Modules::of(&link).and_then(|modules| modules.to_png());
        input::write_file(file, &png.ok_or_else(|| io::Error::other("the picture can't be created"))?)?;
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
                if look.draws
                    && let Some(modules) = Modules::of(link)
                {
                    modules.print(out)?;
                    return writeln!(out, "Scan this with the new device, as on an enrolment page.");
                }
                writeln!(out, "{link}")
            }
            Self::Activating { check_value, number, match_link, .. } => {
                writeln!(
                    out,
                    "The new device must show {ACCENT}{check_value}{ACCENT:#} too. If it doesn't, somebody else has scanned \
                     the code: stop, and start again with --anew."
                )?;
                if let Some(number) = number {
                    writeln!(out, "Type {BOLD}{number}{BOLD:#} there.")?;
                }
                let modules = match_link.as_deref().filter(|_| look.draws).and_then(Modules::of);
                modules.map_or(Ok(()), |modules| modules.print(out))
            }
            Self::Done { .. } => {
                writeln!(out, "{GOOD}The new device is active, and this one revoked.{GOOD:#}")
            }
        }
    }
}
