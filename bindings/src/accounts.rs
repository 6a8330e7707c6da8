//! The list of accounts.

use countersign_authenticator as core;
use countersign_authenticator::approvals::Provider;
use countersign_authenticator::tasks::blocking;
use countersign_authenticator::vault;

use crate::convert::{mirror_enum, signed};
use crate::{Authenticator, AuthenticatorError, Id, Offer};
use std::sync::Arc;

use crate::cancel::{CancelHandle, cancellable};

/// A part of a long list. Rows cost 4 to 5 µs each to read in Swift, so a screen asks for what it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Page {
    /// Rows to leave out at the beginning.
    pub offset: u32,
    /// Rows to give at most.
    pub limit: u32,
}

/// All accounts, and what is wrong with the list if anything is.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Accounts {
    /// The accounts of the page, in the person's order, with those in the trash.
    pub accounts: Vec<AccountSummary>,
    /// How many there are in all.
    pub total: i64,
    /// Accounts that are there but can't be read.
    pub damaged: Vec<Id>,
    /// Whether accounts have vanished from the file.
    pub completeness: Completeness,
}

/// An account as a list shows it. Nothing in it is secret.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
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
    /// Where its enrolment stands.
    pub binding: Option<BindingState>,
    /// When it was added, Unix seconds.
    pub created_at: i64,
    /// When it was put in the trash, Unix seconds, if it is there.
    pub trashed_at: Option<i64>,
    /// Whether the service takes another name for this device: [`Authenticator::rename_device`].
    #[uniffi(default = true)]
    pub can_rename_device: bool,
    /// Whether the service can be told that this device is given up: [`Authenticator::revoke`]. Else only its administrator
    /// can.
    #[uniffi(default = true)]
    pub can_revoke: bool,
    /// When a new phone has proven to hold it, Unix seconds, if one has: [`Authenticator::take_back`].
    #[uniffi(default = None)]
    pub moved_at: Option<i64>,
}

mirror_enum! {
    /// What codes an account has.
    CodeKind of core::CodeKind {
        /// They change with the time.
        Timed of Timed,
        /// Each is made on request.
        OnRequest of OnRequest,
        /// It has none. (The core's `None`, which Swift would take for an empty optional.)
        NoCodes of None,
    } else NoCodes
}

mirror_enum! {
    /// Where an enrolment stands.
    BindingState of core::approvals::BindingState {
        /// The keys are bound; the first number-matched approval makes the device active.
        AwaitingActivation of AwaitingActivation,
        /// Approvals work.
        Active of Active,
        /// The service no longer knows this device; its codes are worth nothing either.
        Revoked of Revoked,
    } else Revoked
}

/// What the vault says about the number of records of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Completeness {
    /// Exactly the records that should be there.
    Complete,
    /// Records have vanished from the file.
    Missing {
        /// How many.
        count: i64,
    },
    /// Records are there that should not be: deleted ones that came back.
    Surplus {
        /// How many.
        count: i64,
    },
    /// The vault's own account is damaged or gone, so that nobody can tell.
    Unproven,
}

/// An account that was added.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct AddedAccount {
    /// The new account.
    pub id: Id,
    /// Accounts of the same issuer and name that were there before. They are untouched: nothing merges by name.
    pub same_name: Vec<Id>,
    /// Accounts of the same token of the same server, by its serial, that went to the trash for it: their codes count no
    /// more. Tell the person.
    #[uniffi(default = [])]
    pub replaced: Vec<Id>,
    /// Whether it was added. If not, it had these very codes already.
    #[uniffi(default = true)]
    pub is_new: bool,
}

#[uniffi::export(async_runtime = "tokio")]
impl Authenticator {
    /// The accounts in the person's order, with those in the trash; all of them without a `page`.
    ///
    /// # Errors
    ///
    /// When the vault can't be read.
    #[uniffi::method(default(page = None))]
    pub async fn accounts(&self, page: Option<Page>) -> Result<Accounts, AuthenticatorError> {
        let core = self.core.clone();
        let listing = blocking(move || core.accounts()).await?;
        let total = signed(listing.accounts.len());
        let accounts = page_of(listing.accounts, page).map(AccountSummary::from).collect();
        Ok(Accounts { accounts, total, damaged: listing.damaged, completeness: listing.completeness.into() })
    }

    /// Adds the accounts of these offers of one-time codes, all of them or none.
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError::Input`] for an offer of another kind.
    pub async fn add(&self, offers: Vec<Arc<Offer>>) -> Result<Vec<AddedAccount>, AuthenticatorError> {
        let mut accounts = Vec::new();
        for offer in &offers {
            accounts.extend(offer.otp_offers()?);
        }
        let core = self.core.clone();
        let added = blocking(move || core.add(accounts)).await?;
        Ok(added.into_iter().map(AddedAccount::from).collect())
    }

    /// Gives an account another issuer and name.
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError::Gone`] when there is no such account.
    pub async fn rename(&self, account: Id, issuer: String, name: String) -> Result<(), AuthenticatorError> {
        let core = self.core.clone();
        Ok(blocking(move || core.rename(account, &issuer, &name)).await?)
    }

    /// Puts the accounts into this order; those that aren't named keep their places.
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError::Gone`] when there is no such account.
    pub async fn reorder(&self, order: Vec<Id>) -> Result<(), AuthenticatorError> {
        let core = self.core.clone();
        Ok(blocking(move || core.reorder(&order)).await?)
    }

    /// Puts an account in the trash: it shows no codes and takes no requests, and can be restored.
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError::Gone`] when there is no such account.
    pub async fn trash(&self, account: Id) -> Result<(), AuthenticatorError> {
        let core = self.core.clone();
        self.changed_by(blocking(move || core.trash(account)).await)
    }

    /// Takes an account out of the trash, as it was.
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError::Gone`] when there is no such account.
    pub async fn restore(&self, account: Id) -> Result<(), AuthenticatorError> {
        let core = self.core.clone();
        self.changed_by(blocking(move || core.restore(account)).await)
    }

    /// Deletes an account for good, with its device keys. It doesn't tell the service: [`Authenticator::revoke`] does,
    /// and comes first.
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError::Gone`] when there is no such account.
    #[uniffi::method(default(cancel = None))]
    pub async fn delete(
        &self,
        account: Id,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<(), AuthenticatorError> {
        self.changed_by(cancellable(cancel, self.core.delete(account)).await)
    }
}

/// The rows of a page.
pub(crate) fn page_of<T>(rows: Vec<T>, page: Option<Page>) -> impl Iterator<Item = T> {
    let size = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    let (offset, limit) = page.map_or((0, usize::MAX), |page| (size(page.offset), size(page.limit)));
    rows.into_iter().skip(offset).take(limit)
}

impl From<core::AccountSummary> for AccountSummary {
    fn from(account: core::AccountSummary) -> Self {
        let abilities = account.provider.map(Provider::abilities);
        Self {
            can_rename_device: abilities.is_some_and(|abilities| abilities.rename_device),
            can_revoke: abilities.is_some_and(|abilities| abilities.revoke),
            id: account.id,
            issuer: account.issuer,
            name: account.name,
            codes: account.codes.into(),
            service: account.service,
            binding: account.binding.map(BindingState::from),
            created_at: signed(account.created_at),
            trashed_at: account.trashed_at.map(signed),
            moved_at: account.moved_at.map(signed),
        }
    }
}

impl From<vault::Completeness> for Completeness {
    fn from(completeness: vault::Completeness) -> Self {
        match completeness {
            vault::Completeness::Complete => Self::Complete,
            vault::Completeness::Missing(count) => Self::Missing { count: signed(count) },
            vault::Completeness::Surplus(count) => Self::Surplus { count: signed(count) },
            _ => Self::Unproven,
        }
    }
}

impl From<core::AddedAccount> for AddedAccount {
    fn from(added: core::AddedAccount) -> Self {
        Self { id: added.id, same_name: added.same_name, replaced: added.replaced, is_new: added.is_new }
    }
}
