//! The façade: one object on one open vault. Its methods are in the files of what they are about.

use std::sync::Arc;

use countersign_authenticator as core;
use countersign_authenticator::client::HttpTransportBuilder;
use countersign_authenticator::keys::SoftwareKeys;
use countersign_authenticator::tasks::blocking;
use tokio::sync::watch;

use crate::clock::AnyClock;
use crate::keys::ForeignKeys;
use crate::{AuthenticatorError, ClockStatus, DeviceClock, DeviceKeys, RequestWatcher, UserCheck, Vault};

/// The authenticator on one open vault.
#[derive(uniffi::Object)]
pub struct Authenticator {
    pub(crate) core: core::Authenticator,
    /// Tells watchers that the list of accounts or of requests has changed by a call, and not by a delivery.
    changes: watch::Sender<()>,
}

#[uniffi::export(async_runtime = "tokio")]
impl Authenticator {
    /// An authenticator on an unlocked vault, with the platform's key store. Without a `clock` it goes by the process's own
    /// clocks. `roots` are certificate authorities (DER) to trust beside the public ones: an organisation's own.
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError::Locked`], [`AuthenticatorError::Untrusted`] when a root isn't a certificate.
    #[uniffi::constructor(default(clock = None, roots = []))]
    pub async fn open(
        vault: Arc<Vault>,
        keys: Arc<dyn DeviceKeys>,
        clock: Option<Arc<dyn DeviceClock>>,
        roots: Vec<Vec<u8>>,
    ) -> Result<Arc<Self>, AuthenticatorError> {
        Self::build(vault, move |_| Arc::new(ForeignKeys(keys)), clock, roots).await
    }

    /// As [`Authenticator::open`], with device keys that are kept in the vault: for phones without secure hardware, for
    /// simulators and for tests. `user_check` is how the app checks the person before it lets them approve.
    ///
    /// # Errors
    ///
    /// As [`Authenticator::open`].
    #[uniffi::constructor(default(clock = None, roots = []))]
    pub async fn open_with_software_keys(
        vault: Arc<Vault>,
        user_check: UserCheck,
        clock: Option<Arc<dyn DeviceClock>>,
        roots: Vec<Vec<u8>>,
    ) -> Result<Arc<Self>, AuthenticatorError> {
        Self::build(vault, move |vault| Arc::new(SoftwareKeys::new(vault, user_check.into())), clock, roots)
            .await
    }

    /// The vault, for what concerns it alone: locking, key slots, its health.
    #[must_use]
    pub fn vault(&self) -> Arc<Vault> {
        Arc::new(Vault::from(Arc::clone(self.core.vault())))
    }

    /// The time that codes and expiry go by, and how far the device's clock is off.
    #[must_use]
    pub fn clock_status(&self) -> ClockStatus {
        self.core.clock_status().into()
    }

    /// Watches for sign-ins, on all accounts. One watcher is enough for an app: each asks the services by itself.
    #[must_use]
    pub fn watch(&self) -> Arc<RequestWatcher> {
        Arc::new(RequestWatcher::new(self.core.clone(), self.changes.subscribe()))
    }
}

impl Authenticator {
    async fn build(
        vault: Arc<Vault>,
        keys: impl FnOnce(Arc<core::vault::Vault>) -> Arc<dyn core::keys::DeviceKeys> + Send + 'static,
        clock: Option<Arc<dyn DeviceClock>>,
        roots: Vec<Vec<u8>>,
    ) -> Result<Arc<Self>, AuthenticatorError> {
        let core = blocking(move || {
            let mut transport = HttpTransportBuilder::default();
            for root in &roots {
                transport = transport.add_root(root)?;
            }
            let vault = vault.core();
            let keys = keys(Arc::clone(&vault));
            let clock = Arc::new(AnyClock::new(clock));
            core::Authenticator::new(vault, keys, clock, Arc::new(transport.build()?))
        })
        .await?;
        Ok(Arc::new(Self { core, changes: watch::Sender::new(()) }))
    }

    /// Passes the result of a call on, after telling the watchers if it has changed something.
    pub(crate) fn changed_by<T, E: Into<AuthenticatorError>>(
        &self,
        result: Result<T, E>,
    ) -> Result<T, AuthenticatorError> {
        self.changes.send_replace(());
        result.map_err(Into::into)
    }
}
