//! The rollout of a push token: a key, its registration, and the proof that the server can use it.

use std::sync::Arc;

use serde::Serialize;

use super::super::{Authenticator, Enrolment, hold};
use crate::approvals::privacyidea::{PushBinding, PushError, PushToken, register_call};
use crate::approvals::{Binding, BindingState, DeviceDescription};
use crate::keys::rsa::NewRsaKey;
use crate::keys::{KeyName, KeyRole};
use crate::offer::PushOffer;
use crate::{Account, Error, tasks};

/// How far an enrolment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum EnrolmentStep {
    /// The device's key is being made, which takes seconds.
    MakingKey,
    /// The service is told of it.
    Registering,
    /// The service is asked to prove that it can use it.
    Checking,
}

/// Clears the step when the enrolment ends, or is dropped.
struct Steps<'a>(&'a Authenticator);

impl Steps<'_> {
    fn set(&self, step: EnrolmentStep) {
        *hold(&self.0.parts.push.step) = Some(step);
    }
}

impl Drop for Steps<'_> {
    fn drop(&mut self) {
        *hold(&self.0.parts.push.step) = None;
    }
}

impl Authenticator {
    /// How far the enrolment is that is under way, where its protocol has slow steps. Asks nobody; a shell that waits for
    /// [`Authenticator::enrol`] shows it.
    #[must_use]
    pub fn enrolment_step(&self) -> Option<EnrolmentStep> {
        *hold(&self.parts.push.step)
    }

    pub(in super::super) async fn enrol_push(
        &self,
        offer: &PushOffer,
        device: DeviceDescription,
    ) -> Result<Enrolment, Error> {
        let steps = Steps(self);
        let before = self.find_token(offer).await?;
        let is_new = before.is_none();
        let account = match before {
            Some(account) => account,
            None => Account::new(issuer(offer), offer.name.clone(), self.now_seconds()),
        };

        steps.set(EnrolmentStep::MakingKey);
        let size = offer.key_size;
        let key = tasks::blocking(move || NewRsaKey::make(size)).await?;

        steps.set(EnrolmentStep::Registering);
        let wake_up = device.wake_up.as_ref();
        let call = register_call(&offer.service, &offer.serial, offer.credential(), wake_up, &key.public);
        let registered = self.call_patiently(account.id, &call).await?.reply.registered()?;
        // The server never learns of this one: the platform asks for the person before it releases it.
        self.parts.keys.make(KeyName { account: account.id, role: KeyRole::Approval }).await?;
        let binding = PushBinding {
            service: offer.service.clone(),
            serial: offer.serial.clone(),
            server_key: registered.server_key,
            state: BindingState::AwaitingActivation,
            wake_up: device.wake_up.clone(),
            wake_up_is_unsent: false,
        };
        let account = Account { binding: Some(Box::new(Binding::PrivacyIdea(binding.clone()))), ..account };
        self.store_token(&account, PushToken::new(key.private), is_new).await?;

        steps.set(EnrolmentStep::Checking);
        // A server that can't be asked now has still enrolled the device; one that fails over the key has not.
        if self.ask(&account, &binding).await.is_ok_and(|reply| reply.is_server_fault()) {
            if is_new {
                self.delete(account.id).await?;
            }
            return Err(PushError::EnrolmentBroken.into());
        }
        self.update_binding(account.id, |binding| binding.set_state(BindingState::Active)).await?;
        Ok(Enrolment {
            account: account.id,
            check_value: None,
            organisation: account.issuer,
            user: account.name,
            asked_for_no_certificate_check: offer.asks_for_no_certificate_check,
        })
    }

    /// The account of the same token of the same server: it is enrolled anew, and keeps its name and its place.
    async fn find_token(&self, offer: &PushOffer) -> Result<Option<Account>, Error> {
        let vault = self.parts.vault.clone();
        let accounts = tasks::blocking(move || vault.accounts()).await?.items;
        Ok(accounts.into_iter().find(|account| match account.binding.as_deref() {
            Some(Binding::PrivacyIdea(binding)) => {
                binding.serial == offer.serial && binding.service.is_same_origin(&offer.service)
            }
            _ => false,
        }))
    }

    async fn store_token(&self, account: &Account, token: PushToken, is_new: bool) -> Result<(), Error> {
        let (id, stored) = (account.id, Arc::new(account.clone()));
        let vault = self.parts.vault.clone();
        tasks::blocking(move || {
            vault.transaction(|tx| {
                if is_new {
                    tx.add_account(&stored)?;
                    return tx.insert(id, &token);
                }
                tx.update_account(id, |account| {
                    account.binding.clone_from(&stored.binding);
                    account.trashed_at = None;
                })?;
                tx.put(id, &token)
            })
        })
        .await?;
        // Challenges for the token that it replaces.
        hold(&self.parts.inbox).remove_account(id);
        Ok(())
    }
}

fn issuer(offer: &PushOffer) -> String {
    if offer.issuer.is_empty() { offer.service.authority().to_owned() } else { offer.issuer.clone() }
}
