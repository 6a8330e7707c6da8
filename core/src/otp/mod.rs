//! One-time codes: HOTP (RFC 4226), TOTP (RFC 6238) and Steam Guard.

mod parameters;

pub use parameters::{Algorithm, CodeFormat, MovingFactor, OtpParameters};
