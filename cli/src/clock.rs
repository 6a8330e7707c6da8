//! The clocks of this computer.
//!
//! On Linux the boot clock continues while the machine sleeps and is the same for all processes of a boot, so the next
//! command can use the time that one learnt from a service. Elsewhere the core's clock is used, and each command starts
//! with the wall clock and its last known error.

use std::sync::Arc;

use countersign_authenticator::clock::{Clock, SystemClock};

/// The best clock available on this platform.
pub(crate) fn platform_clock() -> Arc<dyn Clock> {
    #[cfg(target_os = "linux")]
    if let Some(clock) = linux::BootClock::new() {
        return Arc::new(clock);
    }
    Arc::new(SystemClock::default())
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fs;
    use std::path::Path;
    use std::time::{SystemTime, UNIX_EPOCH};

    use countersign_authenticator::clock::{Clock, ClockReading};
    use rustix::time::{ClockId, clock_gettime};

    /// `CLOCK_BOOTTIME`, and the kernel's name for this boot.
    pub(super) struct BootClock {
        boot: String,
    }

    impl BootClock {
        pub(super) fn new() -> Option<Self> {
            let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?.trim().to_owned();
            (!boot.is_empty()).then_some(Self { boot })
        }
    }

    /// Whether systemd has set this computer's clock from the network since it was started: it leaves this file then.
    fn is_synchronised() -> bool {
        Path::new("/run/systemd/timesync/synchronized").exists()
    }

    impl Clock for BootClock {
        fn read(&self) -> ClockReading {
            let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            let monotonic = clock_gettime(ClockId::Boottime);
            let seconds = u64::try_from(monotonic.tv_sec).unwrap_or_default();
            let nanoseconds = u64::try_from(monotonic.tv_nsec).unwrap_or_default();
            let wall = u64::try_from(wall.as_millis()).unwrap_or(u64::MAX);
            ClockReading {
                wall,
                monotonic: seconds * 1000 + nanoseconds / 1_000_000,
                boot: self.boot.clone(),
                network: is_synchronised().then_some(wall),
            }
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn two_clocks_of_one_boot_count_on_from_each_other() {
            let (first, second) = (BootClock::new().unwrap(), BootClock::new().unwrap());
            let (before, after) = (first.read(), second.read());
            assert_eq!(before.boot, after.boot);
            assert!(before.monotonic <= after.monotonic && after.monotonic - before.monotonic < 10_000);
        }
    }
}
