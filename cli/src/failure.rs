//! What a command can fail with: the core's errors, and the few of this shell's own.

use std::path::{Path, PathBuf};

use countersign_authenticator::Error;
use countersign_authenticator::offer::{BatchError, OfferError};
use countersign_authenticator::protocol::NameError;
use countersign_authenticator::vault::{RecoveryCodeError, VaultError};

use crate::exit::Exit;
use crate::input;
use crate::text::safe;

/// Why a command failed. Its text says what happened and what to do next, and never repeats what was given.
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
    #[error("the vault is locked; type the passphrase on a terminal, or give --passphrase-file")]
    PassphraseNeeded,
    #[error("a new passphrase needs at least {0} characters; a few words are easy to remember")]
    PassphraseTooShort(usize),
    #[error(transparent)]
    RecoveryCode(#[from] RecoveryCodeError),
    #[error("nothing was done: confirm it on a terminal, or give --yes")]
    ConfirmationNeeded,
    #[error("no account has this name or identifier; `countersign accounts` lists them")]
    NoSuchAccount,
    #[error("{name} {unfit}")]
    Unfit { name: String, unfit: Unfit },
    #[error(transparent)]
    Name(#[from] NameError),
    #[error("the vault's path leads to a folder; name the file in it, such as {}", .0.display())]
    VaultIsFolder(PathBuf),
    #[error("the vault's path is a link to {}, which is not there; mend the link, or bring back what it leads to", .0.display())]
    VaultLinkBroken(PathBuf),
    #[error("the vault's path leads to something that is not a file")]
    VaultNotAFile,
    #[error("no account is enrolled with an approval service; `countersign enrol` does that")]
    NothingEnrolled,
    #[error("no sign-in is pending")]
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
    #[error("wrong number: this device was not activated; {0}")]
    ActivationFailed(String),
    #[error("this device was not activated")]
    NotActivated,
    #[error("{0}")]
    StillPaused(String),
    #[error("the new device was not activated, and this one is as it was; begin again")]
    ReplacementEnded,
    #[error("the file can't be read: {0}")]
    FileUnreadable(&'static str),
    #[error("can't write to {name}: {why}")]
    FileUnwritable { name: String, why: &'static str },
    #[error("the file is larger than {0} MB")]
    FileTooLarge(usize),
    #[error("there is no certificate in the file; give the certificate authority's as PEM")]
    BadCertificate,
    #[error("there is no QR code in the picture; take it again, closer and evenly lit")]
    PictureWithoutCode,
    #[error("this is not the QR code of a sign-in page")]
    NotASignInCode,
    #[error("this is the QR code of a sign-in page; use it with `countersign requests approve --scan`")]
    SignInCode,
    #[error("this is not an otpauth link; give one as enrolment pages and other apps have it")]
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
    /// The same, with the file or link that it is about.
    pub(crate) fn at(self, source: impl AsRef<Path>) -> Self {
        match source.as_ref() {
            path if path == Path::new("-") => self,
            path => self.at_place(input::shown(path)),
        }
    }

    /// The same, about a file that an option names. A secret may have been given in its place, so that the option's name
    /// stands for it where there is no such file.
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
                "`countersign doctor` shows what is left; `countersign vault set-aside` keeps it and makes room for a new one"
            }
            "vault_newer_schema" => "update countersign",
            "import_entries_refused" => "give `--partial` for that",
            "vault_busy" => "try again in a moment",
            "answer_unlock_needed" => "type the passphrase in place of giving --passphrase-file",
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

/// What keeps an account from what it was named for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unfit {
    #[error("is in the trash; `countersign accounts restore` brings it back")]
    InTrash,
    #[error("is not in the trash")]
    NotInTrash,
    #[error("has no codes; it approves sign-ins, which `countersign requests` waits for")]
    NoCodes,
    #[error(
        "is not active yet, and its service takes no code before; approve the enrolment page's request with `countersign requests`"
    )]
    NotActive,
    #[error(
        "can't be used: its service doesn't know this device, since the activation failed or it was removed; `countersign accounts delete` removes the account"
    )]
    Removed,
    #[error("has codes only; `countersign enrol` enrols a device with its approval service")]
    NotEnrolled,
    #[error(
        "is enrolled with a service that takes no new name from a device; its administrator can change it"
    )]
    NotAble,
    #[error("has not moved to another phone")]
    NotMoved,
    #[error("has no requests at rest, so there is nothing to resume")]
    NotResting,
    #[error("has no approval service that carries moves")]
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
        0 => "wrong number, and no try is left; start again on the page".to_owned(),
        1 => "wrong number; one more try is left".to_owned(),
        tries => format!("wrong number; {tries} more tries are left"),
    }
}
