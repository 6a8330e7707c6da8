//! Containers against what a real server and a real phone have said to each other, and against what an attacker makes of
//! it.

use data_encoding::{BASE64, BASE64URL, HEXLOWER};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::seal::open_with;
use super::*;
use crate::client::Payload;
use crate::offer::{ContainerOffer, Offer, TokenKind};

fn vector() -> Value {
    let text = include_str!("../../../../../../tests/vectors/privacyidea/container.json");
    serde_json::from_str::<Value>(text).unwrap()["container"].take()
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap()
}

fn offer() -> ContainerOffer {
    match Offer::parse(text(&vector(), "/qr")).unwrap() {
        Offer::Container(offer) => offer,
        other => panic!("{other:?}"),
    }
}

/// The fields of a form.
fn fields(call: &super::super::Call) -> Vec<(String, String)> {
    let Payload::Form(form) = call.payload() else { panic!("a form") };
    form_urlencoded::parse(form.as_bytes()).into_owned().collect()
}

fn field(call: &super::super::Call, name: &str) -> Option<String> {
    fields(call).into_iter().find(|(field, _)| field == name).map(|(_, value)| value)
}

fn answer() -> Synchronised {
    Synchronised::read(vector()["synchronize"]["answer_value"].take()).unwrap()
}

fn key() -> Vec<u8> {
    HEXLOWER.decode(text(&vector(), "/synchronize/aes256_key_hex").as_bytes()).unwrap()
}

#[test]
fn the_text_that_registers_is_the_recorded_one() {
    let vector = vector();
    let passphrase = Passphrase { text: text(&vector, "/finalize/passphrase"), is_sent: false };
    let unsigned = finalise_call(&offer(), "Phone 1", "KEY", Some(&passphrase));
    assert_eq!(unsigned.text(), text(&vector, "/finalize/signed_text").replace("Acme", "Countersign"));
    let call = unsigned.finish(b"signature");
    assert_eq!(call.url, "http://127.0.0.1:5111/container/register/finalize");
    assert_eq!(field(&call, "signature"), Some(BASE64URL.encode(b"signature")));
    assert_eq!(field(&call, "container_serial").as_deref(), Some("SMPH00007BDD"));
}

#[test]
fn a_passphrase_goes_into_the_form_only_if_it_is_to_be_sent() {
    for is_sent in [false, true] {
        let passphrase = Passphrase { text: "Réx & co", is_sent };
        let unsigned = finalise_call(&offer(), "Phone", "KEY", Some(&passphrase));
        assert!(unsigned.text().ends_with("|Phone|Réx & co"));
        let call = unsigned.finish(&[]);
        assert_eq!(field(&call, "passphrase").as_deref(), is_sent.then_some("Réx & co"));
        assert_eq!(fields(&call).iter().any(|(_, value)| value.contains("Réx")), is_sent);
    }
}

#[test]
fn a_bar_in_the_devices_name_moves_no_border() {
    let unsigned = finalise_call(&offer(), "a|b", "KEY", None);
    assert!(unsigned.text().ends_with("|Countersign|a b"));
    assert_eq!(field(&unsigned.finish(&[]), "device_model").as_deref(), Some("a b"));
}

#[test]
fn the_text_that_synchronises_is_the_recorded_one() {
    let vector = vector();
    let nonce = Nonce::read(&vector["synchronize"]["challenge"]).unwrap();
    let form = &vector["synchronize"]["form"];
    let public_key = BASE64URL.decode(text(form, "/public_enc_key_client").as_bytes()).unwrap();
    let inventory = text(form, "/container_dict_client");
    let unsigned = synchronise_call("http://127.0.0.1:5111/", "SMPH00007BDD", &nonce, &public_key, inventory);
    assert_eq!(unsigned.text(), text(&vector, "/synchronize/signed_text"));
    let call = unsigned.finish(&[1]);
    for name in ["container_serial", "public_enc_key_client", "container_dict_client"] {
        assert_eq!(field(&call, name).as_deref(), form[name].as_str(), "{name}");
    }
    let sent: Value = serde_json::from_str(&inventory_text("SMPH00007BDD", &[])).unwrap();
    assert_eq!(sent, serde_json::from_str::<Value>(inventory).unwrap());
}

#[test]
fn addresses_are_put_together_as_the_server_does() {
    let nonce = Nonce { nonce: "0".repeat(40), time: "2026".into() };
    for (base, url) in [
        ("https://pi.example", "https://pi.example/container/rollover"),
        ("https://pi.example/", "https://pi.example/container/rollover"),
        ("https://pi.example/pi/sub", "https://pi.example/pi/sub/container/rollover"),
        ("https://pi.example/container/rollover", "https://pi.example/container/rollover"),
    ] {
        let unsigned = signed_call(base, "SMPH1", &nonce, ROLLOVER);
        assert_eq!(unsigned.text(), format!("{}|2026|SMPH1|{url}", nonce.nonce));
        let call = unsigned.finish(&[]);
        assert_eq!((call.url.as_str(), field(&call, "scope").as_deref()), (url, Some(url)));
        assert_eq!(field(&challenge_call(base, "SMPH1", ROLLOVER), "scope").as_deref(), Some(url));
    }
}

#[test]
fn a_nonce_that_could_be_another_part_of_the_text_is_not_signed() {
    let good = json!({ "nonce": "a".repeat(40), "time_stamp": "2026-11-24T03:05:49.067064+00:00" });
    assert!(Nonce::read(&good).is_ok());
    for (name, value) in
        [("nonce", "aaaa|2026|SMPH1"), ("nonce", ""), ("time_stamp", "2026|SMPH1"), ("time_stamp", "")]
    {
        let mut bad = good.clone();
        bad[name] = value.into();
        assert_eq!(Nonce::read(&bad), Err(ContainerError::Unreadable), "{name}");
    }
    assert_eq!(Nonce::read(&Value::Null), Err(ContainerError::Unreadable));
}

#[test]
fn the_recorded_answer_opens_and_is_read() {
    let vector = vector();
    let opened = open_with(&key(), answer()).unwrap();
    assert_eq!(str::from_utf8(&opened), Ok(text(&vector, "/synchronize/plaintext")));
    assert_eq!(answer().policies, Policies { rollover: true, no_leaving: false });
    let inventory = read_inventory(&opened, "SMPH00007BDD").unwrap();
    let added: Vec<_> = inventory.added.iter().map(|token| (token.serial.as_str(), token.kind)).collect();
    assert_eq!(added, [("TOTP0004E70F", TokenKind::Totp), ("OATH0001510D", TokenKind::Hotp)]);
    assert!(inventory.kept.is_empty() && inventory.refused.is_empty() && inventory.offline.is_empty());
}

#[test]
fn an_altered_answer_does_not_open() {
    let spoil: [fn(&mut Synchronised); 6] = [
        |answer| answer.ciphertext[9] ^= 1,
        |answer| answer.tag[0] ^= 1,
        |answer| answer.iv[15] ^= 1,
        |answer| answer.iv.truncate(12),
        |answer| answer.tag.truncate(4),
        |answer| answer.ciphertext.truncate(8),
    ];
    for (index, spoil) in spoil.into_iter().enumerate() {
        let mut answer = answer();
        spoil(&mut answer);
        assert_eq!(open_with(&key(), answer).err(), Some(ContainerError::Unreadable), "{index}");
    }
    for key in [&[0; 32][..], &[0; 16], &[]] {
        assert_eq!(open_with(key, answer()).err(), Some(ContainerError::Unreadable));
    }
}

#[test]
fn an_answer_to_another_key_does_not_open() {
    assert_eq!(SealingKey::make().unwrap().open(answer()).err(), Some(ContainerError::Unreadable));
    let mut weak = answer();
    weak.server_key = vec![0; 32];
    assert_eq!(SealingKey::make().unwrap().open(weak).err(), Some(ContainerError::Unreadable));
}

#[test]
fn another_cipher_is_refused() {
    for (pointer, value) in [("/encryption_algorithm", "DES"), ("/encryption_params/mode", "CBC")] {
        let mut wire = vector()["synchronize"]["answer_value"].take();
        *wire.pointer_mut(pointer).unwrap() = value.into();
        assert_eq!(Synchronised::read(wire).err(), Some(ContainerError::Unreadable));
    }
}

#[test]
fn an_inventory_is_whole_or_nothing() {
    let totp = "otpauth://totp/T?secret=JBSWY3DPEHPK3PXP&serial=T1";
    let read = |tokens: Value| {
        let text =
            json!({ "container": { "serial": "S", "type": "smartphone" }, "tokens": tokens }).to_string();
        read_inventory(text.as_bytes(), "S")
    };
    let inventory = read(json!({
        "add": [totp, "otpauth://other/T?serial=T9"], "offline": ["T3"],
        "update": [{ "serial": "T2", "tokentype": "hotp", "counter": 7 }, { "serial": "T4", "tokentype": "push" }],
    }));
    let inventory = inventory.unwrap();
    assert_eq!(inventory.kept, [("T2".to_owned(), Some(7)), ("T4".to_owned(), None)].into());
    assert_eq!(inventory.refused[0].0.as_deref(), Some("T9"));
    assert_eq!(inventory.offline, ["T3"]);
    for tokens in [
        json!({ "add": [] }),
        json!({ "update": [] }),
        json!({ "add": [totp, totp], "update": [] }),
        json!({ "add": [totp], "update": [{ "serial": "T1" }] }),
        json!({ "add": [], "update": [{ "serial": "T1" }, { "serial": "T1" }] }),
        json!({ "add": [], "update": [{ "serial": "T1", "counter": -1 }] }),
        json!({ "add": vec![totp; 201], "update": [] }),
    ] {
        assert_eq!(read(tokens).err(), Some(ContainerError::Unreadable));
    }
    assert_eq!(read_inventory(b"", "S").err(), Some(ContainerError::Unreadable));
    let other = br#"{"container":{"serial":"OTHER"},"tokens":{"add":[],"update":[]}}"#;
    assert_eq!(read_inventory(other, "S").err(), Some(ContainerError::Unreadable));
}

#[test]
fn refusals_are_told_by_what_can_be_done() {
    for (step, code, error) in [
        (Step::Register, 3002, ContainerError::CodeRefused),
        (Step::Register, 601, ContainerError::CodeRefused),
        (Step::Register, 3000, ContainerError::CodeUsed),
        (Step::Register, -500, ContainerError::Unavailable),
        (Step::Use, 3002, ContainerError::Moved),
        (Step::Use, 3001, ContainerError::NotRegistered),
        (Step::Use, 303, ContainerError::Forbidden),
        (Step::Use, 3003, ContainerError::Refused(3003)),
    ] {
        assert_eq!(refused(step, code), error, "{step:?} {code}");
    }
}

#[test]
fn the_public_key_is_pem_of_the_point() {
    let point = [4; 65];
    let pem = spki_pem(&point);
    let lines: Vec<_> = pem.lines().collect();
    assert_eq!((lines[0], lines[3]), ("-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----"));
    assert!(lines.iter().all(|line| line.len() <= 64) && lines.len() == 4);
    let der = BASE64.decode(lines[1..3].concat().as_bytes()).unwrap();
    assert_eq!((der.len(), &der[..2], &der[26..]), (91, &[0x30, 0x59][..], &point[..]));
}

#[test]
fn a_record_is_read_as_it_was_written() {
    let mut record = ContainerRecord::new(&offer(), "PEM".into());
    let member = |is_stale| Member {
        account: countersign_protocol::Id::from_bytes([7; 16]),
        kind: TokenKind::DayPassword,
        is_stale,
    };
    record.tokens.insert("T1".into(), member(false));
    record.doubtful.insert("T2".into());
    let read: ContainerRecord = rmp_serde::from_slice(&rmp_serde::to_vec_named(&record).unwrap()).unwrap();
    assert_eq!(read.tokens, record.tokens);
    assert_eq!((read.offer, read.doubtful), (Some(offer_id(&offer())), record.doubtful.clone()));
    // A registration anew lists nothing that the earlier one had.
    let mut anew = ContainerRecord::new(&offer(), "PEM".into());
    assert!(anew.is_same(&record));
    anew.inherit(record);
    assert_eq!(anew.tokens["T1"], member(true));
}
