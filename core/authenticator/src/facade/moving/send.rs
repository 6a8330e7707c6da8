//! The old phone's side of a move.

use std::collections::HashMap;

use countersign_protocol::Id;

use super::super::exporting::whole;
use super::super::{Authenticator, hold};
use super::{Sending, SendingStep, ShownAccounts, TransferRelay};
use crate::backup::Accounts;
use crate::import::{counter, fingerprint};
use crate::transfer::{
    self, Kind, Part, Proof, Receipt, StoredSending, StoredTransfer, TransferCode, TransferError,
};
use crate::vault::Transaction;
use crate::{Account, Error};

impl Authenticator {
    /// Takes up the invitation that a new phone shows. Nothing of any account is shown yet. Takes a core for some 0.2 s.
    ///
    /// # Errors
    ///
    /// [`TransferError::UnderWay`] when another move is, [`Error::Transfer`] when the text is no invitation,
    /// [`Error::Vault`].
    pub fn send_accounts(&self, invitation: &str) -> Result<Sending, Error> {
        let TransferCode::Invitation(invitation) = TransferCode::parse(invitation)? else {
            return Err(TransferError::OutOfTurn.into());
        };
        let begun = self.parts.vault.read(|tx| match transfer::load(tx)? {
            Some(StoredTransfer::Sending(state)) if state.answers(&invitation) => view(tx, &state).map(Some),
            Some(_) => Err(TransferError::UnderWay.into()),
            None => Ok(None),
        })?;
        if let Some(sending) = begun {
            return Ok(sending);
        }
        let state = StoredSending::make(&invitation)?;
        self.parts.vault.transaction(|tx| {
            if transfer::load(tx)?.is_some() {
                return Err(TransferError::UnderWay.into());
            }
            state.save(tx)?;
            view(tx, &state)
        })
    }

    /// Seals accounts to the new phone, once a person has found its check value to be this one's: `check_value` is what
    /// they read there, in any case and with the dash or without. With no `accounts`, all that aren't in the trash go.
    ///
    /// Of each move one choice is sealed, and shown as often as it takes. To choose others, end the move and begin anew.
    ///
    /// # Errors
    ///
    /// [`TransferError::CheckValueDiffers`], [`TransferError::NothingToMove`], [`TransferError::TooMuch`],
    /// [`TransferError::OutOfTurn`] when they are sealed already, [`Error::NoSuchAccount`], [`Error::Backup`] when an
    /// account wouldn't arrive as it is, [`Error::Vault`].
    pub fn show_accounts(&self, check_value: &str, accounts: Option<&[Id]>) -> Result<ShownAccounts, Error> {
        self.parts.vault.transaction(|tx| {
            let mut state = StoredSending::load(tx)?;
            if state.accounts.is_some() {
                return Err(Error::from(TransferError::OutOfTurn));
            }
            if symbols(check_value) != symbols(&state.peer.check_value) {
                return Err(TransferError::CheckValueDiffers.into());
            }
            let (content, rehearsal) = transfer::write(chosen(tx, accounts)?)?;
            whole(&rehearsal)?;
            let codes = state.session()?.seal(Kind::Accounts, &content)?;
            for (number, code) in (1..).zip(&codes) {
                transfer::keep_code(tx, Kind::Accounts, number, code)?;
            }
            state.accounts = u16::try_from(codes.len()).ok();
            state.save(tx)?;
            Ok(ShownAccounts { codes, rehearsal })
        })
    }

    /// Takes in one code of the new phone's receipt. With the last one, the accounts that it proves are marked as moved:
    /// they stay, and those whose codes come from a counter make none any more, since the new phone counts on.
    ///
    /// # Errors
    ///
    /// [`TransferError::NotProven`] when the new phone holds something else than it was sent, [`Error::Transfer`] when the
    /// code isn't one of this move's receipt; nothing has changed then. [`Error::Vault`].
    pub fn receive_receipt(&self, text: &str) -> Result<Sending, Error> {
        let TransferCode::Receipt(part) = TransferCode::parse(text)? else {
            return Err(TransferError::OutOfTurn.into());
        };
        self.take_receipt(&[part])
    }

    /// Takes in parts of the receipt, all of them or none.
    pub(super) fn take_receipt(&self, parts: &[Part]) -> Result<Sending, Error> {
        let now = self.now_seconds();
        self.parts.vault.transaction(|tx| {
            let mut state = StoredSending::load(tx)?;
            for part in parts {
                if part.session != state.session {
                    return Err(TransferError::OtherMove.into());
                }
                state.session()?.open(Kind::Receipt, part)?;
                if state.receipt.add(part)? {
                    let text = TransferCode::Receipt(part.clone()).to_text();
                    transfer::keep_code(tx, Kind::Receipt, part.number, &text)?;
                    if state.receipt.is_complete() {
                        state.proven = Some(prove(tx, &state, now)?);
                    }
                    state.save(tx)?;
                }
            }
            view(tx, &state)
        })
    }

    /// Puts the accounts that a new phone has proven to hold in the trash, and ends the move. Gives how many went.
    ///
    /// # Errors
    ///
    /// [`TransferError::NotProven`] while there is a move whose receipt wasn't scanned, [`Error::Vault`].
    pub fn remove_moved(&self) -> Result<usize, Error> {
        let now = self.now_seconds();
        let removed = self.parts.vault.transaction(|tx| {
            match transfer::load(tx)? {
                Some(StoredTransfer::Sending(StoredSending { proven: None, .. })) => {
                    return Err(Error::from(TransferError::NotProven));
                }
                Some(StoredTransfer::Sending(_)) => transfer::clear(tx)?,
                _ => {}
            }
            let moved = tx.accounts()?.items.into_iter();
            let moved = moved.filter(|account| account.moved_at.is_some() && account.trashed_at.is_none());
            let ids: Vec<Id> = moved.map(|account| account.id).collect();
            for &id in &ids {
                tx.update_account(id, |account| account.trashed_at = Some(now))?;
            }
            Ok(ids)
        })?;
        removed.iter().for_each(|id| hold(&self.parts.inbox).remove_account(*id));
        Ok(removed.len())
    }

    /// Makes codes of a moved account here again. Codes from a counter then come from two phones, of which the issuer
    /// refuses one's: do it when the new phone is gone, or has given the account up.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchAccount`], [`Error::Vault`].
    pub fn take_back(&self, account: Id) -> Result<(), Error> {
        Ok(self.parts.vault.update_account(account, |account| account.moved_at = None)?)
    }
}

/// Holds the receipt against what was sent, and marks what it proves.
fn prove(tx: &mut Transaction<'_>, state: &StoredSending, now: u64) -> Result<Proof, Error> {
    let session = state.session()?;
    let sent = transfer::read(&transfer::content(tx, &session, Kind::Accounts, state.accounts)?)?;
    let receipt = transfer::content(tx, &session, Kind::Receipt, state.receipt.count())?;
    let receipt = Receipt::from_bytes(&receipt)?;
    let proven = transfer::proven(&sent, &receipt)?;
    let counters: HashMap<_, _> =
        proven.iter().map(|offer| (fingerprint(&offer.parameters), counter(&offer.parameters))).collect();
    let mut ahead = Vec::new();
    for account in tx.accounts()?.items {
        let Some(otp) = account.otp.as_ref().filter(|_| !transfer::is_of_this_device(&account)) else {
            continue;
        };
        let Some(&sent) = counters.get(&fingerprint(otp)) else { continue };
        if counter(otp) > sent {
            ahead.push(account.id);
        }
        tx.update_account(account.id, |account| account.moved_at = Some(now))?;
    }
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    Ok(Proof { held: count(proven.len()), sent: count(receipt.held.len()), ahead })
}

/// These accounts, or all of them.
fn chosen(tx: &mut Transaction<'_>, wanted: Option<&[Id]>) -> Result<Accounts, Error> {
    let listing = tx.accounts()?;
    let Some(wanted) = wanted else {
        return Ok(Accounts { readable: listing.items, damaged: listing.damaged });
    };
    let readable: Vec<Account> =
        listing.items.into_iter().filter(|account| wanted.contains(&account.id)).collect();
    if wanted.iter().any(|id| !readable.iter().any(|account| account.id == *id)) {
        return Err(Error::NoSuchAccount);
    }
    Ok(Accounts { readable, damaged: Vec::new() })
}

pub(super) fn view(tx: &mut Transaction<'_>, state: &StoredSending) -> Result<Sending, Error> {
    let step = match (&state.proven, state.accounts) {
        (Some(Proof { held, sent, ahead }), _) => {
            SendingStep::Proven { held: *held, sent: *sent, ahead: ahead.clone() }
        }
        (None, Some(count)) => SendingStep::Showing {
            codes: transfer::codes(tx, Kind::Accounts, count)?,
            missing: state.receipt.missing(),
        },
        (None, None) => SendingStep::Comparing { acceptance: state.acceptance()? },
    };
    let relay = state
        .relay
        .as_ref()
        .map(|relay| TransferRelay { service: relay.via.service.clone(), is_delivered: relay.is_put });
    Ok(Sending { check_value: state.peer.check_value.clone(), relay, step })
}

/// A check value as it is compared: what people write for the alphabet's symbols counts as them.
fn symbols(text: &str) -> String {
    let symbol = |c: char| match c.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        c => c,
    };
    text.chars().filter(|c| c.is_ascii_alphanumeric()).map(symbol).collect()
}
