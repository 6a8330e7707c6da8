//! The recovery code: 160 random bits on paper, for the day when passphrase and phone are gone.
//!
//! Thirty-two symbols of [Crockford's base 32](https://www.crockford.com/base32.html) and his check symbol, in groups
//! of four. The check symbol tells a slip of the pen from the code of another vault. A code has enough entropy to need no
//! slow derivation: HKDF-SHA256 makes the slot key.

use std::fmt;
use std::sync::LazyLock;

use countersign_protocol::Id;
use data_encoding::{Encoding, Specification};
use ring::hkdf::{HKDF_SHA256, Salt};
use zeroize::{Zeroize, Zeroizing};

use super::{NewSlot, Row, SlotKey, SlotKind};
use crate::Secret;
use crate::vault::keys::expand;

/// A recovery code. Shown to the person once; the vault keeps only what it opens.
#[derive(Clone, PartialEq, Eq)]
pub struct RecoveryCode(Secret);

/// Why a text isn't a recovery code. A code that parses may still be of another vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecoveryCodeError {
    /// Symbols are missing, or there are too many.
    #[error("a recovery code has 33 symbols, this has {found}")]
    Length {
        /// The number of symbols, without spaces and hyphens.
        found: usize,
    },
    /// A symbol that recovery codes don't have.
    #[error("symbol {position} of the recovery code is none that it can have")]
    Symbol {
        /// Counted from 1, without spaces and hyphens.
        position: usize,
    },
    /// The check symbol doesn't fit: at least one symbol is wrong.
    #[error("the recovery code has a typing error")]
    Check,
}

impl RecoveryCode {
    /// Makes a new code from the system's random generator.
    #[must_use]
    pub fn make_random() -> Self {
        loop {
            let code = Self(Secret::make_random(LEN));
            // Five of the 37 check symbols aren't on every keyboard; such codes are thrown back.
            if code.check_value() < 32 {
                return code;
            }
        }
    }

    /// Reads what a person typed: any case, any spaces and hyphens, with O for 0 and I or L for 1.
    ///
    /// # Errors
    ///
    /// [`RecoveryCodeError`], which never holds the text.
    pub fn parse(text: &str) -> Result<Self, RecoveryCodeError> {
        let mut symbols = Zeroizing::new(Vec::with_capacity(SYMBOLS));
        let mut found = 0_usize;
        for symbol in text.chars().filter(|symbol| !matches!(symbol, '-' | ' ' | '\t' | '\r' | '\n')) {
            found += 1;
            let symbol = u8::try_from(symbol).ok().filter(|symbol| is_symbol(*symbol, found == SYMBOLS));
            match symbol {
                _ if found > SYMBOLS => {}
                Some(symbol) => symbols.push(symbol.to_ascii_uppercase()),
                None => return Err(RecoveryCodeError::Symbol { position: found }),
            }
        }
        let Some((&check, data)) = symbols.split_last().filter(|_| found == SYMBOLS) else {
            return Err(RecoveryCodeError::Length { found });
        };
        let bytes = BASE32.decode(data).map_err(|_| RecoveryCodeError::Check)?;
        let code = Self(Secret::new(bytes));
        if canonical(check) == code.check_symbol() { Ok(code) } else { Err(RecoveryCodeError::Check) }
    }

    /// The code for the person to write down: eight groups of four symbols and the check symbol, joined by hyphens.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        let mut symbols = BASE32.encode(self.0.expose());
        let mut text = Zeroizing::new(String::with_capacity(SYMBOLS + SYMBOLS / GROUP));
        for (index, symbol) in symbols.chars().enumerate() {
            text.push(symbol);
            if (index + 1) % GROUP == 0 {
                text.push('-');
            }
        }
        text.push(char::from(self.check_symbol()));
        symbols.zeroize();
        text
    }

    /// The key of the slot with this identifier.
    fn derive_key(&self, slot: Id) -> SlotKey {
        let prk = Salt::new(HKDF_SHA256, slot.as_bytes()).extract(self.0.expose());
        SlotKey(Secret::from(expand(&prk, &[b"countersign recovery slot v1"]).as_slice()))
    }

    /// The code as one number, modulo 37.
    fn check_value(&self) -> usize {
        self.0.expose().iter().fold(0, |value, &byte| (value * 256 + usize::from(byte)) % CHECK_SYMBOLS.len())
    }

    fn check_symbol(&self) -> u8 {
        CHECK_SYMBOLS[self.check_value()]
    }
}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCode([redacted])")
    }
}

impl NewSlot {
    /// A slot that this code opens.
    #[must_use]
    pub fn from_recovery_code(code: &RecoveryCode) -> Self {
        let id = Id::make_random();
        Self { id, kind: SlotKind::RecoveryCode, parameters: Vec::new(), key: code.derive_key(id) }
    }
}

/// The key of a recovery slot.
pub(in crate::vault) fn derive_key(code: &RecoveryCode, row: &Row) -> SlotKey {
    code.derive_key(row.id)
}

fn is_symbol(symbol: u8, is_check: bool) -> bool {
    let symbol = canonical(symbol.to_ascii_uppercase());
    let symbols = if is_check { CHECK_SYMBOLS.as_slice() } else { &CHECK_SYMBOLS[..32] };
    symbols.contains(&symbol)
}

/// The symbol that a person meant.
const fn canonical(symbol: u8) -> u8 {
    match symbol {
        b'O' => b'0',
        b'I' | b'L' => b'1',
        other => other,
    }
}

#[expect(clippy::expect_used, reason = "the specification is a constant, and tested")]
static BASE32: LazyLock<Encoding> = LazyLock::new(|| {
    let mut specification = Specification::new();
    specification.symbols.push_str("0123456789ABCDEFGHJKMNPQRSTVWXYZ");
    specification.translate.from.push_str("OIL");
    specification.translate.to.push_str("011");
    specification.encoding().expect("Crockford's base 32 is an encoding")
});

/// Crockford's symbols; the last five are check symbols only.
const CHECK_SYMBOLS: &[u8; 37] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ*~$=U";
/// Bytes of a code, and so a multiple of five.
const LEN: usize = 20;
/// Symbols of a code, with its check symbol.
const SYMBOLS: usize = 33;
const GROUP: usize = 4;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The bytes 0 to 19.
    const TEXT: &str = "000G-40R4-0M30-E209-185G-R38E-1W81-24GK-R";

    fn counting() -> RecoveryCode {
        RecoveryCode(Secret::new((0..20).collect()))
    }

    #[test]
    fn a_known_code_has_a_known_text() {
        assert_eq!(counting().to_text().as_str(), TEXT);
        assert_eq!(RecoveryCode::parse(TEXT), Ok(counting()));
    }

    #[test]
    fn people_may_write_it_their_way() {
        for text in [
            TEXT.to_lowercase(),
            TEXT.replace('-', ""),
            TEXT.replace('-', " \n"),
            TEXT.replace('0', "o").replace('1', "l"),
            TEXT.replace('0', "O").replace('1', "I"),
            format!("  {TEXT}\r\n"),
        ] {
            assert_eq!(RecoveryCode::parse(&text), Ok(counting()), "{text}");
        }
    }

    #[test]
    fn a_wrong_or_swapped_symbol_is_a_typing_error() {
        let symbols: Vec<char> = TEXT.chars().filter(|symbol| *symbol != '-').collect();
        for position in 0..symbols.len() {
            let mut wrong = symbols.clone();
            wrong[position] = if wrong[position] == 'Z' { 'Y' } else { 'Z' };
            let wrong: String = wrong.into_iter().collect();
            assert_eq!(RecoveryCode::parse(&wrong), Err(RecoveryCodeError::Check), "{wrong}");
        }
        for position in 1..symbols.len() {
            let mut swapped = symbols.clone();
            swapped.swap(position - 1, position);
            if swapped != symbols {
                let swapped: String = swapped.into_iter().collect();
                assert_eq!(RecoveryCode::parse(&swapped), Err(RecoveryCodeError::Check), "{swapped}");
            }
        }
    }

    #[test]
    fn lengths_and_foreign_symbols_are_told_apart() {
        let parse = RecoveryCode::parse;
        assert_eq!(parse(""), Err(RecoveryCodeError::Length { found: 0 }));
        assert_eq!(parse(&TEXT[..40]), Err(RecoveryCodeError::Length { found: 32 }));
        assert_eq!(parse(&format!("{TEXT}0")), Err(RecoveryCodeError::Length { found: 34 }));
        assert_eq!(parse(&"0".repeat(1_000_000)), Err(RecoveryCodeError::Length { found: 1_000_000 }));
        assert_eq!(parse(&TEXT.replacen('E', "U", 1)), Err(RecoveryCodeError::Symbol { position: 13 }));
        assert_eq!(parse(&TEXT.replacen('E', "é", 1)), Err(RecoveryCodeError::Symbol { position: 13 }));
    }

    #[test]
    fn new_codes_can_be_typed_on_any_keyboard() {
        for _ in 0..500 {
            let text = RecoveryCode::make_random().to_text();
            assert!(text.chars().all(|symbol| symbol.is_ascii_alphanumeric() || symbol == '-'), "{}", *text);
            assert!(!text.ends_with('U'));
        }
    }

    #[test]
    fn every_slot_gets_its_own_key_from_the_same_code() {
        let keys = [1, 2].map(|byte| counting().derive_key(Id::from_bytes([byte; 16])));
        assert_ne!(keys[0].0, keys[1].0);
    }

    #[test]
    fn debug_output_is_redacted() {
        assert_eq!(format!("{:?}", counting()), "RecoveryCode([redacted])");
    }

    proptest! {
        #[test]
        fn every_code_round_trips(bytes in proptest::array::uniform20(any::<u8>())) {
            let code = RecoveryCode(Secret::from(&bytes[..]));
            prop_assert_eq!(RecoveryCode::parse(&code.to_text()), Ok(code));
        }

        #[test]
        fn no_text_makes_it_panic(text in ".{0,60}") {
            let _ = RecoveryCode::parse(&text);
        }
    }
}
