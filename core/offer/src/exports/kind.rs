//! Files that are no exports, told by how they begin, so that a person hears what the file is.

use std::fmt;

/// A kind of file that accounts aren't read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FileKind {
    /// A picture in GIF.
    Gif,
    /// A picture in BMP.
    Bmp,
    /// A picture in TIFF.
    Tiff,
    /// A drawing in SVG.
    Svg,
    /// A PDF document.
    Pdf,
    /// A web page without any link or picture of accounts.
    WebPage,
    /// A document of an office program.
    Document,
    /// A video.
    Video,
    /// An archive other than ZIP.
    Archive,
    /// A file that PGP, age or OpenSSL encrypted.
    Encrypted,
    /// A database of KeePass 1.
    KeePass1,
    /// A database of KeePass 2, where the `archives` feature is off.
    KeePass2,
}

impl FileKind {
    /// A stable name for shells and scripts.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Gif => "gif",
            Self::Bmp => "bmp",
            Self::Tiff => "tiff",
            Self::Svg => "svg",
            Self::Pdf => "pdf",
            Self::WebPage => "web_page",
            Self::Document => "document",
            Self::Video => "video",
            Self::Archive => "archive",
            Self::Encrypted => "encrypted",
            Self::KeePass1 => "keepass_1",
            Self::KeePass2 => "keepass_2",
        }
    }

    /// What to do instead.
    pub(super) const fn advice(self) -> &'static str {
        match self {
            Self::Gif | Self::Bmp | Self::Tiff => "save it as PNG or JPEG and import that",
            Self::Svg | Self::Pdf | Self::Document | Self::Video => {
                "if it shows QR codes, take a screenshot of them and import that"
            }
            Self::WebPage => "if it shows QR codes, open it in a browser and import a screenshot of them",
            Self::Archive => "take the export out of it and import that",
            Self::Encrypted => "decrypt it with the program that encrypted it and import what comes out",
            Self::KeePass2 => "export it as CSV, or import it on a computer with `countersign import`",
            Self::KeePass1 => "open it in KeePass 2 or KeePassXC and save it as KDBX",
        }
    }

    /// Whether platforms have decoders for it, although this library has none.
    pub(super) const fn is_picture(self) -> bool {
        matches!(self, Self::Gif | Self::Bmp | Self::Tiff)
    }
}

impl fmt::Display for FileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Gif => "a GIF picture, which is not read here",
            Self::Bmp => "a BMP picture, which is not read here",
            Self::Tiff => "a TIFF picture, which is not read here",
            Self::Svg => "an SVG drawing",
            Self::Pdf => "a PDF document",
            Self::WebPage => "a web page without accounts in it",
            Self::Document => "a document of an office program",
            Self::Video => "a video",
            Self::Archive => "an archive",
            Self::Encrypted => "an encrypted file",
            Self::KeePass1 => "a database of KeePass 1",
            Self::KeePass2 => "a KeePass database, which is not read here",
        })
    }
}

/// First bytes, for kinds that begin with fixed ones.
const MAGIC: [(&[u8], FileKind); 20] = [
    (b"GIF87a", FileKind::Gif),
    (b"GIF89a", FileKind::Gif),
    (b"II*\0", FileKind::Tiff),
    (b"MM\0*", FileKind::Tiff),
    (b"%PDF-", FileKind::Pdf),
    (b"{\\rtf", FileKind::Document),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", FileKind::Document),
    (b"\x1a\x45\xdf\xa3", FileKind::Video),
    (b"\x1f\x8b\x08", FileKind::Archive),
    (b"BZh", FileKind::Archive),
    (b"\xfd7zXZ\0", FileKind::Archive),
    (b"7z\xbc\xaf\x27\x1c", FileKind::Archive),
    (b"Rar!\x1a\x07", FileKind::Archive),
    (b"\x28\xb5\x2f\xfd", FileKind::Archive),
    (b"-----BEGIN PGP", FileKind::Encrypted),
    (b"-----BEGIN AGE", FileKind::Encrypted),
    (b"age-encryption.org/", FileKind::Encrypted),
    (b"Salted__", FileKind::Encrypted),
    (b"\x03\xd9\xa2\x9a\x65\xfb\x4b\xb5", FileKind::KeePass1),
    (b"\x8c\x0d\x04", FileKind::Encrypted),
];
const KEEPASS_2_MAGIC: &[u8] = b"\x03\xd9\xa2\x9a\x67\xfb\x4b\xb5";
/// A tape archive has its mark behind the name of its first file.
const TAR_MAGIC: std::ops::Range<usize> = 257..262;

/// The kind of a file that no export begins like.
pub(super) fn of(bytes: &[u8]) -> Option<FileKind> {
    if cfg!(not(feature = "archives")) && bytes.starts_with(KEEPASS_2_MAGIC) {
        return Some(FileKind::KeePass2);
    }
    if let Some((_, kind)) = MAGIC.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return Some(*kind);
    }
    if bytes.get(TAR_MAGIC) == Some(b"ustar") {
        return Some(FileKind::Archive);
    }
    match bytes {
        // Size of the file, then four bytes of zeros.
        [b'B', b'M', _, _, _, _, 0, 0, 0, 0, ..] => Some(FileKind::Bmp),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] if !is_heif(bytes) => Some(FileKind::Video),
        _ => None,
    }
}

/// The kind of a text in angle brackets that no format claims.
pub(super) fn of_markup(text: &str) -> Option<FileKind> {
    const ROOT_WITHIN: usize = 4096;
    let start: String = text.chars().take(ROOT_WITHIN).collect::<String>().to_ascii_lowercase();
    let place = |tag: &str| start.find(tag);
    match (place("<svg"), place("<html").or(place("<!doctype html"))) {
        (Some(svg), Some(html)) if svg < html => Some(FileKind::Svg),
        (Some(_), None) => Some(FileKind::Svg),
        (_, Some(_)) => Some(FileKind::WebPage),
        (None, None) => None,
    }
}

/// PNG, JPEG, WebP, or HEIF with its kin.
pub(super) fn is_picture(bytes: &[u8]) -> bool {
    match bytes {
        [0x89, b'P', b'N', b'G', ..] | [0xff, 0xd8, 0xff, ..] => true,
        [b'R', b'I', b'F', b'F', _, _, _, _, rest @ ..] => rest.starts_with(b"WEBP"),
        _ => is_heif(bytes),
    }
}

/// ISO base media whose brand is one of pictures (ISO/IEC 23008-12).
fn is_heif(bytes: &[u8]) -> bool {
    const BRANDS: [&[u8]; 10] =
        [b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1", b"avif", b"avis"];
    bytes.get(4..8) == Some(b"ftyp") && bytes.get(8..12).is_some_and(|brand| BRANDS.contains(&brand))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_called_what_they_are() {
        let tar = [&[b'a'; 257][..], b"ustar\x0000"].concat();
        let files: [(&[u8], FileKind); 11] = [
            (b"GIF89a\x01\0", FileKind::Gif),
            (b"BM\x36\0\0\0\0\0\0\0\x36", FileKind::Bmp),
            (b"II*\0\x08", FileKind::Tiff),
            (b"%PDF-1.7\n", FileKind::Pdf),
            (b"{\\rtf1", FileKind::Document),
            (b"\0\0\0\x20ftypisom", FileKind::Video),
            (b"\x1f\x8b\x08\0", FileKind::Archive),
            (b"7z\xbc\xaf\x27\x1c\0", FileKind::Archive),
            (b"-----BEGIN PGP MESSAGE-----", FileKind::Encrypted),
            (b"Salted__12345678", FileKind::Encrypted),
            (&tar, FileKind::Archive),
        ];
        for (file, kind) in files {
            assert_eq!(of(file), Some(kind), "{file:?}");
            assert!(!is_picture(file));
        }
        for file in [&b"\0\0\0\x24ftypheic"[..], b"\x89PNG", b"BMW otpauth", b"", b"{\"a\":1}"] {
            assert_eq!(of(file), None, "{file:?}");
        }
    }

    #[test]
    fn drawings_and_pages_are_told_by_their_root() {
        assert_eq!(of_markup("<?xml version='1.0'?><!-- x --><svg width='1'>"), Some(FileKind::Svg));
        assert_eq!(of_markup("<!DOCTYPE html><html><body><svg/>"), Some(FileKind::WebPage));
        assert_eq!(of_markup("<map><string/></map>"), None);
    }
}
