//! Open requests, as the last deliveries left them.

use std::collections::HashMap;

use countersign_protocol::messages::Decision;
use countersign_protocol::{Id, ServiceUrl};

use crate::approvals::privacyidea::Call;
use crate::approvals::{ApprovalRequest, Exchange, MatchProof, OpenChallenge, Unshown};

/// Every open request of every account. In memory alone: whatever a restart forgets is fetched again.
#[derive(Default)]
pub(super) struct Inbox {
    open: HashMap<Id, Entry>,
    /// When the pause of an account ends whose requests aren't shown by themselves, Unix seconds.
    paused: HashMap<Id, u64>,
    /// Why sign-ins of an account that wait aren't shown, each reason once.
    unshown: HashMap<Id, Vec<Unshown>>,
}

/// One open request.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) account: Id,
    pub(super) organisation: String,
    /// By whose time it expires.
    pub(super) service: ServiceUrl,
    pub(super) challenge: OpenChallenge,
    /// The last answer that was signed, whose receipt may have been lost: the same decision is sent again unchanged.
    pub(super) signed: Option<SignedAnswer>,
    /// Whether it was counted as turned down.
    counted: bool,
    /// Whether the person has asked for it, which shows it in spite of a pause.
    asked: bool,
}

impl Entry {
    /// Whether the last answer was signed for this decision, with this proof and this wish.
    pub(super) fn is_signed(&self, decision: Decision, proof: &MatchProof, wish: Wish) -> bool {
        self.signed.as_ref().is_some_and(|signed| {
            signed.decision == decision && signed.proof == *proof && signed.wish == wish
        })
    }
}

/// An answer with its signature.
#[derive(Clone)]
pub(super) struct SignedAnswer {
    pub(super) decision: Decision,
    pub(super) proof: MatchProof,
    pub(super) wish: Wish,
    pub(super) request: SignedRequest,
}

/// What a person wishes beside a decision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Wish {
    #[default]
    Nothing,
    /// With a report: no device is to be asked about the account.
    Lock,
    /// With a denial: it is to be told that the sign-in was the person's own.
    Own,
}

/// An answer as its protocol sends it.
#[derive(Clone)]
pub(super) enum SignedRequest {
    Native(Exchange),
    PrivacyIdea(Call),
}

impl Inbox {
    /// Takes a delivery: what it doesn't have is gone. `unshown` tells of what it has and can't be shown. Says whether
    /// anything is new.
    pub(super) fn replace(
        &mut self,
        account: Id,
        organisation: &str,
        service: &ServiceUrl,
        challenges: Vec<OpenChallenge>,
        unshown: impl IntoIterator<Item = Unshown>,
    ) -> bool {
        let mut before: HashMap<Id, Entry> = HashMap::new();
        self.open.retain(|id, entry| {
            if entry.account == account {
                before.insert(*id, entry.clone());
            }
            entry.account != account
        });
        let mut reasons: Vec<Unshown> = Vec::new();
        for reason in unshown {
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
        let told = self.unshown.remove(&account).unwrap_or_default();
        let mut news = reasons.iter().any(|reason| !told.contains(reason));
        if !reasons.is_empty() {
            self.unshown.insert(account, reasons);
        }
        for challenge in challenges {
            let old = before.remove(&challenge.id()).filter(|old| old.challenge.is_same(&challenge));
            news |= old.is_none();
            let (counted, asked) = old.as_ref().map_or((false, false), |old| (old.counted, old.asked));
            let entry = Entry {
                account,
                organisation: organisation.to_owned(),
                service: service.clone(),
                signed: old.and_then(|old| old.signed),
                counted,
                asked,
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

    /// Why sign-ins that wait aren't shown, by account.
    pub(super) fn unshown(&self) -> impl Iterator<Item = (Id, Unshown)> {
        self.unshown.iter().flat_map(|(account, reasons)| reasons.iter().map(|reason| (*account, *reason)))
    }

    /// What a shell shows at this device's time `now`, oldest first. `seconds_at` is the time that a service goes by. Their
    /// times are told by this device's.
    pub(super) fn requests(&self, now: u64, seconds_at: impl Fn(&ServiceUrl) -> u64) -> Vec<ApprovalRequest> {
        let mut requests: Vec<_> = self
            .open
            .values()
            .filter(|entry| {
                !entry.challenge.is_expired(seconds_at(&entry.service)) && self.is_shown(entry, now)
            })
            .map(|entry| {
                let request = entry.challenge.request(entry.account, &entry.organisation);
                by_this_device(request, seconds_at(&entry.service), now)
            })
            .collect();
        requests.sort_by_key(|request| (request.issued_at, request.id));
        requests
    }

    fn is_shown(&self, entry: &Entry, now: u64) -> bool {
        entry.asked || self.paused.get(&entry.account).is_none_or(|until| *until <= now)
    }

    /// Shows what is open of an account whatever pauses: the person has asked for it.
    pub(super) fn show(&mut self, account: Id) {
        self.open.values_mut().filter(|entry| entry.account == account).for_each(|entry| entry.asked = true);
    }

    /// Hides an account's requests until `until`, but for those that the person asks for.
    pub(super) fn pause(&mut self, account: Id, until: u64) {
        self.paused.insert(account, until);
    }

    pub(super) fn resume(&mut self, account: Id) {
        self.paused.remove(&account);
    }

    /// Takes over every pause as the vault has it.
    pub(super) fn set_pauses(&mut self, pauses: impl Iterator<Item = (Id, u64)>) {
        self.paused = pauses.collect();
    }

    /// Notes that a request was counted as turned down. False if it was before, or is gone.
    pub(super) fn set_counted(&mut self, request: Id) -> bool {
        let entry = self.open.get_mut(&request);
        entry.is_some_and(|entry| !std::mem::replace(&mut entry.counted, true))
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
        self.unshown.remove(&account);
        self.open.retain(|_, entry| entry.account != account);
    }
}

/// The request with its times by this device's clock, where its service's is another.
fn by_this_device(mut request: ApprovalRequest, service_now: u64, now: u64) -> ApprovalRequest {
    if service_now.abs_diff(now) > ROUNDING_SECONDS {
        let here = |time: u64| now.saturating_add(time).saturating_sub(service_now);
        (request.issued_at, request.expires_at) = (here(request.issued_at), here(request.expires_at));
    }
    request
}

/// Two clocks that tell the same time may be in two seconds.
const ROUNDING_SECONDS: u64 = 2;
