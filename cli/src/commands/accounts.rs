//! `countersign accounts`: list, rename, reorder, remove.

use std::io::{self, Write};

use clap::{Args, Subcommand};
use countersign_authenticator::approvals::BindingState;
use countersign_authenticator::protocol::{Id, name};
use countersign_authenticator::{AccountSummary, Authenticator, CodeKind};
use serde::Serialize;

use super::completions;
use crate::account::{self, not_in_use, short};
use crate::args::Global;
use crate::failure::{Failure, Unfit};
use crate::loss::Loss;
use crate::output::{Look, Output, Report};
use crate::text::{DIM, WARNING, column, label, safe};
use crate::{prompt, session};

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Accounts {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Subcommand)]
enum Action {
    /// List accounts, including those in the trash [default]
    List,
    /// Change an account's issuer, name or both
    Rename {
        /// Issuer, name, or the beginning of the identifier
        #[arg(allow_hyphen_values = true, add = completions::accounts())]
        account: String,
        /// The new issuer
        #[arg(long)]
        issuer: Option<String>,
        /// The new name
        #[arg(long)]
        name: Option<String>,
    },
    /// Move an account to the trash; it can be restored
    Remove {
        /// Issuer, name, or the beginning of the identifier
        #[arg(allow_hyphen_values = true, add = completions::accounts())]
        account: String,
    },
    /// Restore an account from the trash
    Restore {
        /// Issuer, name, or the beginning of the identifier
        #[arg(allow_hyphen_values = true, add = completions::accounts())]
        account: String,
    },
    /// Delete an account permanently, and revoke this device at its approval service
    Delete {
        /// Issuer, name, or the beginning of the identifier
        #[arg(allow_hyphen_values = true, add = completions::accounts())]
        account: String,
        /// Delete without asking
        #[arg(long)]
        yes: bool,
        /// Don't contact the service, if it no longer exists
        #[arg(long)]
        here_only: bool,
    },
    /// Move accounts to the top, in this order; the others keep theirs
    Reorder {
        /// Issuers, names, or beginnings of identifiers
        #[arg(required = true, allow_hyphen_values = true, add = completions::accounts())]
        accounts: Vec<String>,
    },
}

pub(crate) async fn run(args: Accounts, global: &Global, output: Output) -> Result<(), Failure> {
    let authenticator = session::open(global)?.authenticator;
    let listing = authenticator.accounts()?;
    let all = &listing.accounts;
    match args.action.unwrap_or(Action::List) {
        Action::List => {
            let loss = Loss::of(&listing.damaged, listing.completeness);
            if let Some(loss) = &loss {
                loss.warn();
            }
            if all.is_empty() {
                output.note("There are no accounts yet; `countersign enrol` adds some.");
            }
            output.report(&AccountsReport { accounts: all.iter().map(AccountView::new).collect(), loss })
        }
        Action::Rename { account, issuer, name } => {
            let account = account::find(all, &account, not_in_use)?;
            if issuer.is_none() && name.is_none() {
                return Err(Failure::Usage("give --issuer, --name or both".to_owned()));
            }
            [&issuer, &name]
                .into_iter()
                .flatten()
                .filter(|name| !name.is_empty())
                .try_for_each(|it| name::check(it))?;
            let issuer = issuer.unwrap_or_else(|| account.issuer.clone());
            let name = name.unwrap_or_else(|| account.name.clone());
            authenticator.rename(account.id, &issuer, &name)?;
            done(&authenticator, account.id, "Renamed", output)
        }
        Action::Remove { account } => {
            let account = account::find(all, &account, not_in_use)?;
            authenticator.trash(account.id)?;
            output.note("It is in the trash; `countersign accounts restore` restores it.");
            done(&authenticator, account.id, "Removed", output)
        }
        Action::Restore { account } => {
            let account = account::find(all, &account, not_in_trash)?;
            authenticator.restore(account.id)?;
            done(&authenticator, account.id, "Restored", output)
        }
        Action::Delete { account, yes, here_only } => {
            let account = account::find(all, &account, |_| None)?;
            confirm_deletion(account, yes)?;
            let at_service = matches!(account.binding, Some(state) if state != BindingState::Revoked);
            if at_service && !here_only {
                authenticator.revoke(account.id).await.inspect_err(|_| {
                    output.note("Nothing was deleted. If the service no longer exists, use --here-only.");
                })?;
            }
            authenticator.delete(account.id).await?;
            output.report(&Done { done: "Deleted", account: AccountView::new(account) })
        }
        Action::Reorder { accounts } => {
            let mut order = Vec::new();
            for wanted in &accounts {
                let id = account::find(all, wanted, not_in_use)?.id;
                if order.contains(&id) {
                    return Err(Failure::Usage("an account is named twice".to_owned()));
                }
                order.push(id);
            }
            // The vault rearranges the named accounts within the positions they occupy, so all accounts are named.
            let others = all.iter().map(|account| account.id).filter(|id| !order.contains(id));
            let order: Vec<Id> = order.iter().copied().chain(others).collect();
            authenticator.reorder(&order)?;
            let listing = authenticator.accounts()?;
            let accounts = listing.accounts.iter().map(AccountView::new).collect();
            output
                .report(&AccountsReport { accounts, loss: Loss::of(&listing.damaged, listing.completeness) })
        }
    }
}

fn not_in_trash(account: &AccountSummary) -> Option<Unfit> {
    account.trashed_at.is_none().then_some(Unfit::NotInTrash)
}

fn confirm_deletion(account: &AccountSummary, yes: bool) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    if !prompt::can_ask() {
        return Err(Failure::ConfirmationNeeded);
    }
    let label = account::name(account);
    let warning = if account.codes == CodeKind::None { "" } else { "Its codes will be lost permanently. " };
    if prompt::confirm(&format!("Delete {label}? {warning}"))? { Ok(()) } else { Err(Failure::Cancelled) }
}

fn done(authenticator: &Authenticator, id: Id, done: &'static str, output: Output) -> Result<(), Failure> {
    let listing = authenticator.accounts()?;
    let account = listing.accounts.iter().find(|account| account.id == id).ok_or(Failure::NoSuchAccount)?;
    output.report(&Done { done, account: AccountView::new(account) })
}

#[derive(Serialize)]
struct AccountsReport {
    accounts: Vec<AccountView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    loss: Option<Loss>,
}

#[derive(Serialize)]
struct Done {
    #[serde(skip)]
    done: &'static str,
    account: AccountView,
}

/// An account, as in every JSON document.
#[derive(Serialize)]
pub(crate) struct AccountView {
    id: Id,
    issuer: String,
    name: String,
    codes: CodeKind,
    service: Option<String>,
    enrolment: Option<BindingState>,
    created_at: u64,
    trashed_at: Option<u64>,
    /// When a new phone proved that it has the account.
    moved_at: Option<u64>,
}

impl AccountView {
    pub(crate) fn new(account: &AccountSummary) -> Self {
        Self {
            id: account.id,
            issuer: account.issuer.clone(),
            name: account.name.clone(),
            codes: account.codes,
            service: account.service.clone(),
            enrolment: account.binding,
            created_at: account.created_at,
            trashed_at: account.trashed_at,
            moved_at: account.moved_at,
        }
    }

    pub(crate) fn label(&self) -> String {
        safe(&label(&self.issuer, &self.name))
    }

    fn line(&self, width: usize) -> String {
        let mut facts = Vec::new();
        match self.codes {
            CodeKind::Timed => facts.push("codes"),
            CodeKind::OnRequest => facts.push("codes on request"),
            _ => {}
        }
        match self.enrolment {
            Some(BindingState::Active) => facts.push("sign-ins"),
            Some(BindingState::AwaitingActivation) => facts.push("awaiting activation"),
            Some(_) => facts.push("removed by its service"),
            None => {}
        }
        if self.moved_at.is_some() {
            facts.push("moved");
        }
        let label_width = width.saturating_sub(10 + FACTS).clamp(10, 46);
        let label = column(&label(&self.issuer, &self.name), label_width);
        let facts = crate::text::cut(&facts.join(", "), width.saturating_sub(label_width + 12));
        let id = short(self.id);
        match self.trashed_at {
            Some(_) => format!("{DIM}{id}  {label}  in the trash{DIM:#}"),
            None if self.enrolment == Some(BindingState::Active) || self.enrolment.is_none() => {
                format!("{DIM}{id}{DIM:#}  {label}  {facts}")
            }
            None => format!("{DIM}{id}{DIM:#}  {label}  {WARNING}{facts}{WARNING:#}"),
        }
    }
}

/// Columns for the facts after a label.
const FACTS: usize = 24;

impl Report for AccountsReport {
    fn write_text(&self, out: &mut dyn Write, look: Look) -> io::Result<()> {
        for account in &self.accounts {
            if look.quiet {
                writeln!(out, "{}", account.id)?;
            } else if look.terminal {
                writeln!(out, "{}", account.line(look.width))?;
            } else {
                let (issuer, name) = (safe(&account.issuer), safe(&account.name));
                let place = if account.trashed_at.is_some() { "trash" } else { "" };
                let service = account.service.as_deref().map(safe).unwrap_or_default();
                writeln!(out, "{}\t{issuer}\t{name}\t{service}\t{place}", account.id)?;
            }
        }
        Ok(())
    }
}

impl Report for Done {
    fn write_text(&self, out: &mut dyn Write, look: Look) -> io::Result<()> {
        if look.quiet { Ok(()) } else { writeln!(out, "{}: {}", self.done, self.account.label()) }
    }
}
