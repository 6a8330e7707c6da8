//! A service that a tenant trusts, and what tests ask of both.

use std::time::Duration;

use countersign_authenticator::approvals::ApprovalRequest;
use countersign_authenticator::protocol::Id;
use countersign_authenticator::protocol::messages::Outcome;
use countersign_server::{ClientCommand, ClientOptions, Clock, SystemClock, Which, manage_clients};
use countersign_tests::{Phone, TestService};
use reqwest::Method;
use serde_json::Value;

use crate::stand_in::{APP, Attempt, Entra, Person, Provider};
use crate::visitor::Visitor;

pub(crate) struct World {
    pub(crate) service: TestService,
    pub(crate) entra: Entra,
    pub(crate) provider: Provider,
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// With a client that is set up otherwise.
    pub(crate) async fn start_with(set_up: impl FnOnce(&mut ClientOptions)) -> Self {
        let entra = Entra::start().await;
        let service = TestService::start_with(|config| config.issuer_loopback = true).await;
        let mut options = ClientOptions {
            rights: Some("sign_in,enrol".into()),
            application: Some("Microsoft 365".into()),
            issuer: Some(vec![entra.issuer()]),
            app_id: Some(APP.into()),
            ..ClientOptions::default()
        };
        set_up(&mut options);
        let add = ClientCommand::Add {
            organisation: "default".into(),
            name: "entra".into(),
            kind: "entra".into(),
            options,
        };
        let printed = manage_clients(&service.config(), add, SystemClock.now()).unwrap();
        let client_id = printed.text.expose().strip_prefix("client_id ").unwrap().to_owned();
        let discovery_url = format!("{}/.well-known/openid-configuration", service.network.url());
        let mut provider = Provider { client_id, discovery_url, cache: None };
        provider.refresh().await;
        Self { service, entra, provider }
    }

    /// Lets time pass, here and there.
    pub(crate) fn advance(&self, time: Duration) {
        self.service.advance(time);
        self.entra.advance(time);
    }

    /// Locks the push of a user, whose name is given as an address has it.
    pub(crate) async fn lock(&self, user: &str) {
        let path = format!("/v1/users/{user}/lock");
        let (status, _) = self.service.relying_party().request(Method::POST, &path, None).await.unwrap();
        assert_eq!(status, 204);
    }

    /// Changes the client.
    pub(crate) fn change(&self, options: ClientOptions) {
        let which = Which { client: "entra".into(), organisation: None };
        manage_clients(&self.service.config(), ClientCommand::Change { which, options }, SystemClock.now())
            .unwrap();
    }

    pub(crate) fn revoke(&self) {
        let which = Which { client: "entra".into(), organisation: None };
        manage_clients(&self.service.config(), ClientCommand::Revoke { which }, SystemClock.now()).unwrap();
    }

    pub(crate) fn attempt(&self, person: &Person) -> Attempt {
        self.entra.attempt(&self.provider, person)
    }

    /// A request whose hint differs in some claims.
    pub(crate) fn hinted(&self, person: &Person, change: impl FnOnce(&mut Value)) -> Attempt {
        let mut claims = self.entra.claims(person);
        change(&mut claims);
        self.attempt(person).with("id_token_hint", self.entra.key.sign(&claims))
    }

    pub(crate) async fn visit(&self, attempt: &Attempt) -> Visitor {
        Visitor::sent(&self.service.network.url(), attempt).await
    }

    /// Somebody enrols at their first sign-in.
    pub(crate) async fn enrol(&self, person: &Person) -> (Phone, Id) {
        let phone = Phone::new();
        let attempt = self.attempt(person);
        let mut visitor = self.visit(&attempt).await;
        let account = scan_and_activate(&mut visitor, &phone).await;
        self.accepted(&attempt, &mut visitor).await;
        (phone, account)
    }

    /// The page leads back to Entra, which accepts the answer. Gives the method that it names.
    pub(crate) async fn accepted(&self, attempt: &Attempt, visitor: &mut Visitor) -> String {
        let next = visitor.next();
        visitor.get(&next).await;
        let (action, answer) = visitor.posted_form().expect("an answer is posted");
        assert_eq!(action, attempt.form["redirect_uri"]);
        self.provider.check(attempt, &answer)
    }

    /// Revokes all devices of a user, whose name is given as an address has it.
    pub(crate) async fn revoke_devices(&self, user: &str) {
        let party = self.service.relying_party();
        let path = format!("/v1/devices?user={user}");
        for device in party.get(&path).await.unwrap()["devices"].as_array().unwrap() {
            let path = format!("/v1/devices/{}", device["id"].as_str().unwrap());
            party.request(Method::DELETE, &path, None).await.unwrap();
        }
    }

    /// What the audit log has of this event, oldest first.
    pub(crate) async fn audit(&self, event: &str) -> Vec<Value> {
        let audit = self.service.relying_party().audit().await;
        audit.into_iter().filter(|entry| entry["event"] == event).collect()
    }

    /// Nothing was shown, pushed or written because of what was refused.
    pub(crate) async fn nothing_happened(&self) {
        for event in ["entra.request", "sign_in.create", "enrolment.create"] {
            assert!(self.audit(event).await.is_empty(), "{event}");
        }
    }
}

/// Scans the enrolment page's QR and types its number.
pub(crate) async fn scan_and_activate(visitor: &mut Visitor, phone: &Phone) -> Id {
    let account = scan(visitor, phone).await;
    activate(visitor, phone, account).await;
    account
}

/// Scans the enrolment page's QR.
pub(crate) async fn scan(visitor: &mut Visitor, phone: &Phone) -> Id {
    assert_eq!(visitor.state(), "waiting");
    let account = phone.enrol(&visitor.link().parse().unwrap()).await.unwrap().account;
    visitor.reload().await;
    account
}

/// Types the number of the enrolment page.
pub(crate) async fn activate(visitor: &mut Visitor, phone: &Phone, account: Id) {
    let outcome = phone.approve(waiting(phone, account).await.id, &visitor.number()).await.unwrap();
    assert_eq!(outcome.outcome, Outcome::Approved);
    visitor.reload().await;
    assert_eq!(visitor.state(), "enrolled");
}

/// The one request that waits at the phone.
pub(crate) async fn waiting(phone: &Phone, account: Id) -> ApprovalRequest {
    let mut requests = phone.fetch(account).await.unwrap();
    assert_eq!(requests.len(), 1);
    requests.remove(0)
}

/// Approves with the number that the page shows.
pub(crate) async fn approve(visitor: &mut Visitor, phone: &Phone, account: Id) {
    assert_eq!(visitor.state(), "pending");
    let request = waiting(phone, account).await;
    phone.approve(request.id, &visitor.number()).await.unwrap();
    visitor.reload().await;
    assert_eq!(visitor.state(), "approved");
}

pub(crate) const MINUTE: Duration = Duration::from_secs(60);
