//! Approving sign-ins, and all that can go wrong with it.

use std::time::Duration;

use countersign_authenticator::approvals::{BindingState, CodeRefusal, MatchProof, ReplyError};
use countersign_authenticator::protocol::messages::{Outcome, ProblemCode};
use countersign_authenticator::{AnswerOutcome, Error, ShownCode};
use countersign_tests::{Fault, Phone, TestService, enrolled};
use reqwest::{Method, StatusCode};

/// Long for a reply, and short for a phone that was told to leave minutes between fetches.
const SOON: Duration = Duration::from_secs(60);

fn refused(result: Result<AnswerOutcome, Error>) -> (ProblemCode, Option<Outcome>) {
    match result {
        Err(Error::Reply(ReplyError::Refused(refusal))) => (refusal.code, refusal.outcome),
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn the_right_number_signs_in() {
    let service = TestService::start().await;
    let (party, phone) = (service.relying_party(), Phone::new());
    let account = enrolled(&service, &phone, "ada").await;
    let sign_in = party.sign_in("ada").await;
    let request = phone.fetch(account).await.unwrap().remove(0);
    assert_eq!(request.application, "Ward portal");
    assert_eq!((request.place.as_deref(), request.ip.as_deref()), (Some("Leeds"), Some("192.0.2.7")));
    assert_eq!(phone.approve(request.id, &sign_in.number).await.unwrap().outcome, Outcome::Approved);
    assert_eq!(party.state(&sign_in).await, "approved");
    assert!(phone.fetch(account).await.unwrap().is_empty());
}

#[tokio::test]
async fn the_scanned_code_of_the_page_signs_in() {
    let service = TestService::start().await;
    let (party, phone) = (service.relying_party(), Phone::new());
    let account = enrolled(&service, &phone, "ada").await;
    let sign_in = party.sign_in("ada").await;
    let request = phone.fetch(account).await.unwrap().remove(0);
    let proof = MatchProof::Scanned(sign_in.match_link.parse().unwrap());
    assert_eq!(phone.authenticator.approve(request.id, proof).await.unwrap().outcome, Outcome::Approved);
    assert_eq!(party.state(&sign_in).await, "approved");
}

#[tokio::test]
async fn denying_and_reporting_end_the_sign_in() {
    let service = TestService::start().await;
    let (party, phone) = (service.relying_party(), Phone::new());
    let account = enrolled(&service, &phone, "ada").await;
    let sign_in = party.sign_in("ada").await;
    let request = phone.fetch(account).await.unwrap().remove(0);
    assert_eq!(phone.authenticator.deny(request.id).await.unwrap().outcome, Outcome::Denied);
    assert_eq!(party.state(&sign_in).await, "denied");
    let sign_in = party.sign_in("ada").await;
    let request = phone.fetch(account).await.unwrap().remove(0);
    assert_eq!(phone.authenticator.report(request.id).await.unwrap().outcome, Outcome::Reported);
    assert_eq!(party.state(&sign_in).await, "reported");
}

#[tokio::test]
async fn a_wrong_number_fails_the_sign_in_and_is_counted() {
    let service = TestService::start().await;
    let (party, phone) = (service.relying_party(), Phone::new());
    let account = enrolled(&service, &phone, "ada").await;
    // Each a sign-in of its own: a new challenge must not reset the count.
    let mut outcomes = Vec::new();
    for _ in 0..12 {
        let body =
            serde_json::json!({ "user": "ada", "application": "Ward portal", "show": "relying_party" });
        let (status, reply) = party.request(Method::POST, "/v1/sign-ins", Some(body)).await.unwrap();
        if !status.is_success() {
            assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
            break;
        }
        let number = reply["number"].as_str().unwrap();
        let Some(request) = phone.fetch(account).await.unwrap().pop() else { break };
        let wrong = format!("{}{}", if number.starts_with('1') { '2' } else { '1' }, &number[1..]);
        match phone.approve(request.id, &wrong).await {
            Ok(outcome) => {
                assert_eq!(outcome.outcome, Outcome::WrongMatch);
                assert_eq!(outcome.tries_left, 0);
                outcomes.push("wrong");
            }
            Err(Error::Reply(ReplyError::Refused(refusal))) => {
                assert_eq!(refusal.code, ProblemCode::Throttled);
                assert!(refusal.retry_after.is_some());
                outcomes.push("throttled");
                break;
            }
            Err(error) => panic!("{error}"),
        }
    }
    assert!(outcomes.len() < 12, "wrong numbers are never throttled: {outcomes:?}");
}

#[tokio::test]
async fn a_slip_of_the_finger_costs_nothing() {
    let service = TestService::start().await;
    let (party, phone) = (service.relying_party(), Phone::new());
    let account = enrolled(&service, &phone, "ada").await;
    let sign_in = party.sign_in("ada").await;
    let request = phone.fetch(account).await.unwrap().remove(0);
    let error = phone.approve(request.id, &sign_in.number[..5]).await.unwrap_err();
    assert_eq!(error.code(), "answer_not_a_number");
    assert_eq!(phone.approve(request.id, &sign_in.number).await.unwrap().outcome, Outcome::Approved);
}

#[tokio::test]
async fn each_of_two_challenges_takes_its_own_number_only() {
    let service = TestService::start().await;
    let (party, phone) = (service.relying_party(), Phone::new());
    let account = enrolled(&service, &phone, "ada").await;
    let (first, second) = (party.sign_in("ada").await, party.sign_in("ada").await);
    assert_ne!(first.number, second.number);
    let requests = phone.fetch(account).await.unwrap();
    assert_eq!(requests.len(), 2);
    let of = |id: &str| requests.iter().find(|request| request.id.to_string() == id).unwrap().id;
    assert_eq!(phone.approve(of(&first.id), &second.number).await.unwrap().outcome, Outcome::WrongMatch);
    assert_eq!(phone.approve(of(&second.id), &second.number).await.unwrap().outcome, Outcome::Approved);
    assert_eq!(
        (party.state(&first).await.as_str(), party.state(&second).await.as_str()),
        ("failed", "approved")
    );
}

#[tokio::test]
async fn the_second_of_two_phones_is_told_that_the_request_was_answered() {
    let service = TestService::start().await;
    let (party, first, second) = (service.relying_party(), Phone::new(), Phone::new());
    let one = enrolled(&service, &first, "ada").await;
    let other = enrolled(&service, &second, "ada").await;
    let sign_in = party.sign_in("ada").await;
    let on_first = first.fetch(one).await.unwrap().remove(0);
    let on_second = second.fetch(other).await.unwrap().remove(0);
    assert_eq!(first.approve(on_first.id, &sign_in.number).await.unwrap().outcome, Outcome::Approved);
    let (code, outcome) = refused(second.authenticator.deny(on_second.id).await);
    assert_eq!((code, outcome), (ProblemCode::AlreadyAnswered, Some(Outcome::Approved)));
    assert_eq!(party.state(&sign_in).await, "approved");
}

#[tokio::test]
async fn an_expired_request_is_neither_shown_nor_taken() {
    let service = TestService::start().await;
    let (party, phone) = (service.relying_party(), Phone::new());
    let account = enrolled(&service, &phone, "ada").await;
    let sign_in = party.sign_in("ada").await;
    let request = phone.fetch(account).await.unwrap().remove(0);
    service.advance(Duration::from_mins(10));
    // The phone doesn't know yet that so much time has passed; the service does.
    let (code, _) = refused(phone.approve(request.id, &sign_in.number).await);
    assert_eq!(code, ProblemCode::ChallengeExpired);
    assert_eq!(party.state(&sign_in).await, "expired");
    assert!(phone.authenticator.requests().is_empty());
}

#[tokio::test]
async fn a_withdrawn_request_disappears_from_the_phone() {
    let service = TestService::start().await;
    let (party, phone) = (service.relying_party(), Phone::new());
    let account = enrolled(&service, &phone, "ada").await;
    let sign_in = party.sign_in("ada").await;
    assert_eq!(phone.fetch(account).await.unwrap().len(), 1);
    party.request(Method::DELETE, &format!("/v1/sign-ins/{}", sign_in.id), None).await.unwrap();
    assert!(phone.fetch(account).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_waiting_phone_is_told_at_once() {
    let service = TestService::start().await;
    let (party, phone) = (service.relying_party(), Phone::new());
    enrolled(&service, &phone, "ada").await;
    let authenticator = phone.authenticator.clone();
    let waiting = tokio::spawn(async move { authenticator.wait_for_requests(Duration::from_secs(20)).await });
    tokio::task::yield_now().await;
    let sign_in = party.sign_in("ada").await;
    let requests = waiting.await.unwrap().unwrap();
    assert_eq!(requests.open.iter().map(|request| request.id.to_string()).collect::<Vec<_>>(), [sign_in.id]);
    assert!(requests.failures.is_empty());
}

#[tokio::test]
async fn a_service_that_slows_phones_down_delays_no_wake_up_and_lets_them_wait_again_when_it_can() {
    let mut service = TestService::start().await;
    let phone = Phone::new();
    let account = enrolled(&service, &phone, "ada").await;
    service.next_fetch = Some(Duration::from_hours(1));
    service.restart().await;
    phone.fetch(account).await.unwrap();
    let authenticator = phone.authenticator.clone();
    let waiting = tokio::spawn(async move { authenticator.wait_for_requests(Duration::from_secs(20)).await });
    tokio::task::yield_now().await;
    // The wake-up comes through although the phone is to leave minutes between fetches.
    let party = service.relying_party();
    let first = party.sign_in("ada").await;
    let woken = phone.authenticator.wait_for_requests(Duration::ZERO);
    let woken = tokio::time::timeout(SOON, woken).await.expect("at once").unwrap();
    assert_eq!(woken.open.len(), 1);
    assert!(!waiting.is_finished());
    phone.approve(woken.open[0].id, &first.number).await.unwrap();
    // The service is itself again, and one call has learnt it: what waits for its turn needn't any longer.
    service.next_fetch = None;
    service.restart().await;
    phone.fetch(account).await.unwrap();
    let second = service.relying_party().sign_in("ada").await;
    let told = tokio::time::timeout(SOON, waiting).await.expect("well before minutes").unwrap().unwrap();
    assert_eq!(told.open.iter().map(|request| request.id.to_string()).collect::<Vec<_>>(), [second.id]);
}

#[tokio::test]
async fn a_device_that_is_revoked_meanwhile_learns_it_and_its_codes_are_worthless() {
    let service = TestService::start().await;
    let (party, phone) = (service.relying_party(), Phone::new());
    let account = enrolled(&service, &phone, "ada").await;
    let sign_in = party.sign_in("ada").await;
    let request = phone.fetch(account).await.unwrap().remove(0);
    let code = phone.code(account);
    let device = party.devices("ada").await[0]["id"].as_str().unwrap().to_owned();
    party.request(Method::DELETE, &format!("/v1/devices/{device}"), None).await.unwrap();
    let (problem, _) = refused(phone.approve(request.id, &sign_in.number).await);
    assert_eq!(problem, ProblemCode::DeviceRevoked);
    assert_ne!(party.state(&sign_in).await, "approved");
    assert!(!party.takes_code("ada", &code).await);
    assert_eq!(phone.authenticator.codes().unwrap().codes[0].code, ShownCode::Refused(CodeRefusal::Removed));
    // The account is still there, and says what happened to it.
    let summary = phone.authenticator.accounts().unwrap().accounts.remove(0);
    assert_eq!(summary.binding, Some(BindingState::Revoked));
}

#[tokio::test]
async fn a_phone_gives_itself_up_and_is_renamed() {
    let service = TestService::start().await;
    let (party, phone) = (service.relying_party(), Phone::new());
    let account = enrolled(&service, &phone, "ada").await;
    phone.authenticator.rename_device(account, "Old phone").await.unwrap();
    assert_eq!(party.devices("ada").await[0]["name"], "Old phone");
    // The phone removes what hides from its name, and cuts what is too long.
    phone.authenticator.rename_device(account, "Ada\u{200f}’s\u{200b} phone ").await.unwrap();
    assert_eq!(party.devices("ada").await[0]["name"], "Ada’s phone");
    phone.authenticator.rename_device(account, &"é".repeat(200)).await.unwrap();
    assert_eq!(party.devices("ada").await[0]["name"], "é".repeat(128));
    assert_eq!(
        phone.authenticator.rename_device(account, "\u{3164}").await.unwrap_err().code(),
        "input_unacceptable"
    );
    let code = phone.code(account);
    phone.authenticator.revoke(account).await.unwrap();
    assert!(!party.takes_code("ada", &code).await);
    assert_eq!(phone.fetch(account).await.unwrap_err(), Error::NotEnrolled);
}

#[tokio::test]
async fn an_answer_whose_receipt_is_lost_has_exactly_one_effect() {
    for fault in [Fault::LoseReply, Fault::CutReply, Fault::Unreachable, Fault::CaptivePortal] {
        let service = TestService::start().await;
        let (party, phone) = (service.relying_party(), Phone::new());
        let account = enrolled(&service, &phone, "ada").await;
        let sign_in = party.sign_in("ada").await;
        let request = phone.fetch(account).await.unwrap().remove(0);
        service.network.next(&[fault]).await;
        let outcome = phone.approve(request.id, &sign_in.number).await.unwrap();
        assert!(service.network.all_faults_happened());
        assert_eq!(outcome.outcome, Outcome::Approved, "{fault:?}");
        let about: Vec<_> =
            party.audit().await.into_iter().filter(|event| event.to_string().contains(&sign_in.id)).collect();
        assert_eq!(about.len(), 2, "started once and approved once, {fault:?}: {about:?}");
    }
}

#[tokio::test]
async fn an_answer_that_failed_altogether_can_be_given_again() {
    let service = TestService::start().await;
    let (party, phone) = (service.relying_party(), Phone::new());
    let account = enrolled(&service, &phone, "ada").await;
    let sign_in = party.sign_in("ada").await;
    let request = phone.fetch(account).await.unwrap().remove(0);
    service.network.next(&[Fault::LoseReply; 4]).await;
    assert!(matches!(phone.approve(request.id, &sign_in.number).await, Err(Error::Network(_))));
    // The person presses the button once more.
    assert_eq!(phone.approve(request.id, &sign_in.number).await.unwrap().outcome, Outcome::Approved);
}

#[tokio::test]
async fn a_service_that_was_set_up_anew_is_not_trusted() {
    let mut service = TestService::start().await;
    let phone = Phone::new();
    let account = enrolled(&service, &phone, "ada").await;
    let code = phone.code(account);
    service.replace_by_another().await;
    assert_eq!(phone.fetch(account).await.unwrap_err(), Error::Reply(ReplyError::ServiceKeyChanged));
    let summary = phone.authenticator.accounts().unwrap().accounts.remove(0);
    assert_eq!(summary.binding, Some(BindingState::Active));
    assert_eq!(phone.code(account).len(), code.len());
}

#[tokio::test]
async fn a_service_that_changes_its_key_in_order_is_followed() {
    let mut service = TestService::start().await;
    let phone = Phone::new();
    let account = enrolled(&service, &phone, "ada").await;
    for _ in 0..2 {
        service.stop().await;
        service.rotate_key();
        service.restart().await;
    }
    // Two steps behind: each fetch takes one.
    for _ in 0..3 {
        phone.fetch(account).await.unwrap();
    }
    let party = service.relying_party();
    let sign_in = party.sign_in("ada").await;
    let request = phone.fetch(account).await.unwrap().remove(0);
    assert_eq!(phone.approve(request.id, &sign_in.number).await.unwrap().outcome, Outcome::Approved);
}
