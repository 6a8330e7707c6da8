//! `cargo xtask test`: all checks, in the order in which they fail fastest.

use std::path::Path;
use std::process::Command;

use countersign_tests::Failure;

/// One check: what it is, and the `cargo` command that makes it.
const CHECKS: &[(&str, &[&str])] = &[
    ("formatting", &["fmt", "--all", "--check"]),
    ("lints", &["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]),
    ("tests", &["test", "--workspace", "--locked"]),
    ("documentation", &["doc", "--workspace", "--no-deps", "--locked", "--quiet"]),
];

pub(crate) fn run() -> Result<(), Failure> {
    install_browser()?;
    for (name, arguments) in CHECKS {
        println!("\n== {name} ==");
        crate::run("cargo", arguments)?;
    }
    println!("\n== dependencies ==");
    check_dependencies()?;
    println!("\n== demo ==");
    crate::demo::run(false)
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
