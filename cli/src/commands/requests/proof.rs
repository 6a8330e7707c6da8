//! Turns typed or scanned input into the proof that the person sees the sign-in page.

use std::path::Path;

use countersign_authenticator::approvals::{MatchProof, Matching, ascii_digits};
use countersign_authenticator::offer::Offer;

use crate::failure::Failure;
use crate::input;

/// The proof in a typed line: the option or the number; or the QR code's link, or a picture of it.
pub(super) fn typed(line: &str, matching: &Matching) -> Result<MatchProof, Failure> {
    let line = line.trim();
    if !matching.options.is_empty() {
        return Ok(number(line, matching));
    }
    if line.contains("://") {
        return linked(line);
    }
    // Anything but letters may be a separator. If the result isn't a number, it is refused without using up a try.
    let digits = ascii_digits(line);
    let is_number = digits.chars().any(|c| c.is_ascii_digit()) && !digits.chars().any(char::is_alphabetic);
    if matching.scan && !is_number {
        return pictured(Path::new(line));
    }
    Ok(MatchProof::Number(line.to_owned()))
}

/// The proof for `--number`: one of the options, if there are any.
pub(super) fn number(number: &str, matching: &Matching) -> MatchProof {
    if matching.options.is_empty() {
        return MatchProof::Number(number.to_owned());
    }
    let is_option = matching.options.iter().any(|option| option == number);
    MatchProof::Choice(if is_option { number.to_owned() } else { ascii_digits(number) })
}

/// The proof in a picture of the sign-in page's QR code.
pub(super) fn pictured(path: &Path) -> Result<MatchProof, Failure> {
    let mut reader = input::Reader::default();
    let texts = reader.read_picture(path)?;
    match texts.iter().find_map(|text| linked(text).ok()) {
        Some(proof) => Ok(proof),
        None => reader.finish().and(Err(Failure::NotASignInCode)),
    }
}

fn linked(text: &str) -> Result<MatchProof, Failure> {
    match Offer::parse(text)? {
        Offer::Match(link) => Ok(MatchProof::Scanned(link)),
        _ => Err(Failure::NotASignInCode),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: &Matching = &Matching { digits: Some(6), scan: true, options: Vec::new() };

    #[test]
    fn a_number_is_a_number_also_in_groups() {
        assert_eq!(typed(" 123 456 ", BOTH).unwrap(), MatchProof::Number("123 456".to_owned()));
        for text in ["١٢٣٤٥٦", "\u{200f}۱۲۳ ۴۵۶", "１２３‐４５６"] {
            assert_eq!(typed(text, BOTH).unwrap(), MatchProof::Number(text.to_owned()));
        }
    }

    #[test]
    fn a_sign_in_pages_link_is_taken_and_another_link_is_not() {
        let link = "https://sign.example/match#c=AAAAAAAAAAAAAAAAAAAAAA&s=AAAAAAAAAAAAAAAAAAAAAA";
        assert!(matches!(typed(link, BOTH), Ok(MatchProof::Scanned(_))));
        let codes = "otpauth://totp/a?secret=JBSWY3DPEHPK3PXP";
        assert!(matches!(typed(codes, BOTH), Err(Failure::NotASignInCode)));
    }

    #[test]
    fn anything_else_names_a_picture_where_one_is_accepted() {
        assert!(matches!(typed("no-such-picture.png", BOTH), Err(Failure::At { .. })));
        let number_only = &Matching { digits: Some(6), ..Matching::default() };
        assert!(matches!(typed("no-such-picture.png", number_only), Ok(MatchProof::Number(_))));
    }

    #[test]
    fn where_there_are_options_what_is_typed_is_one_of_them() {
        let options = &Matching { options: vec!["07".into(), "A".into()], ..Matching::default() };
        for line in ["07", "A", "://"] {
            assert_eq!(typed(line, options).unwrap(), MatchProof::Choice(line.to_owned()));
        }
        assert_eq!(typed("٠٧", options).unwrap(), MatchProof::Choice("07".to_owned()));
    }
}
