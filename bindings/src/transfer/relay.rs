//! A move whose sealed parts go over an approval service, beside the QR codes.

use std::sync::Arc;

use countersign_authenticator as core;
use countersign_authenticator::tasks::blocking;
use countersign_authenticator::transfer::TransferError;

use super::{Sending, SendingStep, Transfer};
use crate::cancel::{CancelHandle, cancellable};
use crate::{Authenticator, AuthenticatorError, Id};

/// The approval service that carries a move's sealed parts.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct TransferRelay {
    /// Its host: tell the person, on both phones.
    pub service: String,
    /// Whether it has all of what this phone gives it: the old one's accounts, the new one's receipt.
    pub is_delivered: bool,
}

/// An account whose service can carry a move from this phone.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct RelayAccount {
    /// The account.
    pub account: Id,
    /// Host of its service: what the person chooses by.
    pub service: String,
}

#[uniffi::export(async_runtime = "tokio")]
impl Authenticator {
    /// Accounts whose service can carry a move from this phone, by what it said last. Asks nobody.
    ///
    /// # Errors
    ///
    /// When the vault can't be read.
    pub async fn relay_accounts(&self) -> Result<Vec<RelayAccount>, AuthenticatorError> {
        let core = self.core.clone();
        let accounts = blocking(move || core.relay_accounts()).await?;
        Ok(accounts.into_iter().map(RelayAccount::from).collect())
    }

    /// Chooses which account's service the move goes over; with nothing, none. The acceptance names it: choose before it is
    /// shown, and show the one that comes back.
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError::Refused`] with `account_not_able` when the account isn't one of
    /// [`Authenticator::relay_accounts`]; [`AuthenticatorError::Input`] with `move_out_of_turn` once the accounts are sealed;
    /// [`AuthenticatorError::Gone`] without a move, or for no such account.
    pub async fn choose_relay(&self, account: Option<Id>) -> Result<Sending, AuthenticatorError> {
        let core = self.core.clone();
        Ok(blocking(move || core.choose_relay(account)).await?.into())
    }

    /// Does what the move can do over its service now: the old phone puts in what isn't there and asks for the receipt, the
    /// new one takes out what it misses, and leaves the receipt. Call it every two seconds or so while the move's screen is
    /// open. It goes on after a stop at any point, and codes may be scanned beside it.
    ///
    /// # Errors
    ///
    /// The move is as it was: show the codes. [`AuthenticatorError::Network`], and it can be called again;
    /// [`AuthenticatorError::Input`] with `move_no_relay` when the move has none, `move_out_of_turn` before the check values
    /// were compared; [`AuthenticatorError::Untrusted`] (`move_relay_altered`, `move_not_proven`), and it isn't called again;
    /// [`AuthenticatorError::Gone`] when the service has nothing of the move any more (`move_relay_over`), or there is none;
    /// those of the service and the key store.
    #[uniffi::method(default(cancel = None))]
    pub async fn relay_transfer(
        &self,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<Transfer, AuthenticatorError> {
        let transfer = cancellable(cancel, self.core.relay_transfer()).await.map(Transfer::of)?;
        let transfer = transfer.ok_or_else(|| core::Error::from(TransferError::NotUnderWay))?;
        if let Transfer::OldPhone { sending: Sending { step: SendingStep::Proven { .. }, .. } } = transfer {
            return self.changed_by(Ok::<_, AuthenticatorError>(transfer));
        }
        Ok(transfer)
    }

    /// Ends what the old phone has at the move's service, so that nothing is left there; it ends by itself within minutes.
    /// Call it before [`Authenticator::end_transfer`]. Without a service it does nothing.
    ///
    /// # Errors
    ///
    /// Those of the network, the service and the key store. What is left there is sealed: end the move all the same.
    #[uniffi::method(default(cancel = None))]
    pub async fn end_relay(&self, cancel: Option<Arc<CancelHandle>>) -> Result<(), AuthenticatorError> {
        cancellable(cancel, self.core.end_relay()).await
    }
}

impl From<core::TransferRelay> for TransferRelay {
    fn from(relay: core::TransferRelay) -> Self {
        Self { service: relay.service.authority().to_owned(), is_delivered: relay.is_delivered }
    }
}

impl From<core::RelayAccount> for RelayAccount {
    fn from(able: core::RelayAccount) -> Self {
        Self { account: able.account, service: able.service.authority().to_owned() }
    }
}
