//! Time: what the device's clocks read, and what time it really is.
//!
//! A phone's wall clock is wrong more often than one thinks, and people turn it. Every signed message of an approval
//! service has the service's time in it; a [`TimeAnchor`] keeps one such moment against the monotonic clock, so that
//! codes are right and requests expire on time whatever the wall clock says.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use countersign_protocol::Id;
use serde::{Deserialize, Serialize};

/// The clocks of the device. Injected, so that tests can turn them.
pub trait Clock: Send + Sync {
    /// Reads all clocks at once.
    fn read(&self) -> ClockReading;
}

/// One reading of the device's clocks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "shells make readings")]
pub struct ClockReading {
    /// Wall clock: milliseconds since 1970, as the device believes.
    pub wall: u64,
    /// Milliseconds since some moment of this boot; never goes back, and goes on while the device sleeps.
    pub monotonic: u64,
    /// Names the boot that `monotonic` belongs to; another boot has another name.
    pub boot: String,
}

/// The clocks of the standard library. Its monotonic clock is this process's own, so that a second process falls back
/// to the wall clock and its last known error; a shell that knows the platform's boot clock does better.
#[derive(Debug)]
pub struct SystemClock {
    start: Instant,
    boot: String,
}

impl Default for SystemClock {
    fn default() -> Self {
        Self { start: Instant::now(), boot: Id::make_random().to_string() }
    }
}

impl Clock for SystemClock {
    fn read(&self) -> ClockReading {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        ClockReading {
            wall: u64::try_from(wall.as_millis()).unwrap_or(u64::MAX),
            monotonic: u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX),
            boot: self.boot.clone(),
        }
    }
}

/// A moment at which the service's time was known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TimeAnchor {
    service: u64,
    uncertainty: u64,
    at: ClockReading,
}

impl TimeAnchor {
    /// From one exchange with the service: the clocks when the request was sent and when its reply had come, and the
    /// service's time in the reply, which it had held back for `held` milliseconds. `None` if the device was restarted
    /// in between.
    pub(crate) fn from_exchange(
        sent: &ClockReading,
        received: ClockReading,
        service: u64,
        held: u64,
    ) -> Option<Self> {
        if sent.boot != received.boot {
            return None;
        }
        let round_trip = received.monotonic.checked_sub(sent.monotonic)?.saturating_sub(held);
        Some(Self {
            service: service.saturating_add(round_trip / 2),
            uncertainty: round_trip / 2,
            at: received,
        })
    }

    /// The service's time now.
    pub(crate) fn now(&self, reading: &ClockReading) -> ServiceTime {
        if reading.boot == self.at.boot && reading.monotonic >= self.at.monotonic {
            let elapsed = reading.monotonic - self.at.monotonic;
            return ServiceTime {
                unix_ms: self.service.saturating_add(elapsed),
                source: TimeSource::Service,
            };
        }
        // After a restart the best guess is that the wall clock is still wrong by as much as it was.
        let unix_ms = reading.wall.saturating_add(self.service).saturating_sub(self.at.wall);
        ServiceTime { unix_ms, source: TimeSource::LastKnownOffset }
    }

    /// Whether the time by this anchor differs from the time by `old` so much that it is worth keeping across restarts.
    pub(crate) fn differs_from(&self, old: &Self, reading: &ClockReading) -> bool {
        self.at.boot != old.at.boot || self.now(reading).unix_ms.abs_diff(old.now(reading).unix_ms) > 500
    }

    /// Whether this anchor should take the place of `old`: one that is known more closely at `reading` stays, so that a
    /// slow reply can't make the time worse.
    pub(crate) fn improves_on(&self, old: &Self) -> bool {
        // A monotonic clock drifts; 50 ppm is what phones' crystals keep to.
        let aged = self.at.monotonic.saturating_sub(old.at.monotonic) / 20_000;
        self.at.boot != old.at.boot || self.uncertainty <= old.uncertainty.saturating_add(aged)
    }
}

/// The time that codes and expiry go by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServiceTime {
    /// Milliseconds since 1970.
    pub unix_ms: u64,
    /// How it is known.
    pub source: TimeSource,
}

impl ServiceTime {
    /// Whole seconds since 1970.
    #[must_use]
    pub const fn unix_seconds(&self) -> u64 {
        self.unix_ms / 1000
    }
}

/// How the time is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TimeSource {
    /// From a service's signed message, counted on by the monotonic clock since.
    Service,
    /// The wall clock, corrected by the error it had before the device was restarted.
    LastKnownOffset,
    /// The wall clock as it is: no service has told the time yet.
    WallClock,
}

/// How far the device's wall clock is off, to be told to the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClockStatus {
    /// The time that is used.
    pub time: ServiceTime,
    /// Milliseconds that the wall clock is ahead of it; negative when it is behind.
    pub wall_ahead_ms: i64,
}

/// What time it is at `reading`, by the anchor if there is one.
pub(crate) fn clock_status(anchor: Option<&TimeAnchor>, reading: &ClockReading) -> ClockStatus {
    let time = anchor
        .map_or(ServiceTime { unix_ms: reading.wall, source: TimeSource::WallClock }, |anchor| {
            anchor.now(reading)
        });
    let ahead = i128::from(reading.wall) - i128::from(time.unix_ms);
    ClockStatus {
        time,
        wall_ahead_ms: i64::try_from(ahead).unwrap_or(if ahead < 0 { i64::MIN } else { i64::MAX }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(wall: u64, monotonic: u64, boot: &str) -> ClockReading {
        ClockReading { wall, monotonic, boot: boot.into() }
    }

    fn anchor() -> TimeAnchor {
        TimeAnchor::from_exchange(&reading(5_000, 100, "a"), reading(5_200, 300, "a"), 1_000_000, 0).unwrap()
    }

    #[test]
    fn half_the_round_trip_is_added_to_the_services_time() {
        let status = clock_status(Some(&anchor()), &reading(5_200, 300, "a"));
        assert_eq!(status.time, ServiceTime { unix_ms: 1_000_100, source: TimeSource::Service });
    }

    #[test]
    fn turning_the_wall_clock_changes_nothing() {
        for wall in [0, 5_200, 605_200, u64::MAX] {
            let status = clock_status(Some(&anchor()), &reading(wall, 1_300, "a"));
            assert_eq!(status.time.unix_ms, 1_001_100, "wall {wall}");
        }
    }

    #[test]
    fn after_a_restart_the_last_known_error_of_the_wall_clock_is_used() {
        let status = clock_status(Some(&anchor()), &reading(9_200, 10, "b"));
        assert_eq!(status.time, ServiceTime { unix_ms: 1_004_100, source: TimeSource::LastKnownOffset });
    }

    #[test]
    fn without_a_service_the_wall_clock_is_all_there_is() {
        let status = clock_status(None, &reading(9_200, 10, "b"));
        assert_eq!(status.time, ServiceTime { unix_ms: 9_200, source: TimeSource::WallClock });
        assert_eq!(status.wall_ahead_ms, 0);
    }

    #[test]
    fn the_error_is_told_in_both_directions() {
        assert_eq!(clock_status(Some(&anchor()), &reading(1_600_100, 300, "a")).wall_ahead_ms, 600_000);
        assert_eq!(clock_status(Some(&anchor()), &reading(400_100, 300, "a")).wall_ahead_ms, -600_000);
    }

    #[test]
    fn an_exchange_across_a_restart_tells_no_time() {
        assert_eq!(TimeAnchor::from_exchange(&reading(0, 100, "a"), reading(0, 300, "b"), 1, 0), None);
        assert_eq!(TimeAnchor::from_exchange(&reading(0, 300, "a"), reading(0, 100, "a"), 1, 0), None);
    }

    #[test]
    fn what_the_service_held_back_is_no_part_of_the_round_trip() {
        let anchor =
            TimeAnchor::from_exchange(&reading(0, 0, "a"), reading(0, 25_040, "a"), 1_000, 25_000).unwrap();
        assert_eq!(clock_status(Some(&anchor), &reading(0, 25_040, "a")).time.unix_ms, 1_020);
    }

    #[test]
    fn a_slow_reply_does_not_replace_a_quick_one_until_drift_outweighs_it() {
        let quick = TimeAnchor::from_exchange(&reading(0, 0, "a"), reading(0, 20, "a"), 1_000, 0).unwrap();
        let slow = |at: u64| {
            TimeAnchor::from_exchange(&reading(0, at, "a"), reading(0, at + 2_000, "a"), 1_000, 0).unwrap()
        };
        assert!(!slow(1_000).improves_on(&quick));
        assert!(slow(30_000_000).improves_on(&quick));
        assert!(quick.improves_on(&slow(1_000)));
    }
}
