//! What a task needs and Debian packages: as root it is installed.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::Failure;

/// Whether this is Debian or one of its kind, and we are root.
pub(crate) fn can_install() -> bool {
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout.trim_ascii() == b"0");
    is_root && Path::new("/usr/bin/apt-get").exists()
}

/// Whether this is Debian itself, whose other releases can be had too, and we are root.
pub(crate) fn is_here() -> bool {
    fs::read_to_string("/etc/os-release").is_ok_and(|text| text.contains("\nID=debian")) && can_install()
}

/// The first release with Swift (6.0), and with a musl that knows packed relocations (1.2.5).
pub(crate) const NEWER: &str = "trixie";

/// The mirror that this machine gets its own packages from. apt knows which one is Debian's when it has read the lists.
pub(crate) fn mirror() -> Result<String, Failure> {
    crate::run("apt-get", &["update", "-qq"])?;
    let sites = Command::new("apt-get")
        .args(["indextargets", "--format", "$(SITE) $(LABEL)|$(COMPONENT)", "Created-By: Packages"])
        .output()?;
    let sites = String::from_utf8(sites.stdout)?;
    let site = sites.lines().find_map(|line| line.strip_suffix(" Debian|main"));
    Ok(site.ok_or("apt-get names no mirror of Debian")?.to_owned())
}

/// Installs packages.
pub(crate) fn install(packages: &[&str]) -> Result<(), Failure> {
    crate::run("apt-get", &["update", "-qq"])?;
    crate::run("apt-get", &[&["install", "-y", "-qq", "--no-install-recommends"][..], packages].concat())
}
