//! No secret that goes in comes out again, in a record, an error or a debug text.

use crate::support::Phone;
use countersign_ffi::{
    DeviceDescription, MatchProof, MigrationBatch, Offer, OfferContent, Platform, ReplacementStep, WakeUp,
};

/// "plantedcanary", as base 32.
const SECRET: &str = "OBWGC3TUMVSGGYLOMFZHS";
const CANARIES: [&str; 3] = [SECRET, "plantedcanary", "planted-canary"];

#[track_caller]
fn assert_clean(text: &str) {
    for canary in CANARIES {
        assert!(!text.contains(canary), "{canary} in {text}");
    }
}

#[test]
fn an_offer_shows_everything_but_its_secret() {
    let offer = Offer::parse(format!("otpauth://totp/North:ada?secret={SECRET}&issuer=North")).unwrap();
    let content = offer.content();
    assert!(matches!(&content, OfferContent::Otp { account } if account.name == "ada"));
    assert_clean(&format!("{content:?}"));
}

#[test]
fn a_link_that_may_have_been_cut_in_its_secret_is_told() {
    for (end, may_be_cut) in [("", true), ("&issuer=North", false)] {
        let offer = Offer::parse(format!("otpauth://totp/ada?secret={SECRET}{end}")).unwrap();
        assert_eq!(offer.may_be_cut(), may_be_cut, "{end}");
    }
}

#[test]
fn a_refused_text_is_not_repeated() {
    for text in [
        "planted-canary".to_owned(),
        format!("otpauth://totp/x?secret={SECRET}1&digits=planted-canary"),
        format!("otpauth://totp/x?secret={SECRET}!"),
        "http://planted-canary.example/enrol#planted-canary".to_owned(),
        "otpauth-migration://offline?data=planted-canary".to_owned(),
    ] {
        let Err(error) = Offer::parse(text.clone()) else { panic!("{text} is an offer") };
        assert_clean(&format!("{error:?} {error} {} {}", error.code(), error.describe()));
    }
}

#[test]
fn inputs_have_no_debug_text() {
    let number = MatchProof::Number { number: "planted-canary".into() };
    let wake_up = WakeUp::UnifiedPush { endpoint: "https://push.example/planted-canary".into() };
    let device =
        DeviceDescription { name: "Phone".into(), platform: Platform::Android, wake_up: Some(wake_up) };
    assert_clean(&format!("{number:?} {device:?}"));
}

#[test]
fn a_replacements_number_and_link_have_no_debug_text() {
    let step = ReplacementStep::Activating {
        check_value: "planted-canary".into(),
        number: Some("planted-canary".into()),
        match_link: Some("https://example.org/#planted-canary".into()),
    };
    assert_clean(&format!("{step:?}"));
}

#[tokio::test]
async fn codes_are_there_to_be_read_but_not_to_be_logged() {
    let phone = Phone::make().await;
    phone.add_totp(SECRET).await;
    let codes = phone.authenticator.codes(None).await.unwrap();
    let countersign_ffi::ShownCode::Timed { code, next, .. } = &codes.codes[0].code else {
        panic!("a timed code")
    };
    assert_eq!(code.len(), 6);
    let debug = format!("{codes:?}");
    assert!(!debug.contains(code.as_str()) && !debug.contains(next.as_str()), "{debug}");
    let accounts = phone.authenticator.accounts(None).await.unwrap();
    assert_clean(&format!("{debug} {accounts:?}"));
}

#[tokio::test]
async fn a_recovery_code_leaves_once_as_text_and_is_not_repeated_when_mistyped() {
    let code = countersign_ffi::RecoveryCode::make_random();
    let text = code.text();
    let wrong = text.replacen('-', "-planted-canary!", 1);
    let Err(error) = countersign_ffi::RecoveryCode::parse(wrong) else { panic!("a mistyped code was taken") };
    assert_clean(&format!("{error:?} {error}"));
}

#[test]
fn only_parts_of_an_export_make_a_batch() {
    let offer = Offer::parse(format!("otpauth://totp/x?secret={SECRET}")).unwrap();
    let Err(error) = MigrationBatch::new(offer) else { panic!("a single account began an export") };
    assert_eq!(error.code(), "offer_other_kind");
    assert_clean(&format!("{error:?} {error}"));
}
