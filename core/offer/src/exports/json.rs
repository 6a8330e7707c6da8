//! JSON from anywhere: wiped on drop, bounded in depth and number of values, and read by name.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use zeroize::Zeroizing;

use super::ImportError;
use crate::OfferError;

/// A JSON value. Strings, which may be secrets, are wiped on drop.
pub(super) enum Json {
    Null,
    Bool(bool),
    /// A whole number from 0.
    Number(u64),
    /// A whole number below 0.
    Negative(i64),
    /// A number that no format of ours has: with a fraction, or out of range.
    OtherNumber,
    Text(Zeroizing<String>),
    List(Vec<Json>),
    /// One app's names are texts with secrets in them, so they are wiped, too.
    Object(Vec<(Zeroizing<String>, Json)>),
}

/// More values than 10,000 accounts of the wordiest format have; one takes at most some 60 bytes.
const MAX_VALUES: usize = 1_500_000;

impl Json {
    /// Reads one document.
    pub(super) fn parse(text: &[u8]) -> Result<Self, ImportError> {
        let left = Cell::new(MAX_VALUES);
        // serde_json bounds the depth itself.
        let mut reader = serde_json::Deserializer::from_slice(text);
        let value = Seed(&left).deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
        value.map_err(|_| if left.get() == 0 { ImportError::TooMuch } else { ImportError::Damaged })
    }

    /// The member of this name; nothing if there is none, or this is no object.
    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        let Self::Object(members) = self else { return None };
        let (_, value) = members.iter().rev().find(|(member, _)| member.as_str() == name)?;
        (!matches!(value, Self::Null)).then_some(value)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        matches!(self, Self::Object(members) if members.iter().any(|(member, _)| member.as_str() == name))
    }

    pub(super) fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    pub(super) fn as_list(&self) -> Option<&[Self]> {
        if let Self::List(items) = self { Some(items) } else { None }
    }

    /// The members in the document's order; none if this is no object.
    pub(super) fn members(&self) -> impl Iterator<Item = (&str, &Self)> {
        let members = if let Self::Object(members) = self { members.as_slice() } else { &[] };
        members.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// The text of this name; empty if there is none.
    pub(super) fn text(&self, name: &str) -> &str {
        self.get(name).and_then(Self::as_text).unwrap_or_default()
    }

    /// The list of this name, without which the document isn't what it should be.
    pub(super) fn list(&self, name: &str) -> Result<&[Self], ImportError> {
        self.get(name).and_then(Self::as_list).ok_or(ImportError::Damaged)
    }

    /// The whole number of this name, also where it is written as text, as some do.
    pub(super) fn number(&self, name: &'static str) -> Result<Option<u64>, OfferError> {
        match self.get(name) {
            None => Ok(None),
            Some(Self::Number(number)) => Ok(Some(*number)),
            Some(Self::Text(text)) => match text.trim() {
                "" => Ok(None),
                digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                    digits.parse().map(Some).map_err(|_| OfferError::BadNumber(name))
                }
                _ => Err(OfferError::BadNumber(name)),
            },
            Some(_) => Err(OfferError::BadNumber(name)),
        }
    }

    /// The counter of the next code. Apps that count the codes they made begin at -1.
    pub(super) fn counter(&self, name: &'static str) -> Result<Option<u64>, OfferError> {
        match self.get(name) {
            Some(Self::Negative(-1)) => Ok(Some(0)),
            Some(Self::Text(text)) if text.trim() == "-1" => Ok(Some(0)),
            _ => self.number(name),
        }
    }

    /// A number that the file's encryption needs.
    pub(super) fn parameter(&self, name: &'static str) -> Result<u64, ImportError> {
        self.number(name).ok().flatten().ok_or(ImportError::Damaged)
    }

    /// A list of bytes, written as Java's signed ones or as unsigned.
    pub(super) fn as_bytes(&self) -> Option<Zeroizing<Vec<u8>>> {
        let byte = |item: &Self| match item {
            Self::Number(number) => u8::try_from(*number).ok(),
            Self::Negative(number) => i8::try_from(*number).ok().map(i8::cast_unsigned),
            _ => None,
        };
        let items = self.as_list()?;
        let mut bytes = Zeroizing::new(Vec::with_capacity(items.len()));
        for item in items {
            bytes.push(byte(item)?);
        }
        Some(bytes)
    }
}

struct Seed<'a>(&'a Cell<usize>);

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        let left = self.0.get().checked_sub(1).ok_or_else(|| D::Error::custom("too many values"))?;
        self.0.set(left);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Number(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Json, E> {
        Ok(u64::try_from(value).map_or(Json::Negative(value), Json::Number))
    }

    /// Programs whose numbers are all floating-point write `6.0`.
    fn visit_f64<E: Error>(self, value: f64) -> Result<Json, E> {
        let whole = format!("{value}").parse().ok().filter(|number| *number <= u64::from(u32::MAX));
        Ok(whole.map_or(Json::OtherNumber, Json::Number))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Json, E> {
        Ok(Json::Text(Zeroizing::new(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Seed(self.0))? {
            list.push(item);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Json, A::Error> {
        let mut object = Vec::new();
        while let Some(name) = members.next_key::<String>()? {
            object.push((Zeroizing::new(name), members.next_value_seed(Seed(self.0))?));
        }
        Ok(Json::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Json, ImportError> {
        Json::parse(text.as_bytes())
    }

    #[test]
    fn numbers_are_read_as_numbers_and_as_text_and_nothing_else_is() {
        let json = parse(
            r#"{"a":6,"b":"8","c":null,"d":"six","e":6.5,"f":-1,"g":true,"h":"","i":6.0,"j":" 6 ","k":1e99}"#,
        )
        .unwrap();
        assert_eq!(json.number("b"), Ok(Some(8)));
        for six in ["a", "i", "j"] {
            assert_eq!(json.number(six), Ok(Some(6)), "{six}");
        }
        for absent in ["c", "h", "z"] {
            assert_eq!(json.number(absent), Ok(None));
        }
        for bad in ["d", "e", "f", "g", "k"] {
            assert_eq!(json.number(bad), Err(OfferError::BadNumber(bad)));
        }
    }

    #[test]
    fn a_counter_of_minus_one_has_made_no_code_yet() {
        let json = parse(r#"{"a":-1,"b":"-1","c":-2,"d":7}"#).unwrap();
        assert_eq!(json.counter("a"), Ok(Some(0)));
        assert_eq!(json.counter("b"), Ok(Some(0)));
        assert_eq!(json.counter("c"), Err(OfferError::BadNumber("c")));
        assert_eq!(json.counter("d"), Ok(Some(7)));
    }

    #[test]
    fn signed_bytes_are_read_and_what_is_no_byte_is_not() {
        assert_eq!(
            parse("[-128,-1,0,127,255]").unwrap().as_bytes().unwrap().as_slice(),
            [128, 255, 0, 127, 255]
        );
        assert!(parse("[256]").unwrap().as_bytes().is_none());
        assert!(parse("[-129]").unwrap().as_bytes().is_none());
        assert!(parse("[\"1\"]").unwrap().as_bytes().is_none());
    }

    #[test]
    fn documents_are_bounded_in_depth_and_in_number_of_values() {
        assert_eq!(parse(&"[".repeat(100_000)).err(), Some(ImportError::Damaged));
        let many = format!("[{}0]", "0,".repeat(MAX_VALUES));
        assert_eq!(parse(&many).err(), Some(ImportError::TooMuch));
        assert_eq!(parse("{} {}").err(), Some(ImportError::Damaged));
    }
}
