//! How to import, and what becomes of every entry.

use countersign_authenticator::import as core;

use crate::convert::signed;
use crate::{ErrorDetail, Id};

/// What to do with an entry of which an account already has the issuer and name, with another secret, or the secret under
/// another name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum SameName {
    /// Add it beside the other.
    KeepBoth,
    /// Add it, and put the other in the trash. An account that approves sign-ins stays where it is.
    Replace,
    /// Leave it out.
    Skip,
}

/// How to import. Without it: keep both of the same name, all entries or none.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ImportOptions {
    /// For entries of the same name as an account.
    pub same_name: SameName,
    /// The person's choices for single rows; they go before the others. Other than [`SameName::Skip`], one also takes an
    /// entry out of the other app's trash.
    #[uniffi(default = [])]
    pub choices: Vec<RowChoice>,
    /// Import the others although some entries can't be.
    #[uniffi(default = false)]
    pub partial: bool,
    /// Leave out entries whose secret an account, or an earlier entry, has under another name.
    #[uniffi(default = false)]
    pub skip_same_secret: bool,
    /// Also import what the other app has in its trash.
    #[uniffi(default = false)]
    pub deleted: bool,
}

/// The person's choice for one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Record)]
pub struct RowChoice {
    /// [`ImportRow::row`].
    pub row: i64,
    /// What to do with it.
    pub choice: SameName,
}

/// What would become of every entry.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ImportPreview {
    /// The rows of the page, one for each entry, in the files' order.
    pub rows: Vec<ImportRow>,
    /// How many rows there are in all.
    pub total: i64,
    /// How many entries can't be imported. If there are any, only a `partial` import takes the others.
    pub refused: i64,
}

/// One entry. Nothing in it is secret.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ImportRow {
    /// Its place, from 0.
    pub row: i64,
    /// Who issues it; may be empty.
    pub issuer: String,
    /// Whose it is; may be empty.
    pub name: String,
    /// Name of the app that it comes from.
    pub app: String,
    /// Which of the added files it is in, from 0; none for an export in several QR codes.
    pub file: Option<i64>,
    /// The line of the file that it is in, from 1, where the file is a text.
    pub line: Option<i64>,
    /// Its place among the entries of the file, from 1, where the file isn't a text.
    pub entry: Option<i64>,
    /// How it stands to the accounts that are there.
    pub verdict: RowVerdict,
}

/// How an entry stands to the accounts that are there.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum RowVerdict {
    /// It is added.
    New,
    /// This account has the same secret and parameters; there is nothing to do.
    Present {
        /// The account that has it.
        account: Id,
    },
    /// The same, and the entry's counter is ahead: the account's follows it.
    CounterAhead {
        /// The account that has it.
        account: Id,
    },
    /// The account is in the trash, and comes back.
    InTrash {
        /// The account that has it.
        account: Id,
    },
    /// These accounts have the same issuer and name and another secret.
    SameName {
        /// All of them that aren't in the trash.
        accounts: Vec<Id>,
        /// What is done about it.
        choice: SameName,
    },
    /// Accounts, or an earlier row, have its secret under another name.
    SameSecret {
        /// All accounts that aren't in the trash; none if only an earlier row has it.
        accounts: Vec<Id>,
        /// What is done about it.
        choice: SameName,
    },
    /// An earlier row says the same, by name and secret.
    Repeated {
        /// That row's place, from 0.
        row: i64,
    },
    /// The other app has it in its trash, so it is left out.
    Deleted,
    /// It can't be imported.
    Refused {
        /// Why.
        reason: ErrorDetail,
    },
}

/// An import that was done, and proven.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ImportReport {
    /// One for each entry, in the preview's order.
    pub rows: Vec<ImportedRow>,
    /// How many accounts hold what the files say, as read back from the vault afterwards.
    pub proven: i64,
}

/// What became of an entry.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ImportedRow {
    /// The entry, and how it stood to the accounts that were there.
    pub row: ImportRow,
    /// What became of it.
    pub outcome: RowOutcome,
    /// The account that the entry is in now, if it is in one.
    pub account: Option<Id>,
    /// Accounts of the same name that went to the trash for it.
    pub replaced: Vec<Id>,
}

/// What became of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum RowOutcome {
    /// It is a new account.
    Added,
    /// An account had it already.
    Unchanged,
    /// An account has it, and its counter followed.
    CounterMoved,
    /// An account has it and is out of the trash.
    Restored,
    /// It was left out, as was wanted.
    Skipped,
    /// It can't be imported.
    Refused,
}

/// The last import, which can be undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Record)]
pub struct LastImport {
    /// When it was, Unix seconds.
    pub at: i64,
    /// How many accounts it changed.
    pub changes: i64,
}

/// What undoing did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Record)]
pub struct UndoReport {
    /// Imported accounts that went to the trash, from where they can still be restored.
    pub trashed: i64,
    /// Accounts that came back out of the trash.
    pub restored: i64,
    /// Counters that went back.
    pub counters: i64,
    /// Changes that weren't undone, since the account was deleted or has moved on meanwhile.
    pub left: i64,
}

impl From<(usize, core::ImportRow)> for ImportRow {
    fn from((place, row): (usize, core::ImportRow)) -> Self {
        let (line, entry) = match row.place {
            core::Place::Line(number) => (Some(signed(number)), None),
            core::Place::Entry(number) => (None, Some(signed(number))),
            _ => (None, None),
        };
        Self {
            row: signed(place),
            issuer: row.issuer,
            name: row.name,
            app: row.format.name().into(),
            file: row.file.map(signed),
            line,
            entry,
            verdict: row.verdict.into(),
        }
    }
}

impl From<core::ImportReport> for ImportReport {
    fn from(report: core::ImportReport) -> Self {
        Self {
            rows: report.rows.into_iter().enumerate().map(ImportedRow::from).collect(),
            proven: signed(report.proven),
        }
    }
}

impl From<(usize, core::ImportedRow)> for ImportedRow {
    fn from((place, imported): (usize, core::ImportedRow)) -> Self {
        let account = imported.outcome.account();
        let (outcome, replaced) = match imported.outcome {
            core::RowOutcome::Added { replaced, .. } => (RowOutcome::Added, replaced),
            core::RowOutcome::Unchanged { .. } => (RowOutcome::Unchanged, Vec::new()),
            core::RowOutcome::CounterMoved { .. } => (RowOutcome::CounterMoved, Vec::new()),
            core::RowOutcome::Restored { .. } => (RowOutcome::Restored, Vec::new()),
            core::RowOutcome::Skipped => (RowOutcome::Skipped, Vec::new()),
            _ => (RowOutcome::Refused, Vec::new()),
        };
        Self { row: (place, imported.row).into(), outcome, account, replaced }
    }
}

impl From<core::RowVerdict> for RowVerdict {
    fn from(verdict: core::RowVerdict) -> Self {
        match verdict {
            core::RowVerdict::New => Self::New,
            core::RowVerdict::Present { account } => Self::Present { account },
            core::RowVerdict::CounterAhead { account, .. } => Self::CounterAhead { account },
            core::RowVerdict::InTrash { account } => Self::InTrash { account },
            core::RowVerdict::SameName { accounts, choice } => {
                Self::SameName { accounts, choice: choice.into() }
            }
            core::RowVerdict::SameSecret { accounts, choice, .. } => {
                Self::SameSecret { accounts, choice: choice.into() }
            }
            core::RowVerdict::Deleted => Self::Deleted,
            core::RowVerdict::Repeated { row } => Self::Repeated { row: signed(row) },
            core::RowVerdict::Refused { reason } => Self::Refused { reason: reason.into() },
            _ => Self::Refused { reason: core::EntryError::Malformed.into() },
        }
    }
}

impl From<core::SameName> for SameName {
    fn from(choice: core::SameName) -> Self {
        match choice {
            core::SameName::Replace => Self::Replace,
            core::SameName::Skip => Self::Skip,
            _ => Self::KeepBoth,
        }
    }
}

impl From<SameName> for core::SameName {
    fn from(choice: SameName) -> Self {
        match choice {
            SameName::KeepBoth => Self::KeepBoth,
            SameName::Replace => Self::Replace,
            SameName::Skip => Self::Skip,
        }
    }
}
