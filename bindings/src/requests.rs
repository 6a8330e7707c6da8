//! Sign-ins that wait for the person: being told of them, and answering them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use countersign_authenticator as core;
use countersign_authenticator::protocol::messages;

use crate::cancel::{CancelHandle, cancellable};
use crate::convert::{mirror_enum, signed};
use crate::{AccountPause, Authenticator, AuthenticatorError, Id, Offer};

/// What is open, and what couldn't be asked.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Requests {
    /// Every open request, oldest first.
    pub open: Vec<ApprovalRequest>,
    /// Accounts whose service couldn't be asked, or for which a sign-in waits that can't be shown (`request_unshown_…`):
    /// requests are missing, or may be. Tell the person.
    pub failures: Vec<AccountFailure>,
    /// Accounts whose requests don't come by themselves at this moment, and why. Show it.
    #[uniffi(default = [])]
    pub pauses: Vec<AccountPause>,
}

/// An account whose service couldn't be asked, or that a sign-in waits for which can't be shown.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct AccountFailure {
    /// The account.
    pub account: Id,
    /// Why.
    pub error: AuthenticatorError,
}

/// A sign-in that waits for the person. All of it was signed by the service; show all of it.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ApprovalRequest {
    /// Names the request in answers.
    pub id: Id,
    /// The account that it is for.
    pub account: Id,
    /// The organisation that asks.
    pub organisation: String,
    /// Whether it signs in or activates this device.
    pub purpose: Purpose,
    /// Which application is signed in to.
    pub application: String,
    /// Who signs in.
    pub user: String,
    /// Roughly where the sign-in comes from.
    pub place: Option<String>,
    /// Its network address.
    pub ip: Option<String>,
    /// The browser or program.
    pub client: Option<String>,
    /// How the person proves to have seen the sign-in page.
    pub matching: Matching,
    /// When it was made, Unix seconds of the time that [`Authenticator::clock_status`] tells.
    pub issued_at: i64,
    /// When it ends, by the same time: compare with [`Authenticator::clock_status`], not with the wall clock.
    pub expires_at: i64,
    /// What a server that has no fields for place, address and program says about the sign-in, as free text. Empty when it
    /// should have said something and didn't: tell the person so. `None` for services whose fields say it all.
    #[uniffi(default = None)]
    pub message: Option<String>,
    /// Whether a report reaches the organisation; without it, a report denies.
    #[uniffi(default = true)]
    pub can_report: bool,
    /// Whether a report can lock push for the account: [`crate::TurnDown::ReportAndLock`].
    #[uniffi(default = false)]
    pub can_lock: bool,
    /// Whether the service can be told that a sign-in which is turned down was the person's own:
    /// [`crate::TurnDown::Cancel`].
    #[uniffi(default = false)]
    pub can_cancel: bool,
}

/// Which matchings a request accepts. None of them means that policy asks for none.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Matching {
    /// Number matching with this many decimal digits, 2 to 8.
    pub digits: Option<i32>,
    /// Scan matching: the sign-in page's QR.
    pub scan: bool,
    /// Options to choose from, in this order: the page shows one of them. One choice is all that a request takes.
    #[uniffi(default = [])]
    pub options: Vec<String>,
}

mirror_enum! {
    /// What an approval does.
    Purpose of messages::Purpose {
        /// Signs the person in.
        SignIn of SignIn,
        /// Makes the device active: the last step of an enrolment.
        Activation of Activation,
    } else SignIn
}

/// How the person proves to have seen the sign-in page. Its debug text doesn't say what.
#[derive(Clone, uniffi::Enum)]
#[uniffi::export(Debug)]
pub enum MatchProof {
    /// The number on the page, as typed.
    Number {
        /// Spaces and dashes don't matter.
        number: String,
    },
    /// The page's QR, as scanned.
    Scanned {
        /// An offer whose content is [`crate::OfferContent::Match`].
        offer: Arc<Offer>,
    },
    /// The one of the request's options that the page shows.
    Choice {
        /// As the request has it.
        option: String,
    },
    /// Nothing, where the organisation's policy asks for none. (The core's `None`, which Swift would take for an empty
    /// optional.)
    NotAsked,
}

/// What became of an answer.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct AnswerOutcome {
    /// What the service made of it.
    pub outcome: Outcome,
    /// After a wrong number: how often it may still be tried. With none left the sign-in has failed.
    pub tries_left: i32,
    /// A code that finishes the sign-in: the person types it on the sign-in page. Shown once, and never again.
    #[uniffi(default = None)]
    pub code: Option<String>,
    /// What the organisation says about that code, in its own words: show it beside the code.
    #[uniffi(default = None)]
    pub message: Option<String>,
    /// Whether the service has locked push for the account, as a report has asked it to.
    #[uniffi(default = false)]
    pub locked: bool,
}

mirror_enum! {
    /// What an answer did.
    Outcome of messages::Outcome {
        /// The sign-in succeeded, or the device is active.
        Approved of Approved,
        /// The sign-in was turned down.
        Denied of Denied,
        /// The sign-in was turned down and the organisation told.
        Reported of Reported,
        /// The number or the scanned secret was wrong. With no tries left the sign-in has failed.
        WrongMatch of WrongMatch,
    } else WrongMatch
}

#[uniffi::export(async_runtime = "tokio")]
impl Authenticator {
    /// What is open now, by what the last fetches brought. Asks nobody.
    #[must_use]
    pub fn requests(&self) -> Vec<ApprovalRequest> {
        self.core.requests().into_iter().map(ApprovalRequest::from).collect()
    }

    /// Asks the services of all accounts, and waits up to `wait_ms` milliseconds (at most 60,000) for something new on any
    /// of them; with 0 it asks at once, and comes back once all have answered. What a wake-up calls. An app that is in front watches
    /// instead: [`Authenticator::watch`]. Accounts that rest after a storm aren't asked: [`Authenticator::ask_for_requests`].
    ///
    /// # Errors
    ///
    /// When the accounts can't be read. A service that can't be asked is told in the result.
    #[uniffi::method(default(cancel = None))]
    pub async fn wait_for_requests(
        &self,
        wait_ms: u32,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<Requests, AuthenticatorError> {
        let wait = Duration::from_millis(wait_ms.into());
        cancellable(cancel, self.core.wait_for_requests(wait)).await.map(Requests::from)
    }

    /// Asks the service of one account at once, and waits up to `wait_ms` milliseconds (at most 60,000) for something new.
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError::Gone`] when the account isn't enrolled, and those of the network, the service and the key
    /// store. When the service says that the device was removed, the account is marked so and its requests are gone.
    #[uniffi::method(default(cancel = None))]
    pub async fn fetch(
        &self,
        account: Id,
        wait_ms: u32,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<Vec<ApprovalRequest>, AuthenticatorError> {
        let wait = Duration::from_millis(wait_ms.into());
        let requests = self.changed_by(cancellable(cancel, self.core.fetch(account, wait)).await)?;
        Ok(requests.into_iter().map(ApprovalRequest::from).collect())
    }

    /// Approves a request, with the proof that the person sees the sign-in page. The platform checks the person before
    /// it releases the approval key.
    ///
    /// Calling it again after a failure of the network sends the same answer again: it has one effect at most.
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError::Input`] when the proof can't be right (no try is used up), [`AuthenticatorError::Cancelled`]
    /// and [`AuthenticatorError::KeyStore`] when the person was not checked, [`AuthenticatorError::Gone`] when there is no
    /// such request any more, and those of the network and the service.
    #[uniffi::method(default(cancel = None))]
    pub async fn approve(
        &self,
        request: Id,
        proof: MatchProof,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<AnswerOutcome, AuthenticatorError> {
        let proof = proof.into_core()?;
        self.changed_by(cancellable(cancel, self.core.approve(request, proof)).await).map(AnswerOutcome::from)
    }

    /// Turns a request down.
    ///
    /// # Errors
    ///
    /// As [`Authenticator::approve`].
    #[uniffi::method(default(cancel = None))]
    pub async fn deny(
        &self,
        request: Id,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<AnswerOutcome, AuthenticatorError> {
        self.changed_by(cancellable(cancel, self.core.deny(request)).await).map(AnswerOutcome::from)
    }

    /// Turns a request down and tells the organisation that somebody else is behind it.
    ///
    /// # Errors
    ///
    /// As [`Authenticator::approve`].
    #[uniffi::method(default(cancel = None))]
    pub async fn report(
        &self,
        request: Id,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<AnswerOutcome, AuthenticatorError> {
        self.changed_by(cancellable(cancel, self.core.report(request)).await).map(AnswerOutcome::from)
    }
}

impl MatchProof {
    fn into_core(self) -> Result<core::approvals::MatchProof, AuthenticatorError> {
        Ok(match self {
            Self::Number { number } => core::approvals::MatchProof::Number(number),
            Self::Scanned { offer } => core::approvals::MatchProof::Scanned(offer.match_link()?.clone()),
            Self::Choice { option } => core::approvals::MatchProof::Choice(option),
            Self::NotAsked => core::approvals::MatchProof::None,
        })
    }
}

impl fmt::Debug for MatchProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Number { .. } => "Number([redacted])",
            Self::Scanned { .. } => "Scanned([redacted])",
            Self::Choice { .. } => "Choice([redacted])",
            Self::NotAsked => "NotAsked",
        })
    }
}

impl From<core::Requests> for Requests {
    fn from(requests: core::Requests) -> Self {
        Self {
            open: requests.open.into_iter().map(ApprovalRequest::from).collect(),
            failures: requests.failures.into_iter().map(AccountFailure::from).collect(),
            pauses: requests.pauses.into_iter().map(AccountPause::from).collect(),
        }
    }
}

impl From<core::AccountFailure> for AccountFailure {
    fn from(failure: core::AccountFailure) -> Self {
        Self { account: failure.account, error: failure.error.into() }
    }
}

impl From<core::approvals::ApprovalRequest> for ApprovalRequest {
    fn from(request: core::approvals::ApprovalRequest) -> Self {
        Self {
            id: request.id,
            account: request.account,
            organisation: request.organisation,
            purpose: request.purpose.into(),
            application: request.application,
            user: request.user,
            place: request.place,
            ip: request.ip,
            client: request.client,
            matching: Matching {
                digits: request.matching.digits.map(i32::from),
                scan: request.matching.scan,
                options: request.matching.options,
            },
            issued_at: signed(request.issued_at),
            expires_at: signed(request.expires_at),
            message: request.message,
            can_report: request.can_report,
            can_lock: request.can_lock,
            can_cancel: request.can_cancel,
        }
    }
}

impl From<core::AnswerOutcome> for AnswerOutcome {
    fn from(outcome: core::AnswerOutcome) -> Self {
        let core::AnswerOutcome { outcome, tries_left, code, message, locked, .. } = outcome;
        Self { outcome: outcome.into(), tries_left: tries_left.into(), code, message, locked }
    }
}
