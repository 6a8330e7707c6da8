//! The program as a process: what it prints, where, and how it ends.
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod accounts;
mod activation;
mod backup;
mod codes;
mod enrol;
mod help;
mod import;
mod inputs;
mod relay;
mod replace;
mod secrets;
mod service;
mod sign_ins;
mod storms;
mod support;
#[cfg(unix)]
mod terminal;
mod tools;
mod transfer;
mod vault;
mod wrong_uses;
