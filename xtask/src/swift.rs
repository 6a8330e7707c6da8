//! `cargo xtask swift`: the Swift package, built and tested on this machine against the real service.
//!
//! Swift is the one on the PATH, or else Debian's own `swiftlang` in a chroot that is set up on first use (root on Debian;
//! about two minutes and 3 GB) and kept in the user's cache folder.

mod chroot;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use crate::bindings::{self, Profile};
use crate::{Failure, build, debian};
use chroot::Chroot;

/// Builds and tests the package; with `bench`, measures what its calls cost, on the library as it ships.
pub(crate) fn run(bench: bool) -> Result<(), Failure> {
    let Some(swift) = Swift::find()? else {
        println!(
            "SKIPPED: the Swift package. There is no swift on the PATH, and only root on Debian can set one up."
        );
        return Ok(());
    };
    if bench {
        timed("bindings", || bindings::run(Profile::Mobile, None))?;
        swift.run(&BENCH, &["run", "--configuration", "release", "CountersignBench"])?;
        timed("service", || build::packages(&["countersign-server"]))?;
        return swift.run(&BENCH, &["test", "--configuration", "release", "--filter", "ApprovalBench"]);
    }
    timed("bindings", || bindings::run(Profile::Dev, None))?;
    timed("service", || build::packages(&["countersign-server"]))?;
    if cfg!(target_os = "macos") {
        timed("XCFramework", || crate::run("ios/Scripts/build-xcframework.sh", &["macos"]))?;
    }
    timed("format", || swift.lint())?;
    timed("build of the package", || swift.run(&TESTS, &["build", "--build-tests"]))?;
    timed("tests of the package", || swift.run(&TESTS, &["test", "--skip-build"]))?;
    timed("keys, screens and the sample app, against stand-ins for Apple's frameworks", || {
        ["CountersignUI", "SampleApp", "NotificationService"]
            .iter()
            .try_for_each(|target| swift.run(&APPLE, &["build", "--target", target]))
    })?;
    timed("syntax of what only Apple's compiler can check", || swift.parse(&apple_sources()?))
}

/// One way to build the package.
struct Build {
    /// Folder of cargo's target folder that it is built in.
    folder: &'static str,
    /// Folder of cargo's target folder that the library is in.
    library: &'static str,
    /// What is set to 1 in its environment, if anything is: stand-ins take the place of Apple's frameworks, or benches run among
    /// the tests.
    setting: Option<&'static str>,
}

const TESTS: Build = Build { folder: "swift", library: "debug", setting: None };
const APPLE: Build =
    Build { folder: "swift-apple", library: "debug", setting: Some("COUNTERSIGN_APPLE_STUBS") };
const BENCH: Build = Build { folder: "swift", library: "mobile", setting: Some("COUNTERSIGN_BENCH") };

/// A Swift toolchain, and where it finds things.
struct Swift {
    /// `None` for the swift on the PATH.
    chroot: Option<Chroot>,
    package: PathBuf,
    target: PathBuf,
}

impl Swift {
    fn find() -> Result<Option<Self>, Failure> {
        let (repository, target) = (bindings::root().canonicalize()?, build::target_folder()?);
        let is_here =
            Command::new("swift").arg("--version").output().is_ok_and(|swift| swift.status.success());
        let chroot = if is_here {
            None
        } else if debian::is_here() {
            Some(timed("Swift", || Chroot::open(&repository, &target))?)
        } else {
            return Ok(None);
        };
        Ok(Some(Self { chroot, package: repository.join("ios"), target }))
    }

    /// Runs `swift build`, `test` or `run` on the package, linked to the library of `cargo xtask bindings`.
    fn run(&self, build: &Build, arguments: &[&str]) -> Result<(), Failure> {
        let [task, arguments @ ..] = arguments else { return Err("swift needs a task".into()) };
        let library = self.target.join(build.library);
        let mut command = self.command("swift");
        command.arg(task).arg("--scratch-path").arg(self.target.join(build.folder));
        command.arg("-Xlinker").arg(format!("-L{}", library.display()));
        command.args(["-Xlinker", "-rpath", "-Xlinker"]).arg(&library);
        if cfg!(target_os = "linux") {
            // Swift 6.0's Observation wants a symbol of the runtime that Debian's doesn't have.
            command.args(["-Xlinker", "--allow-shlib-undefined"]);
        }
        command.args(arguments);
        command.env("COUNTERSIGN_SERVER", build::program("countersign-server")?);
        command.envs(build.setting.map(|name| (name, "1")));
        finish(command)
    }

    /// Checks the format of what was written by hand, and that what is public is documented.
    fn lint(&self) -> Result<(), Failure> {
        let mut command = self.command("swift");
        command.args([
            "format",
            "lint",
            "--strict",
            "--recursive",
            "Package.swift",
            "App",
            "Benches",
            "Tests",
        ]);
        command.args(
            ["Countersign", "CountersignApple", "CountersignModels", "CountersignUI"]
                .map(|target| format!("Sources/{target}")),
        );
        finish(command)
    }

    /// Checks the syntax of these files, in every `#if`.
    fn parse(&self, files: &[String]) -> Result<(), Failure> {
        let mut command = self.command("swiftc");
        command.args(["-parse", "-swift-version", "6"]).args(files);
        finish(command)
    }

    /// A command in the folder of the package.
    fn command(&self, program: &str) -> Command {
        match &self.chroot {
            Some(chroot) => chroot.command(&self.package, program),
            None => {
                let mut command = Command::new(program);
                command.current_dir(&self.package);
                command
            }
        }
    }
}

/// The files below `ios` that are compiled on a Mac alone, seen from there.
fn apple_sources() -> Result<Vec<String>, Failure> {
    let ios = bindings::root().join("ios");
    let mut files = Vec::new();
    for folder in ["Sources/CountersignApple", "Sources/CountersignUI", "App"] {
        collect(&ios, Path::new(folder), &mut files)?;
    }
    files.sort();
    Ok(files)
}

fn collect(ios: &Path, folder: &Path, files: &mut Vec<String>) -> Result<(), Failure> {
    for entry in fs::read_dir(ios.join(folder))? {
        let path = folder.join(entry?.file_name());
        if ios.join(&path).is_dir() {
            collect(ios, &path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "swift") {
            files.push(path.to_string_lossy().into_owned());
        }
    }
    Ok(())
}

fn finish(mut command: Command) -> Result<(), Failure> {
    let status = command.status()?;
    if status.success() { Ok(()) } else { Err(format!("swift ended with {status}").into()) }
}

fn timed<T>(what: &str, work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    let started = Instant::now();
    let result = work()?;
    println!("== {what}: {:.1} s", started.elapsed().as_secs_f64());
    Ok(result)
}
