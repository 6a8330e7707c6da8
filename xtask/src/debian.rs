//! What a task needs and Debian packages: as root it is installed.

use std::path::Path;
use std::process::Command;

use crate::Failure;

/// Whether this is Debian or one of its kind, and we are root.
pub(crate) fn can_install() -> bool {
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout.trim_ascii() == b"0");
    is_root && Path::new("/usr/bin/apt-get").exists()
}

/// Installs packages.
pub(crate) fn install(packages: &[&str]) -> Result<(), Failure> {
    crate::run("apt-get", &["update", "-qq"])?;
    crate::run("apt-get", &[&["install", "-y", "-qq", "--no-install-recommends"][..], packages].concat())
}
