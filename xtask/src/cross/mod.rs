//! `cargo xtask cross`: the library for Android phones and for an iPhone, compiled and linked on a Linux without the NDK or
//! Xcode, and what it says of itself looked at. With `--run`, Android code is run as well.
//!
//! It shows that all Rust and C code compiles and links for the targets, and that nothing is undefined but what the phones have.
//! It isn't what ships: the C code is compiled against other headers than the phone's own.

mod android;
mod apple;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::bindings::{self, Profile};
use crate::{Failure, build, cache, debian};

/// Builds the library as it ships, and looks at it.
pub(crate) fn run() -> Result<(), Failure> {
    let tools = Tools::set_up()?;
    let host = exported(&tools, &bindings::build(Profile::Dev)?, "--dynamic", "")?;
    android::check(&tools, &host)?;
    apple::check(&tools, &host)
}

/// Builds the library for tests, looks at it, and runs it as Android code.
pub(crate) fn run_android() -> Result<(), Failure> {
    android::run()
}

/// Variables for cargo.
type Environment = Vec<(String, PathBuf)>;

/// A clang for every target, with headers.
const ZIG: &str = "0.17.1";

/// What compiles and links for the targets, in the user's cache folder.
struct Tools {
    folder: PathBuf,
    zig: PathBuf,
    /// Programs of LLVM that come with Rust.
    llvm: PathBuf,
}

impl Tools {
    fn set_up() -> Result<Self, Failure> {
        crate::run("rustup", &["component", "add", "llvm-tools"])?;
        let folder = cache()?.join("cross");
        let zig = folder.join(format!("zig-{ZIG}"));
        if !zig.exists() {
            println!("Downloading a C compiler (100 MB) …");
            // Half a compiler is never taken for a whole one: it gets its name when it is done.
            let partial = folder.join("zig.partial");
            let target = partial.to_string_lossy();
            let package = format!("ziglang=={ZIG}");
            let has_pip = Command::new("python3").args(["-m", "pip", "--version"]).output();
            if !has_pip.is_ok_and(|pip| pip.status.success()) && debian::can_install() {
                debian::install(&["python3-pip"])?;
            }
            let pip = ["-m", "pip", "install", "--quiet", "--upgrade", "--target", &target, &package];
            crate::run("python3", &pip)?;
            fs::rename(&partial, &zig)?;
        }
        let tools = Self { folder, zig: zig.join("ziglang"), llvm: llvm()? };
        tools.script("ar", &format!("exec {} ar \"$@\"\n", tools.zig.join("zig").display()))?;
        Ok(tools)
    }

    /// A folder of headers that came with the compiler.
    fn include(&self, name: &str) -> String {
        format!("-isystem {}", self.zig.join("lib/libc/include").join(name).display())
    }

    /// Makes a compiler of a language (`cc` or `c++`) that says `flags` to zig's.
    fn compiler(&self, name: &str, language: &str, flags: &str) -> Result<PathBuf, Failure> {
        let zig = self.zig.join("zig");
        self.script(name, &CC.replace("COMPILE", &format!("{} {language} {flags}", zig.display())))
    }

    fn script(&self, name: &str, body: &str) -> Result<PathBuf, Failure> {
        let path = self.folder.join(name);
        fs::write(&path, format!("#!/bin/sh\n{body}"))?;
        crate::run("chmod", &["+x", &path.to_string_lossy()])?;
        Ok(path)
    }

    /// Builds the library as it ships, by a target's tools; gives the folder that it is in.
    fn build(&self, target: &str, environment: &Environment) -> Result<PathBuf, Failure> {
        crate::run("rustup", &["target", "add", target])?;
        let mut cargo = Command::new("cargo");
        cargo.args(["rustc", "--quiet", "--locked", "--package", "countersign-ffi", "--lib"]);
        cargo.args(["--crate-type", "cdylib", "--profile", "mobile", "--target", target]);
        cargo.envs(environment.iter().map(|(name, value)| (name, value)));
        build::finish(&mut cargo)?;
        Ok(build::target_folder()?.join(target).join("mobile"))
    }

    /// What cargo and the builds of C code are told for a target.
    fn environment(&self, target: &str, compiler: PathBuf, linker: PathBuf) -> Environment {
        let name = target.replace('-', "_");
        vec![
            (format!("CC_{name}"), compiler),
            (format!("AR_{name}"), self.folder.join("ar")),
            (format!("CARGO_TARGET_{}_LINKER", name.to_uppercase()), linker),
        ]
    }

    /// The linker that comes with Rust, in one of its kinds.
    fn lld(&self, flavour: &str) -> String {
        format!("{} -flavor {flavour}", self.llvm.join("rust-lld").display())
    }

    fn symbols(&self, library: &Path, which: &[&str]) -> Result<BTreeSet<String>, Failure> {
        let mut nm = Command::new(self.llvm.join("llvm-nm"));
        let text = output(nm.arg("--format=just-symbols").args(which).arg(library))?;
        let names = text.lines().map(|name| name.split('@').next().unwrap_or_default().to_owned());
        Ok(names.filter(|name| !name.is_empty()).collect())
    }
}

/// zig names targets in its own way, and refuses what cargo's builds say.
const CC: &str = r#"drop=
for argument; do
    shift
    if [ "$drop" ]; then drop=; continue; fi
    case "$argument" in
        --target=*) ;;
        -arch | -isysroot) drop=yes ;;
        *) set -- "$@" "$argument" ;;
    esac
done
exec COMPILE "$@"
"#;

fn llvm() -> Result<PathBuf, Failure> {
    let libraries = output(Command::new("rustc").args(["--print", "target-libdir"]))?;
    let target = Path::new(libraries.trim()).parent().ok_or("rustc has no folder of its own")?;
    Ok(target.join("bin"))
}

/// What shells call. `which` are the symbols that a loader sees; the target's C puts `prefix` before every name.
fn exported(tools: &Tools, library: &Path, which: &str, prefix: &str) -> Result<BTreeSet<String>, Failure> {
    let all = tools.symbols(library, &["--defined-only", which])?;
    let names = all.iter().filter_map(|name| name.strip_prefix(prefix));
    let is_call = |name: &&str| name.starts_with("uniffi_") || name.starts_with("ffi_");
    Ok(names.filter(is_call).map(str::to_owned).collect())
}

/// Fails if the library lacks a function, or wants one that the phone hasn't.
fn compare(
    host: &BTreeSet<String>,
    exported: &BTreeSet<String>,
    undefined: &BTreeSet<String>,
    provided: &BTreeSet<&str>,
) -> Result<(), Failure> {
    let missing: Vec<_> = host.difference(exported).collect();
    if !missing.is_empty() {
        return Err(format!("the library doesn't export {missing:?}").into());
    }
    let strange: Vec<_> = undefined.iter().filter(|name| !provided.contains(name.as_str())).collect();
    if !strange.is_empty() {
        return Err(format!("does the phone have {strange:?}? If so, write them into its list here").into());
    }
    Ok(())
}

fn output(command: &mut Command) -> Result<String, Failure> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| format!("{program} could not be started: {error}"))?;
    if output.status.success() {
        Ok(String::from_utf8(output.stdout)?)
    } else {
        Err(format!("{program} ended with {}", output.status).into())
    }
}
