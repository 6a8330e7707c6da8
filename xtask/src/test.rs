//! `cargo xtask test`: all checks, the ones that fail fastest first.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use crate::{Failure, build};

/// The checks: what each is, and the `cargo` command that makes it.
const CHECKS: &[(&str, &[&str])] = &[
    ("formatting", &["fmt", "--all", "--check"]),
    ("lints", &["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]),
    ("build", &["build", "--workspace", "--lib", "--bins", "--tests", "--locked"]),
    ("tests", &["test", "--workspace", "--locked"]),
    ("documentation", &["doc", "--workspace", "--no-deps", "--locked", "--quiet"]),
    ("demo", &["xtask", "demo"]),
    ("Swift", &["xtask", "swift"]),
    ("Kotlin", &["xtask", "kotlin"]),
    ("size", &["xtask", "size"]),
];

pub(crate) fn run() -> Result<(), Failure> {
    install_browser()?;
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
    check_dependencies()
}

/// The tests of the hosted pages drive Chromium. As root on Debian it is installed; elsewhere the tests say by name
/// that they were skipped, and how to get it.
fn install_browser() -> Result<(), Failure> {
    let is_there = |program: &str| Path::new("/usr/bin").join(program).exists();
    if is_there("chromium") && is_there("chromedriver") {
        return Ok(());
    }
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout.trim_ascii() == b"0");
    if !(is_root && is_there("apt-get")) {
        println!("Chromium and ChromeDriver aren't installed: the browser tests will be skipped.");
        return Ok(());
    }
    crate::run("apt-get", &["update", "-qq"])?;
    crate::run("apt-get", &["install", "-y", "-qq", "--no-install-recommends", "chromium", "chromium-driver"])
}

/// What phones embed has no OpenSSL in it, and one TLS provider. `deny.toml` says the same to cargo-deny, with licences.
fn check_dependencies() -> Result<(), Failure> {
    for banned in ["openssl-sys", "native-tls", "aws-lc-sys", "rqrr"] {
        let tree = Command::new("cargo")
            .args([
                "tree",
                "--locked",
                "--package",
                "countersign-core",
                "--edges",
                "normal,build",
                "--prefix",
                "none",
            ])
            .output()?;
        if !tree.status.success() {
            return Err("cargo tree failed".into());
        }
        let text = String::from_utf8_lossy(&tree.stdout);
        if text.lines().any(|line| line.split(' ').next() == Some(banned)) {
            return Err(format!("countersign-core depends on {banned}, which deny.toml bans").into());
        }
    }
    println!("no banned crate in countersign-core");
    Ok(())
}
