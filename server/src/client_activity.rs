//! What is remembered of clients between requests, so that neither their requests nor somebody's guesses write a row each.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use countersign_protocol::Id;
use tokio::time::Instant;

use crate::pace::Pace;
use crate::time::Time;

/// How exactly it is known when a secret was last used.
const PRECISION: Duration = Duration::from_mins(1);
/// Refusals of one client that are audited at once, and how long each further one takes to be allowed again.
const AUDITED: u32 = 10;
const AUDIT_INTERVAL: Duration = Duration::from_mins(6);
/// The same for the log, of requests that anybody can send in a client's name.
const LOGGED: u32 = 60;
const LOG_INTERVAL: Duration = Duration::from_mins(1);

/// When secrets were last used, and whose refusals were written down.
#[derive(Debug)]
pub(crate) struct ClientActivity {
    /// By secret. Secrets that don't exist never get in, so that this doesn't grow by guesses.
    used: Mutex<HashMap<Id, Time>>,
    audited: Pace<Id>,
    logged: Pace<Id>,
}

impl Default for ClientActivity {
    fn default() -> Self {
        Self {
            used: Mutex::default(),
            audited: Pace::new(AUDIT_INTERVAL, AUDITED, AUDIT_INTERVAL),
            logged: Pace::new(LOG_INTERVAL, LOGGED, LOG_INTERVAL),
        }
    }
}

impl ClientActivity {
    /// Whether this use of a secret is to be written down. A clock that goes back doesn't end that.
    pub(crate) fn is_use_due(&self, secret: Id, now: Time) -> bool {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let is_recent = |last: Time| now.since(last) < PRECISION && !last.is_ahead_of(now);
        if used.get(&secret).is_some_and(|last| is_recent(*last)) {
            return false;
        }
        used.insert(secret, now);
        true
    }

    /// Whether this refusal of somebody who would be this client is to be audited.
    pub(crate) fn is_audit_due(&self, client: Id) -> bool {
        self.audited.take(client, Instant::now()).is_zero()
    }

    /// Whether this refusal of a request in the name of this client is to be logged.
    pub(crate) fn is_log_due(&self, client: Id) -> bool {
        self.logged.take(client, Instant::now()).is_zero()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_use_is_written_down_once_a_minute_whatever_the_clock_does() {
        let (activity, secret) = (ClientActivity::default(), Id::make_random());
        let at = Time::from_seconds;
        for (seconds, is_due) in [
            (1000, true),
            (1000, false),
            (1059, false),
            (1060, true),
            (90_000, true),
            (2000, true),
            (2059, false),
            (1995, false),
            (2060, true),
        ] {
            assert_eq!(activity.is_use_due(secret, at(seconds)), is_due, "{seconds}");
        }
        assert!(activity.is_use_due(Id::make_random(), at(2060)));
    }

    #[test]
    fn a_flood_of_refusals_is_audited_ten_times_for_each_client() {
        let activity = ClientActivity::default();
        for _ in 0..2 {
            let client = Id::make_random();
            assert_eq!((0..10_000).filter(|_| activity.is_audit_due(client)).count(), 10);
        }
    }

    #[test]
    fn a_flood_of_refusals_is_logged_sixty_times_for_each_client() {
        let activity = ClientActivity::default();
        for _ in 0..2 {
            let client = Id::make_random();
            assert_eq!((0..10_000).filter(|_| activity.is_log_due(client)).count(), 60);
        }
    }
}
