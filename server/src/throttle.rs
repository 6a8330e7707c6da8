//! How failures slow an authenticator down (NIST SP 800-63B-4, section 3.2.2).
//!
//! Every authenticator of an account has a record of its own, so that what a stranger can get wrong never stops what
//! only the person can use. A success resets the records of the authenticator that was used, and no other.
//!
//! | record | counts | what it brings |
//! |---|---|---|
//! | approvals of one device | wrong numbers and scans, which only that device can sign | waits, and an administrator at a hundred |
//! | codes from one source | wrong codes typed there | waits, for that source |
//! | codes of the account | wrong codes from anywhere | at a hundred, two codes in a row instead of one |
//!
//! Strangers can type wrong codes, so a hundred of them must not close anything. From then on a code is taken only
//! together with the next one of the same device, which nobody guesses: 1 in 10^11 for each attempt.

use std::time::Duration;

use crate::time::Time;

/// Failures in a row after which a device's approvals need an administrator, and codes come in pairs.
pub(crate) const MAX_FAILURES: u32 = 100;

/// Why an authenticator can't be used at this moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lock {
    /// Until this moment.
    Until(Time),
    /// Until an administrator unlocks the account.
    UntilUnlocked,
}

/// Failures in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Failures {
    pub(crate) count: u32,
    /// When the last one was.
    pub(crate) last: Time,
}

impl Default for Failures {
    fn default() -> Self {
        Self { count: 0, last: Time::from_millis(i64::MIN) }
    }
}

impl Failures {
    /// With one more.
    pub(crate) fn and_one(self, now: Time) -> Self {
        Self { count: self.count.saturating_add(1), last: now }
    }

    /// Whether there have been as many as NIST allows.
    pub(crate) const fn is_exhausted(self) -> bool {
        self.count >= MAX_FAILURES
    }

    /// The end of the wait that they bring, if it isn't over. A failure that lies ahead of now was written by a clock
    /// that was wrong: it counts, and nobody waits for its time to come.
    pub(crate) fn wait(self, now: Time) -> Option<Time> {
        let until = self.last + delay_after(self.count);
        (until > now && !self.last.is_ahead_of(now)).then_some(until)
    }

    /// The lock of an authenticator that only its owner can fail at.
    pub(crate) fn lock(self, now: Time) -> Option<Lock> {
        if self.is_exhausted() { Some(Lock::UntilUnlocked) } else { self.wait(now).map(Lock::Until) }
    }
}

/// How long the `failures`th failure makes the next attempt wait: a person's slips cost nothing, then 30 s, doubled at
/// each further failure, up to 15 minutes.
pub(crate) fn delay_after(failures: u32) -> Duration {
    const FREE: u32 = 4;
    const FIRST: u64 = 30;
    const LONGEST: u64 = 15 * 60;
    let Some(doublings) = failures.checked_sub(FREE + 1) else { return Duration::ZERO };
    Duration::from_secs((FIRST << doublings.min(10)).min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_begin_after_a_persons_slips_and_grow_to_a_ceiling() {
        let seconds: Vec<u64> = (1..=12).map(|failures| delay_after(failures).as_secs()).collect();
        assert_eq!(seconds, [0, 0, 0, 0, 30, 60, 120, 240, 480, 900, 900, 900]);
        assert_eq!(delay_after(u32::MAX).as_secs(), 900);
    }

    #[test]
    fn a_wait_ends_and_a_hundred_failures_do_not() {
        let at = Time::from_seconds;
        let failures = |count| Failures { count, last: at(1000) };
        assert_eq!(failures(5).lock(at(1029)), Some(Lock::Until(at(1030))));
        assert_eq!(failures(5).lock(at(1030)), None);
        assert_eq!(failures(99).lock(at(1900)), None);
        assert_eq!(failures(100).lock(at(1_000_000)), Some(Lock::UntilUnlocked));
        assert_eq!(failures(100).wait(at(1900)), None);
        assert_eq!(Failures::default().lock(at(0)), None);
    }

    #[test]
    fn a_failure_that_lies_ahead_makes_nobody_wait() {
        let now = Time::from_seconds(100_000);
        for ahead in [11, 60, 3600, 86_400, 10_000_000] {
            let failures = Failures { count: 50, last: now + Duration::from_secs(ahead) };
            assert_eq!(failures.wait(now), None, "{ahead} s");
            assert_eq!(failures.and_one(now).wait(now), Some(now + Duration::from_secs(900)));
        }
        // A correction of a few seconds frees nobody.
        for ahead in [0, 1, 10] {
            let failures = Failures { count: 5, last: now + Duration::from_secs(ahead) };
            assert!(failures.wait(now).is_some(), "{ahead} s");
        }
    }
}
