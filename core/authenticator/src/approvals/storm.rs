//! Push storms: what a person turns down is counted, and an account whose requests were turned down too often rests.
//!
//! An approval by a match calms the account; a new request doesn't. The service's policy sets the numbers, and a
//! default where there is none.

use std::time::Duration;

use countersign_protocol::Id;
use countersign_protocol::messages::{Decision, PushStop, PushStopReason, StormPolicy};
use serde::{Deserialize, Serialize};

use crate::vault::{Record, RecordKind};

/// What this device remembers of the requests of an account. In the vault under the account's identifier.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Storm {
    denied: u32,
    reported: u32,
    /// When the last request was turned down, seconds of the authenticator's time.
    last: u64,
    /// End of the pause, in the same seconds.
    paused_until: u64,
    /// What the service last said about its own pushes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    push_stop: Option<PushStop>,
}

impl Record for Storm {
    const KIND: RecordKind = RecordKind::Storm;
}

/// That an account's requests aren't shown by themselves, or aren't sent: why, until when, and what helps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AccountPause {
    /// The account.
    pub account: Id,
    /// Why.
    pub reason: PauseReason,
    /// When it ends by itself, Unix seconds of the time that this device goes by; `None` if it doesn't.
    pub until: Option<u64>,
    /// Requests that were denied since the last approval by a match.
    pub denied: u32,
    /// Requests that were reported since then.
    pub reported: u32,
    /// What a person can do, what is easiest first.
    pub ways_out: Vec<WayOut>,
}

/// Why an account pauses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PauseReason {
    /// The person has turned down one request after another: this device shows none by itself.
    TurnedDown,
    /// The service has sent as many as it may without a sign-in that succeeds.
    ServiceLimit,
    /// A report, or an administrator, has locked push.
    ServiceLock,
}

/// What ends a pause, or works in spite of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WayOut {
    /// Asking for the requests ([`crate::Authenticator::ask_for_requests`]): they are shown, and an approval needs a full
    /// check of the person.
    Ask,
    /// Ending the pause ([`crate::Authenticator::resume`]), when the requests were the person's own.
    Resume,
    /// Waiting until it ends.
    Wait,
    /// Signing in with a one-time code in place of a push.
    Code,
    /// Asking the organisation's administrator to unlock the account.
    Administrator,
}

impl Storm {
    /// Counts a request that was turned down, and begins the pause that it may bring. True if it does.
    pub(crate) fn turn_down(&mut self, decision: Decision, policy: StormPolicy, now: u64) -> bool {
        if self.is_over(now) {
            *self = Self { push_stop: self.push_stop, ..Self::default() };
        }
        match decision {
            Decision::Deny => self.denied = self.denied.saturating_add(1),
            Decision::Report => self.reported = self.reported.saturating_add(1),
            Decision::Approve => return false,
        }
        self.last = now;
        let Some(pause) = pause_after(self.turned_down(), policy) else { return false };
        self.paused_until = now.saturating_add(pause.as_secs());
        true
    }

    /// Forgets what was turned down: the person has approved by a match, or says that the requests were their own.
    /// True if there was anything.
    pub(crate) fn calm(&mut self) -> bool {
        let calm = Self { push_stop: self.push_stop, ..Self::default() };
        let changes = *self != calm;
        *self = calm;
        changes
    }

    /// Takes what the service says about its own pushes. True if it is something else than before.
    pub(crate) fn note_push_stop(&mut self, push_stop: Option<PushStop>) -> bool {
        let changes = self.push_stop != push_stop;
        self.push_stop = push_stop;
        changes
    }

    /// Whether an approval needs a full check of the person, whatever policy says: also after the pause.
    pub(crate) fn needs_user_check(&self, policy: StormPolicy, now: u64) -> bool {
        !self.is_over(now) && pause_after(self.turned_down(), policy).is_some()
    }

    /// What is left of the pause. A clock that was turned back makes none longer than the longest.
    pub(crate) fn left(&self, now: u64) -> Option<Duration> {
        let left = Duration::from_secs(self.paused_until.checked_sub(now)?);
        (!left.is_zero() && left <= LONGEST).then_some(left)
    }

    /// Why the account's requests don't come by themselves at this moment: `now` by this device, `service_now` by the
    /// account's service, whose clock may be off.
    pub(crate) fn pauses(&self, account: Id, now: u64, service_now: u64) -> Vec<AccountPause> {
        let pause = |reason, until, ways_out: &[WayOut]| AccountPause {
            account,
            reason,
            until,
            denied: self.denied,
            reported: self.reported,
            ways_out: ways_out.to_vec(),
        };
        let mut pauses = Vec::new();
        if self.left(now).is_some() {
            let ways_out = [WayOut::Ask, WayOut::Resume, WayOut::Wait];
            pauses.push(pause(PauseReason::TurnedDown, Some(self.paused_until), &ways_out));
        }
        match self.push_stop {
            Some(PushStop { until: Some(until), .. }) if until > service_now => {
                let until = now.saturating_add(until - service_now);
                let ways_out = [WayOut::Code, WayOut::Wait, WayOut::Administrator];
                pauses.push(pause(PauseReason::ServiceLimit, Some(until), &ways_out));
            }
            Some(PushStop { reason, until: None }) => {
                let reason = match reason {
                    PushStopReason::Limit => PauseReason::ServiceLimit,
                    PushStopReason::Lock | PushStopReason::Unknown => PauseReason::ServiceLock,
                };
                pauses.push(pause(reason, None, &[WayOut::Code, WayOut::Administrator]));
            }
            Some(_) | None => {}
        }
        pauses
    }

    const fn turned_down(&self) -> u32 {
        self.denied.saturating_add(self.reported)
    }

    /// Whether nothing was turned down for so long that it counts no more. A pause is never longer than that.
    const fn is_over(&self, now: u64) -> bool {
        now.abs_diff(self.last) > LONGEST.as_secs()
    }
}

/// The longest pause, and what makes a request that was turned down an old story.
const LONGEST: Duration = Duration::from_hours(24);

/// The pause that the `turned_down`th request brings: none at first, then the policy's, doubled at each further one.
fn pause_after(turned_down: u32, policy: StormPolicy) -> Option<Duration> {
    let limit = u32::from(policy.turned_down);
    if limit == 0 {
        return None;
    }
    let doublings = turned_down.checked_sub(limit)?.min(16);
    let pause = Duration::from_secs(policy.pause.into()).saturating_mul(1 << doublings);
    Some(pause.min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::approvals::testing::NOW;

    const ACCOUNT: Id = Id::from_bytes([1; 16]);
    const POLICY: StormPolicy = StormPolicy { turned_down: 3, pause: 900 };

    fn after(denials: u32) -> Storm {
        let mut storm = Storm::default();
        for _ in 0..denials {
            storm.turn_down(Decision::Deny, POLICY, NOW);
        }
        storm
    }

    #[test]
    fn the_third_request_turned_down_brings_a_pause_and_each_further_one_doubles_it() {
        let minutes = |denials| after(denials).left(NOW).map(|left| left.as_secs() / 60);
        assert_eq!([0, 1, 2].map(minutes), [None; 3]);
        assert_eq!([3, 4, 5, 6].map(minutes), [15, 30, 60, 120].map(Some));
        assert_eq!(minutes(10_000), Some(24 * 60));
        assert_eq!(after(3).left(NOW + 899), Some(Duration::from_secs(1)));
        assert_eq!(after(3).left(NOW + 900), None);
    }

    #[test]
    fn denials_and_reports_count_together_and_are_told_apart() {
        let mut storm = after(2);
        assert!(storm.turn_down(Decision::Report, POLICY, NOW));
        let [pause] = storm.pauses(ACCOUNT, NOW, NOW).try_into().unwrap();
        assert_eq!((pause.denied, pause.reported), (2, 1));
        assert_eq!((pause.reason, pause.until), (PauseReason::TurnedDown, Some(NOW + 900)));
        assert!(pause.ways_out.contains(&WayOut::Ask));
    }

    #[test]
    fn a_full_check_is_needed_until_the_account_is_calm_also_after_the_pause() {
        let mut storm = after(3);
        assert!(!after(2).needs_user_check(POLICY, NOW));
        assert!(storm.needs_user_check(POLICY, NOW + 901));
        assert!(storm.calm());
        assert!(!storm.needs_user_check(POLICY, NOW) && storm.pauses(ACCOUNT, NOW, NOW).is_empty());
        assert!(!storm.calm(), "there is nothing left to forget");
    }

    #[test]
    fn what_was_turned_down_more_than_a_day_ago_counts_no_more() {
        let mut storm = after(3);
        let tomorrow = NOW + 24 * 3600 + 1;
        assert!(!storm.needs_user_check(POLICY, tomorrow));
        assert!(!storm.turn_down(Decision::Deny, POLICY, tomorrow));
    }

    #[test]
    fn a_policy_may_want_no_pauses_and_none_can_be_made_endless() {
        let never = StormPolicy { turned_down: 0, pause: 900 };
        let endless = StormPolicy { turned_down: 1, pause: u32::MAX };
        let mut storm = after(2);
        assert!(!storm.turn_down(Decision::Deny, never, NOW));
        assert!(storm.turn_down(Decision::Deny, endless, NOW));
        assert_eq!(storm.left(NOW), Some(LONGEST));
        // Nor by turning a clock back.
        assert_eq!(storm.left(NOW - 365 * 24 * 3600), None);
    }

    #[test]
    fn what_the_service_says_is_told_until_it_says_otherwise_or_its_time_is_over() {
        let mut storm = Storm::default();
        let limit = PushStop { reason: PushStopReason::Limit, until: Some(NOW + 10) };
        assert!(storm.note_push_stop(Some(limit)) && !storm.note_push_stop(Some(limit)));
        assert_eq!(storm.pauses(ACCOUNT, NOW, NOW)[0].reason, PauseReason::ServiceLimit);
        assert!(storm.pauses(ACCOUNT, NOW + 10, NOW + 10).is_empty());
        // By the service's clock, which is an hour ahead or behind here.
        assert_eq!(storm.pauses(ACCOUNT, NOW - 3600, NOW)[0].until, Some(NOW - 3590));
        assert_eq!(storm.pauses(ACCOUNT, NOW + 3600, NOW)[0].until, Some(NOW + 3610));
        storm.note_push_stop(Some(PushStop { reason: PushStopReason::Lock, until: None }));
        storm.calm();
        let pause = storm.pauses(ACCOUNT, NOW + 10, NOW + 10).remove(0);
        assert_eq!((pause.reason, pause.until), (PauseReason::ServiceLock, None));
        assert_eq!(pause.ways_out, [WayOut::Code, WayOut::Administrator]);
    }
}
