//! `countersign codes`: one-time codes, once or live.

mod live;
mod view;

use std::collections::HashSet;

use clap::Args;
use countersign_core::protocol::Id;
use countersign_core::{AccountSummary, Authenticator, CodeKind};
use view::CodesReport;

use crate::args::Global;
use crate::failure::Failure;
use crate::output::Output;
use crate::{account, reminder, session};

#[derive(Args)]
#[command(
    after_help = "Codes by a counter are made for an ACCOUNT that is asked for alone: a look uses none up."
)]
pub(crate) struct Codes {
    /// Accounts whose issuer or name contains this, or one account's identifier
    #[arg(value_name = "ACCOUNT", allow_hyphen_values = true)]
    account: Option<String>,
    /// Print the codes once, also on a terminal
    #[arg(long)]
    once: bool,
}

pub(crate) async fn run(args: Codes, global: &Global, output: Output) -> Result<(), Failure> {
    let authenticator = session::open(global)?.authenticator;
    let wanted = match &args.account {
        None => None,
        Some(wanted) => {
            let listing = authenticator.accounts()?;
            let with_codes: Vec<_> = listing.accounts.iter().filter(|account| has_codes(account)).collect();
            let found = account::find_all(&with_codes, wanted)?;
            if let [only] = found.as_slice()
                && only.codes == CodeKind::OnRequest
            {
                let code = authenticator.next_code(only.id)?;
                return output.report(&CodesReport::of_request(only, code, authenticator.clock_status()));
            }
            Some(found.iter().map(|account| account.id).collect::<HashSet<Id>>())
        }
    };
    reminder::remind(&authenticator, output);
    if output.is_for_a_person() && !args.once {
        return live::run(&authenticator, wanted.as_ref()).await;
    }
    let report = report(&authenticator, wanted.as_ref())?;
    if let Some(loss) = &report.loss {
        loss.warn();
    }
    if let Some(correction) = report.correction.as_ref().filter(|_| output.is_for_a_person()) {
        output.note(correction);
    }
    if report.codes.is_empty() {
        output.note("No account has codes yet; `countersign enrol` adds some.");
    }
    output.report(&report)
}

fn has_codes(account: &AccountSummary) -> bool {
    account.trashed_at.is_none() && account.codes != CodeKind::None
}

fn report(authenticator: &Authenticator, wanted: Option<&HashSet<Id>>) -> Result<CodesReport, Failure> {
    let mut codes = authenticator.codes()?;
    codes.codes.retain(|code| wanted.is_none_or(|wanted| wanted.contains(&code.account)));
    Ok(CodesReport::new(codes))
}
