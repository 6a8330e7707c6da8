//! Reports missing accounts, so that no list is ever incomplete without a warning.

use std::fmt;

use countersign_authenticator::protocol::Id;
use countersign_authenticator::vault::Completeness;
use serde::Serialize;

use crate::output;
use crate::text::{WARNING, count};

/// What is missing from a list of accounts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Loss {
    /// Accounts that can't be read.
    damaged: Vec<Id>,
    /// Number of accounts that disappeared from the file.
    missing: u64,
    /// Number of accounts that should not be there.
    surplus: u64,
    /// Whether the vault's manifest is lost, so that completeness can't be checked.
    unproven: bool,
}

impl Loss {
    /// What is lost, if anything.
    pub(crate) fn of(damaged: &[Id], completeness: Completeness) -> Option<Self> {
        let (missing, surplus) = match completeness {
            Completeness::Missing(number) => (number, 0),
            Completeness::Surplus(number) => (0, number),
            _ => (0, 0),
        };
        let unproven = completeness == Completeness::Unproven;
        let loss = Self { damaged: damaged.to_vec(), missing, surplus, unproven };
        (!loss.damaged.is_empty() || completeness != Completeness::Complete).then_some(loss)
    }

    /// Warns the person, even with `--quiet`.
    pub(crate) fn warn(&self) {
        output::tell(&format!(
            "{WARNING}warning:{WARNING:#} {self}; run `countersign doctor` for details, and keep the vault's file.\n"
        ));
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if !self.damaged.is_empty() {
            parts.push(format!("{} can't be read", count(self.damaged.len(), "account")));
        }
        if self.missing > 0 {
            parts.push(format!("{} missing from the vault", self.missing));
        }
        if self.surplus > 0 {
            parts.push(format!("{} deleted before and present again", self.surplus));
        }
        if self.unproven {
            parts.push("the vault can't prove that the list is complete".to_owned());
        }
        f.write_str(&parts.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_list_has_lost_nothing() {
        assert_eq!(Loss::of(&[], Completeness::Complete), None);
    }

    #[test]
    fn every_kind_of_loss_is_told() {
        let id = Id::from_bytes([1; 16]);
        for (damaged, completeness, told) in [
            (&[id][..], Completeness::Complete, "1 account can't be read"),
            (&[][..], Completeness::Missing(2), "2 missing from the vault"),
            (&[][..], Completeness::Surplus(1), "1 deleted before and present again"),
            (&[][..], Completeness::Unproven, "the vault can't prove that the list is complete"),
        ] {
            assert_eq!(Loss::of(damaged, completeness).unwrap().to_string(), told);
        }
    }
}
