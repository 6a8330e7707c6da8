//! Containers of privacyIDEA: registering, synchronising, moving to a new phone, leaving.

mod adopt;
mod leave;
mod register;
mod synchronise;

use std::time::Duration;

pub(in super::super) use adopt::follow;
use countersign_protocol::Id;
pub use leave::ContainerTransfer;
pub use register::ContainerPassphrase;
use serde_json::Value;
pub use synchronise::{ContainerSync, SyncOptions, TokenFailure};

use super::super::Authenticator;
use crate::approvals::privacyidea::UnsignedCall;
use crate::approvals::privacyidea::container::{
    ContainerError, ContainerRecord, Nonce, Step, challenge_call, refused,
};
use crate::keys::{KeyName, KeyRole};
use crate::vault::Completeness;
use crate::{Error, tasks};

/// All containers, and what is wrong with the list if anything is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Containers {
    /// The containers that could be read, by their serials.
    pub containers: Vec<Container>,
    /// Containers that are there but can't be read.
    pub damaged: Vec<Id>,
    /// Whether containers have vanished from the file.
    pub completeness: Completeness,
}

/// A server's list of tokens for this phone. Nothing in it is secret.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
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
    /// Whether the server lets the phone move it to another phone ([`Authenticator::transfer_container`]).
    pub may_transfer: bool,
    /// Whether the server lets the phone leave it ([`Authenticator::leave_container`]).
    pub may_leave: bool,
    /// When it was last synchronised, Unix seconds.
    pub synchronised_at: Option<u64>,
}

impl Container {
    fn new(id: Id, record: ContainerRecord) -> Self {
        Self {
            id,
            service: record.service.authority().to_owned(),
            accounts: record.tokens.values().map(|member| member.account).collect(),
            is_registered: record.offer.is_none(),
            may_transfer: record.policies.rollover,
            may_leave: !record.policies.no_leaving,
            synchronised_at: record.synchronised_at,
            issuer: record.issuer,
            serial: record.serial,
        }
    }
}

/// Making ten tokens anew keeps a server busy for seconds.
const SLOW: Duration = Duration::from_mins(1);

impl Authenticator {
    /// All containers. Asks nobody.
    ///
    /// # Errors
    ///
    /// [`Error::Vault`].
    pub fn containers(&self) -> Result<Containers, Error> {
        let listing = self.parts.vault.list::<ContainerRecord>()?;
        let mut containers: Vec<_> =
            listing.items.into_iter().map(|(id, record)| Container::new(id, record)).collect();
        containers.sort_by(|one, other| (&one.serial, one.id).cmp(&(&other.serial, other.id)));
        Ok(Containers { containers, damaged: listing.damaged, completeness: listing.completeness })
    }

    async fn container_record(&self, container: Id) -> Result<ContainerRecord, Error> {
        let vault = self.parts.vault.clone();
        let record = tasks::blocking(move || vault.get::<ContainerRecord>(container)).await?;
        Ok(record.ok_or(ContainerError::NoSuchContainer)?)
    }

    /// Makes one call that needs a nonce. It is sent once: a nonce is good for one call, and a second one would have a
    /// second effect.
    async fn call_container(
        &self,
        container: Id,
        record: &ContainerRecord,
        path: &str,
        make: impl FnOnce(&Nonce) -> UnsignedCall,
    ) -> Result<Value, Error> {
        let refusal = |code| Error::from(refused(Step::Use, code));
        let asked = challenge_call(&record.base, &record.serial, path);
        let sent = self.call_patiently(&record.service, &asked).await?;
        let nonce = Nonce::read(&sent.reply.value().map_err(refusal)?)?;
        let unsigned = make(&nonce);
        let signature = self.sign(key_name(container), unsigned.text().as_bytes(), None).await?;
        self.call_within(&record.service, &unsigned.finish(&signature), SLOW).await?.value().map_err(refusal)
    }

    /// Removes a container's record, then its key: a key without a record is litter, a record without a key a riddle.
    async fn drop_container(&self, container: Id) -> Result<(), Error> {
        let vault = self.parts.vault.clone();
        tasks::blocking(move || vault.transaction(|tx| tx.delete::<ContainerRecord>(container))).await?;
        Ok(self.parts.keys.delete(key_name(container)).await?)
    }
}

/// The container's key needs no person: synchronising shows nothing and signs no one in.
const fn key_name(container: Id) -> KeyName {
    KeyName { account: container, role: KeyRole::Device }
}

#[cfg(test)]
mod tests;
