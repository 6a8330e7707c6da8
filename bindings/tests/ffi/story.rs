//! The whole story on the types that shells see, against a real service: enrol, be told, approve, and what goes wrong.
//! The device keys are foreign ones: in another language this is the only difference.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use crate::support::Phone;
use crate::world::{World, device, number};
use async_trait::async_trait;
use countersign_ffi::{
    AnswerOutcome, ApprovalRequest, Authenticator, AuthenticatorError, BindingState, DeviceKeys, KeyName,
    KeyRole, Outcome, PauseReason, PlatformKeyError, Prompt, Purpose, RequestEvent, RequestWatcher,
    TimeSource, TurnDown, UserCheck, WayOut,
};
use reqwest::Method;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::Value;

/// Device keys as a platform would hold them.
#[derive(Default)]
struct Keys {
    pairs: Mutex<HashMap<String, EcdsaKeyPair>>,
    prompts: Mutex<Vec<Prompt>>,
    person_is_away: Mutex<bool>,
}

#[async_trait]
impl DeviceKeys for Keys {
    async fn make(&self, key: KeyName) -> Result<Vec<u8>, PlatformKeyError> {
        let random = SystemRandom::new();
        let bytes = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, bytes.as_ref(), &random).unwrap();
        let point = pair.public_key().as_ref().to_vec();
        self.pairs.lock().unwrap().insert(format!("{key:?}"), pair);
        Ok(point)
    }

    async fn sign(
        &self,
        key: KeyName,
        message: Vec<u8>,
        prompt: Option<Prompt>,
    ) -> Result<Vec<u8>, PlatformKeyError> {
        assert_eq!(prompt.is_some(), key.role == KeyRole::Approval);
        if prompt.is_some() && *self.person_is_away.lock().unwrap() {
            return Err(PlatformKeyError::Cancelled);
        }
        self.prompts.lock().unwrap().extend(prompt);
        let pairs = self.pairs.lock().unwrap();
        let pair = pairs.get(&format!("{key:?}")).ok_or(PlatformKeyError::NotFound)?;
        Ok(pair.sign(&SystemRandom::new(), &message).unwrap().as_ref().to_vec())
    }

    async fn delete(&self, key: KeyName) -> Result<(), PlatformKeyError> {
        self.pairs.lock().unwrap().remove(&format!("{key:?}"));
        Ok(())
    }

    fn user_check(&self) -> Result<UserCheck, PlatformKeyError> {
        Ok(UserCheck::Biometric)
    }

    fn in_hardware(&self) -> Result<bool, PlatformKeyError> {
        Ok(false)
    }

    fn has_rsa(&self) -> Result<bool, PlatformKeyError> {
        Ok(false)
    }
}

/// The next list of requests that isn't empty; other events pass by.
async fn next_requests(watcher: &RequestWatcher) -> Vec<ApprovalRequest> {
    loop {
        if let RequestEvent::RequestsChanged { open } = watcher.next_event(None).await.unwrap()
            && !open.is_empty()
        {
            return open;
        }
    }
}

#[tokio::test]
async fn a_device_enrols_is_told_of_a_sign_in_and_approves_it() {
    let (world, phone, keys) = (World::start().await, Phone::make().await, Arc::new(Keys::default()));
    let vault = Arc::clone(&phone.vault);
    let authenticator = Authenticator::open(vault, keys.clone(), None, Vec::new()).await.unwrap();
    let watcher = authenticator.watch();
    let first = watcher.next_event(None).await.unwrap();
    assert_eq!(first, RequestEvent::RequestsChanged { open: Vec::new() });

    // The watcher waits with nobody to ask. The enrolment wakes it, and it asks the new service.
    let (enrolment, offer) = world.enrolment().await;
    let enrol = async { authenticator.enrol(offer, device(), None).await.unwrap() };
    let (enrolled, open) = tokio::join!(enrol, next_requests(&watcher));
    assert_eq!((open[0].purpose, open[0].account), (Purpose::Activation, enrolled.account));
    let shown = world.number_of(&format!("/v1/enrolments/{enrolment}")).await;
    let outcome = authenticator.approve(open[0].id, number(&shown), None).await.unwrap();
    assert_eq!(outcome.outcome, Outcome::Approved);
    let account = authenticator.accounts(None).await.unwrap().accounts.remove(0);
    assert_eq!(account.binding, Some(BindingState::Active));
    assert_eq!(authenticator.clock_status().source, TimeSource::Service);

    let sign_in = world.sign_in().await;
    let open = next_requests(&watcher).await;
    assert_eq!((open[0].application.as_str(), open[0].purpose), ("Ward portal", Purpose::SignIn));
    let shown = sign_in["number"].as_str().unwrap();

    let slip = authenticator.approve(open[0].id, number("12"), None).await.unwrap_err();
    assert_eq!((slip.code().as_str(), slip.parameter()), ("answer_not_a_number", Some(6)));
    *keys.person_is_away.lock().unwrap() = true;
    let away = authenticator.approve(open[0].id, number(shown), None).await.unwrap_err();
    assert!(matches!(away, AuthenticatorError::Cancelled { .. }));
    *keys.person_is_away.lock().unwrap() = false;
    let outcome = authenticator.approve(open[0].id, number(shown), None).await.unwrap();
    assert_eq!(outcome.outcome, Outcome::Approved);
    assert_eq!(keys.prompts.lock().unwrap().last().unwrap().application, "Ward portal");

    // What was answered leaves the list by an event, without another delivery.
    loop {
        if watcher.next_event(None).await.unwrap() == (RequestEvent::RequestsChanged { open: Vec::new() }) {
            break;
        }
    }
    let path = format!("/v1/sign-ins/{}", sign_in["id"].as_str().unwrap());
    assert_eq!(world.call(Method::GET, &path, Value::Null).await["state"], "approved");

    authenticator.revoke(enrolled.account, None).await.unwrap();
    let account = authenticator.accounts(None).await.unwrap().accounts.remove(0);
    assert_eq!(account.binding, Some(BindingState::Revoked));
    assert!(keys.pairs.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_used_ticket_and_a_service_that_is_gone_are_told_apart() {
    let (world, phone) = (World::start().await, Phone::make().await);
    let (_, offer) = world.enrolment().await;
    let account = phone.authenticator.enrol(Arc::clone(&offer), device(), None).await.unwrap().account;
    let other = Phone::make().await;
    let refused = other.authenticator.enrol(offer, device(), None).await.unwrap_err();
    assert!(matches!(refused, AuthenticatorError::Refused { .. }));
    assert_eq!(refused.code(), "ticket_used");

    world.service.shutdown().await;
    let failed = phone.authenticator.wait_for_requests(0, None).await.unwrap();
    assert_eq!(failed.failures[0].account, account);
    assert!(matches!(failed.failures[0].error, AuthenticatorError::Network { .. }));
    let watcher = phone.authenticator.watch();
    loop {
        if let RequestEvent::FailuresChanged { failures } = watcher.next_event(None).await.unwrap() {
            assert_eq!(failures[0].account, account);
            break;
        }
    }
}

#[tokio::test]
async fn a_storm_is_one_row_and_one_answer_and_then_it_is_quiet() {
    let (world, phone) = (World::start().await, Phone::make().await);
    let authenticator = &phone.authenticator;
    let account = world.enrolled(authenticator).await;
    let watcher = authenticator.watch();

    for _ in 0..3 {
        world.sign_in().await;
    }
    authenticator.wait_for_requests(0, None).await.unwrap();
    let storm = authenticator.request_groups().remove(0);
    assert!(storm.newest.can_lock);
    assert_eq!((storm.older.len(), storm.newest.account), (2, account));
    let ids = [vec![storm.newest.id], storm.older.iter().map(|request| request.id).collect()].concat();
    let turned_down = authenticator.turn_down(ids, TurnDown::Deny, None).await.unwrap();
    let denied =
        AnswerOutcome { outcome: Outcome::Denied, tries_left: 1, code: None, message: None, locked: false };
    assert!(turned_down.iter().all(|one| one.outcome.as_ref() == Some(&denied) && one.error.is_none()));

    let pauses = loop {
        if let RequestEvent::PausesChanged { pauses } = watcher.next_event(None).await.unwrap() {
            break pauses;
        }
    };
    assert_eq!(
        (pauses[0].account, pauses[0].reason, pauses[0].denied),
        (account, PauseReason::TurnedDown, 3)
    );
    assert_eq!(pauses[0].ways_out, [WayOut::Ask, WayOut::Resume, WayOut::Wait]);
    world.sign_in().await;
    let quiet = authenticator.wait_for_requests(0, None).await.unwrap();
    assert_eq!((quiet.open.len(), quiet.pauses), (0, pauses));
    assert_eq!(authenticator.ask_for_requests(None).await.unwrap().open.len(), 1);
    authenticator.resume(account, None).await.unwrap();
    assert!(authenticator.pauses().await.unwrap().is_empty());

    let last = authenticator.requests().remove(0);
    let locked = authenticator.turn_down(vec![last.id], TurnDown::ReportAndLock, None).await.unwrap();
    assert!(locked[0].outcome.as_ref().unwrap().locked);
    assert_eq!(authenticator.pauses().await.unwrap()[0].reason, PauseReason::ServiceLock);
    let gone = authenticator.turn_down(vec![last.id], TurnDown::Deny, None).await.unwrap();
    assert!(matches!(gone[0].error, Some(AuthenticatorError::Gone { .. })));
}
