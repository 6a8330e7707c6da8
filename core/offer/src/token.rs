//! Which token of its server an account is, where the server's links say so.
//!
//! privacyIDEA writes `creator=privacyidea` and the token's serial into its links for one-time codes. The same serial of the
//! same issuer is the same token: a new code for it makes the old secret worthless.

use serde::{Deserialize, Serialize};

use super::{Unlock, label, pipush};

/// A token of a server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct IssuedToken {
    /// Who issues it, as its link says: the person may give the account another name.
    pub issuer: String,
    /// Its serial at the server.
    pub serial: String,
    /// How the server wants the person checked before its codes are shown, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unlock: Option<Unlock>,
}

impl IssuedToken {
    /// Whether it is the same token, whatever is wished for it.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        (&self.issuer, &self.serial) == (&other.issuer, &other.serial)
    }

    /// The token of this serial, without wishes.
    #[must_use]
    pub fn of(issuer: &str, serial: &str) -> Self {
        Self { issuer: issuer.to_owned(), serial: serial.to_owned(), unlock: None }
    }

    /// From the query of an `otpauth` link with this issuer. Other issuers' serials mean nothing that is known.
    pub(super) fn read(query: &str, issuer: &str) -> Option<Self> {
        let pairs = || query.split(['&', '#']).filter_map(|pair| pair.split_once('='));
        let find =
            |name: &str| pairs().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value);
        let is_known = find("creator").is_some_and(|creator| creator.eq_ignore_ascii_case("privacyidea"));
        let serial =
            find("serial").map(label::decode).filter(|serial| is_known && pipush::is_serial(serial))?;
        let unlock = Unlock::named(find("app_force_unlock"), find("pin"));
        Some(Self { unlock, ..Self::of(issuer, &serial) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_for_a_check_of_the_person_comes_with_it() {
        let wish = |query| IssuedToken::read(query, "PI").unwrap().unlock;
        assert_eq!(wish("creator=privacyidea&serial=A"), None);
        assert_eq!(wish("creator=privacyidea&serial=A&pin=True"), Some(Unlock::Pin));
        assert_eq!(wish("creator=privacyidea&serial=A&app_force_unlock=any"), Some(Unlock::Any));
    }

    #[test]
    fn a_serial_counts_where_the_creator_is_known() {
        for (query, serial) in [
            ("secret=A&creator=privacyidea&serial=TOTP00002632", Some("TOTP00002632")),
            ("serial=TOTP00002632&CREATOR=privacyIDEA", Some("TOTP00002632")),
            ("creator=privacyidea&serial=A%2D1", Some("A-1")),
            ("secret=A&serial=TOTP00002632", None),
            ("creator=other&serial=TOTP00002632", None),
            ("creator=privacyidea", None),
            ("creator=privacyidea&serial=", None),
            ("creator=privacyidea&serial=a%7Cb", None),
            ("", None),
        ] {
            let read = IssuedToken::read(query, "PI").map(|token| token.serial);
            assert_eq!(read.as_deref(), serial, "{query}");
        }
    }
}
