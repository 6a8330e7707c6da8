//! What a move promises, between two phones without a vault: `tests/tests/transfer.rs` has those with one.

use countersign_protocol::jwe::EncryptionKey;
use countersign_protocol::{Id, Thumbprint, decode_base64url};
use proptest::prelude::*;

use super::parts::Parts;
use super::session::Session;
use super::*;
use crate::import::{ImportOptions, RowVerdict, preview};

/// Both ends of one move.
struct Pair {
    id: Id,
    new_key: EncryptionKey,
    old_key: EncryptionKey,
}

impl Pair {
    fn make() -> Self {
        let [new_key, old_key] = [(); 2].map(|()| EncryptionKey::make_random());
        Self { id: Id::make_random(), new_key, old_key }
    }

    fn new_phone(&self) -> Session {
        Session::of_new_phone(self.id, &self.new_key, &self.old_key.public()).unwrap()
    }

    fn old_phone(&self) -> Session {
        Session::of_old_phone(self.id, &self.old_key, &self.new_key.public()).unwrap()
    }
}

fn part_of(text: &str) -> Part {
    match TransferCode::parse(text).unwrap() {
        TransferCode::Accounts(part) | TransferCode::Receipt(part) => part,
        other => panic!("{other:?}"),
    }
}

fn links(count: usize) -> String {
    let link = |n| format!("otpauth://totp/Example:a{n}?secret=JBSWY3DPEHPK3PXP{n:02}&issuer=Example\n");
    (0..count).map(|n| link(n).replace(['0', '1', '8', '9'], "A")).collect()
}

/// What another program makes of `docs/transfer.md`.
#[derive(serde::Deserialize)]
struct Vector {
    r#move: String,
    new_phone_private_key: String,
    old_phone_private_key: String,
    invitation: String,
    acceptance: String,
    check_value: String,
    content: String,
    accounts: Vec<String>,
    held: Vec<bool>,
    receipt: Vec<String>,
}

#[test]
fn another_implementation_makes_the_same_codes() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/transfer/version-1.json");
    let vector: Vector = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let hex = |text: &str| data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap();
    let key = |text| EncryptionKey::from_bytes(&hex(text)).unwrap();
    let id = Id::from_bytes(hex(&vector.r#move).try_into().unwrap());
    let (new_key, old_key) = (key(&vector.new_phone_private_key), key(&vector.old_phone_private_key));
    let greeting = |key: &EncryptionKey| Greeting { session: id, key: key.public() };
    assert_eq!(TransferCode::Invitation(greeting(&new_key)).to_text(), vector.invitation);
    assert_eq!(
        TransferCode::Acceptance(Acceptance { greeting: greeting(&old_key), relay: None }).to_text(),
        vector.acceptance
    );

    let pair = Pair { id, new_key, old_key };
    assert_eq!(pair.new_phone().check_value().unwrap().to_string(), vector.check_value);
    assert_eq!(pair.old_phone().seal(Kind::Accounts, vector.content.as_bytes()).unwrap(), vector.accounts);
    let receipt = Receipt::expected(&read(vector.content.as_bytes()).unwrap(), &vector.held);
    assert_eq!(pair.new_phone().seal(Kind::Receipt, &receipt.to_bytes()).unwrap(), vector.receipt);
}

/// What another program makes of the part of it that goes over a service.
#[derive(serde::Deserialize)]
struct RelayVector {
    service: String,
    service_key: String,
    acceptance: String,
    mailbox_name: String,
    mailbox: String,
}

#[test]
fn another_implementation_names_the_same_service_and_the_same_mailbox() {
    let hex = |text: &str| data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap();
    let read = |name| {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/transfer");
        std::fs::read(format!("{folder}/{name}")).unwrap()
    };
    let keys: Vector = serde_json::from_slice(&read("version-1.json")).unwrap();
    let vector: RelayVector = serde_json::from_slice(&read("relay.json")).unwrap();
    let key = |text| EncryptionKey::from_bytes(&hex(text)).unwrap();
    let (new_key, old_key) = (key(&keys.new_phone_private_key), key(&keys.old_phone_private_key));
    let pair = Pair { id: Id::from_bytes(hex(&keys.r#move).try_into().unwrap()), new_key, old_key };
    let service_key = Thumbprint::from_bytes(hex(&vector.service_key).try_into().unwrap());
    let relay = Relay::new(vector.service.parse().unwrap(), service_key).unwrap();
    let greeting = Greeting { session: pair.id, key: pair.old_key.public() };
    let acceptance = TransferCode::Acceptance(Acceptance { greeting, relay: Some(relay.clone()) });
    assert_eq!(acceptance.to_text(), vector.acceptance);
    let name = pair.new_phone().mailbox(&relay).unwrap();
    assert_eq!(decode_base64url(&name.expose_text()).unwrap(), hex(&vector.mailbox_name));
    assert_eq!(name.id().as_bytes().to_vec(), hex(&vector.mailbox));
}

fn relay(service: &str) -> Relay {
    Relay::new(service.parse().unwrap(), EncryptionKey::make_random().public().thumbprint()).unwrap()
}

#[test]
fn a_mailbox_is_known_to_the_two_phones_and_bound_to_the_service_that_the_acceptance_names() {
    let (pair, relay) = (Pair::make(), relay("https://approve.example"));
    let name = |session: Session, relay: &Relay| session.mailbox(relay).unwrap().expose_text();
    let ours = name(pair.new_phone(), &relay);
    assert_eq!(name(pair.old_phone(), &relay), ours);
    let other_key =
        Relay { service_key: EncryptionKey::make_random().public().thumbprint(), ..relay.clone() };
    let other_service = Relay { service: "https://approval.example".parse().unwrap(), ..relay.clone() };
    let stranger = Pair { new_key: EncryptionKey::make_random(), ..Pair::make() };
    let others = [
        name(pair.new_phone(), &other_key),
        name(pair.new_phone(), &other_service),
        name(Pair { id: Id::make_random(), ..pair }.new_phone(), &relay),
        name(stranger.new_phone(), &relay),
    ];
    assert!(others.iter().all(|other| *other != ours));
}

#[test]
fn an_acceptance_names_a_service_in_one_way_or_is_refused() {
    let greeting = Greeting { session: Id::make_random(), key: EncryptionKey::make_random().public() };
    let longest = format!("https://{}.example", "a".repeat(239));
    for service in
        ["https://approve.example", "https://approve.example:8443/eu", "http://127.0.0.1:8440", &longest]
    {
        let code = TransferCode::Acceptance(Acceptance { greeting, relay: Some(relay(service)) });
        let text = code.to_text();
        assert!(text.len() <= 718 && TransferCode::parse(&text).unwrap() == code, "{service}");
    }
    let too_long = format!("https://{}.example", "a".repeat(240)).parse().unwrap();
    assert!(Relay::new(too_long, greeting.key.thumbprint()).is_none());

    let read = |version: u8, kind: u8, address: &str| {
        let mut bytes = vec![version, kind];
        bytes.extend_from_slice(greeting.session.as_bytes());
        bytes.extend_from_slice(&greeting.key.to_point());
        bytes.extend_from_slice(&[7; 32]);
        bytes.extend_from_slice(address.as_bytes());
        TransferCode::parse(&format!("COUNTERSIGN-MOVE:{}", data_encoding::BASE32_NOPAD.encode(&bytes)))
    };
    assert!(read(2, 2, "https://approve.example").is_ok());
    for (address, error) in [
        ("", TransferError::BadRelay),
        ("approve.example", TransferError::BadRelay),
        ("http://approve.example", TransferError::BadRelay),
        ("https://approve.example/", TransferError::BadRelay),
        ("https://APPROVE.example", TransferError::BadRelay),
        ("https://approve.example:443", TransferError::BadRelay),
        ("https://ada@approve.example", TransferError::BadRelay),
        ("https://approve.example?x", TransferError::BadRelay),
        ("https://appr\u{f6}ve.example", TransferError::BadRelay),
        (&format!("https://{}.example", "a".repeat(240)), TransferError::BadCode),
    ] {
        assert_eq!(read(2, 2, address).unwrap_err(), error, "{address}");
    }
    assert_eq!(read(2, 1, "https://approve.example").unwrap_err(), TransferError::BadCode);
    assert_eq!(read(1, 2, "https://approve.example").unwrap_err(), TransferError::BadCode);
    assert_eq!(read(3, 2, "https://approve.example").unwrap_err(), TransferError::UnknownVersion);
}

#[test]
fn every_code_reads_as_what_was_written() {
    let (pair, key) = (Pair::make(), EncryptionKey::make_random().public());
    let greeting = Greeting { session: pair.id, key };
    let part = Part { session: pair.id, number: 2, count: 3, sealed: vec![7; 416] };
    for code in [
        TransferCode::Invitation(greeting),
        TransferCode::Acceptance(Acceptance { greeting, relay: None }),
        TransferCode::Accounts(part.clone()),
        TransferCode::Receipt(part),
    ] {
        let text = code.to_text();
        assert!(
            text.len() <= 718
                && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b":-".contains(&b))
        );
        assert!(TransferCode::parse(&format!(" {text}\n")).unwrap() == code);
    }
}

#[test]
fn what_is_no_code_of_a_move_is_told_by_kind() {
    let text = Pair::make().old_phone().seal(Kind::Accounts, b"content").unwrap().remove(0);
    let newer = text.replacen(":AE", ":AM", 1);
    for (text, error) in [
        ("", TransferError::NotACode),
        ("otpauth://totp/a?secret=JBSWY3DPEHPK3PXP", TransferError::NotACode),
        ("countersign-move:AEAQ", TransferError::NotACode),
        ("COUNTERSIGN-MOVE:", TransferError::BadCode),
        ("COUNTERSIGN-MOVE:1", TransferError::BadCode),
        (&text[..40], TransferError::BadCode),
        (&format!("{text}{}", "A".repeat(10_000_000)), TransferError::BadCode),
        (&newer, TransferError::UnknownVersion),
    ] {
        assert_eq!(TransferCode::parse(text).unwrap_err(), error, "{}", &text[..text.len().min(60)]);
    }
    let greeting = Greeting { session: Id::make_random(), key: EncryptionKey::make_random().public() };
    let mut off_the_curve = TransferCode::Invitation(greeting).to_text();
    off_the_curve.replace_range(off_the_curve.len() - 12..off_the_curve.len() - 4, "AAAAAAAA");
    assert_eq!(TransferCode::parse(&off_the_curve).unwrap_err(), TransferError::BadCode);
}

#[test]
fn parts_that_can_not_be_are_refused() {
    for (number, count, length) in
        [(0, 1, 17), (2, 1, 17), (1, 0, 17), (1, 4097, 17), (1, 1, 16), (1, 1, 417)]
    {
        let part = Part { session: Id::make_random(), number, count, sealed: vec![0; length] };
        let text = TransferCode::Accounts(part).to_text();
        assert_eq!(
            TransferCode::parse(&text).unwrap_err(),
            TransferError::BadCode,
            "{number} {count} {length}"
        );
    }
}

#[test]
fn both_phones_show_one_check_value_and_a_phone_between_them_shows_another() {
    let pair = Pair::make();
    let value = |session: Session| session.check_value().unwrap().to_string();
    let shown = value(pair.new_phone());
    assert_eq!(shown, value(pair.old_phone()));
    assert_eq!(shown.len(), 9);

    let between = EncryptionKey::make_random();
    let to_new = Session::of_new_phone(pair.id, &pair.new_key, &between.public()).unwrap();
    let to_old = Session::of_old_phone(pair.id, &pair.old_key, &between.public()).unwrap();
    assert_ne!(value(to_new), shown);
    assert_ne!(value(to_old), shown);
}

#[test]
fn parts_come_in_any_order_repeated_and_found_again() {
    let pair = Pair::make();
    let content = links(40);
    let texts = pair.old_phone().seal(Kind::Accounts, content.as_bytes()).unwrap();
    assert!(texts.len() > 5, "{}", texts.len());

    let new_phone = pair.new_phone();
    let (mut parts, mut opened) = (Parts::default(), vec![Vec::new(); texts.len()]);
    assert_eq!((parts.count(), parts.is_complete()), (None, false));
    let mut add = |index: usize| parts.add(&part_of(&texts[index])).unwrap();
    assert_eq!([3, 0, 3, 5, 1].map(&mut add), [true, true, false, true, true]);
    assert_eq!(parts.missing()[..2], [3, 5]);
    for (text, opened) in texts.iter().zip(&mut opened) {
        let part = part_of(text);
        parts.add(&part).unwrap();
        *opened = new_phone.open(Kind::Accounts, &part).unwrap().to_vec();
    }
    assert!(parts.is_complete() && parts.missing().is_empty());
    assert_eq!(opened.concat(), content.as_bytes());
}

#[test]
fn a_part_of_another_move_is_refused_where_it_is_scanned() {
    let (one, other) = (Pair::make(), Pair::make());
    let texts = other.old_phone().seal(Kind::Accounts, b"content").unwrap();
    let refused = one.new_phone().open(Kind::Accounts, &part_of(&texts[0])).unwrap_err();
    assert_eq!(refused, TransferError::OtherMove);
}

#[test]
fn a_part_opens_only_as_what_it_was_sealed() {
    let pair = Pair::make();
    let (new_phone, content) = (pair.new_phone(), links(12));
    let texts = pair.old_phone().seal(Kind::Accounts, content.as_bytes()).unwrap();
    let part = part_of(&texts[0]);
    let altered = TransferError::Altered;
    let moved = Part { number: 2, ..part.clone() };
    assert_eq!(new_phone.open(Kind::Accounts, &moved).unwrap_err(), altered);
    let fewer = Part { count: 1, ..part.clone() };
    assert_eq!(new_phone.open(Kind::Accounts, &fewer).unwrap_err(), altered);
    assert_eq!(new_phone.open(Kind::Receipt, &part).unwrap_err(), altered);
    for index in 0..part.sealed.len() {
        let mut flipped = part.clone();
        flipped.sealed[index] ^= 1;
        assert_eq!(new_phone.open(Kind::Accounts, &flipped).unwrap_err(), altered, "byte {index}");
    }
    // Somebody who has seen the invitation, and has a key of their own.
    let stranger =
        Session::of_old_phone(pair.id, &EncryptionKey::make_random(), &pair.new_key.public()).unwrap();
    let forged = stranger.seal(Kind::Accounts, content.as_bytes()).unwrap();
    assert_eq!(new_phone.open(Kind::Accounts, &part_of(&forged[0])).unwrap_err(), altered);
}

#[test]
fn more_than_fits_into_a_move_is_refused_before_it_is_shown() {
    let too_much = vec![b'#'; 400 * 4096 + 1];
    let old_phone = Pair::make().old_phone();
    assert_eq!(old_phone.seal(Kind::Accounts, &too_much).unwrap_err(), TransferError::TooMuch);
    assert_eq!(old_phone.seal(Kind::Accounts, &too_much[1..]).unwrap().len(), 4096);
}

#[test]
fn a_receipt_proves_what_is_held_and_nothing_else() {
    let sent = read(links(20).as_bytes()).unwrap();
    let held = |index: usize| (0..20).map(|n| n != index).collect::<Vec<_>>();
    let receipt = Receipt::from_bytes(&Receipt::expected(&sent, &held(7)).to_bytes()).unwrap();
    assert_eq!(proven(&sent, &receipt).unwrap().len(), 19);

    let of_other = read(links(20).replace("K3PX", "K3PZ").as_bytes()).unwrap();
    let other = Receipt::expected(&of_other, &held(7));
    assert_eq!(proven(&sent, &other).unwrap_err(), TransferError::NotProven);
    let mut claims_more = receipt.clone();
    claims_more.held[7] = true;
    assert_eq!(proven(&sent, &claims_more).unwrap_err(), TransferError::NotProven);
    let shorter = Receipt::expected(&sent, &held(7)[..19]);
    assert_eq!(proven(&sent, &shorter).unwrap_err(), TransferError::NotProven);
    for bytes in [&b""[..], &[0; 35], &[0xff; 36], &[0xff; 40]] {
        assert!(Receipt::from_bytes(bytes).is_err(), "{bytes:?}");
    }
}

#[test]
fn a_content_is_a_list_of_links_and_never_another_format() {
    assert!(read(b"\x89PNG\r\n\x1a\n").is_err());
    let backup = read(b"CSGNBKUP\x01").unwrap();
    let preview = preview(&backup, &[], &ImportOptions::default()).unwrap();
    assert!(matches!(preview.rows[0].verdict, RowVerdict::Refused { .. }), "{preview:?}");
}

#[test]
fn neither_errors_nor_debug_output_hold_a_secret() {
    let text = Pair::make().old_phone().seal(Kind::Accounts, b"CANARY").unwrap().remove(0);
    let code = TransferCode::parse(&text).unwrap();
    assert_eq!(format!("{code:?}"), format!("Accounts({})", code.session()));
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "(COUNTERSIGN-MOVE:)?[A-Z2-7]{0,800}") {
        if let Ok(code) = TransferCode::parse(&text) {
            prop_assert_eq!(code.to_text(), text);
        }
    }
}
