//! Debian packages of the service and the command line, and what they are made of: `packaging/` and the crates' own
//! metadata say what is in them.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use crate::tools::{CARGO_CYCLONEDX, CARGO_DEB};
use crate::{Failure, build, debian};

const CRATES: &[&str] = &["countersign-server", "countersign"];

/// Builds both as they ship, into `target/debian`, and writes each crate's bill of materials next to its `Cargo.toml`.
pub(crate) fn run() -> Result<(), Failure> {
    for name in CRATES {
        let mut deb = CARGO_DEB.find("Debian packages")?.ok_or("Debian packages need cargo-deb")?;
        build::finish(deb.args(["--locked", "--package", name]))?;
    }
    let mut bom =
        CARGO_CYCLONEDX.find("bills of materials")?.ok_or("bills of materials need cargo-cyclonedx")?;
    build::finish(bom.args(["cyclonedx", "--format", "json", "--quiet"]))
}

/// Packs the programs that were built for tests, installs the packages on a throw-away copy of this machine's files, and
/// starts the service there.
pub(crate) fn check() -> Result<(), Failure> {
    if !debian::can_install() {
        println!("SKIPPED, since this isn't Debian as root: installing the packages");
        return Ok(());
    }
    build::packages(CRATES)?;
    // The packer takes what is in `release`: here, the programs that are there already.
    let folder = build::target_folder()?.join("packages");
    let (release, packages) = (folder.join("release"), folder.join("debian"));
    remove(&folder)?;
    fs::create_dir_all(&release)?;
    for name in CRATES {
        fs::hard_link(build::program(name)?, release.join(name))?;
        let Some(mut deb) = CARGO_DEB.find("Debian packages")? else { return Ok(()) };
        deb.args(["--locked", "--no-build", "--fast", "--quiet", "--package", name, "--output"]);
        build::finish(deb.arg(&packages).env("CARGO_TARGET_DIR", &folder))?;
    }
    let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/package/try.sh");
    let mut attempt = Command::new("unshare");
    build::finish(attempt.arg("--mount").arg(script).arg(&packages).arg(port.to_string()))?;
    remove(&folder)
}

fn remove(folder: &Path) -> Result<(), Failure> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}
