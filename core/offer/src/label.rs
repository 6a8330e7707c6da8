//! Issuer and account name, which issuers write in several ways.

pub(crate) use countersign_protocol::name::clean;
use percent_encoding::percent_decode_str;
use zeroize::Zeroizing;

/// Issuer and name from a decoded label and the issuer that is given beside it; an empty text means none.
///
/// The label is `Issuer:name` or `name`. When both issuers are there and differ, the label stays whole as the name
/// (`Slack (workspace):alice`), since its first half often says something that the second issuer doesn't.
///
/// Issuers are the same in any case, and with `+` for a space, as form encoders write it: `Air Canada:ada` beside
/// `Air+Canada` is Air Canada's. A `+` that no label contradicts stays.
pub(crate) fn issuer_and_name(label: &str, issuer: &str) -> (String, String) {
    let (label, issuer) = (clean(label), clean(issuer));
    if issuer.is_empty() {
        return match label.split_once(':') {
            Some((prefix, name)) => (prefix.trim().to_owned(), name.trim().to_owned()),
            None => (issuer, label),
        };
    }
    // The issuer may have colons of its own.
    let mut colons = label.match_indices(':').filter_map(|(colon, _)| {
        let (prefix, name) = label.split_at_checked(colon)?;
        Some((prefix.trim(), name.strip_prefix(':')?.trim()))
    });
    match colons.find(|(prefix, _)| is_same(prefix, &issuer)) {
        Some((prefix, name)) => (spelled(prefix, issuer), name.to_owned()),
        None if is_same(&label, &issuer) => (spelled(&label, issuer), label),
        None => (issuer, label),
    }
}

/// Undoes percent-encoding; what isn't UTF-8 (old issuers wrote Latin-1) becomes U+FFFD. `+` stays `+`.
pub(super) fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// Whether a name holds a link, a secret by its name, or all of this secret.
pub(super) fn holds_secret(name: &str, secret: &str) -> bool {
    let lower = Zeroizing::new(name.to_lowercase());
    let (name, secret) = (symbols(name), symbols(secret));
    ["otpauth:", "otpauth%3a", "otpauth-migration:", "secret=", "secret%3d"]
        .iter()
        .any(|mark| lower.contains(mark))
        || (secret.len() >= MIN_SYMBOLS && name.contains(secret.as_str()))
}

/// A shorter secret could be a word.
const MIN_SYMBOLS: usize = 16;

/// A text's letters and digits, in one case.
fn symbols(text: &str) -> Zeroizing<String> {
    let symbols = text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase());
    Zeroizing::new(symbols.collect())
}

/// Whether two texts name one issuer.
fn is_same(one: &str, other: &str) -> bool {
    let folded = |text: &str| text.to_lowercase().replace(' ', "+");
    one == other || folded(one) == folded(other)
}

/// The spelling that has spaces where the other has `+`; else the issuer's own.
fn spelled(prefix: &str, issuer: String) -> String {
    let spaces = |text: &str| text.matches(' ').count();
    if spaces(prefix) > spaces(&issuer) { prefix.to_owned() } else { issuer }
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
        assert_eq!(split("Examples:alice", "Example"), pair("Example", "Examples:alice"));
    }

    #[test]
    fn an_issuer_with_colons_is_no_part_of_the_name() {
        assert_eq!(split("Lab: door:ward 7", "Lab: door"), pair("Lab: door", "ward 7"));
        assert_eq!(split("A:b:c:d", "A:b"), pair("A:b", "c:d"));
        assert_eq!(
            split("https://example.org:ada", "https://example.org"),
            pair("https://example.org", "ada")
        );
        assert_eq!(split("Lab: window:ward 7", "Lab: door"), pair("Lab: door", "Lab: window:ward 7"));
    }

    #[test]
    fn a_plus_is_a_space_only_where_the_label_says_so() {
        assert_eq!(split("Air Canada:ada", "Air+Canada"), pair("Air Canada", "ada"));
        assert_eq!(split("Air+Canada:ada", "Air Canada"), pair("Air Canada", "ada"));
        assert_eq!(
            split("Test Issuer:my@email.example", "Test+Issuer"),
            pair("Test Issuer", "my@email.example")
        );
        assert_eq!(split("Air Canada", "Air+Canada"), pair("Air Canada", "Air Canada"));
        assert_eq!(split("Disney+ Plus:ada+kids", "Disney++Plus"), pair("Disney+ Plus", "ada+kids"));
        for (label, issuer) in
            [("john+doe", ""), ("john+doe", "Disney+"), ("ada", "Air+Canada"), ("Disney+:a", "Disney+")]
        {
            let (split_issuer, name) = split(label, issuer);
            assert_eq!((split_issuer.as_str(), name.contains('+')), (issuer, label.starts_with("john")));
        }
    }

    #[test]
    fn an_issuer_in_another_case_is_the_same_one() {
        assert_eq!(split("github:ada", "GitHub"), pair("GitHub", "ada"));
    }

    #[test]
    fn characters_that_hide_or_reverse_text_are_left_out() {
        assert_eq!(split("Exam\u{202E}ple:al\nice\0", ""), pair("Example", "alice"));
        for hidden in
            ['\u{200b}', '\u{feff}', '\u{61c}', '\u{2060}', '\u{ad}', '\u{180e}', '\u{3164}', '\u{e0020}']
        {
            assert_eq!(split(&format!("Git{hidden}Hub:ada{hidden}"), "GitHub"), pair("GitHub", "ada"));
        }
    }

    #[test]
    fn decoding_keeps_plus_signs_and_survives_other_encodings() {
        assert_eq!(decode("alice+work%40example.org"), "alice+work@example.org");
        assert_eq!(decode("Universit%E9 100%"), "Universit\u{FFFD} 100%");
    }

    #[test]
    fn a_name_that_holds_a_secret_is_found() {
        const SECRET: &str = "JBSWY3DPEHPK3PXP";
        for name in [
            "X otpauth://totp/b",
            "OTPAUTH:",
            "otpauth%3A%2F%2F",
            "a?Secret=GEZDGNBV",
            "secret%3DGEZDGNBV",
            SECRET,
            "ada jbsw-y3dp ehpk 3pxp",
        ] {
            assert!(holds_secret(name, SECRET), "{name}");
        }
        for name in ["ada", "Secret Santa", "JBSWY3DP", "otpauth"] {
            assert!(!holds_secret(name, SECRET), "{name}");
            assert!(!holds_secret(name, "ADA"), "{name}");
        }
    }
}
