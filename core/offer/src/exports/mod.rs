//! Other apps' exports: from the bytes of their files to offers, with no account and no vault in sight.
//!
//! An [`Import`] collects exports of other authenticators, lists of `otpauth` links, and pictures of QR codes. A file's
//! format is found by content, never by name. [`Import::entries`] gives what is in them; what becomes of each, next to the
//! accounts that are there, is decided by who stores them.
//!
//! - No entry is left out in silence: one that can't be used is an [`Entry`] with its reason.
//! - A backup of Countersign is one more format, opened and [sealed] here.
//! - Files come from anywhere: their size, depth, number of entries and cost of decryption are bounded before anything
//!   is spent, errors hold nothing of the file, and buffers with secrets are wiped.
//!
//! ```
//! use countersign_offer::exports::{Import, ImportFormat};
//!
//! let mut import = Import::new();
//! let added = import.add_file(b"otpauth://totp/Example:alice?secret=JBSWY3DPEHPK3PXP&issuer=Example\n", None)?;
//! assert_eq!((added.format, added.entries), (ImportFormat::Links, 1));
//! # Ok::<(), countersign_offer::exports::ImportError>(())
//! ```

#[cfg(feature = "archives")]
mod archive;
mod crypto;
mod csv;
mod entry;
mod error;
mod format;
mod formats;
mod java;
mod json;
#[cfg(feature = "archives")]
mod kdbx;
mod kind;
mod links;
mod list;
mod missing;
mod names;
pub mod sealed;
mod source;
mod trash;
mod xml;

use std::fmt;

pub use crypto::{Argon2Cost, Key, argon2id};
pub use entry::{Entry, Place, RefusedEntry};
pub use error::{EntryError, ImportError};
pub use format::ImportFormat;
pub use kind::FileKind;
pub use missing::MissingParts;

use source::Source;

use crate::{End, MigrationBatch, MigrationPart, Offer, OtpOffer, is_link};
use countersign_otp::Secret;
use countersign_scan::{PartCollector, ScanError, ScannedCode, ScannedText};

/// What was found in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AddedFile {
    /// Its format.
    pub format: ImportFormat,
    /// How many entries, good or not. Those of a migration count once all of its parts are there.
    pub entries: usize,
    /// Whether letters in QR codes of it couldn't be read: names may have lost some, in the place of which is U+FFFD.
    pub has_unreadable_letters: bool,
    /// How many QR codes of an export or of a text in several are still missing, from this file and those before. Nothing is
    /// imported without them.
    pub missing_codes: usize,
}

impl AddedFile {
    const fn new(format: ImportFormat, entries: usize) -> Self {
        Self { format, entries, has_unreadable_letters: false, missing_codes: 0 }
    }
}

/// The entries of all files of one import. Nothing of it is stored here.
#[derive(Clone, Default)]
pub struct Import {
    entries: Vec<Found>,
    batches: Vec<MigrationBatch>,
    parts: PartCollector,
    /// How many files were added.
    files: usize,
}

/// An entry, and where it was found.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Found {
    /// The format of its file.
    pub format: ImportFormat,
    /// Which of the files, from 0; none for an export in several QR codes, which may be in several files.
    pub file: Option<usize>,
    /// Where it stands in its file.
    pub place: Place,
    /// The entry.
    pub entry: Entry,
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
        let decoded = source::to_utf8(bytes);
        let bytes = decoded.as_ref().map_or(bytes, |text| text.as_bytes());
        if kind::is_picture(bytes) {
            return Err(ImportError::IsPicture);
        }
        if let Some(kind) = kind::of(bytes) {
            let error = if kind.is_picture() { ImportError::IsPicture } else { ImportError::OtherFile(kind) };
            return Err(error);
        }
        if bytes.starts_with(b"PK\x03\x04") {
            #[cfg(feature = "archives")]
            return self.add_content(&archive::export_in(bytes, password)?, password);
            #[cfg(not(feature = "archives"))]
            return Err(ImportError::Archive);
        }
        self.add_content(bytes, password)
    }

    /// Reads an export, which isn't in an archive.
    fn add_content(&mut self, bytes: &[u8], password: Option<&Secret>) -> Result<AddedFile, ImportError> {
        if sealed::is_sealed(bytes) {
            let content = sealed::open(bytes, password)?;
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
            Source::Text(text) if text.trim().is_empty() => Err(ImportError::EmptyFile),
            Source::Text(text) if holds_link(text) => {
                self.add_links(ImportFormat::Links, list::links(text).map(of_line))
            }
            Source::Xml(text) => {
                Err(kind::of_markup(text).map_or(ImportError::UnknownFormat, ImportError::OtherFile))
            }
            _ => Err(ImportError::UnknownFormat),
        }
    }

    /// Takes in the codes of a picture file. A text that is spread over several codes counts once all of them are there.
    ///
    /// # Errors
    ///
    /// [`ImportError::Picture`], [`ImportError::NoCode`]; the import stays as it was.
    #[cfg(feature = "pictures")]
    pub fn add_picture(&mut self, file: &[u8]) -> Result<AddedFile, ImportError> {
        if let Some(kind) = kind::of(file) {
            return Err(ImportError::OtherFile(kind));
        }
        self.add_codes(countersign_scan::scan_picture(file)?)
    }

    /// Takes in the codes of a picture that a platform has decoded; parameters as of [`countersign_scan::scan_frame`].
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
        self.add_codes(countersign_scan::scan_frame(luma, width, height, row_stride)?)
    }

    /// Takes in the text of one scanned QR code.
    ///
    /// # Errors
    ///
    /// [`ImportError::UnknownFormat`] for a text that isn't a link of accounts.
    pub fn add_text(&mut self, text: &str) -> Result<AddedFile, ImportError> {
        if is_link(text) {
            self.add_links(ImportFormat::Links, of_text(Place::Entry(1), text))
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
            Offer::Otp(offer) => self.extend(ImportFormat::Links, vec![Entry::new(Ok(offer))]),
            Offer::Migration(part) => {
                let mut batches = self.batches.clone();
                add_part(&mut batches, part)?;
                self.batches = batches;
                self.files += 1;
                let mut added = AddedFile::new(ImportFormat::GoogleAuthenticator, 0);
                added.missing_codes = self.missing_codes();
                Ok(added)
            }
            _ => Err(ImportError::UnknownFormat),
        }
    }

    /// Takes in a list of links that Countersign wrote, and nothing else.
    ///
    /// # Errors
    ///
    /// [`ImportError::TooMuch`]; the import stays as it was.
    pub fn add_list(&mut self, text: &str) -> Result<AddedFile, ImportError> {
        self.add_links(ImportFormat::Countersign, list::links(text).map(of_line))
    }

    /// The accounts of the lists that were added, line by line.
    pub fn lines(&self) -> impl Iterator<Item = Option<&OtpOffer>> {
        self.entries.iter().map(|found| found.entry.offer())
    }

    /// The accounts of the files that were added.
    pub fn offers(self) -> impl Iterator<Item = OtpOffer> {
        self.entries.into_iter().filter_map(|found| found.entry.into_offer())
    }

    /// Takes in what was scanned. A text that is spread over several codes counts once all of them are there, in whatever order
    /// and from however many calls.
    ///
    /// # Errors
    ///
    /// [`ImportError::NoCode`], [`ImportError::Picture`] for parts that don't fit together; the import stays as it was.
    pub fn add_codes(&mut self, codes: Vec<ScannedCode>) -> Result<AddedFile, ImportError> {
        if codes.is_empty() {
            return Err(ImportError::NoCode);
        }
        let mut parts = self.parts.clone();
        let mut texts = Vec::new();
        for code in parts.add(codes) {
            match code.text() {
                Ok(text) => texts.push(text.clone()),
                // The next picture may have them.
                Err(ScanError::PartsMissing { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let links = (1..).map(Place::Entry).zip(texts.iter().map(ScannedText::expose));
        let mut added =
            self.add_links(ImportFormat::Links, links.flat_map(|(place, text)| of_text(place, text)))?;
        added.has_unreadable_letters = texts.iter().any(ScannedText::has_unreadable_letters);
        self.parts = parts;
        added.missing_codes = self.missing_codes();
        Ok(added)
    }

    fn missing_codes(&self) -> usize {
        let of_exports: usize = self.batches.iter().map(|batch| batch.missing().len()).sum();
        of_exports + self.parts.missing_count()
    }

    fn add_links<'t>(
        &mut self,
        format: ImportFormat,
        texts: impl Iterator<Item = (Place, &'t str, End)>,
    ) -> Result<AddedFile, ImportError> {
        let (mut batches, mut entries) = (self.batches.clone(), Vec::new());
        let (mut shown, mut migrated) = (format, 0);
        for (index, (place, text, end)) in texts.enumerate() {
            if index == Self::MAX_ENTRIES {
                return Err(ImportError::TooMuch);
            }
            let Ok(Offer::Migration(part)) = Offer::parse_to(text, end) else {
                entries.push(entry::entry_of_text(text, end).at(place));
                continue;
            };
            shown = ImportFormat::GoogleAuthenticator;
            migrated += part.accounts.len() + part.refused.len();
            add_part(&mut batches, part)?;
            if migrated > Self::MAX_ENTRIES {
                return Err(ImportError::TooMuch);
            }
        }
        let mut added = self.extend(format, entries)?;
        self.batches = batches;
        added.format = shown;
        Ok(added)
    }

    fn extend(&mut self, format: ImportFormat, entries: Vec<Entry>) -> Result<AddedFile, ImportError> {
        let count = entries.len();
        if self.entries.len() + count > Self::MAX_ENTRIES {
            return Err(ImportError::TooMuch);
        }
        let file = Some(self.files);
        self.files += 1;
        self.entries.extend((1..).zip(entries).map(|(number, entry)| {
            let place = entry.place.unwrap_or(Place::Entry(number));
            Found { format, file, place, entry }
        }));
        Ok(AddedFile::new(format, count))
    }

    /// All entries, those of complete migrations at the end.
    ///
    /// # Errors
    ///
    /// [`ImportError::Empty`], [`ImportError::IncompleteBatch`], [`ImportError::Picture`] where parts of a text are missing.
    pub fn entries(&self) -> Result<Vec<Found>, ImportError> {
        if let Some(parts) = self.parts.incomplete() {
            return Err(parts.error().into());
        }
        let mut all = self.entries.clone();
        for batch in &self.batches {
            let (count, missing) = (batch.count(), batch.missing().into_iter().collect());
            let (accounts, refused) =
                batch.clone().finish().map_err(|_| ImportError::IncompleteBatch { count, missing })?;
            let refused = refused.into_iter().map(|refused| {
                let reason = refused.reason.into();
                Err(RefusedEntry { issuer: refused.issuer, name: refused.name, reason })
            });
            let entries = accounts.into_iter().map(Ok).chain(refused).map(Entry::new);
            all.extend((1..).zip(entries).map(|(number, entry)| Found {
                format: ImportFormat::GoogleAuthenticator,
                file: None,
                place: Place::Entry(number),
                entry,
            }));
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

/// Most parts of Google Authenticator's exports at once, here or missing: sixteen of the largest exports.
const MAX_PARTS: usize = 4_096;

fn add_part(batches: &mut Vec<MigrationBatch>, part: MigrationPart) -> Result<(), ImportError> {
    let parts: usize = batches.iter().map(MigrationBatch::count).sum();
    match batches.iter_mut().find(|batch| batch.takes(&part)) {
        Some(batch) => Ok(batch.add(part)?),
        None if parts + part.count > MAX_PARTS => Err(ImportError::TooMuch),
        None => {
            batches.push(MigrationBatch::new(part));
            Ok(())
        }
    }
}

/// A link of a list, where it stands, and what follows it.
const fn of_line(link: list::Listed<'_>) -> (Place, &str, End) {
    (Place::Line(link.line), link.text, link.end)
}

/// The same of a text that was scanned or pasted.
fn of_text(place: Place, text: &str) -> impl Iterator<Item = (Place, &str, End)> {
    list::links_of_text(text).map(move |(link, end)| (place, link, end))
}

/// Whether a line of the text is a link, or has one behind a few words.
fn holds_link(text: &str) -> bool {
    list::links(text).any(|link| is_link(link.text) || has_link_near_start(link.text))
}

fn has_link_near_start(line: &str) -> bool {
    const WITHIN: usize = 64;
    let has = |scheme: &str| {
        let mut windows = line.as_bytes().windows(scheme.len()).take(WITHIN);
        windows.any(|window| window.eq_ignore_ascii_case(scheme.as_bytes()))
    };
    has("otpauth://") || has("otpauth-migration://")
}

#[cfg(test)]
mod tests;
