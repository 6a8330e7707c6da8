//! Every format gives the accounts that its app had.

use super::*;
use crate::offer::OfferError;

/// What a file gives: accounts, and the reasons of the entries that can't be imported.
fn read(name: &str) -> (Vec<OtpOffer>, Vec<EntryError>) {
    let (mut offers, mut reasons) = (Vec::new(), Vec::new());
    for (_, entry) in import_of(name).unwrap_or_else(|error| panic!("{name}: {error}")).all().unwrap() {
        match entry {
            Ok(offer) => offers.push(offer),
            Err(refused) => reasons.push(refused.reason),
        }
    }
    (offers, reasons)
}

#[test]
fn exports_of_every_kind_of_code_are_read_as_they_were() {
    for name in [
        "aegis.json",
        "aegis-encrypted.json",
        "2fas-v3.2fas",
        "2fas-v4.2fas",
        "2fas-v4-encrypted.2fas",
        "stratum-encrypted.stratum",
        "stratum-legacy.authpro",
        "freeotp-plus.json",
        "freeotp.xml",
        "freeotp-2-backup.xml",
        "andotp.json",
        "andotp-encrypted.bin",
        "andotp-old.bin",
    ] {
        assert_eq!(read(name), (vec![hospital(), bank(), door(), steam()], vec![]), "{name}");
    }
}

#[test]
fn links_keep_everything_but_a_colon_in_the_issuer() {
    // The label is split at its first colon, wherever it comes from.
    let mut expected = vec![hospital(), bank(), door(), steam()];
    for name in ["links.txt", "ente-encrypted.json"] {
        let (offers, reasons) = read(name);
        expected[2] = OtpOffer { name: "Lab: door:ward 7".into(), ..door() };
        assert_eq!((offers, reasons), (expected.clone(), vec![]), "{name}");
    }
}

#[test]
fn password_managers_give_their_logins_with_codes() {
    let bare = offer(
        "Bare",
        "ada",
        data_encoding::BASE32_NOPAD.decode(b"JBSWY3DPEHPK3PXP").unwrap(),
        Algorithm::Sha1,
        6,
        time(30),
    );
    let door = OtpOffer { name: "Lab: door:ward 7".into(), ..door() };
    for name in ["bitwarden.json", "bitwarden-pbkdf2.json", "bitwarden-argon2id.json", "bitwarden.csv"] {
        let expected = vec![hospital(), bank(), door.clone(), steam(), bare.clone()];
        assert_eq!(read(name), (expected, vec![]), "{name}");
    }
    assert_eq!(read("keepassxc.csv"), (vec![hospital(), bank()], vec![]));
}

#[test]
fn exports_of_apps_with_fewer_kinds_of_codes_are_read() {
    for name in ["proton.json", "proton-encrypted.json"] {
        assert_eq!(read(name), (vec![hospital(), bank(), steam()], vec![]), "{name}");
    }
    assert_eq!(read("raivo.json"), (vec![hospital(), bank(), door()], vec![]));
    assert_eq!(read("lastpass.json"), (vec![hospital(), bank()], vec![]));
    assert_eq!(read("2fas-v2.2fas"), (vec![hospital(), bank()], vec![]));
}

#[test]
fn stores_of_phones_are_read_and_what_they_keep_to_themselves_is_told() {
    let own = offer("Authy's own", "", (0..16).collect(), Algorithm::Sha1, 7, time(10));
    assert_eq!(read("authy.xml"), (vec![hospital(), own], vec![]));
    assert_eq!(read("authy-encrypted.xml"), (vec![hospital()], vec![]));
    let personal = offer("Microsoft", "ada@example.org", (0..20).collect(), Algorithm::Sha1, 8, time(30));
    let reasons = vec![EntryError::Approvals, EntryError::Sealed];
    assert_eq!(read("microsoft.sqlite"), (vec![hospital(), personal], reasons));
    let (offers, reasons) = read("duo.json");
    let counter = offers[1].parameters.factor();
    assert_eq!((offers[0].name.as_str(), counter), ("ada", MovingFactor::Counter { next: 3 }));
    assert_eq!(reasons, [EntryError::Approvals]);
}

#[test]
fn an_entry_that_cannot_be_imported_is_told_and_never_left_out() {
    let (offers, reasons) = read("stratum.json");
    assert_eq!((offers.len(), reasons), (4, vec![OfferError::UnsupportedType.into()]));
    let (offers, reasons) = read("links-with-bad-lines.txt");
    assert_eq!(offers, [hospital()]);
    assert_eq!(reasons, [OfferError::BadSecret.into(), OfferError::NotAnOffer.into()]);
}

#[test]
fn the_format_is_told_by_content() {
    use ImportFormat::*;
    for (name, format) in [
        ("links.txt", Links),
        ("aegis.json", Aegis),
        ("2fas-v2.2fas", TwoFas),
        ("ente-encrypted.json", EnteAuth),
        ("bitwarden.json", Bitwarden),
        ("keepassxc.csv", PasswordCsv),
        ("proton-encrypted.json", ProtonAuthenticator),
        ("stratum-legacy.authpro", Stratum),
        ("freeotp.xml", FreeOtp),
        ("freeotp-2-backup.xml", FreeOtp),
        ("andotp-encrypted.bin", AndOtp),
        ("raivo.json", Raivo),
        ("lastpass.json", LastPassAuthenticator),
        ("authy.xml", Authy),
        ("duo.json", Duo),
        ("microsoft.sqlite", MicrosoftAuthenticator),
    ] {
        let added = Import::new().add_file(&vector(name), Some(&password())).unwrap();
        assert_eq!(added.format, format, "{name}");
    }
}

/// One QR code of an export of Google Authenticator, with one account.
fn migration(batch: u8, count: u8, index: u8, secret: u8) -> String {
    let account =
        [[0x0a, 10].as_slice(), &[secret; 10], &[0x12, 1, b'a' + index, 0x20, 1, 0x28, 1, 0x30, 2]].concat();
    let length = u8::try_from(account.len()).unwrap();
    let payload = [&[0x0a, length], account.as_slice(), &[0x18, count, 0x20, index, 0x28, batch]].concat();
    format!("otpauth-migration://offline?data={}", data_encoding::BASE64.encode(&payload))
}

#[test]
fn google_authenticators_parts_come_from_several_files_in_any_order_and_more_than_once() {
    let mut import = Import::new();
    let added = import.add_file(migration(1, 3, 2, 12).as_bytes(), None).unwrap();
    assert_eq!(added.format, ImportFormat::GoogleAuthenticator);
    assert_eq!(import.all().err(), Some(ImportError::IncompleteBatch { count: 3, missing: 2 }));
    for part in [migration(1, 3, 0, 10), migration(1, 3, 2, 12), migration(2, 1, 0, 20)] {
        import.add_text(&part).unwrap();
    }
    assert_eq!(import.all().err(), Some(ImportError::IncompleteBatch { count: 3, missing: 1 }));
    let contradiction = import.add_text(&migration(1, 3, 2, 99)).unwrap_err();
    assert!(matches!(contradiction, ImportError::MixedBatch(_)));
    import.add_text(&migration(1, 3, 1, 11)).unwrap();
    let names: Vec<_> = import.all().unwrap().into_iter().map(|(_, entry)| entry.unwrap().name).collect();
    assert_eq!(names, ["a", "b", "c", "a"]);
}
