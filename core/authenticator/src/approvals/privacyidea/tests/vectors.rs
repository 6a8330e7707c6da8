//! `tests/vectors/privacyidea/push.json`: what privacyIDEA 3.14 and a phone have signed.

use url::form_urlencoded;

use super::*;
use crate::approvals::MatchProof;
use crate::approvals::privacyidea::call::{Say, answer_call, poll_call, register_call};
use crate::client::Payload;
use crate::offer::{EnrolmentOffer, Offer, PushOffer};

fn vectors() -> Value {
    serde_json::from_str(include_str!("../../../../../../tests/vectors/privacyidea/push.json")).unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn phone_key(vectors: &Value) -> RsaKey {
    let pem: String =
        text(&vectors["phone_private_key_pem"]).lines().filter(|line| !line.starts_with("-----")).collect();
    RsaKey::from_pkcs8(&BASE64.decode(pem.as_bytes()).unwrap())
}

fn offer(vectors: &Value) -> PushOffer {
    match Offer::parse(text(&vectors["qr"])).unwrap() {
        Offer::Enrolment(EnrolmentOffer::PrivacyIdea(offer)) => offer,
        other => panic!("{other:?}"),
    }
}

fn bound(vectors: &Value) -> PushBinding {
    let offer = offer(vectors);
    PushBinding {
        service: offer.service,
        serial: offer.serial,
        server_key: text(&vectors["registration_answer_public_key"]).split_whitespace().collect(),
        state: BindingState::Active,
        wake_up: None,
        wake_up_is_unsent: false,
        unlock: None,
    }
}

fn form(payload: Payload<'_>) -> Vec<(String, String)> {
    let Payload::Form(form) = payload else { panic!("posted as a form") };
    form_urlencoded::parse(form.as_bytes()).into_owned().collect()
}

fn field(form: &[(String, String)], name: &str) -> Option<String> {
    form.iter().find(|(field, _)| field == name).map(|(_, value)| value.clone())
}

#[test]
fn the_registration_is_the_recorded_one() {
    let vectors = vectors();
    let (offer, recorded) = (offer(&vectors), &vectors["registration_form"]);
    let public = BASE64.decode(text(&recorded["pubkey"]).as_bytes()).unwrap();
    let call = register_call(&offer.service, &offer.serial, offer.credential(), None, &public);
    assert_eq!(call.url, "http://127.0.0.1:5111/ttype/push");
    let form = form(call.payload());
    for (name, value) in recorded.as_object().unwrap() {
        assert_eq!(field(&form, name).as_deref(), value.as_str(), "{name}");
    }
}

#[test]
fn a_poll_signs_serial_and_time() {
    let vectors = vectors();
    let (key, recorded) = (phone_key(&vectors), &vectors["poll"]);
    let signature = key.sign(text(&recorded["signed_text"]).as_bytes()).unwrap();
    assert_eq!(BASE32.encode(&signature), text(&recorded["signature"]));

    let call = poll_call(&"https://pi.example/x".parse().unwrap(), "PIPU1", 1_795_489_543_184);
    assert_eq!(call.text(), "PIPU1|2026-11-24T03:05:43.184000Z");
    let call = call.finish(&[0; 5]);
    assert_eq!(call.payload(), Payload::Query);
    let query = "serial=PIPU1&timestamp=2026-11-24T03%3A05%3A43.184000Z&signature=AAAAAAAA";
    assert_eq!(call.url, format!("https://pi.example/x?{query}"));
}

#[test]
fn every_recorded_challenge_verifies_and_every_answer_is_the_recorded_one() {
    let vectors = vectors();
    let (key, binding) = (phone_key(&vectors), bound(&vectors));
    for (name, answer, say, choice) in [
        ("plain", "accept", Say::Approve(None), None),
        ("decline", "decline", Say::Report, None),
        ("presence", "accept", Say::Approve(Some("01")), Some("01")),
    ] {
        let challenge = read_with(vectors[name]["challenge"].clone(), &binding).unwrap();
        assert!(challenge.takes_reason(), "{name}");
        let call = answer_call(&challenge, say);
        let recorded = &vectors[name][answer];
        assert_eq!(call.text(), text(&recorded["signed_text"]), "{name}");
        let signature = key.sign(call.text().as_bytes()).unwrap();
        let form = form(call.finish(&signature).payload());
        assert_eq!(field(&form, "signature").as_deref(), recorded["signature"].as_str(), "{name}");
        assert_eq!(field(&form, "presence_answer").as_deref(), choice);
        let reason = (say == Say::Report).then(|| "unknown_trigger".to_owned());
        assert_eq!(field(&form, "decline_reason"), reason);
    }
}

#[test]
fn a_presence_challenge_shows_its_options_and_takes_one_of_them() {
    let vectors = vectors();
    let challenge = read_with(vectors["presence"]["challenge"].clone(), &bound(&vectors)).unwrap();
    let request = challenge.request(ACCOUNT, "privacyIDEA");
    assert_eq!(request.matching.options, ["39", "01", "32"]);
    for proof in [MatchProof::Choice("01".into()), MatchProof::Number(" 01".into())] {
        assert_eq!(challenge.choice(&proof), Ok(Some("01")));
    }
    for proof in [MatchProof::None, MatchProof::Choice("02".into()), MatchProof::Number("1".into())] {
        assert!(challenge.choice(&proof).is_err(), "{proof:?}");
    }
}
