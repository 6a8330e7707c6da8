//! When the next fetch is due.

use std::time::Duration;

use crate::clock::ClockReading;

/// Doubling waits after failures, with jitter, and never less than what the service asked for. They are counted from the
/// last fetch, however long ago that was.
#[derive(Clone, Debug, Default)]
pub(crate) struct Backoff {
    failures: u32,
    asked: Duration,
    wait: Duration,
    since: Option<ClockReading>,
}

impl Backoff {
    /// A fetch worked; the service asks to leave `next_fetch` milliseconds before the next.
    pub(crate) fn succeeded(&mut self, next_fetch: u64, now: ClockReading) {
        self.failures = 0;
        self.asked = Duration::from_millis(next_fetch).min(CEILING);
        self.wait = self.asked;
        self.since = Some(now);
    }

    /// A fetch failed. `random` is uniform; it spreads a crowd of phones that lost the service at one moment.
    pub(crate) fn failed(&mut self, random: u32, now: ClockReading) {
        let doublings = self.failures.min(16);
        self.failures = self.failures.saturating_add(1);
        let base = FIRST.saturating_mul(1 << doublings).min(CEILING);
        // 0.5 to 1.5 times the base.
        let jittered = base / 2 + base.mul_f64(f64::from(random) / f64::from(u32::MAX));
        self.wait = jittered.max(self.asked);
        self.since = Some(now);
    }

    /// What is left to wait.
    pub(crate) fn left(&self, now: &ClockReading) -> Duration {
        match &self.since {
            Some(since) if since.boot == now.boot => {
                self.wait.saturating_sub(Duration::from_millis(now.monotonic.saturating_sub(since.monotonic)))
            }
            _ => Duration::ZERO,
        }
    }
}

const FIRST: Duration = Duration::from_secs(1);
/// The longest that a service or a row of failures can keep a device from asking.
const CEILING: Duration = Duration::from_mins(5);

#[cfg(test)]
mod tests {
    use super::*;

    fn at(monotonic: u64) -> ClockReading {
        ClockReading { wall: 0, monotonic, boot: "a".into(), network: None }
    }

    #[test]
    fn without_failures_the_services_wish_counts() {
        let mut backoff = Backoff::default();
        assert_eq!(backoff.left(&at(0)), Duration::ZERO);
        backoff.succeeded(700, at(0));
        assert_eq!(backoff.left(&at(0)), Duration::from_millis(700));
    }

    #[test]
    fn the_wait_is_counted_from_the_last_fetch() {
        let mut backoff = Backoff::default();
        backoff.succeeded(5000, at(1000));
        assert_eq!(backoff.left(&at(4000)), Duration::from_secs(2));
        assert_eq!(backoff.left(&at(60_000)), Duration::ZERO);
        // A clock that goes back, or was started anew, makes no wait longer.
        assert_eq!(backoff.left(&at(0)), Duration::from_secs(5));
        assert_eq!(backoff.left(&ClockReading { boot: "b".into(), ..at(0) }), Duration::ZERO);
    }

    #[test]
    fn failures_double_the_wait_up_to_five_minutes() {
        let mut backoff = Backoff::default();
        let mut waits = Vec::new();
        for _ in 0..12 {
            backoff.failed(u32::MAX / 2, at(0));
            waits.push(backoff.left(&at(0)).as_secs_f64().round());
        }
        assert_eq!(waits, [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 300.0, 300.0, 300.0]);
        backoff.succeeded(0, at(0));
        assert_eq!(backoff.left(&at(0)), Duration::ZERO);
    }

    #[test]
    fn a_failure_does_not_undo_what_the_service_asked_for() {
        let mut backoff = Backoff::default();
        backoff.succeeded(60_000, at(0));
        backoff.failed(0, at(0));
        assert_eq!(backoff.left(&at(0)), Duration::from_mins(1));
    }

    #[test]
    fn jitter_spreads_a_wait_over_half_to_one_and_a_half() {
        for (random, wait) in [(0, 500), (u32::MAX, 1500)] {
            let mut backoff = Backoff::default();
            backoff.failed(random, at(0));
            assert_eq!(backoff.left(&at(0)), Duration::from_millis(wait));
        }
    }

    #[test]
    fn a_hostile_service_cannot_silence_a_device_for_ever() {
        let mut backoff = Backoff::default();
        backoff.succeeded(u64::MAX, at(0));
        assert_eq!(backoff.left(&at(0)), CEILING);
    }

    #[test]
    fn many_failures_overflow_nothing() {
        let mut backoff = Backoff { failures: u32::MAX, ..Backoff::default() };
        backoff.failed(u32::MAX, at(0));
        assert!(backoff.left(&at(0)) <= CEILING * 3 / 2);
    }
}
