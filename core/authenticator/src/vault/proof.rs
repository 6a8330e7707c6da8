//! Which ways into the vault have been proven: somebody has opened it by them, or typed them back.
//!
//! A recovery code that was written down wrongly, or a passphrase that nobody remembers, is found out while the vault is
//! open and another can be made; not on the day that the phone is gone.

use std::collections::BTreeMap;

use countersign_protocol::Id;
use serde::{Deserialize, Serialize};

use super::record::{Record, RecordKind};
use super::slots::{self, KeySlot, RecoveryCode, SlotKind};
use super::transaction::Transaction;
use super::{Vault, VaultError};
use crate::Secret;

/// That a slot has been proven; under the slot's identifier.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SlotProof {
    /// When its passphrase was last typed, Unix seconds, if that is known.
    #[serde(default)]
    pub(crate) typed_at: Option<u64>,
    /// How many reminders in a row were answered rightly.
    #[serde(default)]
    pub(crate) reminders: u8,
}

impl Record for SlotProof {
    const KIND: RecordKind = RecordKind::SlotProof;
}

/// Whether a person could open the vault if this device, or its key store, were gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Recoverability {
    /// A passphrase or a recovery code has been proven.
    Proven,
    /// There is one, but nobody has ever tried it: have it typed once.
    Unproven,
    /// Nothing opens the vault but this device's key store: with a new fingerprint or a lost phone, all is lost.
    DeviceOnly,
}

impl Recoverability {
    /// Of a vault with these slots.
    #[must_use]
    pub fn of(slots: &[KeySlot]) -> Self {
        let own = || slots.iter().filter(|slot| slot.kind != SlotKind::KeyStore && !slot.damaged);
        if own().any(|slot| slot.proven == Some(true)) {
            Self::Proven
        } else if own().next().is_some() {
            Self::Unproven
        } else {
            Self::DeviceOnly
        }
    }
}

impl Vault {
    /// Whether a person could open the vault if this device's key store were gone. A state to warn of; nothing is refused
    /// for it.
    ///
    /// # Errors
    ///
    /// [`VaultError::Locked`].
    pub fn recoverability(&self) -> Result<Recoverability, VaultError> {
        self.state().keys()?;
        Ok(Recoverability::of(&self.slots()?))
    }

    /// Checks a recovery code that the person typed back, and notes that it has been proven.
    ///
    /// # Errors
    ///
    /// [`VaultError::WrongKey`] when it doesn't open the vault; then it was written down wrongly, or is an older one.
    /// [`VaultError::NoSuchSlot`], [`VaultError::DamagedSlot`], [`VaultError::Locked`].
    pub fn check_recovery_code(&self, code: &RecoveryCode) -> Result<(), VaultError> {
        self.state().keys()?;
        let (slot, _) = self.open_by_recovery_code(code)?;
        self.transaction(|transaction| transaction.prove(slot).map(|_| ()))
    }

    /// Checks a passphrase, and notes that it has been proven. Returns the slot that it opens.
    pub(crate) fn check_passphrase(&self, passphrase: &Secret) -> Result<Id, VaultError> {
        self.state().keys()?;
        let (slot, _) = self.open_by_passphrase(passphrase)?;
        self.transaction(|transaction| transaction.prove(slot))?;
        Ok(slot)
    }

    /// The slot whose passphrase or code a person has typed to unlock the vault, while it is.
    pub(crate) fn typed(&self) -> Option<KeySlot> {
        let typed = self.state().typed?;
        self.slots().ok()?.into_iter().find(|slot| slot.id == typed)
    }

    /// Notes that the slot has opened the vault. That it couldn't be noted keeps nobody out: the next time is as good. Into
    /// a damaged file nothing is written unasked.
    pub(super) fn note_proof(&self, slot: Id) {
        let noted = self.read(|transaction| transaction.get::<SlotProof>(slot)).and_then(|known| {
            if known.is_some() || !self.check()?.is_sound() {
                return Ok(());
            }
            self.transaction(|transaction| transaction.prove(slot).map(|_| ()))
        });
        if let Err(error) = noted {
            tracing::warn!(code = error.code(), "a proven key slot could not be noted");
        }
    }

    /// Puts in which of the slots have been proven, as far as the vault is open.
    pub(super) fn with_proofs(&self, mut slots: Vec<KeySlot>) -> Result<Vec<KeySlot>, VaultError> {
        if self.is_locked() {
            return Ok(slots);
        }
        let proofs: BTreeMap<Id, SlotProof> = self.list::<SlotProof>()?.items.into_iter().collect();
        for slot in &mut slots {
            slot.proven = Some(proofs.contains_key(&slot.id));
        }
        Ok(slots)
    }
}

impl Transaction<'_> {
    /// Notes that a slot has been proven. Returns it, unless it has been removed meanwhile.
    fn prove(&mut self, slot: Id) -> Result<Id, VaultError> {
        if !slots::load(self.sql())?.iter().any(|row| row.id == slot) {
            return Err(VaultError::NoSuchSlot);
        }
        // A damaged proof is as good as none.
        if !matches!(self.get::<SlotProof>(slot), Ok(Some(_))) {
            self.put(slot, &SlotProof::default())?;
        }
        Ok(slot)
    }

    /// Removes what is known of a slot that goes.
    pub(super) fn forget_proof(&mut self, slot: Id) -> Result<(), VaultError> {
        match self.delete::<SlotProof>(slot) {
            // With a damaged manifest nothing is counted any more; that is no reason to keep a slot.
            Err(VaultError::NotFound { .. } | VaultError::DamagedRecord { .. }) => Ok(()),
            deleted => deleted,
        }
    }
}
