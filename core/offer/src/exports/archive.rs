//! ZIP archives with an export in them, as Raivo and Proton Pass write.
//!
//! What comes out is bounded by bytes, not by what the archive says of itself, and an archive in an archive isn't opened.

use std::io::{Cursor, Read};

use zeroize::Zeroizing;
use zip::ZipArchive;
use zip::read::ZipFile;
use zip::result::ZipError;

use super::source::Source;
use super::{Import, ImportError, ImportFormat, holds_link, kind};
use super::{formats, sealed};
use countersign_otp::Secret;

pub(super) const MAGIC: &[u8] = b"PK\x03\x04";
const FORMAT: ImportFormat = ImportFormat::ZipArchive;
const DIRECTORY_ENTRY: &[u8] = b"PK\x01\x02";
/// An export has its icons beside it at most.
const MAX_FILES: usize = 2_000;

/// The one file of the archive that is an export.
pub(super) fn export_in(bytes: &[u8], password: Option<&Secret>) -> Result<Zeroizing<Vec<u8>>, ImportError> {
    // Before its directory is read into memory.
    let entries = bytes.windows(DIRECTORY_ENTRY.len()).filter(|window| *window == DIRECTORY_ENTRY);
    if entries.take(MAX_FILES + 1).count() > MAX_FILES {
        return Err(ImportError::Archive);
    }
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| ImportError::Damaged)?;
    let mut left = Import::MAX_FILE_BYTES;
    let mut export = None;
    for index in 0..archive.len() {
        let Some(is_encrypted) = looked_at(&archive, index)? else { continue };
        let unreadable = if is_encrypted { ImportError::WrongPassword(FORMAT) } else { ImportError::Damaged };
        let file = if is_encrypted {
            let password = password.ok_or(ImportError::PasswordNeeded(FORMAT))?;
            archive.by_index_decrypt(index, password.expose())
        } else {
            archive.by_index(index)
        };
        let content = read(file.map_err(|error| refused(&error, unreadable))?, left, unreadable)?;
        left -= content.len();
        if is_export(&content) && export.replace(content).is_some() {
            return Err(ImportError::Archive);
        }
    }
    export.ok_or(ImportError::Archive)
}

/// Whether the file is encrypted; nothing for a folder and for what archivers add by themselves.
fn looked_at(archive: &ZipArchive<Cursor<&[u8]>>, index: usize) -> Result<Option<bool>, ImportError> {
    let file = archive.by_index_data(index).map_err(|_| ImportError::Damaged)?;
    let name = file.name_raw();
    let is_hidden = name.rsplit(|byte| *byte == b'/').next().is_some_and(|name| name.starts_with(b"."));
    let is_looked_at = file.is_file() && !name.starts_with(b"__MACOSX/") && !is_hidden;
    Ok(is_looked_at.then(|| file.encrypted()))
}

fn read<R: Read + ?Sized>(
    file: ZipFile<'_, R>,
    left: usize,
    unreadable: ImportError,
) -> Result<Zeroizing<Vec<u8>>, ImportError> {
    let limit = u64::try_from(left).map_err(|_| ImportError::TooMuch)?;
    let capacity = usize::try_from(file.size().min(limit)).map_err(|_| ImportError::TooMuch)?;
    let mut content = Zeroizing::new(Vec::new());
    content.try_reserve_exact(capacity).map_err(|_| ImportError::OutOfMemory)?;
    file.take(limit + 1).read_to_end(&mut content).map_err(|_| unreadable)?;
    if content.len() > left { Err(ImportError::TooMuch) } else { Ok(content) }
}

const fn refused(error: &ZipError, unreadable: ImportError) -> ImportError {
    match error {
        ZipError::CompressionMethodNotSupported(_) | ZipError::UnsupportedArchive(_) => ImportError::Archive,
        _ => unreadable,
    }
}

fn is_export(content: &[u8]) -> bool {
    if kind::is_picture(content) || kind::of(content).is_some() || content.starts_with(MAGIC) {
        return false;
    }
    if sealed::is_sealed(content) {
        return true;
    }
    let Ok(source) = Source::new(content) else { return false };
    // A format without a mark takes whatever is binary for its own.
    let has_mark = |format: ImportFormat| format != ImportFormat::AndOtp || source.binary().is_none();
    match formats::find(&source) {
        Some(format) => has_mark(format.name()),
        None => matches!(source, Source::Text(text) if holds_link(text)),
    }
}
