//! The options of a presence check: which are shown, and which can't be.
//!
//! The server joins them by commas and signs them as they are. An administrator writes them with colons between
//! (`red : green`), and the server keeps the spaces: what is shown has none around it, and what is sent is as it came.

use super::refused_challenge::RefusedChallenge;
use countersign_protocol::name::clean;

/// One option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PresenceOption {
    /// As a person reads and chooses it.
    pub(super) shown: String,
    /// As it is signed and sent.
    pub(super) sent: String,
}

/// Longest option, in characters: more doesn't fit on a phone beside others.
const MAX_CHARS: usize = 200;
/// The server makes 10 at most.
const MAX_OPTIONS: usize = 16;

/// Reads the options, in their order. Refused, as one that is wrong makes the whole check worthless:
///
/// - a `|`, which makes another text of the signed one;
/// - `decline`: somebody could post a signed denial as this choice;
/// - nothing, which the server takes for no choice, and characters that can't be seen;
/// - two that look the same;
/// - a single one, which checks nothing.
pub(super) fn read(text: &str) -> Result<Vec<PresenceOption>, RefusedChallenge> {
    let options: Vec<_> = text
        .split(',')
        .take(MAX_OPTIONS + 1)
        .map(|sent| PresenceOption { shown: sent.trim().to_owned(), sent: sent.to_owned() })
        .collect();
    let is_good = |(index, option): (usize, &PresenceOption)| {
        let PresenceOption { shown, sent } = option;
        !shown.is_empty()
            && clean(shown) == *shown
            && sent.chars().count() <= MAX_CHARS
            && !sent.contains('|')
            && !shown.eq_ignore_ascii_case("decline")
            && !options.iter().take(index).any(|other| other.shown == *shown)
    };
    let has_choice = (2..=MAX_OPTIONS).contains(&options.len());
    if has_choice && options.iter().enumerate().all(is_good) {
        Ok(options)
    } else {
        Err(RefusedChallenge::BadOptions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Option<Vec<String>> {
        Some(read(text).ok()?.into_iter().map(|option| option.shown).collect())
    }

    #[test]
    fn what_can_be_told_apart_is_shown_and_sent_as_it_came() {
        let long = "x".repeat(200);
        for (text, wanted) in [
            ("red,green", vec!["red", "green"]),
            ("red , green , blue", vec!["red", "green", "blue"]),
            ("\u{a0}rot\u{a0},\u{3000}grün", vec!["rot", "grün"]),
            ("06,95,17,99", vec!["06", "95", "17", "99"]),
            ("a:b,c:d", vec!["a:b", "c:d"]),
            ("東京,大阪", vec!["東京", "大阪"]),
            ("no decline,decline?", vec!["no decline", "decline?"]),
            (&format!("{long},y"), vec![&long, "y"]),
        ] {
            assert_eq!(
                shown(text).as_deref(),
                Some(wanted.iter().map(ToString::to_string).collect::<Vec<_>>().as_slice()),
                "{text}"
            );
            let sent: Vec<_> = read(text).unwrap().into_iter().map(|option| option.sent).collect();
            assert_eq!(sent.join(","), text);
        }
    }

    #[test]
    fn what_can_be_taken_for_something_else_is_not() {
        let (long, many) = (format!("{},y", "x".repeat(201)), vec!["x"; 17].join(","));
        for text in [
            "",
            "one",
            " one ",
            "a,,b",
            "a, ,b",
            "a,\u{200f},b",
            "a,b,",
            "a|b,c",
            "allow,decline",
            "allow, DECLINE ",
            "allow,decline\u{200e}",
            "a,a",
            "a, a",
            "a,b\u{200e}",
            "a\u{202e},b",
            &long,
            &many,
        ] {
            assert_eq!(shown(text), None, "{text}");
        }
        let eleven: Vec<_> = (0..16).map(|number| number.to_string()).collect();
        assert!(shown(&eleven.join(",")).is_some());
        assert!(shown(&format!("{},16", eleven.join(","))).is_none());
    }
}
