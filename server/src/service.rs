//! Starting and stopping a service.

use std::net::SocketAddr;
use std::sync::Arc;

use countersign_protocol::{ProtocolError, ServiceUrl};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::actions::sweep;
use crate::app::{App, Outgoing, Settings};
use crate::config::{Config, ConfigError};
use crate::foreign::{Foreign, Loopback};
use crate::hub::Hub;
use crate::setup::{self, API_KEY_FILE, DATABASE_FILE, FolderLock, SetupError};
use crate::store;
use crate::time::{Clock, SystemClock};
use crate::wake_up::{self, Senders, WakeUps};
use crate::{descriptors, http, https};

/// A running approval service. Dropped without [`Service::shutdown`], it stops with its runtime; what it has answered
/// is on the disk all the same.
///
/// ```no_run
/// # async fn example() -> Result<(), countersign_server::StartError> {
/// use countersign_server::{Config, Service};
///
/// let service = Service::start(Config::new("/var/lib/countersign")).await?;
/// assert!(service.address().ip().is_loopback());
/// service.shutdown().await;
/// # Ok(())
/// # }
/// ```
pub struct Service {
    address: SocketAddr,
    app: Arc<App>,
    stop: Option<oneshot::Sender<()>>,
    serving: JoinHandle<()>,
    sweeping: JoinHandle<()>,
    waking: JoinHandle<()>,
    first_start: bool,
    _lock: FolderLock,
}

/// Why a service didn't start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// A setting has no acceptable value.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The data folder can't be used.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// It can't listen where it should.
    #[error("can't listen on {address}: {reason}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// What the system says.
        reason: std::io::Error,
    },
    /// Wake-ups can't be sent.
    #[error("wake-ups can't be sent; look at the files of --wake-up-ca-file and --wake-up-fcm-file")]
    WakeUps(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Other issuers' keys can't be fetched.
    #[error("other issuers can't be asked for their keys; look at the file of --issuer-ca-file")]
    Issuers(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Phones would refuse the address that the service is reachable at.
    #[error(
        "phones accept plain http on loopback only: name the https address of {address} with --public-url"
    )]
    PublicUrl {
        /// Where it listens.
        address: SocketAddr,
        /// Why the address wasn't accepted.
        #[source]
        source: ProtocolError,
    },
}

impl Service {
    /// Opens the data folder, set up if it is new, and serves. Raises the process's limit of open files as far as
    /// [`Config::connections`] needs it.
    ///
    /// # Errors
    ///
    /// [`StartError`]. Nothing is left running.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        Self::start_with_clock(config, Arc::new(SystemClock)).await
    }

    /// As [`Service::start`], with another source of time.
    ///
    /// # Errors
    ///
    /// [`StartError`]. Nothing is left running.
    pub async fn start_with_clock(config: Config, clock: Arc<dyn Clock>) -> Result<Self, StartError> {
        config.check()?;
        let listener = listen(config.listen).await?;
        let address =
            listener.local_addr().map_err(|reason| StartError::Listen { address: config.listen, reason })?;
        let public_url = match &config.public_url {
            Some(url) => url.clone(),
            None => own_url(address)?,
        };
        let senders = Senders::new(&config).map_err(StartError::WakeUps)?;
        let foreign = foreign(&config).map_err(StartError::Issuers)?;
        let (opened, lock) = setup::open_alone(&config, clock.now())?;
        let path = config.data.join(DATABASE_FILE);
        let hub = Arc::new(Hub::default());
        let publisher = Arc::clone(&hub);
        let store = store::start(&path, opened.connection, Arc::new(move |id| publisher.publish(id)))
            .map_err(|error| SetupError::Database { path, reason: error.to_string() })?;
        let settings = Settings {
            public_url,
            policy: config.policy,
            ticket_lifetime: config.ticket_lifetime,
            challenge_lifetime: config.challenge_lifetime,
            longest_wait: config.longest_wait,
            next_fetch: config.next_fetch,
            open_sign_ins: config.open_sign_ins,
            push_limit: config.push_limit,
        };
        let (wake_ups, calls) = WakeUps::new();
        let app = Arc::new(App::new(
            settings,
            clock,
            opened.keys,
            opened.ring,
            store,
            hub,
            Outgoing { wake_ups, foreign },
        ));
        let (stop, stopped) = oneshot::channel();
        let router = http::router(Arc::clone(&app));
        let connections = descriptors::connections(config.connections);
        let limits = http::Limits {
            connections,
            client_connections: config.client_connections.unwrap_or(connections.div_ceil(2)).min(connections),
            trusted_proxies: config.trusted_proxies,
        };
        let serving = tokio::spawn(http::serve(listener, router, limits, stopped));
        let sweeping = tokio::spawn(sweep::run(Arc::clone(&app)));
        let waking = tokio::spawn(wake_up::run(Arc::clone(&app), senders, calls));
        if opened.first {
            let path = config.data.join(API_KEY_FILE);
            tracing::info!(path = %path.display(), "the first API key is in this file");
        }
        tracing::info!(%address, public_url = %app.settings.public_url, "serving");
        Ok(Self {
            address,
            app,
            stop: Some(stop),
            serving,
            sweeping,
            waking,
            first_start: opened.first,
            _lock: lock,
        })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its address as browsers and phones see it.
    #[must_use]
    pub fn public_url(&self) -> &ServiceUrl {
        &self.app.settings.public_url
    }

    /// Whether this was the first start, which has made the master key and an API key.
    #[must_use]
    pub const fn is_first_start(&self) -> bool {
        self.first_start
    }

    /// Stops: takes no more connections, answers what is open, waits included, and closes the database.
    pub async fn shutdown(mut self) {
        tracing::info!("stopping");
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        self.app.hub.close();
        let _ = (&mut self.serving).await;
        self.sweeping.abort();
        self.waking.abort();
        let app = Arc::clone(&self.app);
        let _ = tokio::task::spawn_blocking(move || app.store.close()).await;
        tracing::info!("stopped");
    }
}

fn foreign(config: &Config) -> Result<Foreign, https::SetupError> {
    let loopback = if config.issuer_loopback { Loopback::Allowed } else { Loopback::Refused };
    Ok(Foreign::new(https::client(config.issuer_ca_file.as_deref())?.build()?, loopback))
}

async fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|reason| StartError::Listen { address, reason })
}

fn own_url(address: SocketAddr) -> Result<ServiceUrl, StartError> {
    format!("http://{address}").parse().map_err(|source| StartError::PublicUrl { address, source })
}
