//! How often an account's devices are asked without a sign-in that succeeds (NIST SP 800-63B-4, section 3.1.3).
//!
//! Each source ([`crate::source`]) has a share, and all sources that the person never signed in from have a common
//! ceiling. So a stranger uses up a stranger's share, and strangers together leave the person theirs. A success starts
//! the count of its own source again, and so does a rest since the last request.
//!
//! Beyond its share a sign-in asks no device, isn't counted, and its page offers the other methods: a right code always
//! gets in. A lock is beyond all counts, and an administrator's to open.

use std::time::Duration;

use countersign_protocol::messages::{PushStop, PushStopReason};

use crate::source::Source;
use crate::store::pushes::Pushes;
use crate::store::sign_ins::{Asked, Push};
use crate::time::Time;

/// How many sign-ins an account's devices are asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PushLimit {
    /// Sign-ins from one source since the last that succeeded there, at least 1. All sources that the person never signed
    /// in from share twice as many.
    pub count: u32,
    /// How long after the last of them the count starts again.
    pub rest: Duration,
}

/// Sign-ins of one account that devices are asked about at once: with four activations they fit in one delivery.
pub(crate) const MAX_ASKED: usize = 8;
/// Those of them that may come from sources that the person never signed in from, unless one source may have more.
const MAX_ASKED_BY_STRANGERS: usize = 6;

impl Default for PushLimit {
    /// Ten, and an hour.
    fn default() -> Self {
        Self { count: 10, rest: Duration::from_secs(3600) }
    }
}

/// How an account stands.
#[derive(Clone, Debug, Default)]
pub(crate) struct Standing {
    /// Since when push is locked, if it is.
    pub(crate) locked: Option<Time>,
    /// What was asked since the last success, by source.
    pub(crate) pushes: Vec<Pushes>,
}

/// Whether devices are asked about a new sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pushing {
    /// They are; so many have been sent from there since the last success.
    Open { sent: u32 },
    /// Not until this moment, or a success by another method.
    Limited { until: Time },
    /// Not until an administrator unlocks the account.
    Locked,
}

impl PushLimit {
    /// What holds for a new sign-in from `source`, while `asked` wait for devices, up to `at_once` from each source.
    pub(crate) fn at(
        &self,
        standing: &Standing,
        asked: &[Asked],
        source: Source,
        at_once: u32,
        now: Time,
    ) -> Pushing {
        if standing.locked.is_some() {
            return Pushing::Locked;
        }
        let is_known =
            |source: Source| standing.pushes.iter().any(|pushes| pushes.source == source && pushes.known);
        let known = is_known(source);
        let own = standing.pushes.iter().find(|pushes| pushes.source == source);
        let sent = own.map_or(0, |own| self.counted(own, now));
        let rests = if sent >= self.count {
            own.map(|own| own.last + self.rest)
        } else if known {
            None
        } else {
            self.strangers_rest(standing, now)
        };
        let at_once = usize::try_from(at_once).unwrap_or(usize::MAX);
        let waits = [
            (asked.iter().filter(|it| it.source == source).count() >= at_once, true),
            (asked.len() >= MAX_ASKED, true),
            (
                asked.iter().filter(|it| !is_known(it.source)).count() >= MAX_ASKED_BY_STRANGERS.max(at_once),
                !known,
            ),
        ]
        .into_iter()
        .any(|(is_full, applies)| is_full && applies)
        .then(|| asked.iter().map(|it| it.expires).min())
        .flatten();
        match rests.max(waits) {
            Some(until) => Pushing::Limited { until },
            None => Pushing::Open { sent },
        }
    }

    /// What a device is told: whether some sign-ins don't reach it, and until when.
    pub(crate) fn stop(&self, standing: &Standing, now: Time) -> Option<PushStop> {
        if standing.locked.is_some() {
            return Some(PushStop { reason: PushStopReason::Lock, until: None });
        }
        let until = self.limited_until(standing, now)?;
        Some(PushStop { reason: PushStopReason::Limit, until: Some(until.seconds()) })
    }

    /// When the last of the sources that have used up their share, or the strangers' ceiling, is asked about again.
    pub(crate) fn limited_until(&self, standing: &Standing, now: Time) -> Option<Time> {
        standing
            .pushes
            .iter()
            .filter(|pushes| self.counted(pushes, now) >= self.count)
            .map(|pushes| pushes.last + self.rest)
            .max()
            .max(self.strangers_rest(standing, now))
    }

    /// Requests that count at `now`: not those that have rested, nor those of a clock that was ahead.
    pub(crate) fn counted(&self, pushes: &Pushes, now: Time) -> u32 {
        let counts = pushes.last + self.rest > now && !pushes.last.is_ahead_of(now);
        if counts { pushes.count } else { 0 }
    }

    /// Until when sources that nobody knows have used up what they share.
    fn strangers_rest(&self, standing: &Standing, now: Time) -> Option<Time> {
        let strangers =
            || standing.pushes.iter().filter(|pushes| !pushes.known && self.counted(pushes, now) > 0);
        let sent = strangers().fold(0_u32, |sum, pushes| sum.saturating_add(pushes.count));
        let first = strangers().map(|pushes| pushes.last + self.rest).min();
        first.filter(|_| sent >= self.count.saturating_mul(2))
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
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: PushLimit = PushLimit { count: 3, rest: Duration::from_secs(60) };

    const fn source(name: u8) -> Source {
        Source::from_bytes([name; 16])
    }

    fn pushes(name: u8, count: u32, last: u64, known: bool) -> Pushes {
        Pushes { source: source(name), count, last: Time::from_seconds(last), known }
    }

    fn at(pushes: &[Pushes], asked: &[Asked], name: u8, now: u64) -> Pushing {
        let standing = Standing { locked: None, pushes: pushes.to_vec() };
        LIMIT.at(&standing, asked, source(name), 5, Time::from_seconds(now))
    }

    #[test]
    fn a_source_asks_up_to_its_share_and_again_after_a_rest() {
        let until = Pushing::Limited { until: Time::from_seconds(1060) };
        assert_eq!(at(&[pushes(1, 2, 1000, false)], &[], 1, 1010), Pushing::Open { sent: 2 });
        assert_eq!(at(&[pushes(1, 3, 1000, false)], &[], 1, 1010), until);
        assert_eq!(at(&[pushes(1, 3, 1000, false)], &[], 1, 1060), Pushing::Open { sent: 0 });
        assert_eq!(at(&[], &[], 1, 1000), Pushing::Open { sent: 0 });
    }

    #[test]
    fn a_stranger_uses_up_a_strangers_share() {
        let one = [pushes(1, 3, 1000, false)];
        assert!(matches!(at(&one, &[], 1, 1001), Pushing::Limited { .. }));
        assert_eq!(at(&one, &[], 2, 1001), Pushing::Open { sent: 0 });
        // Many strangers together have a ceiling, which isn't that of a source that the person has used.
        let many = [pushes(1, 3, 1000, false), pushes(2, 3, 1010, false), pushes(9, 0, 900, true)];
        assert_eq!(at(&many, &[], 3, 1011), Pushing::Limited { until: Time::from_seconds(1060) });
        assert_eq!(at(&many, &[], 9, 1011), Pushing::Open { sent: 0 });
        assert_eq!(at(&many, &[], 3, 1060), Pushing::Open { sent: 0 });
    }

    #[test]
    fn what_waits_at_once_is_shared_as_well() {
        let asked =
            |name, count| vec![Asked { source: source(name), expires: Time::from_seconds(1100) }; count];
        let full = Pushing::Limited { until: Time::from_seconds(1100) };
        let known = [pushes(9, 0, 900, true)];
        assert_eq!(at(&known, &asked(1, 5), 1, 1000), full);
        assert_eq!(at(&known, &asked(1, 5), 2, 1000), Pushing::Open { sent: 0 });
        let strangers = [asked(1, 3), asked(2, 3)].concat();
        assert_eq!(at(&known, &strangers, 3, 1000), full);
        assert_eq!(at(&known, &strangers, 9, 1000), Pushing::Open { sent: 0 });
        assert_eq!(at(&known, &[strangers, asked(9, 2)].concat(), 9, 1000), full, "what fits in a delivery");
    }

    #[test]
    fn requests_of_a_clock_that_was_ahead_limit_nobody() {
        let ahead = [pushes(1, 3, 5000, false), pushes(2, 3, 5000, false)];
        assert_eq!(at(&ahead, &[], 1, 1000), Pushing::Open { sent: 0 });
        assert_eq!(at(&ahead, &[], 3, 1000), Pushing::Open { sent: 0 });
        let standing = Standing { locked: None, pushes: ahead.to_vec() };
        assert_eq!(LIMIT.stop(&standing, Time::from_seconds(1000)), None);
    }

    #[test]
    fn no_rest_opens_a_lock() {
        let locked = Standing { locked: Some(Time::from_seconds(1000)), pushes: Vec::new() };
        let end = Time::from_seconds(u64::MAX);
        assert_eq!(PushLimit::default().at(&locked, &[], source(1), 5, end), Pushing::Locked);
        let stop = PushStop { reason: PushStopReason::Lock, until: None };
        assert_eq!(PushLimit::default().stop(&locked, end), Some(stop));
    }
}
