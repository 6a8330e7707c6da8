//! What every exchange with a service needs: signing, and sending with retries.

use std::time::Duration;

use countersign_protocol::Id;
use countersign_protocol::jws::Unsigned;
use countersign_protocol::messages::ProblemCode;

use super::{Authenticator, hold};
use crate::approvals::{Binding, BindingState, Exchange, NativeBinding, Refusal, Reply, ReplyError, Trusted};
use crate::client::NetworkError;
use crate::clock::ClockReading;
use crate::keys::{KeyName, KeyRole, Prompt};
use crate::{Account, Error, KeyStoreError, tasks};

/// One try's time-out, beside what the service may hold the reply.
pub(super) const TIME_OUT: Duration = Duration::from_secs(15);
/// Waits between tries of a request that a person waits for.
pub(super) const RETRIES: &[Duration] =
    &[Duration::from_millis(300), Duration::from_secs(1), Duration::from_secs(3)];
/// No further try.
pub(super) const ONCE: &[Duration] = &[];
/// A device key asks nobody, so a store that doesn't answer is broken.
const DEVICE_KEY_TIME_OUT: Duration = Duration::from_secs(30);
/// A person who hasn't answered the prompt in this time isn't there.
const APPROVAL_KEY_TIME_OUT: Duration = Duration::from_mins(5);

/// A reply's text and the clocks around its exchange.
pub(super) struct Replied {
    pub(super) text: String,
    /// The status, which nobody signs.
    pub(super) status: u16,
    pub(super) sent: ClockReading,
    pub(super) received: ClockReading,
}

impl Authenticator {
    /// The account and its binding, if it can approve.
    pub(super) async fn bound(&self, account: Id) -> Result<(Account, Binding), Error> {
        let account = self.read_account(account).await?;
        match account.binding.clone() {
            Some(binding) if binding.state() != BindingState::Revoked => Ok((account, *binding)),
            _ => Err(Error::NotEnrolled),
        }
    }

    pub(super) async fn read_account(&self, account: Id) -> Result<Account, Error> {
        let vault = self.parts.vault.clone();
        tasks::blocking(move || vault.account(account)).await?.ok_or(Error::NoSuchAccount)
    }

    /// Changes an account's binding as it is in the vault now, in one transaction.
    pub(super) async fn update_binding(
        &self,
        account: Id,
        change: impl FnOnce(&mut Binding) + Send + 'static,
    ) -> Result<(), Error> {
        let vault = self.parts.vault.clone();
        tasks::blocking(move || {
            vault.update_account(account, |account| {
                if let Some(binding) = &mut account.binding {
                    change(binding);
                }
            })
        })
        .await?;
        Ok(())
    }

    /// Signs with a key of the account, within a time-out: a key store that never answers must not hold us for ever.
    pub(super) async fn sign(
        &self,
        key: KeyName,
        message: &[u8],
        prompt: Option<Prompt>,
    ) -> Result<Vec<u8>, KeyStoreError> {
        let (time_out, silence) = match key.role {
            KeyRole::Device | KeyRole::Push => (DEVICE_KEY_TIME_OUT, KeyStoreError::Unavailable),
            KeyRole::Approval => (APPROVAL_KEY_TIME_OUT, KeyStoreError::Cancelled),
        };
        let signature = tokio::time::timeout(time_out, self.parts.keys.sign(key, message, prompt)).await;
        signature.unwrap_or(Err(silence))
    }

    /// Signs a request with the device key.
    pub(super) async fn sign_request(
        &self,
        account: Id,
        binding: &NativeBinding,
        path: &str,
        unsigned: Unsigned,
    ) -> Result<Exchange, Error> {
        let key = KeyName { account, role: KeyRole::Device };
        let signature = self.sign(key, unsigned.signing_input(), None).await?;
        let body = unsigned.finish_der(&signature).map_err(|_| KeyStoreError::Unavailable)?;
        Ok(Exchange::new(&binding.service, path, body))
    }

    pub(super) async fn post(
        &self,
        exchange: &Exchange,
        time_out: Duration,
    ) -> Result<Replied, NetworkError> {
        let sent = self.parts.clock.read();
        let reply = self.parts.transport.send(exchange.url(), exchange.payload(), time_out).await?;
        Ok(Replied { text: reply.text, status: reply.status, sent, received: self.parts.clock.read() })
    }

    /// Sends a request, the same bytes again after each of the waits in `retries` where its reply got lost, until `read`
    /// has made something of a reply.
    #[expect(clippy::expect_used, reason = "a request was sent once something was made of its reply")]
    pub(super) async fn send<T: Send>(
        &self,
        exchange: &Exchange,
        retries: &[Duration],
        mut read: impl FnMut(&Replied) -> Result<T, ReplyError> + Send,
    ) -> Result<T, Error> {
        let mut made = None;
        let mut make = |replied: &Replied| {
            made = Some(read(replied)?);
            Ok(())
        };
        self.send_until_read(exchange, retries, &mut make).await?;
        Ok(made.expect("what was made of the reply"))
    }

    /// Apart from what is made of a reply, so that it is compiled once and not for each kind of reply.
    async fn send_until_read(
        &self,
        exchange: &Exchange,
        retries: &[Duration],
        read: &mut (dyn FnMut(&Replied) -> Result<(), ReplyError> + Send),
    ) -> Result<(), Error> {
        let mut waits = retries.iter();
        let sent = loop {
            let error = match self.post(exchange, TIME_OUT).await {
                Ok(replied) => match read(&replied) {
                    Ok(()) => break Ok(()),
                    Err(error) => Error::from(by_status(error, &replied)),
                },
                Err(error) => Error::from(error),
            };
            match waits.next() {
                Some(wait) if is_passing(&error) => tokio::time::sleep(*wait).await,
                _ => break Err(error),
            }
        };
        self.save_time().await;
        sent
    }

    /// Reads a reply that the bound service must have signed, and learns the time from it.
    pub(super) fn read<R: Reply>(
        &self,
        exchange: &Exchange,
        replied: &Replied,
        binding: &NativeBinding,
        held: impl Fn(&R) -> u64,
    ) -> Result<Trusted<R>, ReplyError> {
        let result = exchange.read::<R>(&replied.text, &binding.service_key);
        match &result {
            Ok(trusted) => {
                self.learn_time(&binding.service, replied, trusted.time, held(&trusted.reply));
            }
            Err(ReplyError::Refused(refusal)) => self.learn_time(&binding.service, replied, refusal.time, 0),
            Err(_) => {}
        }
        result.map_err(|error| by_status(error, replied))
    }

    /// Notes that the service no longer knows this device.
    pub(super) async fn mark_revoked(&self, account: Id) -> Result<(), Error> {
        hold(&self.parts.inbox).remove_account(account);
        self.update_binding(account, |binding| binding.set_state(BindingState::Revoked)).await
    }
}

/// Tells a gateway's reply from that of something else.
fn by_status(error: ReplyError, replied: &Replied) -> ReplyError {
    if error == ReplyError::NotTheService { ReplyError::of_status(replied.status) } else { error }
}

/// Whether the refusal means that the device is no longer enrolled.
pub(super) const fn is_revocation(refusal: &Refusal) -> bool {
    matches!(refusal.code, ProblemCode::DeviceRevoked | ProblemCode::DeviceUnknown)
}

/// Whether trying the same bytes again may help.
pub(super) fn is_passing(error: &Error) -> bool {
    match error {
        Error::Network(NetworkError::NotSecure | NetworkError::TooLong) => false,
        Error::Network(_) | Error::Reply(ReplyError::NotTheService | ReplyError::Unavailable) => true,
        Error::Reply(ReplyError::Refused(refusal)) => refusal.code == ProblemCode::Unavailable,
        _ => false,
    }
}
