//! The service as those see it who talk to it: over HTTP, with a test phone that knows the protocol only.
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]
#![allow(dead_code, reason = "helpers for the tests to come")]

mod main_job;
mod support;
