//! `countersign device`: this device at its approval services.

mod replace;

use std::io::{self, Write};

use clap::{Args, Subcommand};
use countersign_authenticator::AccountSummary;
use countersign_authenticator::protocol::name;
use serde::Serialize;

use super::accounts::AccountView;
use super::completions;
use crate::args::Global;
use crate::failure::{Failure, Unfit};
use crate::output::{Look, Output, Report};
use crate::text::safe;
use crate::{account, session};

#[derive(Args)]
pub(crate) struct Device {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Rename this device at its approval services
    Rename {
        /// The new name, as shown in lists of your devices
        name: String,
        /// Only at this account's service
        #[arg(long, add = completions::accounts())]
        account: Option<String>,
    },
    /// Replace this device for an account; it is revoked once the new one is active
    Replace(replace::Replace),
}

pub(crate) async fn run(args: Device, global: &Global, output: Output) -> Result<(), Failure> {
    match args.action {
        Action::Rename { name, account } => rename(name, account, global, output).await,
        Action::Replace(args) => replace::run(&args, global, output).await,
    }
}

async fn rename(
    name: String,
    account: Option<String>,
    global: &Global,
    output: Output,
) -> Result<(), Failure> {
    name::check(&name)?;
    let authenticator = session::open(global)?.authenticator;
    let listing = authenticator.accounts()?;
    let accounts = match account {
        Some(wanted) => vec![account::find(&listing.accounts, &wanted, unable)?],
        None => listing.accounts.iter().filter(|account| unable(account).is_none()).collect(),
    };
    if accounts.is_empty() {
        return Err(Failure::NothingEnrolled);
    }
    let mut renamed = Vec::new();
    for account in accounts {
        authenticator.rename_device(account.id, &name).await?;
        renamed.push(AccountView::new(account));
    }
    output.report(&Renamed { name, accounts: renamed })
}

fn unable(account: &AccountSummary) -> Option<Unfit> {
    let is_able = account.provider.is_some_and(|provider| provider.abilities().rename_device);
    account::not_enrolled(account).or((!is_able).then_some(Unfit::NotAble))
}

#[derive(Serialize)]
struct Renamed {
    name: String,
    accounts: Vec<AccountView>,
}

impl Report for Renamed {
    fn write_text(&self, out: &mut dyn Write, look: Look) -> io::Result<()> {
        if look.quiet {
            return Ok(());
        }
        self.accounts.iter().try_for_each(|account| {
            writeln!(out, "{} now knows this device as {}", account.label(), safe(&self.name))
        })
    }
}
