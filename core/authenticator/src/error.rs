//! What a shell is told when something doesn't work.

use countersign_protocol::Id;

use crate::KeyStoreError;
use crate::approvals::privacyidea::PushError;
use crate::approvals::privacyidea::container::ContainerError;
use crate::approvals::{AnswerError, BindingState, Refusal, ReplyError, Unshown};
use crate::backup::BackupError;
use crate::client::NetworkError;
use crate::import::ImportError;
use crate::offer::OfferError;
use crate::scan::ScanError;
use crate::transfer::TransferError;
use crate::vault::{RecordKind, VaultError};

/// Any failure of the authenticator. Its text says what happened and what to do next; neither text nor `Debug` output
/// has a secret or a URL in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The vault.
    #[error(transparent)]
    Vault(VaultError),
    /// The platform's key store, or the person in front of it.
    #[error(transparent)]
    KeyStore(#[from] KeyStoreError),
    /// A scanned or pasted text that isn't an offer.
    #[error(transparent)]
    Offer(#[from] OfferError),
    /// A backup or an export that wasn't made.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// An export of another app that can't be imported.
    #[error(transparent)]
    Import(ImportError),
    /// A step of a move to a new phone that was refused.
    #[error(transparent)]
    Transfer(#[from] TransferError),
    /// A picture that can't be scanned.
    #[error(transparent)]
    Scan(#[from] ScanError),
    /// The network.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The approval service's reply.
    #[error(transparent)]
    Reply(#[from] ReplyError),
    /// An answer that isn't sent as it is.
    #[error(transparent)]
    Answer(#[from] AnswerError),
    /// A sign-in that waits but can't be shown.
    #[error(transparent)]
    Unshown(#[from] Unshown),
    /// What a privacyIDEA server refuses.
    #[error(transparent)]
    Push(#[from] PushError),
    /// A container of a privacyIDEA server.
    #[error(transparent)]
    Container(#[from] ContainerError),
    /// The account's service has no message for it: [`crate::approvals::Abilities`] said so.
    #[error("this account's service can't be told that by a device; ask your organisation's administrator")]
    NotAble,
    /// No account of this identifier.
    #[error("there is no such account; list the accounts to see which there are")]
    NoSuchAccount,
    /// No service of this name that contradicts the device's clock.
    #[error(
        "no service of this name contradicts this device's clock; look at the clocks again to see which do"
    )]
    NoSuchClock,
    /// No open request of this identifier: it was answered, withdrawn, or has expired.
    #[error("there is no such request any more; it was answered, withdrawn, or has expired")]
    NoSuchRequest,
    /// This device has used the enrolment code before.
    #[error("{}", describe_enrolled(*.state, *.is_trashed))]
    AlreadyEnrolled {
        /// The account that came of it.
        account: Id,
        /// Where its enrolment stands.
        state: BindingState,
        /// Whether it is in the trash.
        is_trashed: bool,
    },
    /// The account has codes only, or its device was removed.
    #[error("this account can't approve sign-ins; enrol it with its approval service first")]
    NotEnrolled,
    /// The account's codes come from the time and not from a counter, or it has none.
    #[error("this account has no codes on request")]
    NoCodeOnRequest,
    /// A value that the protocol can't carry, such as a name that is far too long.
    #[error("that is too long, or has characters that can't be used")]
    Unacceptable,
}

impl From<VaultError> for Error {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::NotFound { kind: RecordKind::Account, .. } => Self::NoSuchAccount,
            VaultError::KeyStore(error) => Self::KeyStore(error),
            error => Self::Vault(error),
        }
    }
}

impl From<ImportError> for Error {
    fn from(error: ImportError) -> Self {
        match error {
            ImportError::Picture(error) => Self::Scan(error),
            error => Self::Import(error),
        }
    }
}

impl Error {
    /// A stable name for programs: it never changes its meaning, whatever the text says.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Vault(error) => error.code(),
            Self::KeyStore(error) => error.code(),
            Self::Offer(error) => error.code(),
            Self::Backup(error) => error.code(),
            Self::Import(error) => error.code(),
            Self::Transfer(error) => error.code(),
            Self::Scan(error) => error.code(),
            Self::Network(error) => error.code(),
            Self::Reply(error) => error.code(),
            Self::Answer(error) => error.code(),
            Self::Unshown(error) => error.code(),
            Self::Push(error) => error.code(),
            Self::Container(error) => error.code(),
            Self::NotAble => "account_not_able",
            Self::NoSuchAccount => "account_unknown",
            Self::NoSuchClock => "clock_unknown",
            Self::NoSuchRequest => "request_unknown",
            Self::AlreadyEnrolled { .. } => "account_already_enrolled",
            Self::NotEnrolled => "account_not_enrolled",
            Self::NoCodeOnRequest => "account_no_code_on_request",
            Self::Unacceptable => "input_unacceptable",
        }
    }

    /// The service's refusal, if it is one.
    #[must_use]
    pub const fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Reply(ReplyError::Refused(refusal)) => Some(refusal),
            _ => None,
        }
    }
}

const fn describe_enrolled(state: BindingState, is_trashed: bool) -> &'static str {
    match state {
        _ if is_trashed => {
            "this device has used this code already; the account is in the trash, and can be restored"
        }
        BindingState::Active => {
            "this device has used this code already, and its account is active; there is nothing to do"
        }
        BindingState::AwaitingActivation => {
            "this device has used this code already; to finish, approve the request of the enrolment page"
        }
        BindingState::Revoked => {
            "this device has used this code already, and its account was not activated or was removed since; \
             get a new code"
        }
    }
}
