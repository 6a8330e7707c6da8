//! Text from elsewhere, made safe to show, and the few styles there are.

use anstyle::{AnsiColor, Effects, Style};
use countersign_authenticator::approvals::ascii_digits;
use countersign_authenticator::protocol::name;
use unicode_normalization::UnicodeNormalization;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};
use zeroize::Zeroizing;

pub(crate) const BOLD: Style = Style::new().effects(Effects::BOLD);
pub(crate) const DIM: Style = Style::new().effects(Effects::DIMMED);
pub(crate) const ERROR: Style = AnsiColor::Red.on_default().effects(Effects::BOLD);
pub(crate) const WARNING: Style = AnsiColor::Yellow.on_default().effects(Effects::BOLD);
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
pub(crate) const ACCENT: Style = AnsiColor::Cyan.on_default().effects(Effects::BOLD);

/// What a terminal may show of a name that somebody else chose: no control characters, which could move the cursor and
/// forge what a person reads, and none that turn the direction of writing.
pub(crate) fn safe(text: &str) -> String {
    text.chars().map(|c| if is_treacherous(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// What was typed by a keyboard of another script, in the letters and digits of a code: full-width ones are plain ones, and
/// so are the digits of every script.
pub(crate) fn plain(typed: &str) -> Zeroizing<String> {
    let folded = Zeroizing::new(typed.nfkc().collect::<String>());
    Zeroizing::new(ascii_digits(&folded))
}

/// [`safe`] text of exactly `width` columns: cut with an ellipsis, or filled up with spaces.
pub(crate) fn column(text: &str, width: usize) -> String {
    let mut text = cut(text, width);
    let filling = width.saturating_sub(text.width());
    text.extend(std::iter::repeat_n(' ', filling));
    text
}

/// [`safe`] text of at most `width` columns.
pub(crate) fn cut(text: &str, width: usize) -> String {
    let text = safe(text);
    if text.width() <= width {
        return text;
    }
    let mut short = String::new();
    let mut used = 1;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > width {
            break;
        }
        short.push(c);
    }
    short.push('…');
    short
}

/// Breaks lines between words where they are wider than `width`; styles take no room. A line that continues begins with
/// `indent` spaces.
pub(crate) fn wrap(text: &str, width: usize, indent: usize) -> String {
    let mut wrapped = String::with_capacity(text.len());
    let mut column = 0;
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            wrapped.push('\n');
            column = 0;
        }
        for (index, word) in line.split(' ').enumerate() {
            let word_width = anstream::adapter::strip_str(word).to_string().width();
            if index > 0 && column + 1 + word_width > width {
                wrapped.push('\n');
                wrapped.extend(std::iter::repeat_n(' ', indent));
                column = indent;
            } else if index > 0 {
                wrapped.push(' ');
                column += 1;
            }
            wrapped.push_str(word);
            column += word_width;
        }
    }
    wrapped
}

/// An account's issuer and name, as one text.
pub(crate) fn label(issuer: &str, name: &str) -> String {
    match (issuer.is_empty(), name.is_empty()) {
        (false, false) => format!("{issuer}: {name}"),
        (false, true) => issuer.to_owned(),
        (true, false) => name.to_owned(),
        (true, true) => "(no name)".to_owned(),
    }
}

/// An error's text, as a sentence of its own.
pub(crate) fn sentence(error: &dyn std::fmt::Display) -> String {
    let text = error.to_string();
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), chars.as_str()))
}

/// `1 account`, `2 accounts`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// Seconds as a person says them.
pub(crate) fn duration(seconds: u64) -> String {
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7_199 => format!("{} min", seconds / 60),
        7_200..=172_799 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// A time as a person reads it.
pub(crate) fn moment(unix_seconds: u64) -> String {
    let seconds = i64::try_from(unix_seconds).unwrap_or(i64::MAX);
    jiff::Timestamp::from_second(seconds)
        .map_or_else(|_| "an unknown day".to_owned(), |at| at.strftime("%Y-%m-%d %H:%M UTC").to_string())
}

fn is_treacherous(c: char) -> bool {
    c.is_control() || name::turns_direction(c) || matches!(c, '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_moves_a_cursor_or_turns_the_direction_of_writing_is_shown() {
        assert_eq!(safe("a\u{1b}[2Jb\nc\u{202e}d\u{9b}e"), "a\u{fffd}[2Jb\u{fffd}c\u{fffd}d\u{fffd}e");
        assert_eq!(safe("Universitätsklinikum 東京"), "Universitätsklinikum 東京");
    }

    #[test]
    fn a_column_has_its_width_whatever_is_in_it() {
        for text in ["", "short", "a text that is longer", "東京大学病院東京", "é"] {
            assert_eq!(column(text, 10).width(), 10, "{text}");
        }
        assert_eq!(column("a text that is longer", 10), "a text th…");
    }

    #[test]
    fn lines_break_between_words_and_styles_take_no_room() {
        assert_eq!(wrap("one two three four\n  five", 9, 2), "one two\n  three\n  four\n  five");
        assert_eq!(
            wrap(&format!("{BOLD}one{BOLD:#} two three"), 7, 0),
            format!("{BOLD}one{BOLD:#} two\nthree")
        );
        assert_eq!(wrap("averyverylongword", 5, 0), "averyverylongword");
    }

    #[test]
    fn an_account_always_has_a_label() {
        assert_eq!(label("Example", "alice"), "Example: alice");
        assert_eq!(label("", "alice"), "alice");
        assert_eq!(label("Example", ""), "Example");
        assert_eq!(label("", ""), "(no name)");
    }
}
