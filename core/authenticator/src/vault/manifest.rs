//! The manifest: a sealed record of what the vault should hold, so that a row that vanishes is noticed.

use std::collections::BTreeMap;

use countersign_protocol::Id;
use serde::{Deserialize, Serialize};

use super::record::{Completeness, Record, RecordKind};

/// Written in the same transaction as every insertion and deletion.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Manifest {
    /// Records by the number of their kind.
    counts: BTreeMap<u8, u64>,
    /// The position that the next record gets in the list, for a kind that people put in order.
    next_position: u64,
}

impl Record for Manifest {
    const KIND: RecordKind = RecordKind::Manifest;
}

impl Manifest {
    /// The one identifier that a manifest has.
    pub(super) const ID: Id = Id::from_bytes([0; 16]);

    pub(super) fn count(&self, kind: RecordKind) -> u64 {
        self.counts.get(&kind.number()).copied().unwrap_or_default()
    }

    pub(super) fn set_count(&mut self, kind: RecordKind, count: u64) {
        self.counts.insert(kind.number(), count);
    }

    /// Positions only grow, so that a record never takes the place of a deleted one.
    pub(crate) fn take_position(&mut self) -> u64 {
        let position = self.next_position;
        self.next_position = position.saturating_add(1);
        position
    }

    /// How many positions there are, if they are used well enough that a list of all of them is no waste.
    pub(crate) fn dense_positions(&self, kind: RecordKind) -> Option<usize> {
        let wasteful = self.count(kind).saturating_mul(2).saturating_add(64);
        usize::try_from(self.next_position).ok().filter(|_| self.next_position <= wasteful)
    }

    /// Makes room after positions that are already taken.
    pub(crate) fn reserve_position(&mut self, position: u64) {
        self.next_position = self.next_position.max(position.saturating_add(1));
    }

    pub(super) fn compare(&self, kind: RecordKind, present: u64) -> Completeness {
        let expected = self.count(kind);
        match (expected.saturating_sub(present), present.saturating_sub(expected)) {
            (0, 0) => Completeness::Complete,
            (0, surplus) => Completeness::Surplus(surplus),
            (missing, _) => Completeness::Missing(missing),
        }
    }
}
