//! What a check of the vault found.

use countersign_authenticator::vault;

use crate::convert::signed;
use crate::{Completeness, Id, KeySlot};

/// The state of a vault's file, its slots and its records.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Health {
    /// Whether nothing is wrong, as far as could be seen.
    pub is_sound: bool,
    /// Whether SQLite finds the structure of the file sound.
    pub file_is_sound: bool,
    /// The key slots, damaged ones among them.
    pub slots: Vec<KeySlot>,
    /// What is known of each kind of record; nothing while the vault is locked.
    pub kinds: Vec<KindHealth>,
}

/// The state of the records of one kind.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct KindHealth {
    /// The kind's stable name, such as `account`.
    pub kind: String,
    /// Records that open.
    pub sound: i64,
    /// Records that don't.
    pub damaged: Vec<Id>,
    /// Whether the number of records is what it should be.
    pub completeness: Completeness,
}

impl From<vault::Health> for Health {
    fn from(health: vault::Health) -> Self {
        Self {
            is_sound: health.is_sound(),
            file_is_sound: health.file_is_sound,
            slots: health.slots.into_iter().map(KeySlot::from).collect(),
            kinds: health
                .kinds
                .into_iter()
                .map(|kind| KindHealth {
                    kind: kind.kind.name().to_owned(),
                    sound: signed(kind.sound),
                    damaged: kind.damaged,
                    completeness: kind.completeness.into(),
                })
                .collect(),
        }
    }
}
