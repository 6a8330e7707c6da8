//! JSON objects that have one reading (RFC 8259, section 4; RFC 7515, section 4; RFC 7519, section 4).
//!
//! Parsers differ in which of two members of one name they take, so that what one program checks and another acts on
//! could differ. Here a name that comes twice is an error at any depth. An array isn't taken for an object either, as
//! serde's derived code would by position.

use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeOwned, DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// Reads an object whose members have different names, in it and in everything that it holds.
///
/// # Errors
///
/// That of serde. Its text may quote the input.
pub fn from_object<T: DeserializeOwned>(text: &[u8]) -> serde_json::Result<T> {
    let mut parser = serde_json::Deserializer::from_slice(text);
    Unique { is_root: true }.deserialize(&mut parser)?;
    parser.end()?;
    serde_json::from_slice(text)
}

/// For a member that must not be there: true if it is, whatever its value, `null` included.
pub(crate) fn is_present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    serde::de::IgnoredAny::deserialize(deserializer).map(|_| true)
}

/// Walks through a value and keeps nothing of it but the names of the objects that it is in.
#[derive(Clone, Copy)]
struct Unique {
    /// Whether this has to be an object.
    is_root: bool,
}

impl Unique {
    fn scalar<E: serde::de::Error>(self) -> Result<(), E> {
        if self.is_root { Err(E::custom("not an object")) } else { Ok(()) }
    }
}

impl<'de> DeserializeSeed<'de> for Unique {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Unique {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object whose members have different names")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut names = HashSet::new();
        while let Some(name) = map.next_key::<String>()? {
            if !names.insert(name) {
                return Err(A::Error::custom("two members of one name"));
            }
            map.next_value_seed(Self { is_root: false })?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<(), A::Error> {
        self.scalar()?;
        while values.next_element_seed(self)?.is_some() {}
        Ok(())
    }

    fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<(), E> {
        self.scalar()
    }

    fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<(), E> {
        self.scalar()
    }

    fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<(), E> {
        self.scalar()
    }

    fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<(), E> {
        self.scalar()
    }

    fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<(), E> {
        self.scalar()
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        self.scalar()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Sample {
        a: u8,
        b: Option<serde_json::Value>,
    }

    #[test]
    fn an_object_with_different_names_is_read() {
        for text in [
            r#"{"a":1}"#,
            r#" {"a":1,"b":{"a":[{"a":1},{"a":2}],"c":null},"unknown":-1.5e3} "#,
            r#"{"b":"a","a":1,"A":2}"#,
        ] {
            assert_eq!(from_object::<Sample>(text.as_bytes()).unwrap().a, 1, "{text}");
        }
    }

    #[test]
    fn a_name_that_comes_twice_is_refused_at_any_depth_and_however_it_is_written() {
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"unknown":1,"unknown":2}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"a":1,"b":{"x":1,"x":1}}"#,
            r#"{"a":1,"b":[[{"x":1,"y":{"z":1,"z":2}}]]}"#,
            r#"{"a":1,"":1,"":2}"#,
        ] {
            assert!(from_object::<Sample>(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn nothing_but_an_object_is_one() {
        let deep = format!("{{\"a\":1,\"b\":{}{}}}", "[".repeat(20_000), "]".repeat(20_000));
        for text in [
            "",
            "[]",
            "[1,null]",
            "1",
            "-1",
            "1.5",
            "true",
            "null",
            "\"a\"",
            "{",
            r#"{"a":1}{}"#,
            r#"{"a":1},"#,
            &deep,
        ] {
            assert!(from_object::<Sample>(text.as_bytes()).is_err(), "{}", &text[..text.len().min(40)]);
        }
        assert!(from_object::<serde_json::Value>(b"[]").is_err());
    }
}
