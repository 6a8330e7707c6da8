//! `countersign completions`: a script with which the shell asks this program for completions.

use std::ffi::OsStr;
use std::path::PathBuf;

use clap::{Args, CommandFactory};
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};
use clap_complete::env::{CompleteEnv, Shells};
use countersign_authenticator::vault::Vault;

use crate::account::short;
use crate::args::{Cli, without_empty_variables};
use crate::failure::Failure;
use crate::session;
use crate::text::{label, safe};

#[derive(Args)]
#[command(after_help = "\
Load it when the shell starts:
  bash        source <(countersign completions bash)                          in ~/.bashrc
  zsh         source <(countersign completions zsh)                           in ~/.zshrc
  fish        countersign completions fish | source                           in ~/.config/fish/config.fish
  elvish      eval (countersign completions elvish | slurp)                   in ~/.config/elvish/rc.elv
  powershell  countersign completions powershell | Out-String | Invoke-Expression   in $PROFILE

Accounts are completed only if COUNTERSIGN_PASSPHRASE_FILE opens the vault, because completion can't ask questions.")]
pub(crate) struct Completions {
    /// The shell: bash, elvish, fish, powershell or zsh
    #[arg(value_parser = ["bash", "elvish", "fish", "powershell", "zsh"])]
    shell: String,
}

pub(crate) fn run(args: &Completions) -> Result<(), Failure> {
    let mut script = Vec::new();
    let shells = Shells::builtins();
    let shell = shells.completer(&args.shell).ok_or_else(|| Failure::Usage("no such shell".to_owned()))?;
    shell.write_registration(VARIABLE, NAME, NAME, NAME, &mut script)?;
    Ok(std::io::Write::write_all(&mut std::io::stdout().lock(), &script)?)
}

/// Answers the script's question, if it is one, and ends the program then.
pub(crate) fn answer_shell() {
    let command = || without_empty_variables(Cli::command());
    CompleteEnv::with_factory(command).var(VARIABLE).bin(NAME).completer(NAME).complete();
}

/// Completes an argument with the accounts.
pub(crate) fn accounts() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| {
        let typed = typed.to_string_lossy();
        candidates(&typed).unwrap_or_default()
    })
}

/// Uses the vault and the passphrase file from the environment: options typed so far aren't read.
fn candidates(typed: &str) -> Option<Vec<CompletionCandidate>> {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let vault = Vault::open(&session::path_or_default(variable("COUNTERSIGN_VAULT")).ok()?).ok()?;
    session::unlock_by_file(&vault, &variable("COUNTERSIGN_PASSPHRASE_FILE")?).ok()?;
    let accounts = vault.accounts().ok()?.items;
    let mut names: Vec<_> =
        accounts.iter().map(|account| (safe(&label(&account.issuer, &account.name)), account.id)).collect();
    names.sort();
    let is_alone = |name: &str| names.iter().filter(|(other, _)| other == name).count() == 1;
    let candidates = names.iter().filter_map(|(name, id)| {
        // If two have the same name, the identifier distinguishes them.
        let value = if is_alone(name) { name.clone() } else { short(*id) };
        let fits = name.to_lowercase().starts_with(&typed.to_lowercase()) || value.starts_with(typed);
        fits.then(|| CompletionCandidate::new(value).help(Some(name.clone().into())))
    });
    Some(candidates.collect())
}

const NAME: &str = "countersign";
/// The variable that the script sets when it asks.
const VARIABLE: &str = "COUNTERSIGN_COMPLETE";
