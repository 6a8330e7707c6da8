//! `cargo xtask cross --run`: Android code at work, on arm64's instructions in an emulator.
//!
//! Nothing of Android is here but Rust's standard library for it, and what every crate does there. musl's C library stands
//! in for Android's, behind `c/shim.c`; the kernel is this machine's. For the other kinds of phone the library is built,
//! linked and looked at.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use super::emulator::Emulator;
use super::service::Service;
use super::sysroot::{self, Sysroot};
use super::{ARM64, OTHERS, compile, inspect, tags, tests};
use crate::bindings::{self, Profile};
use crate::cross::{Tools, exported};
use crate::{Failure, build};

pub(in crate::cross) fn run() -> Result<(), Failure> {
    let Some(emulator) = Emulator::set_up()? else { return Ok(()) };
    let tools = Tools::set_up()?;
    let folder = build::target_folder()?.join("android-run");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let sysroot = sysroot::make(&tools, &ARM64)?;
    let shim = Emulator::shim(&tools, &folder)?;
    let app = App { emulator: &emulator, shim: &shim, folder: &folder };
    let host = exported(&tools, &bindings::build(Profile::Dev)?, "--dynamic", "")?;

    let built = timed("arm64: library, story and the core's tests", || compile::everything(&sysroot))?;
    inspect::library(&tools, &ARM64, &built.library, &host)?;
    let others = OTHERS.iter().map(|kind| Ok((kind, sysroot::make(&tools, kind)?)));
    let others = others.collect::<Result<Vec<_>, Failure>>()?;
    let libraries = timed("x86-64 and ARMv7: the library", || compile::library(&others))?;
    for (kind, library) in libraries {
        inspect::library(&tools, kind, &library, &host)?;
    }

    timed("arm64: the library by its C functions", || call(&app, &sysroot, &built.library))?;
    timed("arm64: a phone's story", || tell(&app, &built.story))?;
    timed("arm64: the core's tests", || tests::run(&app, &built.tests))?;
    Ok(())
}

/// What code is run as.
pub(super) struct App<'a> {
    emulator: &'a Emulator,
    shim: &'a Path,
    /// What is made for the run.
    pub(super) folder: &'a Path,
}

impl App<'_> {
    /// The emulator, to be given a program.
    pub(super) fn emulator(&self) -> Command {
        let mut command = Command::new(&self.emulator.program);
        command.arg("-L").arg(&self.emulator.root);
        command.arg("-E").arg(format!("LD_PRELOAD={}", self.shim.display()));
        // Programs that a program starts.
        command
            .env("QEMU_LD_PREFIX", &self.emulator.root)
            .env("COUNTERSIGN_EMULATOR", &self.emulator.program);
        command
    }

    /// A program that finds what an app finds: `/` as its folder, no variables, and one folder that it may use. Whatever
    /// isn't said to be private is readable by everybody.
    fn sandboxed(&self, program: &Path, name: &str) -> Result<(Command, PathBuf), Failure> {
        let folder = self.folder.join(name);
        fs::create_dir(&folder)?;
        let mut command = Command::new("sh");
        command.args(["-c", "umask 0 && exec \"$@\"", "sh"]);
        command.arg(self.emulator().get_program()).args(self.emulator().get_args());
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
    build::finish(Command::new(&tools.linker).arg(&object).args(["-lc", "-ldl", "-o"]).arg(&program))?;

    let (mut command, folder) = app.sandboxed(&program, "app")?;
    let own = folder.join("libcountersign_ffi.so");
    tags::copy(library, &own)?;
    finish(command.arg(own).arg(&folder), &[])
}

/// Tells the story against the real service, which is a program of this machine.
fn tell(app: &App<'_>, story: &Path) -> Result<(), Failure> {
    build::packages(&["countersign-server"])?;
    let service = Service::start(&app.folder.join("service"))?;
    let program = app.folder.join("countersign-android-story");
    tags::copy(story, &program)?;
    let (mut command, folder) = app.sandboxed(&program, "story")?;
    let key = folder.join("api-key");
    fs::copy(service.api_key(), &key)?;
    // The scenario itself tries these two.
    finish(
        command.arg(&folder).arg(service.url()).arg(&key),
        &["/countersign", "/data/local/tmp/countersign"],
    )
}

/// Runs a program in its sandbox to its end. It must try nothing that an app can't do, but to open what is expected.
fn finish(command: &mut Command, expected: &[&str]) -> Result<(), Failure> {
    let output = command.stdout(Stdio::inherit()).output()?;
    let complaints = String::from_utf8_lossy(&output.stderr);
    let is_expected =
        |line: &str| expected.iter().any(|path| line == format!("shim: the app's sandbox has no {path}"));
    let others: Vec<_> = complaints.lines().filter(|line| !is_expected(line)).collect();
    if !output.status.success() || !others.is_empty() {
        return Err(format!("it ended with {}:\n{}", output.status, others.join("\n")).into());
    }
    Ok(())
}

fn timed<T>(what: &str, work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    let started = Instant::now();
    let done = work().map_err(|failure| format!("{what}: {failure}"))?;
    println!("{what}: {:.0} s", started.elapsed().as_secs_f64());
    Ok(done)
}
