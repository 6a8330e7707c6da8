//! What every request works with: settings, clock, keys, database, and who waits.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use countersign_protocol::messages::Policy;
use countersign_protocol::{Id, ServiceUrl};

use crate::client_activity::ClientActivity;
use crate::foreign::Foreign;
use crate::http::Readiness;
use crate::hub::{Hub, Subscription};
use crate::keys::{KeyRing, Keys};
use crate::oidc::{KeyStore, Starts};
use crate::push_limit::PushLimit;
use crate::store::{Store, signing_keys};
use crate::time::{Clock, Time};
use crate::wake_up::WakeUps;

/// The running service's state, shared by all requests.
pub(crate) struct App {
    pub(crate) settings: Settings,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) keys: Keys,
    pub(crate) store: Store,
    pub(crate) hub: Arc<Hub>,
    pub(crate) wake_ups: WakeUps,
    pub(crate) foreign: Foreign,
    pub(crate) readiness: Readiness,
    pub(crate) openid_keys: KeyStore,
    pub(crate) openid_starts: Starts,
    pub(crate) client_activity: ClientActivity,
    ring: RwLock<Arc<KeyRing>>,
}

/// What asks other servers for something.
pub(crate) struct Outgoing {
    pub(crate) wake_ups: WakeUps,
    pub(crate) foreign: Foreign,
}

/// The part of the configuration that requests need.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) public_url: ServiceUrl,
    pub(crate) policy: Policy,
    pub(crate) ticket_lifetime: Duration,
    pub(crate) challenge_lifetime: Duration,
    pub(crate) longest_wait: Duration,
    pub(crate) next_fetch: Duration,
    pub(crate) open_sign_ins: u32,
    pub(crate) push_limit: PushLimit,
}

impl App {
    pub(crate) fn new(
        settings: Settings,
        clock: Arc<dyn Clock>,
        keys: Keys,
        ring: KeyRing,
        store: Store,
        hub: Arc<Hub>,
        outgoing: Outgoing,
    ) -> Self {
        let Outgoing { wake_ups, foreign } = outgoing;
        Self {
            settings,
            clock,
            keys,
            store,
            hub,
            wake_ups,
            foreign,
            readiness: Readiness::default(),
            openid_keys: KeyStore::default(),
            openid_starts: Starts::default(),
            client_activity: ClientActivity::default(),
            ring: RwLock::new(Arc::new(ring)),
        }
    }

    pub(crate) fn now(&self) -> Time {
        self.clock.now()
    }

    /// The signing keys at this moment.
    pub(crate) fn ring(&self) -> Arc<KeyRing> {
        Arc::clone(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes over a signing key that the command line has added.
    pub(crate) async fn reload_ring(self: &Arc<Self>) -> Result<(), crate::store::StoreError> {
        let known = self.ring().len();
        let app = Arc::clone(self);
        let ring = self
            .store
            .read(move |connection| {
                if signing_keys::count(connection)? == known {
                    return Ok(None);
                }
                signing_keys::load(connection, &app.keys.sealer).map(Some)
            })
            .await?;
        if let Some(ring) = ring {
            *self.ring.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ring);
            tracing::info!("the signing key has changed");
        }
        Ok(())
    }

    /// Listens to what changes about a device, a sign-in or an enrolment.
    pub(crate) fn subscribe(&self, id: Id) -> Subscription {
        self.hub.subscribe(id)
    }

    /// Waits for a change, but not beyond `until`.
    pub(crate) async fn wait(&self, subscription: &mut Subscription, until: Time) {
        tokio::select! {
            () = subscription.changed() => {}
            () = self.clock.sleep_until(until) => {}
        }
    }
}
