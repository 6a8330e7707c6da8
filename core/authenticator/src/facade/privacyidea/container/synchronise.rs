//! Making this phone have what the server's container has.

use std::collections::{BTreeMap, HashSet};

use countersign_protocol::Id;
use countersign_protocol::messages::{Platform, WakeUp};

use super::super::super::hold;
use super::adopt::{own_codes, take_over};
use super::leave::trash;
use super::{Authenticator, register};
use crate::approvals::privacyidea::container::{
    ContainerError, ContainerRecord, Inventory, Listed, Member, Policies, SYNCHRONISE, SealingKey,
    Synchronised, inventory_text, read_inventory, synchronise_call,
};
use crate::approvals::{Binding, BindingState, DeviceDescription};
use crate::facade::{AddedAccount, twins};
use crate::keys::RsaKeySize;
use crate::offer::{IssuedToken, PushOffer, TokenContent, TokenKind, TokenOffer};
use crate::otp::MovingFactor;
use crate::vault::{Completeness, Transaction};
use crate::{Account, Error, tasks};

/// How push tokens that a container brings are enrolled.
#[derive(Clone, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "shells make it")]
pub struct SyncOptions {
    /// How this device is to be woken, if it can be.
    pub wake_up: Option<WakeUp>,
    /// The size of their keys, as [`PushOffer::key_size`].
    pub key_size: Option<RsaKeySize>,
    /// Accounts of [`Authenticator::adoptable_accounts`] that the person agrees to have in the container: the server is told
    /// their serials, and their secrets stay.
    pub adopt: Vec<Id>,
}

/// What a synchronisation has changed. All of it is durable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ContainerSync {
    /// Accounts that have come.
    pub added: Vec<AddedAccount>,
    /// Accounts that went to the trash, since the server has taken their tokens out of the container. A shell tells the
    /// person, who can restore them; nobody has signed that they are to go.
    pub removed: Vec<Id>,
    /// Accounts that went to the trash, since the server has made their tokens anew: new ones are among the added.
    pub replaced: Vec<Id>,
    /// Accounts that were here before and are of the container now, as the person has agreed. Their codes stay.
    pub adopted: Vec<Id>,
    /// Tokens that didn't come: the next synchronisation tries again.
    pub failed: Vec<TokenFailure>,
    /// Serials of tokens that stay on the phone they were on, since another machine holds codes of theirs for when it is
    /// offline.
    pub left_out: Vec<String>,
}

/// A token that didn't come.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenFailure {
    /// Its serial, if it has one that can be shown.
    pub serial: Option<String>,
    /// Why.
    pub error: Error,
}

/// The vault's part of a synchronisation, and what is left to do.
pub(super) struct Applied {
    pub(super) report: ContainerSync,
    pushes: Vec<(String, PushOffer)>,
    pub(super) replaced_containers: Vec<Id>,
}

impl Authenticator {
    /// Synchronises a container: tells the server which of its tokens this phone has, takes in those that it sends, and
    /// puts those that are no longer in the container in the trash. Codes are in the vault, all of them or none, before
    /// push tokens are enrolled, each of which takes seconds ([`Authenticator::enrolment_step`] tells).
    ///
    /// The server makes every token anew that this phone doesn't list. So the list comes from the vault alone, and where
    /// accounts of the container can't be read, the server isn't asked.
    ///
    /// # Errors
    ///
    /// [`Error::Container`], [`Error::Network`], [`Error::Reply`], [`Error::KeyStore`], [`Error::Vault`]. Nothing was changed
    /// here then; what the server has made anew meanwhile it sends again the next time.
    pub async fn synchronise_container(
        &self,
        container: Id,
        options: SyncOptions,
    ) -> Result<ContainerSync, Error> {
        let _one_at_a_time = self.parts.push.synchronising.lock().await;
        let vault = self.parts.vault.clone();
        let adopt = options.adopt.clone();
        let (record, listed) =
            tasks::blocking(move || vault.transaction(|tx| begin(tx, container, &adopt))).await?;
        let answer = match self.exchange_inventories(container, &record, &listed).await {
            Err(Error::Container(ContainerError::NotRegistered | ContainerError::Moved))
                if record.offer.is_some() =>
            {
                // The reply that got lost was a refusal.
                self.drop_container(container).await?;
                return Err(ContainerError::CodeRefused.into());
            }
            exchanged => exchanged?,
        };
        let (vault, round, now) = (self.parts.vault.clone(), record.round, self.now_seconds());
        let adopt = options.adopt.clone();
        let applied = tasks::blocking(move || {
            vault.transaction(|tx| apply(tx, container, round, &listed, &adopt, answer, now))
        })
        .await?;
        let Applied { mut report, pushes, replaced_containers } = applied.ok_or(ContainerError::Overtaken)?;
        for account in report.removed.iter().chain(&report.replaced) {
            hold(&self.parts.inbox).remove_account(*account);
        }
        self.delete_container_keys(&replaced_containers).await?;
        for (serial, offer) in pushes {
            match self.enrol_member(container, &serial, offer, &options).await {
                Ok(Some(added)) => report.added.push(added),
                Ok(None) => {}
                Err(error) => report.failed.push(TokenFailure { serial: Some(serial), error }),
            }
        }
        Ok(report)
    }

    /// Whether the server still takes this phone for the container's, by a synchronisation of which nothing is taken in: what
    /// it brings comes with the next one.
    pub(super) async fn is_still_ours(&self, container: Id) -> bool {
        let _one_at_a_time = self.parts.push.synchronising.lock().await;
        let vault = self.parts.vault.clone();
        let begun = tasks::blocking(move || vault.transaction(|tx| begin(tx, container, &[]))).await;
        let Ok((record, listed)) = begun else { return false };
        self.exchange_inventories(container, &record, &listed).await.is_ok()
    }

    async fn exchange_inventories(
        &self,
        container: Id,
        record: &ContainerRecord,
        listed: &[Listed],
    ) -> Result<(Inventory, Policies), Error> {
        let key = SealingKey::make()?;
        let inventory = inventory_text(&record.serial, listed);
        let value = self
            .call_container(container, record, SYNCHRONISE, |nonce| {
                synchronise_call(&record.base, &record.serial, nonce, key.public(), &inventory)
            })
            .await?;
        let answer = Synchronised::read(value)?;
        let policies = answer.policies;
        Ok((read_inventory(&key.open(answer)?, &record.serial)?, policies))
    }

    /// Enrols a push token of the container. Gives the account if it is a new one.
    async fn enrol_member(
        &self,
        container: Id,
        serial: &str,
        mut offer: PushOffer,
        options: &SyncOptions,
    ) -> Result<Option<AddedAccount>, Error> {
        offer.key_size = options.key_size;
        let wake_up = options.wake_up.clone();
        let before: HashSet<Id> = self.accounts()?.accounts.iter().map(|account| account.id).collect();
        let device = DeviceDescription { name: String::new(), platform: Platform::Other, wake_up };
        let account = self.enrol_push(&offer, device).await?.account;
        let (vault, serial) = (self.parts.vault.clone(), serial.to_owned());
        tasks::blocking(move || {
            vault.transaction(|tx| {
                let Some(mut record) = tx.get::<ContainerRecord>(container)? else { return Ok(()) };
                record.tokens.insert(serial, Member { account, kind: TokenKind::Push, is_stale: false });
                tx.update(container, &record)
            })
        })
        .await?;
        Ok((!before.contains(&account)).then_some(AddedAccount {
            id: account,
            same_name: Vec::new(),
            replaced: Vec::new(),
            is_new: true,
        }))
    }
}

/// What this phone tells the server, from the vault as it is now.
pub(super) fn begin(
    tx: &mut Transaction<'_>,
    container: Id,
    adopt: &[Id],
) -> Result<(ContainerRecord, Vec<Listed>), Error> {
    let mut record = tx.get::<ContainerRecord>(container)?.ok_or(ContainerError::NoSuchContainer)?;
    let accounts = tx.accounts()?;
    let readable: HashSet<Id> = accounts.items.iter().map(|account| account.id).collect();
    let is_whole = accounts.completeness == Completeness::Complete;
    // An account that isn't there was deleted by the person, unless the vault has lost some.
    let is_lost =
        |account: &Id| !readable.contains(account) && (!is_whole || accounts.damaged.contains(account));
    if record.tokens.values().any(|member| is_lost(&member.account)) {
        return Err(ContainerError::AccountsDamaged.into());
    }
    record.tokens.retain(|_, member| readable.contains(&member.account));
    record.round += 1;
    tx.update(container, &record)?;

    let members = record.tokens.iter().filter(|(_, member)| !member.is_stale);
    let mut listed: Vec<_> =
        members.map(|(serial, member)| Listed { serial: serial.clone(), kind: member.kind }).collect();
    let others = accounts.items.iter().filter_map(|account| own_push_token(account, &record));
    listed.extend(others.map(|serial| Listed { serial: serial.to_owned(), kind: TokenKind::Push }));
    let adopted = accounts.items.iter().filter(|account| adopt.contains(&account.id)).filter_map(own_codes);
    for (serial, kind) in adopted {
        if listed.iter().all(|token| token.serial != serial) {
            listed.push(Listed { serial: serial.to_owned(), kind });
        }
    }
    Ok((record, listed))
}

/// The serial of a push token of the same server that was enrolled by itself. Listed, it isn't made anew.
fn own_push_token<'a>(account: &'a Account, record: &ContainerRecord) -> Option<&'a str> {
    let Some(Binding::PrivacyIdea(binding)) = account.binding.as_deref() else { return None };
    let is_in_use = account.trashed_at.is_none() && binding.state != BindingState::Revoked;
    let is_own =
        binding.service.is_same_origin(&record.service) && !record.tokens.contains_key(&binding.serial);
    (is_in_use && is_own).then_some(&binding.serial)
}

/// Takes the server's list over, in one transaction. `None` when another synchronisation was begun meanwhile: which of the
/// two the server has answered last isn't known, so that both leave their tokens to a third.
pub(super) fn apply(
    tx: &mut Transaction<'_>,
    container: Id,
    round: u64,
    listed: &[Listed],
    adopt: &[Id],
    (inventory, policies): (Inventory, Policies),
    now: u64,
) -> Result<Option<Applied>, Error> {
    let mut record = tx.get::<ContainerRecord>(container)?.ok_or(ContainerError::NoSuchContainer)?;
    if record.round != round {
        for token in inventory.added {
            if let Some(member) = record.tokens.get_mut(&token.serial) {
                member.is_stale = true;
            }
            record.doubtful.insert(token.serial);
        }
        tx.update(container, &record)?;
        return Ok(None);
    }
    let replaced_containers = register::confirm(tx, container, &mut record)?;
    let mut report = ContainerSync { left_out: inventory.offline, ..ContainerSync::default() };
    let refused = |(serial, error): (Option<String>, _)| TokenFailure { serial, error: Error::Offer(error) };
    report.failed.extend(inventory.refused.into_iter().map(refused));

    let new: HashSet<&str> = inventory.added.iter().map(|token| token.serial.as_str()).collect();
    for Listed { serial, .. } in listed {
        if inventory.kept.contains_key(serial) || new.contains(serial.as_str()) {
            continue;
        }
        // A push token that was listed but never was a member is nobody's to remove.
        if let Some(member) = record.tokens.remove(serial)
            && trash(tx, member.account, now)?
        {
            report.removed.push(member.account);
        }
    }
    let accounts = tx.accounts()?.items;
    report.adopted = take_over(&mut record, adopt, &inventory.kept, &accounts);
    keep(tx, &mut record, &inventory.kept, &accounts)?;

    let mut pushes = Vec::new();
    for TokenOffer { serial, kind, content } in inventory.added {
        let offer = match content {
            TokenContent::Codes(offer) => offer,
            TokenContent::Push(offer) => {
                pushes.push((serial, offer));
                continue;
            }
        };
        let token = offer.token.unwrap_or_else(|| IssuedToken::of(&offer.issuer, &serial));
        let member = record.tokens.remove(&serial).map(|member| member.account);
        // The server has made its secret anew, wherever the old one came from.
        let dead: Vec<&Account> = accounts
            .iter()
            .filter(|account| Some(account.id) == member || twins::is_of(account, &token))
            .filter(|account| account.trashed_at.is_none())
            .collect();
        let mut account = Account::new(offer.issuer, offer.name, now);
        account.otp = Some(offer.parameters);
        account.token = Some(Box::new(token));
        twins::add_in_place(tx, account.clone(), &dead)?;
        for dead in dead {
            if trash(tx, dead.id, now)? {
                report.replaced.push(dead.id);
            }
        }
        let is_same = |other: &&Account| {
            (&other.issuer, &other.name) == (&account.issuer, &account.name)
                && !report.replaced.contains(&other.id)
        };
        let same_name = accounts.iter().filter(is_same).map(|other| other.id).collect();
        report.added.push(AddedAccount { id: account.id, same_name, replaced: Vec::new(), is_new: true });
        let is_stale = record.doubtful.contains(&serial);
        record.tokens.insert(serial, Member { account: account.id, kind, is_stale });
    }
    record.doubtful.clear();
    record.policies = policies;
    record.synchronised_at = Some(now);
    tx.update(container, &record)?;
    Ok(Some(Applied { report, pushes, replaced_containers }))
}

/// Takes over what the server says of tokens that are here: that a push token is a member now, and a counter that is ahead
/// of ours, as after a backup was restored. A counter never goes back, and never far ahead, from where nothing leads back.
fn keep(
    tx: &mut Transaction<'_>,
    record: &mut ContainerRecord,
    kept: &BTreeMap<String, Option<u64>>,
    accounts: &[Account],
) -> Result<(), Error> {
    for account in accounts {
        if let Some(serial) = own_push_token(account, record)
            && kept.contains_key(serial)
        {
            let member = Member { account: account.id, kind: TokenKind::Push, is_stale: false };
            record.tokens.insert(serial.to_owned(), member);
        }
    }
    for (serial, member) in &record.tokens {
        let Some(Some(counter)) = kept.get(serial).copied() else { continue };
        let account = accounts.iter().find(|account| account.id == member.account);
        let Some(otp) = account.and_then(|account| account.otp.clone()) else { continue };
        let MovingFactor::Counter { next } = otp.factor() else { continue };
        if counter.checked_sub(next).is_some_and(|ahead| (1..=MAX_AHEAD).contains(&ahead)) {
            let moved = otp.with_factor(MovingFactor::Counter { next: counter });
            tx.update_account(member.account, |account| account.otp = moved.ok().or(account.otp.take()))?;
        }
    }
    Ok(())
}

/// More codes than a person makes between two backups.
const MAX_AHEAD: u64 = 1000;
