//! The list of accounts: adding, naming, ordering, removing.

use countersign_protocol::{Id, name};
use serde::Serialize;

use super::twins::{self, AddedAccount};
use super::{Authenticator, hold};
use crate::approvals::{BindingState, CodeRefusal, Provider};
use crate::offer::OtpOffer;
use crate::otp::MovingFactor;
use crate::vault::Completeness;
use crate::{Account, Error, tasks};

/// All accounts, and what is wrong with the list if anything is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Accounts {
    /// The accounts that could be read, in the person's order.
    pub accounts: Vec<AccountSummary>,
    /// Accounts that are there but can't be read.
    pub damaged: Vec<Id>,
    /// Whether accounts have vanished from the file.
    pub completeness: Completeness,
}

/// An account as a list shows it. Nothing in it is secret.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccountSummary {
    /// Its identity.
    pub id: Id,
    /// Who issued it; may be empty.
    pub issuer: String,
    /// Whose it is; may be empty.
    pub name: String,
    /// What codes it has.
    pub codes: CodeKind,
    /// Host of its approval service, if it is enrolled with one.
    pub service: Option<String>,
    /// Which protocol that service speaks; its [`Provider::abilities`] say what can be done with the account.
    pub provider: Option<Provider>,
    /// Where its enrolment stands.
    pub binding: Option<BindingState>,
    /// Why its service would refuse its codes, if it has codes and would.
    pub code_refusal: Option<CodeRefusal>,
    /// When it was added, Unix seconds.
    pub created_at: u64,
    /// When it was put in the trash, Unix seconds, if it is there.
    pub trashed_at: Option<u64>,
    /// When a new phone has proven to hold it, Unix seconds, if one has.
    pub moved_at: Option<u64>,
}

/// What codes an account has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CodeKind {
    /// They change with the time.
    Timed,
    /// Each is made on request.
    OnRequest,
    /// It has none.
    None,
}

impl Authenticator {
    /// All accounts in the person's order, with those in the trash.
    ///
    /// # Errors
    ///
    /// [`Error::Vault`].
    pub fn accounts(&self) -> Result<Accounts, Error> {
        let listing = self.parts.vault.accounts()?;
        Ok(Accounts {
            accounts: listing.items.into_iter().map(AccountSummary::from).collect(),
            damaged: listing.damaged,
            completeness: listing.completeness,
        })
    }

    /// Adds accounts for one-time codes, all of them or none. The same serial at the same issuer is one account, where a
    /// link has a serial that is known to mean that (privacyIDEA's).
    ///
    /// # Errors
    ///
    /// [`Error::Vault`].
    pub fn add(&self, offers: Vec<OtpOffer>) -> Result<Vec<AddedAccount>, Error> {
        let now = self.now_seconds();
        self.parts.vault.transaction(|tx| {
            let before = tx.accounts()?.items;
            offers
                .into_iter()
                .map(|offer| {
                    if let Some(token) = offer.token.clone() {
                        return Ok(twins::add(tx, offer, token, now)?);
                    }
                    let mut account = Account::new(offer.issuer, offer.name, now);
                    account.otp = Some(offer.parameters);
                    tx.add_account(&account)?;
                    let same =
                        |other: &&Account| other.issuer == account.issuer && other.name == account.name;
                    let same_name = before.iter().filter(same).map(|other| other.id).collect();
                    Ok(AddedAccount { id: account.id, same_name, replaced: Vec::new(), is_new: true })
                })
                .collect()
        })
    }

    /// Gives an account another issuer and name, without what hides in them ([`name::clean`]).
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchAccount`], [`Error::Vault`].
    pub fn rename(&self, account: Id, issuer: &str, name: &str) -> Result<(), Error> {
        Ok(self.parts.vault.rename_account(account, &name::clean(issuer), &name::clean(name))?)
    }

    /// Puts the accounts into this order: they share out the places that they have now. Those that aren't named keep
    /// theirs.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchAccount`], [`Error::Vault`].
    pub fn reorder(&self, order: &[Id]) -> Result<(), Error> {
        Ok(self.parts.vault.reorder_accounts(order)?)
    }

    /// Puts an account in the trash: it shows no codes and takes no requests, and can be restored.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchAccount`], [`Error::Vault`].
    pub fn trash(&self, account: Id) -> Result<(), Error> {
        hold(&self.parts.inbox).remove_account(account);
        Ok(self.parts.vault.trash_account(account, self.now_seconds())?)
    }

    /// Takes an account out of the trash, as it was.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchAccount`], [`Error::Vault`].
    pub fn restore(&self, account: Id) -> Result<(), Error> {
        Ok(self.parts.vault.restore_account(account)?)
    }

    /// Deletes an account for good, with its device keys. It doesn't tell the service: [`Authenticator::revoke`] does,
    /// and comes first.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchAccount`], [`Error::KeyStore`], [`Error::Vault`].
    pub async fn delete(&self, account: Id) -> Result<(), Error> {
        let bound = self.read_account(account).await?.binding.is_some();
        hold(&self.parts.inbox).remove_account(account);
        let vault = self.parts.vault.clone();
        let push_key = tasks::blocking(move || {
            vault.transaction(|tx| {
                tx.delete_account(account)?;
                super::turning_down::forget(tx, account)?;
                super::replacing::forget(tx, account)?;
                super::privacyidea::forget(tx, account)
            })
        })
        .await?;
        // The account goes first: keys without an account are litter, an account without keys is a riddle.
        if bound {
            self.delete_keys(account).await?;
        }
        Ok(self.delete_push_key(push_key).await?)
    }
}

impl From<Account> for AccountSummary {
    fn from(account: Account) -> Self {
        Self {
            id: account.id,
            codes: match account.otp.as_ref().map(|otp| otp.factor()) {
                Some(MovingFactor::Time { .. }) => CodeKind::Timed,
                Some(MovingFactor::Counter { .. }) => CodeKind::OnRequest,
                None => CodeKind::None,
            },
            service: account.binding.as_ref().map(|binding| binding.service().authority().to_owned()),
            provider: account.binding.as_ref().map(|binding| binding.provider()),
            binding: account.binding.as_ref().map(|binding| binding.state()),
            code_refusal: account
                .binding
                .as_ref()
                .filter(|_| account.otp.is_some())
                .and_then(|binding| binding.refusal_of_codes()),
            issuer: account.issuer,
            name: account.name,
            created_at: account.created_at,
            trashed_at: account.trashed_at,
            moved_at: account.moved_at,
        }
    }
}
