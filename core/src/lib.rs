//! The authenticator core: one-time codes, scanning, the vault, device keys and approvals.
//!
//! All logic of Countersign is here, with no FFI and no platform code. Shells drive it through one façade.

pub mod approvals;
pub mod offer;
pub mod otp;
mod secret;

pub use secret::Secret;
