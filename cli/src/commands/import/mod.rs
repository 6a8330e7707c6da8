//! `countersign import`: imports accounts from other apps' exports.

mod rows;
mod undo;

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use countersign_authenticator::import::{
    AddedFile, Import as CoreImport, ImportError, ImportOptions, ImportedRow, RowOutcome, RowVerdict,
    SameName, preview,
};
use countersign_authenticator::vault::VaultError;
use countersign_authenticator::{Error, Secret};
pub(super) use rows::Imported;

use crate::args::Global;
use crate::failure::Failure;
use crate::output::Output;
use crate::text::safe;
use crate::{input, passphrase, prompt, session};

/// `docs/import.md` lists the supported formats.
#[derive(Args)]
pub(crate) struct Import {
    /// Exports of other apps, lists of otpauth links, pictures of QR codes
    #[arg(required_unless_present = "undo", value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Show what would happen to each entry without changing anything
    #[arg(long)]
    dry_run: bool,
    /// What to do with an entry if an account of the same name has another secret
    #[arg(long, value_enum, value_name = "CHOICE", default_value = "keep-both")]
    on_same_name: OnSameName,
    /// What to do with an entry if an account of another name has the same secret
    #[arg(long, value_enum, value_name = "CHOICE", default_value = "keep-both")]
    on_same_secret: OnSameSecret,
    /// Also import entries from the other app's trash
    #[arg(long)]
    deleted: bool,
    /// Import the rest even if some entries can't be imported
    #[arg(long)]
    partial: bool,
    /// Read the export's password from the first line of this file
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Undo the last import, after showing what that changes
    #[arg(long, conflicts_with_all = ["files", "dry_run", "partial", "password_file"])]
    undo: bool,
    /// Undo without asking
    #[arg(long, requires = "undo")]
    yes: bool,
}

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum OnSameName {
    /// Keep both
    KeepBoth,
    /// Add it, and move the other to the trash
    Replace,
    /// Leave it out
    Skip,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OnSameSecret {
    /// Add it as another account
    KeepBoth,
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
        return undo::run(args.yes, global, output);
    }
    let files: Vec<String> = args.files.iter().map(|file| shown(file)).collect();
    let mut import = CoreImport::new();
    let mut has_unreadable_letters = false;
    for file in &args.files {
        has_unreadable_letters |=
            read(&mut import, file, args.password_file.as_deref())?.has_unreadable_letters;
    }
    if has_unreadable_letters {
        output.note(input::UNREADABLE_LETTERS);
    }
    let mut options = ImportOptions::default();
    options.partial = args.partial;
    options.same_name = args.on_same_name.into();
    options.skip_same_secret = args.on_same_secret == OnSameSecret::Skip;
    options.deleted = args.deleted;
    if args.dry_run {
        let rows = match session::open(global) {
            // Without a vault, every entry is new.
            Err(Failure::Core(Error::Vault(VaultError::Missing))) => {
                preview(&import, &[], &options).map_err(Error::from)?.rows
            }
            opened => opened?.authenticator.preview_import(&import, &options)?.rows,
        };
        output.report(&Imported::previewed(&rows, &files))?;
        // The same result as without --dry-run.
        let refused = rows.iter().filter(|row| matches!(row.verdict, RowVerdict::Refused { .. })).count();
        return match refused {
            1.. if !args.partial => Err(Error::from(ImportError::EntriesRefused(refused)).into()),
            _ => Ok(()),
        };
    }
    // Before a vault is created in vain.
    let mut rows = preview(&import, &[], &options).map_err(Error::from)?.rows;
    rows.retain(|row| matches!(row.verdict, RowVerdict::Refused { .. }));
    if !rows.is_empty() && !args.partial {
        output.report(&Imported::previewed(&rows, &files))?;
        return Err(Error::from(ImportError::EntriesRefused(rows.len())).into());
    }
    let session = session::open_or_create(global, output)?;
    let report = session.authenticator.import(&import, &options)?;
    output.report(&Imported::done(&report, &files))?;
    let has_changed = |row: &ImportedRow| {
        !matches!(row.outcome, RowOutcome::Unchanged { .. } | RowOutcome::Skipped | RowOutcome::Refused)
    };
    output.note(if report.rows.iter().any(has_changed) {
        "`countersign import --undo` reverts it."
    } else {
        "Nothing was changed."
    });
    Ok(())
}

/// A file's name in output.
fn shown(file: &Path) -> String {
    if file == Path::new("-") { "standard input".to_owned() } else { safe(&file.display().to_string()) }
}

/// Reads one file, and asks for its password if it needs one, again after a mistake.
fn read(import: &mut CoreImport, file: &Path, password_file: Option<&Path>) -> Result<AddedFile, Failure> {
    let bytes = input::read_any(file)?;
    let mut password: Option<Secret> =
        password_file.map(|file| input::read_first_line(file, "--password-file")).transpose()?;
    for _ in 0..3 {
        match add(import, &bytes, password.as_ref()) {
            Err(ImportError::PasswordNeeded(format) | ImportError::WrongPassword(format))
                if password_file.is_none() && prompt::can_ask() =>
            {
                let name = safe(&file.display().to_string());
                password = Some(prompt::secret(&format!("Password of {name} ({format}): "))?);
            }
            Err(ImportError::IsPicture) => return placed(file, import.add_picture(&bytes)),
            added => return placed(file, added),
        }
    }
    placed(file, add(import, &bytes, password.as_ref()))
}

/// Adds a file. Other apps may have taken another form of the password.
fn add(import: &mut CoreImport, bytes: &[u8], password: Option<&Secret>) -> Result<AddedFile, ImportError> {
    let is_wrong = |error: &ImportError| matches!(error, ImportError::WrongPassword(_));
    match password {
        None => import.add_file(bytes, None),
        Some(password) => passphrase::open(password, is_wrong, |it| import.add_file(bytes, Some(it))),
    }
}

fn placed(file: &Path, added: Result<AddedFile, ImportError>) -> Result<AddedFile, Failure> {
    added.map_err(|error| Failure::from(Error::from(error)).at(file))
}
