//! `countersign import`: accounts out of other apps' exports.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use countersign_core::import::{
    Import as CoreImport, ImportError, ImportOptions, ImportReport, ImportRow, RowOutcome, RowVerdict,
    SameName, UndoReport, preview,
};
use countersign_core::protocol::Id;
use countersign_core::vault::VaultError;
use countersign_core::{Error, Secret};
use serde::Serialize;

use crate::args::Global;
use crate::failure::Failure;
use crate::output::{Look, Output, Report};
use crate::text::{BOLD, DIM, GOOD, WARNING, count, label, safe};
use crate::{input, prompt, session};

/// What can be read is listed in `docs/import.md`.
#[derive(Args)]
pub(crate) struct Import {
    /// Exports of other apps, lists of otpauth links, pictures of QR codes
    #[arg(required_unless_present = "undo", value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Say what would become of every entry, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// What to do with an entry whose name an account already has, with another secret
    #[arg(long, value_enum, value_name = "CHOICE", default_value = "keep-both")]
    on_same_name: OnSameName,
    /// Import the others although some entries can't be
    #[arg(long)]
    partial: bool,
    /// Take the export's password from the first line of this file
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Take the last import back
    #[arg(long, conflicts_with_all = ["files", "dry_run", "partial", "password_file"])]
    undo: bool,
}

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum OnSameName {
    /// Add it beside the other
    KeepBoth,
    /// Add it, and put the other in the trash
    Replace,
    /// Leave it out
    Skip,
}

impl From<OnSameName> for SameName {
    fn from(choice: OnSameName) -> Self {
        match choice {
            OnSameName::KeepBoth => Self::KeepBoth,
            OnSameName::Replace => Self::Replace,
            OnSameName::Skip => Self::Skip,
        }
    }
}

pub(crate) fn run(args: &Import, global: &Global, output: Output) -> Result<(), Failure> {
    if args.undo {
        let report = session::open(global)?.authenticator.undo_import()?;
        return output.report(&Undone::from(report));
    }
    let mut import = CoreImport::new();
    for file in &args.files {
        read(&mut import, file, args.password_file.as_deref())?;
    }
    let mut options = ImportOptions::default();
    options.partial = args.partial;
    options.same_name = args.on_same_name.into();
    if args.dry_run {
        let rows = match session::open(global) {
            // Without a vault everything is new.
            Err(Failure::Core(Error::Vault(VaultError::Missing))) => {
                preview(&import, &[], &options).map_err(Error::from)?.rows
            }
            opened => opened?.authenticator.preview_import(&import, &options)?.rows,
        };
        return output.report(&Imported::previewed(&rows));
    }
    // Before a vault is made for nothing.
    let mut rows = preview(&import, &[], &options).map_err(Error::from)?.rows;
    rows.retain(|row| matches!(row.verdict, RowVerdict::Refused { .. }));
    if !rows.is_empty() && !args.partial {
        output.report(&Imported::previewed(&rows))?;
        return Err(Error::from(ImportError::EntriesRefused(rows.len())).into());
    }
    let session = session::open_or_create(global, output)?;
    let report = session.authenticator.import(&import, &options)?;
    output.report(&Imported::done(&report))?;
    output.note("`countersign import --undo` takes it back.");
    Ok(())
}

/// Reads one file; asks for its password where it needs one, and once more where it was mistyped.
fn read(import: &mut CoreImport, file: &Path, password_file: Option<&Path>) -> Result<(), Failure> {
    let bytes = input::read_any(file)?;
    let mut password: Option<Secret> = password_file.map(input::read_first_line).transpose()?;
    for _ in 0..3 {
        match import.add_file(&bytes, password.as_ref()) {
            Err(ImportError::PasswordNeeded(format) | ImportError::WrongPassword(format))
                if password_file.is_none() && prompt::can_ask() =>
            {
                let name = safe(&file.display().to_string());
                password = Some(prompt::secret(&format!("Password of {name} ({format}): "))?);
            }
            Err(ImportError::IsPicture) => {
                import.add_picture(&bytes).map_err(Error::from)?;
                return Ok(());
            }
            added => {
                added.map_err(Error::from)?;
                return Ok(());
            }
        }
    }
    import.add_file(&bytes, password.as_ref()).map_err(Error::from)?;
    Ok(())
}

#[derive(Serialize)]
pub(super) struct Imported {
    dry_run: bool,
    /// How many accounts were read back and found to be what the files hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    proven: Option<usize>,
    rows: Vec<RowView>,
}

#[derive(Serialize)]
struct RowView {
    issuer: String,
    name: String,
    format: &'static str,
    verdict: &'static str,
    /// What became of it; nothing in a dry run.
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<&'static str>,
    /// The account that the entry is in now, or that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<Id>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    same_name: Vec<Id>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    replaced: Vec<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

impl Imported {
    pub(super) fn previewed(rows: &[ImportRow]) -> Self {
        Self { dry_run: true, proven: None, rows: rows.iter().map(RowView::new).collect() }
    }

    pub(super) fn done(report: &ImportReport) -> Self {
        let rows = report.rows.iter().map(|imported| {
            let mut view = RowView::new(&imported.row);
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
    fn new(row: &ImportRow) -> Self {
        let mut view = Self {
            issuer: row.issuer.clone(),
            name: row.name.clone(),
            format: row.format.code(),
            verdict: "new",
            outcome: None,
            account: None,
            same_name: Vec::new(),
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
            RowVerdict::Repeated { .. } => view.verdict = "repeated",
            RowVerdict::Refused { reason } => {
                (view.verdict, view.why) = ("refused", Some(reason.to_string()));
            }
            _ => view.verdict = "other",
        }
        view
    }

    /// What a person is told, in a few words.
    fn says(&self) -> String {
        let others = count(self.same_name.len(), "account");
        match (self.outcome, self.verdict) {
            (Some("added"), _) if !self.replaced.is_empty() => {
                format!("added; {} of its name put in the trash", count(self.replaced.len(), "account"))
            }
            (Some("added"), "same_name") => format!("added beside {others} of its name"),
            (Some("added"), _) => "added".to_owned(),
            (Some("unchanged"), _) => "here already".to_owned(),
            (Some("counter_moved"), _) => "here already; its counter follows".to_owned(),
            (Some("restored"), _) => "taken out of the trash".to_owned(),
            (Some("skipped"), _) => "left out".to_owned(),
            (_, "new") => "new".to_owned(),
            (_, "present") => "here already".to_owned(),
            (_, "counter_ahead") => "here already; its counter would follow".to_owned(),
            (_, "in_trash") => "in the trash; would come back".to_owned(),
            (_, "same_name") => format!("{others} of its name with another secret"),
            (_, "repeated") => "in the files twice".to_owned(),
            _ => self.why.clone().unwrap_or_default(),
        }
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
            let label = safe(&label(&row.issuer, &row.name));
            let says = row.says();
            match (row.verdict, row.outcome) {
                ("refused", _) => writeln!(out, "{WARNING}{label}{WARNING:#}  {says}")?,
                (_, Some("added" | "restored")) => writeln!(out, "{label}  {GOOD}{says}{GOOD:#}")?,
                _ => writeln!(out, "{label}  {DIM}{says}{DIM:#}")?,
            }
        }
        match self.proven.filter(|_| !look.quiet) {
            Some(proven) => writeln!(
                out,
                "\n{BOLD}{} of {}{BOLD:#} read back from the vault and found as in the files",
                proven,
                count(proven, "account")
            ),
            None => Ok(()),
        }
    }
}

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
        writeln!(out, "Undone: {} put in the trash, {} taken out of it.", self.trashed, self.restored)?;
        if self.left > 0 {
            writeln!(out, "{} had changed since and stayed as they are.", count(self.left, "account"))?;
        }
        Ok(())
    }
}
