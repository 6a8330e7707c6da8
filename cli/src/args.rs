//! The command line.

use std::ffi::OsStr;
use std::num::{IntErrorKind, ParseIntError};
use std::path::PathBuf;
use std::str::FromStr;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use countersign_authenticator::approvals::ascii_digits;

use crate::commands::{
    accounts, backup, clock, code, codes, completions, container, device, enrol, import, requests, scan,
    transfer, vault,
};
use crate::exit::{self, Exit};
use crate::output;

/// A phone in a terminal: approve sign-ins and look up codes
#[derive(Parser)]
#[command(name = "countersign", version, arg_required_else_help = true, after_help = exit::help())]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// Print results as JSON, one document per line, and errors as JSON on standard error
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Print only the essential part of results
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Vault file [default: in the platform's data folder]
    #[arg(long, global = true, value_name = "PATH", env = "COUNTERSIGN_VAULT", hide_env_values = true)]
    pub(crate) vault: Option<PathBuf>,
    /// Read the vault's passphrase from the first line of this file
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "COUNTERSIGN_PASSPHRASE_FILE",
        hide_env_values = true
    )]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// Trust an additional certificate authority, such as your organisation's
    #[arg(long, global = true, value_name = "PEM", env = "COUNTERSIGN_CA_FILE", hide_env_values = true)]
    pub(crate) ca_file: Option<PathBuf>,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Add accounts: enrol with an approval service, or add one-time codes
    Enrol(enrol::Enrol),
    /// Import accounts from another app, or from a backup
    Import(import::Import),
    /// Make encrypted backups, and check that they restore
    Backup(backup::Backup),
    /// Write the accounts to a file, for a backup or for another app
    Export(backup::Export),
    /// Move accounts to a new phone, offline by QR codes or through an approval service
    Transfer(transfer::Transfer),
    /// Show one-time codes; live on a terminal
    Codes(codes::Codes),
    /// Approve or deny sign-ins; on a terminal, waits for them and asks
    Requests(requests::Requests),
    /// List, rename, reorder and remove accounts
    Accounts(accounts::Accounts),
    /// Rename this device at its approval services, or replace it
    Device(device::Device),
    /// Synchronise, move and leave containers of a privacyIDEA server
    Container(container::Container),
    /// Show and change the passphrase and the recovery code of the vault
    Vault(vault::Vault),
    /// Compare this computer's clock with those of services, and choose one
    Clock(clock::Clock),
    /// Check the vault, the clock and the services, and suggest fixes
    Doctor,
    /// Read the QR codes in pictures; needs no vault
    Scan(scan::Scan),
    /// Generate a code from an otpauth link on standard input; needs no vault
    Code(code::Code),
    /// Print a shell completion script for commands and accounts
    Completions(completions::Completions),
}

/// A number in any script's digits.
pub(crate) fn number<N: FromStr<Err = ParseIntError>>(text: &str) -> Result<N, String> {
    ascii_digits(text.trim()).parse().map_err(|error: ParseIntError| match error.kind() {
        IntErrorKind::PosOverflow => "the number is too large".to_owned(),
        _ => "give a whole number".to_owned(),
    })
}

impl Cli {
    /// Reads the command line. An empty variable counts as unset.
    pub(crate) fn read() -> Result<Self, clap::Error> {
        let given = without_empty_variables(Self::command());
        given.try_get_matches().and_then(|matches| Self::from_arg_matches(&matches)).map_err(|error| {
            // A usage line lists the given options. Variables count as given, so it would list options that nobody typed.
            let typed = Self::command().mut_args(|arg| arg.env(None::<&str>)).try_get_matches();
            typed.err().unwrap_or(error)
        })
    }
}

/// The command without empty variables.
pub(crate) fn without_empty_variables(command: clap::Command) -> clap::Command {
    command.mut_args(|arg| {
        let is_empty = |name: &OsStr| std::env::var_os(name).is_some_and(|value| value.is_empty());
        if arg.get_env().is_some_and(is_empty) { arg.env(None::<&str>) } else { arg }
    })
}

/// Reports a usage error, or prints the requested help. It repeats only typed text that can't be a secret, because people
/// paste links with secrets in place of a command.
pub(crate) fn refuse(error: &clap::Error) -> Exit {
    if matches!(
        error.kind(),
        ErrorKind::DisplayHelp
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
            | ErrorKind::DisplayVersion
    ) {
        let _ = error.print();
        let asked = error.kind() != ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
        return if asked { Exit::Ok } else { Exit::Usage };
    }
    let given: Vec<String> =
        std::env::args_os().skip(1).map(|arg| arg.to_string_lossy().into_owned()).collect();
    let plain = hide_given(&error.render().to_string(), &given);
    if given.iter().any(|arg| arg == "--json") {
        let first = plain.lines().next().unwrap_or_default();
        output::tell_json_error("usage", first.trim_start_matches("error: "));
    } else {
        output::tell(&plain);
    }
    Exit::Usage
}

fn hide_given(message: &str, given: &[String]) -> String {
    let mut values: Vec<&str> = given
        .iter()
        .map(|arg| match arg.split_once('=') {
            Some((flag, value)) if flag.starts_with('-') => value,
            _ => arg,
        })
        .filter(|value| value.len() > LONGEST_HARMLESS || value.contains("://"))
        .filter(|value| !value.starts_with("--") || value.contains("://"))
        .collect();
    values.sort_by_key(|value| std::cmp::Reverse(value.len()));
    values.iter().fold(message.to_owned(), |message, value| message.replace(value, "…"))
}

/// Longer than every command's name, and shorter than any secret.
pub(crate) const LONGEST_HARMLESS: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_refusal_repeats_no_value_that_may_be_a_secret() {
        let given = ["otpauth://totp/a?secret=CANARY".to_owned(), "--at=JBSWY3DPEHPK3PXP".to_owned()];
        let shown =
            hide_given("unknown otpauth://totp/a?secret=CANARY and JBSWY3DPEHPK3PXP for --at", &given);
        assert_eq!(shown, "unknown … and … for --at");
    }

    #[test]
    fn a_refusal_repeats_a_mistyped_command_or_option() {
        let given = ["cods".to_owned(), "--a-mistyped-option".to_owned()];
        assert_eq!(hide_given("'cods' and --a-mistyped-option", &given), "'cods' and --a-mistyped-option");
    }
}
