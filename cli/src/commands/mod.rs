//! One file for each command.

pub(crate) mod accounts;
pub(crate) mod backup;
pub(crate) mod clock;
pub(crate) mod code;
pub(crate) mod codes;
pub(crate) mod completions;
pub(crate) mod container;
pub(crate) mod device;
pub(crate) mod doctor;
pub(crate) mod enrol;
pub(crate) mod import;
pub(crate) mod requests;
pub(crate) mod scan;
pub(crate) mod transfer;
pub(crate) mod vault;

use crate::args::{Cli, Command};
use crate::failure::Failure;
use crate::output::Output;

/// Runs the command that was asked for.
pub(crate) async fn run(cli: Cli, output: Output) -> Result<(), Failure> {
    #[cfg(unix)]
    tokio::spawn(crate::screen::restore_on_signal());

    let global = &cli.global;
    match cli.command {
        Command::Enrol(args) => enrol::run(args, global, output).await,
        Command::Import(args) => import::run(&args, global, output),
        Command::Backup(args) => backup::run(&args, global, output),
        Command::Export(args) => backup::run_export(&args, global, output),
        Command::Transfer(args) => transfer::run(args, global, output).await,
        Command::Codes(args) => codes::run(args, global, output).await,
        Command::Requests(args) => requests::run(args, global, output).await,
        Command::Accounts(args) => accounts::run(args, global, output).await,
        Command::Container(args) => container::run(args, global, output).await,
        Command::Device(args) => device::run(args, global, output).await,
        Command::Vault(args) => vault::run(args, global, output),
        Command::Clock(args) => clock::run(args, global, output),
        Command::Doctor => doctor::run(global, output).await,
        Command::Scan(args) => scan::run(&args, output),
        Command::Code(args) => code::run(&args, output),
        Command::Completions(args) => completions::run(&args),
    }
}
