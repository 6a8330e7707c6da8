//! The text of a file, whatever program wrote it.

use zeroize::Zeroizing;

/// The text of a file: UTF-8, or UTF-16 or UTF-32 as its byte-order mark says. Windows writes the mark (Notepad) and UTF-16
/// (PowerShell's `>`). The mark isn't part of the text.
///
/// Nothing if the bytes aren't text in that encoding. The copy is wiped on drop, since what is read this way is
/// often secret.
#[must_use]
pub fn decode(bytes: &[u8]) -> Option<Zeroizing<String>> {
    match from_wide(bytes) {
        Some(text) => Some(text),
        None => str::from_utf8(without_mark(bytes)).ok().map(|text| Zeroizing::new(text.to_owned())),
    }
}

/// Without UTF-8's byte-order mark, if it is there.
pub(crate) fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

/// The text of a file that begins with the byte-order mark of UTF-16 or UTF-32 and is sound in it.
pub(crate) fn from_wide(bytes: &[u8]) -> Option<Zeroizing<String>> {
    match bytes {
        // UTF-32's mark begins with UTF-16's.
        [0xff, 0xfe, 0, 0, text @ ..] => utf32(text, u32::from_le_bytes),
        [0, 0, 0xfe, 0xff, text @ ..] => utf32(text, u32::from_be_bytes),
        [0xff, 0xfe, text @ ..] => utf16(text, u16::from_le_bytes),
        [0xfe, 0xff, text @ ..] => utf16(text, u16::from_be_bytes),
        _ => None,
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<Zeroizing<String>> {
    let (units, rest) = bytes.as_chunks::<2>();
    // A unit takes up to three bytes. The text never grows, which would leave copies behind.
    let mut text = Zeroizing::new(String::with_capacity(3 * units.len()));
    for character in char::decode_utf16(units.iter().map(|bytes| unit(*bytes))) {
        text.push(character.ok()?);
    }
    // An editor that knows no UTF-16 ends the file with a line break of one byte.
    matches!(rest, [] | b"\n").then_some(text)
}

fn utf32(bytes: &[u8], unit: fn([u8; 4]) -> u32) -> Option<Zeroizing<String>> {
    let (units, rest) = bytes.as_chunks::<4>();
    let mut text = Zeroizing::new(String::with_capacity(4 * units.len()));
    for bytes in units {
        text.push(char::from_u32(unit(*bytes))?);
    }
    rest.is_empty().then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "Grüße 🔑\r\n";

    fn wide<const N: usize>(mark: &[u8], units: impl Iterator<Item = [u8; N]>) -> Vec<u8> {
        let mut bytes = mark.to_vec();
        bytes.extend(units.flatten());
        bytes
    }

    #[test]
    fn a_text_is_read_in_the_encoding_of_its_mark() {
        for bytes in [
            TEXT.as_bytes().to_vec(),
            ["\u{feff}", TEXT].concat().into_bytes(),
            wide(&[0xff, 0xfe], TEXT.encode_utf16().map(u16::to_le_bytes)),
            wide(&[0xfe, 0xff], TEXT.encode_utf16().map(u16::to_be_bytes)),
            wide(&[0xff, 0xfe, 0, 0], TEXT.chars().map(|c| u32::from(c).to_le_bytes())),
            wide(&[0, 0, 0xfe, 0xff], TEXT.chars().map(|c| u32::from(c).to_be_bytes())),
        ] {
            assert_eq!(decode(&bytes).as_deref().map(String::as_str), Some(TEXT), "{bytes:x?}");
        }
        assert_eq!(decode(b"").as_deref().map(String::as_str), Some(""));
    }

    #[test]
    fn a_line_break_of_another_editor_ends_a_text_of_utf_16() {
        let mut bytes = wide(&[0xff, 0xfe], "a".encode_utf16().map(u16::to_le_bytes));
        bytes.push(b'\n');
        assert_eq!(decode(&bytes).as_deref().map(String::as_str), Some("a"));
    }

    #[test]
    fn what_is_no_text_in_its_encoding_is_none() {
        for bytes in [
            &b"\xff"[..],
            b"Universit\xe9",
            // Half a unit, half a pair, a half of a pair as a character.
            b"\xff\xfea",
            b"\xff\xfe\x3d\xd8",
            b"\xff\xfe\0\0\x3d\xd8\0\0",
        ] {
            assert_eq!(decode(bytes), None, "{bytes:x?}");
        }
    }
}
