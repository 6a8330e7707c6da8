//! `countersign backup` and `countersign export`: accounts into files that have been proven to restore.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use countersign_core::backup::{BackupError, ExportFormat, LeftBehind, LeftReason, Rehearsal};
use countersign_core::import::ImportError;
use countersign_core::protocol::Id;
use countersign_core::{Error, LastBackup, Secret};
use serde::Serialize;

use crate::args::Global;
use crate::failure::Failure;
use crate::output::{Look, Output, Report};
use crate::text::{BOLD, GOOD, WARNING, count, label, safe};
use crate::{input, prompt, session};

#[derive(Args)]
pub(crate) struct Backup {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Make an encrypted backup in a folder, prove it, and remove the oldest ones
    Make {
        folder: PathBuf,
        /// How many backups stay in the folder
        #[arg(long, value_name = "NUMBER", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
        keep: u16,
        #[command(flatten)]
        password: Password,
    },
    /// Say what a backup, or another export, would restore of the accounts there are now
    Check {
        file: PathBuf,
        #[command(flatten)]
        password: Password,
    },
    /// Say when a backup was last proven
    Status,
}

#[derive(Args)]
pub(crate) struct Export {
    /// The file to write; an existing one is not overwritten
    file: PathBuf,
    #[arg(long, value_enum, default_value = "backup")]
    format: Format,
    /// Write secrets that anyone can read without asking
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    password: Password,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Encrypted with a password
    Backup,
    /// Aegis' JSON, which many apps read; not encrypted
    Aegis,
    /// otpauth links, one on each line; not encrypted
    Links,
}

#[derive(Args)]
struct Password {
    /// Take the file's password from the first line of this file
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

pub(crate) fn run(args: &Backup, global: &Global, output: Output) -> Result<(), Failure> {
    let authenticator = session::open(global)?.authenticator;
    match &args.action {
        Action::Make { folder, keep, password } => {
            let backup = authenticator.back_up(folder, &password.ask_for_new()?, usize::from(*keep))?;
            let report = Proven::new(&backup.path, &backup.rehearsal);
            let not_removed = backup.not_removed.map(BackupError::code);
            output.report(&Proven { removed: Some(backup.removed), not_removed, ..report })
        }
        Action::Check { file, password } => {
            let content = input::read_any(file)?;
            let rehearsal = match authenticator.rehearse(&content, password.given()?.as_ref()) {
                Err(Error::Import(ImportError::PasswordNeeded(_))) if password.can_be_asked() => {
                    authenticator.rehearse(&content, Some(&prompt::secret("Password of the backup: ")?))?
                }
                rehearsed => rehearsed?,
            };
            output.report(&Proven::new(file, &rehearsal))
        }
        Action::Status => output.report(&StatusReport::from(authenticator.last_backup()?)),
    }
}

pub(crate) fn run_export(args: &Export, global: &Global, output: Output) -> Result<(), Failure> {
    let format = match args.format {
        Format::Backup => ExportFormat::Backup,
        Format::Aegis => ExportFormat::AegisJson,
        Format::Links => ExportFormat::Links,
    };
    let authenticator = session::open(global)?.authenticator;
    let password = if format.is_plain() {
        confirm_plain(args.yes)?;
        None
    } else {
        Some(args.password.ask_for_new()?)
    };
    let rehearsal = authenticator.export_to(&args.file, format, password.as_ref())?;
    output.report(&Proven::new(&args.file, &rehearsal))
}

fn confirm_plain(yes: bool) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    if !prompt::can_ask() {
        return Err(Failure::ConfirmationNeeded);
    }
    let question = "Whoever gets this file can make all your codes. Write it unencrypted?";
    if prompt::confirm(question)? { Ok(()) } else { Err(Failure::Cancelled) }
}

impl Password {
    /// For a new file: from the option, or typed twice.
    fn ask_for_new(&self) -> Result<Secret, Failure> {
        session::new_passphrase(self.password_file.as_deref(), "Password for the backup: ")
    }

    fn given(&self) -> Result<Option<Secret>, Failure> {
        self.password_file.as_deref().map(input::read_first_line).transpose()
    }

    fn can_be_asked(&self) -> bool {
        self.password_file.is_none() && prompt::can_ask()
    }
}

/// A file, and what it was found to restore.
#[derive(Serialize)]
struct Proven {
    file: String,
    restorable: usize,
    total: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    removed: Option<usize>,
    /// Why older backups are still there that should have made room.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_removed: Option<&'static str>,
    left_behind: Vec<LeftView>,
}

/// An account of which a file or a move doesn't hold all.
#[derive(Serialize)]
pub(super) struct LeftView {
    account: Id,
    issuer: String,
    name: String,
    reason: &'static str,
}

impl LeftView {
    pub(super) fn all(rehearsal: &Rehearsal) -> Vec<Self> {
        let view = |left: &LeftBehind| Self {
            account: left.account,
            issuer: left.issuer.clone(),
            name: left.name.clone(),
            reason: match left.reason {
                LeftReason::Approvals => "approvals",
                LeftReason::ApprovalsBesideCodes => "approvals_beside_codes",
                LeftReason::Damaged => "damaged",
                _ => "different",
            },
        };
        rehearsal.left_behind.iter().map(view).collect()
    }

    pub(super) fn says(&self) -> String {
        let why = match self.reason {
            "approvals" => "approves sign-ins only; enrol it anew on another phone",
            "approvals_beside_codes" => "its codes are restored; enrol its approvals anew",
            "damaged" => "can't be read in the vault; `countersign doctor` tells more",
            _ => "is not in the file as it is now",
        };
        format!("{}  {why}", label(&self.issuer, &self.name))
    }
}

impl Proven {
    fn new(file: &Path, rehearsal: &Rehearsal) -> Self {
        let (restorable, total) = (rehearsal.restorable, rehearsal.total);
        Self {
            file: file.display().to_string(),
            restorable,
            total,
            removed: None,
            not_removed: None,
            left_behind: LeftView::all(rehearsal),
        }
    }
}

impl Report for Proven {
    fn write_text(&self, out: &mut dyn Write, look: Look) -> io::Result<()> {
        if look.quiet {
            return writeln!(out, "{}", self.file);
        }
        let whole = self.restorable == self.total;
        let style = if whole { GOOD } else { WARNING };
        let total = count(self.total, "account");
        writeln!(
            out,
            "{style}{} of {total} can be restored{style:#} from {}",
            self.restorable,
            safe(&self.file)
        )?;
        for left in &self.left_behind {
            writeln!(out, "  {}", safe(&left.says()))?;
        }
        if let Some(removed) = self.removed.filter(|removed| *removed > 0) {
            writeln!(out, "{} removed", count(removed, "older backup"))?;
        }
        if self.not_removed.is_some() {
            writeln!(
                out,
                "{WARNING}Older backups that should make room can't be removed{WARNING:#}; remove them yourself"
            )?;
        }
        Ok(())
    }
}

/// When a backup was last proven.
#[derive(Serialize)]
struct StatusReport {
    proven_at: Option<u64>,
    restorable: Option<u64>,
    total: Option<u64>,
}

impl From<Option<LastBackup>> for StatusReport {
    fn from(last: Option<LastBackup>) -> Self {
        Self {
            proven_at: last.map(|last| last.proven_at),
            restorable: last.map(|last| last.restorable),
            total: last.map(|last| last.total),
        }
    }
}

impl Report for StatusReport {
    fn write_text(&self, out: &mut dyn Write, _: Look) -> io::Result<()> {
        match (self.proven_at, self.restorable, self.total) {
            (Some(at), Some(restorable), Some(total)) => writeln!(
                out,
                "{BOLD}Last proven{BOLD:#} {}: {restorable} of {total} accounts could be restored",
                moment(at)
            ),
            _ => writeln!(out, "No backup has been proven yet; `countersign backup make FOLDER` makes one."),
        }
    }
}

fn moment(unix_seconds: u64) -> String {
    let seconds = i64::try_from(unix_seconds).unwrap_or(i64::MAX);
    jiff::Timestamp::from_second(seconds).map_or_else(|_| "long ago".to_owned(), |at| at.to_string())
}
