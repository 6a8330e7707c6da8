//! Time: what the device's clocks read, and what time it really is.
//!
//! A phone's wall clock is wrong more often than one thinks, and people turn it. Every signed message of an approval
//! service has the service's time in it; a [`TimeAnchor`] keeps one such moment against the monotonic clock, so that
//! codes are right and requests expire on time whatever the wall clock says. [`KnownTimes`] says whose time is used
//! where services, or a service and the wall clock, disagree.

mod anchor;
mod known;

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use countersign_protocol::Id;
use serde::{Deserialize, Serialize};

pub(crate) use anchor::TimeAnchor;
pub(crate) use known::KnownTimes;

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
    /// From a service that signs nothing, over TLS, counted on by the monotonic clock since.
    UnsignedService,
    /// The wall clock, corrected by the error it had before the device was restarted. Unverified: it may have been set
    /// while nobody looked.
    LastKnownOffset,
    /// The wall clock shows a time before the last one that a service told: it was reset while the device was off. The
    /// time that is used is the earliest that it can be, and codes are most likely wrong.
    ClockWentBack,
    /// The wall clock as it is: no service has told a time that can be used.
    WallClock,
}

/// How far the device's wall clock is off, to be told to the person.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClockStatus {
    /// The time that is used.
    pub time: ServiceTime,
    /// Milliseconds that the wall clock is ahead of it; negative when it is behind.
    pub wall_ahead_ms: i64,
    /// Host of the service that told the time; `None` when it is the wall clock's.
    pub service: Option<String>,
    /// Milliseconds since it told it.
    pub age_ms: Option<u64>,
}

impl ClockStatus {
    /// Whether the wall clock is so far off that a person should know: by three seconds or more.
    #[must_use]
    pub const fn is_corrected(&self) -> bool {
        self.wall_ahead_ms.unsigned_abs() >= WORTH_TELLING_MS
    }
}

/// Nearer than this, a wrong clock spoils no code.
const WORTH_TELLING_MS: u64 = 3_000;

/// A service's clock, beside the time that is used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServiceClock {
    /// Host of the service.
    pub service: String,
    /// Milliseconds that it is ahead of the time that is used; negative when it is behind.
    pub ahead_ms: i64,
    /// Whether it signs its time.
    pub is_signed: bool,
}

#[cfg(test)]
mod tests;
