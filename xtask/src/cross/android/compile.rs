//! Builds in cargo's own way for tests, whose build scripts and macros this machine's tests have compiled already.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::sysroot::Sysroot;
use super::{ARM64, Kind};
use crate::{Failure, bindings};

/// The package that is the library for phones, and the story.
const PACKAGE: &str = "countersign-android";

/// Where cargo has put what it built for arm64.
pub(super) struct Built {
    pub(super) library: PathBuf,
    pub(super) story: PathBuf,
    /// The tests of each crate of the core.
    pub(super) tests: Vec<Tests>,
}

/// A crate's tests.
pub(super) struct Tests {
    pub(super) package: String,
    /// The crate's folder, where its tests are run.
    pub(super) folder: PathBuf,
    pub(super) program: PathBuf,
}

/// Builds what runs, in one go, so that every crate is compiled once.
pub(super) fn everything(sysroot: &Sysroot) -> Result<Built, Failure> {
    let mut arguments = vec!["--lib".to_owned(), "--bins".to_owned(), "--tests".to_owned()];
    arguments.extend(["--package".to_owned(), PACKAGE.to_owned()]);
    for package in core()? {
        // Code that isn't optimised at all takes an emulator minutes.
        let setting = format!("profile.dev.package.{package}.opt-level=1");
        arguments.extend(["--package".to_owned(), package, "--config".to_owned(), setting]);
    }
    let (mut library, mut story, mut tests) = (None, None, Vec::new());
    for artifact in cargo(&[(&ARM64, sysroot)], &arguments)? {
        match (artifact.name.as_str(), artifact.is_test) {
            (_, true) => {
                let folder = artifact.manifest.parent().ok_or("a crate has a folder")?.to_owned();
                let package = artifact.name;
                tests.push(Tests { package, folder, program: artifact.file });
            }
            ("countersign_android", false) => library = Some(artifact.file),
            ("countersign-android-story", false) => story = Some(artifact.file),
            _ => {}
        }
    }
    if tests.is_empty() {
        return Err("cargo built no tests".into());
    }
    tests.sort_by(|one, other| one.package.cmp(&other.package));
    let (library, story) = (library.ok_or("cargo built no library")?, story.ok_or("cargo built no story")?);
    Ok(Built { library, story, tests })
}

/// Builds the library for other kinds of phone, all in one go.
pub(super) fn library<'a>(kinds: &[(&'a Kind, Sysroot)]) -> Result<Vec<(&'a Kind, PathBuf)>, Failure> {
    let targets: Vec<_> = kinds.iter().map(|(kind, sysroot)| (*kind, sysroot)).collect();
    let built = cargo(&targets, &["--lib".to_owned(), "--package".to_owned(), PACKAGE.to_owned()])?;
    let of = |kind: &Kind| {
        let is_its = |file: &&Path| file.iter().any(|part| part == kind.target);
        let libraries = built.iter().filter(|artifact| artifact.name == "countersign_android");
        let library = libraries.map(|artifact| artifact.file.as_path()).find(is_its);
        library.map(Path::to_owned).ok_or_else(|| format!("cargo built no library for {}", kind.target))
    };
    kinds.iter().map(|(kind, _)| Ok((*kind, of(kind)?))).collect()
}

/// The crates of the core: whatever the workspace has below `core`.
fn core() -> Result<Vec<String>, Failure> {
    let folder = bindings::root().join("core");
    let mut cargo = Command::new("cargo");
    let output = cargo.args(["metadata", "--no-deps", "--format-version=1", "--locked"]).output()?;
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let is_core = |package: &&Value| {
        package["manifest_path"].as_str().is_some_and(|path| Path::new(path).starts_with(&folder))
    };
    Ok(packages.filter(is_core).filter_map(|package| Some(package["name"].as_str()?.to_owned())).collect())
}

/// What cargo made of a crate.
struct Artifact {
    name: String,
    is_test: bool,
    file: PathBuf,
    /// The crate's `Cargo.toml`.
    manifest: PathBuf,
}

fn cargo(targets: &[(&Kind, &Sysroot)], arguments: &[String]) -> Result<Vec<Artifact>, Failure> {
    let mut cargo = Command::new("cargo");
    cargo
        .args(["build", "--quiet", "--locked", "--message-format", "json-render-diagnostics"])
        .args(arguments);
    for (kind, sysroot) in targets {
        crate::run("rustup", &["target", "add", kind.target])?;
        cargo.args(["--target", kind.target]);
        cargo.envs(sysroot.environment.iter().map(|(name, value)| (name, value)));
    }
    let output = cargo.stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(format!("cargo ended with {}", output.status).into());
    }
    let mut built = Vec::new();
    for line in String::from_utf8(output.stdout)?.lines() {
        let message: Value = serde_json::from_str(line)?;
        let (Some(name), Some(is_test), Some(manifest)) = (
            message["target"]["name"].as_str(),
            message["profile"]["test"].as_bool(),
            message["manifest_path"].as_str(),
        ) else {
            continue;
        };
        let files = message["filenames"].as_array().into_iter().flatten();
        let Some(file) = files.filter_map(Value::as_str).next() else { continue };
        let (name, file, manifest) = (name.to_owned(), file.into(), manifest.into());
        built.push(Artifact { name, is_test, file, manifest });
    }
    Ok(built)
}
