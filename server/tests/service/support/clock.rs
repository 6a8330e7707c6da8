//! A clock that stands still until a test turns it.

use std::pin::Pin;
use std::time::Duration;

use countersign_server::{Clock, Time};
use tokio::sync::watch;

pub(crate) struct ManualClock(watch::Sender<Time>);

impl ManualClock {
    pub(crate) fn new() -> Self {
        Self::at(Time::from_seconds(1_800_000_000))
    }

    pub(crate) fn at(time: Time) -> Self {
        Self(watch::Sender::new(time))
    }

    pub(crate) fn advance(&self, duration: Duration) {
        self.0.send_modify(|time| *time = *time + duration);
    }

    /// Puts a clock right that was ahead.
    pub(crate) fn turn_back_seconds(&self, seconds: u64) {
        self.0.send_modify(|time| *time = *time - Duration::from_secs(seconds));
    }

    pub(crate) fn advance_seconds(&self, seconds: u64) {
        self.advance(Duration::from_secs(seconds));
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Time {
        *self.0.borrow()
    }

    fn sleep_until(&self, time: Time) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let mut now = self.0.subscribe();
        let mut latest = *now.borrow();
        Box::pin(async move {
            // A clock that is turned back wakes everybody, as no timer of the system waits longer for it.
            let over = |now: &Time| std::mem::replace(&mut latest, *now) > *now || *now >= time;
            let _ = now.wait_for(over).await;
        })
    }
}
