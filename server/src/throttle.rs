//! How failures slow an account down (NIST SP 800-63B-4, section 3.2.2).
//!
//! Wrong numbers and wrong codes count together, on any device and any sign-in. Neither a new sign-in nor a new device
//! resets the count; a success does. At a hundred the account is closed until an administrator opens it.

use std::time::Duration;

use crate::time::Time;

/// Failures in a row after which only an administrator can help.
pub(crate) const MAX_FAILURES: u32 = 100;

/// Why an account may not try at this moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lock {
    /// Until this moment.
    Until(Time),
    /// Until an administrator unlocks it.
    UntilUnlocked,
}

/// The lock of an account with this many failures, the last of which locked it until `until`.
pub(crate) fn lock_at(failures: u32, until: Time, now: Time) -> Option<Lock> {
    if failures >= MAX_FAILURES {
        return Some(Lock::UntilUnlocked);
    }
    (until > now).then_some(Lock::Until(until))
}

/// How long the account is locked by its `failures`th failure: a person's slips cost nothing, then 30 s, doubled at each
/// further failure, up to 15 minutes. A hundred guesses so take a day, and hit a six-digit number once in ten thousand.
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
    fn an_account_is_locked_until_its_time_and_closed_at_a_hundred() {
        let (now, later) = (Time::from_seconds(10), Time::from_seconds(11));
        assert_eq!(lock_at(5, later, now), Some(Lock::Until(later)));
        assert_eq!(lock_at(5, now, now), None);
        assert_eq!(lock_at(99, now, now), None);
        assert_eq!(lock_at(100, now, later), Some(Lock::UntilUnlocked));
    }
}
