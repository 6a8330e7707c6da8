//! `cargo xtask keycloak`: the authenticator for Keycloak, compiled and tested by Maven. The tests of the workspace run it
//! in the real server.

use std::process::Command;

use crate::{Failure, bindings, build, kotlin};

/// What an administrator copies into Keycloak's `providers` folder.
const JAR: &str = "target/countersign-keycloak.jar";

pub(crate) fn run() -> Result<(), Failure> {
    kotlin::install_maven()?;
    let folder = bindings::root().join("integrations/keycloak");
    let maven = ["--batch-mode", "--quiet", "--no-transfer-progress", "-Dstyle.color=never", "package"];
    build::finish(Command::new("mvn").current_dir(&folder).args(maven))?;
    kotlin::report("Keycloak's authenticator", &folder, &["."])?;
    println!("{}", folder.join(JAR).display());
    Ok(())
}
