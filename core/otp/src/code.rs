//! The text of one code.

use std::fmt;

use subtle::ConstantTimeEq;

use super::CodeFormat;

/// A one-time code as a person reads it, such as `081804`.
///
/// `Display` writes it, since it is made to be read; `Debug` doesn't, so that it can't slip into a log. It lives on
/// the stack and is compared in constant time.
#[derive(Clone, Copy)]
pub struct Code {
    /// ASCII, right-aligned.
    characters: [u8; MAX_CHARACTERS],
    length: u8,
}

const MAX_CHARACTERS: usize = 10;
const STEAM_CHARACTERS: u8 = 5;
const STEAM_ALPHABET: &[u8; 26] = b"23456789BCDFGHJKMNPQRTVWXY";

impl Code {
    /// Writes the dynamic truncation of `mac` (RFC 4226, section 5.3) in `format`.
    pub(super) fn truncate(mac: &[u8], format: CodeFormat) -> Self {
        let offset = usize::from(mac[mac.len() - 1] & 0x0F);
        let mut number = [0; 4];
        number.copy_from_slice(&mac[offset..offset + 4]);
        let number = u32::from_be_bytes(number) & 0x7FFF_FFFF;
        match format {
            CodeFormat::Decimal { digits } => Self::decimal(number, digits),
            CodeFormat::Steam => Self::steam(number),
        }
    }

    /// The characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let start = MAX_CHARACTERS - usize::from(self.length);
        // Both alphabets are ASCII, so this can't fail.
        str::from_utf8(&self.characters[start..]).unwrap_or_default()
    }

    fn decimal(mut number: u32, digits: u8) -> Self {
        let mut characters = [b'0'; MAX_CHARACTERS];
        for character in characters.iter_mut().rev().take(digits.into()) {
            *character = b'0' + digit(number, 10);
            number /= 10;
        }
        Self { characters, length: digits }
    }

    /// Steam writes its digits from the lowest on.
    fn steam(mut number: u32) -> Self {
        let mut characters = [b'0'; MAX_CHARACTERS];
        for character in &mut characters[MAX_CHARACTERS - usize::from(STEAM_CHARACTERS)..] {
            *character = STEAM_ALPHABET[usize::from(digit(number, 26))];
            number /= 26;
        }
        Self { characters, length: STEAM_CHARACTERS }
    }
}

/// The lowest digit of `number` in a base of at most 256.
fn digit(number: u32, base: u32) -> u8 {
    (number % base).to_le_bytes()[0]
}

impl PartialEq for Code {
    fn eq(&self, other: &Self) -> bool {
        self.as_str().as_bytes().ct_eq(other.as_str().as_bytes()).into()
    }
}

impl Eq for Code {}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Code([{} characters redacted])", self.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truncation_follows_the_example_of_rfc_4226_section_5_4() {
        let mac = [
            0x1f, 0x86, 0x98, 0x69, 0x0e, 0x02, 0xca, 0x16, 0x61, 0x85, 0x50, 0xef, 0x7f, 0x19, 0xda, 0x8e,
            0x94, 0x5b, 0x55, 0x5a,
        ];
        let code = |digits| Code::truncate(&mac, CodeFormat::Decimal { digits }).to_string();
        assert_eq!(code(6), "872921");
        assert_eq!(code(10), "1357872921");
    }

    #[test]
    fn small_numbers_keep_their_leading_zeros() {
        assert_eq!(Code::truncate(&[0; 20], CodeFormat::Decimal { digits: 10 }).as_str(), "0000000000");
        assert_eq!(Code::truncate(&[0; 20], CodeFormat::Steam).as_str(), "22222");
    }

    #[test]
    fn debug_output_has_no_code_and_display_honours_width() {
        let code = Code::decimal(123_456, 6);
        assert_eq!(format!("{code:?} {code} [{code:>8}]"), "Code([6 characters redacted]) 123456 [  123456]");
    }

    #[test]
    fn codes_of_different_length_or_digits_differ() {
        assert_eq!(Code::decimal(7, 6), Code::decimal(7, 6));
        assert_ne!(Code::decimal(7, 6), Code::decimal(7, 7));
        assert_ne!(Code::decimal(7, 6), Code::decimal(8, 6));
    }
}
