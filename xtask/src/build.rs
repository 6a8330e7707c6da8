//! Builds programs and libraries once: where the whole workspace has been built, nothing is.
//!
//! Cargo compiles every dependency anew for another selection of packages, since that may select other features. So
//! `cargo xtask test` builds everything in one go, and tells what it starts by [`IS_BUILT`].

use std::path::PathBuf;
use std::process::Command;

use crate::Failure;

/// Set in the environment when the programs in the target folder are up to date.
pub(crate) const IS_BUILT: &str = "COUNTERSIGN_BUILT";

/// Builds the libraries and programs of these packages, for tests.
pub(crate) fn packages(packages: &[&str]) -> Result<(), Failure> {
    if is_built() {
        return Ok(());
    }
    let mut build = Command::new("cargo");
    build.args(["build", "--quiet", "--locked"]);
    for package in packages {
        build.args(["--package", package]);
    }
    finish(&mut build)
}

/// Whether there is nothing to build.
pub(crate) fn is_built() -> bool {
    std::env::var_os(IS_BUILT).is_some()
}

/// A program of the workspace, as it was built for tests.
pub(crate) fn program(name: &str) -> Result<PathBuf, Failure> {
    Ok(target_folder()?.join("debug").join(format!("{name}{}", std::env::consts::EXE_SUFFIX)))
}

/// Cargo's target folder: this program is in one of its folders.
pub(crate) fn target_folder() -> Result<PathBuf, Failure> {
    let program = std::env::current_exe()?;
    let folder = program.ancestors().nth(2).ok_or("this program is not where cargo puts it")?;
    Ok(folder.to_owned())
}

/// Runs a command in place of this program; where that can't be, to its end.
#[cfg(unix)]
pub(crate) fn replace_by(command: &mut Command) -> Result<(), Failure> {
    use std::os::unix::process::CommandExt;

    let error = command.exec();
    Err(format!("{} could not be started: {error}", command.get_program().to_string_lossy()).into())
}

/// Runs a command in place of this program; where that can't be, to its end.
#[cfg(not(unix))]
pub(crate) fn replace_by(command: &mut Command) -> Result<(), Failure> {
    finish(command)
}

/// Runs a command to its end; a failure names it.
pub(crate) fn finish(command: &mut Command) -> Result<(), Failure> {
    let program = command.get_program().to_string_lossy().into_owned();
    let status = command.status().map_err(|error| format!("{program} could not be started: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{program} ended with {status}").into()) }
}
