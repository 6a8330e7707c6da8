//! `cargo xtask check`: what to run before a commit. Prose, formatting, lints, and the unit tests of the crates that have changed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::{Failure, build, prose};

/// A line of cargo's messages, as far as it says what was compiled.
#[derive(Deserialize)]
struct Message {
    manifest_path: Option<PathBuf>,
    executable: Option<PathBuf>,
    profile: Option<Profile>,
}

#[derive(Deserialize)]
struct Profile {
    test: bool,
}

pub(crate) fn run() -> Result<(), Failure> {
    let changed = changed_files()?;
    if changed.is_empty() {
        println!("Nothing differs from the main branch.");
        return Ok(());
    }
    prose::check()?;
    build::finish(Command::new("cargo").args(["fmt", "--all", "--check"]))?;
    let lints = ["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"];
    build::finish(Command::new("cargo").args(lints))?;
    for (folder, programs) in unit_tests()? {
        if changed.iter().any(|file| owner(file).is_some_and(|owner| owner == folder)) {
            for program in programs {
                println!("\n== {} ==", folder.display());
                build::finish(Command::new(program).current_dir(&folder))?;
            }
        }
    }
    Ok(())
}

/// Files that differ from where this branch left `main`, committed or not.
fn changed_files() -> Result<Vec<PathBuf>, Failure> {
    let base = git(&["merge-base", "HEAD", "main"]).unwrap_or_else(|_| "HEAD".to_owned());
    let listed = [
        git(&["diff", "--name-only", "--no-renames", base.trim()])?,
        git(&["ls-files", "--others", "--exclude-standard"])?,
    ];
    let root = std::env::current_dir()?;
    Ok(listed.iter().flat_map(|text| text.lines()).map(|file| root.join(file)).collect())
}

/// The crate's folder that a file is in.
fn owner(file: &Path) -> Option<&Path> {
    file.ancestors().skip(1).find(|folder| folder.join("Cargo.toml").exists())
}

/// Every crate's unit tests, by its folder. They are built for the whole workspace, since cargo compiles dependencies again
/// for another selection of packages.
fn unit_tests() -> Result<BTreeMap<PathBuf, Vec<PathBuf>>, Failure> {
    let arguments = ["test", "--workspace", "--lib", "--bins", "--no-run", "--locked"];
    let format = "--message-format=json-render-diagnostics";
    let mut tests = Command::new("cargo");
    let output = tests.args(arguments).arg(format).stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err("the unit tests don't compile".into());
    }
    let mut programs: BTreeMap<PathBuf, Vec<PathBuf>> = BTreeMap::new();
    for line in output.stdout.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
        let message: Message = serde_json::from_slice(line)?;
        if !message.profile.is_some_and(|profile| profile.test) {
            continue;
        }
        if let (Some(manifest), Some(program)) = (message.manifest_path, message.executable) {
            let folder = manifest.parent().unwrap_or(Path::new(".")).to_owned();
            programs.entry(folder).or_default().push(program);
        }
    }
    Ok(programs)
}

fn git(arguments: &[&str]) -> Result<String, Failure> {
    let output = Command::new("git").args(arguments).stderr(Stdio::inherit()).output()?;
    if output.status.success() {
        Ok(String::from_utf8(output.stdout)?)
    } else {
        Err(format!("git {} ended with {}", arguments.join(" "), output.status).into())
    }
}
