//! The names in links that can't be used.

use percent_encoding::percent_decode_str;

use crate::clean_label;

/// Issuer and name of a link that can't be used, so that a person knows which it is. Empty where it isn't plain that
/// they are names: such a link is damaged, and a part of its secret must not be shown.
pub(super) fn shown_names(link: &str) -> (String, String) {
    let none = (String::new(), String::new());
    let Some((scheme, rest)) = link.split_once("://") else { return none };
    let (Some((path, _)), true) = (rest.split_once('?'), scheme.eq_ignore_ascii_case("otpauth")) else {
        return none;
    };
    let label = path.split_once('/').map_or("", |(_, label)| label);
    let Some(label) = shown(label) else { return none };
    let issuer = parameter(link, "issuer").and_then(shown).unwrap_or_default();
    match label.split_once(':') {
        Some((prefix, name)) if issuer.is_empty() || prefix.trim() == issuer => {
            (prefix.trim().to_owned(), name.trim().to_owned())
        }
        _ => (issuer, label),
    }
}

/// A name, decoded, if it is plainly one.
fn shown(text: &str) -> Option<String> {
    const MAX_CHARS: usize = 200;
    let text = clean_label(&percent_decode_str(text).decode_utf8_lossy());
    let is_base32 = |part: &str| {
        part.len() >= 16 && part.bytes().all(|byte| matches!(byte, b'A'..=b'Z' | b'2'..=b'7' | b'='))
    };
    let has_part_of_link = ["://", "&", "secret="].iter().any(|mark| text.to_lowercase().contains(mark));
    let has_secret = text.split([':', ' ']).any(|part| is_base32(&part.to_ascii_uppercase()));
    (!has_part_of_link && !has_secret && text.chars().count() <= MAX_CHARS).then_some(text)
}

/// The value of a parameter, still percent-encoded.
pub(super) fn parameter<'l>(link: &'l str, name: &str) -> Option<&'l str> {
    let (_, query) = link.split_once('?')?;
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_that_cannot_be_used_is_named_and_its_secret_is_not() {
        let pair = |issuer: &str, name: &str| (issuer.to_owned(), name.to_owned());
        assert_eq!(shown_names("otpauth://totp/Shop:ada?secret=018"), pair("Shop", "ada"));
        assert_eq!(
            shown_names("otpauth://totp/ada%40x.org?issuer=Shop&secret=018"),
            pair("Shop", "ada@x.org")
        );
        assert_eq!(shown_names("otpauth://motp/Shop:ada?secret=018"), pair("Shop", "ada"));
        for secret in [
            "otpauth://totp/JBSWY3DPEHPK3PXP?issuer=Shop",
            "otpauth://totp/Shop:jbswy3dpehpk3pxp?issuer=Shop",
            "otpauth://totp/Shop&secret=JBSWY3DPEHPK3PXP?x",
            "otpauth://totp/Shop:secret=JBSWY3DP?x",
            "otpauth://totp/JBSWY3DP",
            "JBSWY3DPEHPK3PXP",
        ] {
            assert_eq!(shown_names(secret), pair("", ""), "{secret}");
        }
    }
}
