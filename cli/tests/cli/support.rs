//! Running the program in a folder of its own.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// What every secret of these tests holds, so that it is found wherever it turns up. Valid base32.
pub(crate) const CANARY: &str = "CANARYCANARYCANA";
/// The passphrase of every vault here.
pub(crate) const PASSPHRASE: &str = "planted passphrase canary";

/// A home with nothing in it but a passphrase file.
pub(crate) struct Home {
    folder: TempDir,
}

impl Home {
    pub(crate) fn new() -> Self {
        let home = Self { folder: tempfile::tempdir().unwrap() };
        home.write("passphrase", format!("{PASSPHRASE}\n"));
        home
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, content).unwrap();
        path
    }

    /// A picture of a QR code.
    pub(crate) fn picture(&self, name: &str, text: &str) -> PathBuf {
        self.picture_of(name, text.as_bytes())
    }

    /// The same of bytes in whatever character set.
    pub(crate) fn picture_of(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let code = qrcode::QrCode::new(bytes).unwrap();
        let (side, quiet, scale) = (code.width(), 4, 6);
        let size = u32::try_from((side + 2 * quiet) * scale).unwrap();
        let picture = image::GrayImage::from_fn(size, size, |x, y| {
            let module =
                |at: u32| (usize::try_from(at).unwrap() / scale).checked_sub(quiet).filter(|at| *at < side);
            let dark = module(x).zip(module(y)).is_some_and(|at| code[at] == qrcode::Color::Dark);
            image::Luma([if dark { 0 } else { 255 }])
        });
        let path = self.path(name);
        picture.save(&path).unwrap();
        path
    }

    /// The program without any vault option, and with this folder as its home.
    pub(crate) fn bare(&self, args: &[&str], input: &[u8]) -> Ran {
        let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
        command.args(args).env_clear().env("HOME", self.folder.path());
        run(command, input)
    }

    /// The program on this home's vault.
    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        self.run_with(args, b"")
    }

    /// The same with something on standard input.
    pub(crate) fn run_with(&self, args: &[&str], input: &[u8]) -> Ran {
        run(self.command(args), input)
    }

    /// The program on this home's vault with these variables set.
    pub(crate) fn run_in(&self, environment: &[(&str, &str)], args: &[&str]) -> Ran {
        let mut command = self.command(args);
        command.envs(environment.iter().copied());
        run(command, b"")
    }

    /// The program while it runs, with its output to be read.
    pub(crate) fn spawn(&self, args: &[&str]) -> Child {
        self.command(args).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap()
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let vault = self.path("vault.db");
        let passphrase = self.path("passphrase");
        let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
        command.args(args).env_clear().env("HOME", self.folder.path());
        command.env("COUNTERSIGN_VAULT", vault).env("COUNTERSIGN_PASSPHRASE_FILE", passphrase);
        command
    }

    /// Adds an account with timed codes.
    pub(crate) fn add(&self, label: &str) {
        let link = format!("otpauth://totp/{label}?secret={CANARY}");
        self.run_with(&["enrol", "-"], link.as_bytes()).succeeds();
    }

    pub(crate) fn vault_bytes(&self) -> Vec<u8> {
        fs::read(self.path("vault.db")).unwrap()
    }
}

/// How the program ended and what it said.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    #[track_caller]
    pub(crate) fn succeeds(self) -> Self {
        assert_eq!(self.code, Some(0), "{self:?}");
        self
    }

    #[track_caller]
    pub(crate) fn fails_with(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:?}");
        self
    }

    /// Standard output as one JSON document on one line.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.stdout.lines().count(), 1, "{self:?}");
        serde_json::from_str(&self.stdout).unwrap()
    }

    /// The stable name in a JSON error, which has a message besides.
    #[track_caller]
    pub(crate) fn error_code(&self) -> String {
        let error: Value = serde_json::from_str(&self.stderr).unwrap();
        assert!(!error["error"]["message"].as_str().unwrap().is_empty());
        error["error"]["code"].as_str().unwrap().to_owned()
    }

    /// Everything it said.
    pub(crate) fn said(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}

fn run(mut command: Command, input: &[u8]) -> Ran {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A program that doesn't read its input may be gone before it is written.
    let _ = child.stdin.take().unwrap().write_all(input);
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    Ran {
        code: status.code(),
        stdout: String::from_utf8(stdout).unwrap(),
        stderr: String::from_utf8(stderr).unwrap(),
    }
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
