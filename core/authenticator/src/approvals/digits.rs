//! Numbers as people type them: with the digits of their own script.

/// The text with every decimal digit of any script as an ASCII digit. All else stays.
#[must_use]
pub fn ascii_digits(text: &str) -> String {
    text.chars().map(|character| value_of(character).map_or(character, char::from)).collect()
}

/// The ASCII digit of the same value.
fn value_of(character: char) -> Option<u8> {
    // The zero at or before it.
    let zero = ZEROS.get(ZEROS.partition_point(|zero| *zero <= character).checked_sub(1)?)?;
    let value = u32::from(character).checked_sub(u32::from(*zero)).filter(|value| *value < 10)?;
    u8::try_from(value).ok().map(|value| b'0' + value)
}

/// The zeros of the scripts, each with its nine other digits after it (Unicode 16, general category `Nd`), in order.
const ZEROS: [char; 76] = [
    '0',
    '\u{660}',
    '\u{6f0}',
    '\u{7c0}',
    '\u{966}',
    '\u{9e6}',
    '\u{a66}',
    '\u{ae6}',
    '\u{b66}',
    '\u{be6}',
    '\u{c66}',
    '\u{ce6}',
    '\u{d66}',
    '\u{de6}',
    '\u{e50}',
    '\u{ed0}',
    '\u{f20}',
    '\u{1040}',
    '\u{1090}',
    '\u{17e0}',
    '\u{1810}',
    '\u{1946}',
    '\u{19d0}',
    '\u{1a80}',
    '\u{1a90}',
    '\u{1b50}',
    '\u{1bb0}',
    '\u{1c40}',
    '\u{1c50}',
    '\u{a620}',
    '\u{a8d0}',
    '\u{a900}',
    '\u{a9d0}',
    '\u{a9f0}',
    '\u{aa50}',
    '\u{abf0}',
    '\u{ff10}',
    '\u{104a0}',
    '\u{10d30}',
    '\u{10d40}',
    '\u{11066}',
    '\u{110f0}',
    '\u{11136}',
    '\u{111d0}',
    '\u{112f0}',
    '\u{11450}',
    '\u{114d0}',
    '\u{11650}',
    '\u{116c0}',
    '\u{116d0}',
    '\u{116da}',
    '\u{11730}',
    '\u{118e0}',
    '\u{11950}',
    '\u{11bf0}',
    '\u{11c50}',
    '\u{11d50}',
    '\u{11da0}',
    '\u{11f50}',
    '\u{16130}',
    '\u{16a60}',
    '\u{16ac0}',
    '\u{16b50}',
    '\u{16d70}',
    '\u{1ccf0}',
    '\u{1d7ce}',
    '\u{1d7d8}',
    '\u{1d7e2}',
    '\u{1d7ec}',
    '\u{1d7f6}',
    '\u{1e140}',
    '\u{1e2f0}',
    '\u{1e4f0}',
    '\u{1e5f1}',
    '\u{1e950}',
    '\u{1fbf0}',
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_of_every_script_are_read() {
        for typed in ["481920", "٤٨١٩٢٠", "۴۸۱۹۲۰", "४८१९२०", "৪৮১৯২০", "๔๘๑๙๒๐", "４８１９２０", "𝟒𝟖𝟏𝟗𝟐𝟎"]
        {
            assert_eq!(ascii_digits(typed), "481920", "{typed}");
        }
    }

    #[test]
    fn every_zero_has_nine_digits_after_it_and_the_table_is_in_order() {
        assert!(ZEROS.is_sorted_by(|one, next| u32::from(*one) + 10 <= u32::from(*next)));
        for zero in ZEROS {
            let digits: String =
                (0..10).filter_map(|value| char::from_u32(u32::from(zero) + value)).collect();
            assert_eq!(ascii_digits(&digits), "0123456789", "{zero:?}");
        }
    }

    #[test]
    fn numbers_that_are_no_digits_stay_as_they_are() {
        for text in ["²³", "½", "Ⅷ", "一二三", "①", "A7", "", "/:", "\u{66a}"] {
            assert_eq!(ascii_digits(text), text);
        }
    }
}
