//! The service as those see it who talk to it: over HTTP, with a test phone that knows the protocol only.
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod answers;
mod assertions;
mod clients;
mod clocks;
mod enrolment;
mod fairness;
mod http;
mod keys;
mod main_job;
mod openid;
mod pages;
mod push;
mod relay;
mod replace;
mod restart;
mod retries;
mod support;
mod sweep;
mod throttle;
mod waiting;
