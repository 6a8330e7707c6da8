//! The outcome of every entry of an import, for people and programs.

use std::io::{self, Write};

use countersign_authenticator::import::{ImportReport, ImportRow, Place, RowOutcome, RowVerdict};
use countersign_authenticator::protocol::Id;
use serde::Serialize;

use crate::output::{Look, Report};
use crate::text::{BOLD, DIM, GOOD, WARNING, count, label, safe};

#[derive(Serialize)]
pub(in super::super) struct Imported {
    dry_run: bool,
    /// Number of accounts that were read back and match the files.
    #[serde(skip_serializing_if = "Option::is_none")]
    proven: Option<usize>,
    rows: Vec<RowView>,
}

#[derive(Serialize)]
struct RowView {
    issuer: String,
    name: String,
    format: &'static str,
    /// The file; none for an export in several QR codes.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    /// Its position in the file: the line of a text, or the number of the entry, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    entry: Option<usize>,
    verdict: &'static str,
    /// The outcome; none in a dry run.
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<&'static str>,
    /// The account that contains the entry now, or that it refers to.
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<Id>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    same_name: Vec<Id>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    same_secret: Vec<Id>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    replaced: Vec<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

impl Imported {
    /// A preview; `files` are the names of the files in their order.
    pub(in super::super) fn previewed(rows: &[ImportRow], files: &[String]) -> Self {
        let rows = rows.iter().map(|row| RowView::new(row, files)).collect();
        Self { dry_run: true, proven: None, rows }
    }

    /// The result.
    pub(in super::super) fn done(report: &ImportReport, files: &[String]) -> Self {
        let rows = report.rows.iter().map(|imported| {
            let mut view = RowView::new(&imported.row, files);
            view.outcome = Some(match &imported.outcome {
                RowOutcome::Added { .. } => "added",
                RowOutcome::Unchanged { .. } => "unchanged",
                RowOutcome::CounterMoved { .. } => "counter_moved",
                RowOutcome::Restored { .. } => "restored",
                RowOutcome::Skipped => "skipped",
                _ => "refused",
            });
            view.account = imported.outcome.account();
            if let RowOutcome::Added { replaced, .. } = &imported.outcome {
                view.replaced.clone_from(replaced);
            }
            view
        });
        Self { dry_run: false, proven: Some(report.proven), rows: rows.collect() }
    }
}

impl RowView {
    fn new(row: &ImportRow, files: &[String]) -> Self {
        let (line, entry) = match row.place {
            Place::Line(number) => (Some(number), None),
            Place::Entry(number) => (None, Some(number)),
            _ => (None, None),
        };
        let mut view = Self {
            issuer: row.issuer.clone(),
            name: row.name.clone(),
            format: row.format.code(),
            file: row.file.and_then(|file| files.get(file)).cloned(),
            line,
            entry,
            verdict: "new",
            outcome: None,
            account: None,
            same_name: Vec::new(),
            same_secret: Vec::new(),
            replaced: Vec::new(),
            why: None,
        };
        match &row.verdict {
            RowVerdict::New => {}
            RowVerdict::Present { account } => {
                (view.verdict, view.account) = ("present", Some(*account));
            }
            RowVerdict::CounterAhead { account, .. } => {
                (view.verdict, view.account) = ("counter_ahead", Some(*account));
            }
            RowVerdict::InTrash { account } => {
                (view.verdict, view.account) = ("in_trash", Some(*account));
            }
            RowVerdict::SameName { accounts, .. } => {
                view.verdict = "same_name";
                view.same_name.clone_from(accounts);
            }
            RowVerdict::SameSecret { accounts, .. } => {
                view.verdict = "same_secret";
                view.same_secret.clone_from(accounts);
            }
            RowVerdict::Repeated { .. } => view.verdict = "repeated",
            RowVerdict::Deleted => view.verdict = "deleted",
            RowVerdict::Refused { reason } => {
                (view.verdict, view.why) = ("refused", Some(reason.to_string()));
            }
            _ => view.verdict = "other",
        }
        view
    }

    /// A short description for people.
    fn says(&self) -> String {
        let others = count(self.same_name.len(), "account");
        match (self.outcome, self.verdict) {
            (Some("added"), _) if !self.replaced.is_empty() => {
                format!("added; {} moved to the trash", count(self.replaced.len(), "account"))
            }
            (Some("added"), "same_name") => format!("added; {others} of the same name kept"),
            (Some("added"), "same_secret") => format!("added; same secret as {}", self.twins()),
            (Some("added"), _) => "added".to_owned(),
            (Some("unchanged"), "repeated") => "duplicate in the files".to_owned(),
            (Some("unchanged"), _) => "already present".to_owned(),
            (Some("counter_moved"), _) => "already present; counter advanced".to_owned(),
            (Some("restored"), _) => "restored from the trash".to_owned(),
            (_, "deleted") => "skipped: in the other app's trash; use `--deleted` to import it".to_owned(),
            (Some("skipped"), "same_secret") => format!("skipped: same secret as {}", self.twins()),
            (Some("skipped"), "same_name") => {
                format!("skipped: {others} of the same name with another secret")
            }
            (Some("skipped"), _) => "skipped".to_owned(),
            (_, "new") => "new".to_owned(),
            (_, "present") => "already present".to_owned(),
            (_, "counter_ahead") => "already present; its counter would advance".to_owned(),
            (_, "in_trash") => "in the trash; would be restored".to_owned(),
            (_, "same_name") => format!("{others} of the same name with another secret"),
            (_, "same_secret") => format!("new; same secret as {}", self.twins()),
            (_, "repeated") => "duplicate in the files".to_owned(),
            _ => self.why.clone().unwrap_or_default(),
        }
    }

    /// What has the same secret.
    fn twins(&self) -> String {
        match self.same_secret.len() {
            0 => "an entry of another name".to_owned(),
            accounts => format!("{} of another name", count(accounts, "account")),
        }
    }

    /// `list.txt, line 3`
    fn place(&self) -> Option<String> {
        let place = match (self.line, self.entry) {
            (Some(line), _) => format!("line {line}"),
            (None, Some(entry)) => format!("entry {entry}"),
            (None, None) => return self.file.clone(),
        };
        Some(match &self.file {
            Some(file) => format!("{file}, {place}"),
            None => place,
        })
    }

    /// The account's label, or the entry's position if it has none.
    fn label(&self) -> String {
        let is_named = !self.issuer.is_empty() || !self.name.is_empty();
        let place = self.place().filter(|_| !is_named);
        place.unwrap_or_else(|| safe(&label(&self.issuer, &self.name)))
    }
}

impl Report for Imported {
    fn write_text(&self, out: &mut dyn Write, look: Look) -> io::Result<()> {
        for row in &self.rows {
            if look.quiet {
                if let Some(account) = row.account {
                    writeln!(out, "{account}")?;
                }
                continue;
            }
            let label = row.label();
            let says = row.says();
            match (row.verdict, row.outcome) {
                ("refused", _) => {
                    let place = row.place().filter(|place| *place != label);
                    let place = place.map(|place| format!(" ({place})")).unwrap_or_default();
                    writeln!(out, "{WARNING}{label}{WARNING:#}{DIM}{place}{DIM:#}  {says}")?;
                }
                (_, Some("skipped")) | ("deleted", _) => {
                    writeln!(out, "{label}  {WARNING}{says}{WARNING:#}")?
                }
                (_, Some("added" | "restored")) => writeln!(out, "{label}  {GOOD}{says}{GOOD:#}")?,
                _ => writeln!(out, "{label}  {DIM}{says}{DIM:#}")?,
            }
        }
        match self.proven.filter(|_| !look.quiet) {
            Some(proven) => writeln!(
                out,
                "\n{BOLD}{} of {}{BOLD:#} verified by reading the vault back",
                proven,
                count(proven, "account")
            ),
            None => Ok(()),
        }
    }
}
