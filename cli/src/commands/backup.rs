//! `countersign backup` and `countersign export`: write accounts to files, and verify that they can be restored.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use countersign_authenticator::backup::{BackupError, ExportFormat, LeftBehind, LeftReason, Rehearsal};
use countersign_authenticator::import::ImportError;
use countersign_authenticator::protocol::Id;
use countersign_authenticator::{Error, LastBackup, Secret};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::args::{Global, number};
use crate::failure::Failure;
use crate::output::{Look, Output, Report};
use crate::text::{BOLD, GOOD, WARNING, count, label, moment, safe};
use crate::{input, passphrase, prompt, session};

#[derive(Args)]
pub(crate) struct Backup {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Create and verify an encrypted backup in a folder, and remove the oldest ones
    Make {
        /// An existing folder
        folder: PathBuf,
        /// How many backups to keep in the folder
        #[arg(long, value_name = "NUMBER", default_value_t = 5, value_parser = at_least_one)]
        keep: u16,
        #[command(flatten)]
        password: Password,
    },
    /// Show how many of the current accounts a backup or an export would restore
    Check {
        /// A backup, or an export that `countersign import` can read
        file: PathBuf,
        #[command(flatten)]
        password: Password,
    },
    /// Show when a backup was last verified
    Status,
}

#[derive(Args)]
pub(crate) struct Export {
    /// The file to write; an existing one is not overwritten
    file: PathBuf,
    /// The file's format
    #[arg(long, value_enum, default_value = "backup")]
    format: Format,
    /// Write unencrypted secrets without asking
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    password: Password,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Encrypted with a password
    Backup,
    /// Aegis JSON, which many apps can import; not encrypted
    Aegis,
    /// otpauth links, one per line; not encrypted
    Links,
}

#[derive(Args)]
struct Password {
    /// Read the file's password from the first line of this file
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

pub(crate) fn run(args: &Backup, global: &Global, output: Output) -> Result<(), Failure> {
    // Before asking for a passphrase.
    let content = match &args.action {
        Action::Make { folder, .. } if !folder.is_dir() => {
            return Err(Failure::from(Error::from(BackupError::NoFolder)).at(folder));
        }
        Action::Check { file, .. } => input::read_any(file)?,
        Action::Make { .. } | Action::Status => Zeroizing::default(),
    };
    let authenticator = session::open(global)?.authenticator;
    match &args.action {
        Action::Make { folder, keep, password } => {
            let backup = authenticator.back_up(folder, &password.ask_for_new()?, usize::from(*keep))?;
            let report = Proven::new(&backup.path, &backup.rehearsal);
            let not_removed = backup.not_removed.map(BackupError::code);
            output.report(&Proven { removed: Some(backup.removed), not_removed, ..report })
        }
        Action::Check { file, password } => {
            let rehearse = |password: &Secret| {
                passphrase::open(password, is_wrong, |it| authenticator.rehearse(&content, Some(it)))
            };
            let rehearsal = match password.given()? {
                Some(password) => rehearse(&password)?,
                None => match authenticator.rehearse(&content, None) {
                    Err(Error::Import(ImportError::PasswordNeeded(_))) if prompt::can_ask() => {
                        rehearse(&prompt::secret("Password of the backup: ")?)?
                    }
                    rehearsed => rehearsed?,
                },
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
    if args.file.symlink_metadata().is_ok() {
        return Err(Failure::from(Error::from(BackupError::AlreadyExists)).at(&args.file));
    }
    input::check_folder_of(&args.file)?;
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
    let question = "Anybody who gets this file can generate your codes. Write it unencrypted?";
    if prompt::confirm(question)? { Ok(()) } else { Err(Failure::Cancelled) }
}

impl Password {
    /// For a new file: from the option, or typed twice.
    fn ask_for_new(&self) -> Result<Secret, Failure> {
        let file = self.password_file.as_deref().map(|file| (file, PASSWORD_FILE));
        session::new_passphrase(file, "Password for the backup: ")
    }

    fn given(&self) -> Result<Option<Secret>, Failure> {
        self.password_file.as_deref().map(|file| input::read_first_line(file, PASSWORD_FILE)).transpose()
    }
}

const PASSWORD_FILE: &str = "--password-file";

const fn is_wrong(error: &Error) -> bool {
    matches!(error, Error::Import(ImportError::WrongPassword(_)))
}

fn at_least_one(text: &str) -> Result<u16, String> {
    number(text).and_then(|number| if number > 0 { Ok(number) } else { Err("give at least 1".to_owned()) })
}

/// A file, and what it would restore.
#[derive(Serialize)]
struct Proven {
    file: String,
    restorable: usize,
    total: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    removed: Option<usize>,
    /// Why older backups that should be removed are still there.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_removed: Option<&'static str>,
    left_behind: Vec<LeftView>,
}

/// An account that a file or a move doesn't contain completely.
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
            "approvals" => "only approves sign-ins; enrol it again on another phone",
            "approvals_beside_codes" => "its codes are restored; enrol again for approvals",
            "damaged" => "can't be read in the vault; run `countersign doctor` for details",
            _ => "differs from the file",
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
            writeln!(out, "{WARNING}Older backups can't be removed{WARNING:#}; remove them yourself")?;
        }
        Ok(())
    }
}

/// When a backup was last verified.
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
                "{BOLD}Last verified{BOLD:#} {}: {restorable} of {total} accounts could be restored",
                moment(at)
            ),
            _ => {
                writeln!(
                    out,
                    "You have no verified backup yet; `countersign backup make FOLDER` creates one."
                )
            }
        }
    }
}
