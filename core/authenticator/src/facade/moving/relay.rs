//! A move whose sealed parts go over an approval service, beside the QR codes (`docs/transfer.md`).
//!
//! The service is believed as little as a camera: what it gives out is opened part by part under the key that both
//! phones share, in the same transactions as what was scanned. All it can do is not to help.

mod receive;
mod send;

use countersign_protocol::{Id, ServiceUrl};

use super::super::Authenticator;
use super::{Sending, Transfer, send as sending};
use crate::approvals::{Binding, BindingState};
use crate::transfer::{self, Relay, SendingRelay, StoredSending, StoredTransfer, TransferError};
use crate::{Account, Error, tasks};

/// The approval service that carries a move's sealed parts.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TransferRelay {
    /// Where it is: tell the person.
    pub service: ServiceUrl,
    /// Whether it has all of what this phone gives it: the old one's accounts, the new one's receipt.
    pub is_delivered: bool,
}

/// An account whose service can carry a move from this phone.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RelayAccount {
    /// The account.
    pub account: Id,
    /// Its service.
    pub service: ServiceUrl,
}

impl Authenticator {
    /// Accounts whose service can carry a move from this phone, by what it said last.
    ///
    /// # Errors
    ///
    /// [`Error::Vault`].
    pub fn relay_accounts(&self) -> Result<Vec<RelayAccount>, Error> {
        let accounts = self.parts.vault.accounts()?.items;
        let able = accounts.iter().filter_map(|account| Some((account.id, relay_of(account)?.service)));
        Ok(able.map(|(account, service)| RelayAccount { account, service }).collect())
    }

    /// Chooses which account's service the move goes over; with nothing, none. The acceptance names it, so choose before
    /// it is shown. The person is told which it is, on both phones.
    ///
    /// # Errors
    ///
    /// [`Error::NotAble`] when the account isn't one of [`Authenticator::relay_accounts`], [`Error::NoSuchAccount`],
    /// [`TransferError::OutOfTurn`] once the accounts are sealed, [`TransferError::NotUnderWay`], [`Error::Vault`].
    pub fn choose_relay(&self, account: Option<Id>) -> Result<Sending, Error> {
        self.parts.vault.transaction(|tx| {
            let mut state = StoredSending::load(tx)?;
            if state.accounts.is_some() {
                return Err(Error::from(TransferError::OutOfTurn));
            }
            state.relay = match account {
                Some(account) => {
                    let via = relay_of(&tx.account(account)?.ok_or(Error::NoSuchAccount)?);
                    let via = via.ok_or(Error::NotAble)?;
                    Some(SendingRelay { via, account, is_put: false, is_ended: false })
                }
                None => None,
            };
            state.save(tx)?;
            sending::view(tx, &state)
        })
    }

    /// Does what the move can do over its service now: the old phone puts in what isn't there and asks for the receipt,
    /// the new one takes out what it misses, and leaves the receipt. Call it every two seconds or so while the move's
    /// screen is open. It goes on after a stop at any point, and QR codes may be scanned beside it.
    ///
    /// # Errors
    ///
    /// [`TransferError::NoRelay`] when the move has none, [`TransferError::OutOfTurn`] before the check values were
    /// compared, [`TransferError::RelayAltered`], [`TransferError::RelayOver`], [`TransferError::NotProven`],
    /// [`Error::Network`], [`Error::Reply`] (the service may refuse), [`Error::NotEnrolled`], [`Error::KeyStore`],
    /// [`Error::Vault`]. Show the QR codes then: the move is as it was.
    pub async fn relay_transfer(&self) -> Result<Transfer, Error> {
        match self.stored_transfer().await? {
            Some(StoredTransfer::Sending(state)) => self.relay_sending(state).await?,
            Some(StoredTransfer::Receiving(_)) => self.relay_receiving().await?,
            _ => return Err(TransferError::NotUnderWay.into()),
        }
        let this = self.clone();
        tasks::blocking(move || this.transfer()).await?.ok_or_else(|| TransferError::NotUnderWay.into())
    }

    async fn stored_transfer(&self) -> Result<Option<StoredTransfer>, Error> {
        let vault = self.parts.vault.clone();
        Ok(tasks::blocking(move || vault.read(transfer::load)).await?)
    }
}

/// The service of an account that can carry a move, as an acceptance names it.
fn relay_of(account: &Account) -> Option<Relay> {
    match account.binding.as_deref() {
        Some(Binding::Native(binding))
            if binding.state == BindingState::Active
                && binding.policy.relay > 0
                && account.trashed_at.is_none() =>
        {
            Relay::new(binding.service.clone(), binding.service_key.thumbprint())
        }
        _ => None,
    }
}

/// What doesn't open was altered by the service: scanning it again would be the wrong advice.
fn of_relay(error: Error) -> Error {
    match error {
        Error::Transfer(TransferError::Altered | TransferError::BadCode) => {
            TransferError::RelayAltered.into()
        }
        error => error,
    }
}
