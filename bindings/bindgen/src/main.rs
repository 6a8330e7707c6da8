//! Generates the Kotlin and the Swift side of `countersign-ffi` from its built library.
//!
//! It is a crate of its own, so that nothing of the generator is in what phones embed, and it has UniFFI's version, since
//! the two must match. How the code looks is said in `bindings/uniffi.toml`.

use std::error::Error;
use std::fmt;

use camino::{Utf8Path, Utf8PathBuf};
use clap::{Parser, ValueEnum};
use uniffi_bindgen::bindings::{GenerateOptions, TargetLanguage, generate_with_bindgen_paths};
use uniffi_bindgen::{BindgenPaths, BindgenPathsLayer};

#[derive(Parser)]
#[command(about)]
struct Arguments {
    /// The library (.so, .dylib or .a), with its symbols
    library: Utf8PathBuf,
    /// The language
    #[arg(long)]
    language: Language,
    /// The folder to write to
    #[arg(long)]
    out: Utf8PathBuf,
}

#[derive(Clone, ValueEnum)]
enum Language {
    Kotlin,
    Swift,
}

fn main() -> Result<(), Failure> {
    let arguments = Arguments::parse();
    let mut paths = BindgenPaths::default();
    paths.add_layer(Bindings);
    let language = match arguments.language {
        Language::Kotlin => TargetLanguage::Kotlin,
        Language::Swift => TargetLanguage::Swift,
    };
    let options = GenerateOptions {
        languages: vec![language],
        source: arguments.library,
        out_dir: arguments.out,
        ..GenerateOptions::default()
    };
    generate_with_bindgen_paths(options, paths).map_err(|error| Failure(error.into()))
}

/// Where the crate is whose `uniffi.toml` counts: beside this one.
struct Bindings;

impl BindgenPathsLayer for Bindings {
    fn get_crate_root(&self, crate_name: &str) -> Option<Utf8PathBuf> {
        let here = Utf8Path::new(env!("CARGO_MANIFEST_DIR"));
        (crate_name == "countersign_ffi").then(|| here.parent().unwrap_or(here).to_owned())
    }
}

/// Tells the whole chain of causes on one line.
struct Failure(Box<dyn Error>);

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}
