//! Every crate's licence, source and known advisories, and what is banned, as `deny.toml` has them.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::tools::CARGO_DENY;
use crate::{Failure, build};

/// Names a folder with an unpacked copy of the RustSec advisory database.
const ADVISORIES: &str = "COUNTERSIGN_ADVISORY_DB";

/// The folder that cargo-deny expects a copy of RustSec's database in.
const DATABASE: &str = "advisory-db-3157b0e258782691";

pub(crate) fn check() -> Result<(), Failure> {
    let Some(mut deny) = CARGO_DENY.find("licences, sources, advisories and bans")? else { return Ok(()) };
    // Also what only other platforms need, which no build here has asked for.
    build::finish(Command::new("cargo").args(["fetch", "--locked", "--quiet"]))?;
    deny.args(["--locked", "--offline"]);
    match std::env::var_os(ADVISORIES).filter(|folder| !folder.is_empty()) {
        Some(folder) => {
            let config = with_database(Path::new(&folder))?;
            build::finish(deny.arg("--config").arg(config).args(["check", "all"]))
        }
        None => {
            println!("SKIPPED: advisories. {ADVISORIES} names no copy of github.com/rustsec/advisory-db.");
            build::finish(deny.args(["check", "licenses", "bans", "sources"]))
        }
    }
}

/// Makes the copy into the repository that cargo-deny reads, and gives a configuration that names it.
fn with_database(folder: &Path) -> Result<std::path::PathBuf, Failure> {
    let databases = crate::cache()?.join("advisories");
    let repository = databases.join(DATABASE);
    if repository.exists() {
        fs::remove_dir_all(&repository)?;
    }
    fs::create_dir_all(&databases)?;
    build::finish(Command::new("cp").arg("-R").arg(folder).arg(&repository))?;
    if !repository.join(".git").exists() {
        let commit = "git init -q && git add -A && \
            git -c user.name=xtask -c user.email=xtask@localhost commit -q -m 'The given copy'";
        build::finish(Command::new("sh").args(["-c", commit]).current_dir(&repository))?;
    }
    let text = fs::read_to_string("deny.toml")?;
    let named = format!("[advisories]\ndb-path = {:?}", databases.display().to_string());
    let config = databases.join("deny.toml");
    fs::write(&config, text.replacen("[advisories]", &named, 1))?;
    Ok(config)
}
