//! How a server wants the person checked before a token is used: `force_app_pin` and `app_force_unlock` of privacyIDEA.
//!
//! The protocol only carries the wish, and the server never learns whether it was met. So it is met, or the token isn't used.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use countersign_protocol::messages::UserCheck;

/// A wish for a check of the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Unlock {
    /// In any way.
    Any,
    /// By a fingerprint or a face.
    Biometric,
    /// By a PIN, a pattern or a password; a fingerprint or a face is as good.
    Pin,
}

impl Unlock {
    /// From a link's decoded parameters. A kind that isn't known is a wish all the same.
    pub(super) fn read(parameters: &HashMap<&str, String>) -> Option<Self> {
        let find = |name: &str| parameters.get(name).map(String::as_str);
        Self::named(find("app_force_unlock"), find("pin"))
    }

    /// From the values of `app_force_unlock` and `pin`.
    pub(super) fn named(kind: Option<&str>, pin: Option<&str>) -> Option<Self> {
        match (kind, pin) {
            (Some("biometric"), _) => Some(Self::Biometric),
            (Some("pin"), _) => Some(Self::Pin),
            (Some(""), pin) | (None, pin) => {
                pin.filter(|pin| pin.eq_ignore_ascii_case("true")).map(|_| Self::Pin)
            }
            (Some(_), _) => Some(Self::Any),
        }
    }

    /// Whether a device that checks the person in this way does what is wished.
    #[must_use]
    pub const fn is_met_by(self, check: UserCheck) -> bool {
        match (self, check) {
            (_, UserCheck::Biometric) => true,
            (_, UserCheck::None) | (Self::Biometric, _) => false,
            (Self::Any | Self::Pin, _) => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_is_read_in_both_of_its_forms() {
        for (parameters, wish) in [
            (&[][..], None),
            (&[("pin", "True")], Some(Unlock::Pin)),
            (&[("pin", "False")], None),
            (&[("app_force_unlock", "any")], Some(Unlock::Any)),
            (&[("app_force_unlock", "biometric")], Some(Unlock::Biometric)),
            (&[("app_force_unlock", "pin")], Some(Unlock::Pin)),
            (&[("pin", "True"), ("app_force_unlock", "biometric")], Some(Unlock::Biometric)),
            (&[("app_force_unlock", "iris")], Some(Unlock::Any)),
            (&[("app_force_unlock", "")], None),
        ] {
            let parameters = parameters.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
            assert_eq!(Unlock::read(&parameters), wish, "{parameters:?}");
        }
    }

    #[test]
    fn no_wish_is_met_by_no_check_and_a_fingerprint_meets_all() {
        for (wish, met) in [
            (Unlock::Any, [true, true, true, false]),
            (Unlock::Pin, [true, true, true, false]),
            (Unlock::Biometric, [true, false, false, false]),
        ] {
            let checks =
                [UserCheck::Biometric, UserCheck::DeviceCredential, UserCheck::Passphrase, UserCheck::None];
            assert_eq!(checks.map(|check| wish.is_met_by(check)), met, "{wish:?}");
        }
    }
}
