//! What the last import changed, kept in the vault so that it can be undone in one step.

use countersign_protocol::Id;
use serde::{Deserialize, Serialize};

use super::ImportError;
use crate::Error;
use crate::otp::MovingFactor;
use crate::vault::{Record, RecordKind, Transaction};

/// The last import, which can be undone.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LastImport {
    /// When it was, in Unix seconds.
    pub at: u64,
    /// How many accounts it changed.
    pub changes: usize,
    /// Accounts that it added, or took out of the trash.
    pub brought: Vec<Id>,
    /// Accounts that it put in the trash, for others of their name.
    pub replaced: Vec<Id>,
    /// Accounts whose counter it moved.
    pub counters: Vec<Id>,
}

/// What undoing did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct UndoReport {
    /// Imported accounts that went to the trash, from where they can still be restored.
    pub trashed: usize,
    /// Accounts that came back out of the trash.
    pub restored: usize,
    /// Counters that went back.
    pub counters: usize,
    /// Changes that weren't undone, since the account was deleted or has moved on meanwhile.
    pub left: usize,
}

/// One change to one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Change {
    Added,
    /// Put aside for an entry of the same name.
    Replaced,
    /// Taken out of the trash, where it had been since then.
    Restored(u64),
    Counter {
        from: u64,
        to: u64,
    },
}

/// Part of the last import's changes: a record holds some thousand.
#[derive(Serialize, Deserialize)]
pub(super) struct JournalPart {
    at: u64,
    changes: Vec<(Id, Change)>,
}

impl Record for JournalPart {
    const KIND: RecordKind = RecordKind::ImportJournal;
}

/// Changes of 22 characters and some twenty bytes fit into a record.
const CHANGES_IN_A_PART: usize = 1000;

/// Writes what an import changed in place of what the one before it did.
pub(super) fn write(tx: &mut Transaction<'_>, at: u64, changes: &[(Id, Change)]) -> Result<(), Error> {
    clear(tx)?;
    for part in changes.chunks(CHANGES_IN_A_PART) {
        tx.insert(Id::make_random(), &JournalPart { at, changes: part.to_vec() })?;
    }
    Ok(())
}

fn clear(tx: &mut Transaction<'_>) -> Result<(), Error> {
    let listing = tx.list::<JournalPart>()?;
    let ids = listing.items.iter().map(|(id, _)| *id).chain(listing.damaged);
    ids.collect::<Vec<_>>().into_iter().try_for_each(|id| Ok(tx.delete::<JournalPart>(id)?))
}

/// The last import, if it changed anything and wasn't undone.
pub(crate) fn last(tx: &mut Transaction<'_>) -> Result<Option<LastImport>, Error> {
    let parts = tx.list::<JournalPart>()?.items;
    let Some((_, first)) = parts.first() else { return Ok(None) };
    let mut last = LastImport {
        at: first.at,
        changes: parts.iter().map(|(_, part)| part.changes.len()).sum(),
        brought: Vec::new(),
        replaced: Vec::new(),
        counters: Vec::new(),
    };
    for (id, change) in parts.iter().flat_map(|(_, part)| &part.changes) {
        match change {
            Change::Added | Change::Restored(_) => last.brought.push(*id),
            Change::Replaced => last.replaced.push(*id),
            Change::Counter { .. } => last.counters.push(*id),
        }
    }
    Ok(Some(last))
}

/// Takes the last import back, all of it or nothing.
pub(crate) fn undo(tx: &mut Transaction<'_>, now: u64) -> Result<UndoReport, Error> {
    let parts = tx.list::<JournalPart>()?.items;
    if parts.is_empty() {
        return Err(ImportError::NothingToUndo.into());
    }
    let mut report = UndoReport::default();
    for (id, change) in parts.iter().flat_map(|(_, part)| &part.changes) {
        let Some(account) = tx.account(*id)? else {
            report.left += 1;
            continue;
        };
        let is_trashed = account.trashed_at.is_some();
        match *change {
            Change::Added if !is_trashed => {
                tx.update_account(*id, |account| account.trashed_at = Some(now))?;
                report.trashed += 1;
            }
            Change::Restored(since) if !is_trashed => {
                tx.update_account(*id, |account| account.trashed_at = Some(since))?;
                report.trashed += 1;
            }
            Change::Replaced if is_trashed => {
                tx.update_account(*id, |account| account.trashed_at = None)?;
                report.restored += 1;
            }
            // A code that was made since then isn't made again.
            Change::Counter { from, to } if account.otp.as_ref().map(super::plan::counter) == Some(to) => {
                let otp =
                    account.otp.and_then(|otp| otp.with_factor(MovingFactor::Counter { next: from }).ok());
                tx.update_account(*id, |account| account.otp = otp)?;
                report.counters += 1;
            }
            _ => report.left += 1,
        }
    }
    clear(tx)?;
    Ok(report)
}
