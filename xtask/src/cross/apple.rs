//! An iPhone. The C code sees macOS's headers, and what libSystem has is read from macOS's list of it, which came with the
//! compiler: both are Apple's, and an iPhone's differ little.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use super::{Tools, compare, exported, output};
use crate::Failure;

const TARGET: &str = "aarch64-apple-ios";
/// As `ios/Package.swift` says.
const VERSION: &str = "17.0";
/// Symbols of the frameworks.
const PROVIDED: &str = include_str!("apple.txt");
/// What the linker is told of, below the SDK's folder, and that comes from the phone.
const FROM_THE_PHONE: &[&str] = &[
    "usr/lib/libSystem",
    "usr/lib/libc",
    "usr/lib/libiconv",
    "usr/lib/libm",
    "usr/lib/libobjc",
    "System/Library/Frameworks/CoreFoundation.framework/CoreFoundation",
    "System/Library/Frameworks/Security.framework/Security",
];

pub(super) fn check(tools: &Tools, host: &BTreeSet<String>) -> Result<(), Failure> {
    // zig's checks of C are for its own runtime.
    let flags = format!("-target aarch64-ios {} -fno-sanitize=undefined", tools.include("any-darwin-any"));
    let compiler = tools.compiler("apple-cc", "cc", &flags)?;
    let sdk = tools.folder.join("sdk");
    for library in FROM_THE_PHONE {
        stub(&sdk, library)?;
    }
    // What is undefined is looked at afterwards. By its name rustc tells that this is no C compiler.
    let link = format!("exec {} \"$@\" -undefined dynamic_lookup\n", tools.lld("darwin"));
    let linker = tools.script("apple-ld", &link)?;
    let mut environment = tools.environment(TARGET, compiler, linker);
    environment.push(("SDKROOT".into(), sdk));
    environment.push(("IPHONEOS_DEPLOYMENT_TARGET".into(), VERSION.into()));
    let library = tools.build(TARGET, &environment)?.join("libcountersign_ffi.dylib");

    let system = fs::read_to_string(tools.zig.join("lib/libc/darwin/libSystem.tbd"))?;
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$';
    let provided = system.split(|c| !is_part(c)).chain(PROVIDED.lines()).collect();
    let undefined = tools.symbols(&library, &["--undefined-only"])?;
    compare(host, &exported(tools, &library, "--extern-only", "_")?, &undefined, &provided)?;
    let mut objdump = Command::new(tools.llvm.join("llvm-objdump"));
    let described = output(objdump.args(["--macho", "--private-headers"]).arg(&library))?;
    for expected in ["ARM64", "platform ios", &format!("minos {VERSION}")] {
        if !described.contains(expected) {
            return Err(format!("the library's header doesn't say {expected:?}").into());
        }
    }
    println!(
        "{}: for iOS {VERSION}, all functions exported, nothing undefined but Apple's own",
        library.display()
    );
    Ok(())
}

/// A library that says no more than that the phone has it.
fn stub(sdk: &Path, name: &str) -> Result<(), Failure> {
    let path = sdk.join(format!("{name}.tbd"));
    fs::create_dir_all(path.parent().ok_or("a library has a folder")?)?;
    let text =
        format!("--- !tapi-tbd\ntbd-version: 4\ntargets: [ arm64-ios ]\ninstall-name: '/{name}'\n...\n");
    Ok(fs::write(path, text)?)
}
