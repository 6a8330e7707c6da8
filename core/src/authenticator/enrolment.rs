//! Enrolling with an approval service, renaming and giving up this device there.

use std::sync::Arc;

use countersign_protocol::limits::MAX_NAME_CHARS;
use countersign_protocol::messages::{Changed, DeviceChange, ProblemCode, paths};
use countersign_protocol::{EnrolmentLink, Id, Jwk};

use super::service::is_revocation;
use super::{Authenticator, hold};
use crate::approvals::{
    Binding, DeviceDescription, PendingEnrolment, PublicKeys, ReplyError, UnsignedEnrolment, change_request,
};
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
    /// [`Error::KeyStore`], [`Error::Vault`], [`Error::Unacceptable`] for a name that is too long.
    pub async fn enrol(&self, link: &EnrolmentLink, device: DeviceDescription) -> Result<Enrolment, Error> {
        if device.name.trim().is_empty() || device.name.chars().count() > MAX_NAME_CHARS {
            return Err(Error::Unacceptable);
        }
        let pending = match self.find_pending(link).await? {
            Some(pending) => pending,
            None => Arc::new(self.begin_enrolment(link, device).await?),
        };
        let exchange = pending.exchange();
        let finished = self
            .send(&exchange, |replied| {
                let (account, time) = pending.finish(&exchange, &replied.text)?;
                self.learn_time(replied, time, 0);
                Ok(account)
            })
            .await;
        match finished {
            Ok(account) => {
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

    /// Gives this device a new name at the account's service.
    ///
    /// # Errors
    ///
    /// [`Error::NotEnrolled`], [`Error::Network`], [`Error::Reply`], [`Error::KeyStore`], [`Error::Vault`].
    pub async fn rename_device(&self, account: Id, name: &str) -> Result<(), Error> {
        if name.trim().is_empty() || name.chars().count() > MAX_NAME_CHARS {
            return Err(Error::Unacceptable);
        }
        let (_, binding) = self.bound(account).await?;
        self.change(account, &binding, DeviceChange::Rename { name: name.to_owned() }).await
    }

    /// Gives this device up at the account's service: from then on its keys and its codes are worth nothing, and the
    /// account is marked so. A device that the service has already removed counts as given up.
    ///
    /// # Errors
    ///
    /// As [`Authenticator::rename_device`].
    pub async fn revoke(&self, account: Id) -> Result<(), Error> {
        let (_, binding) = self.bound(account).await?;
        match self.change(account, &binding, DeviceChange::Revoke).await {
            Err(error) if !error.refusal().is_some_and(is_revocation) => return Err(error),
            _ => self.mark_revoked(account).await?,
        }
        self.delete_keys(account).await?;
        Ok(())
    }

    pub(super) async fn delete_keys(&self, account: Id) -> Result<(), KeyStoreError> {
        for role in [KeyRole::Device, KeyRole::Approval] {
            self.parts.keys.delete(KeyName { account, role }).await?;
        }
        Ok(())
    }

    async fn change(&self, account: Id, binding: &Binding, change: DeviceChange) -> Result<(), Error> {
        let changed = self.change_once(account, binding, change.clone()).await;
        match changed {
            Err(Error::Reply(ReplyError::Refused(refusal))) if refusal.code == ProblemCode::ClockSkew => {
                self.change_once(account, binding, change).await
            }
            changed => changed,
        }
    }

    async fn change_once(&self, account: Id, binding: &Binding, change: DeviceChange) -> Result<(), Error> {
        let unsigned =
            change_request(binding, change, self.now_seconds()).map_err(|_| Error::Unacceptable)?;
        let exchange = self.sign_request(account, binding, paths::CHANGE, unsigned).await?;
        self.send(&exchange, |replied| self.read::<Changed>(&exchange, replied, binding, |_| 0)).await?;
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
