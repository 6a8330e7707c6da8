//! Issuer and account name, which issuers write in several ways.

use percent_encoding::percent_decode_str;

/// Issuer and name from a decoded label and the issuer that is given beside it; an empty text means none.
///
/// The label is `Issuer:name` or `name`. When both issuers are there and differ, the label stays whole as the name
/// (`Slack (workspace):alice`), since its first half often says something that the second issuer doesn't.
pub(super) fn issuer_and_name(label: &str, issuer: &str) -> (String, String) {
    let (label, issuer) = (clean(label), clean(issuer));
    match label.split_once(':') {
        Some((prefix, name)) if issuer.is_empty() || prefix.trim() == issuer => {
            (prefix.trim().to_owned(), name.trim().to_owned())
        }
        _ => (issuer, label),
    }
}

/// Undoes percent-encoding; what isn't UTF-8 (old issuers wrote Latin-1) becomes U+FFFD. `+` stays `+`.
pub(super) fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// Leaves out what could make a name look like another one: control and direction-changing characters.
pub(crate) fn clean(text: &str) -> String {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().filter(|c| !hidden(*c)).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(label: &str, issuer: &str) -> (String, String) {
        issuer_and_name(label, issuer)
    }

    fn pair(issuer: &str, name: &str) -> (String, String) {
        (issuer.to_owned(), name.to_owned())
    }

    #[test]
    fn a_label_is_split_at_its_first_colon() {
        assert_eq!(split("Example: alice", ""), pair("Example", "alice"));
        assert_eq!(split("Example:realm:alice", ""), pair("Example", "realm:alice"));
        assert_eq!(split("alice", ""), pair("", "alice"));
        assert_eq!(split(":alice", ""), pair("", "alice"));
    }

    #[test]
    fn an_issuer_that_differs_from_the_labels_keeps_the_label_whole() {
        assert_eq!(split("Example:alice", "Example"), pair("Example", "alice"));
        assert_eq!(split("Slack (ward):alice", "Slack"), pair("Slack", "Slack (ward):alice"));
        assert_eq!(split("alice", "Example"), pair("Example", "alice"));
    }

    #[test]
    fn characters_that_hide_or_reverse_text_are_left_out() {
        assert_eq!(split("Exam\u{202E}ple:al\nice\0", ""), pair("Example", "alice"));
    }

    #[test]
    fn decoding_keeps_plus_signs_and_survives_other_encodings() {
        assert_eq!(decode("alice+work%40example.org"), "alice+work@example.org");
        assert_eq!(decode("Universit%E9 100%"), "Universit\u{FFFD} 100%");
    }
}
