//! Accounts of one token: the same serial at the same issuer is one account, however often its code is scanned. What made
//! the codes before goes to the trash, from where it can be restored.

use countersign_protocol::Id;

use super::privacyidea::container::follow;
use crate::Account;
use crate::import::fingerprint;
use crate::offer::{IssuedToken, OtpOffer};
use crate::vault::{Transaction, VaultError};

/// An account that was added, or found to be there.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AddedAccount {
    /// The new account.
    pub id: Id,
    /// Accounts of the same issuer and name that were there before. They are untouched: nothing merges by name.
    pub same_name: Vec<Id>,
    /// Accounts of the same token of the same server, by its serial, that went to the trash for it: their codes count no
    /// more.
    pub replaced: Vec<Id>,
    /// Whether it was added. If not, it had these very codes already.
    pub is_new: bool,
}

/// Whether the account is of this token.
pub(super) fn is_of(account: &Account, token: &IssuedToken) -> bool {
    account.token.as_deref().is_some_and(|own| own.is_same(token))
}

/// Adds the codes of a token of a server. An account that has just these codes stays as it is, with its counter; others of
/// the token give way.
pub(super) fn add(
    tx: &mut Transaction<'_>,
    offer: OtpOffer,
    token: IssuedToken,
    now: u64,
) -> Result<AddedAccount, VaultError> {
    let of_token: Vec<Account> = tx
        .accounts()?
        .items
        .into_iter()
        .filter(|account| account.otp.is_some() && is_of(account, &token))
        .collect();
    let codes = fingerprint(&offer.parameters);
    let held =
        of_token.iter().filter(|account| account.otp.as_ref().is_some_and(|otp| fingerprint(otp) == codes));
    let held = held.min_by_key(|account| account.trashed_at.is_some()).map(|account| account.id);
    let dead: Vec<&Account> =
        of_token.iter().filter(|account| account.trashed_at.is_none() && Some(account.id) != held).collect();
    let replaced: Vec<Id> = dead.iter().map(|account| account.id).collect();
    let id = match held {
        Some(held) => {
            tx.update_account(held, |account| account.trashed_at = None)?;
            held
        }
        None => {
            let mut account = Account::new(offer.issuer, offer.name, now);
            account.otp = Some(offer.parameters);
            account.token = Some(Box::new(token.clone()));
            add_in_place(tx, account, &dead)?
        }
    };
    for dead in &replaced {
        tx.update_account(*dead, |account| account.trashed_at = Some(now))?;
    }
    follow(tx, &token.serial, &replaced, id)?;
    Ok(AddedAccount { id, same_name: Vec::new(), replaced, is_new: held.is_none() })
}

/// Adds an account in the place, and under the name, of the first that it replaces.
pub(super) fn add_in_place(
    tx: &mut Transaction<'_>,
    mut account: Account,
    replaced: &[&Account],
) -> Result<Id, VaultError> {
    if let Some(first) = replaced.first() {
        account.issuer.clone_from(&first.issuer);
        account.name.clone_from(&first.name);
    }
    tx.add_account(&account)?;
    if let Some(first) = replaced.first() {
        tx.reorder_accounts(&[account.id, first.id])?;
    }
    Ok(account.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::offer::Offer;
    use crate::otp::MovingFactor;
    use crate::vault::{NewSlot, RecoveryCode, Vault};

    const OLD: &str = "JBSWY3DPEHPK3PXP";
    const NEW: &str = "GEZDGNBVGY3TQOJQ";

    fn vault() -> (tempfile::TempDir, Vault) {
        let folder = tempfile::tempdir().unwrap();
        let slot = NewSlot::from_recovery_code(&RecoveryCode::make_random());
        let vault = Vault::create(&folder.path().join("vault.db"), &[slot]).unwrap();
        (folder, vault)
    }

    fn offer(issuer: &str, serial: &str, secret: &str) -> OtpOffer {
        let link = format!(
            "otpauth://hotp/{serial}?secret={secret}&counter=1&creator=privacyidea&issuer={issuer}&serial={serial}"
        );
        match Offer::parse(&link).unwrap() {
            Offer::Otp(offer) => offer,
            other => panic!("{other:?}"),
        }
    }

    fn scan(vault: &Vault, issuer: &str, serial: &str, secret: &str) -> AddedAccount {
        let offer = offer(issuer, serial, secret);
        let token = offer.token.clone().unwrap();
        vault.transaction(|tx| add(tx, offer, token, 7)).unwrap()
    }

    fn live(vault: &Vault) -> Vec<Account> {
        let accounts = vault.accounts().unwrap().items;
        accounts.into_iter().filter(|account| account.trashed_at.is_none()).collect()
    }

    #[test]
    fn the_same_code_scanned_again_changes_nothing() {
        let (_folder, vault) = vault();
        let first = scan(&vault, "PI", "OATH1", OLD);
        vault.next_hotp(first.id).unwrap();
        let again = scan(&vault, "PI", "OATH1", OLD);
        assert_eq!((again.id, again.is_new, again.replaced), (first.id, false, Vec::new()));
        let accounts = vault.accounts().unwrap().items;
        assert_eq!(accounts.len(), 1);
        assert_eq!(
            accounts[0].otp.as_ref().unwrap().factor(),
            MovingFactor::Counter { next: 2 },
            "its counter stays"
        );
    }

    #[test]
    fn a_new_secret_of_a_token_takes_the_place_and_the_name_of_the_old_one() {
        let (_folder, vault) = vault();
        let first = scan(&vault, "PI", "OATH1", OLD);
        scan(&vault, "PI", "OATH2", OLD);
        vault.rename_account(first.id, "Hospital", "me").unwrap();
        let second = scan(&vault, "PI", "OATH1", NEW);
        assert_eq!((second.is_new, &second.replaced), (true, &vec![first.id]));
        let live = live(&vault);
        assert_eq!(live.iter().map(|account| account.name.as_str()).collect::<Vec<_>>(), ["me", "OATH2"]);
        assert_eq!((live[0].id, live[0].issuer.as_str()), (second.id, "Hospital"));
        let old = vault.account(first.id).unwrap().unwrap();
        assert_eq!((old.trashed_at, old.otp), (Some(7), Some(offer("PI", "OATH1", OLD).parameters)));
    }

    #[test]
    fn a_secret_that_is_in_the_trash_comes_back_from_there() {
        let (_folder, vault) = vault();
        let first = scan(&vault, "PI", "OATH1", OLD);
        let second = scan(&vault, "PI", "OATH1", NEW);
        let third = scan(&vault, "PI", "OATH1", OLD);
        assert_eq!((third.id, third.is_new, third.replaced), (first.id, false, vec![second.id]));
        assert_eq!(live(&vault).len(), 1);
    }

    #[test]
    fn another_issuer_or_serial_is_another_account() {
        let (_folder, vault) = vault();
        for (issuer, serial) in [("PI", "OATH1"), ("Other", "OATH1"), ("PI", "OATH2"), ("pi", "OATH1")] {
            assert_eq!(scan(&vault, issuer, serial, OLD).replaced, []);
        }
        assert_eq!(live(&vault).len(), 4);
    }
}
