//! Moving a container to another phone, and giving it up.

use countersign_protocol::Id;
use serde_json::Value;

use super::super::super::hold;
use super::Authenticator;
use crate::approvals::privacyidea::container::{
    ContainerError, ContainerRecord, LEAVE, ROLLOVER, signed_call,
};
use crate::offer::Offer;
use crate::vault::{Transaction, VaultError};
use crate::{Error, Secret, tasks};

/// The code by which another phone takes a container over.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ContainerTransfer {
    /// The text of the QR to show. Whoever scans it first has the container: show it to nobody else, and never log it.
    pub link: Secret,
    /// For how many minutes it is good.
    pub valid_minutes: Option<u32>,
}

impl Authenticator {
    /// Asks the server for a code by which another phone takes this container over. Until that phone has done so, all
    /// stays as it is here; from then on this phone's codes of the container are worth nothing, and its next
    /// synchronisation is [`ContainerError::Moved`].
    ///
    /// # Errors
    ///
    /// [`Error::Container`], [`Error::Network`], [`Error::Reply`], [`Error::KeyStore`], [`Error::Vault`].
    /// [`ContainerError::AddressChanged`] where the server's address is no longer that of the registration.
    pub async fn transfer_container(&self, container: Id) -> Result<ContainerTransfer, Error> {
        let record = self.container_record(container).await?;
        let value = self
            .call_container(container, &record, ROLLOVER, |nonce| {
                signed_call(&record.base, &record.serial, nonce, ROLLOVER)
            })
            .await;
        // The server signs a move by the address that it has now, and everything else by the one of the registration.
        let value = match value {
            Err(Error::Container(ContainerError::Moved)) if self.is_still_ours(container).await => {
                return Err(ContainerError::AddressChanged.into());
            }
            value => value?,
        };
        let link = value.pointer("/container_url/value").and_then(Value::as_str).unwrap_or_default();
        match Offer::parse(link) {
            Ok(Offer::Container(offer)) if offer.serial == record.serial => Ok(ContainerTransfer {
                link: Secret::from(link.as_bytes()),
                valid_minutes: offer.valid_minutes,
            }),
            _ => Err(ContainerError::Unreadable.into()),
        }
    }

    /// Gives the container up at its server: it brings nothing any more. Its accounts stay, as their codes and keys stay
    /// good. Where the server says that another phone has it, its accounts go to the trash, since theirs don't; which ones
    /// is the result. A server that has ended the registration itself counts as left.
    ///
    /// # Errors
    ///
    /// [`ContainerError::Forbidden`] where the server's policy forbids it, and nothing is changed; [`Error::Network`],
    /// [`Error::Reply`], [`Error::KeyStore`], [`Error::Vault`].
    pub async fn leave_container(&self, container: Id) -> Result<Vec<Id>, Error> {
        let record = self.container_record(container).await?;
        let left = self
            .call_container(container, &record, LEAVE, |nonce| {
                signed_call(&record.base, &record.serial, nonce, LEAVE)
            })
            .await;
        let trashed = match left {
            Ok(_) | Err(Error::Container(ContainerError::NotRegistered)) => Vec::new(),
            Err(Error::Container(ContainerError::Moved)) => self.trash_tokens(container).await?,
            Err(error) => return Err(error),
        };
        self.drop_container(container).await?;
        Ok(trashed)
    }

    /// Removes the container here, without telling the server; for one that can't be reached any more. Its accounts stay.
    ///
    /// # Errors
    ///
    /// [`ContainerError::NoSuchContainer`], [`Error::KeyStore`], [`Error::Vault`].
    pub async fn forget_container(&self, container: Id) -> Result<(), Error> {
        match self.drop_container(container).await {
            Err(Error::Vault(VaultError::NotFound { .. })) => Err(ContainerError::NoSuchContainer.into()),
            dropped => dropped,
        }
    }

    async fn trash_tokens(&self, container: Id) -> Result<Vec<Id>, Error> {
        let (vault, now) = (self.parts.vault.clone(), self.now_seconds());
        let trashed = tasks::blocking(move || {
            vault.transaction(|tx| {
                let tokens = tx.get::<ContainerRecord>(container)?.map(|record| record.tokens);
                let mut trashed = Vec::new();
                for member in tokens.unwrap_or_default().into_values() {
                    if trash(tx, member.account, now)? {
                        trashed.push(member.account);
                    }
                }
                Ok::<_, VaultError>(trashed)
            })
        })
        .await?;
        for account in &trashed {
            hold(&self.parts.inbox).remove_account(*account);
        }
        Ok(trashed)
    }
}

/// Puts an account in the trash, and says whether it was there and not in it yet.
pub(super) fn trash(tx: &mut Transaction<'_>, account: Id, now: u64) -> Result<bool, VaultError> {
    if tx.account(account)?.is_none_or(|account| account.trashed_at.is_some()) {
        return Ok(false);
    }
    tx.update_account(account, |account| account.trashed_at = Some(now))?;
    Ok(true)
}
