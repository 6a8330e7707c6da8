//! What a library for a phone says of itself.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use super::{Kind, sysroot};
use crate::Failure;
use crate::cross::{Tools, compare, exported, output};

/// Libraries that a phone's linker looks symbols up in only if they are named.
const NEEDED: [&str; 3] = ["libc.so", "libdl.so", "libm.so"];

/// What not every phone's linker can do: change code as it loads it, search other folders, unpack relocations by the
/// standard's tags (Android 11 and newer), keep variables of threads (Android 10 and newer).
const REFUSED: [&str; 5] = ["TEXTREL", "RPATH", "RUNPATH", "RELR", "TLS"];

/// Fails unless a phone's linker could load the library, as far as the library itself tells.
pub(super) fn library(
    tools: &Tools,
    kind: &Kind,
    library: &Path,
    host: &BTreeSet<String>,
) -> Result<(), Failure> {
    let mut readobj = Command::new(tools.llvm.join("llvm-readobj"));
    readobj.args(["--file-header", "--program-headers", "--dynamic-table", "--elf-output-style=GNU"]);
    let described = output(readobj.arg(library))?;
    let headers: Headers = described.as_str().into();
    if headers.machine != kind.machine {
        return Err(format!("the library isn't for {}", kind.target).into());
    }
    if headers.alignments != BTreeSet::from(["0x4000"]) {
        return Err(format!(
            "pages of 16 KiB need segments aligned to 0x4000, and these are {:?}",
            headers.alignments
        )
        .into());
    }
    if let Some(missing) = NEEDED.iter().find(|name| !headers.needed.contains(*name)) {
        return Err(format!("the library doesn't name {missing}, without which no phone loads it").into());
    }
    if !headers.tags.contains("ANDROID_RELR") {
        return Err("the library's relocations aren't packed: .cargo/config.toml has the flags".into());
    }
    if let Some(tag) = REFUSED.iter().find(|tag| headers.tags.contains(*tag)) {
        return Err(format!("not every phone loads a library with {tag}").into());
    }
    let provided = provided(kind, &headers.needed)?;
    let undefined = tools.symbols(library, &["--dynamic", "--undefined-only"])?;
    compare(host, &exported(tools, library, "--dynamic", "")?, &undefined, &provided)?;

    let stripped = library.with_extension("stripped");
    crate::run(
        &tools.llvm.join("llvm-strip").to_string_lossy(),
        &["-o", &stripped.to_string_lossy(), &library.to_string_lossy()],
    )?;
    println!(
        "{}: {} bytes stripped, segments for pages of 16 KiB, all {} functions exported; needs {:?}, and {} symbols of theirs",
        library.display(),
        fs::metadata(&stripped)?.len(),
        host.len(),
        headers.needed,
        undefined.len()
    );
    Ok(())
}

/// What the needed libraries have.
fn provided(kind: &Kind, needed: &BTreeSet<&str>) -> Result<BTreeSet<&'static str>, Failure> {
    let mut provided = BTreeSet::new();
    for name in needed {
        let library = sysroot::LIBRARIES.iter().find(|(library, _)| library == name);
        let (_, list) = library.ok_or_else(|| format!("no phone has {name} for apps"))?;
        provided.extend(sysroot::symbols(kind, list));
    }
    Ok(provided)
}

/// What `readelf` says.
struct Headers<'a> {
    machine: &'a str,
    alignments: BTreeSet<&'a str>,
    needed: BTreeSet<&'a str>,
    /// Names of the dynamic section's entries, and of segments that aren't everywhere.
    tags: BTreeSet<&'a str>,
}

impl<'a> From<&'a str> for Headers<'a> {
    fn from(described: &'a str) -> Self {
        let mut headers =
            Self { machine: "", alignments: BTreeSet::new(), needed: BTreeSet::new(), tags: BTreeSet::new() };
        for line in described.lines().map(str::trim) {
            if let Some(machine) = line.strip_prefix("Machine:") {
                let machine = machine.trim();
                headers.machine = machine.rsplit(' ').next().unwrap_or(machine);
            } else if line.starts_with("LOAD") {
                headers.alignments.extend(line.split_whitespace().last());
            } else if line.starts_with("TLS ") {
                headers.tags.insert("TLS");
            } else if let Some((_, tag)) = line.split_once(" (").filter(|_| line.starts_with("0x")) {
                let (tag, rest) = tag.split_once(')').unwrap_or((tag, ""));
                headers.tags.insert(tag);
                if tag == "NEEDED" {
                    let name = rest.split_once('[').and_then(|(_, name)| name.split_once(']'));
                    headers.needed.extend(name.map(|(name, _)| name));
                }
            }
        }
        headers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_is_read() {
        let headers = Headers::from(
            "ELF Header:\n  Machine:                           AArch64\nProgram Headers:\n  \
             TLS            0x1bb9d8 0x00000000001bb9d8 0x00000000001bb9d8 0x000018 0x000048 R   0x8\n\
             LOAD  0x000000 0x0000000000000000 0x0000000000000000 0x1bb9d4 0x1bb9d4 R   0x4000\n\
             Dynamic section at offset 0x10 contains 2 entries:\n  \
             0x0000000000000001 (NEEDED)             Shared library: [libdl.so]\n  \
             0x0000000000000016 (TEXTREL)            0x0\n",
        );
        assert_eq!(headers.machine, "AArch64");
        assert_eq!(headers.alignments, BTreeSet::from(["0x4000"]));
        assert_eq!(headers.needed, BTreeSet::from(["libdl.so"]));
        assert_eq!(headers.tags, BTreeSet::from(["NEEDED", "TEXTREL", "TLS"]));
    }

    #[test]
    fn only_needed_libraries_provide_symbols() {
        let of = |needed: &[&str]| provided(&super::super::ARM64, &needed.iter().copied().collect());
        assert!(of(&[]).unwrap().is_empty());
        assert!(!of(&["libc.so"]).unwrap().contains("dlsym"));
        assert!(of(&["libc.so", "libdl.so"]).unwrap().contains("dlsym"));
        assert!(of(&["libunwind.so"]).is_err());
    }
}
