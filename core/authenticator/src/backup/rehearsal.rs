//! The rehearsal: an export is read again as a restoring phone would, and compared with the vault.

use std::collections::HashMap;

use countersign_protocol::Id;
use countersign_protocol::name::clean;
use serde::{Deserialize, Serialize};

use super::{Accounts, BackupError, visible};
use crate::Secret;
use crate::import::Import;
use crate::offer::OtpOffer;
use crate::vault::{Record, RecordKind};

/// What a file restores of the accounts that there are.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rehearsal {
    /// Accounts that there are, without those in the trash.
    pub total: usize,
    /// Accounts that the file restores.
    pub restorable: usize,
    /// What is to be said about single accounts.
    pub left_behind: Vec<LeftBehind>,
}

/// An account of which the file doesn't hold all.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LeftBehind {
    /// The account.
    pub account: Id,
    /// Who issued it; may be empty.
    pub issuer: String,
    /// Whose it is; may be empty.
    pub name: String,
    /// Why.
    pub reason: LeftReason,
}

/// Why a file doesn't hold all of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LeftReason {
    /// It approves sign-ins, with keys that can't be copied. Enrol it anew on another phone.
    Approvals,
    /// The same; its codes are restored.
    ApprovalsBesideCodes,
    /// It can't be read in the vault.
    Damaged,
    /// What the file has of it is something else.
    Different,
}

impl Rehearsal {
    /// How many accounts have codes that the file doesn't restore as they are.
    #[must_use]
    pub fn missing(&self) -> usize {
        self.left_behind.iter().filter(|left| left.reason == LeftReason::Different).count()
    }
}

/// Reads `content` as an import does, and compares it with the accounts.
pub(crate) fn rehearse(
    accounts: &Accounts,
    content: &[u8],
    password: Option<&Secret>,
) -> Result<Rehearsal, BackupError> {
    let mut import = Import::new();
    let has_codes = visible(&accounts.readable).any(|account| account.otp.is_some());
    if has_codes {
        import.add_file(content, password).map_err(BackupError::Unreadable)?;
    }
    let mut held: HashMap<(String, String), Vec<OtpOffer>> = HashMap::new();
    for offer in import.offers() {
        held.entry((offer.issuer.clone(), offer.name.clone())).or_default().push(offer);
    }
    let mut rehearsal = Rehearsal { total: accounts.damaged.len(), restorable: 0, left_behind: Vec::new() };
    for account in visible(&accounts.readable) {
        rehearsal.total += 1;
        let names = (clean(&account.issuer), clean(&account.name));
        let held = account.otp.as_ref().map(|otp| {
            held.get(&names).is_some_and(|offers| offers.iter().any(|offer| offer.parameters == *otp))
        });
        rehearsal.restorable += usize::from(held == Some(true));
        let reason = match (held, account.binding.is_some()) {
            (Some(false), _) => LeftReason::Different,
            (Some(true), true) => LeftReason::ApprovalsBesideCodes,
            (None, _) => LeftReason::Approvals,
            (Some(true), false) => continue,
        };
        let (issuer, name) = (account.issuer.clone(), account.name.clone());
        rehearsal.left_behind.push(LeftBehind { account: account.id, issuer, name, reason });
    }
    let damaged = accounts.damaged.iter().map(|&account| LeftBehind {
        account,
        issuer: String::new(),
        name: String::new(),
        reason: LeftReason::Damaged,
    });
    rehearsal.left_behind.extend(damaged);
    Ok(rehearsal)
}

/// When a backup was last proven, as the vault keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BackupState {
    pub(crate) proven_at: u64,
    pub(crate) restorable: u64,
    pub(crate) total: u64,
}

impl Record for BackupState {
    const KIND: RecordKind = RecordKind::Backup;
}
