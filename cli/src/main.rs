//! `countersign`: the phone in a terminal.
//!
//! The third shell, next to Android and iOS. It contains no logic of its own: each command is one file under [`commands`],
//! which drives the core's façade and turns what it says into text for a person or JSON for a program.

mod account;
mod args;
mod clock;
mod commands;
mod correction;
mod exit;
mod failure;
mod input;
mod loss;
mod output;
mod passphrase;
mod prompt;
mod qr;
mod recovery_code;
mod reminder;
mod screen;
mod session;
mod text;

use std::process::ExitCode;

use args::Cli;
use exit::Exit;
use output::Output;

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|panic| {
        screen::restore();
        // The payload may contain anything, so only the place is printed.
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        output::tell(&format!("error: internal error at {place}; please report this bug\n"));
    }));
    let exit = std::panic::catch_unwind(run).unwrap_or(Exit::Unexpected);
    ExitCode::from(exit.number())
}

fn run() -> Exit {
    commands::completions::answer_shell();
    if !output::can_move_cursor() {
        anstream::ColorChoice::Never.write_global();
    }
    let cli = match Cli::read() {
        Ok(cli) => cli,
        Err(error) => return args::refuse(&error),
    };
    let output = Output::new(cli.global.json, cli.global.quiet);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let result = match runtime {
        Ok(runtime) => runtime.block_on(commands::run(cli, output)),
        Err(error) => Err(error.into()),
    };
    match result {
        Ok(()) => Exit::Ok,
        Err(failure) => output.fail(&failure),
    }
}
