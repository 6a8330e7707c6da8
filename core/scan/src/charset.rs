//! From bytes to text: the character set that a symbol names, or the likeliest one.
//!
//! Sets that need tables (those of East Asia, and most of the 8-bit ones) are read only with the feature `charsets`, since
//! phones would carry 150 kB for them. Without it, letters of those sets become U+FFFD rather than letters that aren't
//! meant, and the text says that there are some.

use std::borrow::Cow;

use zeroize::Zeroizing;

use super::content::{Charset, Segment};
use super::text::ScannedText;

/// The text of all segments, whose bytes may go on from one into the next.
pub(super) fn text_of(segments: &[Segment]) -> ScannedText {
    let runs = runs(segments);
    let length = runs.iter().map(|(_, bytes)| bytes.len()).sum();
    let mut unlabelled = Zeroizing::new(Vec::with_capacity(length));
    for (charset, bytes) in &runs {
        if *charset == Charset::Unlabelled {
            unlabelled.extend_from_slice(bytes);
        }
    }
    let guess = guess(&unlabelled);
    // Three bytes for each at most, so it never grows and leaves letters behind.
    let mut text = Zeroizing::new(String::with_capacity(3 * length));
    let mut is_whole = true;
    for (charset, bytes) in &runs {
        let number = match charset {
            Charset::Plain => ASCII,
            Charset::Unlabelled | Charset::Assigned(BINARY) => guess,
            Charset::Assigned(UTF_8) if str::from_utf8(bytes).is_err() => self::guess(bytes),
            Charset::Assigned(number) => *number,
        };
        let (read, is_read) = read(number, bytes);
        text.push_str(&Zeroizing::new(read.into_owned()));
        is_whole &= is_read;
    }
    ScannedText::new(text, is_whole)
}

/// The bytes of each character set in turn: what is in ASCII goes with its neighbours.
fn runs(segments: &[Segment]) -> Vec<(Charset, Zeroizing<Vec<u8>>)> {
    let mut runs: Vec<(Charset, Zeroizing<Vec<u8>>)> = Vec::new();
    let length = segments.iter().map(|segment| segment.bytes.len()).sum();
    for segment in segments {
        match runs.last_mut() {
            Some((charset, bytes)) if *charset == segment.charset => bytes.extend_from_slice(&segment.bytes),
            Some((charset, bytes)) if segment.charset == Charset::Plain && !is_wide(*charset) => {
                bytes.extend_from_slice(&segment.bytes);
            }
            Some((charset @ Charset::Plain, bytes)) if !is_wide(segment.charset) => {
                *charset = segment.charset;
                bytes.extend_from_slice(&segment.bytes);
            }
            _ => {
                let mut bytes = Zeroizing::new(Vec::with_capacity(length));
                bytes.extend_from_slice(&segment.bytes);
                runs.push((segment.charset, bytes));
            }
        }
    }
    runs
}

/// AIM's numbers of character sets.
const ISO_8859_1: u32 = 3;
const SHIFT_JIS: u32 = 20;
const WINDOWS_1252: u32 = 23;
const UTF_16_BE: u32 = 25;
const UTF_8: u32 = 26;
const ASCII: u32 = 27;
const UTF_16_LE: u32 = 33;
const UTF_32_BE: u32 = 34;
const UTF_32_LE: u32 = 35;
const BINARY: u32 = 899;

const fn is_wide(charset: Charset) -> bool {
    matches!(charset, Charset::Assigned(UTF_16_BE | UTF_16_LE | UTF_32_BE | UTF_32_LE))
}

/// What bytes are likely to be that nothing is said about.
///
/// Valid UTF-8 hardly ever is anything else. What is valid Shift JIS often is Latin-1 as well, so that more than one Japanese
/// letter in a row has to be there (as ZXing has it). Neither Latin-1 nor text has control characters, so that bytes of
/// theirs are letters of Windows.
fn guess(bytes: &[u8]) -> u32 {
    if str::from_utf8(bytes).is_ok() {
        UTF_8
    } else if is_japanese(bytes) {
        SHIFT_JIS
    } else if bytes.iter().any(|byte| matches!(byte, 0x80..=0x9F)) {
        WINDOWS_1252
    } else {
        ISO_8859_1
    }
}

/// Whether a letter of two bytes in Shift JIS may end in this one.
const fn is_trail(byte: u8) -> bool {
    matches!(byte, 0x40..=0x7E | 0x80..=0xFC)
}

/// Whether it is valid Shift JIS with two letters of two bytes in a row, or three half-width ones.
fn is_japanese(bytes: &[u8]) -> bool {
    let (mut doubles, mut halves, mut found) = (0, 0, false);
    let mut rest = bytes.iter().copied();
    while let Some(byte) = rest.next() {
        match byte {
            ..=0x7F => (doubles, halves) = (0, 0),
            HALF_KATAKANA_START..=HALF_KATAKANA_END => (doubles, halves) = (0, halves + 1),
            0x81..=0x9F | 0xE0..=0xFC if rest.next().is_some_and(is_trail) => {
                (doubles, halves) = (doubles + 1, 0);
            }
            _ => return false,
        }
        found |= doubles == 2 || halves == 3;
    }
    found
}

const HALF_KATAKANA_START: u8 = 0xA1;
const HALF_KATAKANA_END: u8 = 0xDF;

/// The text of these bytes, and whether all of it could be read.
fn read(number: u32, bytes: &[u8]) -> (Cow<'_, str>, bool) {
    if let Some(text) = read_without_tables(number, bytes) {
        return (text, true);
    }
    #[cfg(feature = "charsets")]
    if let Some((text, is_whole)) = read_with_tables(number, bytes) {
        return (text, is_whole);
    }
    (replace_others(number, bytes).into(), false)
}

fn read_without_tables(number: u32, bytes: &[u8]) -> Option<Cow<'_, str>> {
    let wide = |size: usize| bytes.len().is_multiple_of(size).then(|| bytes.chunks_exact(size));
    let units = |read: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = wide(2)?.filter_map(|unit| unit.try_into().ok()).map(read).collect();
        String::from_utf16(&Zeroizing::new(units)).ok()
    };
    let points = |read: fn([u8; 4]) -> u32| -> Option<String> {
        wide(4)?.map(|point| char::from_u32(read(point.try_into().ok()?))).collect()
    };
    let letters =
        |letter: fn(u8) -> Option<char>| bytes.iter().map(|byte| letter(*byte)).collect::<Option<String>>();
    let text = match number {
        UTF_8 => return str::from_utf8(bytes).ok().map(Cow::Borrowed),
        UTF_16_BE => units(u16::from_be_bytes),
        UTF_16_LE => units(u16::from_le_bytes),
        UTF_32_BE => points(u32::from_be_bytes),
        UTF_32_LE => points(u32::from_le_bytes),
        // Names that all sets but those have their ASCII letters in are read whatever they are.
        _ if bytes.is_ascii() => return str::from_utf8(bytes).ok().map(Cow::Borrowed),
        1 | ISO_8859_1 => letters(|byte| Some(char::from(byte))),
        WINDOWS_1252 => letters(windows_1252),
        SHIFT_JIS => letters(half_width),
        _ => None,
    };
    text.map(Cow::Owned)
}

/// ISO 8859-1 but for 27 letters and signs in the place of control characters.
fn windows_1252(byte: u8) -> Option<char> {
    const LETTERS: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8D}', 'Ž', '\u{8F}',
        '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9D}', 'ž', 'Ÿ',
    ];
    let place = byte.checked_sub(0x80).and_then(|place| LETTERS.get(usize::from(place)));
    Some(place.copied().unwrap_or(char::from(byte)))
}

/// The letters of Shift JIS that are one byte: ASCII, and katakana of half the width.
fn half_width(byte: u8) -> Option<char> {
    match byte {
        ..=0x7F => Some(char::from(byte)),
        HALF_KATAKANA_START..=HALF_KATAKANA_END => {
            char::from_u32(0xFF61 + u32::from(byte - HALF_KATAKANA_START))
        }
        _ => None,
    }
}

/// What is in ASCII, and U+FFFD for each other letter.
fn replace_others(number: u32, bytes: &[u8]) -> String {
    let is_double = |byte: u8| match number {
        SHIFT_JIS => half_width(byte).is_none(),
        28..=32 => !byte.is_ascii(),
        _ => false,
    };
    let mut text = String::with_capacity(3 * bytes.len());
    let mut rest = bytes.iter().copied();
    while let Some(byte) = rest.next() {
        if is_double(byte) {
            rest.next();
        }
        text.push(if byte.is_ascii() { char::from(byte) } else { char::REPLACEMENT_CHARACTER });
    }
    text
}

#[cfg(feature = "charsets")]
fn read_with_tables(number: u32, bytes: &[u8]) -> Option<(Cow<'_, str>, bool)> {
    use encoding_rs as sets;
    let set = match number {
        4 => sets::ISO_8859_2,
        5 => sets::ISO_8859_3,
        6 => sets::ISO_8859_4,
        7 => sets::ISO_8859_5,
        8 => sets::ISO_8859_6,
        9 => sets::ISO_8859_7,
        10 => sets::ISO_8859_8,
        // Thai and Turkish have the letters of Windows, which are more.
        11 => sets::WINDOWS_1254,
        12 => sets::ISO_8859_10,
        13 => sets::WINDOWS_874,
        15 => sets::ISO_8859_13,
        16 => sets::ISO_8859_14,
        17 => sets::ISO_8859_15,
        18 => sets::ISO_8859_16,
        SHIFT_JIS => sets::SHIFT_JIS,
        21 => sets::WINDOWS_1250,
        22 => sets::WINDOWS_1251,
        24 => sets::WINDOWS_1256,
        28 => sets::BIG5,
        30 => sets::EUC_KR,
        29 | 31 | 32 => sets::GB18030,
        _ => return None,
    };
    let (text, has_errors) = set.decode_without_bom_handling(bytes);
    Some((text, !has_errors))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_needs_no_table_is_right_in_every_build() {
        for (number, bytes, text) in [
            (ISO_8859_1, &b"Universit\xE9"[..], "Université"),
            (1, b"\xDCber", "Über"),
            (WINDOWS_1252, b"O\x92Brien \x80", "O’Brien €"),
            (UTF_16_BE, b"\x00A\x65\xE5", "A日"),
            (UTF_16_LE, b"A\x00\xE5\x65", "A日"),
            (UTF_32_BE, b"\x00\x00\x65\xE5", "日"),
            (UTF_32_LE, b"\xE5\x65\x00\x00", "日"),
            (SHIFT_JIS, b"\xC3\xBD\xC4:ada", "ﾃｽﾄ:ada"),
            (SHIFT_JIS, b"North:ada", "North:ada"),
            (28, b"North:ada", "North:ada"),
            (UTF_8, "Über 日本".as_bytes(), "Über 日本"),
        ] {
            assert_eq!(read_without_tables(number, bytes).as_deref(), Some(text), "{number}");
        }
        for (number, bytes) in
            [(UTF_16_BE, &b"\x00"[..]), (UTF_16_LE, b"\x00\xD8"), (UTF_32_BE, b"\xFF\xFF\xFF\xFF")]
        {
            assert_eq!(read_without_tables(number, bytes), None);
        }
    }

    #[test]
    fn letters_without_a_table_are_marked_and_never_others() {
        for (number, bytes, text) in [
            (SHIFT_JIS, &b"\x93\xFA\x96\x7B:ada"[..], "\u{FFFD}\u{FFFD}:ada"),
            (SHIFT_JIS, b"\x83\x5Ca", "\u{FFFD}a"),
            (28, b"\xA4\x40a", "\u{FFFD}a"),
            (32, b"\xD6\xD0a", "\u{FFFD}a"),
            (22, b"\xCF\xF0a", "\u{FFFD}\u{FFFD}a"),
        ] {
            assert_eq!(replace_others(number, bytes), text, "{number}");
        }
    }

    #[cfg(feature = "charsets")]
    #[test]
    fn with_tables_all_sets_are_read() {
        for (number, bytes, text) in [
            (SHIFT_JIS, &b"\x93\xFA\x96\x7B:ada"[..], "日本:ada"),
            (28, b"\xA4\xA4\xA4\xE5", "中文"),
            (30, b"\xC7\xD1\xB1\xDB", "한글"),
            (32, b"\xD6\xD0\xCE\xC4", "中文"),
            (22, b"\xCF\xF0\xE8", "При"),
            (7, b"\xBF\xE0\xD8", "При"),
            (4, b"\xA3\xF3d\xBC", "Łódź"),
        ] {
            assert_eq!(read(number, bytes), (text.into(), true), "{number}");
        }
        assert!(!read(SHIFT_JIS, b"\x93").1);
    }

    #[test]
    fn unlabelled_bytes_are_taken_for_what_is_likeliest() {
        for (bytes, number) in [
            (&b"North:ada"[..], UTF_8),
            ("Über".as_bytes(), UTF_8),
            (b"\xDCber", ISO_8859_1),
            (b"cr\xE9\xE9e", ISO_8859_1),
            (b"na\xEFve", ISO_8859_1),
            (b"O\x92Brien", WINDOWS_1252),
            (b"\x93North\x94", WINDOWS_1252),
            (b"\x93\xFA\x96\x7B", SHIFT_JIS),
            (b"otpauth://totp/\x83\x65\x83\x58\x83\x67:ada", SHIFT_JIS),
            (b"\xC3\xBD\xC4", SHIFT_JIS),
        ] {
            assert_eq!(guess(bytes), number, "{bytes:x?}");
        }
    }
}
