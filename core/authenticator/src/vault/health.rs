//! What a doctor is told about the vault, and the way on when something is lost.

use countersign_protocol::Id;

use super::manifest::Manifest;
use super::record::{Completeness, RecordKind};
use super::slots::{self, KeySlot};
use super::transaction::Transaction;
use super::{Vault, VaultError, schema};

/// The state of a vault's file, its slots and its records.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Health {
    /// Whether SQLite finds the structure of the file sound.
    pub file_is_sound: bool,
    /// The key slots, damaged ones among them.
    pub slots: Vec<KeySlot>,
    /// What is known of each kind of record; nothing while the vault is locked.
    pub kinds: Vec<KindHealth>,
}

/// The state of the records of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KindHealth {
    /// The kind.
    pub kind: RecordKind,
    /// Records that open.
    pub sound: u64,
    /// Records that don't.
    pub damaged: Vec<Id>,
    /// Whether the number of records is what the manifest says.
    pub completeness: Completeness,
}

impl Health {
    /// Whether nothing is wrong, as far as could be seen.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.file_is_sound
            && self.slots.iter().all(|slot| !slot.damaged)
            && self
                .kinds
                .iter()
                .all(|kind| kind.damaged.is_empty() && kind.completeness == Completeness::Complete)
    }
}

impl Vault {
    /// Reads the whole file and opens every record. While the vault is locked, the file and the slots alone are checked.
    ///
    /// # Errors
    ///
    /// [`VaultError::DamagedFile`] when so much is damaged that the rest can't be told.
    pub fn check(&self) -> Result<Health, VaultError> {
        let (file_is_sound, slots, is_locked) = {
            let state = self.state();
            (schema::is_sound(&state.connection)?, slots::list(&state.connection)?, state.keys.is_none())
        };
        // What is wrong with the proofs is told with the records.
        let slots = self.with_proofs(slots.clone()).unwrap_or(slots);
        let kinds = if is_locked { Vec::new() } else { self.read(|transaction| transaction.check())? };
        Ok(Health { file_is_sound, slots, kinds })
    }
}

impl Transaction<'_> {
    /// A manifest of the records that are there, without any position.
    pub(crate) fn recount(&self) -> Result<Manifest, VaultError> {
        let mut manifest = Manifest::default();
        for kind in RecordKind::ALL.into_iter().filter(|kind| *kind != RecordKind::Manifest) {
            manifest.set_count(kind, self.count_rows(kind)?);
        }
        Ok(manifest)
    }

    fn check(&mut self) -> Result<Vec<KindHealth>, VaultError> {
        let mut kinds = Vec::new();
        for kind in RecordKind::ALL {
            let (sound, damaged) = self.verify(kind)?;
            let present = sound + u64::try_from(damaged.len()).unwrap_or(u64::MAX);
            let completeness = match self.manifest() {
                Ok(_) if kind == RecordKind::Manifest => Completeness::Complete,
                Ok(manifest) => manifest.compare(kind, present),
                Err(VaultError::DamagedRecord { .. }) => Completeness::Unproven,
                Err(error) => return Err(error),
            };
            kinds.push(KindHealth { kind, sound, damaged, completeness });
        }
        Ok(kinds)
    }
}
