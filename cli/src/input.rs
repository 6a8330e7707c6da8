//! What the person gives: pictures, links, files. Bounded before it is read, and never repeated in any output.

use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::path::Path;

use countersign_core::scan::MAX_FILE_BYTES;
use countersign_core::{Error, Secret};
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::prompt;

/// Texts are secrets more often than not.
pub(crate) type Text = Zeroizing<String>;

/// The texts in a source: a link is its own; `-` is standard input, or asks for a link on a terminal; anything else is a
/// file. Files and standard input may hold a picture, or text with a link on each line.
pub(crate) fn read_texts(source: &str) -> Result<Vec<Text>, Failure> {
    if source.contains("://") {
        return Ok(vec![Zeroizing::new(source.to_owned())]);
    }
    if source == "-" && io::stdin().is_terminal() {
        return Ok(vec![ask_for_link()?]);
    }
    let bytes = if source == "-" { read_stdin()? } else { read_file(Path::new(source))? };
    texts_of(&bytes)
}

/// The texts of the QR codes in a picture file.
pub(crate) fn read_picture(path: &Path) -> Result<Vec<Text>, Failure> {
    let bytes = read_any(path)?;
    let texts = scan(&bytes)?;
    if texts.is_empty() { Err(Failure::PictureWithoutCode) } else { Ok(texts) }
}

/// A whole file, or standard input for `-`.
pub(crate) fn read_any(path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    if path == Path::new("-") { read_stdin() } else { read_file(path) }
}

/// A whole file of at most [`MAX_FILE_BYTES`].
pub(crate) fn read_file(path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    read_bounded(File::open(path).map_err(|error| unreadable(&error))?)
}

/// A passphrase or a recovery code: the first line of a file.
pub(crate) fn read_first_line(path: &Path) -> Result<Secret, Failure> {
    let bytes = read_file(path)?;
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    Ok(Secret::from(line.strip_suffix(b"\r").unwrap_or(line)))
}

/// A link on standard input, or asked for on a terminal.
pub(crate) fn read_link() -> Result<Text, Failure> {
    if io::stdin().is_terminal() {
        return ask_for_link();
    }
    let bytes = read_stdin()?;
    Ok(Zeroizing::new(str::from_utf8(&bytes).map_err(|_| Failure::NotOneTimeCodes)?.to_owned()))
}

/// A link holds a secret, so it isn't shown while it is typed or pasted.
fn ask_for_link() -> Result<Text, Failure> {
    let link = prompt::secret("Link (not shown): ")?;
    Ok(Zeroizing::new(String::from_utf8_lossy(link.expose()).into_owned()))
}

fn read_stdin() -> Result<Zeroizing<Vec<u8>>, Failure> {
    read_bounded(io::stdin().lock())
}

fn read_bounded(reader: impl Read) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let mut bytes = Zeroizing::new(Vec::new());
    let limit = u64::try_from(MAX_FILE_BYTES).unwrap_or(u64::MAX);
    reader.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
    if bytes.len() > MAX_FILE_BYTES {
        return Err(Failure::FileTooLarge(MAX_FILE_BYTES / (1024 * 1024)));
    }
    Ok(bytes)
}

fn texts_of(bytes: &[u8]) -> Result<Vec<Text>, Failure> {
    // No picture is valid UTF-8, and every link is.
    if let Ok(text) = str::from_utf8(bytes) {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        return Ok(lines.map(|line| Zeroizing::new(line.to_owned())).collect());
    }
    match scan(bytes)? {
        texts if texts.is_empty() => Err(Failure::PictureWithoutCode),
        texts => Ok(texts),
    }
}

fn scan(bytes: &[u8]) -> Result<Vec<Text>, Failure> {
    let texts = countersign_core::scan::scan_picture(bytes).map_err(Error::from)?;
    Ok(texts.iter().map(|text| Zeroizing::new(text.expose().to_owned())).collect())
}

fn unreadable(error: &io::Error) -> Failure {
    Failure::FileUnreadable(match error.kind() {
        io::ErrorKind::NotFound => "there is no such file",
        io::ErrorKind::PermissionDenied => "you have no access to it",
        io::ErrorKind::IsADirectory => "it is a folder",
        _ => "the system reports an error",
    })
}
