//! One-time codes: HOTP (RFC 4226), TOTP (RFC 6238) and Steam Guard.
//!
//! [`OtpParameters`] says what an account's codes are made from and can only hold parameters that make sense.
//! [`OtpGenerator`] turns them into codes. It keeps the keyed HMAC state, so that a code costs two compressions
//! of the hash and not four; the state is as good as the secret and is wiped like it.

mod code;
mod generator;
mod parameters;

pub use code::Code;
pub use generator::{OtpGenerator, TimedCode};
pub use parameters::{Algorithm, CodeFormat, MovingFactor, OtpParameters, ParametersError};
