//! `Idempotency-Key`: a request that creates something may be sent again (draft-ietf-httpapi-idempotency-key-header).

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::error::ApiError;
use crate::app::App;
use crate::store::idempotency::Retry;

/// Name of the header.
const HEADER: &str = "idempotency-key";
/// Characters that a key may have.
const MAX_KEY: usize = 255;

/// The request's key, if it has one.
pub(super) struct RetryKey(Option<String>);

impl RetryKey {
    /// What is remembered of this request. `what` names the endpoint, and what it is about. Bodies that differ in spaces or
    /// in the order of their fields alone ask for the same.
    pub(super) fn of(self, app: &App, what: &[&str], body: &[u8]) -> Option<Retry> {
        let key = self.0?;
        let body = serde_json::from_slice::<serde_json::Value>(body)
            .ok()
            .and_then(|value| serde_json::to_vec(&value).ok())
            .unwrap_or_else(|| body.to_vec());
        let mut message = what.join("\0").into_bytes();
        message.push(0);
        message.extend_from_slice(&body);
        Some(Retry { key, request: app.keys.derive_request(&message) })
    }
}

impl<S: Sync> FromRequestParts<S> for RetryKey {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let mut values = parts.headers.get_all(HEADER).iter();
        let Some(value) = values.next() else { return Ok(Self(None)) };
        let key = value.to_str().ok().and_then(key_of).filter(|_| values.next().is_none());
        key.map(|key| Self(Some(key.to_owned()))).ok_or(ApiError::MALFORMED_KEY)
    }
}

/// The key in a header's value: a string as structured fields write it (RFC 9651, section 3.3.3), or, as most programs
/// write it, without the quotes.
fn key_of(value: &str) -> Option<&str> {
    let value = value.trim();
    let key = value.strip_prefix('"').map_or(Some(value), |rest| rest.strip_suffix('"'))?;
    let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
    (!key.is_empty() && key.len() <= MAX_KEY && key.bytes().all(is_plain)).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_a_short_text_with_or_without_quotes() {
        let longest = "x".repeat(MAX_KEY);
        for (value, key) in [
            ("8e03978e-40d5-43dd-bc93-6894a57f9324", "8e03978e-40d5-43dd-bc93-6894a57f9324"),
            ("\"8e03978e\"", "8e03978e"),
            (" a ", "a"),
            (&longest, &longest),
        ] {
            assert_eq!(key_of(value), Some(key), "{value}");
        }
        let too_long = "x".repeat(MAX_KEY + 1);
        for value in
            ["", " ", "\"", "\"\"", "\"a", "a\"", "a b", "a\\b", "\"a\\\"b\"", "é", "a\u{7f}", &too_long]
        {
            assert_eq!(key_of(value), None, "{value}");
        }
    }
}
