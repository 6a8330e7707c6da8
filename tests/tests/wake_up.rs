//! A phone's wake-up address changes, and every service comes to know the new one.

use countersign_authenticator::approvals::{BindingState, DeviceDescription};
use countersign_authenticator::protocol::Id;
use countersign_authenticator::protocol::messages::{Platform, ProblemCode, WakeUp};
use countersign_authenticator::{AccountFailure, Error};
use countersign_tests::{Fault, Phone, TestService, enrolled};
use reqwest::Method;

fn address(path: &str) -> WakeUp {
    WakeUp::UnifiedPush { endpoint: format!("https://push.example/{path}") }
}

/// The address that the service has stored for its one device.
fn stored(service: &TestService) -> Option<String> {
    let database = rusqlite::Connection::open(service.data().join("countersign.db")).unwrap();
    database.query_row("SELECT wake_up FROM devices", [], |row| row.get(0)).unwrap()
}

/// How often the service has taken a new address.
async fn changes(service: &TestService) -> usize {
    let audit = service.relying_party().audit().await;
    audit.iter().filter(|event| event.to_string().contains("device.wake_up")).count()
}

async fn set(phone: &Phone, address: &WakeUp) -> Vec<AccountFailure> {
    phone.authenticator.set_wake_up(Some(address.clone())).await.unwrap()
}

fn is_unsent(phone: &Phone, account: Id) -> bool {
    let account = phone.authenticator.vault().account(account).unwrap().unwrap();
    account.binding.unwrap().wake_up_is_unsent()
}

#[tokio::test]
async fn a_service_is_told_of_a_new_address_once_and_that_there_is_none_any_more() {
    let (service, phone) = (TestService::start().await, Phone::new());
    enrolled(&service, &phone, "ada").await;
    assert_eq!(stored(&service), None);
    for _ in 0..2 {
        assert_eq!(set(&phone, &address("1")).await, []);
    }
    assert_eq!(
        stored(&service).as_deref(),
        Some(r#"{"kind":"unified_push","endpoint":"https://push.example/1"}"#)
    );
    assert_eq!(changes(&service).await, 1);
    assert_eq!(set(&phone, &WakeUp::Fcm { token: "token".into() }).await, []);
    assert_eq!(stored(&service).as_deref(), Some(r#"{"kind":"fcm","token":"token"}"#));
    assert_eq!(phone.authenticator.set_wake_up(None).await.unwrap(), []);
    assert_eq!((stored(&service), changes(&service).await), (None, 3));
}

#[tokio::test]
async fn the_address_of_the_enrolment_is_not_sent_again() {
    let (service, phone) = (TestService::start().await, Phone::new());
    let link = service.relying_party().enrolment("ada").await.link;
    let device =
        DeviceDescription { name: "Phone".into(), platform: Platform::Other, wake_up: Some(address("1")) };
    phone.authenticator.enrol(&link.clone().into(), device).await.unwrap();
    assert_eq!(set(&phone, &address("1")).await, []);
    assert_eq!(changes(&service).await, 0);
    assert!(stored(&service).unwrap().contains("push.example/1"));
}

#[tokio::test]
async fn an_address_that_changes_during_an_enrolment_follows_it() {
    let (service, phone) = (TestService::start().await, Phone::new());
    let link = service.relying_party().enrolment("ada").await.link;
    let device = |wake_up| DeviceDescription { name: "Phone".into(), platform: Platform::Other, wake_up };
    service.network.next(&[Fault::LoseReply; 4]).await;
    phone.authenticator.enrol(&link.clone().into(), device(Some(address("1")))).await.unwrap_err();
    let account =
        phone.authenticator.enrol(&link.clone().into(), device(Some(address("2")))).await.unwrap().account;
    assert!(stored(&service).unwrap().contains("push.example/1"));
    phone.fetch(account).await.unwrap();
    assert!(stored(&service).unwrap().contains("push.example/2"));
}

#[tokio::test]
async fn a_service_that_cannot_be_reached_is_told_before_the_next_fetch_even_after_a_restart() {
    let (mut service, phone) = (TestService::start().await, Phone::new());
    let account = enrolled(&service, &phone, "ada").await;
    service.stop().await;
    for path in ["1", "2"] {
        let failures = set(&phone, &address(path)).await;
        assert_eq!(failures.len(), 1);
        assert_eq!(failures[0].account, account);
        assert!(matches!(failures[0].error, Error::Network(_)), "{:?}", failures[0].error);
    }
    assert!(matches!(phone.fetch(account).await, Err(Error::Network(_))));
    let phone = phone.restarted();
    service.restart().await;
    phone.fetch(account).await.unwrap();
    phone.fetch(account).await.unwrap();
    // The last address alone, and once.
    assert!(stored(&service).unwrap().contains("push.example/2"));
    assert_eq!(changes(&service).await, 1);
    assert!(!is_unsent(&phone, account));
}

#[tokio::test]
async fn a_call_that_is_dropped_at_once_has_kept_the_address() {
    let (service, phone) = (TestService::start().await, Phone::new());
    let account = enrolled(&service, &phone, "ada").await;
    let authenticator = phone.authenticator.clone();
    let setting = tokio::spawn(async move { authenticator.set_wake_up(Some(address("1"))).await });
    while !is_unsent(&phone, account) && !setting.is_finished() {
        tokio::task::yield_now().await;
    }
    setting.abort();
    let _ = setting.await;
    phone.fetch(account).await.unwrap();
    assert!(stored(&service).unwrap().contains("push.example/1"));
}

#[tokio::test]
async fn a_change_whose_reply_is_lost_has_one_effect() {
    for fault in [Fault::LoseReply, Fault::CutReply, Fault::Unreachable, Fault::CaptivePortal] {
        let (service, phone) = (TestService::start().await, Phone::new());
        enrolled(&service, &phone, "ada").await;
        service.network.next(&[fault]).await;
        assert_eq!(set(&phone, &address("1")).await, [], "{fault:?}");
        assert!(service.network.all_faults_happened());
        assert_eq!(changes(&service).await, 1, "{fault:?}");
    }
}

#[tokio::test]
async fn one_service_that_is_away_does_not_keep_another_from_being_told() {
    let (mut away, there, phone) = (TestService::start().await, TestService::start().await, Phone::new());
    let waiting = enrolled(&away, &phone, "ada").await;
    enrolled(&there, &phone, "ada").await;
    away.stop().await;
    let failures = set(&phone, &address("1")).await;
    assert_eq!(failures.iter().map(|failure| failure.account).collect::<Vec<_>>(), [waiting]);
    assert!(stored(&there).is_some());
}

#[tokio::test]
async fn an_address_that_no_service_could_use_changes_nothing() {
    let (service, phone) = (TestService::start().await, Phone::new());
    let account = enrolled(&service, &phone, "ada").await;
    for wake_up in [
        WakeUp::UnifiedPush { endpoint: "http://push.example/1".into() },
        WakeUp::UnifiedPush { endpoint: "https://".into() },
        WakeUp::Fcm { token: String::new() },
        WakeUp::Apns { token: "x".repeat(5000) },
    ] {
        let set = phone.authenticator.set_wake_up(Some(wake_up.clone())).await;
        assert_eq!(set.unwrap_err(), Error::Unacceptable, "{wake_up:?}");
    }
    assert!(!is_unsent(&phone, account));
    assert_eq!(changes(&service).await, 0);
}

#[tokio::test]
async fn an_address_that_a_service_refuses_is_told_and_not_sent_again() {
    let (service, phone) = (TestService::start().await, Phone::new());
    let account = enrolled(&service, &phone, "ada").await;
    assert_eq!(set(&phone, &address("1")).await, []);
    let refused = set(&phone, &WakeUp::UnifiedPush { endpoint: "https://[push.example]/".into() }).await;
    assert_eq!(refused[0].error.refusal().map(|refusal| refusal.code), Some(ProblemCode::Malformed));
    assert!(!is_unsent(&phone, account));
    assert!(stored(&service).unwrap().contains("push.example/1"));
    assert_eq!(set(&phone, &address("1")).await, []);
}

#[tokio::test]
async fn a_device_that_was_revoked_learns_it() {
    let (service, phone) = (TestService::start().await, Phone::new());
    let (party, account) = (service.relying_party(), enrolled(&service, &phone, "ada").await);
    let device = party.devices("ada").await[0]["id"].as_str().unwrap().to_owned();
    party.request(Method::DELETE, &format!("/v1/devices/{device}"), None).await.unwrap();
    let failures = set(&phone, &address("1")).await;
    assert_eq!(failures[0].error.code(), "device_revoked");
    let binding = phone.authenticator.vault().account(account).unwrap().unwrap().binding.unwrap();
    assert_eq!(binding.state(), BindingState::Revoked);
    assert_eq!(set(&phone, &address("2")).await, []);
    assert_eq!(stored(&service), None);
}
