//! External MFA of Microsoft Entra ID: the real service and phone against a stand-in for Entra, which has keys and metadata of
//! its own and checks answers as Entra would.

#[path = "../pages/browser.rs"]
#[expect(dead_code, reason = "the tests of the pages use more of it")]
mod browser;
mod by_browser;
mod hints;
mod keys;
mod people;
mod programs;
mod requests;
mod stand_in;
mod steps;
mod visitor;
mod world;
