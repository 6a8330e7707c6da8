//! What is missing from a list, so that no list is ever silently short.

use std::fmt;

use countersign_authenticator::protocol::Id;
use countersign_authenticator::vault::Completeness;
use serde::Serialize;

use crate::output;
use crate::text::{WARNING, count};

/// What a list of accounts lacks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Loss {
    /// Accounts that are there but can't be read.
    damaged: Vec<Id>,
    /// How many have vanished from the file.
    missing: u64,
    /// How many are there that should not be.
    surplus: u64,
    /// Whether the vault's own account of what it holds is gone, so that nobody can tell.
    unproven: bool,
}

impl Loss {
    /// What is lost; nothing, mostly.
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

    /// Warns a person, however little they want to hear.
    pub(crate) fn warn(&self) {
        output::tell(&format!(
            "{WARNING}warning:{WARNING:#} {self}; `countersign doctor` tells more. Keep the vault's file.\n"
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
            parts.push(format!("{} vanished from the vault", self.missing));
        }
        if self.surplus > 0 {
            parts.push(format!("{} came back that had been deleted", self.surplus));
        }
        if self.unproven {
            parts.push("the vault can't prove that this is all".to_owned());
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
            (&[][..], Completeness::Missing(2), "2 vanished from the vault"),
            (&[][..], Completeness::Surplus(1), "1 came back that had been deleted"),
            (&[][..], Completeness::Unproven, "the vault can't prove that this is all"),
        ] {
            assert_eq!(Loss::of(damaged, completeness).unwrap().to_string(), told);
        }
    }
}
