//! `countersign import --undo`: shows what the last import changed, asks, and reverts it.

use std::collections::HashMap;
use std::io::{self, Write};

use countersign_authenticator::import::{ImportError, LastImport, UndoReport};
use countersign_authenticator::protocol::Id;
use countersign_authenticator::{AccountSummary, Authenticator, Error};
use serde::Serialize;

use crate::args::Global;
use crate::failure::Failure;
use crate::output::{self, Look, Output, Report};
use crate::text::{count, moment};
use crate::{account, prompt, session};

pub(super) fn run(yes: bool, global: &Global, output: Output) -> Result<(), Failure> {
    let authenticator = session::open(global)?.authenticator;
    let last = authenticator.last_import()?.ok_or(Error::from(ImportError::NothingToUndo))?;
    if !yes {
        if output.is_json() {
            return Err(Failure::ConfirmationNeeded);
        }
        output::tell(&plan(&last, &authenticator)?);
        if !prompt::can_ask() {
            return Err(Failure::ConfirmationNeeded);
        }
        if !prompt::confirm("Continue?")? {
            return Err(Failure::Cancelled);
        }
    }
    output.report(&Undone::from(authenticator.undo_import()?))
}

/// Describes what undoing changes.
fn plan(last: &LastImport, authenticator: &Authenticator) -> Result<String, Failure> {
    let listing = authenticator.accounts()?;
    let accounts: HashMap<Id, &AccountSummary> =
        listing.accounts.iter().map(|account| (account.id, account)).collect();
    let mut text = format!("The last import was on {}. Undoing it has these effects:\n", moment(last.at));
    for (ids, is_trashed, what) in [
        (&last.brought, false, "moved to the trash"),
        (&last.replaced, true, "restored from the trash"),
        (&last.counters, false, "counter reset to its previous value, unless codes were generated since"),
    ] {
        let is_as_left = |account: &&AccountSummary| account.trashed_at.is_some() == is_trashed;
        let names =
            ids.iter().filter_map(|id| accounts.get(id).copied()).filter(is_as_left).map(account::name);
        let names: Vec<_> = names.collect();
        for name in names.iter().take(MOST_NAMED) {
            text.push_str(&format!("  {name}: {what}\n"));
        }
        if let more @ 1.. = names.len().saturating_sub(MOST_NAMED) {
            text.push_str(&format!("  {} more: {what}\n", count(more, "account")));
        }
    }
    Ok(text)
}

/// Maximum number of accounts named.
const MOST_NAMED: usize = 20;

#[derive(Serialize)]
struct Undone {
    trashed: usize,
    restored: usize,
    counters: usize,
    left: usize,
}

impl From<UndoReport> for Undone {
    fn from(report: UndoReport) -> Self {
        let UndoReport { trashed, restored, counters, left, .. } = report;
        Self { trashed, restored, counters, left }
    }
}

impl Report for Undone {
    fn write_text(&self, out: &mut dyn Write, look: Look) -> io::Result<()> {
        if look.quiet {
            return Ok(());
        }
        writeln!(out, "Undone: {} moved to the trash, {} restored from it.", self.trashed, self.restored)?;
        if self.left > 0 {
            writeln!(out, "{} had changed since, and were left unchanged.", count(self.left, "account"))?;
        }
        Ok(())
    }
}
