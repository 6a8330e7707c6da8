//! The program as a process: what it prints, where, and how it ends.
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod accounts;
mod backup;
mod codes;
mod enrol;
mod help;
mod import;
mod relay;
mod replace;
mod secrets;
mod service;
mod sign_ins;
mod storms;
mod support;
mod tools;
mod transfer;
mod vault;
