//! The rollout of a push token: a key, its registration, and the proof that the server can use it.

use std::sync::Arc;

use countersign_protocol::Id;
use serde::Serialize;

use super::super::{Authenticator, Enrolment, hold};
use super::platform_name;
use crate::approvals::privacyidea::{PushBinding, PushError, PushKey, PushToken, register_call};
use crate::approvals::{AnswerError, Binding, BindingState, DeviceDescription};
use crate::facade::twins;
use crate::keys::rsa::{self, NewRsaKey};
use crate::keys::{KeyName, KeyRole, RsaKeySize};
use crate::offer::{IssuedToken, PushOffer, Unlock};
use crate::{Account, Error, KeyStoreError, tasks};

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
        // Before the code is used up: no approval could ever be given here.
        let check = self.parts.keys.user_check();
        if offer.unlock.is_some_and(|wish| wish == Unlock::Biometric && !wish.is_met_by(check)) {
            return Err(AnswerError::BiometricNeeded.into());
        }
        let steps = Steps(self);
        let before = self.find_token(offer).await?;
        let is_new = before.is_none();
        let account = match before {
            Some(account) => account,
            None => Account {
                token: Some(Box::new(IssuedToken::of(&issuer(offer), &offer.serial))),
                ..Account::new(issuer(offer), offer.name.clone(), self.now_seconds())
            },
        };

        steps.set(EnrolmentStep::MakingKey);
        // The server never learns of this one: the platform asks for the person before it releases it.
        self.parts.keys.make(KeyName { account: account.id, role: KeyRole::Approval }).await?;
        let (key, public_key) = self.make_push_key(offer.key_size).await?;

        steps.set(EnrolmentStep::Registering);
        let wake_up = device.wake_up.as_ref();
        let call = register_call(&offer.service, &offer.serial, offer.credential(), wake_up, &public_key);
        let registered = match self.call_patiently(&offer.service, &call).await {
            Ok(sent) => sent.reply.registered().map_err(Error::from),
            Err(error) => Err(error),
        };
        let registered = match registered {
            Ok(registered) => registered,
            Err(error) => {
                // What was bound to the account before is as it was.
                self.delete_push_key(Some(key)).await?;
                return Err(error);
            }
        };
        let binding = PushBinding {
            service: offer.service.clone(),
            serial: offer.serial.clone(),
            server_key: registered.server_key,
            state: BindingState::AwaitingActivation,
            wake_up: device.wake_up.clone(),
            wake_up_is_unsent: false,
            unlock: offer.unlock,
        };
        let account = Account { binding: Some(Box::new(Binding::PrivacyIdea(binding.clone()))), ..account };
        let (old_key, replaced) = self.store_token(&account, PushToken::new(key), is_new).await?;
        self.delete_push_key(old_key).await?;

        steps.set(EnrolmentStep::Checking);
        // A server that can't be asked now has still enrolled the device; one that fails over the key has not.
        if self.ask(&account, &binding).await.is_ok_and(|reply| reply.is_server_fault()) {
            if is_new {
                self.delete(account.id).await?;
            }
            for account in replaced {
                self.restore(account)?;
            }
            return Err(PushError::EnrolmentBroken.into());
        }
        self.update_binding(account.id, |binding| binding.set_state(BindingState::Active)).await?;
        Ok(Enrolment {
            account: account.id,
            check_value: None,
            organisation: account.issuer,
            user: account.name,
            replaced,
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

    /// Makes the token's key where it is to be, and gives it with its `SubjectPublicKeyInfo`.
    async fn make_push_key(&self, size: Option<RsaKeySize>) -> Result<(PushKey, Vec<u8>), Error> {
        let Some(size) = size.or_else(|| (!self.parts.keys.has_rsa()).then(RsaKeySize::default)) else {
            return self.make_platform_key().await;
        };
        let key = tasks::blocking(move || NewRsaKey::make(size)).await?;
        Ok((PushKey::Software(key.private), key.public))
    }

    async fn make_platform_key(&self) -> Result<(PushKey, Vec<u8>), Error> {
        let id = Id::make_random();
        let public = self.parts.keys.make(platform_name(id)).await?;
        let key = PushKey::Platform(id);
        // A server takes any key, and fails over it for ever after.
        let signature = self.sign_with(key.clone(), "").await?;
        match rsa::public_key_of(&public) {
            Some(public_key) if rsa::verifies(public_key, b"", &signature) => Ok((key, public)),
            _ => {
                self.delete_push_key(Some(key)).await?;
                Err(KeyStoreError::Unavailable.into())
            }
        }
    }

    /// Stores the account and its token. Gives the key of the token that it replaces, and the accounts of the same token at
    /// an address that its server had before, which go to the trash.
    async fn store_token(
        &self,
        account: &Account,
        token: PushToken,
        is_new: bool,
    ) -> Result<(Option<PushKey>, Vec<Id>), Error> {
        let (id, stored) = (account.id, Arc::new(account.clone()));
        let (vault, now) = (self.parts.vault.clone(), self.now_seconds());
        let replaced = tasks::blocking(move || {
            vault.transaction(|tx| {
                if is_new {
                    let accounts = tx.accounts()?.items;
                    let dead: Vec<&Account> =
                        accounts.iter().filter(|other| is_moved(other, &stored)).collect();
                    twins::add_in_place(tx, Account::clone(&stored), &dead)?;
                    let dead: Vec<Id> = dead.into_iter().map(|account| account.id).collect();
                    for dead in &dead {
                        tx.update_account(*dead, |account| account.trashed_at = Some(now))?;
                    }
                    return tx.insert(id, &token).map(|()| (None, dead));
                }
                tx.update_account(id, |account| {
                    account.binding.clone_from(&stored.binding);
                    account.trashed_at = None;
                })?;
                let replaced = tx.get::<PushToken>(id)?.map(|token| token.key);
                tx.put(id, &token).map(|()| (replaced, Vec::new()))
            })
        })
        .await?;
        // Challenges for the token that it replaces.
        let mut inbox = hold(&self.parts.inbox);
        [id].iter().chain(&replaced.1).for_each(|account| inbox.remove_account(*account));
        Ok(replaced)
    }
}

/// Whether the account is of the same push token, in use.
fn is_moved(other: &Account, account: &Account) -> bool {
    let is_same = account.token.as_deref().is_some_and(|token| twins::is_of(other, token));
    is_same && other.trashed_at.is_none() && other.binding.is_some()
}

fn issuer(offer: &PushOffer) -> String {
    if offer.issuer.is_empty() { offer.service.authority().to_owned() } else { offer.issuer.clone() }
}
