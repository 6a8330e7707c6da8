//! The façade: everything a shell does, on one vault.
//!
//! Calls that only touch the vault block for well under a millisecond (opening it by passphrase takes longer, and is
//! the vault's own affair). Calls that talk to a service or to the platform's key store are async; every such future
//! is drop-safe, needs a tokio runtime, and does its disk work off the thread that polls it.

mod answering;
mod asking;
mod codes;
mod device;
mod enrolling;
mod exporting;
mod importing;
mod inbox;
mod listing;
mod moving;
mod privacyidea;
mod reminder;
mod replacing;
mod service;
mod time;
mod turning_down;
mod twins;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use answering::AnswerOutcome;
pub use asking::{AccountFailure, Requests};
pub use codes::{AccountCode, Codes, Correction, ShownCode};
use countersign_protocol::Id;
pub use enrolling::Enrolment;
pub use exporting::{Backup, LastBackup};
use inbox::Inbox;
pub use listing::{AccountSummary, Accounts, CodeKind};
pub use moving::{
    Received, Receiving, ReceivingStep, RelayAccount, Sending, SendingStep, ShownAccounts, Transfer,
    TransferRelay,
};
pub use privacyidea::EnrolmentStep;
pub use privacyidea::container::{
    Container, ContainerPassphrase, ContainerSync, ContainerTransfer, Containers, SyncOptions, TokenFailure,
};
pub use reminder::PassphraseReminder;
pub use replacing::{NewDevice, Replacement, ReplacementStep};
use tokio::sync::Notify;
pub use turning_down::{TurnDown, TurnedDown};
pub use twins::AddedAccount;

use crate::Error;
use crate::approvals::Backoff;
use crate::client::Transport;
use crate::clock::{Clock, KnownTimes};
use crate::keys::DeviceKeys;
use crate::vault::Vault;

/// The authenticator on one open vault. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct Authenticator {
    parts: Arc<Parts>,
}

struct Parts {
    vault: Arc<Vault>,
    keys: Arc<dyn DeviceKeys>,
    clock: Arc<dyn Clock>,
    transport: Arc<dyn Transport>,
    inbox: Mutex<Inbox>,
    backoffs: Mutex<HashMap<Id, Backoff>>,
    /// Told whenever a service has answered a fetch.
    answered: Notify,
    times: Mutex<KnownTimes>,
    push: privacyidea::State,
}

impl Authenticator {
    /// An authenticator on `vault`, with the platform's key store and clock and a way to the network.
    ///
    /// # Errors
    ///
    /// [`Error::Vault`] when the vault is locked or can't be read.
    pub fn new(
        vault: Arc<Vault>,
        keys: Arc<dyn DeviceKeys>,
        clock: Arc<dyn Clock>,
        transport: Arc<dyn Transport>,
    ) -> Result<Self, Error> {
        let times = Mutex::new(time::load(&vault)?);
        let this = Self {
            parts: Arc::new(Parts {
                vault,
                keys,
                clock,
                transport,
                inbox: Mutex::default(),
                backoffs: Mutex::default(),
                answered: Notify::new(),
                times,
                push: privacyidea::State::default(),
            }),
        };
        this.note_unlocking();
        Ok(this)
    }

    /// The vault, for what concerns it alone: locking, key slots, its health.
    #[must_use]
    pub fn vault(&self) -> &Arc<Vault> {
        &self.parts.vault
    }
}

/// Locks a mutex. The data behind each is whole between any two statements, so a panic elsewhere doesn't spoil it.
fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
