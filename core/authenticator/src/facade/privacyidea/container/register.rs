//! From a container's QR code to a container.

use countersign_protocol::{Id, name};
use serde_json::Value;

use super::super::Sent;
use super::{Authenticator, Container, key_name};
use crate::approvals::privacyidea::container::{
    ContainerError, ContainerRecord, Passphrase, Policies, Step, finalise_call, offer_id, refused, spki_pem,
};
use crate::offer::ContainerOffer;
use crate::vault::{Transaction, VaultError};
use crate::{Error, Secret, tasks};

/// What a person has entered because a [`ContainerOffer`] asks for it. Which of the two is needed, the offer says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the protocol has these two")]
pub enum ContainerPassphrase {
    /// A passphrase that the organisation has told the person. It goes into a signature and is never sent.
    Proof(Secret),
    /// The person's own password at the organisation, which is sent to the server. A shell makes this only after the
    /// person was told so, with the server's host, and has agreed.
    SentPassword(Secret),
}

impl Authenticator {
    /// Registers this device for a container. Its tokens come with [`Authenticator::synchronise_container`], which a shell
    /// calls next. Scanned again after its reply got lost, the same code takes the registration up again.
    ///
    /// Where this device has the same container already (as after a move back), the new registration takes its place.
    ///
    /// # Errors
    ///
    /// [`Error::Container`] when the offer needs another passphrase than was given, or the server refuses it (nothing is
    /// kept then); [`Error::Network`], [`Error::Reply`], [`Error::KeyStore`], [`Error::Vault`], [`Error::Unacceptable`] for
    /// a name or a passphrase that can't be used.
    pub async fn register_container(
        &self,
        offer: &ContainerOffer,
        device_name: &str,
        passphrase: Option<&ContainerPassphrase>,
    ) -> Result<Container, Error> {
        let device_name = name::fit(device_name).ok_or(Error::Unacceptable)?;
        let passphrase = check_passphrase(offer, passphrase)?;
        let (id, record, is_retry) = match self.find_offered(offer).await? {
            Some((id, record)) => (id, record, true),
            None => self.begin_container(offer).await.map(|(id, record)| (id, record, false))?,
        };
        let unsigned = finalise_call(offer, &device_name, &record.public_key, passphrase.as_ref());
        let signature = self.sign(key_name(id), unsigned.text().as_bytes(), None).await?;
        let Sent { reply, after_loss } =
            self.call_patiently(&offer.service, &unsigned.finish(&signature)).await?;
        match reply.value() {
            Ok(value) if value.get("success") == Some(&Value::Bool(true)) => {
                self.confirm_container(id, Policies::read(value.get("policies").unwrap_or(&value))).await?;
            }
            Ok(_) => return Err(ContainerError::Unreadable.into()),
            // An earlier try may have arrived. The first synchronisation tells.
            Err(_) if after_loss || is_retry => {}
            Err(code) => {
                self.drop_container(id).await?;
                return Err(refused(Step::Register, code).into());
            }
        }
        Ok(Container::new(id, self.container_record(id).await?))
    }

    async fn find_offered(&self, offer: &ContainerOffer) -> Result<Option<(Id, ContainerRecord)>, Error> {
        let (vault, wanted) = (self.parts.vault.clone(), offer_id(offer));
        let containers = tasks::blocking(move || vault.list::<ContainerRecord>()).await?.items;
        Ok(containers.into_iter().find(|(_, record)| record.offer == Some(wanted)))
    }

    async fn begin_container(&self, offer: &ContainerOffer) -> Result<(Id, ContainerRecord), Error> {
        let id = Id::make_random();
        let point = self.parts.keys.make(key_name(id)).await?;
        let record = ContainerRecord::new(offer, spki_pem(&point));
        let (vault, stored) = (self.parts.vault.clone(), record.clone());
        tasks::blocking(move || vault.transaction(|tx| tx.insert(id, &stored))).await?;
        Ok((id, record))
    }

    async fn confirm_container(&self, id: Id, policies: Policies) -> Result<(), Error> {
        let vault = self.parts.vault.clone();
        let replaced = tasks::blocking(move || {
            vault.transaction(|tx| {
                let mut record =
                    tx.get::<ContainerRecord>(id)?.ok_or(Error::from(ContainerError::NoSuchContainer))?;
                let replaced = confirm(tx, id, &mut record)?;
                record.policies = policies;
                tx.update(id, &record)?;
                Ok::<_, Error>(replaced)
            })
        })
        .await?;
        self.delete_container_keys(&replaced).await
    }

    pub(super) async fn delete_container_keys(&self, containers: &[Id]) -> Result<(), Error> {
        for container in containers {
            self.parts.keys.delete(key_name(*container)).await?;
        }
        Ok(())
    }
}

/// Notes that the server has confirmed the registration, which takes the place of earlier ones of the same container.
/// Gives those, whose keys are of no use any more. The caller writes `record`.
pub(super) fn confirm(
    tx: &mut Transaction<'_>,
    id: Id,
    record: &mut ContainerRecord,
) -> Result<Vec<Id>, VaultError> {
    if record.offer.take().is_none() {
        return Ok(Vec::new());
    }
    let mut replaced = Vec::new();
    for (other, earlier) in tx.list::<ContainerRecord>()?.items {
        if other != id && earlier.is_same(record) {
            tx.delete::<ContainerRecord>(other)?;
            record.inherit(earlier);
            replaced.push(other);
        }
    }
    Ok(replaced)
}

/// The passphrase that the offer needs: of the kind that it needs, so that no shell sends what the person meant to keep.
fn check_passphrase<'a>(
    offer: &ContainerOffer,
    given: Option<&'a ContainerPassphrase>,
) -> Result<Option<Passphrase<'a>>, Error> {
    let (secret, is_sent) = match (&offer.prompt, offer.sends_passphrase, given) {
        (None, _, None) => return Ok(None),
        (None, _, Some(_)) => return Err(Error::Unacceptable),
        (Some(_), _, None) => return Err(ContainerError::PassphraseNeeded.into()),
        (Some(_), true, Some(ContainerPassphrase::Proof(_))) => {
            return Err(ContainerError::ConsentNeeded.into());
        }
        (Some(_), false, Some(ContainerPassphrase::SentPassword(_))) => return Err(Error::Unacceptable),
        (Some(_), false, Some(ContainerPassphrase::Proof(secret))) => (secret, false),
        (Some(_), true, Some(ContainerPassphrase::SentPassword(secret))) => (secret, true),
    };
    match str::from_utf8(secret.expose()) {
        Ok("") => Err(ContainerError::PassphraseNeeded.into()),
        Ok(text) => Ok(Some(Passphrase { text, is_sent })),
        Err(_) => Err(Error::Unacceptable),
    }
}
