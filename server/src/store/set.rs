//! Small sets of enumerated values, stored as their texts with spaces between.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use rusqlite::ToSql;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef};
use serde::de::{Deserialize, Deserializer, Error as _};
use serde::{Serialize, Serializer};

/// What a [`Set`] can hold: at most 32 values, each with a text of its own.
pub(crate) trait Member: Copy + PartialEq + Send + Sync + 'static {
    /// All values, in the order in which they are listed.
    const ALL: &'static [Self];

    /// The value's text, without spaces.
    fn text(self) -> &'static str;
}

/// A set of `T`.
pub(crate) struct Set<T>(u32, PhantomData<fn() -> T>);

/// A text that is none of the values.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no `{0}`; known are {1}")]
pub(crate) struct Unknown(String, String);

impl<T: Member> Set<T> {
    /// The set of these values.
    pub(crate) fn of(values: &[T]) -> Self {
        values.iter().fold(Self::default(), |set, value| set.with(*value))
    }

    /// This set, and `value`.
    pub(crate) fn with(self, value: T) -> Self {
        Self(self.0 | Self::bit(value), PhantomData)
    }

    /// Whether `value` is in it.
    pub(crate) fn contains(self, value: T) -> bool {
        self.0 & Self::bit(value) != 0
    }

    /// Its values.
    pub(crate) fn iter(self) -> impl Iterator<Item = T> {
        T::ALL.iter().copied().filter(move |value| self.contains(*value))
    }

    fn bit(value: T) -> u32 {
        T::ALL.iter().zip(0..32).find(|(other, _)| **other == value).map_or(0, |(_, place)| 1 << place)
    }
}

impl<T> Clone for Set<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Set<T> {}

impl<T> Default for Set<T> {
    fn default() -> Self {
        Self(0, PhantomData)
    }
}

impl<T> PartialEq for Set<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<T> Eq for Set<T> {}

impl<T: Member> fmt::Display for Set<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<_> = self.iter().map(Member::text).collect();
        f.write_str(&texts.join(" "))
    }
}

impl<T: Member> fmt::Debug for Set<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{self}}}")
    }
}

impl<T: Member> FromStr for Set<T> {
    type Err = Unknown;

    /// Reads texts with spaces or commas between.
    fn from_str(text: &str) -> Result<Self, Unknown> {
        let words = text.split([' ', ',']).filter(|word| !word.is_empty());
        words
            .map(|word| find(word).ok_or_else(|| unknown::<T>(word)))
            .try_fold(Self::default(), |set, value| value.map(|value| set.with(value)))
    }
}

impl<T: Member> Serialize for Set<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(Member::text))
    }
}

impl<'de, T: Member> Deserialize<'de> for Set<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let words = Vec::<String>::deserialize(deserializer)?;
        words.iter().try_fold(Self::default(), |set, word| {
            find(word).map(|value| set.with(value)).ok_or_else(|| D::Error::custom("an unknown value"))
        })
    }
}

impl<T: Member> ToSql for Set<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.to_string().into())
    }
}

impl<T: Member> FromSql for Set<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_str()?.parse().map_err(|error: Unknown| FromSqlError::Other(Box::new(error)))
    }
}

fn find<T: Member>(word: &str) -> Option<T> {
    T::ALL.iter().copied().find(|value| value.text() == word)
}

fn unknown<T: Member>(word: &str) -> Unknown {
    let known: Vec<_> = T::ALL.iter().copied().map(Member::text).collect();
    Unknown(word.chars().take(64).collect(), known.join(", "))
}

#[cfg(test)]
mod tests {
    use crate::store::clients::{Right, Rights};

    #[test]
    fn a_set_is_read_as_it_is_written() {
        for text in [
            "",
            "sign_in",
            "sign_in enrol",
            "sign_in enrol read_users manage_users read_audit manage_clients",
        ] {
            assert_eq!(text.parse::<Rights>().unwrap().to_string(), text);
        }
        let set: Rights = "read_audit,sign_in , sign_in".parse().unwrap();
        assert_eq!(set, Rights::of(&[Right::SignIn, Right::ReadAudit]));
        assert!(set.contains(Right::SignIn) && !set.contains(Right::Enrol));
        assert_eq!(serde_json::to_string(&set).unwrap(), r#"["sign_in","read_audit"]"#);
        assert_eq!(serde_json::from_str::<Rights>(r#"["read_audit","sign_in"]"#).unwrap(), set);
    }

    #[test]
    fn an_unknown_text_is_refused_and_never_passed_over() {
        for text in ["sign_in everything", "SIGN_IN", "*", "sign-in"] {
            let error = text.parse::<Rights>().unwrap_err().to_string();
            assert!(error.contains("known are sign_in, enrol"), "{error}");
        }
        assert!(serde_json::from_str::<Rights>(r#"["sign_in", "all"]"#).is_err());
        assert!(serde_json::from_str::<Rights>(r#""sign_in""#).is_err());
    }
}
