//! An arm64 phone's processor, loader and C library.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::ARM64;
use crate::cross::Tools;
use crate::{Failure, build, cache, debian};

const PROGRAM: &str = "/usr/bin/qemu-aarch64-static";
/// What Debian signs its packages by.
const KEYS: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// What runs a phone's program.
pub(super) struct Emulator {
    pub(super) program: PathBuf,
    /// A folder with the loader in it, where a phone has it.
    pub(super) root: PathBuf,
}

impl Emulator {
    /// As root on Debian, what it takes is installed. Elsewhere it is said what to install, and there is none.
    pub(super) fn set_up() -> Result<Option<Self>, Failure> {
        let folder = cache()?.join("cross");
        let (program, root) = (PathBuf::from(PROGRAM), folder.join(format!("musl-{}", debian::NEWER)));
        let loader = root.join(ARM64.loader.trim_start_matches('/'));
        if program.exists() && loader.exists() {
            return Ok(Some(Self { program, root }));
        }
        if !debian::is_here() {
            println!(
                "SKIPPED: running Android code takes {PROGRAM} (Debian's qemu-user-static), and the loader of musl 1.2.5 for arm64 at {}",
                loader.display()
            );
            return Ok(None);
        }
        if !program.exists() {
            debian::install(&["qemu-user-static"])?;
        }
        if !loader.exists() {
            install_musl(&folder.join("apt"), &loader)?;
        }
        Ok(Some(Self { program, root }))
    }

    /// Compiles what stands between a phone's program and musl.
    pub(super) fn shim(tools: &Tools, folder: &Path) -> Result<PathBuf, Failure> {
        let (source, object) = (folder.join("shim.c"), folder.join("shim.o"));
        let library = folder.join("shim.so");
        fs::write(&source, include_str!("c/shim.c"))?;
        let musl = "-target aarch64-linux-musl -fno-sanitize=undefined -fno-stack-protector";
        let compiler = tools.compiler("musl-cc", "cc", musl)?;
        build::finish(
            Command::new(compiler).args(["-O1", "-fPIC", "-Wall", "-c"]).arg(&source).arg("-o").arg(&object),
        )?;
        // What it lacks, the loader finds in musl.
        build::finish(
            Command::new(tools.llvm.join("rust-lld"))
                .args(["-flavor", "gnu", "-shared"])
                .arg(&object)
                .arg("-o")
                .arg(&library),
        )?;
        Ok(library)
    }
}

/// Takes the loader, which is the C library too, out of Debian's package for arm64, whichever Debian this is. Nothing is
/// installed, and apt's own lists stay as they are.
fn install_musl(folder: &Path, loader: &Path) -> Result<(), Failure> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    for name in ["lists/partial", "archives/partial"] {
        fs::create_dir_all(folder.join(name))?;
    }
    let path = |name: &str| folder.join(name).display().to_string();
    let source = format!("deb [signed-by={KEYS}] {} {} main\n", debian::mirror()?, debian::NEWER);
    fs::write(folder.join("sources.list"), source)?;
    let options = [
        "APT::Architecture=arm64".to_owned(),
        "APT::Architectures=arm64".to_owned(),
        "Dir::State::status=/dev/null".to_owned(),
        "APT::Sandbox::User=root".to_owned(),
        format!("Dir::Etc::sourcelist={}", path("sources.list")),
        "Dir::Etc::sourceparts=/dev/null".to_owned(),
        format!("Dir::State={}", folder.display()),
        format!("Dir::State::lists={}", path("lists")),
        format!("Dir::Cache={}", folder.display()),
    ];
    let apt = |arguments: &[&str]| {
        let mut apt = Command::new("apt-get");
        apt.current_dir(folder).arg("-qq");
        for option in &options {
            apt.args(["-o", option]);
        }
        build::finish(apt.args(arguments))
    };
    apt(&["update"])?;
    apt(&["download", "musl:arm64"])?;
    let packages = fs::read_dir(folder)?.filter_map(|file| Some(file.ok()?.path()));
    let mut packages = packages.filter(|path| path.extension().is_some_and(|extension| extension == "deb"));
    let package = packages.next().ok_or("apt has downloaded no package")?;
    build::finish(Command::new("dpkg-deb").arg("--extract").arg(package).arg(folder.join("musl")))?;
    fs::create_dir_all(loader.parent().ok_or("a loader has a folder")?)?;
    // Half a loader is never taken for a whole one.
    let partial = loader.with_extension("partial");
    fs::copy(folder.join("musl/usr/lib/aarch64-linux-musl/libc.so"), &partial)?;
    fs::rename(partial, loader)?;
    Ok(fs::remove_dir_all(folder)?)
}
