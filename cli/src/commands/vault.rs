//! `countersign vault`: what opens the vault.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use countersign_core::protocol::Id;
use countersign_core::vault::{KeySlot, NewSlot, RecoveryCode, SlotKind, Vault as CoreVault};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::args::Global;
use crate::failure::Failure;
use crate::output::{Look, Output, Report};
use crate::text::{BOLD, DIM, ERROR};
use crate::{input, prompt, session};

#[derive(Args)]
pub(crate) struct Vault {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Show where the vault is and what opens it; needs no passphrase
    Show,
    /// Change the passphrase
    Passphrase {
        /// Take the new passphrase from the first line of this file
        #[arg(long, value_name = "FILE")]
        new_passphrase_file: Option<PathBuf>,
    },
    /// Make a recovery code, to be kept on paper
    RecoveryCode {
        /// Make one although there is one, which then opens nothing any more
        #[arg(long)]
        replace: bool,
    },
    /// Open the vault by its recovery code and give it a new passphrase
    Recover {
        /// Take the recovery code from the first line of this file
        #[arg(long, value_name = "FILE")]
        recovery_code_file: Option<PathBuf>,
        /// Take the new passphrase from the first line of this file
        #[arg(long, value_name = "FILE")]
        new_passphrase_file: Option<PathBuf>,
    },
}

pub(crate) fn run(args: Vault, global: &Global, output: Output) -> Result<(), Failure> {
    let vault = session::open_locked(global)?;
    match args.action {
        Action::Show => {}
        Action::Passphrase { new_passphrase_file } => {
            let current = session::passphrase(global, "Passphrase as it is: ")?;
            // Tried first: nobody should make up a new one for nothing.
            vault.unlock_with_passphrase(&current)?;
            let new = session::new_passphrase(new_passphrase_file.as_deref(), "New passphrase: ")?;
            vault.change_passphrase(&current, &new)?;
            output.note("The passphrase is changed.");
        }
        Action::RecoveryCode { replace } => {
            session::unlock(&vault, global)?;
            return output.report(&make_recovery_code(&vault, replace)?);
        }
        Action::Recover { recovery_code_file, new_passphrase_file } => {
            vault.unlock_with_recovery_code(&recovery_code(recovery_code_file.as_deref())?)?;
            let new = session::new_passphrase(new_passphrase_file.as_deref(), "New passphrase: ")?;
            exchange(&vault, SlotKind::Passphrase, &NewSlot::from_passphrase(&new)?)?;
            output.note("The vault has a new passphrase. The recovery code still opens it, too.");
        }
    }
    let slots = vault.slots()?.iter().map(SlotView::new).collect();
    output.report(&VaultReport { path: session::vault_path(global)?.display().to_string(), slots })
}

fn make_recovery_code(vault: &CoreVault, replace: bool) -> Result<RecoveryCodeReport, Failure> {
    let has_one = vault.slots()?.iter().any(|slot| slot.kind == SlotKind::RecoveryCode);
    if has_one && !replace {
        if !prompt::can_ask() {
            return Err(Failure::Usage(
                "there is a recovery code already; give --replace to make another".to_owned(),
            ));
        }
        if !prompt::confirm(
            "There is a recovery code already, which would then open nothing any more. Go on?",
        )? {
            return Err(Failure::Cancelled);
        }
    }
    let code = RecoveryCode::make_random();
    exchange(vault, SlotKind::RecoveryCode, &NewSlot::from_recovery_code(&code))?;
    Ok(RecoveryCodeReport { recovery_code: code.to_text() })
}

/// Puts a slot in the place of all of its kind.
fn exchange(vault: &CoreVault, kind: SlotKind, slot: &NewSlot) -> Result<(), Failure> {
    let old: Vec<Id> = vault.slots()?.iter().filter(|slot| slot.kind == kind).map(|slot| slot.id).collect();
    match old.split_first() {
        None => vault.add_slot(slot)?,
        Some((first, rest)) => {
            vault.replace_slot(*first, slot)?;
            rest.iter().try_for_each(|id| vault.remove_slot(*id))?;
        }
    }
    Ok(())
}

fn recovery_code(file: Option<&Path>) -> Result<RecoveryCode, Failure> {
    let text = match file {
        Some(path) => {
            Zeroizing::new(String::from_utf8_lossy(input::read_first_line(path)?.expose()).into_owned())
        }
        None if prompt::can_ask() => prompt::from_paper("Recovery code: ")?,
        None => return Err(Failure::PassphraseNeeded),
    };
    Ok(RecoveryCode::parse(&text)?)
}

#[derive(Serialize)]
struct VaultReport {
    path: String,
    slots: Vec<SlotView>,
}

#[derive(Serialize)]
struct SlotView {
    id: Id,
    kind: &'static str,
    damaged: bool,
}

impl SlotView {
    fn new(slot: &KeySlot) -> Self {
        Self { id: slot.id, kind: slot.kind.name(), damaged: slot.damaged }
    }
}

impl Report for VaultReport {
    fn write_text(&self, out: &mut dyn Write, look: Look) -> io::Result<()> {
        if look.quiet {
            return writeln!(out, "{}", self.path);
        }
        writeln!(out, "{BOLD}Vault{BOLD:#}     {}", self.path)?;
        for (index, slot) in self.slots.iter().enumerate() {
            let name = match slot.kind {
                "recovery_code" => "recovery code",
                "key_store" => "the platform's key store",
                kind => kind,
            };
            let heading = if index == 0 { "Opened by" } else { "" };
            let damage = if slot.damaged { format!("  {ERROR}damaged{ERROR:#}") } else { String::new() };
            writeln!(out, "{DIM}{heading:<10}{DIM:#}{name}{damage}")?;
        }
        Ok(())
    }
}

#[derive(Serialize)]
struct RecoveryCodeReport {
    #[serde(serialize_with = "expose")]
    recovery_code: Zeroizing<String>,
}

impl Report for RecoveryCodeReport {
    fn write_text(&self, out: &mut dyn Write, look: Look) -> io::Result<()> {
        if look.terminal && !look.quiet {
            writeln!(
                out,
                "Write this down and keep it where you keep your papers. It opens the vault without the"
            )?;
            writeln!(out, "passphrase, and it isn't shown again.\n")?;
            writeln!(out, "  {BOLD}{}{BOLD:#}", self.recovery_code.as_str())
        } else {
            writeln!(out, "{}", self.recovery_code.as_str())
        }
    }
}

/// The one secret that is printed, since it is made to be written down.
fn expose<S: serde::Serializer>(text: &Zeroizing<String>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(text)
}
