//! Time: what the device's clocks read, and what time it really is.
//!
//! A phone's wall clock is wrong more often than one thinks, and people turn it. Every signed message of an approval
//! service has the service's time in it; a `TimeAnchor` keeps one such moment against the monotonic clock, so that
//! its codes are right and requests expire on time whatever the wall clock says. `KnownTimes` says whose time is used for
//! all other codes, where services, or a service and the wall clock, disagree.

mod anchor;
mod choice;
mod known;
mod site;

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use countersign_protocol::Id;
use serde::{Deserialize, Serialize};

pub(crate) use anchor::TimeAnchor;
pub use choice::ClockChoice;
pub(crate) use choice::StoredChoice;
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
    /// Milliseconds since 1970 by a clock that the platform itself sets from the network: a network clock if it has one,
    /// else the wall clock where it is set automatically. `None` where the person sets the clock, or nobody knows who does.
    #[serde(skip)]
    pub network: Option<u64>,
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
            network: None,
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
    /// From a clock that the platform sets from the network.
    Platform,
    /// From a service's signed message, counted on by the monotonic clock since; the device's clock or another service
    /// agrees, or the person has chosen it.
    Service,
    /// The same from a service that signs nothing, over TLS.
    UnsignedService,
    /// The wall clock, corrected by the error it had before the device was restarted. Unverified: it may have been set
    /// while nobody looked.
    LastKnownOffset,
    /// The wall clock shows a time before the last one that a service told: it was reset while the device was off. The
    /// time that is used is the earliest that it can be, and codes are most likely wrong.
    ClockWentBack,
    /// The wall clock as it is: no service has told a time that can be used, or one alone contradicts it.
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
    /// Host of the service that told the time, or that agrees with the device's clock; `None` when there is none.
    pub service: Option<String>,
    /// Milliseconds since it told it.
    pub age_ms: Option<u64>,
    /// Services that contradict the device's clock, where nobody can tell who is right: codes of other issuers go by the
    /// device's. A shell shows the person both, and lets them choose ([`crate::Authenticator::choose_clock`]).
    pub undecided: Vec<ServiceClock>,
    /// What the person has chosen, if they have, whether it is needed at this moment or not.
    pub choice: Option<ClockChoice>,
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

/// Whether two clocks tell the same time: clocks that are set by the network agree to far less, and half a code's step is
/// still no wrong code.
const fn agree(one: u64, other: u64) -> bool {
    one.abs_diff(other) <= 10_000
}

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
mod disagreements;
#[cfg(test)]
mod tests;
