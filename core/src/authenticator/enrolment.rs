//! Enrolling with an approval service.

use std::sync::Arc;

use countersign_protocol::limits::MAX_NAME_CHARS;
use countersign_protocol::messages::ProblemCode;
use countersign_protocol::{EnrolmentLink, Id, Jwk};

use super::service::RETRIES;
use super::{Authenticator, hold};
use crate::approvals::{DeviceDescription, PendingEnrolment, PublicKeys, UnsignedEnrolment, is_usable};
use crate::keys::{KeyName, KeyRole};
use crate::{Error, KeyStoreError, tasks};

/// A device whose keys are bound. Its first approval, which the service asks for at once, makes it active.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Enrolment {
    /// The new account.
    pub account: Id,
    /// To be compared with the enrolment page's.
    pub check_value: String,
    /// The organisation's name.
    pub organisation: String,
    /// The person's name there.
    pub user: String,
}

impl Authenticator {
    /// Enrols this device by a scanned link: makes its keys, binds them, and stores the new account.
    ///
    /// Interrupted by anything (the network, the end of the process), it is taken up again by the same link, with the
    /// same keys and the same bytes.
    ///
    /// # Errors
    ///
    /// [`Error::Reply`] when the service refuses the ticket (nothing is kept then), [`Error::Network`],
    /// [`Error::KeyStore`], [`Error::Vault`], [`Error::Unacceptable`] for a name or a wake-up address that can't be used.
    pub async fn enrol(&self, link: &EnrolmentLink, device: DeviceDescription) -> Result<Enrolment, Error> {
        if device.name.trim().is_empty() || device.name.chars().count() > MAX_NAME_CHARS {
            return Err(Error::Unacceptable);
        }
        if device.wake_up.as_ref().is_some_and(|wake_up| !is_usable(wake_up)) {
            return Err(Error::Unacceptable);
        }
        let wake_up = device.wake_up.clone();
        let pending = match self.find_pending(link).await? {
            Some(pending) => pending,
            None => Arc::new(self.begin_enrolment(link, device).await?),
        };
        let exchange = pending.exchange();
        let finished = self
            .send(&exchange, RETRIES, |replied| {
                let (account, time) = pending.finish(&exchange, &replied.text)?;
                self.learn_time(replied, time, 0);
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
                    check_value: pending.check_value.clone(),
                    organisation: account.issuer.clone(),
                    user: account.name.clone(),
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
            | ProblemCode::DeviceRevoked
    )
}
