//! Errors of commands: the core's, and a few of this shell.

use std::path::{Path, PathBuf};

use countersign_authenticator::Error;
use countersign_authenticator::offer::{BatchError, OfferError};
use countersign_authenticator::protocol::NameError;
use countersign_authenticator::vault::{RecoveryCodeError, VaultError};

use crate::exit::Exit;
use crate::input;
use crate::text::safe;

/// Why a command failed. The text says what happened and what to do next, and never repeats input.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Core(#[from] Error),
    #[error("{}", describe_place(.place, .failure))]
    At { place: String, failure: Box<Failure> },
    #[error("entry {number}: {error}; nothing was added")]
    Entry { number: usize, error: OfferError },
    #[error("{0}")]
    Usage(String),
    #[error("{0}; give more of the name, or the identifier")]
    Ambiguous(String),
    #[error("several sign-ins are pending; name one by its identifier: {0}")]
    SeveralRequests(String),
    #[error("the vault is locked; type the passphrase on a terminal, or use --passphrase-file")]
    PassphraseNeeded,
    #[error("a new passphrase needs at least {0} characters; a few words are easy to remember")]
    PassphraseTooShort(usize),
    #[error(transparent)]
    RecoveryCode(#[from] RecoveryCodeError),
    #[error("nothing was done; confirm on a terminal, or give --yes")]
    ConfirmationNeeded,
    #[error("no account has this name or identifier; `countersign accounts` lists them")]
    NoSuchAccount,
    #[error("{name} {unfit}")]
    Unfit { name: String, unfit: Unfit },
    #[error(transparent)]
    Name(#[from] NameError),
    #[error("the vault's path is a folder; name a file in it, such as {}", .0.display())]
    VaultIsFolder(PathBuf),
    #[error("the vault's path is a link to {}, which doesn't exist; correct the link, or restore its target", .0.display())]
    VaultLinkBroken(PathBuf),
    #[error("the vault's path is not a file")]
    VaultNotAFile,
    #[error("no account is enrolled with an approval service; use `countersign enrol`")]
    NothingEnrolled,
    #[error("no sign-in is pending")]
    NoRequests,
    #[error("no sign-in arrived in time")]
    NoRequestsInTime,
    #[error("no open request has this identifier; it was answered, withdrawn, or has expired")]
    NoSuchRequest,
    #[error(
        "the number of the sign-in page is needed: give --number, or --scan with a picture of its QR code"
    )]
    NumberNeeded,
    #[error("{}", describe_wrong_number(*.tries_left))]
    WrongNumber { tries_left: u8 },
    #[error("wrong number: this device was not activated; {0}")]
    ActivationFailed(String),
    #[error("this device was not activated")]
    NotActivated,
    #[error("{0}")]
    StillPaused(String),
    #[error("the new device was not activated, and this one is unchanged; start again")]
    ReplacementEnded,
    #[error("the file can't be read: {0}")]
    FileUnreadable(&'static str),
    #[error("can't write to {name}: {why}")]
    FileUnwritable { name: String, why: &'static str },
    #[error("the file is larger than {0} MB")]
    FileTooLarge(usize),
    #[error("the file contains no certificate; give the certificate authority's as PEM")]
    BadCertificate,
    #[error("the picture contains no QR code; take it again, closer and evenly lit")]
    PictureWithoutCode,
    #[error("this is not the QR code of a sign-in page")]
    NotASignInCode,
    #[error("this is the QR code of a sign-in page; use `countersign requests approve --scan`")]
    SignInCode,
    #[error("this is not an otpauth link; use one from an enrolment page or another app")]
    NotOneTimeCodes,
    #[error("the export has {count} parts, and {missing} missing; give the pictures of all parts at once")]
    ExportIncomplete { count: usize, missing: String },
    #[error(transparent)]
    ExportMixed(#[from] BatchError),
    #[error("doctor found a problem")]
    Unhealthy,
    #[error("cancelled")]
    Cancelled,
    #[error("the terminal or the output failed: {0}")]
    Output(#[from] std::io::Error),
}

impl Failure {
    /// The same failure, with the file or link that it concerns.
    pub(crate) fn at(self, source: impl AsRef<Path>) -> Self {
        match source.as_ref() {
            path if path == Path::new("-") => self,
            path => self.at_place(input::shown(path)),
        }
    }

    /// The same failure, concerning a file that an option names. If there is no such file, the option's name replaces it,
    /// since a secret may have been given by mistake.
    pub(crate) fn at_option(self, option: &'static str, path: &Path) -> Self {
        self.at_place(match path.exists() {
            true => safe(&path.display().to_string()),
            false => format!("the file given by {option}"),
        })
    }

    fn at_place(self, place: String) -> Self {
        match self {
            placed @ (Self::At { .. } | Self::Output(_)) => placed,
            failure => Self::At { place, failure: Box::new(failure) },
        }
    }

    /// What is wrong with one of several links, counted from 0.
    pub(crate) const fn entry(index: usize, error: OfferError) -> Self {
        Self::Entry { number: index + 1, error }
    }

    /// Its stable name, for programs.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Core(error) => error.code(),
            Self::At { failure, .. } => failure.code(),
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
            Self::Unfit { unfit, .. } => unfit.code(),
            Self::Name(error) => error.code(),
            Self::VaultIsFolder(_) => "vault_is_folder",
            Self::VaultLinkBroken(_) => "vault_link_broken",
            Self::VaultNotAFile => "vault_not_a_file",
            Self::NothingEnrolled => "account_not_enrolled",
            Self::NoRequests => "requests_none",
            Self::NoRequestsInTime => "requests_none_in_time",
            Self::NoSuchRequest => "request_unknown",
            Self::NumberNeeded => "number_needed",
            Self::WrongNumber { .. } | Self::ActivationFailed(_) => "wrong_number",
            Self::NotActivated => "activation_failed",
            Self::StillPaused(_) => "requests_stopped",
            Self::ReplacementEnded => "replacement_ended",
            Self::FileUnreadable(_) => "file_unreadable",
            Self::FileUnwritable { .. } => "file_unwritable",
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
            // The reader has closed the output, which isn't a failure.
            Self::Output(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Exit::Ok,
            failure => Exit::of(failure.code()).unwrap_or(Exit::Unexpected),
        }
    }

    /// What to do about it in this shell. The core can't say, since it doesn't know the commands.
    pub(crate) fn advice(&self) -> Option<&'static str> {
        Some(match self.code() {
            "vault_missing" => "`countersign enrol` creates one with your first account",
            "vault_wrong_key" => {
                "if the passphrase is lost, `countersign vault recover` takes the recovery code"
            }
            "vault_damaged" | "record_damaged" => {
                "`countersign doctor` shows what can be read; `countersign vault set-aside` keeps the vault and makes room for a new one"
            }
            "vault_newer_schema" => "update countersign",
            "import_entries_refused" => "use `--partial` for that",
            "vault_busy" => "try again in a moment",
            "answer_unlock_needed" => "type the passphrase instead of using --passphrase-file",
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

/// Why a command can't use an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unfit {
    #[error("is in the trash; `countersign accounts restore` restores it")]
    InTrash,
    #[error("is not in the trash")]
    NotInTrash,
    #[error("has no codes; it approves sign-ins (`countersign requests`)")]
    NoCodes,
    #[error(
        "is not active yet, and its service accepts no codes; approve the enrolment page's request with `countersign requests`"
    )]
    NotActive,
    #[error(
        "can't be used: its service doesn't know this device, because the activation failed or the device was removed; `countersign accounts delete` removes the account"
    )]
    Removed,
    #[error("has only codes; `countersign enrol` enrols a device with its approval service")]
    NotEnrolled,
    #[error("is enrolled with a service where devices can't change their names; its administrator can")]
    NotAble,
    #[error("has not moved to another phone")]
    NotMoved,
    #[error("isn't paused, so there is nothing to resume")]
    NotResting,
    #[error("has no approval service that relays moves")]
    NoRelay,
}

impl Unfit {
    const fn code(self) -> &'static str {
        match self {
            Self::InTrash => "account_in_trash",
            Self::NotInTrash => "account_not_in_trash",
            Self::NoCodes => "account_no_codes",
            Self::NotActive => "account_not_active",
            Self::Removed => "account_removed",
            Self::NotEnrolled => "account_not_enrolled",
            Self::NotAble => "account_not_able",
            Self::NotMoved => "account_not_moved",
            Self::NotResting => "account_not_resting",
            Self::NoRelay => "move_no_relay",
        }
    }
}

fn describe_place(place: &str, failure: &Failure) -> String {
    match failure {
        Failure::FileUnreadable(why) => format!("can't read {place}: {why}"),
        failure => format!("{place}: {failure}"),
    }
}

fn describe_wrong_number(tries_left: u8) -> String {
    match tries_left {
        0 => "wrong number, and no tries are left; start again on the page".to_owned(),
        1 => "wrong number; one more try is left".to_owned(),
        tries => format!("wrong number; {tries} more tries are left"),
    }
}
