//! The import itself, inside one transaction, and the proof that it did what it says.

use std::collections::{HashMap, HashSet};

use countersign_protocol::Id;

use super::journal::{self, Change};
use super::plan::{Planned, counter, plan};
use super::{Import, ImportError, ImportOptions, ImportRow, RowVerdict, SameName};
use crate::offer::OtpOffer;
use crate::otp::MovingFactor;
use crate::vault::{Transaction, Vault};
use crate::{Account, Error};

/// An import that was done, and proven.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportReport {
    /// One for each entry, in the preview's order.
    pub rows: Vec<ImportedRow>,
    /// How many accounts hold what the files say, as read back from the vault afterwards.
    pub proven: usize,
}

/// What became of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportedRow {
    /// The entry, and how it stood to the accounts that were there.
    pub row: ImportRow,
    /// What became of it.
    pub outcome: RowOutcome,
}

/// What became of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RowOutcome {
    /// It is a new account.
    Added {
        /// The account.
        account: Id,
        /// Accounts of the same name that went to the trash for it.
        replaced: Vec<Id>,
    },
    /// This account had it already.
    Unchanged {
        /// The account.
        account: Id,
    },
    /// This account has it, and its counter followed.
    CounterMoved {
        /// The account.
        account: Id,
    },
    /// This account has it and is out of the trash.
    Restored {
        /// The account.
        account: Id,
    },
    /// It was left out, as was wanted.
    Skipped,
    /// It can't be imported.
    Refused,
}

impl RowOutcome {
    /// The account that the entry is in now, if it is in one.
    #[must_use]
    pub const fn account(&self) -> Option<Id> {
        match self {
            Self::Added { account, .. }
            | Self::Unchanged { account }
            | Self::CounterMoved { account }
            | Self::Restored { account } => Some(*account),
            Self::Skipped | Self::Refused => None,
        }
    }
}

/// Imports in one transaction, and reads everything back before it is committed and once more afterwards.
pub(crate) fn apply(
    vault: &Vault,
    import: &Import,
    options: &ImportOptions,
    now: u64,
) -> Result<ImportReport, Error> {
    let (report, expected) = vault.transaction(|tx| {
        let accounts = tx.accounts()?.items;
        let planned = plan(import, &accounts, options)?;
        let refused = |planned: &&Planned| matches!(planned.row.verdict, RowVerdict::Refused { .. });
        let refused = planned.iter().filter(refused).count();
        if refused > 0 && !options.partial {
            return Err(Error::from(ImportError::EntriesRefused(refused)));
        }
        let mut step =
            Step { tx, now, changes: Vec::new(), replaced: HashSet::new(), expected: HashMap::new() };
        let known = accounts.iter().map(|account| (account.id, account)).collect();
        let rows = step.run(planned, &known)?;
        let Step { changes, expected, .. } = step;
        if !changes.is_empty() {
            journal::write(tx, now, &changes)?;
        }
        prove(&tx.accounts()?.items, &expected)?;
        Ok((ImportReport { rows, proven: expected.len() }, expected))
    })?;
    prove(&vault.accounts()?.items, &expected)?;
    Ok(report)
}

/// What each account is to hold: the offer, or only its parameters where the account has a name of its own.
type Expected = HashMap<Id, (OtpOffer, bool)>;

struct Step<'s, 'v> {
    tx: &'s mut Transaction<'v>,
    now: u64,
    changes: Vec<(Id, Change)>,
    replaced: HashSet<Id>,
    expected: Expected,
}

impl Step<'_, '_> {
    fn run(
        &mut self,
        planned: Vec<Planned>,
        accounts: &HashMap<Id, &Account>,
    ) -> Result<Vec<ImportedRow>, Error> {
        let mut rows: Vec<ImportedRow> = Vec::with_capacity(planned.len());
        // An account that one entry says is there isn't replaced by another.
        let kept: HashSet<Id> = planned.iter().filter_map(|planned| planned.row.verdict.account()).collect();
        for Planned { row, offer } in planned {
            let outcome = match (&row.verdict, offer) {
                (RowVerdict::Deleted, _) => RowOutcome::Skipped,
                (RowVerdict::Refused { .. }, _) | (_, None) => RowOutcome::Refused,
                (RowVerdict::Repeated { row }, Some(_)) => {
                    let first = rows.get(*row).and_then(|first| first.outcome.account());
                    first.map_or(RowOutcome::Skipped, |account| RowOutcome::Unchanged { account })
                }
                (RowVerdict::New, Some(offer)) => self.add(offer, Vec::new())?,
                (
                    RowVerdict::SameName { choice: SameName::Skip, .. }
                    | RowVerdict::SameSecret { choice: SameName::Skip, .. },
                    Some(_),
                ) => RowOutcome::Skipped,
                (
                    RowVerdict::SameName { choice: SameName::KeepBoth, .. }
                    | RowVerdict::SameSecret { choice: SameName::KeepBoth, .. },
                    Some(offer),
                ) => self.add(offer, Vec::new())?,
                (
                    RowVerdict::SameName { accounts: same, .. }
                    | RowVerdict::SameSecret { accounts: same, .. },
                    Some(offer),
                ) => {
                    let may_go = |id: &&Id| {
                        let account = accounts.get(*id);
                        account.is_some_and(|account| account.binding.is_none()) && !kept.contains(*id)
                    };
                    let replaced = same.iter().filter(may_go).copied().collect();
                    self.add(offer, replaced)?
                }
                (&RowVerdict::Present { account }, Some(offer)) => {
                    self.expect(account, offer, accounts);
                    RowOutcome::Unchanged { account }
                }
                (&RowVerdict::CounterAhead { account, from, to }, Some(offer)) => {
                    self.set_counter(account, from, to)?;
                    self.expect(account, offer, accounts);
                    RowOutcome::CounterMoved { account }
                }
                (&RowVerdict::InTrash { account }, Some(offer)) => {
                    self.restore(account, &offer, accounts)?;
                    self.expect(account, offer, accounts);
                    RowOutcome::Restored { account }
                }
            };
            rows.push(ImportedRow { row, outcome });
        }
        Ok(rows)
    }

    fn add(&mut self, offer: OtpOffer, replaced: Vec<Id>) -> Result<RowOutcome, Error> {
        for &id in &replaced {
            // Two entries may replace the same account.
            if self.replaced.insert(id) {
                let now = self.now;
                self.tx.update_account(id, |account| account.trashed_at = Some(now))?;
                self.changes.push((id, Change::Replaced));
            }
        }
        let mut account = Account::new(offer.issuer.clone(), offer.name.clone(), self.now);
        account.otp = Some(offer.parameters.clone());
        account.token = offer.token.clone().map(Box::new);
        self.tx.add_account(&account)?;
        self.changes.push((account.id, Change::Added));
        self.expected.insert(account.id, (offer, true));
        Ok(RowOutcome::Added { account: account.id, replaced })
    }

    fn restore(&mut self, id: Id, offer: &OtpOffer, accounts: &HashMap<Id, &Account>) -> Result<(), Error> {
        let Some(account) = accounts.get(&id) else { return Ok(()) };
        if let Some(since) = account.trashed_at {
            self.tx.update_account(id, |account| account.trashed_at = None)?;
            self.changes.push((id, Change::Restored(since)));
        }
        let (from, to) = (account.otp.as_ref().map_or(0, counter), counter(&offer.parameters));
        if to > from { self.set_counter(id, from, to) } else { Ok(()) }
    }

    fn set_counter(&mut self, id: Id, from: u64, to: u64) -> Result<(), Error> {
        self.tx.update_account(id, |account| {
            let otp = account.otp.take();
            account.otp =
                otp.map(|otp| otp.clone().with_factor(MovingFactor::Counter { next: to }).unwrap_or(otp));
        })?;
        self.changes.push((id, Change::Counter { from, to }));
        Ok(())
    }

    /// The account keeps its own name, and the higher counter.
    fn expect(&mut self, id: Id, mut offer: OtpOffer, accounts: &HashMap<Id, &Account>) {
        if let Some(otp) = accounts.get(&id).and_then(|account| account.otp.as_ref())
            && counter(otp) > counter(&offer.parameters)
        {
            offer.parameters = otp.clone();
        }
        self.expected.insert(id, (offer, false));
    }
}

/// Whether the accounts as they were read back hold what they should.
fn prove(read_back: &[Account], expected: &Expected) -> Result<(), ImportError> {
    let holds = |account: &&Account| {
        expected.get(&account.id).is_some_and(|(offer, is_new)| {
            account.otp.as_ref() == Some(&offer.parameters)
                && account.trashed_at.is_none()
                && (!is_new || (account.issuer == offer.issuer && account.name == offer.name))
        })
    };
    let proven = read_back.iter().filter(holds).count();
    if proven == expected.len() { Ok(()) } else { Err(ImportError::NotProven) }
}
