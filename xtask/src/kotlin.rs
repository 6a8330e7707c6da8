//! `cargo xtask kotlin`: the Kotlin library, its Android adapters and the sample app, compiled and tested.
//!
//! The library is tested on this machine's JVM, on the generated bindings and the real library, against the real service in a
//! process of its own. The sample app is linked by Android's resource compiler and started under Robolectric. Maven does it,
//! because it needs no Android SDK; it takes what it needs from Maven Central the first time.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use crate::bindings::{self, Profile};
use crate::{Failure, build};

/// The adapters again, compiled against the oldest Android that they run on and against newer ones.
const LEVELS: &[&str] = &["levels/28", "levels/34", "levels/36"];

/// Measures what calls across the border cost, on the library as it ships.
pub(crate) fn bench() -> Result<(), Failure> {
    timed("library and bindings", || bindings::run(Profile::Mobile, None))?;
    timed("service", || build::packages(&["countersign-server"]))?;
    install_maven()?;
    maven(&bindings::build(Profile::Mobile)?, &["--projects", "sdk", "-Dtest=BorderBench", "test"])?;
    let output = android().join("sdk/target/surefire-reports/org.countersign.BorderBench-output.txt");
    print!("{}", fs::read_to_string(output)?);
    Ok(())
}

/// Shrinks the sample app by R8 under the library's rules, and has what is left tell its story.
pub(crate) fn shrunk() -> Result<(), Failure> {
    timed("library and bindings", || bindings::run(Profile::Dev, None))?;
    timed("service", || build::packages(&["countersign-server"]))?;
    install_maven()?;
    if !install_aapt2()? {
        return Ok(());
    }
    let story = [
        "--activate-profiles",
        "shrunk",
        "-Dtest=StoryTest",
        "-Dsurefire.failIfNoSpecifiedTests=false",
        "verify",
    ];
    maven(&bindings::build(Profile::Dev)?, &story)?;
    println!("the story was told by the app as it is, and as R8 leaves it");
    Ok(())
}

pub(crate) fn run(profile: Profile) -> Result<(), Failure> {
    let started = Instant::now();
    timed("library and bindings", || bindings::run(profile, None))?;
    timed("service", || build::packages(&["countersign-server"]))?;
    install_maven()?;
    let modules = if install_aapt2()? { &["sdk", "sdk-android", "app"][..] } else { &["sdk", "sdk-android"] };
    let projects = [modules, LEVELS].concat().join(",");
    let java = java_for_tests();
    let library = bindings::build(profile)?;
    timed("Kotlin: compile and test", || maven(&library, &["--projects", &projects, &java, "verify"]))?;
    report("Kotlin", &android(), modules)?;
    println!("all of it took {:.0} s", started.elapsed().as_secs_f64());
    Ok(())
}

fn maven(library: &Path, arguments: &[&str]) -> Result<(), Failure> {
    let folder = library.parent().ok_or("the library is in no folder")?;
    let server = build::program("countersign-server")?;
    let status = Command::new("mvn")
        .current_dir(android())
        .args(["--batch-mode", "--quiet", "--no-transfer-progress", "-Dstyle.color=never"])
        .arg(format!("-Dcountersign.library.path={}", folder.display()))
        .arg(format!("-Dcountersign.server={}", server.display()))
        .args(arguments)
        .status()
        .map_err(|error| format!("Maven could not be started: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("Maven ended with {status}").into()) }
}

/// Adds up what the test reports say: Maven itself is told to be quiet.
pub(crate) fn report(what: &str, root: &Path, modules: &[&str]) -> Result<(), Failure> {
    let mut sum = [0; 3];
    for module in modules {
        for file in fs::read_dir(root.join(module).join("target/surefire-reports"))? {
            let path = file?.path();
            if path.extension().is_none_or(|extension| extension != "xml") {
                continue;
            }
            let text = fs::read_to_string(&path)?;
            for (sum, name) in sum.iter_mut().zip(["tests", "failures", "errors"]) {
                *sum += count(&text, name).ok_or_else(|| format!("{} is no test report", path.display()))?;
            }
        }
    }
    let [tests, failures, errors] = sum;
    println!("{what}: {} passed, {} failed", tests - failures - errors, failures + errors);
    if tests == 0 { Err("no test was run".into()) } else { Ok(()) }
}

/// The number in an attribute of the report's `testsuite` element.
fn count(report: &str, name: &str) -> Option<u64> {
    let (_, suite) = report.split_once("<testsuite ")?;
    let (_, rest) = suite.split_once(&format!(" {name}=\""))?;
    rest.split_once('"')?.0.parse().ok()
}

pub(crate) fn install_maven() -> Result<(), Failure> {
    if answers("mvn", "--version") {
        return Ok(());
    }
    if !has_apt() {
        return Err("Maven and a JDK (17 or newer) are needed: https://maven.apache.org/install.html".into());
    }
    apt_install(&["maven", "default-jdk-headless"])
}

/// Whether the sample app can be linked: Android's resource compiler is installed where that is easy, and left out elsewhere.
fn install_aapt2() -> Result<bool, Failure> {
    if answers("aapt2", "version") {
        return Ok(true);
    }
    if has_apt() {
        apt_install(&["aapt"])?;
        return Ok(true);
    }
    println!("SKIPPED, since there is no aapt2: the sample app, its manifest and its resources");
    Ok(false)
}

/// Says which Java runs Robolectric. The newest Android needs 21 or later; without one it is left out, by name.
fn java_for_tests() -> String {
    let installed = fs::read_dir("/usr/lib/jvm").into_iter().flatten().flatten().map(|entry| entry.path());
    let home = std::env::var_os("JAVA_HOME").map(PathBuf::from);
    let newest = home
        .into_iter()
        .chain(installed)
        .map(|home| home.join("bin/java"))
        .filter_map(|java| Some((java_version(&java)?, java)))
        .max();
    match newest {
        Some((21.., java)) => format!("-Dcountersign.java={}", java.display()),
        _ => {
            println!("SKIPPED, since there is no Java 21 or later: the adapters' tests on Android 16");
            "-Dcountersign.levels=28,34".to_owned()
        }
    }
}

/// The first number of what `java -version` says, such as 25 in `openjdk version "25.0.1"`.
fn java_version(java: &Path) -> Option<u32> {
    let output = Command::new(java).arg("-version").output().ok()?;
    let text = String::from_utf8(output.stderr).ok()?;
    let (_, version) = text.split_once('"')?;
    version.split(['.', '"', '-']).next()?.parse().ok()
}

fn answers(program: &str, argument: &str) -> bool {
    Command::new(program).arg(argument).output().is_ok_and(|output| output.status.success())
}

fn has_apt() -> bool {
    Path::new("/usr/bin/apt-get").exists()
}

fn apt_install(packages: &[&str]) -> Result<(), Failure> {
    crate::run("apt-get", &[&["install", "-y", "-qq", "--no-install-recommends"][..], packages].concat())
}

fn timed(what: &str, work: impl FnOnce() -> Result<(), Failure>) -> Result<(), Failure> {
    let started = Instant::now();
    work()?;
    println!("{what}: {:.0} s", started.elapsed().as_secs_f64());
    Ok(())
}

fn android() -> PathBuf {
    bindings::root().join("android")
}
