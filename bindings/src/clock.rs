//! The device's clocks, and what time it really is.

use std::sync::Arc;

use countersign_authenticator::clock::{self, Clock, SystemClock};
use countersign_authenticator::tasks::blocking;

use crate::convert::{mirror_enum, signed};
use crate::{Authenticator, AuthenticatorError, PlatformError};

/// The clocks of the device. (The core's `Clock`, a name that Swift has taken.)
///
/// # Contract
///
/// - One call reads all clocks, as close together as can be, and returns at once: it is made on any thread, many times,
///   and has no time limit. It doesn't call back into the library.
/// - *Android*: `System.currentTimeMillis()`, `SystemClock.elapsedRealtime()`, and `Settings.Global.BOOT_COUNT`.
///   The network's time is `SystemClock.currentNetworkTimeClock()` where it is there (API 33), else the wall clock if
///   `Settings.Global.AUTO_TIME` is on. *Apple*: nothing, since no app can know; `Date()`, `clock_gettime_nsec_np(CLOCK_MONOTONIC_RAW)` or another clock that goes on while the device sleeps
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
    /// Milliseconds since 1970 by a clock that the platform itself sets from the network: its network clock if it has one,
    /// else the wall clock where it is set automatically. Nothing where the person sets the clock, or nobody knows who does:
    /// then a single service that contradicts the clock makes the person choose.
    #[uniffi(default = None)]
    pub network: Option<i64>,
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
    /// Host of the service that told the time, or that agrees with the device's clock; `None` when there is none.
    pub service: Option<String>,
    /// Milliseconds since it told it.
    pub age_ms: Option<i64>,
    /// Services that contradict the device's clock, where nobody can tell who is right: codes of other issuers go by the
    /// device's. Show the person both, and let them choose once: [`crate::Authenticator::choose_clock`].
    #[uniffi(default = [])]
    pub undecided: Vec<ServiceClock>,
    /// What the person has chosen, if they have: [`crate::Authenticator::undo_clock_choice`] takes it back.
    #[uniffi(default = None)]
    pub choice: Option<ClockChoice>,
}

/// A service's clock, beside the time that is used.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ServiceClock {
    /// Host of the service.
    pub service: String,
    /// Milliseconds that it is ahead of the time that is used; negative when it is behind.
    pub ahead_ms: i64,
    /// Whether it signs its time.
    pub is_signed: bool,
}

/// Whose clock is right, as the person says.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum ClockChoice {
    /// The device's.
    Device,
    /// A service's.
    Service {
        /// Its host, as [`ServiceClock::service`] has it.
        host: String,
    },
}

mirror_enum! {
    /// How the time is known.
    TimeSource of clock::TimeSource {
        /// From a clock that the platform sets from the network.
        Platform of Platform,
        /// From a service's signed message, counted on by the monotonic clock since; the device's clock or another service
        /// agrees, or the person has chosen it.
        Service of Service,
        /// The same from a service that signs nothing, over TLS.
        UnsignedService of UnsignedService,
        /// The wall clock, corrected by the error it had before the device was restarted. Unverified: say so.
        LastKnownOffset of LastKnownOffset,
        /// The wall clock shows a time before the last one that a service told: it was reset while the device was off. Codes
        /// are most likely wrong: tell the person to set it.
        ClockWentBack of ClockWentBack,
        /// The wall clock as it is: no service has told a time that can be used, or one alone contradicts it.
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
            undecided: status.undecided.into_iter().map(ServiceClock::from).collect(),
            choice: status.choice.map(ClockChoice::from),
        }
    }
}

impl From<clock::ServiceClock> for ServiceClock {
    fn from(clock: clock::ServiceClock) -> Self {
        Self { service: clock.service, ahead_ms: clock.ahead_ms, is_signed: clock.is_signed }
    }
}

impl From<clock::ClockChoice> for ClockChoice {
    fn from(choice: clock::ClockChoice) -> Self {
        match choice {
            clock::ClockChoice::Device => Self::Device,
            clock::ClockChoice::Service(host) => Self::Service { host },
        }
    }
}

impl From<ClockChoice> for clock::ClockChoice {
    fn from(choice: ClockChoice) -> Self {
        match choice {
            ClockChoice::Device => Self::Device,
            ClockChoice::Service { host } => Self::Service(host),
        }
    }
}

#[uniffi::export(async_runtime = "tokio")]
impl Authenticator {
    /// The clock of every service that has told its time since the device was started, beside the time that is used. The
    /// codes and the requests of a service that is off go by its own.
    #[must_use]
    pub fn service_clocks(&self) -> Vec<ServiceClock> {
        self.core.service_clocks().into_iter().map(ServiceClock::from).collect()
    }

    /// Keeps whose clock the person believes, of those that [`ClockStatus::undecided`] shows beside the device's. It answers
    /// the differences that there are now: about another the person is asked again. Gives the status that follows.
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError::Gone`] for a service that doesn't contradict the device's clock; those of the vault.
    pub async fn choose_clock(&self, choice: ClockChoice) -> Result<ClockStatus, AuthenticatorError> {
        let core = self.core.clone();
        self.changed_by(blocking(move || core.choose_clock(choice.into())).await).map(ClockStatus::from)
    }

    /// Forgets whose clock the person believes: they are asked again. Says whether there was anything to forget.
    ///
    /// # Errors
    ///
    /// Those of the vault.
    pub async fn undo_clock_choice(&self) -> Result<bool, AuthenticatorError> {
        let core = self.core.clone();
        self.changed_by(blocking(move || core.undo_clock_choice()).await)
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
                network: reading.network.and_then(|network| network.try_into().ok()),
            },
            Some(Err(PlatformError::Failed)) | None => self.own.read(),
        }
    }
}
