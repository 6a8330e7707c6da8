//! A phone whose app is closed is woken for a sign-in: the service pushes to its address, and the phone fetches.

use std::time::Duration;

use countersign_authenticator::approvals::DeviceDescription;
use countersign_authenticator::protocol::Id;
use countersign_authenticator::protocol::messages::{Outcome, Platform, WakeUp};
use countersign_tests::{Phone, PushServer, TestService};

/// A service that may push to this server, and an active phone with an address there.
async fn woken_at(server: &PushServer) -> (TestService, Phone, Id) {
    let mut service = TestService::start().await;
    service.push_server_ca_file = Some(server.ca_file());
    service.restart().await;
    let phone = Phone::new();
    let account = enrol(&service, &phone, &server.endpoint("ada")).await;
    (service, phone, account)
}

async fn enrol(service: &TestService, phone: &Phone, endpoint: &str) -> Id {
    let enrolment = service.relying_party().enrolment("ada").await;
    let wake_up = Some(WakeUp::UnifiedPush { endpoint: endpoint.to_owned() });
    let device = DeviceDescription { name: "Phone".into(), platform: Platform::Other, wake_up };
    let account = phone.authenticator.enrol(&enrolment.link.clone().into(), device).await.unwrap().account;
    let request = phone.fetch(account).await.unwrap().remove(0);
    phone.approve(request.id, &enrolment.number().await).await.unwrap();
    account
}

/// What became of the last wake-up that wasn't sent, once it is known.
async fn failure(service: &TestService) -> String {
    for _ in 0..200 {
        let audit = service.relying_party().audit().await;
        let failed = audit.iter().find(|event| event["event"] == "wake_up.fail");
        if let Some(event) = failed {
            return event["outcome"].as_str().unwrap().to_owned();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("no failure is in the audit log")
}

#[tokio::test]
async fn a_closed_app_hears_of_a_sign_in_and_the_push_says_nothing() {
    let mut server = PushServer::start(&[]).await;
    let (service, phone, account) = woken_at(&server).await;
    assert!(!server.has_more(), "an activation needs no push: the app is open");
    let sign_in = service.relying_party().sign_in("ada").await;
    let push = server.push().await;
    assert!(push.starts_with("post /ada http/1.1\r\n"), "{push}");
    for header in ["ttl: 1", "urgency: high\r\n", "topic: countersign\r\n", "content-length: 0\r\n"] {
        assert!(push.contains(header), "{push}");
    }
    assert!(push.ends_with("\r\n\r\n") && !push.contains("ward"), "it has no content: {push}");
    let request = phone.fetch(account).await.unwrap().remove(0);
    let outcome = phone.approve(request.id, &sign_in.number).await.unwrap();
    assert_eq!(outcome.outcome, Outcome::Approved);
    assert!(!server.has_more());
}

#[tokio::test]
async fn a_push_server_that_stumbles_is_asked_again() {
    let mut server = PushServer::start(&["503 Service Unavailable"]).await;
    let (service, ..) = woken_at(&server).await;
    service.relying_party().sign_in("ada").await;
    server.push().await;
    server.push().await;
    let audit = service.relying_party().audit().await;
    assert!(!audit.iter().any(|event| event["event"] == "wake_up.fail"), "the second was taken");
}

#[tokio::test]
async fn an_address_that_is_gone_is_told_to_the_administrator_and_tried_at_the_next_sign_in() {
    let mut server = PushServer::start(&["410 Gone"]).await;
    let (service, ..) = woken_at(&server).await;
    service.relying_party().sign_in("ada").await;
    server.push().await;
    assert_eq!(failure(&service).await, "gone");
    service.relying_party().sign_in("ada").await;
    server.push().await;
}

#[tokio::test]
async fn a_phone_that_gives_its_address_up_is_not_pushed_to() {
    let mut server = PushServer::start(&[]).await;
    let (service, phone, _) = woken_at(&server).await;
    phone
        .authenticator
        .set_wake_up(Some(WakeUp::UnifiedPush { endpoint: server.endpoint("new") }))
        .await
        .unwrap();
    service.relying_party().sign_in("ada").await;
    assert!(server.push().await.starts_with("post /new "));
    phone.authenticator.set_wake_up(None).await.unwrap();
    service.relying_party().sign_in("ada").await;
    // What would have been sent is queued before the reply, and loopback needs no tenth of a second.
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!server.has_more());
}

#[tokio::test]
async fn a_phone_cannot_have_the_service_push_into_its_own_network() {
    let server = PushServer::start(&[]).await;
    let (service, phone) = (TestService::start().await, Phone::new());
    enrol(&service, &phone, &server.endpoint("ada")).await;
    service.relying_party().sign_in("ada").await;
    assert_eq!(failure(&service).await, "not_allowed");
    assert!(!server.has_more());
}
