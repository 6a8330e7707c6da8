//! Enrolling a phone with a service, and all that can go wrong with it.

use std::time::Duration;

use countersign_authenticator::approvals::{BindingState, CodeRefusal, ReplyError};
use countersign_authenticator::protocol::messages::{Outcome, ProblemCode, Purpose};
use countersign_authenticator::protocol::{EnrolmentLink, Id, Ticket};
use countersign_authenticator::{Enrolment, Error, ShownCode};
use countersign_tests::{Fault, Phone, TestService, enrolled};

fn refused(result: Result<Enrolment, Error>) -> ProblemCode {
    match result {
        Err(Error::Reply(ReplyError::Refused(refusal))) => refusal.code,
        other => panic!("not refused: {other:?}"),
    }
}

/// After a failure the phone is as it was: no account, and nothing half done.
fn has_nothing(phone: &Phone) -> bool {
    phone.authenticator.accounts().unwrap().accounts.is_empty()
}

#[tokio::test]
async fn a_phone_becomes_active_by_its_first_number_matched_approval() {
    let service = TestService::start().await;
    let party = service.relying_party();
    let phone = Phone::new();
    let started = party.enrolment("ada").await;
    let enrolment = phone.enrol(&started.link).await.unwrap();
    let account = phone.authenticator.accounts().unwrap().accounts.remove(0);
    assert_eq!((account.id, account.name.as_str()), (enrolment.account, "ada"));
    assert_eq!(account.binding, Some(BindingState::AwaitingActivation));

    let requests = phone.fetch(enrolment.account).await.unwrap();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].purpose, Purpose::Activation);
    let number = started.number().await;
    let outcome = phone.approve(requests[0].id, &number).await.unwrap();
    assert_eq!(outcome.outcome, Outcome::Approved);
    let account = phone.authenticator.accounts().unwrap().accounts.remove(0);
    assert_eq!(account.binding, Some(BindingState::Active));
}

#[tokio::test]
async fn a_wrong_number_ends_the_enrolment() {
    let service = TestService::start().await;
    let party = service.relying_party();
    let phone = Phone::new();
    let started = party.enrolment("ada").await;
    let account = phone.enrol(&started.link).await.unwrap().account;
    let request = phone.fetch(account).await.unwrap().remove(0);
    let wrong = other_number(&started.number().await);
    assert_eq!(phone.approve(request.id, &wrong).await.unwrap().outcome, Outcome::WrongMatch);
    // It knows without asking, and makes no code that would be refused.
    assert_eq!(phone.fetch(account).await.unwrap_err().code(), "account_not_enrolled");
    assert_eq!(phone.authenticator.codes().unwrap().codes[0].code, ShownCode::Refused(CodeRefusal::Removed));
    let account = phone.authenticator.accounts().unwrap().accounts.remove(0);
    assert_eq!(account.binding, Some(BindingState::Revoked));
}

#[tokio::test]
async fn an_expired_ticket_is_refused() {
    let service = TestService::start().await;
    let link = service.relying_party().enrolment("ada").await.link;
    service.advance(Duration::from_secs(601));
    let phone = Phone::new();
    assert_eq!(refused(phone.enrol(&link).await), ProblemCode::TicketExpired);
    assert!(has_nothing(&phone));
}

#[tokio::test]
async fn a_used_ticket_is_refused() {
    let service = TestService::start().await;
    let link = service.relying_party().enrolment("ada").await.link;
    Phone::new().enrol(&link).await.unwrap();
    let second = Phone::new();
    assert_eq!(refused(second.enrol(&link).await), ProblemCode::TicketUsed);
    assert!(has_nothing(&second));
}

#[tokio::test]
async fn an_unknown_or_altered_ticket_is_refused() {
    let service = TestService::start().await;
    let link = service.relying_party().enrolment("ada").await.link;
    let mut secret = *link.ticket.expose_secret();
    secret[15] ^= 1;
    for ticket in [Ticket::new(Id::make_random(), secret), Ticket::new(link.ticket.enrolment(), secret)] {
        let phone = Phone::new();
        let altered = EnrolmentLink { ticket, ..link.clone() };
        assert_eq!(refused(phone.enrol(&altered).await), ProblemCode::TicketUnknown);
        assert!(has_nothing(&phone));
    }
    // The ticket itself still works: trying others has cost it nothing.
    Phone::new().enrol(&link).await.unwrap();
}

#[tokio::test]
async fn a_link_with_another_services_thumbprint_enrols_nothing() {
    let (service, other) = (TestService::start().await, TestService::start().await);
    let link = service.relying_party().enrolment("ada").await.link;
    let others = other.relying_party().enrolment("ada").await.link;
    let phone = Phone::new();
    let crossed = EnrolmentLink { service_key: others.service_key, ..link };
    assert_eq!(phone.enrol(&crossed).await.unwrap_err(), Error::Reply(ReplyError::ServiceKeyChanged));
    assert!(has_nothing(&phone));
}

#[tokio::test]
async fn a_lost_reply_is_asked_for_again_and_enrols_one_device() {
    for fault in [Fault::LoseReply, Fault::CutReply, Fault::Unreachable, Fault::CaptivePortal] {
        let service = TestService::start().await;
        let party = service.relying_party();
        let link = party.enrolment("ada").await.link;
        let phone = Phone::new();
        service.network.next(&[fault]).await;
        phone.enrol(&link).await.unwrap_or_else(|error| panic!("{fault:?}: {error}"));
        assert!(service.network.all_faults_happened());
        assert_eq!(party.devices("ada").await.len(), 1, "{fault:?}");
    }
}

#[tokio::test]
async fn an_enrolment_cut_off_by_the_end_of_the_app_is_taken_up_again() {
    let service = TestService::start().await;
    let party = service.relying_party();
    let started = party.enrolment("ada").await;
    let link = &started.link;
    let phone = Phone::new();
    // The service binds the keys with the first of them; the phone never hears of it.
    service.network.next(&[Fault::LoseReply, Fault::LoseReply, Fault::LoseReply, Fault::LoseReply]).await;
    assert_eq!(phone.enrol(link).await.unwrap_err().code(), "network_interrupted");
    assert!(has_nothing(&phone));

    let phone = phone.restarted();
    let account = phone.enrol(link).await.unwrap().account;
    assert_eq!(party.devices("ada").await.len(), 1);
    let request = phone.fetch(account).await.unwrap().remove(0);
    let number = started.number().await;
    assert_eq!(phone.approve(request.id, &number).await.unwrap().outcome, Outcome::Approved);
}

#[tokio::test]
async fn two_accounts_of_one_name_live_side_by_side() {
    let (first, second) = (TestService::start().await, TestService::start().await);
    let phone = Phone::new();
    let one = enrolled(&first, &phone, "ada").await;
    let other = enrolled(&second, &phone, "ada").await;
    assert_ne!(one, other);
    assert_ne!(phone.code(one), phone.code(other));
    assert_eq!(phone.authenticator.accounts().unwrap().accounts.len(), 2);
}

fn other_number(number: &str) -> String {
    let first = if number.starts_with('1') { '2' } else { '1' };
    format!("{first}{}", &number[1..])
}
