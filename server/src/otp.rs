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
/// Steps between now and the furthest that a code may be right for.
const REACH: i64 = MAX_DRIFT + WINDOW;
/// Steps within which the second of two codes is typed.
const PAIR: i64 = 6;

/// A step that a code was right for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) number: i64,
    /// How far the device's clock is off, in steps, to be remembered.
    pub(crate) drift: i64,
}

/// What is known of a device's codes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Marks {
    /// How far the device's clock was off at its last code, in steps.
    pub(crate) drift: i64,
    /// The last step that was used. Earlier ones are over with it.
    pub(crate) last: i64,
    /// Steps that were used and may not be past yet.
    pub(crate) used: Vec<i64>,
}

/// What a code is right for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// A step that may be used.
    Step(Step),
    /// A step that was used before, or that a later one has ended.
    Used,
}

/// What `code` is right for, around the service's time and around the device's known drift: a drift may have been the
/// service's own, whose clock has been put right.
///
/// A last step that lies ahead, its drift taken off, was used while the service's clock was ahead. It ends nothing, so that
/// nobody waits for that time to come; the steps that were used then stay used.
pub(crate) fn find_step(secret: &[u8], code: &str, now: Time, marks: &Marks) -> Option<Found> {
    let current = step_at(now);
    let is_ahead = marks.last.saturating_sub(marks.drift) > current;
    let last = if is_ahead { i64::MIN } else { marks.last };
    let near = |middle: i64| (middle - WINDOW)..=(middle + WINDOW);
    let drifted = current + marks.drift.clamp(-MAX_DRIFT, MAX_DRIFT);
    let mut found = None;
    // All steps are computed, so that the time taken doesn't say which one was right.
    for number in near(drifted).chain(near(current).filter(|number| !near(drifted).contains(number))) {
        if !code_at(secret, number).matches(code) {
            continue;
        }
        if number <= last || marks.used.contains(&number) {
            found = found.or(Some(Found::Used));
        } else if !matches!(found, Some(Found::Step(_))) {
            let drift = (number - current).clamp(-MAX_DRIFT, MAX_DRIFT);
            found = Some(Found::Step(Step { number, drift }));
        }
    }
    found
}

/// The first step that a code may still be right for.
pub(crate) fn first_step(now: Time) -> i64 {
    step_at(now) - REACH
}

/// Whether `next` is a step soon after `first`: of two codes that a person types one after the other.
pub(crate) const fn follows(first: i64, next: i64) -> bool {
    next > first && next - first <= PAIR
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

    /// The drift that a code shows, with this one known and this step used last.
    fn drift_of(code: &str, now: Time, drift: i64, last: i64) -> Option<i64> {
        match find_step(SECRET, code, now, &Marks { drift, last, used: Vec::new() }) {
            Some(Found::Step(step)) => Some(step.drift),
            Some(Found::Used) | None => None,
        }
    }

    #[test]
    fn the_rfcs_codes_are_right_at_their_time() {
        for (seconds, code) in VECTORS {
            let now = Time::from_seconds(*seconds);
            assert_eq!(drift_of(code, now, 0, 0), Some(0), "{seconds}");
        }
    }

    #[test]
    fn a_code_is_right_one_step_early_or_late_and_no_further() {
        let (seconds, code) = VECTORS[3];
        for (steps, drift) in [(-2, None), (-1, Some(1)), (0, Some(0)), (1, Some(-1)), (2, None)] {
            let now = Time::from_seconds(seconds.saturating_add_signed(steps * 30));
            assert_eq!(drift_of(code, now, 0, 0), drift, "{steps}");
        }
    }

    #[test]
    fn a_known_drift_moves_the_window() {
        let (seconds, code) = VECTORS[3];
        let late = Time::from_seconds(seconds + 60);
        assert_eq!(drift_of(code, late, 0, 0), None);
        assert_eq!(drift_of(code, late, -1, 0), Some(-2));
        let far = Time::from_seconds(seconds + 5 * 30);
        assert_eq!(drift_of(code, far, -4, 0), Some(-4), "drift has a ceiling");
        assert_eq!(
            drift_of(code, Time::from_seconds(seconds + 20 * 30), -100, 0),
            None,
            "so has a stored one"
        );
        for drift in -MAX_DRIFT..=MAX_DRIFT {
            assert_eq!(drift_of(code, Time::from_seconds(seconds), drift, 0), Some(0), "{drift}");
        }
    }

    #[test]
    fn a_step_that_was_used_and_those_before_it_are_refused() {
        let (seconds, code) = VECTORS[3];
        let now = Time::from_seconds(seconds);
        let step = step_at(now);
        let found =
            |last, used: &[i64]| find_step(SECRET, code, now, &Marks { drift: 0, last, used: used.to_vec() });
        for (last, used) in [(step, vec![]), (step - 1, vec![step]), (0, vec![1, step])] {
            assert_eq!(found(last, &used), Some(Found::Used), "{last} {used:?}");
        }
        assert_eq!(found(step - 1, &[]), Some(Found::Step(Step { number: step, drift: 0 })));
        // Another code isn't called used.
        assert_eq!(find_step(SECRET, "000000", now, &Marks { last: step, ..Marks::default() }), None);
    }

    #[test]
    fn a_mark_of_a_clock_that_was_ahead_ends_no_step_but_its_own() {
        let (seconds, code) = VECTORS[3];
        let now = Time::from_seconds(seconds);
        let step = step_at(now);
        for ahead in [1, 2, REACH, 120, 2880, 1_000_000] {
            let marks = Marks { drift: 0, last: step + ahead, used: vec![step + ahead] };
            assert!(matches!(find_step(SECRET, code, now, &marks), Some(Found::Step(_))), "{ahead}");
        }
        // A device whose clock runs ahead leaves such marks as well, and those count.
        let marks = Marks { drift: MAX_DRIFT, last: step + MAX_DRIFT, used: vec![step + MAX_DRIFT] };
        assert_eq!(find_step(SECRET, code, now, &marks), Some(Found::Used));
        let used = Marks { last: step + 120, used: vec![step], ..Marks::default() };
        assert_eq!(find_step(SECRET, code, now, &used), Some(Found::Used));
    }

    #[test]
    fn the_second_of_two_codes_comes_soon_after_the_first() {
        for (next, is_second) in [(9, false), (10, false), (11, true), (16, true), (17, false)] {
            assert_eq!(follows(10, next), is_second, "{next}");
        }
    }

    #[test]
    fn other_forms_are_no_codes() {
        for text in ["", "12345", "1234567", "12345a", "１２３４５６", " 12345"] {
            assert!(!is_well_formed(text), "{text}");
        }
        assert!(is_well_formed("012345"));
    }
}
