//! Checking one-time codes: TOTP (RFC 6238) with SHA-1, six digits and 30 seconds, each device with a secret of its own.

use std::time::Duration;

use countersign_protocol::encode_base64url;
use countersign_protocol::messages::TotpSecret;
use ring::hmac;

use crate::secret::SecretText;
use crate::time::Time;

/// Digits of a code.
pub(crate) const DIGITS: u8 = 6;
/// Bytes of a secret: the length of the hash, as RFC 4226, section 4 recommends.
pub(crate) const SECRET_BYTES: usize = 20;
/// Length of a step.
const PERIOD: Duration = Duration::from_secs(30);
/// Steps that a code may be off on either side, beside the drift (RFC 6238, section 5.2).
const WINDOW: i64 = 1;
/// How far a device's drift is followed, in steps.
const MAX_DRIFT: i64 = 4;

/// A step that a code was right for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) number: i64,
    /// How far the device's clock is off, in steps, to be remembered.
    pub(crate) drift: i64,
}

/// The step for which `code` is right, looking around the device's known drift and after the last step that was used.
pub(crate) fn find_step(secret: &[u8], code: &str, now: Time, drift: i64, last_step: i64) -> Option<Step> {
    let current = step_at(now);
    let mut found = None;
    // All steps are computed, so that the time taken doesn't say which one was right.
    for number in (current + drift - WINDOW)..=(current + drift + WINDOW) {
        let matches = code_at(secret, number).matches(code);
        if matches && number > last_step && found.is_none() {
            found = Some(Step { number, drift: (number - current).clamp(-MAX_DRIFT, MAX_DRIFT) });
        }
    }
    found
}

/// Whether this has the form of a code at all.
pub(crate) fn is_well_formed(code: &str) -> bool {
    code.len() == usize::from(DIGITS) && code.bytes().all(|byte| byte.is_ascii_digit())
}

/// What a device is told about its codes, to be sealed to it.
pub(crate) fn parameters(secret: &[u8]) -> TotpSecret {
    let period = u32::try_from(PERIOD.as_secs()).unwrap_or(30);
    TotpSecret { secret: encode_base64url(secret), digits: DIGITS, period }
}

fn step_at(now: Time) -> i64 {
    i64::try_from(now.seconds() / PERIOD.as_secs()).unwrap_or(i64::MAX - MAX_DRIFT)
}

/// HOTP (RFC 4226, section 5.3) of a step.
fn code_at(secret: &[u8], step: i64) -> SecretText {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let offset = usize::from(tag.as_ref().last().copied().unwrap_or(0) & 0x0f);
    let bits =
        tag.as_ref().iter().skip(offset).take(4).fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
    let code = (bits & 0x7fff_ffff) % 10_u32.pow(u32::from(DIGITS));
    SecretText::new(format!("{code:0width$}", width = usize::from(DIGITS)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, SHA-1: the last six of the eight digits.
    const VECTORS: &[(u64, &str)] = &[
        (59, "287082"),
        (1_111_111_109, "081804"),
        (1_111_111_111, "050471"),
        (1_234_567_890, "005924"),
        (2_000_000_000, "279037"),
        (20_000_000_000, "353130"),
    ];
    const SECRET: &[u8] = b"12345678901234567890";

    #[test]
    fn the_rfcs_codes_are_right_at_their_time() {
        for (seconds, code) in VECTORS {
            let now = Time::from_seconds(*seconds);
            assert_eq!(find_step(SECRET, code, now, 0, 0).map(|step| step.drift), Some(0), "{seconds}");
        }
    }

    #[test]
    fn a_code_is_right_one_step_early_or_late_and_no_further() {
        let (seconds, code) = VECTORS[3];
        for (steps, drift) in [(-2, None), (-1, Some(1)), (0, Some(0)), (1, Some(-1)), (2, None)] {
            let now = Time::from_seconds(seconds.saturating_add_signed(steps * 30));
            assert_eq!(find_step(SECRET, code, now, 0, 0).map(|step| step.drift), drift, "{steps}");
        }
    }

    #[test]
    fn a_known_drift_moves_the_window() {
        let (seconds, code) = VECTORS[3];
        let late = Time::from_seconds(seconds + 60);
        assert_eq!(find_step(SECRET, code, late, 0, 0), None);
        assert_eq!(find_step(SECRET, code, late, -1, 0).map(|step| step.drift), Some(-2));
        let far = Time::from_seconds(seconds + 5 * 30);
        assert_eq!(
            find_step(SECRET, code, far, -4, 0).map(|step| step.drift),
            Some(-4),
            "drift has a ceiling"
        );
    }

    #[test]
    fn a_step_that_was_used_and_those_before_it_are_refused() {
        let (seconds, code) = VECTORS[3];
        let now = Time::from_seconds(seconds);
        let step = find_step(SECRET, code, now, 0, 0).unwrap();
        assert_eq!(find_step(SECRET, code, now, 0, step.number), None);
        assert_eq!(find_step(SECRET, code, now, 0, step.number + 1), None);
        assert!(find_step(SECRET, code, now, 0, step.number - 1).is_some());
    }

    #[test]
    fn other_forms_are_no_codes() {
        for text in ["", "12345", "1234567", "12345a", "１２３４５６", " 12345"] {
            assert!(!is_well_formed(text), "{text}");
        }
        assert!(is_well_formed("012345"));
    }
}
