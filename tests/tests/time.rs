//! Wrong clocks: codes and expiry go by the service's time.

use std::time::Duration;

use countersign_authenticator::clock::{Clock, ClockChoice, TimeSource};
use countersign_authenticator::offer::{Offer, OtpOffer};
use countersign_authenticator::otp::OtpGenerator;
use countersign_authenticator::protocol::messages::Outcome;
use countersign_authenticator::{Correction, ShownCode};
use countersign_tests::{Phone, TestService, enrolled};
use serde_json::json;

const TEN_MINUTES: i64 = 600_000;

#[tokio::test]
async fn a_phone_that_is_ten_minutes_off_approves_and_has_right_codes() {
    for ahead in [-TEN_MINUTES, TEN_MINUTES] {
        let service = TestService::start().await;
        let (party, phone) = (service.relying_party(), Phone::new());
        phone.clock.set_wall_ahead(ahead);
        let account = enrolled(&service, &phone, "ada").await;
        let told = phone.authenticator.clock_status().undecided.remove(0).ahead_ms;
        assert!((told + ahead).abs() < 5_000, "told {told}, is {ahead}");
        let sign_in = party.sign_in("ada").await;
        let request = phone.fetch(account).await.unwrap().remove(0);
        assert_eq!(phone.approve(request.id, &sign_in.number).await.unwrap().outcome, Outcome::Approved);
        assert!(party.takes_code("ada", &phone.code(account)).await, "{ahead}");
    }
}

#[tokio::test]
async fn a_clock_that_jumps_while_the_app_runs_changes_nothing() {
    let service = TestService::start().await;
    let (party, phone) = (service.relying_party(), Phone::new());
    let account = enrolled(&service, &phone, "ada").await;
    for ahead in [TEN_MINUTES, -TEN_MINUTES, 40 * 365 * 86_400_000, 0] {
        phone.clock.set_wall_ahead(ahead);
        let sign_in = party.sign_in("ada").await;
        let request = phone.fetch(account).await.unwrap().remove(0);
        assert_eq!(phone.approve(request.id, &sign_in.number).await.unwrap().outcome, Outcome::Approved);
        assert_eq!(phone.authenticator.clock_status().time.source, TimeSource::Service);
    }
    assert!(party.takes_code("ada", &phone.code(account)).await);
}

#[tokio::test]
async fn after_a_restart_with_no_network_the_last_known_error_is_corrected() {
    let mut service = TestService::start().await;
    let phone = Phone::new();
    phone.clock.set_wall_ahead(TEN_MINUTES);
    let account = enrolled(&service, &phone, "ada").await;
    believe_the_service(&phone);
    service.stop().await;
    phone.clock.restart();
    let phone = phone.restarted();
    assert_eq!(phone.authenticator.clock_status().time.source, TimeSource::LastKnownOffset);
    let code = phone.code(account);
    service.restart().await;
    assert!(service.relying_party().takes_code("ada", &code).await);
}

#[tokio::test]
async fn a_clock_set_while_the_phone_was_off_is_noticed_by_the_service_and_corrected() {
    let service = TestService::start().await;
    let (party, phone) = (service.relying_party(), Phone::new());
    let account = enrolled(&service, &phone, "ada").await;
    phone.clock.restart();
    phone.clock.set_wall_ahead(TEN_MINUTES);
    let phone = phone.restarted();
    let sign_in = party.sign_in("ada").await;
    // The first try is refused as too far off, and brings the time.
    let request = phone.fetch(account).await.unwrap().remove(0);
    let status = phone.authenticator.clock_status();
    assert_eq!((status.time.source, status.undecided.len()), (TimeSource::WallClock, 1));
    assert_eq!(phone.approve(request.id, &sign_in.number).await.unwrap().outcome, Outcome::Approved);
    assert!(party.takes_code("ada", &phone.code(account)).await);
}

#[tokio::test]
async fn codes_of_other_issuers_are_corrected_once_the_person_has_said_so() {
    let service = TestService::start().await;
    let phone = Phone::new();
    phone.clock.set_wall_ahead(74_000);
    let foreign = phone.authenticator.add(vec![foreign_account()]).unwrap()[0].id;
    let before = phone.authenticator.codes().unwrap();
    assert_eq!(before.codes[0].correction, Correction::Uncorrected, "nobody has told the time yet");
    assert_eq!(before.clock.time.source, TimeSource::WallClock);

    let own = enrolled(&service, &phone, "ada").await;
    let asked = phone.authenticator.codes().unwrap();
    let of = |codes: &countersign_authenticator::Codes, account| {
        codes.codes.iter().find(|row| row.account == account).map(|row| (row.code, row.correction)).unwrap()
    };
    assert_eq!(of(&asked, foreign).1, Correction::Uncorrected, "one witness moves no code");
    assert_eq!(of(&asked, own).1, Correction::OwnService);
    assert_eq!(asked.clock.undecided.len(), 1, "the person is shown both");

    believe_the_service(&phone);
    let codes = phone.authenticator.codes().unwrap();
    let correction = |account| codes.codes.iter().find(|row| row.account == account).unwrap().correction;
    assert_eq!((correction(own), correction(foreign)), (Correction::OwnService, Correction::OtherService));
    assert!(codes.clock.is_corrected());
    assert!(codes.clock.service.as_ref().unwrap().starts_with("127.0.0.1"), "{:?}", codes.clock);

    // It is kept, and can be undone.
    let phone = phone.restarted();
    let chosen = |phone: &Phone| phone.authenticator.clock_status().choice;
    assert_eq!(chosen(&phone), Some(ClockChoice::Service(codes.clock.service.unwrap())));
    assert!(
        phone.authenticator.undo_clock_choice().unwrap() && !phone.authenticator.undo_clock_choice().unwrap()
    );
    assert_eq!((chosen(&phone), phone.authenticator.clock_status().undecided.len()), (None, 1));
    phone.authenticator.choose_clock(ClockChoice::Device).unwrap();
    let status = phone.authenticator.clock_status();
    assert_eq!((status.time.source, status.undecided.len()), (TimeSource::WallClock, 0));
    let nobody = ClockChoice::Service("nobody.example".into());
    assert_eq!(phone.authenticator.choose_clock(nobody).unwrap_err().code(), "clock_unknown");
}

/// The person says that the one service which contradicts the phone's clock is right.
fn believe_the_service(phone: &Phone) {
    let asked = phone.authenticator.clock_status().undecided;
    let [clock] = asked.as_slice() else { panic!("one service: {asked:?}") };
    phone.authenticator.choose_clock(ClockChoice::Service(clock.service.clone())).unwrap();
}

#[tokio::test]
async fn a_service_whose_clock_is_wrong_spoils_no_other_codes_while_the_phones_is_right() {
    let service = TestService::start().await;
    service.advance(Duration::from_secs(300));
    let phone = Phone::new();
    let foreign = phone.authenticator.add(vec![foreign_account()]).unwrap()[0].id;
    let own = enrolled(&service, &phone, "ada").await;
    let now = phone.clock.read().wall / 1000;
    let codes = phone.authenticator.codes().unwrap();
    let code = |account| codes.codes.iter().find(|row| row.account == account).unwrap().code;
    let ShownCode::Timed(shown) = code(foreign) else { panic!("timed codes") };
    let by = |seconds| OtpGenerator::new(&foreign_account().parameters).codes_at(seconds).unwrap().code;
    assert!([by(now), by(now + 1)].contains(&shown.code), "by the phone's clock");
    assert!(service.relying_party().takes_code("ada", &phone.code(own)).await, "by its own service's");
    // A platform that sets the clock itself is believed without a question.
    assert_eq!(codes.clock.undecided.len(), 1);
    phone.clock.set_network_ahead(Some(0));
    let status = phone.authenticator.clock_status();
    assert_eq!((status.time.source, status.undecided.len()), (TimeSource::Platform, 0));
}

#[tokio::test]
async fn a_clock_set_right_by_the_person_is_not_corrected_again_after_a_restart() {
    let service = TestService::start().await;
    let phone = Phone::new();
    phone.clock.set_wall_ahead(TEN_MINUTES);
    enrolled(&service, &phone, "ada").await;
    phone.clock.set_wall_ahead(0);
    phone.authenticator.codes().unwrap();
    phone.clock.restart();
    let phone = phone.restarted();
    let status = phone.authenticator.clock_status();
    assert_eq!(status.time.source, TimeSource::LastKnownOffset);
    assert!(status.wall_ahead_ms.abs() < 2_000, "{status:?}");
}

#[tokio::test]
async fn a_service_whose_clock_is_off_is_asked_by_its_own_time_in_everything() {
    let (right, off) = (TestService::start().await, TestService::start().await);
    off.advance(Duration::from_secs(3600));
    let phone = Phone::new();
    // Outvoted by the other service and the phone, its time is still the one that it checks by.
    enrolled(&right, &phone, "ada").await;
    let account = enrolled(&off, &phone, "ada").await;
    assert!(phone.authenticator.clock_status().wall_ahead_ms.abs() < 5_000);
    let sign_in = off.relying_party().sign_in("ada").await;
    let request = phone.fetch(account).await.unwrap().remove(0);
    assert_eq!(phone.approve(request.id, &sign_in.number).await.unwrap().outcome, Outcome::Approved);
    phone.authenticator.rename_device(account, "Phone").await.unwrap();
    phone.authenticator.replace_device(account).await.unwrap();
}

#[tokio::test]
async fn a_limit_of_a_service_whose_clock_is_off_ends_when_that_service_says() {
    let right = TestService::start().await;
    let off = TestService::start_with(|config| config.push_limit.count = 1).await;
    off.advance(Duration::from_secs(7200));
    let phone = Phone::new();
    enrolled(&right, &phone, "ada").await;
    let account = enrolled(&off, &phone, "ada").await;
    for _ in 0..2 {
        off.relying_party()
            .post("/v1/sign-ins", json!({ "user": "ada", "application": "Ward portal" }))
            .await
            .unwrap();
    }
    phone.fetch(account).await.unwrap();
    let [pause] = phone.authenticator.pauses().unwrap().try_into().unwrap();
    let left = pause.until.unwrap() - phone.authenticator.clock_status().time.unix_seconds();
    let rest = off.config().push_limit.rest.as_secs();
    assert!(rest.abs_diff(left) < 60, "{left} s are left of {rest}");
}

fn foreign_account() -> OtpOffer {
    let link = "otpauth://totp/Shop:ada?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Shop";
    match Offer::parse(link).unwrap() {
        Offer::Otp(offer) => offer,
        other => panic!("{other:?}"),
    }
}
