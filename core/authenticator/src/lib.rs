//! The authenticator core: one-time codes, scanning, the vault, device keys and approvals.
//!
//! All logic of Countersign is here, with no FFI and no platform code. Shells drive it through one façade.

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
