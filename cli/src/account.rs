//! Finding the account that a person means.

use countersign_authenticator::AccountSummary;
use countersign_authenticator::approvals::BindingState;
use countersign_authenticator::protocol::Id;

use crate::failure::{Failure, Unfit};
use crate::text::{label, safe};

/// The one account that `wanted` names, among those that `unfit` has nothing to say against.
pub(crate) fn find<'a>(
    accounts: &'a [AccountSummary],
    wanted: &str,
    unfit: impl Fn(&AccountSummary) -> Option<Unfit>,
) -> Result<&'a AccountSummary, Failure> {
    match find_all(accounts, wanted, unfit)?.as_slice() {
        [account] => Ok(account),
        several => {
            let names: Vec<_> =
                several.iter().map(|account| format!("{} ({})", name(account), short(account.id))).collect();
            Err(Failure::Ambiguous(format!("that matches {} accounts: {}", names.len(), names.join(", "))))
        }
    }
}

/// The account that is meant where none was named: the only one that fits.
pub(crate) fn only(
    accounts: &[AccountSummary],
    unfit: impl Fn(&AccountSummary) -> Option<Unfit>,
) -> Result<&AccountSummary, Failure> {
    match accounts.iter().filter(|account| unfit(account).is_none()).collect::<Vec<_>>().as_slice() {
        [] => Err(Failure::NothingEnrolled),
        [account] => Ok(account),
        several => {
            let names: Vec<_> = several.iter().map(|account| name(account)).collect();
            Err(Failure::Usage(format!("name one of these accounts: {}", names.join(", "))))
        }
    }
}

/// Every account that `wanted` may name and that fits; never none. Where none fits, it says what is against the one that is
/// meant.
pub(crate) fn find_all<'a>(
    accounts: &'a [AccountSummary],
    wanted: &str,
    unfit: impl Fn(&AccountSummary) -> Option<Unfit>,
) -> Result<Vec<&'a AccountSummary>, Failure> {
    let fitting = accounts.iter().filter(|account| unfit(account).is_none()).collect();
    if let Some(found) = named(fitting, wanted) {
        return Ok(found);
    }
    let all = named(accounts.iter().collect(), wanted).unwrap_or_default();
    Err(match all.iter().find_map(|account| Some((account, unfit(account)?))) {
        Some((account, unfit)) => Failure::Unfit { name: name(account), unfit },
        None => Failure::NoSuchAccount,
    })
}

/// What is against an account that is in the trash.
pub(crate) const fn not_in_use(account: &AccountSummary) -> Option<Unfit> {
    if account.trashed_at.is_some() { Some(Unfit::InTrash) } else { None }
}

/// What is against an account that isn't enrolled with an approval service, or no longer.
pub(crate) fn not_enrolled(account: &AccountSummary) -> Option<Unfit> {
    not_in_use(account).or(match account.binding {
        None => Some(Unfit::NotEnrolled),
        Some(BindingState::Revoked) => Some(Unfit::Removed),
        Some(_) => None,
    })
}

/// What a person calls it.
pub(crate) fn name(account: &AccountSummary) -> String {
    safe(&label(&account.issuer, &account.name))
}

/// What fits exactly goes before what merely contains it: the identifier, or four characters or more of its beginning;
/// issuer, name or both, in any case.
fn named<'a>(accounts: Vec<&'a AccountSummary>, wanted: &str) -> Option<Vec<&'a AccountSummary>> {
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
}

/// An identifier as a list shows it; enough to name what it belongs to.
pub(crate) fn short(id: Id) -> String {
    id.to_string().chars().take(8).collect()
}

const MIN_PREFIX: usize = 4;
