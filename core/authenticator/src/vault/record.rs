//! Records: what the vault stores, typed by kind, and how a list of them says what is missing.

use std::fmt;

use countersign_protocol::Id;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A type that the vault stores.
///
/// It is written as MessagePack with named fields, so a new field with `#[serde(default)]` reads old records.
/// A secret in it says so with `#[serde(with = "crate::vault::sealed_secret")]`. Such types are private to their
/// module: what can be serialised can leak.
pub trait Record: Serialize + DeserializeOwned {
    /// Which kind of record this type is; one type per kind.
    const KIND: RecordKind;

    /// Reads what was written; `None` for anything else.
    #[must_use]
    fn read(payload: &[u8]) -> Option<Self> {
        rmp_serde::from_slice(payload).ok()
    }
}

/// The kinds of records. Each has its own data key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum RecordKind {
    /// The vault's own account of what it holds.
    Manifest,
    /// An account.
    Account,
    /// A device key held in software.
    DeviceKey,
    /// An enrolment that isn't finished yet.
    PendingEnrolment,
    /// The offset between a service's clock and this device's.
    ClockOffset,
    /// What the last import changed.
    ImportJournal,
    /// When a backup was last proven.
    Backup,
    /// A push token of privacyIDEA: its key, and the challenges that it has seen.
    PushToken,
    /// A container of privacyIDEA: which of its tokens this device has.
    Container,
    /// What was turned down of an account's requests.
    Storm,
    /// That a key slot has been proven.
    SlotProof,
    /// A move to or from another phone that is under way.
    Transfer,
    /// A device that is to take this one's place for an account.
    Replacement,
    /// Whose clock the person believes.
    ClockChoice,
}

impl RecordKind {
    /// Every kind; the one at index n has number n.
    pub(super) const ALL: [Self; 14] = [
        Self::Manifest,
        Self::Account,
        Self::DeviceKey,
        Self::PendingEnrolment,
        Self::ClockOffset,
        Self::ImportJournal,
        Self::Backup,
        Self::PushToken,
        Self::Container,
        Self::Storm,
        Self::SlotProof,
        Self::Transfer,
        Self::Replacement,
        Self::ClockChoice,
    ];

    /// Its number in the database, which never changes.
    pub(super) const fn number(self) -> u8 {
        match self {
            Self::Manifest => 0,
            Self::Account => 1,
            Self::DeviceKey => 2,
            Self::PendingEnrolment => 3,
            Self::ClockOffset => 4,
            Self::ImportJournal => 5,
            Self::Backup => 6,
            Self::PushToken => 7,
            Self::Container => 8,
            Self::Storm => 9,
            Self::SlotProof => 10,
            Self::Transfer => 11,
            Self::Replacement => 12,
            Self::ClockChoice => 13,
        }
    }

    /// Its stable name, also the last part of its data key's HKDF info.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Manifest => "manifest",
            Self::Account => "account",
            Self::DeviceKey => "device_key",
            Self::PendingEnrolment => "pending_enrolment",
            Self::ClockOffset => "clock_offset",
            Self::ImportJournal => "import_journal",
            Self::Backup => "backup",
            Self::PushToken => "push_token",
            Self::Container => "container",
            Self::Storm => "storm",
            Self::SlotProof => "slot_proof",
            Self::Transfer => "transfer",
            Self::Replacement => "replacement",
            Self::ClockChoice => "clock_choice",
        }
    }
}

impl fmt::Display for RecordKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// All records of a kind, and what is wrong with the list if anything is. Never silently shorter than it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Listing<T> {
    /// The records that could be opened and read.
    pub items: Vec<T>,
    /// Records that are there but can't be opened or read. Their sealed bytes are kept.
    pub damaged: Vec<Id>,
    /// Whether the number of records, good and damaged, is what the manifest says.
    pub completeness: Completeness,
}

impl<T> Listing<T> {
    /// Whether every record that should be here is here and good.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.damaged.is_empty() && self.completeness == Completeness::Complete
    }
}

/// What the manifest says about the number of records of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Completeness {
    /// Exactly the records that should be there.
    Complete,
    /// This many records have vanished from the file.
    Missing(u64),
    /// This many records are there that should not be: deleted ones that came back.
    Surplus(u64),
    /// The manifest itself is damaged or gone, so that nobody can tell.
    Unproven,
}
