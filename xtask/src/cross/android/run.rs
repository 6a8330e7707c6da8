//! `cargo xtask cross --run`: Android code at work, on arm64's instructions in an emulator.
//!
//! Nothing of Android is here but Rust's standard library for it, and what every crate does there. musl's C library stands
//! in for Android's, behind `c/shim.c`; the kernel is this machine's.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use super::emulator::Emulator;
use super::service::Service;
use super::sysroot::{self, Sysroot};
use super::{ARM64, inspect};
use crate::bindings;
use crate::cross::Tools;
use crate::{Failure, build};

pub(in crate::cross) fn run(tools: &Tools, host: &BTreeSet<String>) -> Result<(), Failure> {
    let Some(emulator) = Emulator::set_up(tools)? else { return Ok(()) };
    let folder = build::target_folder()?.join("android-run");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let sysroot = sysroot::make(tools, &ARM64)?;
    let shim = Emulator::shim(tools, &folder)?;

    let built = timed("arm64: library, story and the core's tests", || compile(&sysroot))?;
    let library = built.library.as_deref().ok_or("cargo built no library")?;
    inspect::library(tools, &ARM64, library, host)?;
    let app = App { emulator: &emulator, shim: &shim, folder: &folder };
    timed("arm64: the library by its C functions", || call(&app, &sysroot, library))?;
    let story = built.story.as_deref().ok_or("cargo built no story")?;
    timed("arm64: a phone's story", || tell(&app, story))?;
    let tests = built.tests.as_deref().ok_or("cargo built no tests")?;
    timed("arm64: the core's tests", || test(&app, tests))?;
    Ok(())
}

/// What is built in one go, so that every crate is compiled once.
const EVERYTHING: [&str; 7] = [
    "--package",
    "countersign-android",
    "--package",
    "countersign-authenticator",
    "--lib",
    "--bins",
    "--tests",
];

/// Where cargo has put what it built.
#[derive(Default)]
struct Built {
    library: Option<PathBuf>,
    story: Option<PathBuf>,
    tests: Option<PathBuf>,
}

/// Builds in cargo's own way for tests, whose build scripts and macros this machine's tests have compiled already.
fn compile(sysroot: &Sysroot) -> Result<Built, Failure> {
    crate::run("rustup", &["target", "add", ARM64.target])?;
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--quiet", "--locked", "--target", ARM64.target]).args(EVERYTHING);
    cargo.args(["--message-format", "json-render-diagnostics"]);
    cargo.env(sysroot::UNPACKED, "1");
    cargo.envs(sysroot.environment.iter().map(|(name, value)| (name, value)));
    let output = cargo.stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(format!("cargo ended with {}", output.status).into());
    }
    let mut built = Built::default();
    for line in String::from_utf8(output.stdout)?.lines() {
        let message: serde_json::Value = serde_json::from_str(line)?;
        let files = message["filenames"].as_array().into_iter().flatten();
        let file = files.filter_map(|file| file.as_str()).map(PathBuf::from).next();
        match (message["target"]["name"].as_str(), message["profile"]["test"].as_bool()) {
            (Some("countersign_android"), Some(false)) => built.library = file,
            (Some("countersign-android-story"), Some(false)) => built.story = file,
            (Some("countersign_authenticator"), Some(true)) => built.tests = file,
            _ => {}
        }
    }
    Ok(built)
}

/// What code is run as.
struct App<'a> {
    emulator: &'a Emulator,
    shim: &'a Path,
    folder: &'a Path,
}

impl App<'_> {
    /// A program that finds what an app finds: `/` as its folder, no variables, and one folder that it may use. Whatever
    /// isn't said to be private is readable by everybody.
    fn sandboxed(&self, program: &Path, name: &str) -> Result<(Command, PathBuf), Failure> {
        let folder = self.folder.join(name);
        fs::create_dir(&folder)?;
        let mut command = Command::new("sh");
        command.args(["-c", "umask 0 && exec \"$@\"", "sh"]);
        command.arg(&self.emulator.program).arg("-L").arg(&self.emulator.root);
        command.arg("-E").arg(format!("LD_PRELOAD={}", self.shim.display()));
        command.arg("-E").arg(format!("COUNTERSIGN_SANDBOX={}", folder.display())).arg(program);
        command.env_clear().current_dir("/");
        Ok((command, folder))
    }
}

/// Calls the library by its C functions, as the generated Kotlin does.
fn call(app: &App<'_>, tools: &Sysroot, library: &Path) -> Result<(), Failure> {
    bindings::c_header(library, app.folder)?;
    let source = app.folder.join("phone.c");
    let object = source.with_extension("o");
    let program = source.with_extension("");
    fs::write(&source, include_str!("c/phone.c"))?;
    build::finish(
        Command::new(&tools.compiler)
            .args(["-O1", "-fPIC", "-Wall", "-Wextra", "-c"])
            .arg(&source)
            .arg("-o")
            .arg(&object),
    )?;
    build::finish(
        Command::new(&tools.linker)
            .env(sysroot::UNPACKED, "1")
            .arg(&object)
            .args(["-lc", "-ldl", "-o"])
            .arg(&program),
    )?;

    let (mut command, folder) = app.sandboxed(&program, "app")?;
    let own = folder.join("libcountersign_ffi.so");
    fs::copy(library, &own)?;
    build::finish(command.arg(own).arg(&folder))
}

/// Tells the story against the real service, which is a program of this machine.
fn tell(app: &App<'_>, story: &Path) -> Result<(), Failure> {
    build::packages(&["countersign-server"])?;
    let service = Service::start(&app.folder.join("service"))?;
    let (mut command, folder) = app.sandboxed(story, "story")?;
    let key = folder.join("api-key");
    fs::copy(service.api_key(), &key)?;
    let output = command.arg(&folder).arg(service.url()).arg(&key).stdout(Stdio::inherit()).output()?;
    let complaints = String::from_utf8_lossy(&output.stderr);
    // The story itself tries these two.
    let expected = ["/countersign", "/data/local/tmp/countersign"];
    let is_expected =
        |line: &str| expected.iter().any(|path| line == format!("shim: the app's sandbox has no {path}"));
    let others: Vec<_> = complaints.lines().filter(|line| !is_expected(line)).collect();
    if !output.status.success() || !others.is_empty() {
        return Err(format!("the story ended with {}:\n{}", output.status, others.join("\n")).into());
    }
    Ok(())
}

/// Tests that don't run here, by the beginning of their names, and why.
const NOT_HERE: &[(&str, &str)] = &[(
    "scan::",
    "pictures take the emulator minutes, and nothing in the decoders differs between platforms; the story scans a frame",
)];

/// Runs the core's own tests.
fn test(app: &App<'_>, tests: &Path) -> Result<(), Failure> {
    let temporary = app.folder.join("tmp");
    fs::create_dir(&temporary)?;
    let mut command = Command::new(&app.emulator.program);
    command.arg("-L").arg(&app.emulator.root);
    command.arg("-E").arg(format!("LD_PRELOAD={}", app.shim.display()));
    command.arg(tests).arg("--quiet");
    for (name, _) in NOT_HERE {
        command.args(["--skip", name]);
    }
    command.current_dir(bindings::root().join("core/authenticator")).env("TMPDIR", temporary);
    command.env("QEMU_LD_PREFIX", &app.emulator.root);
    command.env("COUNTERSIGN_EMULATOR", &app.emulator.program);
    let output = command.output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    let complaints = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(format!("the core's tests ended with {}:\n{said}\n{complaints}", output.status).into());
    }
    let result = said.lines().find(|line| line.starts_with("test result:")).ok_or("no test was run")?;
    println!("{result}");
    for (name, why) in NOT_HERE {
        println!("  not run: {name}: {why}");
    }
    Ok(())
}

fn timed<T>(what: &str, work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    let started = Instant::now();
    let done = work().map_err(|failure| format!("{what}: {failure}"))?;
    println!("{what}: {:.0} s", started.elapsed().as_secs_f64());
    Ok(done)
}
