//! One file, and what kind of content it has.

use zeroize::Zeroizing;

use super::ImportError;
use super::json::Json;
use crate::encoding;

/// A file's content, as far as it can be told without knowing the format.
pub(super) enum Source<'a> {
    Json(Json),
    Xml(&'a str),
    Text(&'a str),
    Binary(&'a [u8]),
}

impl<'a> Source<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Result<Self, ImportError> {
        let Ok(text) = str::from_utf8(bytes) else { return Ok(Self::Binary(bytes)) };
        if text.starts_with(BINARY_MAGIC_IN_ASCII) || text.starts_with(LEGACY_MAGIC_IN_ASCII) {
            return Ok(Self::Binary(bytes));
        }
        let text = text.trim_start_matches('\u{feff}');
        match text.trim_start().chars().next() {
            Some('{' | '[') => Json::parse(text.as_bytes()).map(Self::Json),
            Some('<') => Ok(Self::Xml(text)),
            _ => Ok(Self::Text(text)),
        }
    }

    pub(super) const fn json(&self) -> Option<&Json> {
        if let Self::Json(json) = self { Some(json) } else { None }
    }

    pub(super) const fn binary(&self) -> Option<&'a [u8]> {
        if let Self::Binary(bytes) = self { Some(bytes) } else { None }
    }
}

/// The file as UTF-8, if it is text in another encoding: UTF-16 or UTF-32 by its mark, or a list of links in an encoding of
/// eight bits, of which what isn't ASCII becomes U+FFFD.
pub(super) fn to_utf8(bytes: &[u8]) -> Option<Zeroizing<String>> {
    encoding::from_wide(bytes).or_else(|| {
        let begins_line = || bytes.windows(9).any(|window| window == b"\notpauth:");
        let is_list = str::from_utf8(bytes).is_err()
            && !bytes.contains(&0)
            && (bytes.starts_with(b"otpauth") || begins_line());
        is_list.then(|| Zeroizing::new(String::from_utf8_lossy(bytes).into_owned()))
    })
}

/// A short encrypted file may happen to be valid UTF-8.
const BINARY_MAGIC_IN_ASCII: &str = "AUTHENTICATORPRO";
const LEGACY_MAGIC_IN_ASCII: &str = "AuthenticatorPro";
