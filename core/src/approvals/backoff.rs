//! How long to wait before the next fetch.

use std::time::Duration;

/// Doubling waits after failures, with jitter, and never less than what the service asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Backoff {
    failures: u32,
    asked: Duration,
}

impl Backoff {
    /// A fetch worked; the service asks to leave `next_fetch` milliseconds before the next.
    pub(crate) fn succeeded(&mut self, next_fetch: u64) {
        self.failures = 0;
        self.asked = Duration::from_millis(next_fetch).min(CEILING);
    }

    /// A fetch failed.
    pub(crate) fn failed(&mut self) {
        self.failures = self.failures.saturating_add(1);
    }

    /// What to wait now. `random` is uniform; it spreads a crowd of phones that lost the service at one moment.
    pub(crate) fn delay(&self, random: u32) -> Duration {
        let Some(doublings) = self.failures.checked_sub(1) else {
            return self.asked;
        };
        let base =
            FIRST.saturating_mul(1_u32.checked_shl(doublings.min(16)).unwrap_or(u32::MAX)).min(CEILING);
        // 0.5 to 1.5 times the base.
        let jittered = base / 2 + base.mul_f64(f64::from(random) / f64::from(u32::MAX));
        jittered.max(self.asked)
    }
}

const FIRST: Duration = Duration::from_secs(1);
/// The longest that a service or a row of failures can keep a device from asking.
const CEILING: Duration = Duration::from_mins(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_failures_the_services_wish_counts() {
        let mut backoff = Backoff::default();
        assert_eq!(backoff.delay(0), Duration::ZERO);
        backoff.succeeded(700);
        assert_eq!(backoff.delay(u32::MAX), Duration::from_millis(700));
    }

    #[test]
    fn failures_double_the_wait_up_to_five_minutes() {
        let mut backoff = Backoff::default();
        let mut waits = Vec::new();
        for _ in 0..12 {
            backoff.failed();
            waits.push(backoff.delay(u32::MAX / 2).as_secs_f64().round());
        }
        assert_eq!(waits, [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 300.0, 300.0, 300.0]);
    }

    #[test]
    fn jitter_spreads_a_wait_over_half_to_one_and_a_half() {
        let mut backoff = Backoff::default();
        backoff.failed();
        assert_eq!(backoff.delay(0), Duration::from_millis(500));
        assert_eq!(backoff.delay(u32::MAX), Duration::from_millis(1500));
    }

    #[test]
    fn a_hostile_service_cannot_silence_a_device_for_ever() {
        let mut backoff = Backoff::default();
        backoff.succeeded(u64::MAX);
        assert_eq!(backoff.delay(0), CEILING);
    }

    #[test]
    fn many_failures_overflow_nothing() {
        let mut backoff = Backoff { failures: u32::MAX, asked: Duration::ZERO };
        backoff.failed();
        assert!(backoff.delay(u32::MAX) <= CEILING * 3 / 2);
    }
}
