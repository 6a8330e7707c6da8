//! Every format gives the accounts that its app had.

use super::*;
use crate::OfferError;

/// What a file gives: accounts, and the reasons of the entries that can't be imported.
fn read(name: &str) -> (Vec<OtpOffer>, Vec<EntryError>) {
    let (mut offers, mut reasons) = (Vec::new(), Vec::new());
    for found in import_of(name).unwrap_or_else(|error| panic!("{name}: {error}")).entries().unwrap() {
        match found.entry.content {
            Ok(offer) => offers.push(offer),
            Err(refused) => reasons.push(refused.reason),
        }
    }
    (offers, reasons)
}

fn counter(offer: &OtpOffer) -> u64 {
    match offer.parameters.factor() {
        MovingFactor::Counter { next } => next,
        MovingFactor::Time { .. } => 0,
    }
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
        "2fauth.json",
    ] {
        assert_eq!(read(name), (vec![hospital(), bank(), door(), steam()], vec![]), "{name}");
    }
}

#[test]
fn links_keep_everything() {
    for name in ["links.txt", "ente-encrypted.json", "ente-encrypted-before-2025-11.json"] {
        assert_eq!(read(name), (vec![hospital(), bank(), door(), steam()], vec![]), "{name}");
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
    for name in ["bitwarden.json", "bitwarden-pbkdf2.json", "bitwarden-argon2id.json", "bitwarden.csv"] {
        let expected = vec![hospital(), bank(), door(), steam(), bare.clone()];
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
    assert_eq!(read("lastpass-ios.json"), (vec![hospital(), bank()], vec![]));
    assert_eq!(read("2fas-v2.2fas"), (vec![hospital(), bank()], vec![]));
    assert_eq!(read("2fas-v1.2fas"), (vec![hospital()], vec![]));
    assert_eq!(read("stratum.html"), (vec![hospital(), bank()], vec![]));
    let second = offer("", "ada@north.example", (200..216).collect(), Algorithm::Sha1, 7, time(60));
    for name in
        ["totp-authenticator.encrypt", "totp-authenticator-encrypted.encrypt", "totp-authenticator.xml"]
    {
        assert_eq!(read(name), (vec![hospital(), second.clone()], vec![]), "{name}");
    }
}

#[test]
fn a_number_that_does_not_apply_to_an_entry_may_be_anything() {
    let counters: Vec<_> = read("freeotp-plus-unused-hotp.json").0.iter().map(counter).collect();
    assert_eq!(counters, [0, 0]);
    let odd = ["null", "-1", "-7", "\"x\"", "0.5", "[]", "true", "1e99", "\"\""];
    for odd in odd {
        for (kind, unused) in
            [("totp", "counter"), ("hotp", "period"), ("steam", "digits"), ("steam", "counter")]
        {
            let field = format!("\"{unused}\":{odd}");
            let aegis = format!(
                r#"{{"version":1,"header":{{}},"db":{{"version":2,"entries":[{{"type":"{kind}","name":"a",
                "info":{{"secret":"JBSWY3DPEHPK3PXP","algo":"SHA1",{field}}}}}]}}}}"#
            );
            let two_fauth = format!(
                r#"{{"app":"2fauth_v5","schema":1,"data":[{{"otp_type":"{kind}","account":"a",
                "secret":"JBSWY3DPEHPK3PXP","algorithm":"sha1",{field}}}]}}"#
            );
            let andotp = format!(
                r#"[{{"type":"{kind}","label":"a","secret":"JBSWY3DPEHPK3PXP","algorithm":"SHA1",{field}}}]"#
            );
            for text in [aegis, two_fauth, andotp] {
                let mut import = Import::new();
                import.add_file(text.as_bytes(), None).unwrap();
                let entry = &import.entries().unwrap()[0].entry;
                assert!(entry.content.is_ok(), "{kind} with {unused} {odd}: {:?}", entry.content);
            }
        }
    }
}

#[test]
fn a_csv_may_lack_what_is_not_needed_and_have_more_than_its_heading() {
    let (offers, reasons) = read("bitwarden-authenticator.csv");
    assert_eq!((offers[0].issuer.as_str(), offers[0].name.as_str(), reasons.len()), ("GitHub", "ada", 0));
    let secret = "JBSWY3DPEHPK3PXP";
    for text in [
        format!("name,login_totp\nGitHub,{secret}\n"),
        format!("name;login_username;login_totp\r\nGitHub;ada;{secret};30;6\r\n"),
        format!("\u{feff}name\tlogin_totp\r\nGitHub\t{secret}"),
        format!("sep=;\r\nName;Login_TOTP\r\nGitHub;{secret}\r\n"),
        format!("\"Title\",\"Username\",\"OTPAuth\"\n\"GitHub\",\"ada\",\"{secret}\"\n"),
        format!("url,username,password,totp,extra,name,grouping,fav\n,ada,p,{secret},\"a\nb\",GitHub,,0\n"),
        format!("\n\nlogin_totp,name\n{secret},GitHub\n\n,without\n"),
    ] {
        let mut import = Import::new();
        let added =
            import.add_file(text.as_bytes(), None).unwrap_or_else(|error| panic!("{text:?}: {error}"));
        assert_eq!((added.format, added.entries), (ImportFormat::PasswordCsv, 1), "{text:?}");
        let offer = import.offers().next().unwrap();
        assert_eq!(
            (offer.issuer.as_str(), offer.parameters.secret().expose().len()),
            ("GitHub", 10),
            "{text:?}"
        );
    }
}

#[test]
fn a_refused_entry_has_a_label_and_a_place() {
    let refused = |bytes: &[u8]| {
        let mut import = Import::new();
        import.add_file(ALICE.as_bytes(), None).unwrap();
        import.add_file(bytes, None).unwrap();
        let found =
            import.entries().unwrap().into_iter().find(|found| found.entry.offer().is_none()).unwrap();
        assert_eq!(found.file, Some(1));
        let refused = found.entry.content.unwrap_err();
        (refused.issuer, refused.name, found.place)
    };
    let text = |issuer: &str, name: &str, place| (issuer.to_owned(), name.to_owned(), place);
    let list = b"# list\n\notpauth://totp/a?secret=JBSWY3DPEHPK3PXP\notpauth://totp/Shop:ada?secret=0189\n";
    assert_eq!(refused(list), text("Shop", "ada", Place::Line(4)));
    let list = b"otpauth://totp/a?secret=JBSWY3DPEHPK3PXP\n\n \nsome words\n";
    assert_eq!(refused(list), text("", "", Place::Line(4)));
    let csv = b"name,login_totp\na,JBSWY3DPEHPK3PXP\n\"b\nc\",JBSWY3DPEHPK3PXP\nShop,0189\n";
    assert_eq!(refused(csv), text("Shop", "", Place::Line(5)));
    let json =
        br#"{"encrypted":false,"items":[{"name":"note"},{"name":"a","login":{"totp":"JBSWY3DPEHPK3PXP"}},
        {"name":"Shop","login":{"username":"ada","totp":7}}]}"#;
    assert_eq!(refused(json), text("Shop", "ada", Place::Entry(3)));
    let raivo = br#"[{"kind":"TOTP","timer":"30","secret":"JBSWY3DPEHPK3PXP"},{"kind":"x","secret":""}]"#;
    assert_eq!(refused(raivo), text("", "", Place::Entry(2)));
}

#[test]
fn a_version_that_is_too_old_is_not_called_too_new() {
    for (text, error) in [
        (
            r#"{"version":1,"header":{},"db":{"version":0,"entries":[]}}"#,
            ImportError::OldVersion(ImportFormat::Aegis),
        ),
        (
            r#"{"version":1,"header":{},"db":{"version":9,"entries":[]}}"#,
            ImportError::UnknownVersion(ImportFormat::Aegis),
        ),
        (r#"{"schemaVersion":0,"services":[]}"#, ImportError::OldVersion(ImportFormat::TwoFas)),
        (r#"{"schemaVersion":5,"services":[]}"#, ImportError::UnknownVersion(ImportFormat::TwoFas)),
        (r#"{"version":0,"entries":[]}"#, ImportError::OldVersion(ImportFormat::ProtonAuthenticator)),
        (r#"{"app":"2fauth_v9","schema":2,"data":[]}"#, ImportError::UnknownVersion(ImportFormat::TwoFAuth)),
    ] {
        assert_eq!(Import::new().add_file(text.as_bytes(), None).unwrap_err(), error, "{text}");
        let says = error.to_string();
        assert_eq!(
            says.contains("update this app"),
            matches!(error, ImportError::UnknownVersion(_)),
            "{says}"
        );
    }
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
        ("2fas-v1.2fas", TwoFas),
        ("2fauth.json", TwoFAuth),
        ("bitwarden-old.json", Bitwarden),
        ("lastpass-ios.json", LastPassAuthenticator),
        ("proton-pass.json", ProtonPass),
        ("stratum.html", Links),
        ("totp-authenticator.encrypt", TotpAuthenticator),
        ("totp-authenticator.xml", TotpAuthenticator),
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
    let incomplete = import.entries().err().unwrap();
    assert_eq!(incomplete, ImportError::IncompleteBatch { count: 3, missing: [0, 1].into_iter().collect() });
    assert!(incomplete.to_string().contains("parts 1 and 2 are missing"), "{incomplete}");
    for part in [migration(1, 3, 0, 10), migration(1, 3, 2, 12), migration(2, 1, 0, 20)] {
        import.add_text(&part).unwrap();
    }
    let incomplete = import.entries().err().unwrap();
    assert!(incomplete.to_string().contains("part 2 is missing"), "{incomplete}");
    let contradiction = import.add_text(&migration(1, 3, 2, 99)).unwrap_err();
    assert!(matches!(contradiction, ImportError::MixedBatch(_)));
    import.add_text(&migration(1, 3, 1, 11)).unwrap();
    let names: Vec<_> =
        import.entries().unwrap().into_iter().map(|found| found.entry.content.unwrap().name).collect();
    assert_eq!(names, ["a", "b", "c", "a"]);
}
