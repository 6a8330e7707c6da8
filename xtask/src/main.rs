//! What CI runs is what a person runs: `cargo xtask --help` lists it.

mod bindings;
mod build;
mod check;
mod cross;
mod debian;
mod demo;
mod dependencies;
mod keycloak;
mod kotlin;
mod package;
mod prose;
mod size;
mod swift;
mod test;
mod tools;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use clap::{Parser, Subcommand};

/// Anything that goes wrong, with a text for the person who started it.
type Failure = Box<dyn std::error::Error + Send + Sync>;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Tasks of the Countersign workspace")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Show the whole product at work on this machine, with real HTTP and real pictures
    Demo {
        /// Leave the service up afterwards and say what to try by hand
        #[arg(long)]
        interactive: bool,
        /// Start a Keycloak that asks Countersign after the password instead, to try by hand (downloads 180 MB the first time)
        #[arg(long, conflicts_with = "interactive")]
        keycloak: bool,
    },
    /// Check formatting, lints, and the unit tests of what differs from the main branch
    Check,
    /// Run everything that CI runs
    Test,
    /// Check every crate's licence, source and known advisories, and what is banned
    Dependencies,
    /// Build the library for this machine, and generate the Kotlin and the Swift that go with it
    Bindings {
        /// How the library is built
        #[arg(long, value_enum, default_value = "dev")]
        profile: bindings::Profile,
        /// Write to DIR/kotlin and DIR/swift instead of the source trees
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// Pack the service and the command line for Debian, into target/debian, with bills of materials (builds for minutes)
    Package {
        /// Pack what was built for tests instead, install it on a throw-away copy of this machine, and start it (as root)
        #[arg(long)]
        check: bool,
    },
    /// Weigh the library as it ships (builds for minutes)
    Size {
        /// Take the new weight into the ledger
        #[arg(long)]
        update: bool,
    },
    /// Compile and link the library for phones without the NDK and Xcode, to see that it does (downloads a C compiler, builds for minutes)
    Cross {
        /// Run Android code instead: the library, a phone's story against the real service, and the core's tests
        #[arg(long)]
        run: bool,
    },
    /// Build and test the authenticator for Keycloak; the tests of the workspace run it in the real server
    Keycloak,
    /// Build and test the Swift package against the real service (on Debian, sets Swift up first)
    Swift {
        /// Measure what calls cost instead, on the library as it ships (builds for minutes)
        #[arg(long)]
        bench: bool,
    },
    /// Compile and test the Kotlin library, its Android adapters and the sample app
    Kotlin {
        /// How the library is built
        #[arg(long, value_enum, default_value = "dev")]
        profile: bindings::Profile,
        /// Measure what calls cost instead, on the library as it ships (builds for minutes)
        #[arg(long, conflicts_with = "profile")]
        bench: bool,
        /// Shrink the sample app instead, by R8 and the library's rules, and start what is left (minutes)
        #[arg(long, conflicts_with_all = ["profile", "bench"])]
        shrunk: bool,
    },
}

fn main() -> ExitCode {
    let done = match Arguments::parse().task {
        Task::Demo { interactive, keycloak } => demo::run(interactive, keycloak),
        Task::Keycloak => keycloak::run(),
        Task::Check => check::run(),
        Task::Test => test::run(),
        Task::Dependencies => dependencies::check(),
        Task::Bindings { profile, out } => bindings::run(profile, out.as_deref()),
        Task::Package { check: false } => package::run(),
        Task::Package { check: true } => package::check(),
        Task::Size { update } => size::run(update),
        Task::Cross { run: true } => cross::run_android(),
        Task::Cross { run: false } => cross::run(),
        Task::Swift { bench } => swift::run(bench),
        Task::Kotlin { bench: true, .. } => kotlin::bench(),
        Task::Kotlin { shrunk: true, .. } => kotlin::shrunk(),
        Task::Kotlin { profile, .. } => kotlin::run(profile),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("\nfailed: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// Runs a program to its end; a failure names it.
fn run(program: &str, arguments: &[&str]) -> Result<(), Failure> {
    let status = Command::new(program)
        .args(arguments)
        .status()
        .map_err(|error| format!("{program} could not be started: {error}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("{program} {} ended with {status}", arguments.join(" ")).into())
    }
}

/// Where tools that a task sets up are kept.
fn cache() -> Result<PathBuf, Failure> {
    let cache = match std::env::var_os("XDG_CACHE_HOME") {
        Some(cache) if !cache.is_empty() => PathBuf::from(cache),
        _ => Path::new(&std::env::var_os("HOME").ok_or("there is no HOME")?).join(".cache"),
    };
    Ok(cache.join("countersign"))
}
