//! `cargo xtask bindings`: the library for this machine, and the Kotlin and the Swift that go with it.
//!
//! What is generated belongs to the one library that it was generated from (UniFFI compares checksums when it loads it),
//! so both are made in one go, and neither is in git.

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Failure, build as programs};

/// Where Android and Swift developers look for generated sources, from the root of the workspace.
const KOTLIN: &str = "android/sdk/src/generated/kotlin";
const SWIFT: &str = "ios/Sources";

/// SwiftPM wants a module in a folder of its own: the C header, and the Swift on top of it.
const C_MODULE: &str = "countersign_ffiFFI";
const SWIFT_MODULE: &str = "CountersignFFI";

/// How the library is built.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum Profile {
    /// Quickly, for tests
    Dev,
    /// As it ships, in a few minutes
    Mobile,
}

impl Profile {
    const fn name(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Mobile => "mobile",
        }
    }

    const fn folder(self) -> &'static str {
        match self {
            Self::Dev => "debug",
            Self::Mobile => "mobile",
        }
    }
}

/// Builds the library and generates both languages: into their source trees, or below `out`.
pub(crate) fn run(profile: Profile, out: Option<&Path>) -> Result<(), Failure> {
    let library = build(profile)?;
    let root = root();
    let (kotlin, swift) = match out {
        Some(out) => (out.join("kotlin"), out.join("swift")),
        None => (root.join(KOTLIN), root.join(SWIFT)),
    };
    clear(&kotlin)?;
    generate(&library, "kotlin", &kotlin)?;
    generate_swift(&library, &swift)?;
    println!("library: {}", library.display());
    println!("Kotlin:  {}", kotlin.display());
    println!("Swift:   {} and {C_MODULE}", swift.join(SWIFT_MODULE).display());
    Ok(())
}

/// Builds the library, with its symbols: the generator needs them.
pub(crate) fn build(profile: Profile) -> Result<PathBuf, Failure> {
    let mut command = Command::new("cargo");
    command.args(["rustc", "--quiet", "--locked", "--package", "countersign-ffi", "--lib"]);
    command.args(["--crate-type", "cdylib", "--profile", profile.name()]);
    if matches!(profile, Profile::Mobile) && cfg!(target_os = "linux") {
        // As .cargo/config.toml does for Android, so that what is weighed here is what ships there.
        command.args(["--", "-Clink-arg=-Wl,-z,pack-relative-relocs"]);
    }
    programs::finish(&mut command)?;
    let file = format!("{DLL_PREFIX}countersign_ffi{DLL_SUFFIX}");
    Ok(programs::target_folder()?.join(profile.folder()).join(file))
}

/// The Swift goes into one module, the header into another one, with the map that lets SwiftPM link the library.
fn generate_swift(library: &Path, sources: &Path) -> Result<(), Failure> {
    let (swift, c) = (sources.join(SWIFT_MODULE), sources.join(C_MODULE));
    clear(&swift)?;
    clear(&c)?;
    generate(library, "swift", &swift)?;
    let header = format!("{C_MODULE}.h");
    fs::rename(swift.join(&header), c.join(&header))?;
    fs::remove_file(swift.join(format!("{C_MODULE}.modulemap")))?;
    let map = format!(
        "module {C_MODULE} [system] {{\n    header \"{header}\"\n    link \"countersign_ffi\"\n    export *\n}}\n"
    );
    fs::write(c.join("module.modulemap"), map)?;
    Ok(())
}

/// Writes the C header of the library's functions, `countersign_ffiFFI.h`, into a folder.
pub(crate) fn c_header(library: &Path, folder: &Path) -> Result<(), Failure> {
    generate(library, "swift", folder)
}

fn generate(library: &Path, language: &str, out: &Path) -> Result<(), Failure> {
    programs::packages(&["countersign-bindgen"])?;
    let mut generator = Command::new(programs::program("countersign-bindgen")?);
    programs::finish(generator.arg(library).args(["--language", language, "--out"]).arg(out))
}

/// An empty folder, so that nothing of an older library stays behind.
fn clear(folder: &Path) -> Result<(), Failure> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    Ok(fs::create_dir_all(folder)?)
}

/// The workspace.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}
