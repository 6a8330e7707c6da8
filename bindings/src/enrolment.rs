//! Enrolling with an approval service; renaming this device there, waking it, and giving it up.

use std::fmt;
use std::sync::Arc;

use countersign_authenticator as core;
use countersign_authenticator::protocol::messages;

use crate::cancel::{CancelHandle, cancellable};
use crate::convert::mirror_enum;
use crate::{AccountFailure, Authenticator, AuthenticatorError, Id, Offer};

/// What a device says of itself when it enrols.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
#[uniffi::export(Debug)]
pub struct DeviceDescription {
    /// Its name, as its owner reads it in a list of devices: 1 to 128 characters.
    pub name: String,
    /// What kind of device it is.
    pub platform: Platform,
    /// How to wake it, if it can be.
    pub wake_up: Option<WakeUp>,
}

/// Kind of device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Platform {
    /// An Android phone or tablet.
    Android,
    /// An iPhone or iPad.
    Ios,
    /// A computer.
    Desktop,
    /// Anything else.
    Other,
}

/// A channel that can tell a device to fetch. The wake-up itself has no content. Whoever knows the address can send one, so
/// its debug text doesn't show it.
#[derive(Clone, PartialEq, Eq, uniffi::Enum)]
#[uniffi::export(Debug)]
pub enum WakeUp {
    /// A UnifiedPush endpoint.
    UnifiedPush {
        /// Its https address.
        endpoint: String,
    },
    /// Firebase Cloud Messaging.
    Fcm {
        /// Registration token.
        token: String,
    },
    /// Apple Push Notification service.
    Apns {
        /// Device token.
        token: String,
    },
}

/// A device whose keys are bound. With a check value, its first approval, which the service asks for at once, makes it
/// active; without one, it is.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Enrolment {
    /// The new account.
    pub account: Id,
    /// To be compared with the enrolment page's; empty where the service's protocol has none.
    pub check_value: String,
    /// The organisation's name.
    pub organisation: String,
    /// The person's name there.
    pub user: String,
    /// Whether the offer asked not to check the service's certificate. It was checked; tell the person.
    #[uniffi(default = false)]
    pub asked_for_no_certificate_check: bool,
    /// Accounts of the same token at another address of its server, which went to the trash for it; tell the person.
    #[uniffi(default = [])]
    pub replaced: Vec<Id>,
}

mirror_enum! {
    /// How far an enrolment is.
    EnrolmentStep of core::EnrolmentStep {
        /// The device's key is being made, which takes seconds.
        MakingKey of MakingKey,
        /// The service is told of it.
        Registering of Registering,
        /// The service is asked to prove that it can use it.
        Checking of Checking,
    } else Checking
}

#[uniffi::export(async_runtime = "tokio")]
impl Authenticator {
    /// Enrols this device by a scanned offer of enrolment: makes its keys, binds them, and stores the new account.
    ///
    /// Interrupted by anything (the network, the end of the process, `cancel`), it is taken up again by the same offer, with
    /// the same keys and the same bytes. (An offer of a privacyIDEA server works once: ask for a new one.)
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError::Refused`] when the service refuses the ticket (nothing is kept then),
    /// [`AuthenticatorError::Input`] for another kind of offer, or a name or a wake-up address that can't be used,
    /// [`AuthenticatorError::Network`], [`AuthenticatorError::Untrusted`], [`AuthenticatorError::KeyStore`].
    #[uniffi::method(default(cancel = None))]
    pub async fn enrol(
        &self,
        offer: Arc<Offer>,
        device: DeviceDescription,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<Enrolment, AuthenticatorError> {
        let offer = offer.enrolment()?;
        let enrolment = cancellable(cancel, self.core.enrol(offer, device.into())).await;
        self.changed_by(enrolment).map(Enrolment::from)
    }

    /// How far the enrolment is that is under way, where its protocol has slow steps. Asks nobody: ask it now and then while
    /// [`Authenticator::enrol`] is awaited.
    #[must_use]
    pub fn enrolment_step(&self) -> Option<EnrolmentStep> {
        self.core.enrolment_step().map(EnrolmentStep::from)
    }

    /// Gives this device a new name at the account's service.
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError::Gone`] when the account isn't enrolled, [`AuthenticatorError::Input`] for a name that can't be
    /// used, and those of the network, the service and the key store.
    #[uniffi::method(default(cancel = None))]
    pub async fn rename_device(
        &self,
        account: Id,
        name: String,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<(), AuthenticatorError> {
        cancellable(cancel, self.core.rename_device(account, &name)).await
    }

    /// Tells the services of all accounts how to wake this device from now on; with nothing, that it can't be woken any more.
    /// Call it at each start and whenever a push channel gives a new address: a service that knows it isn't told again.
    ///
    /// The address is in the vault before anything is sent, so it isn't lost by anything: a service that can't be reached is
    /// told before the account's next fetch. Gives the accounts whose service hasn't taken it yet; one that refuses it
    /// ([`AuthenticatorError::Refused`]) isn't told again.
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError::Input`] for an address that no service could use, and nothing is sent; when the vault can't be
    /// read or written.
    #[uniffi::method(default(cancel = None))]
    pub async fn set_wake_up(
        &self,
        wake_up: Option<WakeUp>,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<Vec<AccountFailure>, AuthenticatorError> {
        let wake_up = wake_up.map(messages::WakeUp::from);
        let failures = self.changed_by(cancellable(cancel, self.core.set_wake_up(wake_up)).await)?;
        Ok(failures.into_iter().map(AccountFailure::from).collect())
    }

    /// Gives this device up at the account's service: from then on its keys and its codes are worth nothing, and the
    /// account is marked so. A device that the service has already removed counts as given up.
    ///
    /// # Errors
    ///
    /// As [`Authenticator::rename_device`].
    #[uniffi::method(default(cancel = None))]
    pub async fn revoke(
        &self,
        account: Id,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<(), AuthenticatorError> {
        self.changed_by(cancellable(cancel, self.core.revoke(account)).await)
    }
}

impl From<core::Enrolment> for Enrolment {
    fn from(enrolment: core::Enrolment) -> Self {
        Self {
            account: enrolment.account,
            check_value: enrolment.check_value.unwrap_or_default(),
            organisation: enrolment.organisation,
            user: enrolment.user,
            asked_for_no_certificate_check: enrolment.asked_for_no_certificate_check,
            replaced: enrolment.replaced,
        }
    }
}

impl From<DeviceDescription> for core::approvals::DeviceDescription {
    fn from(device: DeviceDescription) -> Self {
        Self {
            name: device.name,
            platform: match device.platform {
                Platform::Android => messages::Platform::Android,
                Platform::Ios => messages::Platform::Ios,
                Platform::Desktop => messages::Platform::Desktop,
                Platform::Other => messages::Platform::Other,
            },
            wake_up: device.wake_up.map(messages::WakeUp::from),
        }
    }
}

impl From<WakeUp> for messages::WakeUp {
    fn from(wake_up: WakeUp) -> Self {
        match wake_up {
            WakeUp::UnifiedPush { endpoint } => Self::UnifiedPush { endpoint },
            WakeUp::Fcm { token } => Self::Fcm { token },
            WakeUp::Apns { token } => Self::Apns { token },
        }
    }
}

impl fmt::Debug for WakeUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnifiedPush { .. } => "UnifiedPush([redacted])",
            Self::Fcm { .. } => "Fcm([redacted])",
            Self::Apns { .. } => "Apns([redacted])",
        })
    }
}
