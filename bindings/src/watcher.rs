//! Events, pulled: a shell asks for the next one when it is ready for it.
//!
//! Pulling beats pushing here: a callback from Rust would run on a thread that the shell doesn't know, could hang, and could
//! come faster than the shell can take it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use countersign_authenticator as core;
use countersign_authenticator::tasks::blocking;
use tokio::sync::{Mutex, watch};

use crate::cancel::{CancelHandle, cancellable};
use crate::{AccountFailure, AccountPause, ApprovalRequest, AuthenticatorError, ClockStatus};

/// Something that has changed. Each event holds the whole of what it is about, so that none has to be remembered.
#[derive(Clone, Debug, PartialEq, uniffi::Enum)]
pub enum RequestEvent {
    /// The list of open requests is another one. Always the first event.
    RequestsChanged {
        /// Every open request, oldest first.
        open: Vec<ApprovalRequest>,
    },
    /// Other accounts than before can't be asked, or for other reasons.
    FailuresChanged {
        /// Every account whose service couldn't be asked; empty when all is well again.
        failures: Vec<AccountFailure>,
    },
    /// Other accounts rest than before, or for other reasons. Show it.
    PausesChanged {
        /// Every account whose requests don't come by themselves; empty when all do again.
        pauses: Vec<AccountPause>,
    },
    /// The time is known in another way, or the device's clock is off by a second more or less.
    ClockChanged {
        /// The time, and how far the clock is off.
        clock: ClockStatus,
    },
}

/// Watches for sign-ins on all accounts, as long as its next event is asked for. It holds no thread and no connection
/// between two calls.
#[derive(uniffi::Object)]
pub struct RequestWatcher {
    core: core::Authenticator,
    state: Mutex<State>,
}

/// What was told last, and what is still to be told.
struct State {
    changes: watch::Receiver<()>,
    pending: VecDeque<RequestEvent>,
    open: Option<Vec<ApprovalRequest>>,
    failures: Vec<AccountFailure>,
    pauses: Vec<AccountPause>,
    clock: Option<ClockStatus>,
}

#[uniffi::export(async_runtime = "tokio")]
impl RequestWatcher {
    /// Waits for the next event, for as long as it takes. Call it in a loop; a service that fails is asked again later
    /// and later by itself. One caller waits at a time, another one after it.
    ///
    /// # Errors
    ///
    /// When the vault can't be read: [`AuthenticatorError::Locked`] ends the loop until it is unlocked.
    #[uniffi::method(default(cancel = None))]
    pub async fn next_event(
        &self,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<RequestEvent, AuthenticatorError> {
        cancellable(cancel, self.wait()).await
    }
}

impl RequestWatcher {
    pub(crate) fn new(core: core::Authenticator, changes: watch::Receiver<()>) -> Self {
        let state = State {
            changes,
            pending: VecDeque::new(),
            open: None,
            failures: Vec::new(),
            pauses: Vec::new(),
            clock: None,
        };
        Self { core, state: Mutex::new(state) }
    }

    async fn wait(&self) -> Result<RequestEvent, AuthenticatorError> {
        let mut state = self.state.lock().await;
        loop {
            if let Some(event) = state.pending.pop_front() {
                return Ok(event);
            }
            let failures = match state.open {
                Some(_) => self.ask(&mut state.changes).await?,
                None => None,
            };
            let core = self.core.clone();
            let pauses = blocking(move || core.pauses()).await?;
            state.compare(&self.core, failures, pauses.into_iter().map(AccountPause::from).collect());
        }
    }

    /// Waits until something may have changed; gives the failures if the services were asked.
    async fn ask(
        &self,
        changes: &mut watch::Receiver<()>,
    ) -> Result<Option<Vec<AccountFailure>>, AuthenticatorError> {
        if !self.has_service().await? {
            // Nobody to ask until an account is enrolled: by a call here, or by another process.
            let _ = tokio::time::timeout(IDLE, changes.changed()).await;
            return Ok(Some(Vec::new()));
        }
        tokio::select! {
            // The sender lives as long as the authenticator; without it there are no changes by calls any more.
            Ok(()) = changes.changed() => Ok(None),
            requests = self.core.wait_for_requests(self.time_to_wait()) => {
                Ok(Some(requests?.failures.into_iter().map(AccountFailure::from).collect()))
            }
        }
    }

    async fn has_service(&self) -> Result<bool, AuthenticatorError> {
        let core = self.core.clone();
        let accounts = blocking(move || core.accounts()).await?.accounts;
        Ok(accounts.iter().any(|account| {
            let is_bound =
                account.binding.is_some_and(|state| state != core::approvals::BindingState::Revoked);
            is_bound && account.trashed_at.is_none()
        }))
    }

    /// Until the next request expires, so that it leaves the list then.
    fn time_to_wait(&self) -> Duration {
        let now = self.core.clock_status().time.unix_seconds();
        let expiries = self.core.requests().into_iter().map(|request| request.expires_at);
        let next = expiries.min().map_or(WAIT, |end| Duration::from_secs(end.saturating_sub(now)));
        next.clamp(Duration::from_secs(1), WAIT)
    }
}

/// The services that contradict the device's clock: how far they are off changes by milliseconds.
fn services(clock: &ClockStatus) -> Vec<&str> {
    clock.undecided.iter().map(|clock| clock.service.as_str()).collect()
}

impl State {
    fn compare(
        &mut self,
        core: &core::Authenticator,
        failures: Option<Vec<AccountFailure>>,
        pauses: Vec<AccountPause>,
    ) {
        let open: Vec<_> = core.requests().into_iter().map(ApprovalRequest::from).collect();
        if self.open.as_ref() != Some(&open) {
            self.pending.push_back(RequestEvent::RequestsChanged { open: open.clone() });
            self.open = Some(open);
        }
        if let Some(failures) = failures.filter(|failures| *failures != self.failures) {
            self.pending.push_back(RequestEvent::FailuresChanged { failures: failures.clone() });
            self.failures = failures;
        }
        if self.pauses != pauses {
            self.pending.push_back(RequestEvent::PausesChanged { pauses: pauses.clone() });
            self.pauses = pauses;
        }
        let clock = ClockStatus::from(core.clock_status());
        let is_told = self.clock.as_ref().is_some_and(|told| {
            told.source == clock.source
                && services(told) == services(&clock)
                && told.choice == clock.choice
                && told.wall_ahead_ms.abs_diff(clock.wall_ahead_ms) < CLOCK_STEP_MS
        });
        if !is_told {
            self.pending.push_back(RequestEvent::ClockChanged { clock: clock.clone() });
            self.clock = Some(clock);
        }
    }
}

/// One long poll. Phone networks cut idle connections off after a minute or so.
const WAIT: Duration = Duration::from_secs(25);
const IDLE: Duration = Duration::from_secs(60);
/// A smaller step is nothing that a person would be told.
const CLOCK_STEP_MS: u64 = 1000;
