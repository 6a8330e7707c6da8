//! A new phone takes an old one's place at the approval service: fresh keys, the service's approval, the old one last.
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use std::time::Duration;

use countersign_authenticator::approvals::{BindingState, ReplyError};
use countersign_authenticator::protocol::Id;
use countersign_authenticator::protocol::messages::{Outcome, ProblemCode};
use countersign_authenticator::{Error, Replacement, ReplacementStep};
use countersign_tests::{Fault, Phone, TestService, enrolled};

/// What the old phone shows once the new one has scanned its code.
async fn shown(old: &Phone, replacement: &Replacement) -> (String, String) {
    match old.authenticator.replacement_step(replacement).await.unwrap() {
        ReplacementStep::Activating { check_value, number, .. } => (check_value, number.unwrap()),
        other => panic!("{other:?}"),
    }
}

async fn resume(phone: &Phone, account: Id) -> Replacement {
    phone.authenticator.resume_replacement(account).await.unwrap().unwrap()
}

fn state(phone: &Phone, account: Id) -> Option<BindingState> {
    let accounts = phone.authenticator.accounts().unwrap().accounts;
    accounts.into_iter().find(|row| row.id == account).unwrap().binding
}

async fn signs_in(service: &TestService, phone: &Phone, account: Id) -> bool {
    let sign_in = service.relying_party().sign_in("ada").await;
    let requests = phone.fetch(account).await.unwrap();
    let Some(request) = requests.into_iter().find(|request| request.id.to_string() == sign_in.id) else {
        return false;
    };
    phone.approve(request.id, &sign_in.number).await.unwrap().outcome == Outcome::Approved
}

async fn audit(service: &TestService) -> Vec<(String, String)> {
    let log = service.relying_party().get("/v1/audit").await.unwrap();
    let text = |entry: &serde_json::Value, name: &str| entry[name].as_str().unwrap().to_owned();
    let entries = log["entries"].as_array().unwrap();
    entries.iter().map(|entry| (text(entry, "event"), text(entry, "outcome"))).collect()
}

#[tokio::test]
async fn approvals_move_to_a_new_phone_and_the_old_one_ends_last() {
    let service = TestService::start().await;
    let old = Phone::new();
    let old_account = enrolled(&service, &old, "ada").await;
    let replacement = old.authenticator.replace_device(old_account).await.unwrap();
    assert_eq!(old.authenticator.replacement_step(&replacement).await.unwrap(), ReplacementStep::Waiting);

    let new = Phone::new();
    let enrolment = new.enrol(&replacement.link).await.unwrap();
    let (check_value, number) = shown(&old, &replacement).await;
    assert_eq!(enrolment.check_value.as_ref(), Some(&check_value));
    assert!(signs_in(&service, &old, old_account).await, "the old phone works until the new one is active");

    let request = new.fetch(enrolment.account).await.unwrap().remove(0);
    assert_eq!(new.approve(request.id, &number).await.unwrap().outcome, Outcome::Approved);
    assert!(signs_in(&service, &new, enrolment.account).await);
    assert!(service.relying_party().takes_code("ada", &new.code(enrolment.account)).await);

    assert_eq!(old.authenticator.replacement_step(&replacement).await.unwrap(), ReplacementStep::Done);
    assert_eq!(old.authenticator.replacement_step(&replacement).await.unwrap(), ReplacementStep::Done);
    assert_eq!(state(&old, old_account), Some(BindingState::Revoked));
    let refused = old.fetch(old_account).await.unwrap_err();
    assert_eq!(refused, Error::NotEnrolled);
    let log = audit(&service).await;
    for line in [("device.replace", "begun"), ("device.replace", "replaced"), ("device.revoke", "revoked")] {
        assert!(log.contains(&(line.0.to_owned(), line.1.to_owned())), "{line:?} in {log:?}");
    }
}

#[tokio::test]
async fn a_replacement_goes_on_after_the_old_phone_was_restarted() {
    let service = TestService::start().await;
    let mut old = Phone::new();
    let old_account = enrolled(&service, &old, "ada").await;
    assert!(old.authenticator.resume_replacement(old_account).await.unwrap().is_none());
    let begun = old.authenticator.replace_device(old_account).await.unwrap();

    old = old.restarted();
    assert_eq!(old.authenticator.open_replacements().unwrap(), [old_account]);
    let resumed = resume(&old, old_account).await;
    assert_eq!((&resumed.link, resumed.expires_at), (&begun.link, begun.expires_at), "the same code");
    let new = Phone::new();
    let enrolment = new.enrol(&resumed.link).await.unwrap();
    let (check_value, number) = shown(&old, &resumed).await;

    old = old.restarted();
    assert_eq!(shown(&old, &resume(&old, old_account).await).await, (check_value, number.clone()));
    let request = new.fetch(enrolment.account).await.unwrap().remove(0);
    new.approve(request.id, &number).await.unwrap();

    // It learns of its end by a fetch first, and is restarted once more.
    assert_eq!(old.fetch(old_account).await.unwrap_err().code(), "device_revoked");
    old = old.restarted();
    let resumed = resume(&old, old_account).await;
    assert_eq!(old.authenticator.replacement_step(&resumed).await.unwrap(), ReplacementStep::Done);
    assert!(old.authenticator.accounts().unwrap().accounts[0].moved_at.is_some());
    assert!(old.authenticator.open_replacements().unwrap().is_empty());
}

#[tokio::test]
async fn a_replacement_whose_reply_was_lost_is_found_again() {
    let service = TestService::start().await;
    let old = Phone::new();
    let account = enrolled(&service, &old, "ada").await;
    service.network.next(&[Fault::LoseReply; 4]).await;
    assert!(matches!(old.authenticator.replace_device(account).await, Err(Error::Network(_))));
    let old = old.restarted();
    let resumed = resume(&old, account).await;
    assert_eq!(old.authenticator.replacement_step(&resumed).await.unwrap(), ReplacementStep::Waiting);
    let open = audit(&service).await.into_iter().filter(|(event, _)| event == "device.replace").count();
    assert_eq!(open, 1, "one replacement, however often it was asked for");
}

#[tokio::test]
async fn a_replacement_that_is_over_is_not_taken_up_again() {
    let service = TestService::start().await;
    let old = Phone::new();
    let account = enrolled(&service, &old, "ada").await;
    old.authenticator.replace_device(account).await.unwrap();
    service.advance(Duration::from_secs(601));
    let resumed = resume(&old, account).await;
    assert_eq!(old.authenticator.replacement_step(&resumed).await.unwrap(), ReplacementStep::Ended);
    assert!(old.authenticator.open_replacements().unwrap().is_empty());
    assert!(old.authenticator.resume_replacement(account).await.unwrap().is_none());
}

#[tokio::test]
async fn a_replacement_that_is_begun_anew_ends_the_former_one_and_who_scanned_its_code() {
    let service = TestService::start().await;
    let old = Phone::new();
    let old_account = enrolled(&service, &old, "ada").await;
    let former = old.authenticator.replace_device(old_account).await.unwrap();
    let stranger = Phone::new();
    let theirs = stranger.enrol(&former.link).await.unwrap().account;
    let (_, number) = shown(&old, &former).await;
    let request = stranger.fetch(theirs).await.unwrap().remove(0);

    let anew = old.authenticator.replace_device(old_account).await.unwrap();
    assert_ne!(anew.link, former.link);
    assert_eq!(stranger.approve(request.id, &number).await.unwrap_err().code(), "device_revoked");
    assert_eq!(old.authenticator.replacement_step(&former).await.unwrap(), ReplacementStep::Ended);
    assert_eq!(resume(&old, old_account).await.link, anew.link, "that the former one ended ends no other");
    assert_eq!(old.authenticator.replacement_step(&anew).await.unwrap(), ReplacementStep::Waiting);
    old.authenticator.delete(old_account).await.unwrap();
    assert!(old.authenticator.open_replacements().unwrap().is_empty(), "it goes with its account");
}

#[tokio::test]
async fn an_old_phone_that_was_off_learns_it_by_its_next_fetch() {
    let service = TestService::start().await;
    let old = Phone::new();
    let old_account = enrolled(&service, &old, "ada").await;
    let replacement = old.authenticator.replace_device(old_account).await.unwrap();
    let new = Phone::new();
    let account = new.enrol(&replacement.link).await.unwrap().account;
    let (_, number) = shown(&old, &replacement).await;
    let request = new.fetch(account).await.unwrap().remove(0);
    new.approve(request.id, &number).await.unwrap();
    assert_eq!(old.fetch(old_account).await.unwrap_err().code(), "device_revoked");
    assert_eq!(state(&old, old_account), Some(BindingState::Revoked));
}

#[tokio::test]
async fn a_wrong_number_on_the_new_phone_leaves_the_old_one_as_it_was() {
    let service = TestService::start().await;
    let old = Phone::new();
    let old_account = enrolled(&service, &old, "ada").await;
    let replacement = old.authenticator.replace_device(old_account).await.unwrap();
    let new = Phone::new();
    let account = new.enrol(&replacement.link).await.unwrap().account;
    let (_, number) = shown(&old, &replacement).await;
    let wrong = if number == "000000" { "000001" } else { "000000" };
    let request = new.fetch(account).await.unwrap().remove(0);
    assert_eq!(new.approve(request.id, wrong).await.unwrap().outcome, Outcome::WrongMatch);
    assert_eq!(old.authenticator.replacement_step(&replacement).await.unwrap(), ReplacementStep::Ended);
    assert!(signs_in(&service, &old, old_account).await);
}

#[tokio::test]
async fn a_code_that_somebody_else_scanned_shows_another_check_value_and_enrols_nobody() {
    let service = TestService::start().await;
    let old = Phone::new();
    let old_account = enrolled(&service, &old, "ada").await;
    let replacement = old.authenticator.replace_device(old_account).await.unwrap();
    let stranger = Phone::new();
    let theirs = stranger.enrol(&replacement.link).await.unwrap();
    let refused = Phone::new().enrol(&replacement.link).await.unwrap_err();
    assert!(matches!(
        refused,
        Error::Reply(ReplyError::Refused(refusal)) if refusal.code == ProblemCode::TicketUsed
    ));
    let (check_value, _) = shown(&old, &replacement).await;
    assert_eq!(theirs.check_value, Some(check_value), "the person finds another one on their own new phone");
    service.advance(Duration::from_secs(601));
    assert_eq!(old.authenticator.replacement_step(&replacement).await.unwrap(), ReplacementStep::Ended);
    assert!(signs_in(&service, &old, old_account).await);
}

#[tokio::test]
async fn a_device_that_is_revoked_meanwhile_hands_nothing_on() {
    let service = TestService::start().await;
    let old = Phone::new();
    let old_account = enrolled(&service, &old, "ada").await;
    let used = old.authenticator.replace_device(old_account).await.unwrap();
    let new = Phone::new();
    let account = new.enrol(&used.link).await.unwrap().account;
    let (_, number) = shown(&old, &used).await;
    let request = new.fetch(account).await.unwrap().remove(0);

    // As an administrator does when a phone is lost.
    let party = service.relying_party();
    let devices = party.get("/v1/devices?user=ada").await.unwrap();
    let lost = devices["devices"][0]["id"].as_str().unwrap().to_owned();
    party.request(reqwest::Method::DELETE, &format!("/v1/devices/{lost}"), None).await.unwrap();

    assert_eq!(new.approve(request.id, &number).await.unwrap_err().code(), "device_revoked");
    assert_eq!(state(&new, account), Some(BindingState::Revoked));
    assert!(Phone::new().enrol(&used.link).await.is_err());
    assert_eq!(old.fetch(old_account).await.unwrap_err().code(), "device_revoked");
}

#[tokio::test]
async fn a_device_that_awaits_its_activation_can_not_be_replaced() {
    let service = TestService::start().await;
    let phone = Phone::new();
    let account = phone.enrol(&service.relying_party().enrolment("ada").await.link).await.unwrap().account;
    assert_eq!(phone.authenticator.replace_device(account).await.unwrap_err().code(), "service_refused");
}

#[tokio::test]
async fn the_persons_other_devices_are_told_of_a_new_one() {
    let service = TestService::start().await;
    let (old, other) = (Phone::new(), Phone::new());
    let old_account = enrolled(&service, &old, "ada").await;
    let other_account = enrolled(&service, &other, "ada").await;
    let stranger = Phone::new();
    let stranger_account = enrolled(&service, &stranger, "bob").await;

    let replacement = old.authenticator.replace_device(old_account).await.unwrap();
    let new = Phone::new();
    let account = new.enrol(&replacement.link).await.unwrap().account;
    other.fetch(other_account).await.unwrap();
    assert!(other.authenticator.new_devices().unwrap().is_empty(), "it isn't active yet");
    let (_, number) = shown(&old, &replacement).await;
    let request = new.fetch(account).await.unwrap().remove(0);
    new.approve(request.id, &number).await.unwrap();

    other.fetch(other_account).await.unwrap();
    let other = other.restarted();
    let told = other.authenticator.new_devices().unwrap();
    assert_eq!((told.len(), told[0].account, told[0].name.as_str()), (1, other_account, "Ada's phone"));
    other.authenticator.note_new_devices_told(other_account).unwrap();
    other.fetch(other_account).await.unwrap();
    assert!(other.authenticator.new_devices().unwrap().is_empty());
    for (phone, account) in [(&new, account), (&stranger, stranger_account)] {
        phone.fetch(account).await.unwrap();
        assert!(phone.authenticator.new_devices().unwrap().is_empty());
    }
}
