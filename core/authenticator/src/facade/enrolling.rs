//! Enrolling with an approval service.

use std::sync::Arc;

use countersign_protocol::messages::ProblemCode;
use countersign_protocol::{EnrolmentLink, Id, Jwk, name};

use super::service::RETRIES;
use super::{Authenticator, hold};
use crate::approvals::{
    Binding, DeviceDescription, PendingEnrolment, PublicKeys, UnsignedEnrolment, is_usable,
};
use crate::keys::{KeyName, KeyRole};
use crate::offer::EnrolmentOffer;
use crate::{Error, KeyStoreError, tasks};

/// A device whose keys are bound. With a check value, its first approval, which the service asks for at once, makes it
/// active; without one, it is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Enrolment {
    /// The new account.
    pub account: Id,
    /// To be compared with the enrolment page's, where the protocol has one.
    pub check_value: Option<String>,
    /// The organisation's name.
    pub organisation: String,
    /// The person's name there.
    pub user: String,
    /// Accounts of the same token at another address of its server, which went to the trash for it; tell the person.
    pub replaced: Vec<Id>,
    /// Whether the offer asked not to check the service's certificate. It was checked; tell the person.
    pub asked_for_no_certificate_check: bool,
}

impl Authenticator {
    /// Enrols this device by a scanned offer: makes its keys, binds them, and stores the new account. With our own
    /// protocol, an enrolment that was interrupted by anything (the network, the end of the process) is taken up again
    /// by the same link, with the same keys and the same bytes. [`Authenticator::enrolment_step`] tells how far it is.
    ///
    /// # Errors
    ///
    /// [`Error::Reply`] and [`Error::Push`] when the service refuses the offer (nothing is kept then),
    /// [`Error::Network`], [`Error::KeyStore`], [`Error::Vault`], [`Error::Unacceptable`] for a name or a wake-up address
    /// that can't be used, [`Error::AlreadyEnrolled`] when this device has used the offer before.
    pub async fn enrol(
        &self,
        offer: &EnrolmentOffer,
        mut device: DeviceDescription,
    ) -> Result<Enrolment, Error> {
        device.name = name::fit(&device.name).ok_or(Error::Unacceptable)?;
        if device.wake_up.as_ref().is_some_and(|wake_up| !is_usable(wake_up)) {
            return Err(Error::Unacceptable);
        }
        match offer {
            EnrolmentOffer::Native(link) => self.enrol_native(link, device).await,
            EnrolmentOffer::PrivacyIdea(offer) => self.enrol_push(offer, device).await,
        }
    }

    async fn enrol_native(
        &self,
        link: &EnrolmentLink,
        device: DeviceDescription,
    ) -> Result<Enrolment, Error> {
        let wake_up = device.wake_up.clone();
        let pending = match self.find_pending(link).await? {
            Some(pending) => pending,
            None => {
                self.check_not_enrolled(link).await?;
                Arc::new(self.begin_enrolment(link, device).await?)
            }
        };
        let exchange = pending.exchange();
        let finished = self
            .send(&exchange, RETRIES, |replied| {
                let (account, time) = pending.finish(&exchange, &replied.text)?;
                self.learn_time(&link.service, replied, time, 0);
                Ok(account)
            })
            .await;
        match finished {
            Ok(mut account) => {
                if let Some(binding) = &mut account.binding {
                    // An enrolment that was taken up again has sent the address of its beginning.
                    binding.set_wake_up(wake_up);
                }
                let enrolment = Enrolment {
                    account: account.id,
                    check_value: Some(pending.check_value.clone()),
                    organisation: account.issuer.clone(),
                    user: account.name.clone(),
                    replaced: Vec::new(),
                    asked_for_no_certificate_check: false,
                };
                let vault = self.parts.vault.clone();
                tasks::blocking(move || {
                    vault.transaction(|tx| {
                        tx.add_account(&account)?;
                        tx.delete::<PendingEnrolment>(account.id)
                    })
                })
                .await?;
                Ok(enrolment)
            }
            Err(error) => {
                if error.refusal().is_some_and(|refusal| ends_enrolment(refusal.code)) {
                    self.drop_pending(pending.account).await?;
                }
                Err(error)
            }
        }
    }

    pub(super) async fn delete_keys(&self, account: Id) -> Result<(), KeyStoreError> {
        for role in [KeyRole::Device, KeyRole::Approval] {
            self.parts.keys.delete(KeyName { account, role }).await?;
        }
        Ok(())
    }

    async fn find_pending(&self, link: &EnrolmentLink) -> Result<Option<Arc<PendingEnrolment>>, Error> {
        let (vault, ticket) = (self.parts.vault.clone(), link.ticket.clone());
        let pending = tasks::blocking(move || vault.list::<PendingEnrolment>()).await?;
        Ok(pending
            .items
            .into_iter()
            .map(|(_, pending)| pending)
            .find(|pending| pending.ticket == ticket)
            .map(Arc::new))
    }

    /// Fails if this link has made an account here before. The service would only say that some device has used it.
    async fn check_not_enrolled(&self, link: &EnrolmentLink) -> Result<(), Error> {
        let (vault, enrolment) = (self.parts.vault.clone(), link.ticket.enrolment());
        let accounts = tasks::blocking(move || vault.accounts()).await?;
        let made_by =
            |binding: &Binding| matches!(binding, Binding::Native(it) if it.enrolment == Some(enrolment));
        let enrolled = accounts.items.into_iter().find_map(|account| {
            let state = account.binding.filter(|binding| made_by(binding))?.state();
            Some(Error::AlreadyEnrolled {
                account: account.id,
                state,
                is_trashed: account.trashed_at.is_some(),
            })
        });
        enrolled.map_or(Ok(()), Err)
    }

    async fn begin_enrolment(
        &self,
        link: &EnrolmentLink,
        device: DeviceDescription,
    ) -> Result<PendingEnrolment, Error> {
        let account = Id::make_random();
        let keys = PublicKeys {
            device: self.make_key(account, KeyRole::Device).await?,
            approval: self.make_key(account, KeyRole::Approval).await?,
        };
        let unsigned = UnsignedEnrolment::new(account, link, device, &keys, self.parts.keys.in_hardware())
            .map_err(|_| Error::Unacceptable)?;
        let key = KeyName { account, role: KeyRole::Device };
        let signature = self.sign(key, unsigned.signing_input(), None).await?;
        let pending = unsigned.finish(&signature).map_err(|_| KeyStoreError::Unavailable)?;
        let vault = self.parts.vault.clone();
        tasks::blocking(move || vault.transaction(|tx| tx.insert(account, &pending)).map(|()| pending))
            .await
            .map_err(Error::from)
    }

    async fn make_key(&self, account: Id, role: KeyRole) -> Result<Jwk, KeyStoreError> {
        let point = self.parts.keys.make(KeyName { account, role }).await?;
        Jwk::from_point(&point).map_err(|_| KeyStoreError::Unavailable)
    }

    async fn drop_pending(&self, account: Id) -> Result<(), Error> {
        self.delete_keys(account).await?;
        let vault = self.parts.vault.clone();
        tasks::blocking(move || vault.transaction(|tx| tx.delete::<PendingEnrolment>(account))).await?;
        hold(&self.parts.backoffs).remove(&account);
        Ok(())
    }
}

/// Whether the refusal means that this ticket will never work for this device.
const fn ends_enrolment(code: ProblemCode) -> bool {
    matches!(
        code,
        ProblemCode::TicketUnknown
            | ProblemCode::TicketExpired
            | ProblemCode::TicketUsed
            | ProblemCode::WrongServiceKey
            | ProblemCode::Malformed
            | ProblemCode::NameRefused
            | ProblemCode::DeviceRevoked
    )
}
