//! Containers of privacyIDEA: a server's list of tokens for this phone.

use std::fmt;
use std::sync::Arc;

use countersign_authenticator as core;
use countersign_authenticator::protocol::messages;
use countersign_authenticator::tasks::blocking;

use crate::cancel::{CancelHandle, cancellable};
use crate::convert::signed;
use crate::{AddedAccount, Authenticator, AuthenticatorError, Completeness, Id, Offer, Passphrase, WakeUp};

/// All containers, and what is wrong with the list if anything is.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Containers {
    /// The containers that could be read, by their serials.
    pub containers: Vec<Container>,
    /// Containers that are there but can't be read.
    pub damaged: Vec<Id>,
    /// Whether containers have vanished from the file.
    pub completeness: Completeness,
}

/// A server's list of tokens for this phone. Nothing in it is secret.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Container {
    /// Its identity on this phone.
    pub id: Id,
    /// Who issues it; may be empty.
    pub issuer: String,
    /// Its serial at the server.
    pub serial: String,
    /// Host of the server.
    pub service: String,
    /// The accounts that came with it.
    pub accounts: Vec<Id>,
    /// Whether the server has confirmed this phone. If not, its reply got lost: the next synchronisation tells.
    pub is_registered: bool,
    /// Whether the server lets the phone move it to another phone: [`Authenticator::transfer_container`].
    pub may_transfer: bool,
    /// Whether the server lets the phone leave it: [`Authenticator::leave_container`].
    pub may_leave: bool,
    /// When it was last synchronised, Unix seconds.
    pub synchronised_at: Option<i64>,
}

/// What a person has entered because [`crate::OfferContent::Container`] asks for it. Which of the two is needed, that says.
#[derive(Clone, uniffi::Enum)]
pub enum ContainerPassphrase {
    /// A passphrase that the organisation has told the person. It goes into a signature and is never sent.
    Proof {
        /// The passphrase.
        passphrase: Arc<Passphrase>,
    },
    /// The person's own password at the organisation, which is sent to the server. Make this only after the person was told
    /// so, with the server's host, and has agreed.
    SentPassword {
        /// The password.
        password: Arc<Passphrase>,
    },
}

/// What a synchronisation has changed. All of it is durable.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ContainerSync {
    /// Accounts that have come.
    pub added: Vec<AddedAccount>,
    /// Accounts that went to the trash, since the server has taken their tokens out of the container. Tell the person, who
    /// can restore them.
    pub removed: Vec<Id>,
    /// Accounts that went to the trash, since the server has made their tokens anew: new ones are among the added.
    pub replaced: Vec<Id>,
    /// Accounts that were here before and are of the container now, as the person has agreed. Their codes stay.
    #[uniffi(default = [])]
    pub adopted: Vec<Id>,
    /// Tokens that didn't come: the next synchronisation tries again.
    pub failed: Vec<TokenFailure>,
    /// Serials of tokens that stay on the phone they were on, since another machine holds codes of theirs.
    pub left_out: Vec<String>,
}

/// A token that didn't come.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct TokenFailure {
    /// Its serial, if it has one that can be shown.
    pub serial: Option<String>,
    /// Why.
    pub error: AuthenticatorError,
}

/// The code by which another phone takes a container over. Its debug text doesn't show it.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
#[uniffi::export(Debug)]
pub struct ContainerTransfer {
    /// The text of the QR to show. Whoever scans it first has the container: show it to nobody else, and keep no copy.
    pub link: String,
    /// For how many minutes it is good.
    pub valid_minutes: Option<i64>,
}

#[uniffi::export(async_runtime = "tokio")]
impl Authenticator {
    /// All containers. Asks nobody.
    ///
    /// # Errors
    ///
    /// When the vault can't be read.
    pub async fn containers(&self) -> Result<Containers, AuthenticatorError> {
        let core = self.core.clone();
        let listing = blocking(move || core.containers()).await?;
        Ok(Containers {
            containers: listing.containers.into_iter().map(Container::from).collect(),
            damaged: listing.damaged,
            completeness: listing.completeness.into(),
        })
    }

    /// Registers this device for a container. Its tokens come with [`Authenticator::synchronise_container`]: call that next.
    /// Scanned again after its reply got lost, the same code takes the registration up again.
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError::Refused`] when the server refuses the code, and nothing is kept; [`AuthenticatorError::Input`]
    /// when the code needs another passphrase than was given (`container_passphrase_needed`, `container_consent_needed`), for
    /// another kind of offer, or a name that can't be used; those of the network and the key store.
    #[uniffi::method(default(passphrase = None, cancel = None))]
    pub async fn register_container(
        &self,
        offer: Arc<Offer>,
        device_name: String,
        passphrase: Option<ContainerPassphrase>,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<Container, AuthenticatorError> {
        let offer = offer.container()?;
        let passphrase = passphrase.map(core::ContainerPassphrase::from);
        let registered = self.core.register_container(offer, &device_name, passphrase.as_ref());
        cancellable(cancel, registered).await.map(Container::from)
    }

    /// Tells the server which of the container's tokens this phone has, takes in those that it sends, and puts those that are
    /// no longer in the container in the trash. Call it when the app is opened and when the person asks. Codes come first,
    /// then push tokens, each of which takes seconds: [`Authenticator::enrolment_step`] tells. `wake_up` is how this device is
    /// to be woken for these; `adopt` those of [`Authenticator::adoptable_accounts`] that the person agrees to have in the
    /// container.
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError::Refused`] with `container_moved` when another phone has the container, `container_not_registered`
    /// when an administrator has ended it; [`AuthenticatorError::Vault`] when accounts of the container can't be read;
    /// [`AuthenticatorError::Gone`] for no such container; those of the network and the key store. Nothing was changed then.
    #[uniffi::method(default(wake_up = None, cancel = None, adopt = []))]
    pub async fn synchronise_container(
        &self,
        container: Id,
        wake_up: Option<WakeUp>,
        cancel: Option<Arc<CancelHandle>>,
        adopt: Vec<Id>,
    ) -> Result<ContainerSync, AuthenticatorError> {
        let wake_up = wake_up.map(messages::WakeUp::from);
        let options = core::SyncOptions { wake_up, key_size: None, adopt };
        let synchronised = cancellable(cancel, self.core.synchronise_container(container, options)).await;
        self.changed_by(synchronised).map(ContainerSync::from)
    }

    /// Accounts with codes of a privacyIDEA server that aren't in any container, and that the container may take over by
    /// their serials, with their codes as they are. Ask the person which of them are this server's, before the first
    /// synchronisation: later, the server takes over only what it has in the container. Without that, such codes come anew,
    /// and the old ones go to the trash.
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError::Gone`] for no such container; those of the vault.
    pub async fn adoptable_accounts(&self, container: Id) -> Result<Vec<Id>, AuthenticatorError> {
        let core = self.core.clone();
        Ok(blocking(move || core.adoptable_accounts(container)).await?)
    }

    /// Asks the server for a code by which another phone takes this container over. Until that phone has scanned it, all stays
    /// as it is here.
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError::Refused`] with `container_forbidden` where the server doesn't allow it; as
    /// [`Authenticator::synchronise_container`].
    #[uniffi::method(default(cancel = None))]
    pub async fn transfer_container(
        &self,
        container: Id,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<ContainerTransfer, AuthenticatorError> {
        let transfer = cancellable(cancel, self.core.transfer_container(container)).await?;
        Ok(ContainerTransfer {
            link: String::from_utf8_lossy(transfer.link.expose()).into_owned(),
            valid_minutes: transfer.valid_minutes.map(i64::from),
        })
    }

    /// Gives the container up at its server. Its accounts stay, as their codes and keys stay good; where another phone has it,
    /// they go to the trash, and which ones is the result.
    ///
    /// # Errors
    ///
    /// As [`Authenticator::transfer_container`].
    #[uniffi::method(default(cancel = None))]
    pub async fn leave_container(
        &self,
        container: Id,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<Vec<Id>, AuthenticatorError> {
        self.changed_by(cancellable(cancel, self.core.leave_container(container)).await)
    }

    /// Removes the container here, without telling the server; for one that can't be reached any more. Its accounts stay.
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError::Gone`] for no such container; those of the key store.
    #[uniffi::method(default(cancel = None))]
    pub async fn forget_container(
        &self,
        container: Id,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<(), AuthenticatorError> {
        cancellable(cancel, self.core.forget_container(container)).await
    }
}

impl From<core::Container> for Container {
    fn from(container: core::Container) -> Self {
        Self {
            id: container.id,
            issuer: container.issuer,
            serial: container.serial,
            service: container.service,
            accounts: container.accounts,
            is_registered: container.is_registered,
            may_transfer: container.may_transfer,
            may_leave: container.may_leave,
            synchronised_at: container.synchronised_at.map(signed),
        }
    }
}

impl From<ContainerPassphrase> for core::ContainerPassphrase {
    fn from(passphrase: ContainerPassphrase) -> Self {
        match passphrase {
            ContainerPassphrase::Proof { passphrase } => Self::Proof(passphrase.0.clone()),
            ContainerPassphrase::SentPassword { password } => Self::SentPassword(password.0.clone()),
        }
    }
}

impl From<core::ContainerSync> for ContainerSync {
    fn from(sync: core::ContainerSync) -> Self {
        let failed =
            |failed: core::TokenFailure| TokenFailure { serial: failed.serial, error: failed.error.into() };
        Self {
            added: sync.added.into_iter().map(AddedAccount::from).collect(),
            removed: sync.removed,
            replaced: sync.replaced,
            adopted: sync.adopted,
            failed: sync.failed.into_iter().map(failed).collect(),
            left_out: sync.left_out,
        }
    }
}

impl fmt::Debug for ContainerTransfer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ContainerTransfer([redacted])")
    }
}
