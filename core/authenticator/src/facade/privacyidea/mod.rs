//! Push tokens of privacyIDEA, put together: keys, calls, and what the vault keeps.

mod answer;
pub(super) mod container;
mod enrol;
mod poll;

use std::sync::Mutex;
use std::time::Duration;

use countersign_protocol::messages::WakeUp;
use countersign_protocol::{Id, ServiceUrl};
pub use enrol::EnrolmentStep;

use super::service::{TIME_OUT, is_passing};
use super::{Authenticator, hold};
use crate::approvals::privacyidea::{
    Call, PushBinding, PushError, PushKey, PushReply, PushToken, UnsignedCall, address_call,
};
use crate::client::NetworkError;
use crate::clock::TimeAnchor;
use crate::keys::rsa::RsaKey;
use crate::keys::{KeyName, KeyRole};
use crate::vault::{Transaction, VaultError};
use crate::{Error, KeyStoreError, tasks};

/// Less than the minute that servers allow.
const TOLERANCE_MS: u64 = 45_000;

/// What is in memory alone.
#[derive(Default)]
pub(super) struct State {
    step: Mutex<Option<EnrolmentStep>>,
    /// One synchronisation of a container at a time.
    synchronising: tokio::sync::Mutex<()>,
}

/// A reply, and whether an earlier try of the same call may have reached the server.
struct Sent {
    reply: PushReply,
    after_loss: bool,
}

/// Removes what the vault keeps of an account's push token, and gives its key, if it has one.
pub(super) fn forget(transaction: &mut Transaction<'_>, account: Id) -> Result<Option<PushKey>, VaultError> {
    let token = transaction.get::<PushToken>(account)?;
    if token.is_some() {
        transaction.delete::<PushToken>(account)?;
    }
    Ok(token.map(|token| token.key))
}

impl Authenticator {
    /// Sends a call once, and learns the server's time, which nobody signs.
    async fn call(&self, service: &ServiceUrl, call: &Call) -> Result<PushReply, Error> {
        self.call_within(service, call, TIME_OUT).await
    }

    async fn call_within(
        &self,
        service: &ServiceUrl,
        call: &Call,
        time_out: Duration,
    ) -> Result<PushReply, Error> {
        let sent = self.parts.clock.read();
        let reply = self.parts.transport.send(&call.url, call.payload(), time_out).await?;
        let received = self.parts.clock.read();
        let reply = PushReply::read(&reply)?;
        let anchor = reply
            .time
            .and_then(|time| TimeAnchor::from_exchange(service.authority(), false, &sent, received, time, 0));
        if let Some(anchor) = anchor {
            hold(&self.parts.times).learn(anchor);
            self.save_time().await;
        }
        Ok(reply)
    }

    /// Sends a call that a person waits for, the same bytes again where its reply got lost.
    async fn call_patiently(&self, service: &ServiceUrl, call: &Call) -> Result<Sent, Error> {
        let mut after_loss = false;
        let reply = self.call_noting_loss(service, call, &mut after_loss).await?;
        Ok(Sent { reply, after_loss })
    }

    /// The same; `is_lost` becomes true once a try may have reached the server whose reply didn't come.
    async fn call_noting_loss(
        &self,
        service: &ServiceUrl,
        call: &Call,
        is_lost: &mut bool,
    ) -> Result<PushReply, Error> {
        let mut waits = super::service::RETRIES.iter();
        loop {
            let error = match self.call(service, call).await {
                Err(error) if is_passing(&error) => error,
                result => return result,
            };
            *is_lost |= error != Error::Network(NetworkError::Unreachable);
            let wait: &Duration = waits.next().ok_or(error)?;
            tokio::time::sleep(*wait).await;
        }
    }

    /// Makes and sends a call with a signed time: once, and once more if the server's time turns out to be another than
    /// was believed. `make` makes it at a time in milliseconds.
    async fn call_timed(
        &self,
        account: Id,
        service: &ServiceUrl,
        make: impl Fn(u64) -> UnsignedCall,
    ) -> Result<PushReply, Error> {
        let believed = self.time_at(service);
        let call = self.sign_push(account, make(believed)).await?;
        let reply = self.call(service, &call).await?;
        if !reply.may_be_clock() {
            return Ok(reply);
        }
        match reply.time {
            Some(time) if time.abs_diff(believed) > TOLERANCE_MS => {
                let call = self.sign_push(account, make(self.time_at(service))).await?;
                self.call(service, &call).await
            }
            Some(_) => Ok(reply),
            None => Err(PushError::ClockOff.into()),
        }
    }

    /// Signs with the token's key, off this thread. A key in software is read from the vault each time, so that locking the
    /// vault takes it away.
    async fn sign_push(&self, account: Id, unsigned: UnsignedCall) -> Result<Call, Error> {
        let vault = self.parts.vault.clone();
        let token = tasks::blocking(move || vault.get::<PushToken>(account)).await?;
        let signature = self.sign_with(token.ok_or(KeyStoreError::NotFound)?.key, unsigned.text()).await?;
        Ok(unsigned.finish(&signature))
    }

    async fn sign_with(&self, key: PushKey, text: &str) -> Result<Vec<u8>, KeyStoreError> {
        let text = text.as_bytes().to_vec();
        match key {
            PushKey::Software(private) => {
                tasks::blocking(move || RsaKey::from_pkcs1(&private)?.sign(&text)).await
            }
            PushKey::Platform(id) => self.sign(platform_name(id), &text, None).await,
        }
    }

    /// Deletes a token's key, once nothing needs it any more.
    pub(super) async fn delete_push_key(&self, key: Option<PushKey>) -> Result<(), KeyStoreError> {
        match key {
            Some(PushKey::Platform(id)) => self.parts.keys.delete(platform_name(id)).await,
            Some(PushKey::Software(_)) | None => Ok(()),
        }
    }

    /// Tells the server another push address.
    pub(super) async fn tell_push_address(
        &self,
        account: Id,
        binding: &PushBinding,
        wake_up: Option<WakeUp>,
    ) -> Result<(), Error> {
        let (service, serial) = (binding.service.clone(), binding.serial.clone());
        let reply = self
            .call_timed(account, &binding.service, move |unix_ms| {
                address_call(&service, &serial, wake_up.as_ref(), unix_ms)
            })
            .await?;
        Ok(reply.changed()?)
    }

    /// Changes a token's record, if it is still there.
    async fn update_token<T: Send + 'static>(
        &self,
        account: Id,
        change: impl FnOnce(&mut PushToken) -> T + Send + 'static,
    ) -> Result<T, Error> {
        let vault = self.parts.vault.clone();
        tasks::blocking(move || {
            vault.transaction(|tx| {
                let mut token = tx.get::<PushToken>(account)?.ok_or(KeyStoreError::NotFound)?;
                let changed = change(&mut token);
                tx.update(account, &token)?;
                Ok::<_, Error>(changed)
            })
        })
        .await
    }
}

const fn platform_name(key: Id) -> KeyName {
    KeyName { account: key, role: KeyRole::Push }
}
