//! Secrets in base32 (RFC 4648, section 6), as issuers and other apps write them.
//!
//! Tolerated: either case, separators, padding that is missing or wrong, and bits beyond the last whole byte. The bits are
//! dropped, as every decoder does, so issuers that make a secret from random characters work. For the same reason
//! there are secrets of a length that no encoder makes, 1, 3 or 6 characters more than a multiple of 8: Google
//! Authenticator, Bitwarden and others read them, and their exports hold them. Their bytes are those of one
//! character less.
//!
//! A text that was cut may end in such a length, too. Where a secret is the last thing in a text, [`may_be_whole`]
//! decides.

use countersign_protocol::name::is_invisible;
use data_encoding::{Encoding, Specification};
use zeroize::Zeroizing;

use super::OfferError;
use countersign_otp::Secret;

/// Decodes a secret.
pub(crate) fn decode_base32(text: &[u8]) -> Result<Secret, OfferError> {
    let mut symbols = symbols(str::from_utf8(text).map_err(|_| OfferError::BadSecret)?)?;
    if symbols.is_empty() {
        return Err(OfferError::MissingSecret);
    }
    // Also the one that is dropped has to be one: a slip of the finger isn't a longer secret.
    if !symbols.iter().all(|symbol| is_symbol(*symbol)) {
        return Err(OfferError::BadSecret);
    }
    if !has_possible_length(&symbols) {
        symbols.pop();
    }
    let encoding = encoding().ok_or(OfferError::BadSecret)?;
    encoding.decode(&symbols).map(Secret::new).map_err(|_| OfferError::BadSecret)
}

/// Whether a secret at the very end of a text is likely to be all of it: padded, or of a possible length and not shorter
/// than the 80 bits that issuers give at least. What is no secret at all is for [`decode_base32`] to refuse.
///
/// Other cuts can't be told from a whole secret.
pub(super) fn may_be_whole(text: &str) -> bool {
    let Ok(symbols) = symbols(text) else { return true };
    if symbols.is_empty() || !symbols.iter().all(|symbol| is_symbol(*symbol)) {
        return true;
    }
    let padding = text.bytes().rev().take_while(|byte| *byte == b'=').count();
    let is_padded = padding > 0 && (symbols.len() + padding).is_multiple_of(8);
    has_possible_length(&symbols) && (is_padded || symbols.len() >= MIN_SYMBOLS)
}

/// The shortest secret that ends a link, in characters.
const MIN_SYMBOLS: usize = 16;

/// The characters that count.
fn symbols(text: &str) -> Result<Zeroizing<Vec<u8>>, OfferError> {
    let mut symbols = Zeroizing::new(Vec::with_capacity(text.len()));
    for character in text.chars().filter(|c| !is_separator(*c)) {
        let byte = u8::try_from(character).map_err(|_| OfferError::BadSecret)?;
        symbols.push(byte.to_ascii_uppercase());
    }
    while symbols.pop_if(|last| *last == b'=').is_some() {}
    Ok(symbols)
}

/// What people and issuers put between groups of characters, and what a web page adds when it is copied from. Form
/// encoders write a space as `+`.
fn is_separator(character: char) -> bool {
    matches!(character, '-' | '+' | '\u{2010}'..='\u{2015}' | '\u{2212}')
        || character.is_whitespace()
        || is_invisible(character)
}

const fn is_symbol(byte: u8) -> bool {
    matches!(byte, b'A'..=b'Z' | b'2'..=b'7')
}

const fn has_possible_length(symbols: &[u8]) -> bool {
    !matches!(symbols.len() % 8, 1 | 3 | 6)
}

fn encoding() -> Option<Encoding> {
    let mut specification = Specification::new();
    specification.symbols.push_str("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");
    specification.check_trailing_bits = false;
    specification.encoding().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(text: &str) -> Result<Vec<u8>, OfferError> {
        decode_base32(text.as_bytes()).map(|secret| secret.expose().to_vec())
    }

    #[test]
    fn a_length_that_no_encoder_makes_gives_the_bytes_that_every_decoder_gives() {
        let whole = b"Hello!\xde\xad\xbe\xef";
        // Every length up to that of the whole secret: five bits a character, and whole bytes of them.
        for length in 2..=16 {
            let text = &"JBSWY3DPEHPK3PXP"[..length];
            assert_eq!(decode(text).unwrap(), whole[..length * 5 / 8], "{text}");
        }
        assert_eq!(decode("JBSWY3DPEHPK3PXPA").unwrap(), whole);
        // One character is five bits, which are no byte.
        assert_eq!(decode("J").unwrap(), b"");
    }

    #[test]
    fn separators_are_ignored_and_other_characters_are_not() {
        for text in [
            "jbsw y3dp ehpk 3pxp",
            "JBSW-Y3DP-EHPK-3PXP",
            "JBSW\u{a0}Y3DP\u{200b}EHPK\u{2011}3PXP\u{feff}",
            "JBSWY3DP\r\nEHPK3PXP====",
        ] {
            assert_eq!(decode(text).unwrap(), b"Hello!\xde\xad\xbe\xef", "{text}");
        }
        for text in [
            "JBSWY3DPEHPK3PX0",
            "JBSWY3DPEHPK3PXP1",
            "JBSW=Y3DPEHPK3PXP",
            "JBSWY3DPEHPK3PXé",
            "JBSWY3DPEHPK3PX#",
            "看",
        ] {
            assert_eq!(decode(text), Err(OfferError::BadSecret), "{text}");
        }
        for text in ["", " -", "==="] {
            assert_eq!(decode(text), Err(OfferError::MissingSecret), "{text}");
        }
    }

    #[test]
    fn the_end_of_a_secret_shows_whether_it_can_be_whole() {
        for text in ["JBSWY3DPEHPK3PXP", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "JBSWY3DPEHPK3PXPAA", "ORSXG5A="]
        {
            assert!(may_be_whole(text), "{text}");
        }
        for text in
            ["JBSWY3DPEHPK3PXPA", "JBSWY3DPEHPK3PXPAAA", "JBSWY3DPEHPK3PXPAAAAAA", "JBSWY3DP", "ORSXG5A"]
        {
            assert!(!may_be_whole(text), "{text}");
        }
    }
}
