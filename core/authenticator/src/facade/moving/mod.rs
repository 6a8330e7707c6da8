//! Moving to a new phone: the steps of both sides.

mod receive;
mod relay;
mod send;

use countersign_protocol::Id;
pub use relay::{RelayAccount, TransferRelay};

use super::Authenticator;
use crate::Error;
use crate::backup::Rehearsal;
use crate::import::ImportReport;
use crate::transfer::{self, StoredTransfer};

/// The move under way on this device.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Transfer {
    /// This is the new phone.
    Receiving(Receiving),
    /// This is the old phone.
    Sending(Sending),
}

/// A move as the new phone sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Receiving {
    /// To be compared with the old phone's, once that has answered.
    pub check_value: Option<String>,
    /// The service that the parts go over, if the old phone has named one: [`Authenticator::relay_transfer`].
    pub relay: Option<TransferRelay>,
    /// What comes next.
    pub step: ReceivingStep,
}

/// What comes next on the new phone.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReceivingStep {
    /// Show this code to the old phone, and scan the one that it answers with.
    Inviting {
        /// Text of the QR code.
        invitation: String,
    },
    /// Scan the codes that the old phone shows, in any order.
    Scanning {
        /// How many there are; nothing until the first was scanned.
        count: Option<u16>,
        /// Numbers of those that weren't scanned yet, from 1.
        missing: Vec<u16>,
    },
    /// All were scanned: [`Authenticator::preview_received`], [`Authenticator::store_received`].
    Complete,
    /// The accounts are stored and proven. Show these codes to the old phone.
    Stored {
        /// Texts of the QR codes, mostly one.
        receipt: Vec<String>,
    },
}

/// A move as the old phone sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sending {
    /// To be compared with the new phone's.
    pub check_value: String,
    /// The service that the parts go over, if one was chosen: [`Authenticator::relay_transfer`].
    pub relay: Option<TransferRelay>,
    /// What comes next.
    pub step: SendingStep,
}

/// What comes next on the old phone.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SendingStep {
    /// Show this code to the new phone, compare the check values, then [`Authenticator::show_accounts`].
    Comparing {
        /// Text of the QR code.
        acceptance: String,
    },
    /// Show these codes to the new phone, again and again, then scan its receipt.
    Showing {
        /// Texts of the QR codes, in their order.
        codes: Vec<String>,
        /// Numbers of the receipt's codes that weren't scanned yet, once one was.
        missing: Vec<u16>,
    },
    /// The new phone has proven what it holds: [`Authenticator::remove_moved`], or keep them.
    Proven {
        /// How many accounts it holds.
        held: u64,
        /// How many it was sent.
        sent: u64,
        /// Accounts of which codes were made here since they were sent: the issuer refuses the first ones of the new phone.
        ahead: Vec<Id>,
    },
}

/// Accounts that were stored on the new phone.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Received {
    /// What became of each.
    pub report: ImportReport,
    /// Texts of the receipt's QR codes, to be shown to the old phone.
    pub receipt: Vec<String>,
}

/// Accounts that were sealed to the new phone.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShownAccounts {
    /// Texts of the QR codes, in their order.
    pub codes: Vec<String>,
    /// What the codes restore, and what is to be said about single accounts.
    pub rehearsal: Rehearsal,
}

impl Authenticator {
    /// The move under way, if there is one.
    ///
    /// # Errors
    ///
    /// [`Error::Vault`].
    pub fn transfer(&self) -> Result<Option<Transfer>, Error> {
        self.parts.vault.read(|tx| {
            Ok(match transfer::load(tx)? {
                Some(StoredTransfer::Receiving(state)) => {
                    Some(Transfer::Receiving(receive::view(tx, &state)?))
                }
                Some(StoredTransfer::Sending(state)) => Some(Transfer::Sending(send::view(tx, &state)?)),
                _ => None,
            })
        })
    }

    /// Ends the move under way, at whatever step it is, and forgets its keys. Accounts stay as they are.
    ///
    /// # Errors
    ///
    /// [`Error::Vault`].
    pub fn end_transfer(&self) -> Result<(), Error> {
        Ok(self.parts.vault.transaction(transfer::clear)?)
    }
}
