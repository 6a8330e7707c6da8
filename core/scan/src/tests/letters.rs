//! Texts in other character sets than UTF-8.

use super::symbols::Bits;
use super::*;

fn text(bits: Bits) -> ScannedText {
    let picture = bits.picture();
    let side = usize::try_from(picture.width()).unwrap();
    let codes = scan_frame(picture.as_raw(), side, side, side).unwrap();
    let [ScannedCode::Text(text)] = &codes[..] else { panic!("{codes:?}") };
    text.clone()
}

/// The text is right, or says that it isn't; without a table no other letter stands for one that was meant.
fn assert_reads(bits: Bits, expected: &str) {
    let text = text(bits);
    if cfg!(feature = "charsets") {
        assert_eq!((text.expose(), text.has_unreadable_letters()), (expected, false));
    } else {
        assert!(text.has_unreadable_letters());
        let meant = |letter: char| letter == char::REPLACEMENT_CHARACTER || expected.contains(letter);
        assert!(text.expose().chars().all(meant), "{}", text.expose());
    }
}

const LABELLED: &str = "otpauth://totp/日本:ada?secret=JBSWY3DPEHPK3PXP";

pub(super) fn in_shift_jis() -> Vec<u8> {
    [&b"otpauth://totp/\x93\xFA\x96\x7B"[..], b":ada?secret=JBSWY3DPEHPK3PXP"].concat()
}

#[test]
fn character_sets_with_tables_are_right_or_the_person_is_told() {
    assert_reads(Bits::default().eci(20).bytes(&in_shift_jis()), LABELLED);
    assert_reads(Bits::default().bytes(&in_shift_jis()), LABELLED);
    assert_reads(
        Bits::default().bytes(b"otpauth://totp/").kanji(b"\x93\xFA\x96\x7B").bytes(b":ada"),
        "otpauth://totp/日本:ada",
    );
    assert_reads(Bits::default().eci(22).bytes(b"otpauth://totp/\xCF\xF0\xE8:ada"), "otpauth://totp/При:ada");
    assert_reads(
        Bits::default().eci(32).bytes(b"otpauth://totp/\xD6\xD0\xCE\xC4:ada"),
        "otpauth://totp/中文:ada",
    );
}

#[test]
fn character_sets_without_tables_are_right_everywhere() {
    for (number, bytes, expected) in [
        (26, "Über:ädä".as_bytes(), "Über:ädä"),
        (3, b"\xDCber:\xE4d\xE4", "Über:ädä"),
        (23, b"O\x92Brien", "O’Brien"),
        (25, b"\x00O\x20\x19", "O’"),
        (20, b"ada@example.org", "ada@example.org"),
        // It says UTF-8 and isn't.
        (26, b"\xDCber", "Über"),
    ] {
        let text = text(Bits::default().eci(number).bytes(bytes));
        assert_eq!((text.expose(), text.has_unreadable_letters()), (expected, false), "{number}");
    }
}

#[test]
fn a_symbol_that_holds_what_can_not_be_read_is_not_cut_short() {
    // A mode that there isn't, and digits that aren't, behind what could be taken for the whole.
    for broken in [
        Bits::default().bytes(b"half").push(6, 4).push(9, 8),
        Bits::default().bytes(b"half").push(1, 4).push(3, 12).push(1001, 10),
    ] {
        let picture = broken.picture();
        let side = usize::try_from(picture.width()).unwrap();
        assert_eq!(scan_frame(picture.as_raw(), side, side, side), Ok(Vec::new()));
    }
}

proptest::proptest! {
    #[test]
    fn no_data_of_a_symbol_panics(data in proptest::collection::vec(proptest::num::u8::ANY, 0..300), version in 1_u32..=40) {
        if let Some(content) = content::Content::parse(&data, version) {
            let code = ScannedCode::from(content);
            proptest::prop_assert!(PartCollector::new().add(vec![code]).len() == 1);
        }
    }
}
