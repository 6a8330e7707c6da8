//! What the documents say of tests is true: the files and the tests that they name are there.

#![expect(clippy::unwrap_used, reason = "a test that fails should stop")]

use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn every_test_that_a_document_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut sources = Vec::new();
    for folder in ["bindings", "cli", "core", "server", "tests", "xtask"] {
        collect(&root.join(folder), &mut sources);
    }
    for (document, least) in [("SECURITY.md", 16), ("docs/complaints.md", 16), ("docs/android.md", 2)] {
        let text = fs::read_to_string(root.join(document)).unwrap();
        let checked: usize = text.lines().map(|line| check(line, &sources)).sum();
        assert!(checked >= least, "{document} names only {checked} tests");
    }
}

/// Reads "`some/file.rs`: `a_test`, `another_test`" wherever it is in a line, and gives how many tests it names.
fn check(line: &str, sources: &[PathBuf]) -> usize {
    let mut files: Vec<&PathBuf> = Vec::new();
    let mut checked = 0;
    let mut parts = line.split('`');
    while let (Some(before), Some(code)) = (parts.next(), parts.next()) {
        if code.ends_with(".rs") {
            let name = code.trim_start_matches("../");
            files = sources.iter().filter(|source| source.ends_with(name)).collect();
            assert!(!files.is_empty(), "there is no {code}, which is named in: {line}");
        } else if matches!(before, ": " | ", ") && !files.is_empty() {
            let is_there =
                |file: &&PathBuf| fs::read_to_string(file).unwrap().contains(&format!("fn {code}("));
            assert!(files.iter().any(is_there), "there is no test {code} in {files:?}");
            checked += 1;
        } else {
            files.clear();
        }
    }
    checked
}

fn collect(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("target") {
            collect(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}

#[test]
fn every_part_has_the_version_of_the_workspace() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let version = env!("CARGO_PKG_VERSION");
    for (file, expected) in [
        ("android/pom.xml", format!("<version>{version}</version>")),
        ("android/sdk/pom.xml", format!("<version>{version}</version>")),
        ("android/sdk-android/pom.xml", format!("<version>{version}</version>")),
        ("android/app/pom.xml", format!("<version>{version}</version>")),
        ("integrations/keycloak/pom.xml", format!("<version>{version}</version>")),
        ("android/build.gradle.kts", format!("version = \"{version}\"")),
        ("android/app/build.gradle.kts", format!("versionName = \"{version}\"")),
    ] {
        let text = fs::read_to_string(root.join(file)).unwrap();
        assert!(text.contains(&expected), "{file} has another version than Cargo.toml, {version}");
    }
}
