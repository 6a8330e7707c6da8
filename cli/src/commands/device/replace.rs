//! `countersign device replace`: this terminal in place of the enrolment page, for the device that comes after it.

use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use countersign_core::approvals::BindingState;
use countersign_core::protocol::{Id, MatchLink};
use countersign_core::{Error, ReplacementStep};
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
    /// Write the QR code as a picture to this file
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(super) async fn run(args: &Replace, global: &Global, output: Output) -> Result<(), Failure> {
    let session = session::open(global)?;
    let authenticator = &session.authenticator;
    let accounts = authenticator.accounts()?.accounts;
    let active: Vec<_> =
        accounts.iter().filter(|account| account.binding == Some(BindingState::Active)).collect();
    let account = account::find(&active, &args.account)?.id;
    session.check_person()?;
    let replacement = authenticator.replace_device(account).await?;
    let link = replacement.link.expose_text();
    if let Some(file) = &args.out {
        let png = Modules::of(&link).and_then(|modules| modules.to_png());
        std::fs::write(file, png.ok_or_else(|| io::Error::other("a picture can't be made"))?)?;
    }
    output.report(&Step::Waiting { account, link, expires_at: replacement.expires_at })?;

    let mut shown = ReplacementStep::Waiting;
    loop {
        let step = match authenticator.replacement_step(&replacement).await {
            // The next time may get through; the service's own time ends it.
            Err(Error::Network(_)) => shown.clone(),
            step => step?,
        };
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
    }
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
                    "The new device shows {ACCENT}{check_value}{ACCENT:#} too; if not, do nothing more."
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
