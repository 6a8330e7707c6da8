//! Moving to a new phone over the real service, which carries sealed parts: what it does, and what it can't do.
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod hostile;

use std::time::Duration;

use countersign_authenticator::backup::ExportFormat;
use countersign_authenticator::import::{Import, ImportOptions};
use countersign_authenticator::protocol::Id;
use countersign_authenticator::transfer::{Acceptance, TransferCode, TransferError};
use countersign_authenticator::{
    Error, Receiving, ReceivingStep, Sending, SendingStep, Transfer, TransferRelay,
};
use countersign_tests::{Fault, Phone, TestService, enrolled};
use rusqlite::Connection;

/// So many accounts that they need several messages.
const MANY: usize = 400;

fn links(count: usize) -> String {
    let letter = |n: usize| char::from(b'A' + u8::try_from(n % 26).unwrap());
    let secret = |n: usize| [letter(n), letter(n / 26), 'C'].iter().cycle().take(32).collect::<String>();
    (0..count).map(|n| format!("otpauth://totp/Ward%20{n}:nurse?secret={}\n", secret(n))).collect()
}

/// An enrolled phone with so many accounts besides, and the account of the service.
async fn old_phone(service: &TestService, accounts: usize) -> (Phone, Id) {
    let phone = Phone::new();
    let account = enrolled(service, &phone, "ada").await;
    let mut import = Import::new();
    import.add_file(links(accounts).as_bytes(), None).unwrap();
    phone.authenticator.import(&import, &ImportOptions::default()).unwrap();
    (phone, account)
}

/// The accounts that can move, as text.
fn movable(phone: &Phone) -> String {
    let export = phone.authenticator.export(ExportFormat::Links, None).unwrap();
    let text = String::from_utf8(export.content.to_vec()).unwrap();
    text.lines().filter(|line| line.contains("Ward")).map(|line| format!("{line}\n")).collect()
}

/// Both phones as far as the accounts being sealed, over the account's service. Gives the old one's codes.
fn greet(old: &Phone, account: Id, new: &Phone) -> Vec<String> {
    let ReceivingStep::Inviting { invitation } = new.authenticator.receive_accounts().unwrap().step else {
        panic!("it invites")
    };
    old.authenticator.send_accounts(&invitation).unwrap();
    let sending = old.authenticator.choose_relay(Some(account)).unwrap();
    let SendingStep::Comparing { acceptance } = sending.step else { panic!("it compares") };
    let receiving = new.authenticator.receive_code(&acceptance).unwrap();
    assert_eq!(receiving.relay, sending.relay, "both phones tell which service it is");
    old.authenticator.show_accounts(&sending.check_value, None).unwrap().codes
}

async fn sending(old: &Phone) -> Result<Sending, Error> {
    match old.authenticator.relay_transfer().await? {
        Transfer::Sending(sending) => Ok(sending),
        other => panic!("{other:?}"),
    }
}

async fn receiving(new: &Phone) -> Result<Receiving, Error> {
    match new.authenticator.relay_transfer().await? {
        Transfer::Receiving(receiving) => Ok(receiving),
        other => panic!("{other:?}"),
    }
}

fn refused<T: std::fmt::Debug>(result: Result<T, Error>) -> TransferError {
    match result.unwrap_err() {
        Error::Transfer(error) => error,
        other => panic!("{other:?}"),
    }
}

fn is_delivered(relay: Option<&TransferRelay>) -> bool {
    relay.is_some_and(|relay| relay.is_delivered)
}

/// The service's database, for a service that lies.
fn database(service: &TestService) -> Connection {
    Connection::open(service.data().join("countersign.db")).unwrap()
}

fn rows(service: &TestService) -> i64 {
    database(service).query_row("SELECT count(*) FROM mailbox_parts", [], |row| row.get(0)).unwrap()
}

fn proven(count: u64) -> SendingStep {
    SendingStep::Proven { held: count, sent: count, ahead: vec![] }
}

/// The new phone's end, by the codes that the old one shows: what always works.
fn by_codes(old: &Phone, new: &Phone, codes: &[String], count: u64) {
    codes.iter().for_each(|code| drop(new.authenticator.receive_code(code).unwrap()));
    let received = new.authenticator.store_received(&ImportOptions::default()).unwrap();
    let mut last = None;
    for code in &received.receipt {
        last = Some(old.authenticator.receive_receipt(code).unwrap().step);
    }
    assert_eq!(last, Some(proven(count)));
    assert_eq!(movable(new), movable(old));
}

#[tokio::test]
async fn a_new_phone_has_every_account_and_the_service_keeps_nothing() {
    let service = TestService::start().await;
    let ((old, account), new) = (old_phone(&service, MANY).await, Phone::new());
    let offered = old.authenticator.relay_accounts().unwrap();
    assert_eq!((offered.len(), offered[0].account), (1, account));
    let codes = greet(&old, account, &new);
    assert!(codes.len() > 80, "they need several messages: {}", codes.len());
    let early = receiving(&new).await.unwrap();
    assert_eq!(early.step, ReceivingStep::Scanning { count: None, missing: vec![] }, "nothing is there yet");

    let sent = sending(&old).await.unwrap();
    assert!(is_delivered(sent.relay.as_ref()) && matches!(sent.step, SendingStep::Showing { .. }));
    assert_eq!(receiving(&new).await.unwrap().step, ReceivingStep::Complete);
    let received = new.authenticator.store_received(&ImportOptions::default()).unwrap();
    assert_eq!(received.report.proven, MANY);
    assert!(is_delivered(receiving(&new).await.unwrap().relay.as_ref()), "the receipt is left");
    assert_eq!(sending(&old).await.unwrap().step, proven(MANY.try_into().unwrap()));
    assert_eq!(movable(&new), movable(&old));
    assert_eq!(old.authenticator.remove_moved().unwrap(), MANY);
    assert_eq!(rows(&service), 0);

    // Asked again, neither phone does anything.
    assert!(is_delivered(receiving(&new).await.unwrap().relay.as_ref()));
    assert_eq!(refused(sending(&old).await), TransferError::NotUnderWay);
}

#[tokio::test]
async fn nothing_goes_to_the_service_before_the_check_values_agree() {
    let service = TestService::start().await;
    let ((old, account), new) = (old_phone(&service, 3).await, Phone::new());
    let ReceivingStep::Inviting { invitation } = new.authenticator.receive_accounts().unwrap().step else {
        panic!()
    };
    old.authenticator.send_accounts(&invitation).unwrap();
    assert_eq!(refused(sending(&old).await), TransferError::NoRelay);
    old.authenticator.choose_relay(Some(account)).unwrap();
    assert_eq!(refused(sending(&old).await), TransferError::OutOfTurn);
    assert_eq!(refused(old.authenticator.show_accounts("0000-0000", None)), TransferError::CheckValueDiffers);
    assert_eq!(refused(sending(&old).await), TransferError::OutOfTurn);
    assert_eq!(rows(&service), 0);
    let sent = old.authenticator.choose_relay(None).unwrap();
    let SendingStep::Comparing { acceptance } = sent.step else { panic!() };
    assert!(matches!(
        TransferCode::parse(&acceptance).unwrap(),
        TransferCode::Acceptance(Acceptance { relay: None, .. })
    ));
    new.authenticator.receive_code(&acceptance).unwrap();
    assert_eq!(refused(receiving(&new).await), TransferError::NoRelay);
}

#[tokio::test]
async fn a_move_goes_on_after_either_phone_or_the_service_stopped_anywhere() {
    let mut service = TestService::start().await;
    let ((mut old, account), mut new) = (old_phone(&service, MANY).await, Phone::new());
    let codes = greet(&old, account, &new);
    // The first message arrives, its reply doesn't, and then nothing does.
    let gone = [Fault::LoseReply, Fault::Unreachable, Fault::Unreachable, Fault::Unreachable];
    service.network.next(&gone).await;
    assert!(matches!(sending(&old).await.unwrap_err(), Error::Network(_)));
    assert_eq!(rows(&service), 80);
    old = old.restarted();
    service.network.next(&[Fault::LoseReply, Fault::CutReply]).await;
    assert!(is_delivered(sending(&old).await.unwrap().relay.as_ref()));
    assert!(service.network.all_faults_happened());
    service.restart().await;
    old = old.restarted();

    // One message's parts come, then the phone stops; some were scanned.
    new.authenticator.receive_code(&codes[1]).unwrap();
    service.network.next(&[Fault::LoseReply]).await;
    assert_eq!(receiving(&new).await.unwrap().step, ReceivingStep::Complete);
    new = new.restarted();
    new.authenticator.store_received(&ImportOptions::default()).unwrap();
    new = new.restarted();
    service.network.next(&[Fault::LoseReply]).await;
    assert!(is_delivered(receiving(&new).await.unwrap().relay.as_ref()));
    new = new.restarted();
    assert!(is_delivered(receiving(&new).await.unwrap().relay.as_ref()));
    service.restart().await;
    service.network.next(&[Fault::LoseReply]).await;
    assert_eq!(sending(&old).await.unwrap().step, proven(MANY.try_into().unwrap()));
    old = old.restarted();
    assert_eq!(sending(&old).await.unwrap().step, proven(MANY.try_into().unwrap()));
    assert_eq!((movable(&new), rows(&service)), (movable(&old), 0));
}

#[tokio::test]
async fn without_the_service_the_move_goes_on_by_codes() {
    let mut service = TestService::start().await;
    let ((old, account), new) = (old_phone(&service, MANY).await, Phone::new());
    let codes = greet(&old, account, &new);
    sending(&old).await.unwrap();
    service.stop().await;
    assert!(matches!(sending(&old).await.unwrap_err(), Error::Network(_)));
    assert!(matches!(receiving(&new).await.unwrap_err(), Error::Network(_)));
    let Some(Transfer::Sending(Sending { step: SendingStep::Showing { codes: shown, .. }, .. })) =
        old.authenticator.transfer().unwrap()
    else {
        panic!()
    };
    assert_eq!(shown, codes);
    by_codes(&old, &new, &codes, MANY.try_into().unwrap());
}

#[tokio::test]
async fn a_service_that_carries_no_moves_or_not_so_large_ones_is_told_and_codes_go_on() {
    let mut service = TestService::start_with(|config| config.policy.relay = 0).await;
    let (old, account) = old_phone(&service, 40).await;
    assert!(old.authenticator.relay_accounts().unwrap().is_empty(), "it isn't offered");
    let new = Phone::new();
    let ReceivingStep::Inviting { invitation } = new.authenticator.receive_accounts().unwrap().step else {
        panic!()
    };
    old.authenticator.send_accounts(&invitation).unwrap();
    assert_eq!(old.authenticator.choose_relay(Some(account)).unwrap_err(), Error::NotAble);
    assert_eq!(old.authenticator.choose_relay(Some(Id::make_random())).unwrap_err(), Error::NoSuchAccount);

    service.settings = |config| config.policy.relay = 1;
    service.restart().await;
    old.fetch(account).await.unwrap();
    new.authenticator.end_transfer().unwrap();
    old.authenticator.end_transfer().unwrap();
    let codes = greet(&old, account, &new);
    assert_eq!(sending(&old).await.unwrap_err().code(), "move_relay_refused");
    by_codes(&old, &new, &codes, 40);
}

#[tokio::test]
async fn a_mailbox_that_is_over_is_filled_again_and_a_receipt_that_comes_late_is_shown() {
    let service = TestService::start().await;
    let ((old, account), new) = (old_phone(&service, 40).await, Phone::new());
    greet(&old, account, &new);
    sending(&old).await.unwrap();
    service.advance(Duration::from_secs(601));
    let nothing = receiving(&new).await.unwrap().step;
    assert_eq!(nothing, ReceivingStep::Scanning { count: None, missing: vec![] });
    sending(&old).await.unwrap();
    assert_eq!(receiving(&new).await.unwrap().step, ReceivingStep::Complete);

    let received = new.authenticator.store_received(&ImportOptions::default()).unwrap();
    service.advance(Duration::from_secs(601));
    assert_eq!(refused(receiving(&new).await), TransferError::RelayOver);
    assert_eq!(old.authenticator.receive_receipt(&received.receipt[0]).unwrap().step, proven(40));
}

#[tokio::test]
async fn a_rotated_key_of_the_service_stops_no_move() {
    let mut service = TestService::start().await;
    let ((old, account), new) = (old_phone(&service, 40).await, Phone::new());
    greet(&old, account, &new);
    service.stop().await;
    service.rotate_key();
    service.restart().await;
    old.fetch(account).await.unwrap();
    sending(&old).await.unwrap();
    assert_eq!(receiving(&new).await.unwrap().step, ReceivingStep::Complete);
}

#[tokio::test]
async fn a_phone_that_the_organisation_removes_meanwhile_leaves_nothing_at_the_service() {
    let service = TestService::start().await;
    let ((old, account), new) = (old_phone(&service, 40).await, Phone::new());
    let codes = greet(&old, account, &new);
    sending(&old).await.unwrap();
    let party = service.relying_party();
    let devices = party.get("/v1/devices?user=ada").await.unwrap();
    let id = devices["devices"][0]["id"].as_str().unwrap().to_owned();
    party.request(reqwest::Method::DELETE, &format!("/v1/devices/{id}"), None).await.unwrap();
    assert_eq!(rows(&service), 0);
    assert_eq!(sending(&old).await.unwrap_err().code(), "device_revoked");
    by_codes(&old, &new, &codes, 40);
}

#[tokio::test]
async fn a_move_that_is_ended_leaves_nothing_at_the_service() {
    let service = TestService::start().await;
    let ((old, account), new) = (old_phone(&service, 40).await, Phone::new());
    greet(&old, account, &new);
    sending(&old).await.unwrap();
    assert!(rows(&service) > 0);
    old.authenticator.end_relay().await.unwrap();
    old.authenticator.end_transfer().unwrap();
    assert_eq!(rows(&service), 0);
    let step = receiving(&new).await.unwrap().step;
    assert_eq!(step, ReceivingStep::Scanning { count: None, missing: vec![] });
    old.authenticator.end_relay().await.unwrap();
}
