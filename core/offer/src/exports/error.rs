//! Why a file, or one entry of it, can't be imported.

use super::{FileKind, ImportFormat, MissingParts};
use crate::{BatchError, OfferError};
use countersign_scan::ScanError;

/// Why an import failed. Nothing was changed, and no variant holds anything of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// Longer than [`super::Import::MAX_FILE_BYTES`].
    #[error("the file is larger than any export of accounts")]
    FileTooLarge,
    /// More values or entries than are read.
    #[error("there is more in the file than can be imported at once; export fewer accounts")]
    TooMuch,
    /// No format that is known.
    #[error("this is no export of a known authenticator, no list of otpauth links and no picture")]
    UnknownFormat,
    /// There is nothing in the file.
    #[error("the file is empty; export the accounts again")]
    EmptyFile,
    /// A file of a kind that has no accounts in it, or not in a way that can be read.
    #[error("this is {0}; {advice}", advice = .0.advice())]
    OtherFile(FileKind),
    /// An archive in which there isn't just one export, or that can't be opened.
    #[error(
        "this is a ZIP archive, and it is not clear what to import of it; take the export out of it, with its password if it has one, and import that"
    )]
    Archive,
    /// Cut short, or altered.
    #[error("the export is damaged or incomplete; export it again")]
    Damaged,
    /// A version of the format that isn't known.
    #[error("the export of {0} is of a newer version than this app knows; update this app")]
    UnknownVersion(ImportFormat),
    /// A version of the format from before those that can be read.
    #[error("the export of {0} is of a version that is too old to be read; update {0} and export again")]
    OldVersion(ImportFormat),
    /// It is encrypted in a way that isn't known.
    #[error("the export of {0} is encrypted in a way that this app does not know; export it in another way")]
    UnknownEncryption(ImportFormat),
    /// It is encrypted, and no password was given.
    #[error("the export of {0} is encrypted; give the password that it was made with")]
    PasswordNeeded(ImportFormat),
    /// The password doesn't open it.
    #[error("the password does not open the export of {0}, or the file is damaged")]
    WrongPassword(ImportFormat),
    /// Its key derivation asks for more time or memory than any app's.
    #[error(
        "opening the export of {0} would take more memory or time than any app asks for; it was not tried"
    )]
    TooCostly(ImportFormat),
    /// It is encrypted with a key that only the other app's account has.
    #[error("the export of {0} is bound to the account that made it; export it with a password instead")]
    BoundToAccount(ImportFormat),
    /// There isn't enough memory for the key derivation.
    #[error("there is not enough memory to open the export")]
    OutOfMemory,
    /// There is no account in it.
    #[error("there are no one-time codes in the export")]
    Empty,
    /// A picture file: [`super::Import::add_frame`] takes it once it is decoded.
    #[error("this is a picture; open it where codes are scanned")]
    IsPicture,
    /// A picture without a QR code.
    #[error("there is no QR code in the picture; take it again, closer and evenly lit")]
    NoCode,
    /// A picture that can't be read.
    #[error(transparent)]
    Picture(#[from] ScanError),
    /// Parts of an export in several QR codes are missing.
    #[error("the export has {count} parts, and {missing}; add the pictures of all parts")]
    IncompleteBatch {
        /// How many parts there are.
        count: usize,
        /// Which of them are missing.
        missing: MissingParts,
    },
    /// Two parts say different things.
    #[error(transparent)]
    MixedBatch(#[from] BatchError),
    /// Some entries can't be imported, and only all together were wanted.
    #[error("{0} of the entries can't be imported, so none was; the others can be imported without them")]
    EntriesRefused(usize),
    /// What was read back isn't what the file holds. The import was taken back.
    #[error("what was stored is not what the export holds, so the import was taken back; try again")]
    NotProven,
    /// There is no import that could be undone.
    #[error("there is no import to undo")]
    NothingToUndo,
}

impl ImportError {
    /// A stable name for shells and scripts.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::FileTooLarge => "import_file_too_large",
            Self::TooMuch => "import_too_much",
            Self::UnknownFormat => "import_unknown_format",
            Self::EmptyFile => "import_file_empty",
            Self::OtherFile(_) => "import_other_file",
            Self::Archive => "import_archive",
            Self::Damaged => "import_damaged",
            Self::UnknownVersion(_) => "import_unknown_version",
            Self::OldVersion(_) => "import_old_version",
            Self::UnknownEncryption(_) => "import_unknown_encryption",
            Self::PasswordNeeded(_) => "import_password_needed",
            Self::WrongPassword(_) => "import_wrong_password",
            Self::TooCostly(_) => "import_too_costly",
            Self::BoundToAccount(_) => "import_bound_to_account",
            Self::OutOfMemory => "out_of_memory",
            Self::Empty => "import_empty",
            Self::IsPicture => "import_is_picture",
            Self::NoCode => "picture_without_code",
            Self::Picture(error) => error.code(),
            Self::IncompleteBatch { .. } => "export_incomplete",
            Self::MixedBatch(_) => "export_mixed",
            Self::EntriesRefused(_) => "import_entries_refused",
            Self::NotProven => "import_not_proven",
            Self::NothingToUndo => "import_nothing_to_undo",
        }
    }
}

/// Why one entry can't be imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EntryError {
    /// Its parameters can't be used.
    #[error(transparent)]
    Offer(#[from] OfferError),
    /// It isn't built as entries of its format are.
    #[error("the entry is not built as entries of this export are")]
    Malformed,
    /// Its secret is encrypted with a key that the other app keeps.
    #[error("its secret is encrypted with a key that the other app keeps; add it anew at the issuer")]
    Sealed,
    /// It approves sign-ins, with a key that can't be copied.
    #[error("it approves sign-ins with a key that can't be copied; enrol it anew")]
    Approvals,
}

impl EntryError {
    /// A stable name for shells and scripts.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Offer(error) => error.code(),
            Self::Malformed => "import_entry_malformed",
            Self::Sealed => "import_entry_sealed",
            Self::Approvals => "import_entry_approvals",
        }
    }
}
