//! `cargo xtask demo`: builds the service, the phone and the story that they play, and shows it.

use std::process::Command;

use crate::{Failure, build};

pub(crate) fn run(interactive: bool, keycloak: bool) -> Result<(), Failure> {
    println!("Building the service and the phone …");
    build::packages(&["countersign-server", "countersign", "countersign-tests"])?;
    let mut demo = Command::new(build::program("countersign-demo")?);
    if interactive {
        demo.arg("--interactive");
    }
    if keycloak {
        demo.arg("--keycloak");
    }
    // In this program's place, so that a signal to end reaches it: it stops its service, and removes what it made.
    build::replace_by(demo.env(build::IS_BUILT, "1"))
}
