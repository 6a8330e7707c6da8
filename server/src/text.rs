//! What addresses from outside must look like before they are stored or used. Names have the protocol's rule.

use countersign_protocol::limits::MAX_LINK_BYTES;
use countersign_protocol::{ServiceUrl, has_plain_host};

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

/// An issuer's identifier (OpenID Connect Discovery 1.0, section 3): https, or http on loopback, with neither query nor
/// fragment.
pub(crate) fn is_issuer(text: &str) -> bool {
    is_return_url(text) && !text.contains(['?', '#'])
}

/// Whether this is a GUID as Entra writes them.
pub(crate) fn is_guid(text: &str) -> bool {
    let groups: Vec<_> = text.split('-').collect();
    let is_hex = |group: &&str| group.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12]) && groups.iter().all(is_hex)
}

#[cfg(test)]
mod tests {
    use super::*;

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
