//! What a command can fail with: the core's errors, and the few of this shell's own.

use countersign_core::Error;
use countersign_core::offer::{BatchError, OfferError};
use countersign_core::vault::{RecoveryCodeError, VaultError};

use crate::exit::Exit;

/// Why a command failed. Its text says what happened and what to do next, and never repeats what was given.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Core(#[from] Error),
    #[error("entry {number}: {error}; nothing was added")]
    Entry { number: usize, error: OfferError },
    #[error("{0}")]
    Usage(String),
    #[error("{0}; say more of its name, or its identifier")]
    Ambiguous(String),
    #[error("several sign-ins wait; say which by its identifier: {0}")]
    SeveralRequests(String),
    #[error("the vault is locked; type the passphrase on a terminal, or give --passphrase-file")]
    PassphraseNeeded,
    #[error("a new passphrase needs at least {0} characters; a few words are easy to remember")]
    PassphraseTooShort(usize),
    #[error(transparent)]
    RecoveryCode(#[from] RecoveryCodeError),
    #[error("this can't be undone; confirm it on a terminal, or give --yes")]
    ConfirmationNeeded,
    #[error("no account's name or identifier fits; `countersign accounts` lists them")]
    NoSuchAccount,
    #[error("no account is enrolled with an approval service; `countersign enrol` does that")]
    NothingEnrolled,
    #[error("no sign-in waits for you")]
    NoRequests,
    #[error("no sign-in came in time")]
    NoRequestsInTime,
    #[error("no open request has this identifier; it was answered, withdrawn, or has expired")]
    NoSuchRequest,
    #[error(
        "the number of the sign-in page is needed: give --number, or --scan with a picture of its QR code"
    )]
    NumberNeeded,
    #[error("{}", describe_wrong_number(*.tries_left))]
    WrongNumber { tries_left: u8 },
    #[error("the enrolment has failed; begin again with a new QR code")]
    EnrolmentFailed,
    #[error("the new device was not activated, and this one is as it was; begin again")]
    ReplacementEnded,
    #[error("the file can't be read: {0}")]
    FileUnreadable(&'static str),
    #[error("the file is larger than {0} MB, which no picture of a QR code needs")]
    FileTooLarge(usize),
    #[error("there is no certificate in the file; give the certificate authority's as PEM")]
    BadCertificate,
    #[error("there is no QR code in the picture; take it again, closer and evenly lit")]
    PictureWithoutCode,
    #[error("this is not the QR code of a sign-in page")]
    NotASignInCode,
    #[error("this is the QR code of a sign-in page; use it with `countersign requests approve --scan`")]
    SignInCode,
    #[error("this is no link of one-time codes")]
    NotOneTimeCodes,
    #[error("the export has {count} parts, and {missing} not here; give the pictures of all parts at once")]
    ExportIncomplete { count: usize, missing: String },
    #[error(transparent)]
    ExportMixed(#[from] BatchError),
    #[error("doctor found something wrong")]
    Unhealthy,
    #[error("cancelled")]
    Cancelled,
    #[error("the terminal or the output failed: {0}")]
    Output(#[from] std::io::Error),
}

impl Failure {
    /// What is wrong with one of several links, counted from 0.
    pub(crate) const fn entry(index: usize, error: OfferError) -> Self {
        Self::Entry { number: index + 1, error }
    }

    /// Its stable name, for programs.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Core(error) => error.code(),
            Self::Entry { error, .. } => Error::Offer(*error).code(),
            Self::Usage(_) => "usage",
            Self::Ambiguous(_) | Self::SeveralRequests(_) => "ambiguous",
            Self::PassphraseNeeded => "passphrase_needed",
            Self::PassphraseTooShort(_) => "passphrase_too_short",
            Self::RecoveryCode(RecoveryCodeError::Length { .. }) => "recovery_code_length",
            Self::RecoveryCode(RecoveryCodeError::Symbol { .. }) => "recovery_code_symbol",
            Self::RecoveryCode(_) => "recovery_code_check",
            Self::ConfirmationNeeded => "confirmation_needed",
            Self::NoSuchAccount => "account_unknown",
            Self::NothingEnrolled => "account_not_enrolled",
            Self::NoRequests => "requests_none",
            Self::NoRequestsInTime => "requests_none_in_time",
            Self::NoSuchRequest => "request_unknown",
            Self::NumberNeeded => "number_needed",
            Self::WrongNumber { .. } | Self::EnrolmentFailed => "wrong_number",
            Self::ReplacementEnded => "replacement_ended",
            Self::FileUnreadable(_) => "file_unreadable",
            Self::FileTooLarge(_) => "file_too_large",
            Self::BadCertificate => "certificate_bad",
            Self::PictureWithoutCode => "picture_without_code",
            Self::NotASignInCode | Self::SignInCode => "not_a_sign_in_code",
            Self::NotOneTimeCodes => "not_one_time_codes",
            Self::ExportIncomplete { .. } => "export_incomplete",
            Self::ExportMixed(_) => "export_mixed",
            Self::Unhealthy => "unhealthy",
            Self::Cancelled => "cancelled",
            Self::Output(_) => "unexpected",
        }
    }

    /// How the program ends on it.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            // Whoever reads the output has seen enough, which is no failure of ours.
            Self::Output(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Exit::Ok,
            failure => Exit::of(failure.code()).unwrap_or(Exit::Unexpected),
        }
    }

    /// What to do about it in this shell, where the core, which knows no commands, can't say.
    pub(crate) fn advice(&self) -> Option<&'static str> {
        Some(match self.code() {
            "vault_missing" => "`countersign enrol` makes one with your first account",
            "vault_wrong_key" => {
                "if the passphrase is lost, `countersign vault recover` takes the recovery code"
            }
            "vault_damaged" | "record_damaged" => {
                "`countersign doctor` tells what is left; `countersign vault set-aside` makes room for a new one and keeps it"
            }
            "vault_newer_schema" => "update countersign",
            "vault_busy" => "try again in a moment",
            "disk_full" => "free some space and try again; nothing was changed",
            _ => return None,
        })
    }
}

impl From<VaultError> for Failure {
    fn from(error: VaultError) -> Self {
        Self::Core(error.into())
    }
}

impl From<OfferError> for Failure {
    fn from(error: OfferError) -> Self {
        Self::Core(error.into())
    }
}

fn describe_wrong_number(tries_left: u8) -> String {
    match tries_left {
        0 => "wrong number, and no try is left; start again on the page".to_owned(),
        1 => "wrong number; one more try is left".to_owned(),
        tries => format!("wrong number; {tries} more tries are left"),
    }
}
