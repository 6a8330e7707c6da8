//! The phone: the command-line shell, as a program of its own.

use std::fs::OpenOptions;
use std::io::Write;
#[cfg(unix)]
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use countersign_tests::Failure;
use serde_json::Value;

pub(super) struct Phone {
    program: PathBuf,
    folder: PathBuf,
}

impl Phone {
    /// A phone with nothing on it. Its vault's passphrase is in a file, since nobody is there to type it.
    pub(super) fn new(folder: &Path) -> Result<Self, Failure> {
        std::fs::create_dir(folder)?;
        let mut file = OpenOptions::new();
        file.write(true).create_new(true);
        #[cfg(unix)]
        file.mode(0o600);
        file.open(folder.join("passphrase"))?.write_all(b"the demo's passphrase\n")?;
        Ok(Self { program: program()?, folder: folder.to_owned() })
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Runs one command and reads what it says as JSON.
    pub(super) fn run(&self, arguments: &[&str]) -> Result<Value, Failure> {
        let output = Command::new(&self.program)
            .arg("--vault")
            .arg(self.folder.join("vault.db"))
            .arg("--passphrase-file")
            .arg(self.folder.join("passphrase"))
            .arg("--json")
            .args(arguments)
            .output()?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(
                format!("countersign {} ended with {}: {said}", arguments.join(" "), output.status).into()
            );
        }
        Ok(serde_json::from_slice(&output.stdout)?)
    }

    /// What a person types, but for the command itself.
    pub(super) fn command_line(&self) -> String {
        format!(
            "{} --vault {} --passphrase-file {}",
            self.program.display(),
            self.folder.join("vault.db").display(),
            self.folder.join("passphrase").display()
        )
    }
}

/// The command-line shell, beside this program.
fn program() -> Result<PathBuf, Failure> {
    let mut path = std::env::current_exe()?;
    path.set_file_name(format!("countersign{}", std::env::consts::EXE_SUFFIX));
    Ok(path)
}
