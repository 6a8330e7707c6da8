//! Accounts in the vault: in order, with a trash, and with counters that never give a code out twice.

use std::collections::{BTreeMap, BTreeSet};

use countersign_protocol::Id;

use super::Account;
use super::stored::StoredAccount;
use crate::otp::{Code, OtpGenerator};
use crate::vault::{Listing, RecordKind, Transaction, Vault, VaultError};

impl Vault {
    /// Adds an account at the end of the list.
    ///
    /// # Errors
    ///
    /// [`VaultError::AlreadyPresent`] for an identifier that is there already; issuers and names may repeat.
    pub fn add_account(&self, account: &Account) -> Result<(), VaultError> {
        self.transaction(|transaction| transaction.add_account(account))
    }

    /// One account, if there is one of this identifier.
    ///
    /// # Errors
    ///
    /// [`VaultError::DamagedRecord`].
    pub fn account(&self, id: Id) -> Result<Option<Account>, VaultError> {
        self.read(|transaction| transaction.account(id))
    }

    /// All accounts in the person's order, those in the trash among them, and what is wrong with the list.
    ///
    /// # Errors
    ///
    /// When the file can't be read through.
    pub fn accounts(&self) -> Result<Listing<Account>, VaultError> {
        self.read(|transaction| transaction.accounts())
    }

    /// Changes an account, in one step with reading it. Its identifier and its place in the list stay.
    ///
    /// # Errors
    ///
    /// [`VaultError::NotFound`], [`VaultError::DamagedRecord`].
    pub fn update_account(&self, id: Id, change: impl FnOnce(&mut Account)) -> Result<(), VaultError> {
        self.transaction(|transaction| transaction.update_account(id, change))
    }

    /// Gives an account another issuer and name.
    ///
    /// # Errors
    ///
    /// See [`Vault::update_account`].
    pub fn rename_account(&self, id: Id, issuer: &str, name: &str) -> Result<(), VaultError> {
        self.update_account(id, |account| {
            issuer.clone_into(&mut account.issuer);
            name.clone_into(&mut account.name);
        })
    }

    /// Puts an account in the trash, from where [`Vault::restore_account`] brings it back.
    ///
    /// # Errors
    ///
    /// See [`Vault::update_account`].
    pub fn trash_account(&self, id: Id, unix_seconds: u64) -> Result<(), VaultError> {
        self.update_account(id, |account| account.trashed_at = Some(unix_seconds))
    }

    /// Takes an account out of the trash, back to its place.
    ///
    /// # Errors
    ///
    /// See [`Vault::update_account`].
    pub fn restore_account(&self, id: Id) -> Result<(), VaultError> {
        self.update_account(id, |account| account.trashed_at = None)
    }

    /// Deletes an account for good, in the trash or not, damaged or not.
    ///
    /// # Errors
    ///
    /// [`VaultError::NotFound`].
    pub fn delete_account(&self, id: Id) -> Result<(), VaultError> {
        self.transaction(|transaction| transaction.delete_account(id))
    }

    /// Puts accounts in this order. They share out the places that they have now among them, and accounts that aren't
    /// named keep theirs; so the visible part of a list can be ordered, whatever another process adds meanwhile.
    ///
    /// # Errors
    ///
    /// [`VaultError::NotFound`] or [`VaultError::DamagedRecord`] for an account that can't be moved,
    /// [`VaultError::AlreadyPresent`] for one that is named twice.
    pub fn reorder_accounts(&self, order: &[Id]) -> Result<(), VaultError> {
        self.transaction(|transaction| transaction.reorder_accounts(order))
    }

    /// The next code of a counter-based account (RFC 4226). Its counter has moved on, durably, before this returns.
    ///
    /// # Errors
    ///
    /// [`VaultError::NoCounter`] for an account without codes, with codes by time, or at the end of its counter;
    /// [`VaultError::MovedAway`] for one that a new phone counts on.
    pub fn next_hotp(&self, id: Id) -> Result<Code, VaultError> {
        self.transaction(|transaction| transaction.next_hotp(id))
    }
}

impl Vault {
    /// Accepts what has been lost: counts the records that are there, and takes that as complete from now on.
    ///
    /// For when a [`Listing`] or [`Vault::check`] told of vanished records or a damaged manifest and the person has been told.
    /// Damaged records stay in the file until they are deleted.
    ///
    /// # Errors
    ///
    /// When the file can't be read or written.
    pub fn accept_loss(&self) -> Result<(), VaultError> {
        self.transaction(|transaction| {
            let mut manifest = transaction.recount()?;
            for (_, account) in transaction.list::<StoredAccount>()?.items {
                manifest.reserve_position(account.position);
            }
            transaction.write_manifest(&manifest)
        })
    }
}

impl Transaction<'_> {
    /// See [`Vault::add_account`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn add_account(&mut self, account: &Account) -> Result<(), VaultError> {
        let position = self.manifest_mut()?.take_position();
        self.insert(account.id, &StoredAccount::new(account.clone(), position))
    }

    /// See [`Vault::account`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn account(&mut self, id: Id) -> Result<Option<Account>, VaultError> {
        Ok(self.get::<StoredAccount>(id)?.map(|stored| stored.into_account(id)))
    }

    /// See [`Vault::accounts`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn accounts(&mut self) -> Result<Listing<Account>, VaultError> {
        let dense = self.manifest().ok().and_then(|manifest| manifest.dense_positions(RecordKind::Account));
        let mut places = Places::new(dense.unwrap_or_default());
        let listing =
            self.each(|id, stored: StoredAccount| places.put(stored.position, stored.into_account(id)))?;
        Ok(Listing {
            items: places.into_order(),
            damaged: listing.damaged,
            completeness: listing.completeness,
        })
    }

    /// See [`Vault::update_account`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn update_account(&mut self, id: Id, change: impl FnOnce(&mut Account)) -> Result<(), VaultError> {
        let stored = self.stored_account(id)?;
        let position = stored.position;
        let mut account = stored.into_account(id);
        change(&mut account);
        self.update(id, &StoredAccount::new(account, position))
    }

    /// See [`Vault::delete_account`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn delete_account(&mut self, id: Id) -> Result<(), VaultError> {
        self.delete::<StoredAccount>(id)
    }

    /// See [`Vault::reorder_accounts`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn reorder_accounts(&mut self, order: &[Id]) -> Result<(), VaultError> {
        let mut accounts = BTreeMap::new();
        for &id in order {
            if accounts.insert(id, self.stored_account(id)?).is_some() {
                return Err(VaultError::AlreadyPresent { kind: RecordKind::Account, id });
            }
        }
        let places: BTreeSet<u64> = accounts.values().map(|stored| stored.position).collect();
        for (id, place) in order.iter().zip(places) {
            if let Some(stored) = accounts.get_mut(id).filter(|stored| stored.position != place) {
                stored.position = place;
                self.update(*id, stored)?;
            }
        }
        Ok(())
    }

    /// See [`Vault::next_hotp`]. The code may be shown once the transaction has been committed, and not before.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn next_hotp(&mut self, id: Id) -> Result<Code, VaultError> {
        let mut stored = self.stored_account(id)?;
        let otp = stored.otp.as_mut().ok_or(VaultError::NoCounter)?;
        let counter = otp.take_counter().ok_or(VaultError::NoCounter)?;
        if stored.moved_at.is_some() {
            return Err(VaultError::MovedAway);
        }
        let code = OtpGenerator::new(otp).code_for_counter(counter);
        self.update(id, &stored)?;
        Ok(code)
    }

    fn stored_account(&mut self, id: Id) -> Result<StoredAccount, VaultError> {
        self.get(id)?.ok_or(VaultError::NotFound { kind: RecordKind::Account, id })
    }
}

/// Accounts in the order of their positions, which come in no order. Each goes to its place at once, as sorting 10,000 of them
/// takes a tenth of the time that reading them does.
struct Places {
    dense: Vec<Option<Account>>,
    /// Beyond those, and where a place is taken, which two processes of different age could leave behind.
    others: Vec<(u64, Account)>,
}

impl Places {
    fn new(dense: usize) -> Self {
        let mut places = Vec::with_capacity(dense);
        places.resize_with(dense, || None);
        Self { dense: places, others: Vec::new() }
    }

    fn put(&mut self, position: u64, account: Account) {
        let place = usize::try_from(position).ok().and_then(|position| self.dense.get_mut(position));
        match place {
            Some(place @ None) => *place = Some(account),
            _ => self.others.push((position, account)),
        }
    }

    fn into_order(self) -> Vec<Account> {
        if self.others.is_empty() {
            return self.dense.into_iter().flatten().collect();
        }
        let dense = (0..).zip(self.dense).filter_map(|(position, account)| Some((position, account?)));
        let mut all: Vec<(u64, Account)> = dense.chain(self.others).collect();
        // Cached, so that positions are sorted and each account moves once.
        all.sort_by_cached_key(|(position, _)| *position);
        all.into_iter().map(|(_, account)| account).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_in_the_order_of_their_positions_wherever_those_are() {
        let order = |dense: usize, positions: &[u64]| {
            let mut places = Places::new(dense);
            for position in positions {
                places.put(*position, Account::new("", position.to_string(), 0));
            }
            let names = places.into_order().into_iter().map(|account| account.name);
            names.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(order(4, &[2, 0, 3]), "0 2 3");
        assert_eq!(order(0, &[7, u64::MAX, 0]), format!("0 7 {}", u64::MAX));
        assert_eq!(order(3, &[9, 2, 1, 2, 0]), "0 1 2 2 9");
        assert_eq!(order(3, &[]), "");
    }
}
