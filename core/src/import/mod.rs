//! Import: accounts out of other apps' exports, as one transaction that proves itself.
//!
//! An [`Import`] collects exports of other authenticators, lists of `otpauth` links, and pictures of QR codes. A file's
//! format is found by content, never by name. Then [`Authenticator::preview_import`](crate::Authenticator::preview_import)
//! says of every entry what would become of it, [`Authenticator::import`](crate::Authenticator::import) does it, all
//! or nothing, and tells success only when what is read back from the vault is what the files hold, and
//! [`Authenticator::undo_import`](crate::Authenticator::undo_import) takes it back in one step.
//!
//! - No entry is left out in silence: one that can't be imported is a row with its reason, and by default keeps all
//!   others out, too.
//! - Nothing merges by name, and nothing is overwritten: what makes room goes to the trash.
//! - Files come from anywhere: their size, depth, number of entries and cost of decryption are bounded before anything
//!   is spent, errors hold nothing of the file, and buffers with secrets are wiped.
//!
//! ```
//! use countersign_core::import::{Import, ImportFormat};
//!
//! let mut import = Import::new();
//! let added = import.add_file(b"otpauth://totp/Example:alice?secret=JBSWY3DPEHPK3PXP&issuer=Example\n", None)?;
//! assert_eq!((added.format, added.entries), (ImportFormat::Links, 1));
//! # Ok::<(), countersign_core::import::ImportError>(())
//! ```

mod apply;
mod crypto;
mod csv;
mod entry;
mod error;
mod formats;
mod java;
mod journal;
mod json;
mod links;
mod plan;
mod source;
mod xml;

use std::fmt;

pub(crate) use apply::apply;
pub use apply::{ImportReport, ImportedRow, RowOutcome};
pub(crate) use crypto::{Argon2Cost, argon2id};
pub use error::{EntryError, ImportError};
pub use journal::{LastImport, UndoReport};
pub(crate) use journal::{last, undo};
pub use plan::{ImportOptions, ImportPreview, ImportRow, RowVerdict, SameName, preview};
pub(crate) use plan::{counter, fingerprint};

use entry::{Entry, RefusedEntry};
use source::Source;

use crate::Secret;
use crate::backup;
use crate::offer::{MigrationBatch, MigrationPart, Offer, OtpOffer};
use crate::scan::{self, ScannedText};

/// Where an entry comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ImportFormat {
    /// `otpauth` links, in a text or in QR codes; also Ente Auth's plain export.
    Links,
    /// Google Authenticator's QR codes (`otpauth-migration`).
    GoogleAuthenticator,
    /// Aegis.
    Aegis,
    /// 2FAS.
    TwoFas,
    /// Ente Auth, encrypted.
    EnteAuth,
    /// Bitwarden and Bitwarden Authenticator, JSON.
    Bitwarden,
    /// CSV of Bitwarden or KeePassXC.
    PasswordCsv,
    /// Proton Authenticator.
    ProtonAuthenticator,
    /// Stratum, once Authenticator Pro.
    Stratum,
    /// FreeOTP and FreeOTP+.
    FreeOtp,
    /// andOTP.
    AndOtp,
    /// Raivo.
    Raivo,
    /// LastPass Authenticator.
    LastPassAuthenticator,
    /// Authy's store on Android.
    Authy,
    /// Duo Mobile's store on Android.
    Duo,
    /// Microsoft Authenticator's store on Android.
    MicrosoftAuthenticator,
    /// A backup of this app.
    Countersign,
}

impl ImportFormat {
    /// A stable name for shells and scripts.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Links => "links",
            Self::GoogleAuthenticator => "google_authenticator",
            Self::Aegis => "aegis",
            Self::TwoFas => "2fas",
            Self::EnteAuth => "ente_auth",
            Self::Bitwarden => "bitwarden",
            Self::PasswordCsv => "password_csv",
            Self::ProtonAuthenticator => "proton_authenticator",
            Self::Stratum => "stratum",
            Self::FreeOtp => "freeotp",
            Self::AndOtp => "andotp",
            Self::Raivo => "raivo",
            Self::LastPassAuthenticator => "lastpass_authenticator",
            Self::Authy => "authy",
            Self::Duo => "duo",
            Self::MicrosoftAuthenticator => "microsoft_authenticator",
            Self::Countersign => "countersign",
        }
    }

    /// The name that people know.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Links => "otpauth links",
            Self::GoogleAuthenticator => "Google Authenticator",
            Self::Aegis => "Aegis",
            Self::TwoFas => "2FAS",
            Self::EnteAuth => "Ente Auth",
            Self::Bitwarden => "Bitwarden",
            Self::PasswordCsv => "a password manager",
            Self::ProtonAuthenticator => "Proton Authenticator",
            Self::Stratum => "Stratum",
            Self::FreeOtp => "FreeOTP",
            Self::AndOtp => "andOTP",
            Self::Raivo => "Raivo",
            Self::LastPassAuthenticator => "LastPass Authenticator",
            Self::Authy => "Authy",
            Self::Duo => "Duo Mobile",
            Self::MicrosoftAuthenticator => "Microsoft Authenticator",
            Self::Countersign => "Countersign",
        }
    }
}

impl fmt::Display for ImportFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What was found in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AddedFile {
    /// Its format.
    pub format: ImportFormat,
    /// How many entries, good or not. Those of a migration count once all of its parts are there.
    pub entries: usize,
}

/// The entries of all files of one import. Nothing of it is stored until [`crate::Authenticator::import`].
#[derive(Clone, Default)]
pub struct Import {
    entries: Vec<(ImportFormat, Entry)>,
    batches: Vec<MigrationBatch>,
}

impl Import {
    /// Longest file, in bytes.
    pub const MAX_FILE_BYTES: usize = 32 * 1024 * 1024;
    /// Most entries of one import.
    pub const MAX_ENTRIES: usize = links::MAX_ENTRIES;

    /// Without any file yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads one more file. Opening an encrypted one takes as long as its maker wanted, mostly less than a second.
    ///
    /// # Errors
    ///
    /// [`ImportError`]; the import stays as it was. On [`ImportError::PasswordNeeded`] and
    /// [`ImportError::WrongPassword`] ask for the password and try again.
    pub fn add_file(&mut self, bytes: &[u8], password: Option<&Secret>) -> Result<AddedFile, ImportError> {
        if bytes.len() > Self::MAX_FILE_BYTES {
            return Err(ImportError::FileTooLarge);
        }
        if bytes.starts_with(b"PK\x03\x04") {
            return Err(ImportError::Archive);
        }
        if is_picture(bytes) {
            return Err(ImportError::IsPicture);
        }
        if backup::is_sealed(bytes) {
            let content = backup::open(bytes, password)?;
            let source = Source::new(&content)?;
            let format = formats::find(&source).ok_or(ImportError::Damaged)?;
            return self.extend(ImportFormat::Countersign, format.read(&source, None)?);
        }
        let source = Source::new(bytes)?;
        if let Some(format) = formats::find(&source) {
            let entries = format.read(&source, password)?;
            if entries.is_empty() {
                return Err(ImportError::Empty);
            }
            return self.extend(format.name(), entries);
        }
        match source {
            Source::Text(text) if links::lines(text).any(is_link) => self.add_links(links::lines(text)),
            _ => Err(ImportError::UnknownFormat),
        }
    }

    /// Takes in the codes of a picture file.
    ///
    /// # Errors
    ///
    /// [`ImportError::Picture`], [`ImportError::NoCode`]; the import stays as it was.
    #[cfg(feature = "pictures")]
    pub fn add_picture(&mut self, file: &[u8]) -> Result<AddedFile, ImportError> {
        self.add_texts(&scan::scan_picture(file)?)
    }

    /// Takes in the codes of a picture that a platform has decoded; parameters as of [`scan::scan_frame`].
    ///
    /// # Errors
    ///
    /// [`ImportError::Picture`], [`ImportError::NoCode`]; the import stays as it was.
    pub fn add_frame(
        &mut self,
        luma: &[u8],
        width: usize,
        height: usize,
        row_stride: usize,
    ) -> Result<AddedFile, ImportError> {
        self.add_texts(&scan::scan_frame(luma, width, height, row_stride)?)
    }

    /// Takes in the text of one scanned QR code.
    ///
    /// # Errors
    ///
    /// [`ImportError::UnknownFormat`] for a text that isn't a link of accounts.
    pub fn add_text(&mut self, text: &str) -> Result<AddedFile, ImportError> {
        if is_link(text.trim()) {
            self.add_links(std::iter::once(text))
        } else {
            Err(ImportError::UnknownFormat)
        }
    }

    /// Takes in what was scanned: an account's codes, or a part of a migration.
    ///
    /// # Errors
    ///
    /// [`ImportError::UnknownFormat`] for an offer of another kind.
    pub fn add_offer(&mut self, offer: Offer) -> Result<AddedFile, ImportError> {
        match offer {
            Offer::Otp(offer) => self.extend(ImportFormat::Links, vec![Ok(offer)]),
            Offer::Migration(part) => {
                let mut batches = self.batches.clone();
                add_part(&mut batches, part)?;
                self.batches = batches;
                Ok(AddedFile { format: ImportFormat::GoogleAuthenticator, entries: 0 })
            }
            _ => Err(ImportError::UnknownFormat),
        }
    }

    /// Takes in a list of links, and nothing else.
    pub(crate) fn add_list(&mut self, text: &str) -> Result<AddedFile, ImportError> {
        self.add_links(links::lines(text))
    }

    /// The accounts of the lists that were added, line by line.
    pub(crate) fn lines(&self) -> impl Iterator<Item = Option<&OtpOffer>> {
        self.entries.iter().map(|(_, entry)| entry.as_ref().ok())
    }

    /// The accounts of the files that were added.
    pub(crate) fn offers(self) -> impl Iterator<Item = OtpOffer> {
        self.entries.into_iter().filter_map(|(_, entry)| entry.ok())
    }

    fn add_texts(&mut self, texts: &[ScannedText]) -> Result<AddedFile, ImportError> {
        if texts.is_empty() {
            return Err(ImportError::NoCode);
        }
        self.add_links(texts.iter().map(ScannedText::expose))
    }

    fn add_links<'t>(&mut self, texts: impl Iterator<Item = &'t str>) -> Result<AddedFile, ImportError> {
        let (mut batches, mut entries) = (self.batches.clone(), Vec::new());
        let (mut format, mut migrated) = (ImportFormat::Links, 0);
        for (index, text) in texts.enumerate() {
            if index == Self::MAX_ENTRIES {
                return Err(ImportError::TooMuch);
            }
            let Ok(Offer::Migration(part)) = Offer::parse(text) else {
                entries.push(entry::entry_of_link(text, "", ""));
                continue;
            };
            format = ImportFormat::GoogleAuthenticator;
            migrated += part.accounts.len() + part.refused.len();
            add_part(&mut batches, part)?;
            if migrated > Self::MAX_ENTRIES {
                return Err(ImportError::TooMuch);
            }
        }
        let mut added = self.extend(ImportFormat::Links, entries)?;
        self.batches = batches;
        added.format = format;
        Ok(added)
    }

    fn extend(&mut self, format: ImportFormat, entries: Vec<Entry>) -> Result<AddedFile, ImportError> {
        let count = entries.len();
        if self.entries.len() + count > Self::MAX_ENTRIES {
            return Err(ImportError::TooMuch);
        }
        self.entries.extend(entries.into_iter().map(|entry| (format, entry)));
        Ok(AddedFile { format, entries: count })
    }

    /// All entries, those of complete migrations at the end.
    fn all(&self) -> Result<Vec<(ImportFormat, Entry)>, ImportError> {
        let mut all = self.entries.clone();
        for batch in &self.batches {
            let (count, missing) = (batch.count(), batch.missing().len());
            let (accounts, refused) =
                batch.clone().finish().map_err(|_| ImportError::IncompleteBatch { count, missing })?;
            let refused = refused.into_iter().map(|refused| {
                let reason = refused.reason.into();
                Err(RefusedEntry { issuer: refused.issuer, name: refused.name, reason })
            });
            let entries = accounts.into_iter().map(Ok).chain(refused);
            all.extend(entries.map(|entry| (ImportFormat::GoogleAuthenticator, entry)));
        }
        match all.len() {
            0 => Err(ImportError::Empty),
            count if count > Self::MAX_ENTRIES => Err(ImportError::TooMuch),
            _ => Ok(all),
        }
    }
}

impl fmt::Debug for Import {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Import").field("entries", &self.entries.len()).finish_non_exhaustive()
    }
}

/// Most exports of Google Authenticator at once, each in up to 256 parts.
const MAX_BATCHES: usize = 64;

fn add_part(batches: &mut Vec<MigrationBatch>, part: MigrationPart) -> Result<(), ImportError> {
    let is_full = batches.len() == MAX_BATCHES;
    match batches.iter_mut().find(|batch| batch.is_of(&part)) {
        Some(batch) => Ok(batch.add(part)?),
        None if is_full => Err(ImportError::TooMuch),
        None => {
            batches.push(MigrationBatch::new(part));
            Ok(())
        }
    }
}

fn is_link(line: &str) -> bool {
    let is = |scheme: &str| line.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    is("otpauth://") || is("otpauth-migration://")
}

/// PNG, JPEG, WebP, or HEIF with its kin.
fn is_picture(bytes: &[u8]) -> bool {
    match bytes {
        [0x89, b'P', b'N', b'G', ..] | [0xff, 0xd8, 0xff, ..] | [_, _, _, _, b'f', b't', b'y', b'p', ..] => {
            true
        }
        [b'R', b'I', b'F', b'F', _, _, _, _, rest @ ..] => rest.starts_with(b"WEBP"),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
