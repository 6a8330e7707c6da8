//! The types that shells see, used from Rust: what they add to the core, without another language in between.
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod backup;
mod clocks;
mod containers;
mod foreign;
mod import;
mod relay;
mod scan;
mod secrets;
mod source;
mod story;
mod support;
mod transfer;
mod world;
