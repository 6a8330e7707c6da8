//! What programs and libraries for a phone are compiled with and linked to.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Kind;
use crate::cross::{Environment, Tools, output};
use crate::{Failure, build};

/// A phone's libraries, with the symbols of Android 9 (API level 28) that Rust's standard library and the crates here use, or
/// may come to use: `libc/libc.map.txt` and its like in Android's `platform/bionic` say which there are. A symbol is marked
/// when only one kind of phone has it.
pub(super) const LIBRARIES: [(&str, &str); 4] = [
    ("libc.so", include_str!("libc.txt")),
    ("libdl.so", include_str!("libdl.txt")),
    ("libm.so", include_str!("libm.txt")),
    ("liblog.so", include_str!("liblog.txt")),
];

/// The symbols of one of [`LIBRARIES`] on this kind of phone.
pub(super) fn symbols<'a>(kind: &Kind, list: &'a str) -> impl Iterator<Item = &'a str> {
    list.lines().filter_map(move |line| match line.split_once(' ') {
        Some((symbol, only)) => (only == kind.symbols).then_some(symbol),
        None => Some(line),
    })
}

/// What makes code for a kind of phone.
pub(super) struct Sysroot {
    pub(super) compiler: PathBuf,
    pub(super) linker: PathBuf,
    /// The same, for cargo.
    pub(super) environment: Environment,
}

/// Makes the compiler, the linker and the libraries of a kind of phone.
pub(super) fn make(tools: &Tools, kind: &Kind) -> Result<Sysroot, Failure> {
    let folder = tools.folder.join(kind.target);
    fs::create_dir_all(&folder)?;
    let bionic = folder.join("bionic.h");
    fs::write(&bionic, include_str!("c/bionic.h"))?;
    let headers = [kind.headers[0], "generic-musl", kind.headers[1], "any-linux-any"];
    let headers = headers.map(|name| tools.include(name)).join(" ");
    let flags = format!(
        "-target {} {headers} -D_GNU_SOURCE -fno-sanitize=undefined -include {}",
        kind.c_target,
        bionic.display()
    );
    let compiler = tools.compiler(&format!("{}-cc", kind.target), "cc", &flags)?;
    let cpp = tools.compiler(&format!("{}-c++", kind.target), "c++", &flags)?;

    let libraries = folder.join("lib");
    fs::create_dir_all(&libraries)?;
    for (name, list) in LIBRARIES {
        stub(tools, kind, &compiler, &libraries.join(name), list)?;
    }
    unwinder(tools, &compiler, &cpp, &libraries)?;
    let start = libraries.join("start.o");
    fs::write(folder.join("start.S"), include_str!("c/start.S"))?;
    if kind.symbols == super::ARM64.symbols {
        compile(&compiler, &folder.join("start.S"), &start, &[])?;
    }
    let linker = LD
        .replace("LINK", &format!("{} -L{}", tools.lld("gnu"), libraries.display()))
        .replace("PROGRAM", &format!("--dynamic-linker={} {}", kind.loader, start.display()));
    let linker = tools.script(&format!("{}-link", kind.target), &linker)?;

    let environment = tools.environment(kind.target, compiler.clone(), linker.clone());
    Ok(Sysroot { compiler, linker, environment })
}

/// A linker that is called as a C compiler would be. Nothing may stay undefined. A program gets the loader that it wants,
/// and its first instructions.
const LD: &str = r#"program="PROGRAM --pie"
for argument; do
    shift
    case "$argument" in
        -Wl,*) IFS=,; set -- "$@" ${argument#-Wl,}; unset IFS ;;
        -shared) program=; set -- "$@" "$argument" ;;
        -nodefaultlibs | -nostartfiles | -fuse-ld=* | -B/* | -m64 | -m32 | -march=* | -pie | -no-pie) ;;
        *) set -- "$@" "$argument" ;;
    esac
done
exec LINK $program --no-undefined --error-limit=0 "$@"
"#;

/// A library that has a name and symbols, and nothing behind them.
fn stub(tools: &Tools, kind: &Kind, compiler: &Path, library: &Path, list: &str) -> Result<(), Failure> {
    let define = |name| format!(".globl {name}\n.type {name}, %function\n{name}:\n");
    let (source, object) = (library.with_extension("S"), library.with_extension("o"));
    fs::write(&source, symbols(kind, list).map(define).collect::<String>())?;
    compile(compiler, &source, &object, &[])?;
    let name = library.file_name().ok_or("a library has a name")?;
    let mut link = Command::new(tools.llvm.join("rust-lld"));
    link.args(["-flavor", "gnu", "-shared", "-soname"]).arg(name).arg(&object).arg("-o").arg(library);
    build::finish(&mut link)
}

/// LLVM's libunwind, from the sources that came with the compiler. As the NDK's, it becomes a part of what it is linked into.
fn unwinder(tools: &Tools, compiler: &Path, cpp: &Path, libraries: &Path) -> Result<(), Failure> {
    let archive = libraries.join("libunwind.a");
    if archive.exists() {
        return Ok(());
    }
    let sources = tools.zig.join("lib/libunwind");
    let include = format!("-I{}", sources.join("include").display());
    let flags = [
        &include,
        "-fPIC",
        "-O2",
        "-DNDEBUG",
        "-D_LIBUNWIND_HIDE_SYMBOLS",
        "-fvisibility=hidden",
        "-funwind-tables",
    ];
    let mut objects: Vec<PathBuf> = Vec::new();
    for name in [
        "libunwind.cpp",
        "Unwind-EHABI.cpp",
        "UnwindLevel1.c",
        "UnwindLevel1-gcc-ext.c",
        "UnwindRegistersSave.S",
        "UnwindRegistersRestore.S",
    ] {
        let object = libraries.join(format!("{name}.o"));
        if name.ends_with(".cpp") {
            let only = ["-std=c++17", "-fno-exceptions", "-fno-rtti", "-nostdlib++"];
            compile(cpp, &sources.join("src").join(name), &object, &[&flags[..], &only[..]].concat())?;
        } else {
            compile(compiler, &sources.join("src").join(name), &object, &flags)?;
        }
        objects.push(object);
    }
    output(Command::new(tools.folder.join("ar")).arg("rcs").arg(&archive).args(objects)).map(drop)
}

fn compile(compiler: &Path, source: &Path, object: &Path, flags: &[&str]) -> Result<(), Failure> {
    build::finish(Command::new(compiler).args(flags).arg("-c").arg(source).arg("-o").arg(object))
}
