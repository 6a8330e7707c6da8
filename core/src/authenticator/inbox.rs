//! Open requests, as the last deliveries left them.

use std::collections::HashMap;

use countersign_protocol::Id;
use countersign_protocol::messages::Decision;

use crate::approvals::privacyidea::Call;
use crate::approvals::{ApprovalRequest, Exchange, MatchProof, OpenChallenge};

/// Every open request of every account. In memory alone: whatever a restart forgets is fetched again.
#[derive(Default)]
pub(super) struct Inbox {
    open: HashMap<Id, Entry>,
}

/// One open request.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) account: Id,
    pub(super) organisation: String,
    pub(super) challenge: OpenChallenge,
    /// The last answer that was signed, whose receipt may have been lost: the same decision is sent again unchanged.
    pub(super) signed: Option<SignedAnswer>,
}

impl Entry {
    /// Whether the last answer was signed for this decision and this proof.
    pub(super) fn is_signed(&self, decision: Decision, proof: &MatchProof) -> bool {
        self.signed.as_ref().is_some_and(|signed| signed.decision == decision && signed.proof == *proof)
    }
}

/// An answer with its signature.
#[derive(Clone)]
pub(super) struct SignedAnswer {
    pub(super) decision: Decision,
    pub(super) proof: MatchProof,
    pub(super) request: SignedRequest,
}

/// An answer as its protocol sends it.
#[derive(Clone)]
pub(super) enum SignedRequest {
    Native(Exchange),
    PrivacyIdea(Call),
}

impl Inbox {
    /// Takes a delivery: what it doesn't have is gone. Says whether anything is new.
    pub(super) fn replace(
        &mut self,
        account: Id,
        organisation: &str,
        challenges: Vec<OpenChallenge>,
    ) -> bool {
        let mut before: HashMap<Id, Entry> = HashMap::new();
        self.open.retain(|id, entry| {
            if entry.account == account {
                before.insert(*id, entry.clone());
            }
            entry.account != account
        });
        let mut news = false;
        for challenge in challenges {
            let old = before.remove(&challenge.id()).filter(|old| old.challenge.is_same(&challenge));
            news |= old.is_none();
            let entry = Entry {
                account,
                organisation: organisation.to_owned(),
                signed: old.and_then(|old| old.signed),
                challenge,
            };
            self.open.insert(entry.challenge.id(), entry);
        }
        news
    }

    /// The open challenges of an account, to be named in its next fetch.
    pub(super) fn known(&self, account: Id) -> Vec<Id> {
        self.open.iter().filter(|(_, entry)| entry.account == account).map(|(id, _)| *id).collect()
    }

    /// What a shell shows at the service's time `now`, oldest first.
    pub(super) fn requests(&self, now: u64) -> Vec<ApprovalRequest> {
        let mut requests: Vec<_> = self
            .open
            .values()
            .filter(|entry| !entry.challenge.is_expired(now))
            .map(|entry| entry.challenge.request(entry.account, &entry.organisation))
            .collect();
        requests.sort_by_key(|request| (request.issued_at, request.id));
        requests
    }

    pub(super) fn get(&self, request: Id) -> Option<&Entry> {
        self.open.get(&request)
    }

    pub(super) fn set_signed(&mut self, request: Id, signed: Option<SignedAnswer>) {
        if let Some(entry) = self.open.get_mut(&request) {
            entry.signed = signed;
        }
    }

    pub(super) fn remove(&mut self, request: Id) {
        self.open.remove(&request);
    }

    pub(super) fn remove_account(&mut self, account: Id) {
        self.open.retain(|_, entry| entry.account != account);
    }
}
