//! The device's clocks, and what time it really is.

use std::sync::Arc;

use countersign_core::clock::{self, Clock, SystemClock};

use crate::PlatformError;
use crate::convert::{mirror_enum, signed};

/// The clocks of the device. (The core's `Clock`, a name that Swift has taken.)
///
/// # Contract
///
/// - One call reads all clocks, as close together as can be, and returns at once: it is made on any thread, many times,
///   and has no time limit. It doesn't call back into the library.
/// - *Android*: `System.currentTimeMillis()`, `SystemClock.elapsedRealtime()`, and `Settings.Global.BOOT_COUNT`.
///   *Apple*: `Date()`, `clock_gettime_nsec_np(CLOCK_MONOTONIC_RAW)` or another clock that goes on while the device sleeps
///   (`mach_continuous_time`), and `kern.bootsessionuuid`.
/// - When it throws, the time is taken from the process's own clocks, under another boot: codes then go by the wall clock,
///   corrected by its last known error.
#[uniffi::export(foreign)]
pub trait DeviceClock: Send + Sync {
    /// Reads all clocks.
    ///
    /// # Errors
    ///
    /// When they can't be read.
    fn read(&self) -> Result<ClockReading, PlatformError>;
}

/// One reading of the device's clocks.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ClockReading {
    /// Wall clock: milliseconds since 1970, as the device believes.
    pub wall: i64,
    /// Milliseconds since some moment of this boot; never goes back, and goes on while the device sleeps.
    pub monotonic: i64,
    /// Names the boot that `monotonic` belongs to; another boot has another name.
    pub boot: String,
}

/// How far the device's wall clock is off, to be told to the person.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ClockStatus {
    /// The time that codes and expiry go by: milliseconds since 1970.
    pub unix_ms: i64,
    /// How it is known.
    pub source: TimeSource,
    /// Milliseconds that the wall clock is ahead of it; negative when it is behind.
    pub wall_ahead_ms: i64,
    /// Whether it is so far off that the person should be told: by three seconds or more.
    pub is_corrected: bool,
    /// Host of the service that told the time; `None` when it is the wall clock's.
    pub service: Option<String>,
    /// Milliseconds since it told it.
    pub age_ms: Option<i64>,
}

mirror_enum! {
    /// How the time is known.
    TimeSource of clock::TimeSource {
        /// From a service's signed message, counted on by the monotonic clock since.
        Service of Service,
        /// From a service that signs nothing, over TLS, counted on by the monotonic clock since.
        UnsignedService of UnsignedService,
        /// The wall clock, corrected by the error it had before the device was restarted. Unverified: say so.
        LastKnownOffset of LastKnownOffset,
        /// The wall clock shows a time before the last one that a service told: it was reset while the device was off. Codes
        /// are most likely wrong: tell the person to set it.
        ClockWentBack of ClockWentBack,
        /// The wall clock as it is: no service has told a time that can be used.
        WallClock of WallClock,
    } else WallClock
}

impl From<clock::ClockStatus> for ClockStatus {
    fn from(status: clock::ClockStatus) -> Self {
        Self {
            unix_ms: signed(status.time.unix_ms),
            source: status.time.source.into(),
            wall_ahead_ms: status.wall_ahead_ms,
            is_corrected: status.is_corrected(),
            service: status.service,
            age_ms: status.age_ms.map(signed),
        }
    }
}

/// The foreign clock as the core's; without one, the standard library's.
pub(crate) struct AnyClock {
    foreign: Option<Arc<dyn DeviceClock>>,
    own: SystemClock,
}

impl AnyClock {
    pub(crate) fn new(foreign: Option<Arc<dyn DeviceClock>>) -> Self {
        Self { foreign, own: SystemClock::default() }
    }
}

impl Clock for AnyClock {
    fn read(&self) -> clock::ClockReading {
        match self.foreign.as_ref().map(|foreign| foreign.read()) {
            Some(Ok(reading)) => clock::ClockReading {
                wall: reading.wall.try_into().unwrap_or(0),
                monotonic: reading.monotonic.try_into().unwrap_or(0),
                boot: reading.boot,
            },
            Some(Err(PlatformError::Failed)) | None => self.own.read(),
        }
    }
}
