//! Who waits for what: phones for challenges, relying parties and pages for results.
//!
//! Every device, sign-in and enrolment is a topic by its identifier, which exists while somebody listens. What changed
//! is in the database; a topic only says that something did.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use countersign_protocol::Id;
use tokio::sync::Notify;

/// All topics that have listeners.
#[derive(Default)]
pub(crate) struct Hub {
    topics: Mutex<HashMap<Id, Arc<Topic>>>,
    closing: AtomicBool,
}

/// Listens to one topic. What happens after it was made isn't missed: subscribe first, then look.
pub(crate) struct Subscription {
    hub: Arc<Hub>,
    id: Id,
    topic: Arc<Topic>,
    seen: u64,
}

/// Counts as waiting while it lives.
pub(crate) struct Waiting(Arc<Topic>);

impl Hub {
    pub(crate) fn subscribe(self: &Arc<Self>, id: Id) -> Subscription {
        let topic = Arc::clone(self.topics().entry(id).or_default());
        let seen = topic.version.load(Ordering::Acquire);
        Subscription { hub: Arc::clone(self), id, topic, seen }
    }

    /// Tells those who listen that something about `id` has changed.
    pub(crate) fn publish(&self, id: Id) {
        // Under the lock, so that no other owner of the topic is counted when a subscription goes.
        if let Some(topic) = self.topics().get(&id) {
            topic.publish();
        }
    }

    /// Ends every wait, now and from now on: the service stops.
    pub(crate) fn close(&self) {
        self.closing.store(true, Ordering::Release);
        self.topics().values().for_each(|topic| topic.publish());
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }

    fn topics(&self) -> MutexGuard<'_, HashMap<Id, Arc<Topic>>> {
        self.topics.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Subscription {
    /// Completes once something has been published since the subscription was made or this last completed, or when
    /// the service stops. Dropping it loses nothing.
    pub(crate) async fn changed(&mut self) {
        loop {
            // A `Notified` gets what is published from here on, also before it is first polled.
            let notified = self.topic.notify.notified();
            let version = self.topic.version.load(Ordering::Acquire);
            if version != self.seen || self.hub.is_closing() {
                self.seen = version;
                return;
            }
            notified.await;
        }
    }

    /// Counts one more that waits on this topic, unless there are `limit` already.
    pub(crate) fn wait_as_one_of(&self, limit: u32) -> Option<Waiting> {
        self.topic
            .waiting
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |waiting| {
                (waiting < limit).then_some(waiting + 1)
            })
            .ok()
            .map(|_| Waiting(Arc::clone(&self.topic)))
    }
}

#[derive(Default)]
struct Topic {
    version: AtomicU64,
    waiting: AtomicU32,
    notify: Notify,
}

impl Topic {
    fn publish(&self) {
        self.version.fetch_add(1, Ordering::AcqRel);
        self.notify.notify_waiters();
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut topics = self.hub.topics();
        if let Entry::Occupied(entry) = topics.entry(self.id) {
            // Subscriptions are made and dropped under this lock: two owners are the map and this one. A count of
            // those waiting is held within a subscription's life.
            if Arc::strong_count(entry.get()) == 2 {
                entry.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn what_is_published_after_the_subscription_is_never_missed() {
        let (hub, id) = (Arc::new(Hub::default()), Id::make_random());
        let mut subscription = hub.subscribe(id);
        assert!(subscription.changed().now_or_never().is_none());
        hub.publish(id);
        hub.publish(id);
        assert!(subscription.changed().now_or_never().is_some());
        assert!(subscription.changed().now_or_never().is_none(), "two changes seen at once are one");
        hub.publish(Id::make_random());
        assert!(subscription.changed().now_or_never().is_none());
    }

    #[tokio::test]
    async fn all_listeners_wake_and_the_topic_goes_with_the_last() {
        let (hub, id) = (Arc::new(Hub::default()), Id::make_random());
        let (mut one, mut two) = (hub.subscribe(id), hub.subscribe(id));
        let both = tokio::spawn(async move {
            tokio::join!(one.changed(), two.changed());
        });
        tokio::task::yield_now().await;
        hub.publish(id);
        both.await.unwrap();
        assert!(hub.topics().is_empty());
    }

    #[tokio::test]
    async fn closing_ends_all_waits() {
        let hub = Arc::new(Hub::default());
        let mut before = hub.subscribe(Id::make_random());
        hub.close();
        before.changed().await;
        hub.subscribe(Id::make_random()).changed().await;
    }

    #[test]
    fn only_so_many_wait_at_once() {
        let hub = Arc::new(Hub::default());
        let subscription = hub.subscribe(Id::make_random());
        let first = subscription.wait_as_one_of(1);
        assert!(first.is_some() && subscription.wait_as_one_of(1).is_none());
        drop(first);
        assert!(subscription.wait_as_one_of(1).is_some());
    }
}
