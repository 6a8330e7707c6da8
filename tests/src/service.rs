//! The real service, in this process.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use countersign_authenticator::protocol::Id;
use countersign_authenticator::protocol::messages::Outcome;
use countersign_server::{Clock, Config, Service, SystemClock, Time, rotate_key, rotate_openid_keys};
use tempfile::TempDir;

use crate::{Network, Phone, RelyingParty};

/// A service behind a network, which can be stopped and started on the same data.
pub struct TestService {
    /// The way to it.
    pub network: Network,
    /// What phones are told to leave between fetches, from the next start on; the service's own default otherwise.
    pub next_fetch: Option<Duration>,
    /// The certificate of a push server on loopback that it may push to, from the next start on; it pushes to none otherwise.
    pub push_server_ca_file: Option<PathBuf>,
    /// How it is set up from the next start on, beside the defaults.
    pub settings: fn(&mut Config),
    clock: Arc<MovedClock>,
    data: TempDir,
    running: Option<Service>,
}

impl TestService {
    /// A new service, on an empty folder.
    ///
    /// # Panics
    ///
    /// When it doesn't start.
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// A new service, set up otherwise than by default.
    ///
    /// # Panics
    ///
    /// When it doesn't start.
    pub async fn start_with(settings: fn(&mut Config)) -> Self {
        let data = tempfile::tempdir().expect("a temporary folder");
        let clock = Arc::new(MovedClock::default());
        let mut service = Self {
            network: Network::start().await,
            next_fetch: None,
            push_server_ca_file: None,
            settings,
            clock,
            data,
            running: None,
        };
        service.restart().await;
        service
    }

    /// Stops it, and starts it again on the same data.
    ///
    /// # Panics
    ///
    /// When it doesn't start.
    pub async fn restart(&mut self) {
        self.stop().await;
        let config = self.config();
        let clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        let running = Service::start_with_clock(config, clock).await.expect("the service starts");
        self.network.lead_to(running.address());
        self.running = Some(running);
    }

    /// Stops it. The network leads nowhere then.
    pub async fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            running.shutdown().await;
        }
    }

    /// Puts another service in its place, as on a machine that was set up anew: same address, other keys.
    ///
    /// # Panics
    ///
    /// When it doesn't start.
    pub async fn replace_by_another(&mut self) {
        self.data = tempfile::tempdir().expect("a temporary folder");
        self.restart().await;
    }

    /// Gives it a new signing key, while it is stopped.
    ///
    /// # Panics
    ///
    /// When it can't.
    pub fn rotate_key(&self) {
        rotate_key(&self.config(), self.clock.now()).expect("a new key");
    }

    /// Gives it new keys for ID tokens, which sign once they have been published for two days.
    ///
    /// # Panics
    ///
    /// When it can't.
    pub fn rotate_openid_keys(&self) {
        rotate_openid_keys(&self.config(), false, self.clock.now()).expect("new keys");
    }

    /// Lets time pass for the service.
    pub fn advance(&self, time: Duration) {
        let milliseconds = i64::try_from(time.as_millis()).expect("tests wait for minutes");
        self.clock.ahead_ms.fetch_add(milliseconds, Ordering::SeqCst);
    }

    /// Sets the service's clock back.
    ///
    /// # Panics
    ///
    /// When it is set back by more than there are milliseconds.
    pub fn turn_back(&self, time: Duration) {
        let milliseconds = i64::try_from(time.as_millis()).expect("tests wait for minutes");
        self.clock.ahead_ms.fetch_sub(milliseconds, Ordering::SeqCst);
    }

    /// Its data folder.
    #[must_use]
    pub fn data(&self) -> &Path {
        self.data.path()
    }

    /// How it is set up.
    #[must_use]
    pub fn config(&self) -> Config {
        let mut config = Config::new(self.data.path());
        config.listen = SocketAddr::from(([127, 0, 0, 1], 0));
        config.public_url = self.network.url().parse().ok();
        config.wake_up_private = self.push_server_ca_file.is_some();
        config.wake_up_ca_file.clone_from(&self.push_server_ca_file);
        config.next_fetch = self.next_fetch.unwrap_or(config.next_fetch);
        (self.settings)(&mut config);
        config
    }

    /// The relying party, straight at the service and not through the network.
    ///
    /// # Panics
    ///
    /// When the service isn't running.
    #[must_use]
    pub fn relying_party(&self) -> RelyingParty {
        let address = self.running.as_ref().expect("the service runs").address();
        RelyingParty::new(format!("http://{address}"), self.data.path()).expect("the first API key")
    }
}

/// Enrols and activates `phone` for `user`, and gives the account on the phone.
///
/// # Panics
///
/// When any of it fails.
pub async fn enrolled(service: &TestService, phone: &Phone, user: &str) -> Id {
    let enrolment = service.relying_party().enrolment(user).await;
    let account = phone.enrol(&enrolment.link).await.expect("the phone enrols").account;
    let request = phone.fetch(account).await.expect("the service answers").remove(0);
    let outcome =
        phone.approve(request.id, &enrolment.number().await).await.expect("the service takes the answer");
    assert_eq!(outcome.outcome, Outcome::Approved);
    account
}

/// The system's clock, moved ahead.
#[derive(Default)]
struct MovedClock {
    ahead_ms: AtomicI64,
}

impl Clock for MovedClock {
    fn now(&self) -> Time {
        let now = i64::try_from(SystemClock.now().millis()).unwrap_or(i64::MAX);
        Time::from_millis(now + self.ahead_ms.load(Ordering::SeqCst))
    }

    fn sleep_until(&self, time: Time) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> {
        let wait = time.since(self.now());
        Box::pin(tokio::time::sleep(wait))
    }
}
