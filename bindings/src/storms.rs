//! Push storms: requests that look alike as one row, turning many down at once, and accounts that rest.

use std::sync::Arc;

use countersign_authenticator as core;
use countersign_authenticator::approvals;
use countersign_authenticator::tasks::blocking;

use crate::cancel::{CancelHandle, cancellable};
use crate::convert::{mirror_enum, signed};
use crate::{AnswerOutcome, ApprovalRequest, Authenticator, AuthenticatorError, Id, Requests};

/// Requests of one account for the same application and from the same origin: one row in a list.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct RequestGroup {
    /// The one that came last: what the row shows.
    pub newest: ApprovalRequest,
    /// Those before it, newest first. Each has a number of its own, so each is approved by itself.
    pub older: Vec<ApprovalRequest>,
}

/// That an account's requests don't come by themselves: why, until when, and what helps. Show it.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct AccountPause {
    /// The account.
    pub account: Id,
    /// Why.
    pub reason: PauseReason,
    /// When it ends by itself, Unix seconds of the time that this device goes by; nothing if it doesn't.
    pub until: Option<i64>,
    /// Requests that were denied since the last approval by a match.
    pub denied: i64,
    /// Requests that were reported since then.
    pub reported: i64,
    /// What the person can do, what is easiest first.
    pub ways_out: Vec<WayOut>,
}

mirror_enum! {
    /// Why an account's requests don't come by themselves.
    PauseReason of approvals::PauseReason {
        /// The person has turned down one request after another: this device shows none by itself.
        TurnedDown of TurnedDown,
        /// The service has sent as many as it may without a sign-in that succeeds.
        ServiceLimit of ServiceLimit,
        /// A report, or an administrator, has locked push.
        ServiceLock of ServiceLock,
    } else ServiceLock
}

mirror_enum! {
    /// What ends a pause, or works in spite of it.
    WayOut of approvals::WayOut {
        /// [`Authenticator::ask_for_requests`]: they are shown, and an approval needs a full check of the person.
        Ask of Ask,
        /// [`Authenticator::resume`], when the requests were the person's own.
        Resume of Resume,
        /// Waiting until it ends.
        Wait of Wait,
        /// Signing in with a one-time code.
        Code of Code,
        /// Asking the organisation's administrator to unlock the account.
        Administrator of Administrator,
    } else Administrator
}

/// How requests are turned down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum TurnDown {
    /// Not now, or not me.
    Deny,
    /// It was me, and I don't want it any more: the sign-in page is told so, and no storm is counted. Where the service
    /// can't be told (`can_cancel`), it is denied.
    Cancel,
    /// It isn't me, and the organisation should know.
    Report,
    /// As a report, and no device is to be asked again until an administrator unlocks the account. Where the service
    /// can't lock (`can_lock`), it is a report.
    ReportAndLock,
}

/// What became of one of the requests that were turned down together: one of `outcome` and `error` is there.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct TurnedDown {
    /// The request.
    pub request: Id,
    /// What the service made of it.
    pub outcome: Option<AnswerOutcome>,
    /// Why it wasn't turned down.
    pub error: Option<AuthenticatorError>,
}

#[uniffi::export(async_runtime = "tokio")]
impl Authenticator {
    /// What is open now, those requests together that look alike. Asks nobody.
    #[must_use]
    pub fn request_groups(&self) -> Vec<RequestGroup> {
        self.core.request_groups().into_iter().map(RequestGroup::from).collect()
    }

    /// Asks the services of all accounts at once because the person wants to see what there is: also of accounts that
    /// rest, whose requests are shown then. What a pull on the list calls.
    ///
    /// # Errors
    ///
    /// When the accounts can't be read. A service that can't be asked is told in the result.
    #[uniffi::method(default(cancel = None))]
    pub async fn ask_for_requests(
        &self,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<Requests, AuthenticatorError> {
        self.changed_by(cancellable(cancel, self.core.ask_for_requests()).await).map(Requests::from)
    }

    /// Turns requests down together, as a group or all there are; each is answered by itself, and none needs a check of the
    /// person.
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError::Cancelled`] when the call is cancelled. What goes wrong with one is told in the result.
    #[uniffi::method(default(cancel = None))]
    pub async fn turn_down(
        &self,
        requests: Vec<Id>,
        how: TurnDown,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<Vec<TurnedDown>, AuthenticatorError> {
        let turned_down = async { Ok::<_, core::Error>(self.core.turn_down(&requests, how.into()).await) };
        let turned_down = self.changed_by(cancellable(cancel, turned_down).await)?;
        Ok(turned_down.into_iter().map(TurnedDown::from).collect())
    }

    /// Accounts whose requests don't come by themselves, and why.
    ///
    /// # Errors
    ///
    /// When the vault can't be read.
    pub async fn pauses(&self) -> Result<Vec<AccountPause>, AuthenticatorError> {
        let core = self.core.clone();
        let pauses = blocking(move || core.pauses()).await?;
        Ok(pauses.into_iter().map(AccountPause::from).collect())
    }

    /// Ends an account's rest and forgets what was turned down: the person says that the requests were their own. What the
    /// service has stopped stays so.
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError::Gone`] when there is no such account.
    #[uniffi::method(default(cancel = None))]
    pub async fn resume(
        &self,
        account: Id,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<(), AuthenticatorError> {
        self.changed_by(cancellable(cancel, self.core.resume(account)).await)
    }
}

impl From<approvals::RequestGroup> for RequestGroup {
    fn from(group: approvals::RequestGroup) -> Self {
        Self {
            newest: group.newest.into(),
            older: group.older.into_iter().map(ApprovalRequest::from).collect(),
        }
    }
}

impl From<approvals::AccountPause> for AccountPause {
    fn from(pause: approvals::AccountPause) -> Self {
        Self {
            account: pause.account,
            reason: pause.reason.into(),
            until: pause.until.map(signed),
            denied: pause.denied.into(),
            reported: pause.reported.into(),
            ways_out: pause.ways_out.into_iter().map(WayOut::from).collect(),
        }
    }
}

impl From<TurnDown> for core::TurnDown {
    fn from(how: TurnDown) -> Self {
        match how {
            TurnDown::Deny => Self::Deny,
            TurnDown::Cancel => Self::Cancel,
            TurnDown::Report => Self::Report,
            TurnDown::ReportAndLock => Self::ReportAndLock,
        }
    }
}

impl From<core::TurnedDown> for TurnedDown {
    fn from(turned_down: core::TurnedDown) -> Self {
        let (outcome, error) = match turned_down.result {
            Ok(outcome) => (Some(outcome.into()), None),
            Err(error) => (None, Some(error.into())),
        };
        Self { request: turned_down.request, outcome, error }
    }
}
