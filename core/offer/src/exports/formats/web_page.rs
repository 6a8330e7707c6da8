//! A web page with `otpauth` links in it, as Stratum and Authenticator Pro export for printing.
//!
//! Links are taken from the text of elements, up to the next tag, and from attributes, up to their end; nothing else of
//! the page is looked at.

use super::{Entry, Format, ImportError, ImportFormat, Source};
use crate::exports::entry::entry_of_link;
use crate::exports::links::MAX_ENTRIES;
use countersign_otp::Secret;

pub(super) struct WebPage;

const SCHEME: &str = "otpauth://";

impl Format for WebPage {
    fn name(&self) -> ImportFormat {
        ImportFormat::Links
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        matches!(source, Source::Xml(text) if links(text).next().is_some())
    }

    fn read(&self, source: &Source<'_>, _: Option<&Secret>) -> Result<Vec<Entry>, ImportError> {
        let Source::Xml(text) = source else { return Err(ImportError::Damaged) };
        let entries: Vec<_> =
            links(text).take(MAX_ENTRIES + 1).map(|link| entry_of_link(&unescape(link), "", "")).collect();
        if entries.len() > MAX_ENTRIES { Err(ImportError::TooMuch) } else { Ok(entries) }
    }
}

/// The links of a page, still escaped.
fn links(page: &str) -> impl Iterator<Item = &str> {
    let mut rest = page;
    std::iter::from_fn(move || {
        let start = rest.find(SCHEME)?;
        let (before, link) = rest.split_at(start);
        let end = match before.chars().next_back() {
            Some(quote @ ('"' | '\'')) => link.find(quote),
            _ => link.find('<'),
        };
        let (link, after) = link.split_at(end.unwrap_or(link.len()));
        rest = after;
        Some(link.trim())
    })
}

fn unescape(link: &str) -> zeroize::Zeroizing<String> {
    let entities =
        [("&quot;", "\""), ("&#39;", "'"), ("&#x27;", "'"), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")];
    let mut text = zeroize::Zeroizing::new(link.to_owned());
    for (entity, character) in entities {
        *text = text.replace(entity, character);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_end_where_their_element_or_attribute_does() {
        let page = "<td><code>otpauth://totp/a'b?secret=X&amp;digits=6</code></td>\n\
            <a href=\"otpauth://totp/c?secret=Y\">otpauth</a><a href='otpauth://totp/d?secret=Z'>";
        let found: Vec<_> = links(page).map(|link| unescape(link).to_string()).collect();
        assert_eq!(
            found,
            [
                "otpauth://totp/a'b?secret=X&digits=6",
                "otpauth://totp/c?secret=Y",
                "otpauth://totp/d?secret=Z"
            ]
        );
        assert_eq!(links("<p>otpauth: is a scheme</p>").count(), 0);
    }
}
