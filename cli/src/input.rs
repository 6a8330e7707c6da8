//! Input: pictures, links, files. Its size is checked before it is read, and no output repeats it.

use std::fs::{self, File};
use std::io::{self, IsTerminal, Read};
use std::path::Path;

use countersign_authenticator::scan::{MAX_FILE_BYTES, PartCollector, ScanError, ScannedCode};
use countersign_authenticator::{Error, Secret};
use zeroize::Zeroizing;

use crate::args::LONGEST_HARMLESS;
use crate::failure::Failure;
use crate::text::safe;
use crate::{passphrase, prompt};

/// Most texts are secrets.
pub(crate) type Text = Zeroizing<String>;

/// Reads texts from one source after the other. A text in several QR codes is returned with the source that has the last
/// of them.
#[derive(Default)]
pub(crate) struct Reader {
    parts: PartCollector,
    /// Whether letters of the texts became U+FFFD.
    pub(crate) has_unreadable_letters: bool,
}

impl Reader {
    /// The texts in a source: a link is its own; `-` is standard input, or asks for a link on a terminal; anything else is a
    /// file. Files and standard input may hold a picture, or text with a link on each line.
    pub(crate) fn read(&mut self, source: &str) -> Result<Vec<Text>, Failure> {
        if source.contains("://") {
            return Ok(vec![Zeroizing::new(source.to_owned())]);
        }
        if source == "-" && io::stdin().is_terminal() {
            return Ok(vec![ask_for_link()?]);
        }
        let bytes = if source == "-" { read_stdin()? } else { read_file(Path::new(source))? };
        // No picture is text, and every link is.
        if let Some(text) = decode(&bytes) {
            let lines = lines(&text).map(str::trim).filter(|line| !line.is_empty());
            return Ok(lines.map(|line| Zeroizing::new(line.to_owned())).collect());
        }
        self.scan(&bytes).map_err(|failure| failure.at(source))
    }

    /// The texts of the QR codes in a picture file.
    pub(crate) fn read_picture(&mut self, path: &Path) -> Result<Vec<Text>, Failure> {
        self.scan(&read_any(path)?).map_err(|failure| failure.at(path))
    }

    /// Whether parts of a text are there, and others aren't.
    pub(crate) fn is_waiting(&self) -> bool {
        self.parts.incomplete().is_some()
    }

    /// Call this after the last source.
    ///
    /// # Errors
    ///
    /// When parts of a text are missing.
    pub(crate) fn finish(&self) -> Result<(), Failure> {
        self.parts.incomplete().map_or(Ok(()), |parts| Err(Error::from(parts.error()).into()))
    }

    fn scan(&mut self, bytes: &[u8]) -> Result<Vec<Text>, Failure> {
        let mut texts = Vec::new();
        for code in self.parts.add(scan(bytes)?) {
            match code.text() {
                Ok(text) => {
                    self.has_unreadable_letters |= text.has_unreadable_letters();
                    texts.push(Zeroizing::new(text.expose().to_owned()));
                }
                // The next source may have them.
                Err(ScanError::PartsMissing { .. }) => {}
                Err(error) => return Err(Error::from(error).into()),
            }
        }
        Ok(texts)
    }
}

/// The warning for a text with unreadable letters.
pub(crate) const UNREADABLE_LETTERS: &str =
    "Some letters of a name are in an unknown character set, and are shown as \u{FFFD}.";

/// The QR codes in a picture file; there is one at least.
pub(crate) fn scan_picture(path: &Path) -> Result<Vec<ScannedCode>, Failure> {
    scan(&read_any(path)?).map_err(|failure| failure.at(path))
}

/// A whole file, or standard input for `-`.
pub(crate) fn read_any(path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    if path == Path::new("-") { read_stdin() } else { read_file(path) }
}

/// A whole file of at most [`MAX_FILE_BYTES`].
pub(crate) fn read_file(path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    open_and_read(path).map_err(|failure| failure.at(path))
}

/// A passphrase or a recovery code: the first line of a file that the option `option` names.
pub(crate) fn read_first_line(path: &Path, option: &'static str) -> Result<Secret, Failure> {
    let bytes = open_and_read(path).map_err(|failure| failure.at_option(option, path))?;
    let text = decode(&bytes).ok_or_else(|| Failure::FileUnreadable(NO_TEXT).at_option(option, path))?;
    Ok(passphrase::composed(lines(&text).next().unwrap_or_default()))
}

/// Certificates as PEM.
pub(crate) fn read_pem(path: &Path, option: &'static str) -> Result<Text, Failure> {
    let bytes = open_and_read(path).map_err(|failure| failure.at_option(option, path))?;
    decode(&bytes).ok_or(Failure::BadCertificate)
}

/// Checks that a folder is writable, before asking any question.
pub(crate) fn check_folder(folder: &Path) -> Result<(), Failure> {
    let unwritable = |why| Err(Failure::FileUnwritable { name: shown(folder), why });
    match folder.metadata() {
        Ok(metadata) if metadata.is_dir() => Ok(()),
        Ok(_) => unwritable("it is not a folder"),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            unwritable("there is no such folder; create it first, or name another")
        }
        Err(error) => unwritable(reason(&error)),
    }
}

/// The same for the folder of a file that is to be written.
pub(crate) fn check_folder_of(file: &Path) -> Result<(), Failure> {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => check_folder(folder),
        _ => Ok(()),
    }
}

/// Writes a file, replacing an earlier one of the same name.
pub(crate) fn write_file(path: &Path, content: &[u8]) -> Result<(), Failure> {
    fs::write(path, content)
        .map_err(|error| Failure::FileUnwritable { name: shown(path), why: reason(&error) })
}

/// A link on standard input, or asked for on a terminal.
pub(crate) fn read_link() -> Result<Text, Failure> {
    if io::stdin().is_terminal() {
        return ask_for_link();
    }
    let bytes = read_stdin()?;
    Ok(Zeroizing::new(decode(&bytes).ok_or(Failure::NotOneTimeCodes)?.trim().to_owned()))
}

/// A link contains a secret, so it isn't shown while it is typed or pasted.
fn ask_for_link() -> Result<Text, Failure> {
    prompt::hidden("Link (not shown): ")
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

fn open_and_read(path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    read_bounded(File::open(path).map_err(|error| unreadable(&error))?)
}

fn scan(bytes: &[u8]) -> Result<Vec<ScannedCode>, Failure> {
    let codes = countersign_authenticator::scan::scan_picture(bytes).map_err(Error::from)?;
    if codes.is_empty() { Err(Failure::PictureWithoutCode) } else { Ok(codes) }
}

/// Decodes text as editors and shells save it, without its byte order mark: UTF-8, or UTF-16 with the mark. None if it isn't text.
fn decode(bytes: &[u8]) -> Option<Text> {
    let text = match bytes {
        [0xff, 0xfe, units @ ..] => decode_utf16(units, u16::from_le_bytes)?,
        [0xfe, 0xff, units @ ..] => decode_utf16(units, u16::from_be_bytes)?,
        [0xef, 0xbb, 0xbf, utf8 @ ..] | utf8 => Zeroizing::new(str::from_utf8(utf8).ok()?.to_owned()),
    };
    // In UTF-16 without a mark every other byte is zero.
    (!text.contains('\0')).then_some(text)
}

fn decode_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<Text> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    // Never moved in memory while it grows.
    let mut text = Zeroizing::new(String::with_capacity(bytes.len().saturating_mul(2)));
    for character in char::decode_utf16(pairs.iter().copied().map(unit)) {
        text.push(character.ok()?);
    }
    rest.is_empty().then_some(text)
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'])
}

const NO_TEXT: &str = "it is not text; save it as UTF-8, or as UTF-16 with a byte order mark";

fn unreadable(error: &io::Error) -> Failure {
    Failure::FileUnreadable(reason(error))
}

fn reason(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file",
        io::ErrorKind::PermissionDenied => "you have no access to it",
        io::ErrorKind::IsADirectory => "it is a folder",
        io::ErrorKind::NotADirectory => "a part of its path is not a folder",
        io::ErrorKind::InvalidFilename => "its name can't be used",
        io::ErrorKind::StorageFull => "the disk is full; free some space",
        io::ErrorKind::ReadOnlyFilesystem => "the disk can't be written to",
        _ => "the system reports an error",
    }
}

/// A file's name for messages, unless it may be a secret that was given by mistake.
pub(crate) fn shown(path: &Path) -> String {
    let name = safe(&path.display().to_string());
    let is_short = name.chars().count() <= LONGEST_HARMLESS;
    let has_folder = path.parent().is_some_and(|folder| !folder.as_os_str().is_empty() && folder.is_dir());
    let has_kind = path.extension().is_some_and(|kind| (1..=5).contains(&kind.len()));
    if is_short || has_kind || has_folder || path.symlink_metadata().is_ok() {
        name
    } else {
        HIDDEN.to_owned()
    }
}

/// Replaces a name that may be a secret.
const HIDDEN: &str = "that file (its name is hidden, since it may be a secret)";

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
        "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(unit).collect()
    }

    #[test]
    fn text_is_read_in_every_encoding_that_says_what_it_is() {
        let text = "Grüße 東京 👩‍⚕️";
        for bytes in [
            text.as_bytes().to_vec(),
            format!("\u{feff}{text}").into_bytes(),
            utf16(text, u16::to_le_bytes),
            utf16(text, u16::to_be_bytes),
        ] {
            assert_eq!(decode(&bytes).as_deref().map(String::as_str), Some(text), "{bytes:x?}");
        }
        assert_eq!(decode(b"").as_deref().map(String::as_str), Some(""));
    }

    #[test]
    fn what_is_no_text_is_not_guessed_at() {
        let odd = [utf16("ab", u16::to_le_bytes), vec![0x61]].concat();
        let half = utf16("a", u16::to_le_bytes).into_iter().chain([0x00, 0xd8]).collect::<Vec<_>>();
        let utf32 = [0xff, 0xfe, 0, 0, b'a', 0, 0, 0].to_vec();
        for bytes in [odd, half, utf32, b"a\0b\0".to_vec(), b"\xe9t\xe9".to_vec(), b"\x89PNG".to_vec()] {
            assert!(decode(&bytes).is_none(), "{bytes:x?}");
        }
    }

    #[test]
    fn the_first_line_ends_where_any_system_ends_it() {
        for end in ["", "\n", "\r\n", "\r", "\u{2028}", "\n\nmore", "\r\nmore"] {
            assert_eq!(lines(&format!("one line{end}")).next(), Some("one line"), "{end:?}");
        }
    }

    #[test]
    fn a_name_that_may_be_a_secret_is_not_repeated() {
        for name in ["no-such-file.png", "qr", "/tmp/nothing there", "/no/such/backup.json"] {
            assert_eq!(shown(Path::new(name)), name);
        }
        for secret in ["JBSWY3DPEHPK3PXP", "aGVsbG8/d29ybGQhIQ==", "correct horse battery staple"] {
            assert_eq!(shown(Path::new(secret)), HIDDEN);
        }
    }
}
