//! `countersign codes`: one-time codes, once or live.

mod live;
mod view;

use std::collections::HashSet;

use clap::Args;
use countersign_authenticator::approvals::CodeRefusal;
use countersign_authenticator::protocol::Id;
use countersign_authenticator::{AccountSummary, Authenticator, CodeKind};
use view::CodesReport;

use super::completions;
use crate::args::Global;
use crate::failure::{Failure, Unfit};
use crate::output::{self, Output};
use crate::text::count;
use crate::{account, reminder, session};

#[derive(Args)]
#[command(
    after_help = "Codes by counter are generated only if ACCOUNT names a single account: listing uses none up."
)]
pub(crate) struct Codes {
    /// Accounts whose issuer or name contains this, or one account's identifier
    #[arg(value_name = "ACCOUNT", allow_hyphen_values = true, add = completions::accounts())]
    account: Option<String>,
    /// Print the codes once, even on a terminal
    #[arg(long)]
    once: bool,
}

pub(crate) async fn run(args: Codes, global: &Global, output: Output) -> Result<(), Failure> {
    let authenticator = session::open(global)?.authenticator;
    let wanted = match &args.account {
        None => None,
        Some(wanted) => {
            let listing = authenticator.accounts()?;
            let found = account::find_all(&listing.accounts, wanted, unfit)?;
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
    if output.is_for_a_person() && !args.once && output::can_move_cursor() {
        return live::run(&authenticator, wanted.as_ref()).await;
    }
    let report = report(&authenticator, wanted.as_ref())?;
    if let Some(loss) = &report.loss {
        loss.warn();
    }
    if let Some(correction) = &report.correction {
        output.note(correction);
    }
    if !report.withheld.is_empty() {
        output.note(format_args!(
            "{} not shown: the server requires a user check. Type the passphrase instead of using a file.",
            count(report.withheld.len(), "code")
        ));
    }
    if report.codes.is_empty() && report.withheld.is_empty() {
        output.note("No account has codes yet; `countersign enrol` adds some.");
    }
    for advice in report.advice() {
        output.note(advice);
    }
    output.report(&report)
}

/// Why an account has no code, for the error if only that account is requested.
fn unfit(account: &AccountSummary) -> Option<Unfit> {
    let no_codes = (account.codes == CodeKind::None).then_some(Unfit::NoCodes);
    let refused = account.code_refusal.map(|refusal| match refusal {
        CodeRefusal::NotActive => Unfit::NotActive,
        _ => Unfit::Removed,
    });
    account::not_in_use(account).or(no_codes).or(refused)
}

fn report(authenticator: &Authenticator, wanted: Option<&HashSet<Id>>) -> Result<CodesReport, Failure> {
    let mut codes = authenticator.codes()?;
    codes.codes.retain(|code| wanted.is_none_or(|wanted| wanted.contains(&code.account)));
    codes.withheld.retain(|account| wanted.is_none_or(|wanted| wanted.contains(account)));
    Ok(CodesReport::new(codes))
}
