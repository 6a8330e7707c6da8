//! This device at its services: its name, how it is woken, and giving it up.

use std::time::Duration;

use countersign_protocol::messages::{Changed, DeviceChange, ProblemCode, WakeUp, paths};
use countersign_protocol::{Id, name};
use futures_util::future::join_all;

use super::service::{ONCE, RETRIES, is_revocation};
use super::{AccountFailure, Authenticator};
use crate::approvals::privacyidea::PushError;
use crate::approvals::{Binding, BindingState, NativeBinding, ReplyError, change_request, is_usable};
use crate::vault::{Transaction, VaultError};
use crate::{Error, tasks};

impl Authenticator {
    /// Gives this device a new name at the account's service: `name` as [`name::fit`] makes it one.
    ///
    /// # Errors
    ///
    /// [`Error::Unacceptable`] for a name of nothing that can be seen; [`Error::NotEnrolled`], [`Error::NotAble`], [`Error::Network`], [`Error::Reply`], [`Error::KeyStore`],
    /// [`Error::Vault`].
    pub async fn rename_device(&self, account: Id, name: &str) -> Result<(), Error> {
        let name = name::fit(name).ok_or(Error::Unacceptable)?;
        let (_, binding) = self.bound(account).await?;
        self.change(account, &binding, DeviceChange::Rename { name }, RETRIES).await
    }

    /// Gives this device up at the account's service: from then on its keys and its codes are worth nothing, and the
    /// account is marked so. A device that the service has already removed counts as given up.
    ///
    /// # Errors
    ///
    /// As [`Authenticator::rename_device`].
    pub async fn revoke(&self, account: Id) -> Result<(), Error> {
        let (_, binding) = self.bound(account).await?;
        match self.change(account, &binding, DeviceChange::Revoke, RETRIES).await {
            Err(error) if !error.refusal().is_some_and(is_revocation) => return Err(error),
            _ => self.mark_revoked(account).await?,
        }
        self.delete_keys(account).await?;
        Ok(())
    }

    /// Tells the services of all accounts how to wake this device from now on; with nothing, that it can't be woken any
    /// more. Call it at each start and whenever a push channel gives a new address: a service that knows it isn't told again.
    ///
    /// The address is in the vault before anything is sent, so it isn't lost by anything: a service that can't be
    /// reached is told before the account's next fetch.
    ///
    /// Gives the accounts whose service hasn't taken it yet. One that refuses it ([`Error::Reply`]) isn't told again.
    ///
    /// # Errors
    ///
    /// [`Error::Unacceptable`] for an address that no service could use, [`Error::Vault`]; nothing is sent then.
    pub async fn set_wake_up(&self, wake_up: Option<WakeUp>) -> Result<Vec<AccountFailure>, Error> {
        if wake_up.as_ref().is_some_and(|wake_up| !is_usable(wake_up)) {
            return Err(Error::Unacceptable);
        }
        let vault = self.parts.vault.clone();
        let unsent =
            tasks::blocking(move || vault.transaction(|tx| keep_wake_up(tx, wake_up.as_ref()))).await?;
        let sent = unsent
            .into_iter()
            .map(|account| async move { (account, self.send_wake_up(account, RETRIES).await) });
        let failure =
            |(account, sent): (Id, Result<(), Error>)| Some(AccountFailure { account, error: sent.err()? });
        Ok(join_all(sent).await.into_iter().filter_map(failure).collect())
    }

    /// Tells the service what it couldn't be told before. The fetch that comes next doesn't fail for it.
    pub(super) async fn catch_up_on_wake_up(&self, account: Id) {
        if let Err(error) = self.send_wake_up(account, ONCE).await {
            tracing::warn!(code = error.code(), "the service could not be told the new wake-up address");
        }
    }

    /// Sends the address that the account's service has yet to be told, until it has been told the last one.
    async fn send_wake_up(&self, account: Id, retries: &[Duration]) -> Result<(), Error> {
        loop {
            let (_, binding) = self.bound(account).await?;
            if !binding.wake_up_is_unsent() {
                return Ok(());
            }
            let wake_up = binding.wake_up().cloned();
            let change = DeviceChange::WakeUp { wake_up: wake_up.clone() };
            let sent = self.change(account, &binding, change, retries).await;
            let refusal = sent.as_ref().err().and_then(Error::refusal);
            if refusal.is_some_and(is_revocation) {
                self.mark_revoked(account).await?;
            }
            // An address that the service can't use won't be better the next time.
            if sent.as_ref().is_err_and(|error| !is_final(error)) {
                return sent;
            }
            // Another call may have come between with a newer address, and its message may have overtaken this one.
            self.update_binding(account, move |binding| binding.note_wake_up_sent(wake_up.as_ref())).await?;
            sent?;
        }
    }

    async fn change(
        &self,
        account: Id,
        binding: &Binding,
        change: DeviceChange,
        retries: &[Duration],
    ) -> Result<(), Error> {
        match (binding, change) {
            (Binding::Native(binding), change) => self.change_native(account, binding, change, retries).await,
            (Binding::PrivacyIdea(binding), DeviceChange::WakeUp { wake_up }) => {
                self.tell_push_address(account, binding, wake_up).await
            }
            (Binding::PrivacyIdea(_), DeviceChange::Rename { .. } | DeviceChange::Revoke) => {
                Err(Error::NotAble)
            }
        }
    }

    async fn change_native(
        &self,
        account: Id,
        binding: &NativeBinding,
        change: DeviceChange,
        retries: &[Duration],
    ) -> Result<(), Error> {
        let changed = self.change_once(account, binding, change.clone(), retries).await;
        match changed {
            Err(Error::Reply(ReplyError::Refused(refusal))) if refusal.code == ProblemCode::ClockSkew => {
                self.change_once(account, binding, change, retries).await
            }
            changed => changed,
        }
    }

    async fn change_once(
        &self,
        account: Id,
        binding: &NativeBinding,
        change: DeviceChange,
        retries: &[Duration],
    ) -> Result<(), Error> {
        let now = self.seconds_at(&binding.service);
        let unsigned = change_request(binding, change, now).map_err(|_| Error::Unacceptable)?;
        let exchange = self.sign_request(account, binding, paths::CHANGE, unsigned).await?;
        self.send(&exchange, retries, |replied| self.read::<Changed>(&exchange, replied, binding, |_| 0))
            .await?;
        Ok(())
    }
}

/// Whether the same change would be refused again.
const fn is_final(error: &Error) -> bool {
    match error {
        Error::Reply(ReplyError::Refused(refusal)) => matches!(refusal.code, ProblemCode::Malformed),
        Error::Push(error) => !matches!(error, PushError::Unavailable | PushError::ClockOff),
        _ => false,
    }
}

/// Keeps the address with every account that has a service, and says which of these don't know it yet.
fn keep_wake_up(tx: &mut Transaction<'_>, wake_up: Option<&WakeUp>) -> Result<Vec<Id>, VaultError> {
    let mut unsent = Vec::new();
    for account in tx.accounts()?.items {
        let Some(mut binding) = account.binding.filter(|binding| binding.state() != BindingState::Revoked)
        else {
            continue;
        };
        let before = binding.clone();
        binding.set_wake_up(wake_up.cloned());
        if binding.wake_up_is_unsent() {
            unsent.push(account.id);
        }
        if binding != before {
            tx.update_account(account.id, |account| account.binding = Some(binding))?;
        }
    }
    Ok(unsent)
}
