//! Accounts that are here before a container has their tokens: taken over with consent, and followed where a token's account
//! becomes another one.

use std::collections::BTreeMap;

use countersign_protocol::Id;

use super::Authenticator;
use crate::approvals::privacyidea::container::{ContainerError, ContainerRecord, Member};
use crate::offer::TokenKind;
use crate::otp::MovingFactor;
use crate::vault::{Transaction, VaultError};
use crate::{Account, Error};

impl Authenticator {
    /// Accounts with codes of a privacyIDEA server that aren't in any container, and that the container may take over by
    /// their serials: a shell asks the person which of them are this server's, and gives those to
    /// [`super::SyncOptions::adopt`]. Without that, codes of tokens that the server has in the container come anew, and the old
    /// ones go to the trash. The server takes over what isn't in the container yet with the first synchronisation alone,
    /// where its policy wants that.
    ///
    /// # Errors
    ///
    /// [`ContainerError::NoSuchContainer`], [`Error::Vault`].
    pub fn adoptable_accounts(&self, container: Id) -> Result<Vec<Id>, Error> {
        let vault = &self.parts.vault;
        vault.get::<ContainerRecord>(container)?.ok_or(ContainerError::NoSuchContainer)?;
        let records = vault.list::<ContainerRecord>()?.items;
        let is_member = |id: Id| {
            records.iter().any(|(_, record)| record.tokens.values().any(|member| member.account == id))
        };
        let accounts = vault.accounts()?.items;
        let adoptable =
            accounts.iter().filter(|account| own_codes(account).is_some() && !is_member(account.id));
        Ok(adoptable.map(|account| account.id).collect())
    }
}

/// Makes members of the accounts that the person has agreed to and the server has taken. Gives them.
pub(super) fn take_over(
    record: &mut ContainerRecord,
    adopt: &[Id],
    kept: &BTreeMap<String, Option<u64>>,
    accounts: &[Account],
) -> Vec<Id> {
    let agreed = accounts.iter().filter(|account| adopt.contains(&account.id));
    let codes = agreed.filter_map(|account| Some((account.id, own_codes(account)?)));
    let mut taken = Vec::new();
    for (account, (serial, kind)) in codes {
        if kept.contains_key(serial) && !record.tokens.contains_key(serial) {
            record.tokens.insert(serial.to_owned(), Member { account, kind, is_stale: false });
            taken.push(account);
        }
    }
    taken
}

/// Has every container that holds one of these accounts for a token hold `account` in its place.
pub(in super::super::super) fn follow(
    tx: &mut Transaction<'_>,
    serial: &str,
    replaced: &[Id],
    account: Id,
) -> Result<(), VaultError> {
    if replaced.is_empty() {
        return Ok(());
    }
    for (id, mut record) in tx.list::<ContainerRecord>()?.items {
        let Some(member) = record.tokens.get_mut(serial) else { continue };
        if replaced.contains(&member.account) {
            (member.account, member.is_stale) = (account, false);
            tx.update(id, &record)?;
        }
    }
    Ok(())
}

/// The serial and kind of an account's codes, if they are a token's that was enrolled by itself.
pub(super) fn own_codes(account: &Account) -> Option<(&str, TokenKind)> {
    let (token, otp) = (account.token.as_deref()?, account.otp.as_ref()?);
    let kind = match otp.factor() {
        MovingFactor::Counter { .. } => TokenKind::Hotp,
        MovingFactor::Time { period: A_DAY } => TokenKind::DayPassword,
        MovingFactor::Time { .. } => TokenKind::Totp,
    };
    account.trashed_at.is_none().then_some((&token.serial, kind))
}

/// Seconds.
const A_DAY: u32 = 86_400;
