//! Finding the account that a person means.

use countersign_core::AccountSummary;
use countersign_core::protocol::Id;

use crate::failure::Failure;
use crate::text::{label, safe};

/// The one account that `wanted` names.
pub(crate) fn find<'a>(accounts: &[&'a AccountSummary], wanted: &str) -> Result<&'a AccountSummary, Failure> {
    match find_all(accounts, wanted)?.as_slice() {
        [account] => Ok(account),
        several => {
            let names: Vec<_> = several
                .iter()
                .map(|account| {
                    format!("{} ({})", safe(&label(&account.issuer, &account.name)), short(account.id))
                })
                .collect();
            Err(Failure::Ambiguous(format!("that fits {} accounts: {}", names.len(), names.join(", "))))
        }
    }
}

/// Every account that `wanted` may name; never none. What fits exactly goes before what merely contains it: the
/// identifier, or four characters or more of its beginning; issuer, name or both, in any case.
pub(crate) fn find_all<'a>(
    accounts: &[&'a AccountSummary],
    wanted: &str,
) -> Result<Vec<&'a AccountSummary>, Failure> {
    let folded = wanted.to_lowercase();
    let is_called = |account: &AccountSummary| {
        [label(&account.issuer, &account.name), account.issuer.clone(), account.name.clone()]
            .iter()
            .any(|text| text.to_lowercase() == folded)
    };
    let tiers: [&dyn Fn(&AccountSummary) -> bool; 4] = [
        &|account| account.id.to_string() == wanted,
        &is_called,
        &|account| wanted.len() >= MIN_PREFIX && account.id.to_string().starts_with(wanted),
        &|account| label(&account.issuer, &account.name).to_lowercase().contains(&folded),
    ];
    tiers
        .iter()
        .map(|fits| accounts.iter().copied().filter(|account| fits(account)).collect::<Vec<_>>())
        .find(|found| !found.is_empty())
        .ok_or(Failure::NoSuchAccount)
}

/// An identifier as a list shows it; enough to name what it belongs to.
pub(crate) fn short(id: Id) -> String {
    id.to_string().chars().take(8).collect()
}

const MIN_PREFIX: usize = 4;
