//! Being told of sign-ins: fetching from every service that an account is bound to.

use std::time::Duration;

use countersign_protocol::limits::MAX_WAIT_SECONDS;
use countersign_protocol::messages::{Delivery, ProblemCode, paths};
use countersign_protocol::{Id, ServiceUrl};
use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;

use super::service::{TIME_OUT, is_revocation};
use super::{Authenticator, hold};
use crate::approvals::{
    AccountPause, ApprovalRequest, Binding, BindingState, ChallengeError, NativeBinding, OpenChallenge,
    ReplyError, fetch_request, read_delivery,
};
use crate::{Account, Error, tasks};

/// What is open, and what couldn't be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Requests {
    /// Every open request, oldest first.
    pub open: Vec<ApprovalRequest>,
    /// Accounts whose service couldn't be asked, or for which a sign-in waits that can't be shown ([`Error::Unshown`]):
    /// requests are missing, or may be. A shell tells the person.
    pub failures: Vec<AccountFailure>,
    /// Accounts whose requests don't come by themselves at this moment, and why. A shell shows it.
    pub pauses: Vec<AccountPause>,
}

/// An account whose service couldn't be asked, or that a sign-in waits for which can't be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccountFailure {
    /// The account.
    pub account: Id,
    /// Why.
    pub error: Error,
}

impl Authenticator {
    /// What is open now, by what the last fetches brought. Asks nobody.
    #[must_use]
    pub fn requests(&self) -> Vec<ApprovalRequest> {
        let reading = self.parts.clock.read();
        let times = hold(&self.parts.times);
        let now = times.status(&reading).time.unix_seconds();
        let seconds_at =
            |service: &ServiceUrl| times.status_at(service.authority(), &reading).time.unix_seconds();
        hold(&self.parts.inbox).requests(now, seconds_at)
    }

    /// Asks the services of all accounts, and waits up to `wait` (at most 60 s) for something new on any of them. It can
    /// be called in a loop: after failures it waits longer and longer before it asks again, until one call gets through.
    /// With no wait it asks at once, as a wake-up or a person does, and comes back when all have answered. A call that is
    /// dropped may have taken news in: they are in [`Authenticator::requests`].
    ///
    /// Accounts that pause after a storm aren't asked; [`Authenticator::ask_for_requests`] asks them, too.
    ///
    /// # Errors
    ///
    /// [`Error::Vault`] when the accounts can't be read. A service that can't be asked is told in the result.
    pub async fn wait_for_requests(&self, wait: Duration) -> Result<Requests, Error> {
        let paused = self.paused_accounts().await?;
        let mut fetches: FuturesUnordered<_> = self
            .bound_accounts()
            .await?
            .into_iter()
            .map(|account| (account, paused.get(&account)))
            .map(async |(account, pause)| match pause {
                // A caller in a loop asks again when the first pause is over.
                Some(left) => {
                    tokio::time::sleep(wait.min(*left)).await;
                    (account, Ok(false))
                }
                None => (account, self.fetch_in_turn(account, wait).await),
            })
            .collect();
        let mut failures = Vec::new();
        while let Some((account, fetched)) = fetches.next().await {
            match fetched {
                // What the others still hold back is asked for again by the next call.
                Ok(true) if !wait.is_zero() => break,
                Ok(_) => {}
                Err(error) => failures.push(AccountFailure { account, error }),
            }
        }
        self.gather(failures).await
    }

    /// Asks the services of all accounts at once because the person wants to see what there is: also of accounts that
    /// pause, whose requests are shown then.
    ///
    /// # Errors
    ///
    /// As [`Authenticator::wait_for_requests`].
    pub async fn ask_for_requests(&self) -> Result<Requests, Error> {
        let accounts = self.bound_accounts().await?;
        let asked = accounts
            .into_iter()
            .map(async |account| (account, self.fetch_news(account, Duration::ZERO).await));
        let asked = join_all(asked).await;
        let mut failures = Vec::new();
        for (account, fetched) in asked {
            match fetched {
                Ok(_) => hold(&self.parts.inbox).show(account),
                Err(error) => failures.push(AccountFailure { account, error }),
            }
        }
        self.gather(failures).await
    }

    async fn gather(&self, mut failures: Vec<AccountFailure>) -> Result<Requests, Error> {
        let unshown = hold(&self.parts.inbox).unshown().collect::<Vec<_>>();
        failures.extend(
            unshown.into_iter().map(|(account, why)| AccountFailure { account, error: Error::Unshown(why) }),
        );
        Ok(Requests { open: self.requests(), failures, pauses: self.read_pauses().await? })
    }

    async fn read_pauses(&self) -> Result<Vec<AccountPause>, Error> {
        let authenticator = self.clone();
        tasks::blocking(move || authenticator.pauses()).await
    }

    /// Asks the service of one account at once, and waits up to `wait` (at most 60 s) for something new. What is open is
    /// shown even if the account pauses.
    ///
    /// # Errors
    ///
    /// [`Error::NotEnrolled`], [`Error::Network`], [`Error::Reply`], [`Error::KeyStore`], [`Error::Vault`]. When the
    /// service says that the device was removed, the account is marked so and its requests are gone. [`Error::Unshown`]
    /// when nothing waits but what can't be shown.
    pub async fn fetch(&self, account: Id, wait: Duration) -> Result<Vec<ApprovalRequest>, Error> {
        self.fetch_news(account, wait).await?;
        hold(&self.parts.inbox).show(account);
        let open: Vec<_> = self.requests().into_iter().filter(|request| request.account == account).collect();
        let unshown = hold(&self.parts.inbox).unshown().find(|(of, _)| *of == account);
        match unshown {
            Some((_, why)) if open.is_empty() => Err(why.into()),
            _ => Ok(open),
        }
    }

    /// One fetch, when it is due; at once for somebody who doesn't wait. Says whether it brought anything new.
    async fn fetch_in_turn(&self, account: Id, wait: Duration) -> Result<bool, Error> {
        if wait.is_zero() {
            return self.fetch_news(account, wait).await;
        }
        self.until_due(account).await;
        let fetched = self.fetch_news(account, wait).await;
        if fetched.is_err() {
            let now = self.parts.clock.read();
            hold(&self.parts.backoffs).entry(account).or_default().failed(random_u32(), now);
        }
        fetched
    }

    async fn until_due(&self, account: Id) {
        loop {
            let answered = self.parts.answered.notified();
            let now = self.parts.clock.read();
            let left = hold(&self.parts.backoffs).entry(account).or_default().left(&now);
            tokio::select! {
                () = tokio::time::sleep(left) => return,
                // Another call got through to a service: the next fetch may be due sooner.
                () = answered => {}
            }
        }
    }

    async fn fetch_news(&self, account: Id, wait: Duration) -> Result<bool, Error> {
        let fetched = match self.fetch_once(account, wait).await {
            // The refusal told the time; by it the same question is asked once more.
            Err(Error::Reply(ReplyError::Refused(refusal))) if refusal.code == ProblemCode::ClockSkew => {
                self.fetch_once(account, wait).await
            }
            fetched => fetched,
        };
        if let Err(Error::Reply(ReplyError::Refused(refusal))) = &fetched
            && is_revocation(refusal)
        {
            self.mark_revoked(account).await?;
        }
        fetched
    }

    async fn fetch_once(&self, id: Id, wait: Duration) -> Result<bool, Error> {
        let (account, binding) = self.bound(id).await?;
        if binding.wake_up_is_unsent() {
            self.catch_up_on_wake_up(id).await;
        }
        match binding {
            Binding::Native(binding) => self.fetch_native(account, &binding, wait).await,
            Binding::PrivacyIdea(binding) => self.poll(&account, &binding, wait).await,
        }
    }

    async fn fetch_native(
        &self,
        account: Account,
        binding: &NativeBinding,
        wait: Duration,
    ) -> Result<bool, Error> {
        let id = account.id;
        let known = hold(&self.parts.inbox).known(id);
        let wait_seconds = u32::try_from(wait.as_secs()).unwrap_or(MAX_WAIT_SECONDS).min(MAX_WAIT_SECONDS);
        let now = self.seconds_at(&binding.service);
        let unsigned = fetch_request(binding, known, wait_seconds, now).map_err(|_| Error::Unacceptable)?;
        let exchange = self.sign_request(id, binding, paths::FETCH, unsigned).await?;

        let time_out = TIME_OUT + Duration::from_secs(u64::from(wait_seconds));
        let replied = self.post(&exchange, time_out).await?;
        let delivery = self.read::<Delivery>(&exchange, &replied, binding, |delivery| delivery.held);
        self.save_time().await;
        let delivery = delivery?;

        let outcome = read_delivery(&delivery, binding, self.seconds_at(&binding.service))?;
        for error in &outcome.refused {
            tracing::warn!(%error, "a challenge was not shown");
        }
        if let Some(changed) = outcome.binding {
            self.update_binding(id, move |binding| {
                if let Binding::Native(binding) = binding {
                    binding.service_key = changed.service_key;
                    // A delivery may have been sent before the answer that has moved the state on.
                    if binding.state == BindingState::AwaitingActivation {
                        binding.state = changed.state;
                    }
                    binding.policy = changed.policy;
                    binding.newer_devices = changed.newer_devices;
                }
            })
            .await?;
        }
        self.note_push_stop(id, delivery.reply.push_stop).await?;
        self.note_fetch(id, outcome.next_fetch);
        let open = outcome.open.into_iter().map(OpenChallenge::Native).collect();
        let unshown = outcome.refused.iter().filter_map(ChallengeError::told);
        Ok(hold(&self.parts.inbox).replace(id, &account.issuer, &binding.service, open, unshown))
    }

    /// Notes that a service has answered, and wants to be left alone for so many milliseconds.
    pub(super) fn note_fetch(&self, account: Id, next_fetch: u64) {
        let now = self.parts.clock.read();
        hold(&self.parts.backoffs).entry(account).or_default().succeeded(next_fetch, now);
        self.parts.answered.notify_waiters();
    }

    async fn bound_accounts(&self) -> Result<Vec<Id>, Error> {
        let vault = self.parts.vault.clone();
        let accounts = tasks::blocking(move || vault.accounts()).await?;
        Ok(accounts.items.iter().filter(|account| is_asked(account)).map(|account| account.id).collect())
    }
}

/// Whether the account's service is asked for requests.
pub(super) fn is_asked(account: &Account) -> bool {
    let can_approve = |binding: &Binding| binding.state() != BindingState::Revoked;
    account.trashed_at.is_none() && account.binding.as_deref().is_some_and(can_approve)
}

fn random_u32() -> u32 {
    // Jitter only: without the system's generator all waits are of middle length.
    getrandom::u32().unwrap_or(u32::MAX / 2)
}
