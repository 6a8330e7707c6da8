//! The new phone's side of a move.

use super::super::Authenticator;
use super::{Received, Receiving, ReceivingStep, TransferRelay};
use crate::Error;
use crate::import::{self, Import, ImportOptions, ImportPreview, preview};
use crate::transfer::{
    self, Acceptance, Greeting, Kind, Part, Peer, Receipt, ReceivingRelay, Relay, Session, StoredReceiving,
    StoredTransfer, TransferCode, TransferError,
};
use crate::vault::Transaction;

impl Authenticator {
    /// Begins to receive accounts from an old phone, or takes up again what was begun.
    ///
    /// # Errors
    ///
    /// [`TransferError::UnderWay`] while this phone sends accounts, [`Error::Vault`].
    pub fn receive_accounts(&self) -> Result<Receiving, Error> {
        self.parts.vault.transaction(|tx| {
            let state = match transfer::load(tx)? {
                Some(StoredTransfer::Receiving(state)) => state,
                Some(_) => return Err(TransferError::UnderWay.into()),
                None => {
                    let state = StoredReceiving::make();
                    state.save(tx)?;
                    state
                }
            };
            view(tx, &state)
        })
    }

    /// Takes in one code that the old phone shows. The same code again changes nothing. The old phone's first code takes a
    /// core for some 0.2 s.
    ///
    /// # Errors
    ///
    /// [`Error::Transfer`] when it isn't one of this move's, or not the one that comes next; nothing has changed then.
    /// [`Error::Vault`].
    pub fn receive_code(&self, text: &str) -> Result<Receiving, Error> {
        match TransferCode::parse(text)? {
            TransferCode::Acceptance(Acceptance { greeting, relay }) => {
                self.receive_acceptance(greeting, relay)
            }
            TransferCode::Accounts(part) => self.receive_part(&part),
            TransferCode::Invitation(_) | TransferCode::Receipt(_) => Err(TransferError::OutOfTurn.into()),
        }
    }

    /// What [`Authenticator::store_received`] would make of every account. Changes nothing.
    ///
    /// # Errors
    ///
    /// [`TransferError::Incomplete`] while codes are missing, [`TransferError::OutOfTurn`] when they are stored already,
    /// [`Error::Vault`].
    pub fn preview_received(&self, options: &ImportOptions) -> Result<ImportPreview, Error> {
        Ok(preview(&self.received()?, &self.parts.vault.accounts()?.items, options)?)
    }

    /// Stores the accounts, all of them or none, and reads them back. That it returns means that the vault holds what the
    /// old phone sent, and that the receipt says so.
    ///
    /// # Errors
    ///
    /// [`TransferError::Incomplete`] while codes are missing, [`TransferError::OutOfTurn`] when they are stored already,
    /// [`Error::Import`], [`Error::Vault`].
    pub fn store_received(&self, options: &ImportOptions) -> Result<Received, Error> {
        let vault = &self.parts.vault;
        let received = self.received()?;
        let report = import::apply(vault, &received, options, self.now_seconds())?;
        let receipt = Receipt::of_import(&received, &report, &vault.accounts()?.items);
        let codes = vault.transaction(|tx| {
            let mut state = StoredReceiving::load(tx)?;
            if state.receipt.is_some() {
                return Err(Error::from(TransferError::OutOfTurn));
            }
            let codes = state.session()?.seal(Kind::Receipt, &receipt.to_bytes())?;
            for (number, code) in (1..).zip(&codes) {
                transfer::keep_code(tx, Kind::Receipt, number, code)?;
            }
            // An account that was moved away once and has come back makes its codes here again.
            for id in report.rows.iter().filter_map(|row| row.outcome.account()) {
                if tx.account(id)?.is_some_and(|account| account.moved_at.is_some()) {
                    tx.update_account(id, |account| account.moved_at = None)?;
                }
            }
            state.receipt = u16::try_from(codes.len()).ok();
            state.save(tx)?;
            Ok(codes)
        })?;
        Ok(Received { report, receipt: codes })
    }

    fn receive_acceptance(&self, acceptance: Greeting, relay: Option<Relay>) -> Result<Receiving, Error> {
        let vault = &self.parts.vault;
        let state = vault.read(StoredReceiving::load)?;
        if acceptance.session != state.session {
            return Err(TransferError::OtherMove.into());
        }
        let peer = match &state.peer {
            Some(peer) if peer.key == acceptance.key => peer.clone(),
            Some(_) => return Err(TransferError::SecondAnswer.into()),
            None => {
                let check_value = state.session_with(&acceptance.key)?.check_value()?.to_string();
                Peer { key: acceptance.key, check_value }
            }
        };
        vault.transaction(|tx| {
            let mut state = StoredReceiving::load(tx)?;
            match &state.peer {
                Some(other) if other.key != peer.key => return Err(TransferError::SecondAnswer.into()),
                _ => state.peer = Some(peer),
            }
            if state.relay.as_ref().map(|relay| &relay.via) != relay.as_ref() {
                state.relay = relay.map(|via| ReceivingRelay { via, is_left: false });
            }
            state.save(tx)?;
            view(tx, &state)
        })
    }

    fn receive_part(&self, part: &Part) -> Result<Receiving, Error> {
        self.parts.vault.transaction(|tx| {
            let mut state = StoredReceiving::load(tx)?;
            if part.session != state.session {
                return Err(TransferError::OtherMove.into());
            }
            let session = state.session()?;
            if take(tx, &mut state, &session, part)? {
                state.save(tx)?;
            }
            view(tx, &state)
        })
    }

    /// The accounts, once all of their codes are here and until they are stored.
    fn received(&self) -> Result<Import, Error> {
        let content = self.parts.vault.read(|tx| {
            let state = StoredReceiving::load(tx)?;
            if state.receipt.is_some() {
                return Err(Error::from(TransferError::OutOfTurn));
            }
            if !state.accounts.is_complete() {
                return Err(Error::from(TransferError::Incomplete(state.accounts.missing().len().max(1))));
            }
            transfer::content(tx, &state.session()?, Kind::Accounts, state.accounts.count())
        })?;
        transfer::read(&content)
    }
}

/// Opens a part, and keeps it if it is new: says whether it is. The state is for the caller to save.
pub(super) fn take(
    tx: &mut Transaction<'_>,
    state: &mut StoredReceiving,
    session: &Session,
    part: &Part,
) -> Result<bool, Error> {
    session.open(Kind::Accounts, part)?;
    let is_new = state.accounts.add(part)?;
    if is_new {
        let text = TransferCode::Accounts(part.clone()).to_text();
        transfer::keep_code(tx, Kind::Accounts, part.number, &text)?;
    }
    Ok(is_new)
}

pub(super) fn view(tx: &mut Transaction<'_>, state: &StoredReceiving) -> Result<Receiving, Error> {
    let step = match (&state.peer, state.receipt) {
        (_, Some(count)) => ReceivingStep::Stored { receipt: transfer::codes(tx, Kind::Receipt, count)? },
        (None, None) => ReceivingStep::Inviting { invitation: state.invitation()? },
        (Some(_), None) if state.accounts.is_complete() => ReceivingStep::Complete,
        (Some(_), None) => {
            ReceivingStep::Scanning { count: state.accounts.count(), missing: state.accounts.missing() }
        }
    };
    let relay = state
        .relay
        .as_ref()
        .map(|relay| TransferRelay { service: relay.via.service.clone(), is_delivered: relay.is_left });
    Ok(Receiving { check_value: state.peer.as_ref().map(|peer| peer.check_value.clone()), relay, step })
}
