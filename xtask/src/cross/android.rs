//! An Android phone, with the flags of `.cargo/config.toml`; the C code sees musl's headers in the place of Android's.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use super::{Tools, compare, exported, output};
use crate::Failure;

const TARGET: &str = "aarch64-linux-android";
/// Symbols that Android's libc, libm and libdl have (`libc/libc.map.txt` and so on in its `platform/bionic`), and the NDK's
/// libunwind.
const PROVIDED: &str = include_str!("android.txt");
/// Libraries that the linker is told of, and that come from the phone.
const FROM_THE_PHONE: &[&str] = &["c", "dl", "log", "m", "unwind"];

pub(super) fn check(tools: &Tools, host: &BTreeSet<String>) -> Result<(), Failure> {
    let headers = ["aarch64-linux-musl", "generic-musl", "aarch64-linux-any", "any-linux-any"];
    let headers = headers.map(|name| tools.include(name)).join(" ");
    let flags = format!("-target {TARGET} {headers} -D__errno_location=__errno");
    let compiler = tools.compiler("android-cc", &flags)?;
    let stubs = tools.folder.join("stubs");
    fs::create_dir_all(&stubs)?;
    for library in FROM_THE_PHONE {
        fs::write(stubs.join(format!("lib{library}.a")), "!<arch>\n")?;
    }
    let link = format!("{} -L{}", tools.lld("gnu"), stubs.display());
    let linker = tools.script("android-link", &LD.replace("LINK", &link))?;
    let library = tools.build(TARGET, &compiler, &linker, &[])?.join("libcountersign_ffi.so");

    let undefined = tools.symbols(&library, &["--dynamic", "--undefined-only"])?;
    compare(host, &exported(tools, &library, "--dynamic", "")?, &undefined, &PROVIDED.lines().collect())?;
    let mut readobj = Command::new(tools.llvm.join("llvm-readobj"));
    let described =
        output(readobj.args(["--file-header", "--program-headers", "--elf-output-style=GNU"]).arg(&library))?;
    if !described.contains("AArch64") {
        return Err("the library isn't for arm64".into());
    }
    let loaded = described.lines().filter(|line| line.trim_start().starts_with("LOAD"));
    let alignments: BTreeSet<_> = loaded.filter_map(|line| line.split_whitespace().last()).collect();
    if alignments != BTreeSet::from(["0x4000"]) {
        return Err(
            format!("pages of 16 KiB need segments aligned to 0x4000, and these are {alignments:?}").into()
        );
    }
    let stripped = library.with_extension("stripped");
    crate::run(
        &tools.llvm.join("llvm-strip").to_string_lossy(),
        &["-o", &stripped.to_string_lossy(), &library.to_string_lossy()],
    )?;
    println!(
        "{}: {} bytes stripped, segments for pages of 16 KiB, all functions exported, nothing undefined but Android's own",
        library.display(),
        fs::metadata(&stripped)?.len()
    );
    Ok(())
}

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
