//! The authenticator for Kotlin and Swift: the core's façade, under the same names, in types that cross a language border.
//!
//! It decides nothing. It turns the core's types into records, its blocking calls into async ones, a foreign key
//! store, clock and log sink into the core's traits, and its errors into one enum that a caller can act on.
//!
//! - **Calls.** One list a call, never a call a row. Calls that touch the disk or the network are async. Those that wait
//!   for a network, a key store or a person take a [`CancelHandle`] too, since a cancelled Swift task doesn't reach Rust by
//!   itself. Every future may be dropped at any time.
//! - **Events** are pulled: [`RequestWatcher::next_event`].
//! - **Foreign code** is asked through [`DeviceKeys`], [`VaultKeyStore`], [`BackupFolder`], [`DeviceClock`] and [`LogSink`],
//!   always within a time limit where it is async, and what it throws is never logged.
//! - **Secrets** go in once: passphrases as [`Passphrase`], one-time-code secrets inside an [`Offer`] or an [`Import`]. None
//!   comes out but the recovery code, once, for the person to write down, a slot's key for the platform to wrap, the QR by which
//!   another phone takes a container over or this one's place, and a plain export that the person has asked for. Codes of a
//!   move are texts, and what is secret in them is sealed to the other phone.
//! - **Numbers** are signed where they come out, because unsigned ones are awkward in Kotlin.
//! - **Names** differ from the core's where Kotlin, Swift or their frameworks have one of their own.

mod accounts;
mod authenticator;
mod backup;
mod cancel;
mod clock;
mod codes;
mod containers;
mod convert;
mod enrolment;
mod error;
mod health;
mod import;
mod key_store;
mod keys;
mod limit;
mod log;
mod offer;
mod reminder;
mod replacement;
mod requests;
mod scan;
mod storms;
mod transfer;
mod vault;
mod watcher;

pub use accounts::{AccountSummary, Accounts, AddedAccount, BindingState, CodeKind, Completeness, Page};
pub use authenticator::Authenticator;
pub use backup::{
    Backup, BackupFolder, BackupFolderError, ExportFormat, ExportedFile, LastBackup, LeftBehind, LeftReason,
    Rehearsal,
};
pub use cancel::CancelHandle;
pub use clock::{ClockChoice, ClockReading, ClockStatus, DeviceClock, ServiceClock, TimeSource};
pub use codes::{AccountCode, CodeRefusal, Codes, Correction, ShownCode};
pub use containers::{
    Container, ContainerPassphrase, ContainerSync, ContainerTransfer, Containers, TokenFailure,
};
pub use countersign_authenticator::protocol::Id;
pub use enrolment::{DeviceDescription, Enrolment, EnrolmentStep, Platform, WakeUp};
pub use error::{AuthenticatorError, ErrorDetail, PlatformError, PlatformKeyError};
pub use health::{Health, KindHealth};
pub use import::{
    Import, ImportOptions, ImportPreview, ImportReport, ImportRow, ImportedFile, ImportedRow, LastImport,
    RowChoice, RowOutcome, RowVerdict, SameName, UndoReport,
};
pub use key_store::VaultKeyStore;
pub use keys::{DeviceKeys, KeyName, KeyRole, Prompt, UserCheck};
pub use log::{LogLevel, LogRecord, LogSink, set_log_sink};
pub use offer::{MigrationBatch, MigrationProgress, Offer, OfferContent, OfferedAccount, RefusedAccount};
pub use reminder::PassphraseReminder;
pub use replacement::{NewDevice, Replacement, ReplacementStep};
pub use requests::{
    AccountFailure, AnswerOutcome, ApprovalRequest, MatchProof, Matching, Outcome, Purpose, Requests,
};
pub use scan::{FrameScanner, Picture, ScannedCode, scan_picture};
pub use storms::{AccountPause, PauseReason, RequestGroup, TurnDown, TurnedDown, WayOut};
pub use transfer::{
    ReceivedAccounts, Receiving, ReceivingStep, RelayAccount, Sending, SendingStep, ShownAccounts, Transfer,
    TransferCodeKind, TransferRelay,
};
pub use vault::{
    KeySlot, NewSlot, Passphrase, Recoverability, RecoveryCode, SlotKind, Vault, set_vault_aside,
};
pub use watcher::{RequestEvent, RequestWatcher};

uniffi::setup_scaffolding!();

uniffi::custom_type!(Id, String, {
    remote,
    try_lift: |text| text.parse().map_err(|_| AuthenticatorError::malformed_id().into()),
    lower: |id| id.to_string(),
});
