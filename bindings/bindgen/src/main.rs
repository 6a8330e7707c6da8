//! Generates the Kotlin and the Swift side of `countersign-ffi` from its built library.
//!
//! It is a crate of its own, so that nothing of the generator is in what phones embed, and it has UniFFI's version, since
//! the two must match. How the code looks is said in `bindings/uniffi.toml`.

mod docs;

use std::error::Error;
use std::{fmt, fs};

use camino::{Utf8Path, Utf8PathBuf};
use clap::Parser;
use docs::Language;
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

fn main() -> Result<(), Failure> {
    let Arguments { library, language, out } = Arguments::parse();
    generate(library, language, out.clone())?;
    rewrite_docs(&out, language)
}

fn generate(library: Utf8PathBuf, language: Language, out: Utf8PathBuf) -> Result<(), Failure> {
    let mut paths = BindgenPaths::default();
    paths.add_layer(Bindings);
    let language = match language {
        Language::Kotlin => TargetLanguage::Kotlin,
        Language::Swift => TargetLanguage::Swift,
    };
    let options = GenerateOptions {
        languages: vec![language],
        source: library,
        out_dir: out,
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

/// Rewrites the doc comments in every source file of a folder.
fn rewrite_docs(folder: &Utf8Path, language: Language) -> Result<(), Failure> {
    for entry in folder.read_dir_utf8()? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            rewrite_docs(path, language)?;
        } else if matches!(path.extension(), Some("kt" | "swift")) {
            let code = fs::read_to_string(path)?;
            fs::write(path, docs::rewrite_links(&code, language))?;
        }
    }
    Ok(())
}

/// Tells the whole chain of causes on one line.
struct Failure(Box<dyn Error>);

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self(error.into())
    }
}

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
