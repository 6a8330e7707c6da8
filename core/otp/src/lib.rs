//! One-time codes: HOTP (RFC 4226), TOTP (RFC 6238) and Steam Guard.
//!
//! [`OtpParameters`] says what an account's codes are made from and can only hold parameters that make sense.
//! [`OtpGenerator`] turns them into codes. It keeps the keyed HMAC state, so that a code costs two compressions
//! of the hash and not four; the state is as good as the secret and is wiped like it.
//!
//! Secret bytes are in a [`Secret`], here and in everything that is built on this crate.

mod code;
mod generator;
mod parameters;
mod secret;

pub use code::Code;
pub use generator::{OtpGenerator, TimedCode};
pub use parameters::{Algorithm, CodeFormat, MovingFactor, OtpParameters, ParametersError};
pub use secret::Secret;
