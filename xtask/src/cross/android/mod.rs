//! Android phones, with the flags of `.cargo/config.toml`.
//!
//! The C code sees musl's headers in the place of Android's, told by `c/bionic.h` where Android differs. The linker is given
//! the libraries of a phone by name and symbol, and LLVM's libunwind as the NDK has it, so that what comes out names what it
//! needs, and finds it.

mod compile;
mod emulator;
mod inspect;
mod run;
mod service;
mod sysroot;
mod tags;
mod tests;

use std::collections::BTreeSet;

use super::Tools;
use crate::Failure;

pub(super) use run::run;

/// A kind of phone.
struct Kind {
    /// Rust's name.
    target: &'static str,
    /// zig's.
    c_target: &'static str,
    /// Folders of zig's headers, of musl and of the kernel.
    headers: [&'static str; 2],
    /// In `libc.txt` and its like, symbols that only this kind has are marked with it.
    symbols: &'static str,
    /// What the header of a library says.
    machine: &'static str,
    /// The loader of programs on a phone.
    loader: &'static str,
}

const ARM64: Kind = Kind {
    target: "aarch64-linux-android",
    c_target: "aarch64-linux-android",
    headers: ["aarch64-linux-musl", "aarch64-linux-any"],
    symbols: "arm64",
    machine: "AArch64",
    loader: "/system/bin/linker64",
};

const OTHERS: [Kind; 2] = [
    Kind {
        target: "x86_64-linux-android",
        c_target: "x86_64-linux-android",
        headers: ["x86_64-linux-musl", "x86-linux-any"],
        symbols: "x86_64",
        machine: "X86-64",
        loader: "/system/bin/linker64",
    },
    Kind {
        target: "armv7-linux-androideabi",
        c_target: "arm-linux-androideabi",
        headers: ["arm-linux-musl", "arm-linux-any"],
        symbols: "arm",
        machine: "ARM",
        loader: "/system/bin/linker",
    },
];

/// Builds the library as it ships, for every kind of phone.
pub(super) fn check(tools: &Tools, host: &BTreeSet<String>) -> Result<(), Failure> {
    for kind in [&ARM64].into_iter().chain(&OTHERS) {
        let sysroot = sysroot::make(tools, kind)?;
        let library = tools.build(kind.target, &sysroot.environment)?.join("libcountersign_ffi.so");
        inspect::library(tools, kind, &library, host)?;
    }
    Ok(())
}
