//! One file, and what kind of content it has.

use super::ImportError;
use super::json::Json;

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
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
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

/// A short encrypted file may happen to be valid UTF-8.
const BINARY_MAGIC_IN_ASCII: &str = "AUTHENTICATORPRO";
const LEGACY_MAGIC_IN_ASCII: &str = "AuthenticatorPro";
