//! The authenticator core: one-time codes, scanning, the vault, device keys and approvals.
//!
//! All logic of Countersign is here, with no FFI and no platform code. Shells drive it through one façade.

mod account;
pub mod approvals;
mod key_store;
pub mod offer;
pub mod otp;
mod secret;
pub mod vault;

pub use account::Account;
pub use key_store::KeyStoreError;
pub use secret::Secret;
