//! How often an account's devices are asked without a sign-in that succeeds (NIST SP 800-63B-4, section 3.1.3.2).
//!
//! Every sign-in counts, whatever becomes of it. One that succeeds, by whatever method, starts the count anew, and so
//! does a rest since the last. Beyond the limit a sign-in asks no device, and its page offers the other methods: whoever
//! floods somebody else's phone doesn't lock them out. A lock is beyond all counts, and an administrator's to open.

use std::time::Duration;

use countersign_protocol::messages::{PushStop, PushStopReason};

use crate::store::accounts::Standing;
use crate::store::sign_ins::Push;
use crate::time::Time;

/// How many sign-ins an account's devices are asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PushLimit {
    /// Sign-ins since the last that succeeded, at least 1.
    pub count: u32,
    /// How long after the last of them the count starts anew.
    pub rest: Duration,
}

impl Default for PushLimit {
    /// Ten, and an hour.
    fn default() -> Self {
        Self { count: 10, rest: Duration::from_secs(3600) }
    }
}

/// Whether devices are asked about a new sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pushing {
    /// They are; so many have been sent since the last success.
    Open { sent: u32 },
    /// Not until this moment, or a success by another method.
    Limited { until: Time },
    /// Not until an administrator unlocks the account.
    Locked,
}

impl PushLimit {
    /// What holds for an account at `now`.
    pub(crate) fn at(&self, standing: &Standing, now: Time) -> Pushing {
        let until = standing.last_push + self.rest;
        match standing {
            Standing { push_locked: Some(_), .. } => Pushing::Locked,
            _ if until <= now => Pushing::Open { sent: 0 },
            _ if standing.pushes >= self.count => Pushing::Limited { until },
            _ => Pushing::Open { sent: standing.pushes },
        }
    }
}

impl Pushing {
    /// As a sign-in remembers it.
    pub(crate) const fn push(self) -> Push {
        match self {
            Self::Open { .. } => Push::Asked,
            Self::Limited { .. } => Push::Limited,
            Self::Locked => Push::Locked,
        }
    }

    pub(crate) const fn until(self) -> Option<Time> {
        match self {
            Self::Limited { until } => Some(until),
            Self::Open { .. } | Self::Locked => None,
        }
    }

    /// What a device is told of it.
    pub(crate) fn stop(self) -> Option<PushStop> {
        let reason = match self {
            Self::Open { .. } => return None,
            Self::Limited { .. } => PushStopReason::Limit,
            Self::Locked => PushStopReason::Lock,
        };
        Some(PushStop { reason, until: self.until().map(Time::seconds) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(pushes: u32, last_push: u64) -> Standing {
        Standing { pushes, last_push: Time::from_seconds(last_push), ..Standing::default() }
    }

    #[test]
    fn devices_are_asked_up_to_the_limit_and_again_after_a_rest() {
        let limit = PushLimit { count: 3, rest: Duration::from_secs(60) };
        let at = |pushes, now| limit.at(&standing(pushes, 1000), Time::from_seconds(now));
        assert_eq!(at(2, 1010), Pushing::Open { sent: 2 });
        assert_eq!(at(3, 1010), Pushing::Limited { until: Time::from_seconds(1060) });
        assert_eq!(at(3, 1059).stop().unwrap().until, Some(1060));
        assert_eq!(at(3, 1060), Pushing::Open { sent: 0 });
        assert_eq!(limit.at(&Standing::default(), Time::from_seconds(1000)), Pushing::Open { sent: 0 });
    }

    #[test]
    fn no_rest_opens_a_lock() {
        let locked = Standing { push_locked: Some(Time::from_seconds(1000)), ..standing(0, 0) };
        let pushing = PushLimit::default().at(&locked, Time::from_seconds(u64::MAX));
        assert_eq!(pushing, Pushing::Locked);
        assert_eq!(pushing.stop().unwrap(), PushStop { reason: PushStopReason::Lock, until: None });
    }
}
