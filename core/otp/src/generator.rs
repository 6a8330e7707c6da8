//! From parameters to codes.

use std::fmt;

use hmac::digest::{FixedOutput, KeyInit, OutputSizeUser, Update};
use hmac::{EagerHash, Hmac};
use sha1::Sha1;
use sha2::{Sha256, Sha512};

use super::{Algorithm, Code, CodeFormat, MovingFactor, OtpParameters};

/// Makes the codes of one account; cheap to ask, as it keeps the keyed HMAC state.
///
/// ```
/// use countersign_otp::{Algorithm, CodeFormat, MovingFactor, OtpGenerator, OtpParameters, Secret};
///
/// let secret = Secret::from(&b"12345678901234567890"[..]);
/// let (format, factor) = (CodeFormat::Decimal { digits: 8 }, MovingFactor::Time { period: 30 });
/// let parameters = OtpParameters::new(secret, Algorithm::Sha1, format, factor)?;
/// let shown = OtpGenerator::new(&parameters).codes_at(59).expect("codes come from the time");
/// assert_eq!((shown.code.as_str(), shown.next.as_str()), ("94287082", "37359152"));
/// assert_eq!(shown.remaining_seconds, 1);
/// # Ok::<(), countersign_otp::ParametersError>(())
/// ```
#[derive(Clone)]
pub struct OtpGenerator {
    mac: KeyedMac,
    format: CodeFormat,
    factor: MovingFactor,
}

/// The code of this moment, the one after it, and how long this one lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TimedCode {
    /// The code of this time step.
    pub code: Code,
    /// The code of the next time step.
    pub next: Code,
    /// Seconds until `next` takes over: 1 to `period`.
    pub remaining_seconds: u32,
    /// Length of a time step in seconds.
    pub period: u32,
}

impl OtpGenerator {
    /// Keys the HMAC once for all codes of the account.
    #[must_use]
    pub fn new(parameters: &OtpParameters) -> Self {
        let secret = parameters.secret().expose();
        let mac = match parameters.algorithm() {
            Algorithm::Sha1 => KeyedMac::Sha1(keyed(secret)),
            Algorithm::Sha256 => KeyedMac::Sha256(keyed(secret)),
            Algorithm::Sha512 => KeyedMac::Sha512(keyed(secret)),
        };
        Self { mac, format: parameters.format(), factor: parameters.factor() }
    }

    /// The code at this Unix time in seconds (RFC 6238, section 4.2); `None` when codes come from a counter.
    #[must_use]
    pub fn code_at(&self, unix_seconds: u64) -> Option<Code> {
        let MovingFactor::Time { period } = self.factor else { return None };
        Some(self.code_for_counter(unix_seconds / u64::from(period)))
    }

    /// What a person is shown at this Unix time in seconds; `None` when codes come from a counter.
    #[must_use]
    pub fn codes_at(&self, unix_seconds: u64) -> Option<TimedCode> {
        let MovingFactor::Time { period } = self.factor else { return None };
        let step = unix_seconds / u64::from(period);
        let elapsed = u32::try_from(unix_seconds % u64::from(period)).unwrap_or_default();
        Some(TimedCode {
            code: self.code_for_counter(step),
            next: self.code_for_counter(step.wrapping_add(1)),
            remaining_seconds: period - elapsed,
            period,
        })
    }

    /// The code of this counter or time step (RFC 4226, section 5).
    #[must_use]
    pub fn code_for_counter(&self, counter: u64) -> Code {
        let message = counter.to_be_bytes();
        match &self.mac {
            KeyedMac::Sha1(mac) => Code::truncate(&authenticate(mac, &message), self.format),
            KeyedMac::Sha256(mac) => Code::truncate(&authenticate(mac, &message), self.format),
            KeyedMac::Sha512(mac) => Code::truncate(&authenticate(mac, &message), self.format),
        }
    }
}

impl fmt::Debug for OtpGenerator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OtpGenerator")
            .field("format", &self.format)
            .field("factor", &self.factor)
            .finish_non_exhaustive()
    }
}

/// HMAC with the key already in it; the `zeroize` features of the crates wipe it and every clone on drop.
#[derive(Clone)]
enum KeyedMac {
    Sha1(Hmac<Sha1>),
    Sha256(Hmac<Sha256>),
    Sha512(Hmac<Sha512>),
}

#[expect(clippy::expect_used, reason = "HMAC is defined for keys of every length (RFC 2104, section 2)")]
fn keyed<H: EagerHash>(secret: &[u8]) -> Hmac<H> {
    Hmac::new_from_slice(secret).expect("HMAC takes keys of any length")
}

fn authenticate<M: Clone + Update + FixedOutput>(keyed: &M, message: &[u8]) -> Output<M> {
    keyed.clone().chain(message).finalize_fixed()
}

type Output<M> = hmac::digest::array::Array<u8, <M as OutputSizeUser>::OutputSize>;

#[cfg(test)]
mod tests;
