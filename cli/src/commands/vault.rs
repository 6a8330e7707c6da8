//! `countersign vault`: passphrase, recovery code and the vault's location.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use countersign_authenticator::Secret;
use countersign_authenticator::protocol::Id;
use countersign_authenticator::vault::{KeySlot, NewSlot, RecoveryCode, SlotKind, Vault as CoreVault};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::args::Global;
use crate::failure::Failure;
use crate::output::{Look, Output, Report};
use crate::text::{BOLD, DIM, ERROR, WARNING, plain};
use crate::{input, passphrase, prompt, recovery_code, reminder, session};

#[derive(Args)]
pub(crate) struct Vault {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Show the vault's path and key slots; needs no passphrase
    Show,
    /// Change the passphrase, or check that you still know it
    Passphrase {
        /// Read the new passphrase from the first line of this file
        #[arg(long, value_name = "FILE", conflicts_with = "check")]
        new_passphrase_file: Option<PathBuf>,
        /// Check that you know it, even if --passphrase-file opens the vault, and record the time
        #[arg(long)]
        check: bool,
        /// Read the typed passphrase from the first line of this file
        #[arg(long, value_name = "FILE", requires = "check")]
        typed_passphrase_file: Option<PathBuf>,
    },
    /// Create a recovery code to keep on paper, or check the one you wrote down
    RecoveryCode {
        /// Replace the existing code, which will no longer open the vault
        #[arg(long, conflicts_with = "check")]
        replace: bool,
        /// Check the code that you wrote down, and record that it works
        #[arg(long)]
        check: bool,
        /// Read the code to check from the first line of this file
        #[arg(long, value_name = "FILE", requires = "check")]
        recovery_code_file: Option<PathBuf>,
    },
    /// Move a vault that can't be opened out of the way; nothing is deleted
    SetAside {
        /// Don't ask for confirmation
        #[arg(long)]
        yes: bool,
    },
    /// Open the vault with its recovery code and set a new passphrase
    Recover {
        /// Read the recovery code from the first line of this file
        #[arg(long, value_name = "FILE")]
        recovery_code_file: Option<PathBuf>,
        /// Read the new passphrase from the first line of this file
        #[arg(long, value_name = "FILE")]
        new_passphrase_file: Option<PathBuf>,
    },
}

pub(crate) fn run(args: Vault, global: &Global, output: Output) -> Result<(), Failure> {
    match &args.action {
        Action::SetAside { yes } => return set_aside(*yes, global, output),
        Action::Passphrase { check: true, typed_passphrase_file, .. } => {
            return reminder::check(global, typed_passphrase_file.as_deref(), output);
        }
        _ => {}
    }
    let vault = session::open_locked(global)?;
    match args.action {
        Action::Show | Action::SetAside { .. } => {}
        Action::Passphrase { new_passphrase_file, .. } => {
            let current = session::passphrase(global, "Current passphrase: ")?;
            // Tried first, so that nobody thinks up a new one in vain.
            passphrase::open(&current, session::is_wrong, |it| vault.unlock_with_passphrase(it))?;
            let new = new_passphrase(new_passphrase_file.as_deref())?;
            passphrase::open(&current, session::is_wrong, |it| vault.change_passphrase(it, &new))?;
            output.note("The passphrase has changed.");
        }
        Action::RecoveryCode { check: true, recovery_code_file, .. } => {
            session::unlock(&vault, global)?;
            vault.check_recovery_code(&read_recovery_code(recovery_code_file.as_deref())?)?;
            output.note("Correct. This code opens the vault.");
        }
        Action::RecoveryCode { replace, .. } => {
            session::unlock(&vault, global)?;
            return recovery_code::make(&vault, replace, output);
        }
        Action::Recover { recovery_code_file, new_passphrase_file } => {
            vault.unlock_with_recovery_code(&read_recovery_code(recovery_code_file.as_deref())?)?;
            let new = new_passphrase(new_passphrase_file.as_deref())?;
            recovery_code::exchange(&vault, SlotKind::Passphrase, &NewSlot::from_passphrase(&new)?)?;
            output.note("The vault has a new passphrase. The recovery code still opens it.");
        }
    }
    let slots = vault.slots()?.iter().map(SlotView::new).collect();
    output.report(&VaultReport { path: session::vault_path(global)?.display().to_string(), slots })
}

fn set_aside(yes: bool, global: &Global, output: Output) -> Result<(), Failure> {
    let path = session::vault_path(global)?;
    session::check_path(&path)?;
    if !yes {
        if !prompt::can_ask() {
            return Err(Failure::ConfirmationNeeded);
        }
        if !prompt::confirm(
            "The vault will be moved into a folder next to it, and the next account will start a new vault. Continue?",
        )? {
            return Err(Failure::Cancelled);
        }
    }
    let folder = CoreVault::set_aside(&path)?;
    output.report(&SetAsideReport { folder: folder.display().to_string() })
}

fn read_recovery_code(file: Option<&Path>) -> Result<RecoveryCode, Failure> {
    let text = match file {
        Some(path) => {
            let line = input::read_first_line(path, "--recovery-code-file")?;
            Zeroizing::new(String::from_utf8_lossy(line.expose()).into_owned())
        }
        None if prompt::can_ask() => prompt::from_paper("Recovery code: ")?,
        None => return Err(Failure::PassphraseNeeded),
    };
    Ok(RecoveryCode::parse(&plain(&text))?)
}

fn new_passphrase(file: Option<&Path>) -> Result<Secret, Failure> {
    session::new_passphrase(file.map(|file| (file, "--new-passphrase-file")), "New passphrase: ")
}

#[derive(Serialize)]
struct VaultReport {
    path: String,
    slots: Vec<SlotView>,
}

#[derive(Serialize)]
struct SetAsideReport {
    folder: String,
}

impl Report for SetAsideReport {
    fn write_text(&self, out: &mut dyn Write, look: Look) -> io::Result<()> {
        let words = if look.quiet { "" } else { "Moved to " };
        writeln!(out, "{words}{}", self.folder)
    }
}

#[derive(Serialize)]
struct SlotView {
    id: Id,
    kind: &'static str,
    damaged: bool,
    proven: Option<bool>,
}

impl SlotView {
    fn new(slot: &KeySlot) -> Self {
        Self { id: slot.id, kind: slot.kind.name(), damaged: slot.damaged, proven: slot.proven }
    }
}

impl Report for VaultReport {
    fn write_text(&self, out: &mut dyn Write, look: Look) -> io::Result<()> {
        if look.quiet {
            return writeln!(out, "{}", self.path);
        }
        writeln!(out, "{BOLD}Vault{BOLD:#}       {}", self.path)?;
        for (index, slot) in self.slots.iter().enumerate() {
            let name = match slot.kind {
                "recovery_code" => "recovery code",
                "key_store" => "the platform's key store",
                kind => kind,
            };
            let heading = if index == 0 { "Opens with" } else { "" };
            let state = match (slot.damaged, slot.proven) {
                (true, _) => format!("  {ERROR}damaged{ERROR:#}"),
                (false, Some(false)) => format!("  {WARNING}never checked{WARNING:#}"),
                (false, _) => String::new(),
            };
            writeln!(out, "{DIM}{heading:<12}{DIM:#}{name}{state}")?;
        }
        Ok(())
    }
}
