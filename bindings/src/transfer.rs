//! Moving to a new phone: where a move stands, on either side. Its steps are in the files of the two sides.
//!
//! All of a move's codes may cross as texts, since an app shows them as QR codes: what is secret in them is sealed to the
//! other phone.

mod receive;
mod relay;
mod send;

use countersign_authenticator as core;
use countersign_authenticator::tasks::blocking;
use countersign_authenticator::transfer::TransferCode;
pub use relay::{RelayAccount, TransferRelay};

use crate::convert::signed;
use crate::{Authenticator, AuthenticatorError, Id, ImportReport, Rehearsal};

/// The move under way on this device.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Transfer {
    /// This is the new phone.
    NewPhone {
        /// How far it is.
        receiving: Receiving,
    },
    /// This is the old phone.
    OldPhone {
        /// How far it is.
        sending: Sending,
    },
}

/// A move as the new phone sees it.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Receiving {
    /// To be compared with the old phone's, once that has answered.
    pub check_value: Option<String>,
    /// The service that the parts go over, if the old phone has named one: [`Authenticator::relay_transfer`].
    pub relay: Option<TransferRelay>,
    /// What comes next.
    pub step: ReceivingStep,
}

/// What comes next on the new phone.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum ReceivingStep {
    /// Show this code to the old phone, and scan the one that it answers with.
    Inviting {
        /// Text of the QR code.
        invitation: String,
    },
    /// Show the check value, and scan the codes that the old phone then shows, in any order.
    Scanning {
        /// How many there are; nothing until the first was scanned.
        count: Option<i32>,
        /// Numbers of those that weren't scanned yet, from 1.
        missing: Vec<i32>,
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
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Sending {
    /// To be compared with the new phone's. Have the person type the new phone's rather than show them this one.
    pub check_value: String,
    /// The service that the parts go over, if one was chosen: [`Authenticator::relay_transfer`].
    pub relay: Option<TransferRelay>,
    /// What comes next.
    pub step: SendingStep,
}

/// What comes next on the old phone.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum SendingStep {
    /// Show this code to the new phone, ask for the check value that it shows, then [`Authenticator::show_accounts`].
    Comparing {
        /// Text of the QR code.
        acceptance: String,
    },
    /// Show these codes to the new phone, again and again, then scan its receipt.
    Showing {
        /// Texts of the QR codes, in their order.
        codes: Vec<String>,
        /// Numbers of the receipt's codes that weren't scanned yet, once one was.
        missing: Vec<i32>,
    },
    /// The new phone has proven what it holds: [`Authenticator::remove_moved`], or keep them and
    /// [`Authenticator::end_transfer`].
    Proven {
        /// How many accounts it holds.
        held: i64,
        /// How many it was sent.
        sent: i64,
        /// Accounts of which codes were made here since they were sent: the issuer refuses the first ones of the new phone.
        ahead: Vec<Id>,
    },
}

/// Accounts that were stored on the new phone.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ReceivedAccounts {
    /// What became of each.
    pub report: ImportReport,
    /// Texts of the receipt's QR codes, to be shown to the old phone.
    pub receipt: Vec<String>,
}

/// Accounts that were sealed to the new phone.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ShownAccounts {
    /// Texts of the QR codes, in their order.
    pub codes: Vec<String>,
    /// What the codes restore, and what is to be said about single accounts.
    pub rehearsal: Rehearsal,
}

/// What a code of a move is, and so which phone scans it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum TransferCodeKind {
    /// The new phone's first: the old phone takes it to [`Authenticator::send_accounts`].
    Invitation,
    /// The old phone's answer: the new one takes it to [`Authenticator::receive_code`].
    Acceptance,
    /// One of the old phone's accounts: the same.
    Accounts,
    /// One of the new phone's receipt: the old one takes it to [`Authenticator::receive_receipt`].
    Receipt,
}

#[uniffi::export(async_runtime = "tokio")]
impl Authenticator {
    /// The move under way, if there is one; after a restart too. What it shows is always the same.
    ///
    /// # Errors
    ///
    /// When the vault can't be read.
    pub async fn transfer(&self) -> Result<Option<Transfer>, AuthenticatorError> {
        let core = self.core.clone();
        Ok(blocking(move || core.transfer()).await?.and_then(Transfer::of))
    }

    /// Ends the move under way, at whatever step it is, and forgets its keys. Accounts stay as they are.
    ///
    /// # Errors
    ///
    /// When the vault can't be written.
    pub async fn end_transfer(&self) -> Result<(), AuthenticatorError> {
        let core = self.core.clone();
        Ok(blocking(move || core.end_transfer()).await?)
    }
}

impl Transfer {
    fn of(transfer: core::Transfer) -> Option<Self> {
        match transfer {
            core::Transfer::Receiving(receiving) => Some(Self::NewPhone { receiving: receiving.into() }),
            core::Transfer::Sending(sending) => Some(Self::OldPhone { sending: sending.into() }),
            _ => None,
        }
    }
}

impl From<core::Receiving> for Receiving {
    fn from(receiving: core::Receiving) -> Self {
        let step = match receiving.step {
            core::ReceivingStep::Inviting { invitation } => ReceivingStep::Inviting { invitation },
            core::ReceivingStep::Scanning { count, missing } => {
                ReceivingStep::Scanning { count: count.map(i32::from), missing: numbers(missing) }
            }
            core::ReceivingStep::Stored { receipt } => ReceivingStep::Stored { receipt },
            _ => ReceivingStep::Complete,
        };
        Self { check_value: receiving.check_value, relay: receiving.relay.map(TransferRelay::from), step }
    }
}

impl From<core::Sending> for Sending {
    fn from(sending: core::Sending) -> Self {
        let step = match sending.step {
            core::SendingStep::Comparing { acceptance } => SendingStep::Comparing { acceptance },
            core::SendingStep::Showing { codes, missing } => {
                SendingStep::Showing { codes, missing: numbers(missing) }
            }
            core::SendingStep::Proven { held, sent, ahead } => {
                SendingStep::Proven { held: signed(held), sent: signed(sent), ahead }
            }
            _ => SendingStep::Showing { codes: Vec::new(), missing: Vec::new() },
        };
        Self { check_value: sending.check_value, relay: sending.relay.map(TransferRelay::from), step }
    }
}

impl From<&TransferCode> for TransferCodeKind {
    fn from(code: &TransferCode) -> Self {
        match code {
            TransferCode::Invitation(_) => Self::Invitation,
            TransferCode::Accounts(_) => Self::Accounts,
            TransferCode::Receipt(_) => Self::Receipt,
            _ => Self::Acceptance,
        }
    }
}

fn numbers(numbers: Vec<u16>) -> Vec<i32> {
    numbers.into_iter().map(i32::from).collect()
}
