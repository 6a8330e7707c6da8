//! Swift for a Debian that has none: a chroot of the first release that packages it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Failure, cache, debian};

/// A folder that Debian's own `swiftlang` is installed in, with the package and cargo's target folder where they are outside.
pub(super) struct Chroot {
    root: PathBuf,
    mounts: [PathBuf; 2],
}

impl Chroot {
    /// The one in the user's cache folder, set up first if need be.
    pub(super) fn open(repository: &Path, target: &Path) -> Result<Self, Failure> {
        let root = cache()?.join("swift-trixie");
        if !root.exists() {
            set_up(&root)?;
        }
        install(&root)?;
        let mounts = [repository.to_owned(), target.to_owned()];
        for folder in &mounts {
            fs::create_dir_all(root.join(folder.strip_prefix("/")?))?;
        }
        Ok(Self { root, mounts })
    }

    /// A command inside. The mounts are in a namespace of its own, and its processes too, so that nothing outlives it.
    pub(super) fn command(&self, folder: &Path, program: &str) -> Command {
        let mut command = Command::new("unshare");
        command.args(["--mount", "--pid", "--fork", "--kill-child", "--propagation", "private"]);
        command.args(["sh", "-c", ENTER]).arg(&self.root).args(&self.mounts).arg(folder).arg(program);
        command
    }
}

/// Swift finds its own libraries through /proc. What cargo sets for its own programs is no business of Swift's.
/// A call that is never cancelled would wait for ever, so there is an end to everything.
const ENTER: &str = r#"
root=$0; mount -t proc proc "$root/proc" && mount --bind "$1" "$root$1" && mount --bind "$2" "$root$2" && shift 2 &&
exec chroot "$root" env -u TMPDIR -u LD_LIBRARY_PATH LANG=C.UTF-8 \
    sh -c 'cd "$0" && exec timeout --signal=KILL 900 "$@"' "$@"
"#;

/// Half a chroot is never taken for a whole one: it gets its name when it is done.
fn set_up(root: &Path) -> Result<(), Failure> {
    println!("Setting up Swift in {} (some minutes, 3 GB) …", root.display());
    let partial = root.with_extension("partial");
    if partial.exists() {
        fs::remove_dir_all(&partial)?;
    }
    fs::create_dir_all(&partial)?;
    let name = partial.to_string_lossy();
    crate::run("apt-get", &["update", "-qq"])?;
    crate::run("apt-get", &["install", "-y", "-qq", "--no-install-recommends", "debootstrap"])?;
    crate::run("debootstrap", &["--variant=minbase", debian::NEWER, &name, &debian::mirror()?])?;
    install(&partial)?;
    Ok(fs::rename(&partial, root)?)
}

/// Installs what the package needs, unless that was done: a chroot of some time ago may lack what was added since.
fn install(root: &Path) -> Result<(), Failure> {
    let (list, packages) = (root.join("packages"), PACKAGES.join(" "));
    if fs::read_to_string(&list).is_ok_and(|installed| installed == packages) {
        return Ok(());
    }
    fs::copy("/etc/resolv.conf", root.join("etc/resolv.conf"))?;
    let name = root.to_string_lossy();
    let apt = |arguments: &[&str]| {
        let prefix = [&*name, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"];
        crate::run("chroot", &[&prefix, arguments].concat())
    };
    apt(&["update"])?;
    apt(&[&["install", "-y", "--no-install-recommends"], PACKAGES].concat())?;
    apt(&["clean"])?;
    Ok(fs::write(list, packages)?)
}

const PACKAGES: &[&str] = &[
    "swiftlang",
    "ca-certificates",
    "git",
    "libc6-dev",
    "libcurl4-openssl-dev",
    "libpng-dev",
    "libssl-dev",
    "libstdc++-14-dev",
    "libxml2-dev",
];
