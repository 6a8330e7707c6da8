//! Issuers' keys as they were fetched last, and when they are fetched again.
//!
//! A token with an unknown key makes the keys be fetched, since issuers change them without notice, but within
//! [`PAUSE`] only once: whoever sends garbage makes nobody fetch. Tokens with known keys never wait for that.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use super::error::FetchError;
use super::fetch::Fetcher;
use super::issuer::Issuer;
use super::keys::KeySet;
use crate::time::Time;

/// How long keys are used without a look whether they are still the issuer's.
pub(super) const FRESH: Duration = Duration::from_secs(86_400);
/// How much longer, while the issuer can't be reached.
pub(super) const GRACE: Duration = Duration::from_secs(86_400);
/// Least time between two fetches of one issuer's keys.
pub(super) const PAUSE: Duration = Duration::from_secs(30);
/// Issuers that are remembered.
pub(super) const MAX_ISSUERS: usize = 1024;

/// What is known of all issuers.
pub(super) struct Cache {
    fetcher: Fetcher,
    entries: Mutex<HashMap<Issuer, Arc<Entry>>>,
}

/// What is known of one.
#[derive(Default)]
pub(super) struct Entry {
    known: RwLock<Option<Known>>,
    /// The last fetch. Whoever fetches holds it.
    attempt: tokio::sync::Mutex<Option<Attempt>>,
}

#[derive(Clone)]
struct Known {
    keys: Arc<KeySet>,
    fetched: Time,
}

#[derive(Clone, Copy)]
struct Attempt {
    at: Time,
    outcome: Result<(), FetchError>,
}

impl Cache {
    pub(super) fn new(fetcher: Fetcher) -> Self {
        Self { fetcher, entries: Mutex::default() }
    }

    /// The issuer's keys: those that are known if `is_enough` of them, and else as they are now, unless they were fetched
    /// a moment ago.
    pub(super) async fn keys(
        &self,
        issuer: &Issuer,
        now: Time,
        is_enough: impl Fn(&KeySet) -> bool,
    ) -> Result<Arc<KeySet>, FetchError> {
        let entry = self.entry(issuer);
        let known = entry.known(now, FRESH).filter(|keys| is_enough(keys));
        if let Some(keys) = known {
            return Ok(keys);
        }
        // In a task of its own: a client that goes away mustn't end it, or its next request would begin another.
        let fetching = {
            let (fetcher, entry, issuer) = (self.fetcher.clone(), Arc::clone(&entry), issuer.clone());
            tokio::spawn(async move { entry.fetch(&fetcher, &issuer, now).await })
        };
        let outcome = fetching.await.unwrap_or(Err(FetchError::Unreachable));
        match (entry.known(now, FRESH + GRACE), outcome) {
            (Some(keys), _) => Ok(keys),
            (None, Err(error)) => Err(error),
            (None, Ok(())) => Err(FetchError::Keys),
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    pub(super) fn entry(&self, issuer: &Issuer) -> Arc<Entry> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= MAX_ISSUERS && !entries.contains_key(issuer) {
            // So many are configured nowhere but where they come and go.
            entries.clear();
        }
        Arc::clone(entries.entry(issuer.clone()).or_default())
    }
}

impl Entry {
    /// The keys, if they were fetched within `age`.
    fn known(&self, now: Time, age: Duration) -> Option<Arc<KeySet>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let is_recent = |known: &&Known| !known.fetched.is_ahead_of(now) && now.since(known.fetched) < age;
        known.as_ref().filter(is_recent).map(|known| Arc::clone(&known.keys))
    }

    /// Fetches, unless another has since this was asked for, or a moment before.
    async fn fetch(&self, fetcher: &Fetcher, issuer: &Issuer, now: Time) -> Result<(), FetchError> {
        let mut attempt = self.attempt.lock().await;
        let recent = attempt.filter(|last| !last.at.is_ahead_of(now) && now.since(last.at) < PAUSE);
        if let Some(last) = recent {
            return last.outcome;
        }
        let fetched = fetcher.keys(issuer).await;
        let outcome = fetched.map(|keys| {
            tracing::debug!(?issuer, "an issuer's keys were fetched");
            let known = Known { keys: Arc::new(keys), fetched: now };
            *self.known.write().unwrap_or_else(PoisonError::into_inner) = Some(known);
        });
        if let Err(error) = outcome {
            tracing::warn!(?issuer, %error, "an issuer's keys can't be had");
        }
        *attempt = Some(Attempt { at: now, outcome });
        outcome
    }
}
