//! The authenticator: accounts in a vault, device keys, approvals, imports, backups and moves. Shells drive it through one façade,
//! [`Authenticator`].
//!
//! There is no FFI here and no platform code. [`protocol`], [`otp`], [`offer`] and [`scan`] are crates of their own, which have all of
//! their types; they are passed on as modules, so that a shell depends on this crate alone.

mod account;
pub mod approvals;
pub mod backup;
pub mod client;
pub mod clock;
mod error;
mod facade;
pub mod import;
mod key_store;
pub mod keys;
pub mod tasks;
pub mod transfer;
pub mod vault;

pub use account::Account;
pub use countersign_offer as offer;
pub use countersign_otp as otp;
pub use countersign_otp::Secret;
pub use countersign_protocol as protocol;
pub use countersign_scan as scan;
pub use error::Error;
pub use facade::{
    AccountCode, AccountFailure, AccountSummary, Accounts, AddedAccount, AnswerOutcome, Authenticator,
    Backup, CodeKind, Codes, Container, ContainerPassphrase, ContainerSync, ContainerTransfer, Containers,
    Correction, Enrolment, EnrolmentStep, LastBackup, NewDevice, PassphraseReminder, Received, Receiving,
    ReceivingStep, RelayAccount, Replacement, ReplacementStep, Requests, Sending, SendingStep, ShownAccounts,
    ShownCode, SyncOptions, TokenFailure, Transfer, TransferRelay, TurnDown, TurnedDown,
};
pub use key_store::KeyStoreError;
