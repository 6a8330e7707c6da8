//! Push storms: counting what is turned down, pausing accounts, and turning down many requests at once.

use std::collections::HashMap;
use std::time::Duration;

use countersign_protocol::Id;
use countersign_protocol::messages::{Decision, Outcome, ProblemCode, PushStop, StormPolicy, UserCheck};
use futures_util::future::join_all;

use super::answering::AnswerOutcome;
use super::asking::is_asked;
use super::inbox::{Entry, Wish};
use super::service::is_passing;
use super::{Authenticator, hold};
use crate::approvals::privacyidea::PushError;
use crate::approvals::{
    AccountPause, AnswerError, Binding, MatchProof, OpenChallenge, Refusal, ReplyError, RequestGroup, Storm,
    group,
};
use crate::client::NetworkError;
use crate::vault::{Transaction, VaultError};
use crate::{Error, tasks};

/// How requests are turned down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a new way is a new protocol version")]
pub enum TurnDown {
    /// Not now, or not me.
    Deny,
    /// It was me, and I don't want it any more: the sign-in page is told so. No storm is counted. Where the service can't be
    /// told (`can_cancel`), it is denied.
    Cancel,
    /// It isn't me, and the organisation should know.
    Report,
    /// As a report, and no device is to be asked again until an administrator unlocks the account. Where the service
    /// can't lock (`can_lock`), it is a report.
    ReportAndLock,
}

/// What became of one of the requests that were turned down together.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TurnedDown {
    /// The request.
    pub request: Id,
    /// What the service made of it. One that had been turned down otherwise meanwhile counts as turned down.
    pub result: Result<AnswerOutcome, Error>,
}

/// Removes what the vault remembers of an account's storms, if there is anything.
pub(super) fn forget(transaction: &mut Transaction<'_>, account: Id) -> Result<(), VaultError> {
    match transaction.delete::<Storm>(account) {
        Err(VaultError::NotFound { .. }) => Ok(()),
        deleted => deleted,
    }
}

/// Writes what is remembered of an account, unless it was deleted meanwhile.
fn keep(transaction: &mut Transaction<'_>, account: Id, storm: &Storm) -> Result<(), VaultError> {
    if transaction.account(account)?.is_some() { transaction.put(account, storm) } else { Ok(()) }
}

/// The policy of an account's service, or the default where its protocol has none.
fn policy_of(binding: &Binding) -> StormPolicy {
    match binding {
        Binding::Native(binding) => binding.policy.storm,
        Binding::PrivacyIdea(_) => StormPolicy::default(),
    }
}

impl Authenticator {
    /// What is open now, those requests together that look alike. Asks nobody.
    #[must_use]
    pub fn request_groups(&self) -> Vec<RequestGroup> {
        group(self.requests())
    }

    /// Turns requests down together, as a group or all there are; each is answered by itself. The answers of one account go
    /// one after the other, since a service may have to lock the account for each. When one can't be sent, those behind it
    /// aren't either, and fail for the same reason.
    ///
    /// What became of each is in the order of `requests`. An answer that was sent and whose reply is late or lost is
    /// [`PushError::Unconfirmed`] where the service signs no receipt.
    pub async fn turn_down(&self, requests: &[Id], how: TurnDown) -> Vec<TurnedDown> {
        let mut by_account: HashMap<Option<Id>, Vec<Id>> = HashMap::new();
        for request in requests {
            let account = hold(&self.parts.inbox).get(*request).map(|entry| entry.account);
            by_account.entry(account).or_default().push(*request);
        }
        let answers = by_account.values().map(async |requests| self.turn_down_in_turn(requests, how).await);
        let mut done: HashMap<Id, _> = join_all(answers).await.into_iter().flatten().collect();
        let mut result = |request| done.remove(request).unwrap_or(Err(Error::NoSuchRequest));
        requests.iter().map(|request| TurnedDown { request: *request, result: result(request) }).collect()
    }

    /// One account's. One lock is enough, and ends its other requests at the service.
    async fn turn_down_in_turn(
        &self,
        requests: &[Id],
        how: TurnDown,
    ) -> Vec<(Id, Result<AnswerOutcome, Error>)> {
        let (decision, mut wish) = match how {
            TurnDown::Deny => (Decision::Deny, Wish::Nothing),
            TurnDown::Cancel => (Decision::Deny, Wish::Own),
            TurnDown::Report => (Decision::Report, Wish::Nothing),
            TurnDown::ReportAndLock => (Decision::Report, Wish::Lock),
        };
        let mut done = Vec::with_capacity(requests.len());
        let mut stopped: Option<Error> = None;
        for request in requests {
            if let Some(error) = &stopped {
                done.push((*request, Err(error.clone())));
                continue;
            }
            let result = self.turn_down_one(*request, decision, wish).await;
            if result.as_ref().is_ok_and(|answer| answer.locked) {
                wish = Wish::Nothing;
            }
            match result {
                Err(error) if is_passing(&error) => {
                    let told = self.as_sent(*request, error.clone());
                    stopped = Some(error);
                    done.push((*request, Err(told)));
                }
                result => done.push((*request, result)),
            }
        }
        done
    }

    /// What a failure of the network means for an answer that may have arrived.
    fn as_sent(&self, request: Id, error: Error) -> Error {
        let is_lost = matches!(error, Error::Network(NetworkError::TimedOut | NetworkError::Interrupted));
        let has_no_receipt = |entry: &Entry| matches!(entry.challenge, OpenChallenge::PrivacyIdea(_));
        if is_lost && hold(&self.parts.inbox).get(request).is_some_and(has_no_receipt) {
            PushError::Unconfirmed.into()
        } else {
            error
        }
    }

    async fn turn_down_one(
        &self,
        request: Id,
        decision: Decision,
        wish: Wish,
    ) -> Result<AnswerOutcome, Error> {
        match self.answer(request, decision, MatchProof::None, wish).await {
            Err(Error::Reply(ReplyError::Refused(Refusal {
                code: ProblemCode::AlreadyAnswered,
                outcome: Some(outcome @ (Outcome::Denied | Outcome::Reported)),
                ..
            }))) => Ok(AnswerOutcome { outcome, tries_left: 0, code: None, message: None, locked: false }),
            result => result,
        }
    }

    /// Accounts whose requests don't come by themselves: why, until when, and what helps.
    ///
    /// # Errors
    ///
    /// [`Error::Vault`].
    pub fn pauses(&self) -> Result<Vec<AccountPause>, Error> {
        let storms: HashMap<_, _> = self.parts.vault.list::<Storm>()?.items.into_iter().collect();
        if storms.is_empty() {
            return Ok(Vec::new());
        }
        let now = self.now_seconds();
        let accounts = self.parts.vault.accounts()?.items;
        let pauses = accounts.iter().filter(|account| is_asked(account)).flat_map(|account| {
            let (storm, binding) = (storms.get(&account.id)?, account.binding.as_deref()?);
            Some(storm.pauses(account.id, now, self.seconds_at(binding.service())))
        });
        Ok(pauses.flatten().collect())
    }

    /// Ends an account's pause and forgets what was turned down: the person says that the requests were their own. What
    /// the service has stopped stays so.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchAccount`], [`Error::Vault`].
    pub async fn resume(&self, account: Id) -> Result<(), Error> {
        self.read_account(account).await?;
        self.calm(account).await
    }

    /// Forgets what was turned down of an account's requests.
    pub(super) async fn calm(&self, account: Id) -> Result<(), Error> {
        hold(&self.parts.inbox).resume(account);
        self.change_storm(account, Storm::calm).await
    }

    /// Counts a request that is turned down, and pauses its account if it was one too many. A damaged count keeps nobody
    /// from saying no.
    pub(super) async fn count_turned_down(
        &self,
        account: Id,
        binding: &Binding,
        decision: Decision,
    ) -> Result<(), Error> {
        let (policy, now) = (policy_of(binding), self.now_seconds());
        let vault = self.parts.vault.clone();
        let counted = tasks::blocking(move || {
            vault.transaction(|tx| {
                let mut storm = tx.get::<Storm>(account)?.unwrap_or_default();
                storm.turn_down(decision, policy, now);
                keep(tx, account, &storm)?;
                Ok::<_, VaultError>(storm.left(now))
            })
        })
        .await;
        match counted {
            Ok(Some(left)) => hold(&self.parts.inbox).pause(account, now.saturating_add(left.as_secs())),
            Ok(None) => {}
            Err(VaultError::DamagedRecord { .. }) => {
                tracing::warn!("the count of an account's requests is damaged");
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Refuses an approval without a full check of the person after too many requests were turned down.
    pub(super) async fn check_storm(&self, account: Id, binding: &Binding) -> Result<(), Error> {
        if self.parts.keys.user_check() != UserCheck::None {
            return Ok(());
        }
        let (policy, now) = (policy_of(binding), self.now_seconds());
        let vault = self.parts.vault.clone();
        let needed = match tasks::blocking(move || vault.get::<Storm>(account)).await {
            Ok(storm) => storm.is_some_and(|storm| storm.needs_user_check(policy, now)),
            // What can't be read might say so.
            Err(VaultError::DamagedRecord { .. }) => true,
            Err(error) => return Err(error.into()),
        };
        if needed { Err(AnswerError::UserCheckNeeded.into()) } else { Ok(()) }
    }

    /// Keeps what the service says about its own pushes.
    pub(super) async fn note_push_stop(&self, account: Id, stop: Option<PushStop>) -> Result<(), Error> {
        self.change_storm(account, move |storm| storm.note_push_stop(stop)).await
    }

    /// What is left of each account's pause; hides the requests of those that have begun elsewhere.
    pub(super) async fn paused_accounts(&self) -> Result<HashMap<Id, Duration>, Error> {
        let (vault, now) = (self.parts.vault.clone(), self.now_seconds());
        let storms = tasks::blocking(move || vault.list::<Storm>()).await?.items;
        let paused: HashMap<_, _> =
            storms.into_iter().filter_map(|(account, storm)| Some((account, storm.left(now)?))).collect();
        hold(&self.parts.inbox)
            .set_pauses(paused.iter().map(|(id, left)| (*id, now.saturating_add(left.as_secs()))));
        Ok(paused)
    }

    /// Changes what is remembered of an account, and writes only what differs. What is damaged is left as it is.
    async fn change_storm(
        &self,
        account: Id,
        change: impl Fn(&mut Storm) -> bool + Send + 'static,
    ) -> Result<(), Error> {
        let vault = self.parts.vault.clone();
        let changed = move |storm: Option<Storm>| {
            let mut storm = storm.unwrap_or_default();
            change(&mut storm).then_some(storm)
        };
        let kept = tasks::blocking(move || {
            // Mostly nothing differs, and no other process is kept from writing.
            if changed(vault.get(account)?).is_none() {
                return Ok(());
            }
            vault.transaction(|tx| match changed(tx.get(account)?) {
                Some(storm) => keep(tx, account, &storm),
                None => Ok(()),
            })
        })
        .await;
        match kept {
            Ok(()) | Err(VaultError::DamagedRecord { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
