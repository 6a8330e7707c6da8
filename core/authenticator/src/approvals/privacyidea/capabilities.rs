//! What a server says of its own abilities, in its canonical form (RFC 8785).

use serde_json::{Map, Value, json};

/// The abilities in a challenge's `capabilities`, and the text that their signature covers.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Capabilities {
    pub(super) decline_reason: bool,
    pub(super) signed_text: String,
}

impl Capabilities {
    /// Reads `value`, a string that holds JSON or, from newer servers, the object itself. `None` for anything but one flat
    /// object of truth values with plain names: its canonical form would need more of RFC 8785 than is known to be used.
    pub(super) fn read(value: &Value, nonce: &str) -> Option<Self> {
        let parsed;
        let object = match value {
            Value::String(text) => {
                parsed = serde_json::from_str::<Map<String, Value>>(text).ok()?;
                &parsed
            }
            Value::Object(object) => object,
            _ => return None,
        };
        let is_plain = |name: &str| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        if !object.iter().all(|(name, value)| value.is_boolean() && is_plain(name)) {
            return None;
        }
        // Plain names sort alike by bytes and by UTF-16, and serde_json's maps are sorted.
        Some(Self {
            decline_reason: object.get("decline_reason") == Some(&Value::Bool(true)),
            signed_text: json!({ "capabilities": object, "nonce": nonce }).to_string(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_canonical_form_is_sorted_and_without_spaces() {
        let value = Value::String(r#"{ "zulu": false, "decline_reason": true }"#.into());
        let read = Capabilities::read(&value, "NONCE").unwrap();
        assert_eq!(
            read.signed_text,
            r#"{"capabilities":{"decline_reason":true,"zulu":false},"nonce":"NONCE"}"#
        );
        assert!(read.decline_reason);
        assert_eq!(
            Capabilities::read(&json!({ "zulu": false, "decline_reason": true }), "NONCE"),
            Some(read)
        );
    }

    #[test]
    fn what_has_another_canonical_form_than_is_known_is_not_read() {
        for text in ["", "[]", "{", r#"{"a":1.0}"#, r#"{"a":{}}"#, r#"{"é":true}"#, r#"{"a\"":true}"#] {
            assert_eq!(Capabilities::read(&Value::String(text.into()), "N"), None, "{text}");
        }
        assert_eq!(Capabilities::read(&json!(7), "N"), None);
    }
}
