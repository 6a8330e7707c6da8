//! The authenticator of `integrations/keycloak` in a real Keycloak: with the real service, a real browser, and the real
//! core as the phone.
//!
//! A Keycloak takes half a minute to start, so one serves all of these tests, each with a realm and a service of its own.
//! Where none can be installed each test says by name that it was skipped.

#![expect(clippy::unwrap_used, reason = "a test that fails should stop")]

mod administering;
mod broker;
#[path = "../pages/browser.rs"]
#[expect(dead_code, reason = "the tests of the service's pages do more with it")]
mod browser;
mod coming_back;
mod enrolling;
mod failing;
mod signing_in;
mod tabs;
mod world;
