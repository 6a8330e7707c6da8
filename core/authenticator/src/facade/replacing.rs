//! Another device takes this one's place at an approval service: no key is copied.
//!
//! The new device enrols as always, by a QR that the old one shows in place of the enrolment page, with the check value
//! and the number. The service revokes the old device once the new one is active, and not before.
//!
//! The request is in the vault before it is sent, until its end is known. The same bytes ask again, so that a replacement
//! goes on whatever has ended the process.

use countersign_protocol::messages::{self, ProblemCode, ReplacementState, paths};
use countersign_protocol::{EnrolmentLink, Id, MatchLink};
use serde::{Deserialize, Serialize};

use super::service::RETRIES;
use super::{Authenticator, hold};
use crate::approvals::{
    Binding, BindingState, Exchange, NativeBinding, Refusal, ReplyError, replace_request,
};
use crate::keys::{KeyName, KeyRole, Prompt};
use crate::vault::{Record, RecordKind, Transaction, VaultError};
use crate::{Account, Error, KeyStoreError, tasks};

/// A device that is to take this one's place, from the ticket to its activation.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Replacement {
    /// The account.
    pub account: Id,
    /// What the new device scans: [`EnrolmentLink::expose_text`] as a QR code. It enrols nothing without the number.
    pub link: EnrolmentLink,
    /// When the link ends, Unix seconds.
    pub expires_at: u64,
    exchange: Exchange,
}

/// A device that can approve for an account beside this one, and became able to after it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewDevice {
    /// The account.
    pub account: Id,
    /// Its name, as its owner gave it.
    pub name: String,
    /// When it became active, Unix seconds.
    pub activated_at: u64,
}

/// How far the other device is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReplacementStep {
    /// It has yet to scan the QR code.
    Waiting,
    /// It has scanned it. Compare the check value with its screen, then type the number there.
    Activating {
        /// What it shows too. Another value means that somebody else has scanned the code: type nothing.
        check_value: String,
        /// The number, where the organisation has number matching.
        number: Option<String>,
        /// What a QR code for its camera says ([`MatchLink::expose_text`]), where the organisation has scan matching.
        match_link: Option<MatchLink>,
    },
    /// It is active, and this device is revoked; the account is marked so.
    Done,
    /// It came to nothing, and this device is as it was. Begin again.
    Ended,
}

/// Removes what the vault keeps of an account's replacement, if there is anything.
pub(super) fn forget(transaction: &mut Transaction<'_>, account: Id) -> Result<(), VaultError> {
    match transaction.delete::<StoredReplacement>(account) {
        Err(VaultError::NotFound { .. }) => Ok(()),
        deleted => deleted,
    }
}

impl Authenticator {
    /// Begins to let another device take this one's place for an account. The platform checks the person, as for an
    /// approval: the request is signed by the approval key.
    ///
    /// One that was begun before and isn't done ends with it, also for a device that has scanned its code:
    /// [`Authenticator::resume_replacement`] goes on with it instead.
    ///
    /// # Errors
    ///
    /// [`Error::KeyStore`] when the person wasn't checked, [`Error::NotEnrolled`], [`Error::NotAble`] with a service
    /// that has no such message, [`Error::Network`], [`Error::Reply`], [`Error::Vault`].
    pub async fn replace_device(&self, account: Id) -> Result<Replacement, Error> {
        let (stored, binding) = self.bound(account).await?;
        let Binding::Native(binding) = binding else { return Err(Error::NotAble) };
        let begun = match self.begin_replacement(&stored, &binding).await {
            // The refusal told the time; by it the person is asked once more.
            Err(Error::Reply(ReplyError::Refused(refusal))) if refusal.code == ProblemCode::ClockSkew => {
                self.begin_replacement(&stored, &binding).await
            }
            begun => begun,
        };
        let (exchange, reply) = begun?;
        Ok(Replacement::new(account, &binding, exchange, &reply))
    }

    /// Accounts with a replacement that was begun here and whose end isn't known here. Asks nobody.
    ///
    /// # Errors
    ///
    /// [`Error::Vault`].
    pub fn open_replacements(&self) -> Result<Vec<Id>, Error> {
        let listing = self.parts.vault.list::<StoredReplacement>()?;
        Ok(listing.items.into_iter().map(|(account, _)| account).collect())
    }

    /// Takes up the replacement of an account that was begun before, as after the app was ended: the same code, at the step
    /// that [`Authenticator::replacement_step`] tells. `None` if there is none, or the service doesn't know it any more.
    ///
    /// The key store asks for nobody here, since the request is signed: a shell checks the person before it shows the code
    /// or the number again.
    ///
    /// # Errors
    ///
    /// [`Error::Network`], [`Error::Reply`], [`Error::NotEnrolled`], [`Error::NoSuchAccount`], [`Error::Vault`]; it can be
    /// asked again.
    pub async fn resume_replacement(&self, account: Id) -> Result<Option<Replacement>, Error> {
        let vault = self.parts.vault.clone();
        let Some(stored) = tasks::blocking(move || vault.get::<StoredReplacement>(account)).await? else {
            return Ok(None);
        };
        let binding = self.native_binding(account).await?;
        let exchange = Exchange::new(&binding.service, paths::REPLACE, stored.request);
        match self.send_replace(&exchange, &binding).await {
            Ok(reply) => Ok(Some(Replacement::new(account, &binding, exchange, &reply))),
            Err(Error::Reply(ReplyError::Refused(refusal))) if is_final(&refusal) => {
                self.forget_replacement(account, exchange).await?;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Asks how far the other device is: every two seconds or so, while this one shows the code or the number.
    ///
    /// # Errors
    ///
    /// [`Error::Network`], [`Error::Reply`], [`Error::Vault`]; it can be asked again.
    pub async fn replacement_step(&self, replacement: &Replacement) -> Result<ReplacementStep, Error> {
        let binding = self.native_binding(replacement.account).await?;
        let reply = self.send_replace(&replacement.exchange, &binding).await?;
        Ok(match reply.state {
            ReplacementState::Waiting => ReplacementStep::Waiting,
            ReplacementState::Activating => ReplacementStep::Activating {
                check_value: reply.check_value.unwrap_or_default(),
                number: reply.number,
                match_link: reply.scan.map(|scan| MatchLink {
                    service: binding.service.clone(),
                    challenge: scan.challenge,
                    secret: scan.secret,
                }),
            },
            ReplacementState::Done => {
                self.note_replaced(replacement.account).await?;
                ReplacementStep::Done
            }
            ReplacementState::Ended => {
                self.forget_replacement(replacement.account, replacement.exchange.clone()).await?;
                ReplacementStep::Ended
            }
        })
    }

    /// Devices that have become able to approve for an account of this one since, and that the person wasn't told of yet.
    /// Ask after a fetch, and tell: one that isn't theirs is somebody else's.
    ///
    /// # Errors
    ///
    /// [`Error::Vault`].
    pub fn new_devices(&self) -> Result<Vec<NewDevice>, Error> {
        let accounts = self.parts.vault.accounts()?.items.into_iter();
        let of_account = |account: Account| {
            let known = match account.binding.as_deref() {
                Some(Binding::Native(binding)) => binding.newer_devices.clone(),
                _ => Vec::new(),
            };
            let untold = known.into_iter().filter(|known| !known.is_told);
            untold.map(move |known| NewDevice {
                account: account.id,
                name: known.device.name,
                activated_at: known.device.activated,
            })
        };
        Ok(accounts.flat_map(of_account).collect())
    }

    /// Notes that the person was told of an account's new devices.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchAccount`], [`Error::Vault`].
    pub fn note_new_devices_told(&self, account: Id) -> Result<(), Error> {
        Ok(self.parts.vault.update_account(account, |account| {
            if let Some(Binding::Native(binding)) = account.binding.as_deref_mut() {
                binding.newer_devices.iter_mut().for_each(|known| known.is_told = true);
            }
        })?)
    }

    async fn begin_replacement(
        &self,
        account: &Account,
        binding: &NativeBinding,
    ) -> Result<(Exchange, messages::Replacement), Error> {
        let unsigned =
            replace_request(binding, self.seconds_at(&binding.service)).map_err(|_| Error::Unacceptable)?;
        let key = KeyName { account: account.id, role: KeyRole::Approval };
        let prompt = Prompt {
            application: account.issuer.clone(),
            account: format!("{}: {}", account.issuer, account.name),
        };
        let signature = self.sign(key, unsigned.signing_input(), Some(prompt)).await?;
        let body = unsigned.finish_der(&signature).map_err(|_| KeyStoreError::Unavailable)?;
        let (vault, id, request) = (self.parts.vault.clone(), account.id, body.clone());
        tasks::blocking(move || vault.transaction(|tx| tx.put(id, &StoredReplacement { request }))).await?;
        let exchange = Exchange::new(&binding.service, paths::REPLACE, body);
        match self.send_replace(&exchange, binding).await {
            Ok(reply) => Ok((exchange, reply)),
            Err(error) => {
                if matches!(&error, Error::Reply(ReplyError::Refused(refusal)) if is_final(refusal)) {
                    self.forget_replacement(account.id, exchange).await?;
                }
                Err(error)
            }
        }
    }

    async fn native_binding(&self, account: Id) -> Result<NativeBinding, Error> {
        match self.read_account(account).await?.binding.map(|binding| *binding) {
            Some(Binding::Native(binding)) => Ok(binding),
            _ => Err(Error::NotEnrolled),
        }
    }

    async fn send_replace(
        &self,
        exchange: &Exchange,
        binding: &NativeBinding,
    ) -> Result<messages::Replacement, Error> {
        let replied = self
            .send(exchange, RETRIES, |replied| {
                self.read::<messages::Replacement>(exchange, replied, binding, |_| 0)
            })
            .await?;
        Ok(replied.reply)
    }

    /// The request goes last: until then all of this is done again, should it be cut short.
    async fn note_replaced(&self, account: Id) -> Result<(), Error> {
        hold(&self.parts.inbox).remove_account(account);
        let (vault, now) = (self.parts.vault.clone(), self.now_seconds());
        tasks::blocking(move || {
            vault.update_account(account, |account| {
                account.moved_at = account.moved_at.or(Some(now));
                if let Some(binding) = &mut account.binding {
                    binding.set_state(BindingState::Revoked);
                }
            })
        })
        .await?;
        self.delete_keys(account).await?;
        let vault = self.parts.vault.clone();
        Ok(tasks::blocking(move || vault.transaction(|tx| forget(tx, account))).await?)
    }

    /// Forgets the replacement that this has asked for, and no other that was begun since.
    async fn forget_replacement(&self, account: Id, asked: Exchange) -> Result<(), Error> {
        let vault = self.parts.vault.clone();
        let forgotten = tasks::blocking(move || {
            vault.transaction(|tx| match tx.get::<StoredReplacement>(account)? {
                Some(stored) if stored.request == asked.body() => forget(tx, account),
                _ => Ok(()),
            })
        });
        Ok(forgotten.await?)
    }
}

impl Replacement {
    fn new(account: Id, binding: &NativeBinding, exchange: Exchange, reply: &messages::Replacement) -> Self {
        let (service, ticket) = (binding.service.clone(), reply.ticket.clone());
        let link = EnrolmentLink { service, ticket, service_key: reply.service_key };
        Self { account, link, expires_at: reply.exp, exchange }
    }
}

/// Whether the service will never take these bytes.
const fn is_final(refusal: &Refusal) -> bool {
    !matches!(refusal.code, ProblemCode::Unavailable | ProblemCode::Throttled)
}

/// The request for a replacement whose end isn't known yet. In the vault under the account's identifier.
#[derive(Serialize, Deserialize)]
struct StoredReplacement {
    /// As it was signed. The same bytes ask how far the other device is; whoever has them is told its number.
    request: String,
}

impl Record for StoredReplacement {
    const KIND: RecordKind = RecordKind::Replacement;
}
