//! `cargo xtask size`: what the library weighs in an app, held against a ledger.

use std::fs;
use std::process::Command;

use serde::{Deserialize, Serialize};

use crate::Failure;
use crate::bindings::{self, Profile};

/// The ledger: what the library weighed when somebody last looked, and what it may weigh at most. In bytes, stripped.
#[derive(Serialize, Deserialize)]
struct Ledger {
    budget: u64,
    library: u64,
}

const LEDGER: &str = "tests/size.json";
/// Growth that somebody has to have looked at.
const NOTABLE: u64 = 100_000;

/// Builds the library as it ships, strips it and weighs it; with `update` the ledger takes the new weight.
pub(crate) fn run(update: bool) -> Result<(), Failure> {
    let library = bindings::build(Profile::Mobile)?;
    let stripped = library.with_extension("stripped");
    let strip = Command::new("strip").arg("-o").arg(&stripped).arg(&library).status();
    if !strip.map_err(|error| format!("strip could not be started: {error}"))?.success() {
        return Err("strip failed".into());
    }
    let size = fs::metadata(&stripped)?.len();

    let path = bindings::root().join(LEDGER);
    let ledger: Ledger = serde_json::from_str(&fs::read_to_string(&path)?)?;
    println!("{size} bytes; the ledger says {}, the budget is {}", ledger.library, ledger.budget);
    if size > ledger.budget {
        return Err(format!("the library is over its budget by {} bytes", size - ledger.budget).into());
    }
    if update {
        let ledger = Ledger { library: size, ..ledger };
        fs::write(&path, serde_json::to_string_pretty(&ledger)? + "\n")?;
        return Ok(());
    }
    if size > ledger.library + NOTABLE {
        return Err(format!(
            "the library has grown by {} bytes; if they are worth it, `cargo xtask size --update`",
            size - ledger.library
        )
        .into());
    }
    Ok(())
}
