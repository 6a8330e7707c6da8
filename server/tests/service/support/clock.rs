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
        Box::pin(async move {
            let _ = now.wait_for(|now| *now >= time).await;
        })
    }
}
