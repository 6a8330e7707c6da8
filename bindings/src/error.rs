//! Errors: one enum, whose variants say what the caller can do next.
//!
//! UniFFI leaves the text of a Rust error behind, so each variant carries an [`ErrorDetail`] with a stable code, for
//! programs and translations, and a text. Neither ever holds a secret, a URL, or what foreign code threw.

use std::fmt;

use countersign_authenticator::approvals::privacyidea::PushError;
use countersign_authenticator::approvals::privacyidea::container::ContainerError;
use countersign_authenticator::approvals::{AnswerError, ReplyError};
use countersign_authenticator::backup::BackupError;
use countersign_authenticator::client::NetworkError;
use countersign_authenticator::import::{EntryError, ImportError};
use countersign_authenticator::offer::BatchError;
use countersign_authenticator::protocol::messages::ProblemCode;
use countersign_authenticator::scan::ScanError;
use countersign_authenticator::transfer::TransferError;
use countersign_authenticator::vault::{RecoveryCodeError, VaultError};
use countersign_authenticator::{Error, KeyStoreError};
use uniffi::UnexpectedUniFFICallbackError;

use crate::convert::signed;

/// What happened, for programs, for translations and for people.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct ErrorDetail {
    /// A stable name such as `ticket_expired`. It never changes its meaning.
    pub code: String,
    /// What happened and what to do next, in English.
    pub description: String,
    /// The one number that the text has in it, for translations: digits of the number that is asked for
    /// (`answer_not_a_number`), milliseconds until the next try (`account_throttled`), symbols that were found
    /// (`recovery_code_length`) or which one is wrong, from 1 (`recovery_code_symbol`), entries that can't be imported
    /// (`import_entries_refused`), parts that are missing (`export_incomplete`, `move_incomplete`, `scan_parts_missing`), accounts that wouldn't come
    /// back (`backup_not_proven`).
    pub parameter: Option<i64>,
}

/// Any failure of the authenticator, by what can be done about it.
#[derive(Clone, PartialEq, Eq, uniffi::Error)]
#[uniffi::export(Debug, Display)]
pub enum AuthenticatorError {
    /// The person dismissed a prompt, or the call was cancelled. There is nothing to tell.
    Cancelled {
        /// What happened.
        detail: ErrorDetail,
    },
    /// The vault is locked. Unlock it, then try again.
    Locked {
        /// What happened.
        detail: ErrorDetail,
    },
    /// The passphrase or the recovery code doesn't open the vault, or a file needs its password or another one. Ask again.
    WrongKey {
        /// What happened.
        detail: ErrorDetail,
    },
    /// The vault, or a part of it, can't be used. Its sealed contents are kept as they are; the text says what to do.
    Vault {
        /// What happened.
        detail: ErrorDetail,
    },
    /// The platform's key store didn't use a key. The code says whether it is locked for now (`key_store_locked`), or the
    /// key is gone for good (`key_store_invalidated`, `key_store_key_not_found`): open the vault by another slot, or
    /// enrol the account again.
    KeyStore {
        /// What happened.
        detail: ErrorDetail,
    },
    /// What was typed or scanned can't be used. Let the person correct it.
    Input {
        /// What happened.
        detail: ErrorDetail,
    },
    /// The network or the service failed for now. Try again later.
    Network {
        /// What happened.
        detail: ErrorDetail,
    },
    /// What came back can't be trusted: don't try again on this network; the organisation should know. In a move between two
    /// phones (`move_second_answer`, `move_altered`, `move_relay_altered`, `move_not_proven`) nothing of it is taken in: the text
    /// says what to do.
    Untrusted {
        /// What happened.
        detail: ErrorDetail,
    },
    /// The approval service refuses, and the code says why.
    Refused {
        /// What happened.
        detail: ErrorDetail,
    },
    /// What the call is about isn't there (any more). Read the list again.
    Gone {
        /// What happened.
        detail: ErrorDetail,
    },
    /// The device is short of something: space, memory, or a turn at the vault. Make room or wait, then try again.
    Busy {
        /// What happened.
        detail: ErrorDetail,
    },
}

#[uniffi::export]
impl AuthenticatorError {
    /// The stable name of what happened. It never changes its meaning, whatever the text says.
    #[must_use]
    pub fn code(&self) -> String {
        self.detail().code.clone()
    }

    /// What happened and what to do next, in English, for a person.
    #[must_use]
    pub fn describe(&self) -> String {
        self.detail().description.clone()
    }

    /// The one number of the text; see [`ErrorDetail::parameter`].
    #[must_use]
    pub fn parameter(&self) -> Option<i64> {
        self.detail().parameter
    }
}

impl AuthenticatorError {
    pub(crate) fn detail(&self) -> &ErrorDetail {
        match self {
            Self::Cancelled { detail }
            | Self::Locked { detail }
            | Self::WrongKey { detail }
            | Self::Vault { detail }
            | Self::KeyStore { detail }
            | Self::Input { detail }
            | Self::Network { detail }
            | Self::Untrusted { detail }
            | Self::Refused { detail }
            | Self::Gone { detail }
            | Self::Busy { detail } => detail,
        }
    }

    pub(crate) fn cancelled() -> Self {
        Self::Cancelled { detail: ErrorDetail::new("cancelled", "the call was cancelled") }
    }

    pub(crate) fn malformed_id() -> Self {
        Self::input("id_malformed", "that is not an identifier of this library")
    }

    pub(crate) fn other_offer(description: &str) -> Self {
        Self::input("offer_other_kind", description)
    }

    pub(crate) fn input(code: &str, description: &str) -> Self {
        Self::Input { detail: ErrorDetail::new(code, description) }
    }
}

impl ErrorDetail {
    fn new(code: &str, description: &str) -> Self {
        Self { code: code.into(), description: description.into(), parameter: None }
    }
}

/// By its code alone.
impl fmt::Debug for AuthenticatorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AuthenticatorError({})", self.detail().code)
    }
}

impl fmt::Debug for ErrorDetail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ErrorDetail({})", self.code)
    }
}

impl fmt::Display for AuthenticatorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ErrorDetail { code, description, .. } = self.detail();
        write!(f, "{code}: {description}")
    }
}

impl std::error::Error for AuthenticatorError {}

impl From<Error> for ErrorDetail {
    fn from(error: Error) -> Self {
        Self { code: error.code().into(), description: error.to_string(), parameter: parameter(&error) }
    }
}

impl From<Error> for AuthenticatorError {
    fn from(error: Error) -> Self {
        let detail = ErrorDetail::from(error.clone());
        match error {
            Error::Vault(error) => from_vault(error, detail),
            Error::Import(error) => from_import(error, detail),
            Error::Backup(error) => from_backup(error, detail),
            Error::KeyStore(KeyStoreError::Cancelled) => Self::Cancelled { detail },
            Error::KeyStore(_) => Self::KeyStore { detail },
            Error::Network(NetworkError::NotSecure) => Self::Untrusted { detail },
            Error::Network(_)
            | Error::Reply(ReplyError::NotTheService | ReplyError::Unavailable | ReplyError::Busy) => {
                Self::Network { detail }
            }
            Error::Reply(ReplyError::Refused(refusal)) if refusal.code == ProblemCode::Unavailable => {
                Self::Network { detail }
            }
            Error::Push(PushError::Unavailable) => Self::Network { detail },
            Error::Push(PushError::NotTaken | PushError::Unconfirmed) => Self::Gone { detail },
            Error::Container(error) => from_container(error, detail),
            Error::Transfer(error) => from_transfer(error, detail),
            Error::Reply(ReplyError::Refused(_))
            | Error::Push(_)
            | Error::NotAble
            | Error::AlreadyEnrolled { .. }
            | Error::Answer(
                AnswerError::UserCheckNeeded | AnswerError::UnlockNeeded | AnswerError::BiometricNeeded,
            ) => Self::Refused { detail },
            Error::Reply(_) | Error::Unshown(_) => Self::Untrusted { detail },
            Error::NoSuchAccount
            | Error::NoSuchClock
            | Error::NoSuchRequest
            | Error::NotEnrolled
            | Error::NoCodeOnRequest => Self::Gone { detail },
            _ => Self::Input { detail },
        }
    }
}

const fn from_container(error: ContainerError, detail: ErrorDetail) -> AuthenticatorError {
    match error {
        ContainerError::PassphraseNeeded | ContainerError::ConsentNeeded => {
            AuthenticatorError::Input { detail }
        }
        ContainerError::NoSuchContainer => AuthenticatorError::Gone { detail },
        ContainerError::AccountsDamaged => AuthenticatorError::Vault { detail },
        ContainerError::Unreadable => AuthenticatorError::Untrusted { detail },
        ContainerError::Unavailable => AuthenticatorError::Network { detail },
        ContainerError::Overtaken => AuthenticatorError::Busy { detail },
        _ => AuthenticatorError::Refused { detail },
    }
}

const fn from_transfer(error: TransferError, detail: ErrorDetail) -> AuthenticatorError {
    match error {
        TransferError::NotUnderWay | TransferError::RelayOver => AuthenticatorError::Gone { detail },
        TransferError::SecondAnswer
        | TransferError::Altered
        | TransferError::RelayAltered
        | TransferError::NotProven => AuthenticatorError::Untrusted { detail },
        _ => AuthenticatorError::Input { detail },
    }
}

const fn from_vault(error: VaultError, detail: ErrorDetail) -> AuthenticatorError {
    match error {
        VaultError::Locked => AuthenticatorError::Locked { detail },
        VaultError::WrongKey => AuthenticatorError::WrongKey { detail },
        VaultError::EmptyPassphrase | VaultError::TooLarge => AuthenticatorError::Input { detail },
        VaultError::NotFound { .. } | VaultError::NoCounter | VaultError::MovedAway => {
            AuthenticatorError::Gone { detail }
        }
        VaultError::Busy | VaultError::DiskFull | VaultError::OutOfMemory => {
            AuthenticatorError::Busy { detail }
        }
        _ => AuthenticatorError::Vault { detail },
    }
}

const fn from_import(error: ImportError, detail: ErrorDetail) -> AuthenticatorError {
    match error {
        ImportError::PasswordNeeded(_) | ImportError::WrongPassword(_) => {
            AuthenticatorError::WrongKey { detail }
        }
        ImportError::OutOfMemory => AuthenticatorError::Busy { detail },
        ImportError::NotProven => AuthenticatorError::Vault { detail },
        ImportError::NothingToUndo => AuthenticatorError::Gone { detail },
        _ => AuthenticatorError::Input { detail },
    }
}

const fn from_backup(error: BackupError, detail: ErrorDetail) -> AuthenticatorError {
    match error {
        BackupError::PasswordNeeded => AuthenticatorError::WrongKey { detail },
        BackupError::DiskFull | BackupError::OutOfMemory => AuthenticatorError::Busy { detail },
        BackupError::NotProven { .. } => AuthenticatorError::Vault { detail },
        BackupError::Unreadable(error) => from_import(error, detail),
        _ => AuthenticatorError::Input { detail },
    }
}

fn parameter(error: &Error) -> Option<i64> {
    match error {
        Error::Answer(AnswerError::NotANumber { digits }) => Some(i64::from(*digits)),
        Error::Import(ImportError::IncompleteBatch { missing, .. }) => Some(signed(missing.len())),
        Error::Import(ImportError::EntriesRefused(count))
        | Error::Backup(BackupError::NotProven { missing: count })
        | Error::Scan(ScanError::PartsMissing { missing: count, .. })
        | Error::Transfer(TransferError::Incomplete(count)) => Some(signed(*count)),
        error => error.refusal()?.retry_after.map(signed),
    }
}

impl From<VaultError> for AuthenticatorError {
    fn from(error: VaultError) -> Self {
        Error::from(error).into()
    }
}

impl From<RecoveryCodeError> for AuthenticatorError {
    fn from(error: RecoveryCodeError) -> Self {
        let (code, parameter) = match error {
            RecoveryCodeError::Length { found } => ("recovery_code_length", Some(found)),
            RecoveryCodeError::Symbol { position } => ("recovery_code_symbol", Some(position)),
            _ => ("recovery_code_mistyped", None),
        };
        let parameter = parameter.map(signed);
        Self::Input { detail: ErrorDetail { parameter, ..ErrorDetail::new(code, &error.to_string()) } }
    }
}

impl From<EntryError> for ErrorDetail {
    fn from(error: EntryError) -> Self {
        Self::new(error.code(), &error.to_string())
    }
}

impl From<BatchError> for AuthenticatorError {
    fn from(error: BatchError) -> Self {
        let code = match error {
            BatchError::AnotherBatch => "offer_another_export",
            _ => "offer_contradicts_export",
        };
        Self::input(code, &error.to_string())
    }
}

/// Why the platform's key store didn't use a key; what [`crate::DeviceKeys`] and [`crate::VaultKeyStore`] throw.
///
/// (The core's `KeyStoreError`. Its name in Kotlin would be that of an exception of `java.security`.)
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum PlatformKeyError {
    /// The person dismissed the prompt.
    #[error("the person cancelled")]
    Cancelled,
    /// The device or the key is locked for now: no unlock since boot, or too many failed attempts.
    #[error("the key store is locked for now")]
    Locked,
    /// The key exists but will never work again: a fingerprint was added, or the screen lock removed.
    #[error("the key store has invalidated the key")]
    Invalidated,
    /// There is no such key: another device, restored data, or a cleared key store.
    #[error("the key store has no such key")]
    NotFound,
    /// The key store failed, or this device hasn't one that is good enough. Also whatever else is thrown.
    #[error("the key store is unavailable")]
    Unavailable,
}

impl From<PlatformKeyError> for KeyStoreError {
    fn from(error: PlatformKeyError) -> Self {
        match error {
            PlatformKeyError::Cancelled => Self::Cancelled,
            PlatformKeyError::Locked => Self::Locked,
            PlatformKeyError::Invalidated => Self::Invalidated,
            PlatformKeyError::NotFound => Self::NotFound,
            PlatformKeyError::Unavailable => Self::Unavailable,
        }
    }
}

/// What [`crate::DeviceClock`] and [`crate::LogSink`] throw when they can't do their work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum PlatformError {
    /// It didn't work. Also whatever else is thrown.
    #[error("the platform failed")]
    Failed,
}

// The reason holds the whole stack trace of what was thrown, and with it perhaps a secret: it goes no further.
impl From<UnexpectedUniFFICallbackError> for PlatformKeyError {
    fn from(_: UnexpectedUniFFICallbackError) -> Self {
        Self::Unavailable
    }
}

impl From<UnexpectedUniFFICallbackError> for PlatformError {
    fn from(_: UnexpectedUniFFICallbackError) -> Self {
        Self::Failed
    }
}

#[cfg(test)]
mod tests;
