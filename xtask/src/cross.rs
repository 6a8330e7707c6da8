//! `cargo xtask cross`: the library for an Android phone (arm64), compiled and linked on a Linux without the NDK, and what it
//! says of itself looked at.
//!
//! It shows that all Rust and C code compiles and links for the target, with the flags of `.cargo/config.toml`. It isn't what ships: the C
//! code is compiled against musl's headers in the place of Android's own, and nothing is run.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::bindings::{self, Profile};
use crate::{Failure, build, cache};

const TARGET: &str = "aarch64-linux-android";
/// A clang for every target, with headers.
const ZIG: &str = "0.17.1";
/// Symbols that Android's libc, libm and libdl have (`libc/libc.map.txt` and so on in its `platform/bionic`), and the NDK's
/// libunwind.
const PROVIDED: &str = include_str!("cross/provided.txt");
/// Libraries that the linker is told of, and that come from the phone.
const FROM_THE_PHONE: &[&str] = &["c", "dl", "log", "m", "unwind"];

pub(crate) fn run() -> Result<(), Failure> {
    crate::run("rustup", &["target", "add", TARGET])?;
    let tools = Tools::set_up()?;
    let library = tools.build()?;
    let host = bindings::build(Profile::Dev)?;

    let missing: Vec<_> = exported(&host)?.difference(&exported(&library)?).cloned().collect();
    if !missing.is_empty() {
        return Err(format!("the library doesn't export {missing:?}").into());
    }
    let provided: BTreeSet<_> = PROVIDED.lines().collect();
    let strange: Vec<_> = symbols(&library, "--undefined-only")?
        .into_iter()
        .filter(|name| !provided.contains(name.as_str()))
        .collect();
    if !strange.is_empty() {
        return Err(format!("does Android have {strange:?}? If so, write them into provided.txt").into());
    }
    let (header, segments) = (readelf("-hW", &library)?, readelf("-lW", &library)?);
    if !header.contains("AArch64") {
        return Err("the library isn't for arm64".into());
    }
    let loaded = segments.lines().filter(|line| line.trim_start().starts_with("LOAD"));
    let alignments: BTreeSet<_> = loaded.filter_map(|line| line.split_whitespace().last()).collect();
    if alignments != BTreeSet::from(["0x4000"]) {
        return Err(
            format!("pages of 16 KiB need segments aligned to 0x4000, and these are {alignments:?}").into()
        );
    }
    println!(
        "{}: {} bytes, segments for pages of 16 KiB, all functions exported, nothing undefined but Android's own",
        library.display(),
        fs::metadata(&library)?.len()
    );
    Ok(())
}

/// What compiles and links for the target, in the user's cache folder.
struct Tools {
    folder: PathBuf,
}

impl Tools {
    fn set_up() -> Result<Self, Failure> {
        let folder = cache()?.join("cross");
        let zig = folder.join(format!("zig-{ZIG}"));
        if !zig.exists() {
            println!("Downloading a C compiler (100 MB) …");
            // Half a compiler is never taken for a whole one: it gets its name when it is done.
            let partial = folder.join("zig.partial");
            let package = format!("ziglang=={ZIG}");
            let pip = [
                "-m",
                "pip",
                "install",
                "--quiet",
                "--upgrade",
                "--target",
                &partial.to_string_lossy(),
                &package,
            ];
            crate::run("python3", &pip)?;
            fs::rename(&partial, &zig)?;
        }
        let zig = zig.join("ziglang");
        let include = |name: &str| zig.join("lib/libc/include").join(name).display().to_string();
        let compile = format!(
            "{} cc -target {TARGET} -isystem {} -isystem {} -isystem {} -isystem {} -D__errno_location=__errno",
            zig.join("zig").display(),
            include("aarch64-linux-musl"),
            include("generic-musl"),
            include("aarch64-linux-any"),
            include("any-linux-any"),
        );
        let tools = Self { folder };
        tools.script("cc", &CC.replace("COMPILE", &compile))?;
        tools.script("ar", &format!("exec {} ar \"$@\"\n", zig.join("zig").display()))?;
        let stubs = tools.folder.join("stubs");
        fs::create_dir_all(&stubs)?;
        for library in FROM_THE_PHONE {
            fs::write(stubs.join(format!("lib{library}.a")), "!<arch>\n")?;
        }
        let lld = format!("{} -flavor gnu -L{}", lld()?.display(), stubs.display());
        tools.script("ld", &LD.replace("LINK", &lld))?;
        Ok(tools)
    }

    fn script(&self, name: &str, body: &str) -> Result<(), Failure> {
        let path = self.folder.join(name);
        fs::write(&path, format!("#!/bin/sh\n{body}"))?;
        crate::run("chmod", &["+x", &path.to_string_lossy()])
    }

    fn build(&self) -> Result<PathBuf, Failure> {
        let mut cargo = Command::new("cargo");
        cargo.args(["rustc", "--quiet", "--locked", "--package", "countersign-ffi", "--lib"]);
        cargo.args(["--crate-type", "cdylib", "--profile", "mobile", "--target", TARGET]);
        cargo.args(["--", "-Clink-arg=-Wl,--strip-all"]);
        cargo.env("CC_aarch64_linux_android", self.folder.join("cc"));
        cargo.env("AR_aarch64_linux_android", self.folder.join("ar"));
        cargo.env("CARGO_TARGET_AARCH64_LINUX_ANDROID_LINKER", self.folder.join("ld"));
        build::finish(&mut cargo)?;
        Ok(build::target_folder()?.join(TARGET).join("mobile/libcountersign_ffi.so"))
    }
}

/// zig names targets in its own way, and refuses what cargo's builds say.
const CC: &str = r#"for argument; do shift; case "$argument" in --target=*) ;; *) set -- "$@" "$argument" ;; esac; done
exec COMPILE "$@"
"#;

/// A linker that is called as a C compiler would be. What is undefined is looked at afterwards.
const LD: &str = r#"for argument; do
    shift
    case "$argument" in
        -Wl,*) IFS=,; set -- "$@" ${argument#-Wl,}; unset IFS ;;
        -nodefaultlibs | -nostartfiles | -fuse-ld=* | -B/* | -m64) ;;
        *) set -- "$@" "$argument" ;;
    esac
done
exec LINK --unresolved-symbols=ignore-all "$@"
"#;

/// The linker that comes with Rust.
fn lld() -> Result<PathBuf, Failure> {
    let sysroot = Command::new("rustc").args(["--print", "sysroot"]).output()?;
    let libraries = Path::new(String::from_utf8(sysroot.stdout)?.trim()).join("lib/rustlib");
    let host = fs::read_dir(libraries)?.filter_map(|entry| Some(entry.ok()?.path().join("bin/rust-lld")));
    host.into_iter().find(|path| path.exists()).ok_or_else(|| "this Rust has no rust-lld".into())
}

/// What shells call.
fn exported(library: &Path) -> Result<BTreeSet<String>, Failure> {
    let all = symbols(library, "--defined-only")?;
    Ok(all.into_iter().filter(|name| name.starts_with("uniffi_") || name.starts_with("ffi_")).collect())
}

fn symbols(library: &Path, which: &str) -> Result<BTreeSet<String>, Failure> {
    let text = output(Command::new("nm").args(["--dynamic", "--format=just-symbols", which]).arg(library))?;
    let names = text.lines().map(|name| name.split('@').next().unwrap_or_default().to_owned());
    Ok(names.filter(|name| !name.is_empty()).collect())
}

fn readelf(what: &str, library: &Path) -> Result<String, Failure> {
    output(Command::new("readelf").arg(what).arg(library))
}

fn output(command: &mut Command) -> Result<String, Failure> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output =
        command.output().map_err(|error| format!("{program} (of binutils) could not be started: {error}"))?;
    if output.status.success() {
        Ok(String::from_utf8(output.stdout)?)
    } else {
        Err(format!("{program} ended with {}", output.status).into())
    }
}
