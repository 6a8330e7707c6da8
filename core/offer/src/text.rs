//! The links in a text, without what people's programs put around them.
//!
//! Ignored around a link: white space, characters that can't be seen (a byte-order mark), quotation marks and angle
//! brackets, the name that a QR reader prints before a text (`QR-Code:`). A link that is percent-encoded as a whole, as
//! a parameter of another link is, is decoded. Other words around a link are not ignored.

use std::ops::Deref;

use countersign_protocol::name::is_invisible;
use percent_encoding::percent_decode_str;
use zeroize::Zeroizing;

use super::scheme;

/// What may follow the end of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Nothing: the text is a field of a file, or a line of a list.
    Closed,
    /// Perhaps more of it: it was typed, pasted or scanned, and may have been cut.
    Open,
    /// What looks like more of it.
    Cut,
}

/// A text without what is around it. A copy, which decoding makes, is wiped on drop.
pub(super) enum Bare<'t> {
    Part(&'t str),
    Copy(Zeroizing<String>),
}

impl Deref for Bare<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Part(text) => text,
            Self::Copy(text) => text,
        }
    }
}

/// The link of a text that is one, else the text; without what is around it.
pub(super) fn link_of(text: &str) -> Bare<'_> {
    let mut link = match without_mojibake(text) {
        Some(text) => Bare::Copy(Zeroizing::new(unwrap(&text).to_owned())),
        None => Bare::Part(unwrap(text)),
    };
    // Programs that pass a link on as a parameter encode it, some of them twice.
    for _ in 0..2 {
        if !is_encoded_link(&link) {
            break;
        }
        let Ok(decoded) = percent_decode_str(&link).decode_utf8() else { break };
        link = Bare::Copy(Zeroizing::new(decoded.into_owned()));
    }
    link
}

/// Each link of a text of several, or the text if it holds one or none. What stands before the first link and isn't of a
/// QR reader belongs to it, and so keeps it from being taken.
pub(crate) fn split(text: &str) -> impl Iterator<Item = &str> {
    let text = trim_link(text);
    let mut starts: Vec<usize> = link_starts(text).collect();
    if let Some(first) = starts.first_mut() {
        *first = 0;
    } else {
        starts.push(0);
    }
    let ends: Vec<usize> = starts.iter().skip(1).copied().chain([text.len()]).collect();
    let parts = starts.into_iter().zip(ends).filter_map(|(start, end)| text.get(start..end));
    parts.map(|part| without_reader_behind(trim_link(part))).filter(|part| !part.is_empty())
}

/// Whether a text begins as a link of accounts, or as one of a kind that is known.
pub(crate) fn is_link(text: &str) -> bool {
    let text = link_of(text);
    let scheme = text.split_once("://").map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| {
        SCHEMES.iter().any(|known| known.eq_ignore_ascii_case(scheme))
            || scheme::unsupported(scheme).is_some()
    })
}

/// Whether a text that is a link holds another one, encoded or not.
pub(super) fn holds_another_link(link: &str) -> bool {
    let lower = Zeroizing::new(link.to_ascii_lowercase());
    let is_inside = |mark: &str| lower.match_indices(mark).any(|(index, _)| index > 0);
    link_starts(link).any(|start| start > 0) || is_inside("otpauth%3a") || is_inside("otpauth-migration%3a")
}

/// Without white space and invisible characters at both ends.
pub(crate) fn trim(text: &str) -> &str {
    text.trim_matches(is_around)
}

/// [`trim`], but spaces behind a migration's data stay: they were plus signs, or nothing.
pub(crate) fn trim_link(text: &str) -> &str {
    let start = text.trim_start_matches(is_around);
    let is_migration = start.get(..MIGRATION.len()).is_some_and(|text| text.eq_ignore_ascii_case(MIGRATION));
    if is_migration { start.trim_end_matches(|c| c != ' ' && is_around(c)) } else { trim(start) }
}

/// Whether a character at the ends of a text says nothing.
fn is_around(character: char) -> bool {
    character.is_whitespace() || character.is_control() || is_invisible(character)
}

/// Where links of accounts begin.
fn link_starts(text: &str) -> impl Iterator<Item = usize> {
    text.match_indices("://").filter_map(|(end, _)| {
        let before = text.get(..end)?;
        let is_of = |scheme: &str| {
            let start = end.checked_sub(scheme.len())?;
            before.get(start..)?.eq_ignore_ascii_case(scheme).then_some(start)
        };
        SCHEMES.iter().find_map(|scheme| is_of(scheme))
    })
}

/// The longer before the shorter that it ends with.
const SCHEMES: [&str; 4] = ["apple-otpauth-migration", "apple-otpauth", "otpauth-migration", "otpauth"];

fn is_encoded_link(text: &str) -> bool {
    let is = |start: &str| text.get(..start.len()).is_some_and(|text| text.eq_ignore_ascii_case(start));
    // Once, and twice.
    ["otpauth%3a", "otpauth-migration%3a", "otpauth%253a", "otpauth-migration%253a"].into_iter().any(is)
}

/// A byte-order mark that was read as Latin-1 says that the whole text was; it is UTF-8.
fn without_mojibake(text: &str) -> Option<Zeroizing<String>> {
    if !text.starts_with("\u{ef}\u{bb}\u{bf}") {
        return None;
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    for character in text.chars() {
        bytes.push(u8::try_from(character).ok()?);
    }
    Some(Zeroizing::new(str::from_utf8(&bytes).ok()?.to_owned()))
}

/// Takes off each layer around a link: a line of a CSV file that a QR reader printed has two.
fn unwrap(text: &str) -> &str {
    let mut text = text;
    for _ in 0..3 {
        let inner = trim_link(without_reader(trim_link(text)));
        let unquoted = QUOTES.iter().find_map(|(open, close)| {
            let inner = inner.strip_prefix(*open)?;
            inner.trim_end_matches([',', ';']).strip_suffix(*close)
        });
        text = unquoted.unwrap_or(inner);
    }
    text
}

const MIGRATION: &str = "otpauth-migration:";

const QUOTES: [(char, char); 7] =
    [('"', '"'), ('\'', '\''), ('`', '`'), ('<', '>'), ('“', '”'), ('‘', '’'), ('«', '»')];

/// What QR readers print before a text: `zbarimg` and `zbarcam`, and those that name the kind of content.
const READERS: [&str; 6] = ["QR-Code:", "QR Code:", "QR_CODE:", "QRCode:", "URL:", "URI:"];

fn without_reader(text: &str) -> &str {
    let rest = |reader: &&str| {
        let (start, rest) = text.split_at_checked(reader.len())?;
        start.eq_ignore_ascii_case(reader).then(|| rest.trim_start())
    };
    READERS.iter().find_map(rest).unwrap_or(text)
}

/// The same behind a link, where it belongs to the next one.
fn without_reader_behind(text: &str) -> &str {
    let rest = |reader: &&str| {
        let (rest, end) = text.split_at_checked(text.len().checked_sub(reader.len())?)?;
        end.eq_ignore_ascii_case(reader).then(|| rest.trim_end())
    };
    READERS.iter().find_map(rest).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINK: &str = "otpauth://totp/a?secret=JBSWY3DPEHPK3PXP";

    #[test]
    fn what_programs_put_around_a_link_is_ignored() {
        for text in [
            format!("\u{feff}{LINK}\r\n"),
            format!("\u{200b} {LINK}\u{feff}\0"),
            format!("QR-Code:{LINK}\n"),
            format!("qr-code: {LINK}"),
            format!("\u{feff}QR-Code:\"{LINK}\""),
            format!("\"{LINK}\","),
            format!("<{LINK}>"),
            format!("“{LINK}”"),
            format!("\u{ef}\u{bb}\u{bf}{LINK}"),
            "otpauth%3A%2F%2Ftotp%2Fa%3Fsecret%3DJBSWY3DPEHPK3PXP".to_owned(),
            "otpauth%253A%252F%252Ftotp%252Fa%253Fsecret%253DJBSWY3DPEHPK3PXP".to_owned(),
        ] {
            assert_eq!(&*link_of(&text), LINK, "{text:?}");
        }
    }

    #[test]
    fn utf_8_that_was_read_as_latin_1_is_put_right_where_its_mark_shows_it() {
        assert_eq!(&*link_of("\u{ef}\u{bb}\u{bf}GrÃ¼n"), "Grün");
        assert_eq!(&*link_of("GrÃ¼n"), "GrÃ¼n");
        assert_eq!(&*link_of("\u{ef}\u{bb}\u{bf}\u{ff}"), "\u{ef}\u{bb}\u{bf}\u{ff}");
    }

    #[test]
    fn other_words_stay() {
        for text in ["see otpauth://totp/a?secret=A", "x", "\"", "QR", "URL of mine"] {
            assert_eq!(&*link_of(text), text);
        }
    }

    #[test]
    fn links_are_split_whatever_stands_between() {
        for between in
            ["", " ", "\n", "\r", "\r\n", "\u{2028}", "\t", "\0", "\u{feff}", "\nQR-Code:", ",", ";", "|"]
        {
            let text = format!("{LINK}&issuer=X{between}{LINK}");
            let parts: Vec<_> = split(&text).collect();
            assert_eq!(parts.len(), 2, "{between:?}");
            assert!(parts[0].starts_with(LINK), "{between:?}");
            assert_eq!(parts[1], LINK, "{between:?}");
            assert!(holds_another_link(&text), "{between:?}");
        }
        let encoded = format!("{LINK}&issuer=X%20otpauth%3A%2F%2Ftotp");
        assert!(holds_another_link(&encoded) && !holds_another_link(LINK));
    }

    #[test]
    fn a_text_of_one_link_or_none_stays_whole() {
        for text in [LINK, "see otpauth://totp/a?secret=A", "apple-otpauth://totp/a?secret=A", "words"] {
            assert_eq!(split(text).collect::<Vec<_>>(), [text]);
        }
        assert_eq!(split(" \u{feff}").count(), 0);
    }
}
