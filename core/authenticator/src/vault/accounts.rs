//! Accounts in the vault: in order, with a trash, and with counters that never give a code out twice.

use std::collections::{BTreeMap, BTreeSet};

use countersign_protocol::Id;
use serde::{Deserialize, Serialize};

use super::manifest::Manifest;
use super::record::{Listing, Record, RecordKind};
use super::transaction::Transaction;
use super::{Vault, VaultError, plain};
use crate::Secret;
use crate::account::Account;
use crate::approvals::Binding;
use crate::offer::IssuedToken;
use crate::otp::{Algorithm, Code, CodeFormat, MovingFactor, OtpGenerator, OtpParameters, ParametersError};

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
        let dense = self.manifest().ok().and_then(Manifest::dense_positions);
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

/// An account as it is sealed.
#[derive(PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(Debug))]
pub(super) struct StoredAccount {
    pub(super) issuer: String,
    pub(super) name: String,
    #[serde(default, with = "stored_otp", skip_serializing_if = "Option::is_none")]
    pub(super) otp: Option<OtpParameters>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) binding: Option<Box<Binding>>,
    pub(super) created_at: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) trashed_at: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) moved_at: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) token: Option<Box<IssuedToken>>,
    pub(super) position: u64,
}

impl Record for StoredAccount {
    const KIND: RecordKind = RecordKind::Account;

    fn read(payload: &[u8]) -> Option<Self> {
        plain::read_account(payload).or_else(|| rmp_serde::from_slice(payload).ok())
    }
}

impl StoredAccount {
    pub(super) fn new(account: Account, position: u64) -> Self {
        let Account { id: _, issuer, name, otp, binding, created_at, trashed_at, moved_at, token } = account;
        Self { issuer, name, otp, binding, created_at, trashed_at, moved_at, token, position }
    }

    fn into_account(self, id: Id) -> Account {
        let Self { issuer, name, otp, binding, created_at, trashed_at, moved_at, token, position: _ } = self;
        Account { id, issuer, name, otp, binding, created_at, trashed_at, moved_at, token }
    }
}

/// Code parameters as they are sealed. They pass the same checks when they are read as when they were made.
#[derive(Serialize, Deserialize)]
pub(super) struct StoredOtp {
    #[serde(with = "super::sealed_secret")]
    pub(super) secret: Secret,
    /// 1, 256 or 512.
    pub(super) sha: u16,
    /// None for Steam.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) digits: Option<u8>,
    /// Seconds, for codes by time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) period: Option<u32>,
    /// The next counter, for codes by counter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) counter: Option<u64>,
}

impl From<&OtpParameters> for StoredOtp {
    fn from(otp: &OtpParameters) -> Self {
        let (period, counter) = match otp.factor() {
            MovingFactor::Time { period } => (Some(period), None),
            MovingFactor::Counter { next } => (None, Some(next)),
        };
        Self {
            secret: otp.secret().clone(),
            sha: match otp.algorithm() {
                Algorithm::Sha1 => 1,
                Algorithm::Sha256 => 256,
                Algorithm::Sha512 => 512,
            },
            digits: match otp.format() {
                CodeFormat::Decimal { digits } => Some(digits),
                CodeFormat::Steam => None,
            },
            period,
            counter,
        }
    }
}

impl TryFrom<StoredOtp> for OtpParameters {
    type Error = StoredOtpError;

    fn try_from(stored: StoredOtp) -> Result<Self, StoredOtpError> {
        let algorithm = match stored.sha {
            1 => Algorithm::Sha1,
            256 => Algorithm::Sha256,
            512 => Algorithm::Sha512,
            _ => return Err(StoredOtpError::Algorithm),
        };
        let format = stored.digits.map_or(CodeFormat::Steam, |digits| CodeFormat::Decimal { digits });
        let factor = match (stored.period, stored.counter) {
            (Some(period), None) => MovingFactor::Time { period },
            (None, Some(next)) => MovingFactor::Counter { next },
            _ => return Err(StoredOtpError::Factor),
        };
        Ok(Self::new(stored.secret, algorithm, format, factor)?)
    }
}

#[derive(Debug, thiserror::Error)]
pub(super) enum StoredOtpError {
    #[error("unknown hash")]
    Algorithm,
    #[error("neither time nor counter, or both")]
    Factor,
    #[error(transparent)]
    Parameters(#[from] ParametersError),
}

mod stored_otp {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::{OtpParameters, StoredOtp};

    pub(super) fn serialize<S: Serializer>(
        otp: &Option<OtpParameters>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        otp.as_ref().map(StoredOtp::from).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<OtpParameters>, D::Error> {
        let stored = Option::<StoredOtp>::deserialize(deserializer)?;
        stored.map(OtpParameters::try_from).transpose().map_err(D::Error::custom)
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
