//! What texts from outside must look like before they are stored or shown.

use countersign_protocol::limits::{MAX_LINK_BYTES, MAX_NAME_CHARS};
use countersign_protocol::{ServiceUrl, has_plain_host};

/// A name that a person reads: not empty, not too long, and without control characters.
///
/// Characters that turn the direction of writing are refused with them: on a phone's screen they could make an
/// application's or a place's name read as another.
pub(crate) fn is_name(text: &str) -> bool {
    // A character has at most four bytes: a huge text isn't walked through.
    text.len() <= 4 * MAX_NAME_CHARS
        && text.chars().count() <= MAX_NAME_CHARS
        && !text.trim().is_empty()
        && !text.chars().any(|character| character.is_control() || turns_direction(character))
}

/// An address that a browser may be sent back to: https, or http on loopback.
pub(crate) fn is_return_url(text: &str) -> bool {
    if text.len() > MAX_LINK_BYTES || text.chars().any(char::is_control) || !has_plain_host(text) {
        return false;
    }
    // The rule is that of a service's address, which has neither query nor fragment.
    let Ok(mut url) = url::Url::parse(text) else { return false };
    url.set_query(None);
    url.set_fragment(None);
    url.as_str().parse::<ServiceUrl>().is_ok()
}

fn turns_direction(character: char) -> bool {
    matches!(character, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_printable_and_bounded() {
        for name in ["Ward 7", "Zoë Ağaoğlu", "看護師", &"é".repeat(128)] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", " ", "a\nb", "a\u{0}", "bank\u{202e}knab", &"é".repeat(129), &"x".repeat(1_000_000)]
        {
            assert!(!is_name(name), "{}", name.escape_debug());
        }
    }

    #[test]
    fn browsers_are_sent_back_to_secure_addresses_only() {
        for url in ["https://rp.example/back?x=1#y", "http://127.0.0.1:3000/back", "http://localhost/"] {
            assert!(is_return_url(url), "{url}");
        }
        for url in [
            "http://rp.example",
            "javascript:alert(1)",
            "/back",
            "https://u:p@rp.example",
            "data:text/html,x",
            &format!("https://rp.example/{}", "x".repeat(3000)),
        ] {
            assert!(!is_return_url(url), "{url}");
        }
    }
}
