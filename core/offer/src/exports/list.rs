//! Lists of links: plain text, one on each line, or several.
//!
//! Lines that are blank, that begin with `#`, or that a QR reader adds to what it read are left out; all others are
//! entries, good or not. A link that ends in its secret at the end of a line is whole, unless the next line looks like
//! the rest of it (mail programs break long lines) or the text ends there without a line break.

use crate::{End, split_links, trim_link};

/// Most entries of a file.
pub(super) const MAX_ENTRIES: usize = 20_000;

/// A link of a list, or what stands in the place of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Listed<'t> {
    /// The number of its line, from 1.
    pub(super) line: usize,
    pub(super) text: &'t str,
    pub(super) end: End,
}

/// The links of a list. Those of a single line are bounded by [`MAX_ENTRIES`] and one more.
pub(super) fn links(text: &str) -> impl Iterator<Item = Listed<'_>> {
    let mut lines = lines(text).peekable();
    let with_next = std::iter::from_fn(move || lines.next().map(|line| (line, lines.peek().copied())));
    with_next.flat_map(|(line, next)| of_line(&line, next))
}

/// The links of a scanned or pasted text, in which line breaks don't end a link.
pub(super) fn links_of_text(text: &str) -> impl Iterator<Item = (&str, End)> {
    let mut links = split_links(text).peekable();
    std::iter::from_fn(move || {
        let link = links.next()?;
        Some((link, if links.peek().is_some() { End::Closed } else { End::Open }))
    })
}

#[derive(Clone, Copy)]
struct Line<'t> {
    number: usize,
    text: &'t str,
    /// Whether a line break follows.
    is_ended: bool,
}

fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let mut number = 0;
    let mut last_break = None;
    text.split_inclusive(is_break).filter_map(move |piece| {
        let end = piece.chars().next_back().filter(|c| is_break(*c));
        // A carriage return and a line feed are one break.
        let is_rest = piece == "\n" && last_break == Some('\r');
        last_break = end;
        if is_rest {
            return None;
        }
        number += 1;
        Some(Line { number, text: trim_link(piece), is_ended: end.is_some() })
    })
}

/// Whether a character ends a line (UAX #14).
const fn is_break(character: char) -> bool {
    matches!(character, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn of_line<'t>(line: &Line<'t>, next: Option<Line<'_>>) -> Vec<Listed<'t>> {
    if line.text.is_empty() || line.text.starts_with('#') || is_of_reader(line.text) {
        return Vec::new();
    }
    let links = split_links(line.text).take(MAX_ENTRIES + 1);
    let mut links: Vec<_> = links.map(|text| Listed { line: line.number, text, end: End::Closed }).collect();
    if let Some(last) = links.last_mut() {
        last.end = match next {
            Some(next) if is_rest_of_link(next.text) => End::Cut,
            _ if line.is_ended => End::Closed,
            _ => End::Open,
        };
    }
    links
}

/// What `zbarimg` says at its end.
fn is_of_reader(line: &str) -> bool {
    line.starts_with("scanned ") && line.contains(" barcode symbols from ")
}

/// Whether a line could be the rest of a secret, and what follows it.
fn is_rest_of_link(line: &str) -> bool {
    let (secret, parameters) =
        line.split_once('&').map_or((line, None), |(secret, rest)| (secret, Some(rest)));
    let is_base32 =
        secret.bytes().all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'2'..=b'7' | b'='));
    let is_no_word =
        secret.bytes().all(|byte| !byte.is_ascii_lowercase()) || secret.bytes().any(|b| b.is_ascii_digit());
    match parameters {
        Some(parameters) => is_base32 && parameters.contains('='),
        None => !secret.is_empty() && is_base32 && is_no_word,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "otpauth://totp/a?secret=JBSWY3DPEHPK3PXP";
    const B: &str = "otpauth://totp/b?secret=GEZDGNBVGY3TQOJQ&issuer=X";

    fn texts(list: &str) -> Vec<(usize, &str, End)> {
        links(list).map(|link| (link.line, link.text, link.end)).collect()
    }

    #[test]
    fn lines_end_with_any_break_and_are_numbered() {
        for line_break in ["\n", "\r\n", "\r", "\u{2028}", "\u{2029}", "\u{85}", "\u{c}"] {
            let list = [A, "", "# comment", B, ""].join(line_break);
            assert_eq!(texts(&list), [(1, A, End::Closed), (4, B, End::Closed)], "{line_break:?}");
        }
    }

    #[test]
    fn links_on_one_line_are_parted() {
        for between in [" ", ",", "", "\t", " QR-Code:", "\u{feff}"] {
            let list = format!("{B}{between}{A}\n");
            let found = texts(&list);
            assert_eq!((found.len(), found[1]), (2, (1, A, End::Closed)), "{between:?}");
            assert!(found[0].1.starts_with(B) && found[0].2 == End::Closed, "{between:?}");
        }
    }

    #[test]
    fn the_last_line_is_open_unless_it_is_ended() {
        assert_eq!(texts(A), [(1, A, End::Open)]);
        assert_eq!(texts(&format!("{A}\n{A}")), [(1, A, End::Closed), (2, A, End::Open)]);
    }

    #[test]
    fn a_line_that_goes_on_in_the_next_is_cut() {
        for rest in ["GEZDGNBV", "GEZDGNBV&issuer=X", "gezdgnbv&issuer=X", "gezdgnbvgy3tqojq", "&issuer=X"] {
            assert_eq!(texts(&format!("{A}\n{rest}\n"))[0].2, End::Cut, "{rest}");
        }
        for other in ["", "# comment", "GitLab", "my other account", B, "otpauth://totp/b", "Tom & Jerry = 2"]
        {
            assert_eq!(texts(&format!("{A}\n{other}\n"))[0].2, End::Closed, "{other}");
        }
    }

    #[test]
    fn what_a_reader_says_is_left_out_and_other_words_are_not() {
        let list = format!("QR-Code:{A}\nscanned 1 barcode symbols from 1 images in 0.02 seconds\nsee {A}\n");
        let lines: Vec<_> = links(&list).map(|link| link.line).collect();
        assert_eq!(lines, [1, 3]);
    }

    #[test]
    fn a_line_of_links_without_end_is_bounded() {
        assert_eq!(links(&A.repeat(MAX_ENTRIES + 10)).count(), MAX_ENTRIES + 1);
    }
}
