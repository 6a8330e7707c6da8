//! `cargo xtask test`: all checks, the ones that fail fastest first.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use crate::tools::TYPOS;
use crate::{Failure, build, debian, dependencies, kotlin, prose};

/// The checks: what each is, and the `cargo` command that makes it.
const CHECKS: &[(&str, &[&str])] = &[
    ("formatting", &["fmt", "--all", "--check"]),
    ("lints", &["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]),
    ("build", &["build", "--workspace", "--lib", "--bins", "--tests", "--locked"]),
    ("tests", &["test", "--workspace", "--locked"]),
    // Each once and with little, in the profile of the tests, so that nothing is built twice.
    ("benches", &["test", "--workspace", "--bench", "*", "--locked"]),
    ("documentation", &["doc", "--workspace", "--no-deps", "--locked", "--quiet"]),
    ("demo", &["xtask", "demo"]),
    ("packages", &["xtask", "package", "--check"]),
    ("Keycloak", &["xtask", "keycloak"]),
    ("Android code", &["xtask", "cross", "--run"]),
    ("Swift", &["xtask", "swift"]),
    ("Kotlin", &["xtask", "kotlin"]),
    ("size", &["xtask", "size"]),
];

pub(crate) fn run() -> Result<(), Failure> {
    println!("== spelling ==");
    check_spelling()?;
    prose::check()?;
    install_browser()?;
    if debian::can_install() {
        // The tests in a real Keycloak need it; elsewhere they say by name that they were skipped.
        kotlin::install_maven()?;
    }
    let mut is_built = false;
    for (name, arguments) in CHECKS {
        let started = Instant::now();
        println!("\n== {name} ==");
        let mut check = Command::new("cargo");
        if is_built {
            check.env(build::IS_BUILT, "1");
        }
        build::finish(check.args(*arguments))?;
        println!("== {name}: {:.0} s ==", started.elapsed().as_secs_f64());
        is_built |= *name == "build";
    }
    println!("\n== dependencies ==");
    dependencies::check()
}

/// Spelling, by `typos.toml`.
fn check_spelling() -> Result<(), Failure> {
    match TYPOS.find("spelling")? {
        Some(mut typos) => build::finish(typos.args(["--config", "typos.toml", "--format", "brief"])),
        None => Ok(()),
    }
}

/// The tests of the hosted pages drive Chromium. As root on Debian it is installed; elsewhere the tests say by name
/// that they were skipped, and how to get it.
fn install_browser() -> Result<(), Failure> {
    let is_there = |program: &str| Path::new("/usr/bin").join(program).exists();
    if is_there("chromium") && is_there("chromedriver") {
        return Ok(());
    }
    if !debian::can_install() {
        println!("Chromium and ChromeDriver aren't installed: the browser tests will be skipped.");
        return Ok(());
    }
    debian::install(&["chromium", "chromium-driver"])
}
