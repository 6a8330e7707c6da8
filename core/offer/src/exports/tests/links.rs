//! Links in the forms in which people pass them on.

use super::*;
use crate::OfferError;
use countersign_otp::OtpGenerator;

fn file(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/");
    std::fs::read(format!("{folder}{name}")).unwrap()
}

/// What becomes of each entry of a list: `issuer|name`, or the reason.
fn rows(list: &[u8]) -> Vec<Result<String, EntryError>> {
    let mut import = Import::new();
    import.add_file(list, None).unwrap();
    rows_of(&import)
}

fn rows_of(import: &Import) -> Vec<Result<String, EntryError>> {
    let row = |found: Found| match found.entry.content {
        Err(refused) => Err(refused.reason),
        Ok(offer) => Ok(format!("{}|{}", offer.issuer, offer.name)),
    };
    import.entries().unwrap().into_iter().map(row).collect()
}

fn names(list: &[u8]) -> Vec<String> {
    rows(list).into_iter().map(|row| row.unwrap()).collect()
}

/// The secrets of a list, in base32.
fn secrets(list: &[u8]) -> Vec<String> {
    let mut import = Import::new();
    import.add_file(list, None).unwrap();
    let secret = |offer: OtpOffer| data_encoding::BASE32_NOPAD.encode(offer.parameters.secret().expose());
    import.offers().map(secret).collect()
}

#[test]
fn every_form_gives_its_accounts() {
    for (name, accounts) in [
        ("links/two-links-on-one-line.txt", vec!["X|a", "|b"]),
        ("links/link-with-bom.txt", vec!["Example|a"]),
        ("links/links-utf16.txt", vec!["X|a"]),
        ("links/zbarimg-output.txt", vec!["|a"]),
        ("links/ente-algorithm-sha1.txt", vec!["GitHub|ada", "Mail|ada@example.org", "Shop|ada"]),
        ("links/issuer-plus.txt", vec!["Test Issuer|my@email.example"]),
        ("links/winauth-steam.txt", vec!["Steam|"]),
        ("links/migration-singles-without-batch.txt", vec!["Example|alice@google.com", "Two|bob"]),
        ("links/migration-plus-became-space.txt", vec!["A|ab"]),
    ] {
        assert_eq!(names(&file(name)), accounts, "{name}");
    }
    assert_eq!(secrets(&file("links/two-links-on-one-line.txt")), ["JBSWY3DPEHPK3PXP", "GEZDGNBVGY3TQOJQ"]);
    let mut steam = Import::new();
    steam.add_file(&file("links/winauth-steam.txt"), None).unwrap();
    let code = OtpGenerator::new(&steam.offers().next().unwrap().parameters).code_for_counter(1);
    assert_eq!(code.to_string().len(), 5);
}

#[cfg(feature = "pictures")]
#[test]
fn pictures_of_such_texts_give_their_accounts() {
    for (name, accounts) in [
        ("scan/qr-with-two-links.png", vec!["X|a", "|b"]),
        ("scan/qr-bom-umlaut.png", vec!["Grüne Praxis|Zoë"]),
    ] {
        let mut import = Import::new();
        import.add_picture(&file(name)).unwrap();
        let rows: Vec<_> = rows_of(&import).into_iter().map(|row| row.unwrap()).collect();
        assert_eq!(rows, accounts, "{name}");
    }
}

#[test]
fn a_scanned_text_of_two_links_gives_two_accounts_whatever_stands_between() {
    for between in ["\n", "\r", "\r\n", " ", "\u{2028}", "\u{feff}", ""] {
        let text = format!(
            "otpauth://totp/a?secret=JBSWY3DPEHPK3PXP&issuer=X{between}otpauth://totp/b?secret=GEZDGNBVGY3TQOJQ"
        );
        let mut import = Import::new();
        import.add_text(&text).unwrap();
        let names: Vec<_> = rows_of(&import).into_iter().map(|row| row.unwrap()).collect();
        assert_eq!(names, ["X|a", "|b"], "{between:?}");
    }
}

#[test]
fn a_list_is_read_in_the_encoding_that_it_has() {
    let list = "otpauth://totp/Gr\u{fc}n:a?secret=JBSWY3DPEHPK3PXP&issuer=Gr\u{fc}n\r\n";
    let wide: Vec<u8> = [0xfeff].into_iter().chain(list.encode_utf16()).flat_map(u16::to_be_bytes).collect();
    assert_eq!(names(&wide), ["Grün|a"]);
    let marked = format!("\u{feff}\u{feff}{list}\u{feff}{list}");
    assert_eq!(names(marked.as_bytes()), ["Grün|a", "Grün|a"]);
    // Nobody says which encoding of eight bits it is, so only the codes are right.
    let latin: Vec<u8> = list.chars().map(|c| u8::try_from(c).unwrap()).collect();
    assert_eq!(names(&latin), ["Gr\u{fffd}n|a"]);
}

#[test]
fn no_list_gives_half_a_secret_without_a_word() {
    let cut = Err(EntryError::Offer(OfferError::CutShort));
    for list in [
        // A mail program's line break.
        "otpauth://totp/a?secret=JBSWY3DP\nEHPK3PXP&issuer=X\n",
        "otpauth://totp/a?secret=GEZDGNBVGY3TQOJQ\nGEZDGNBVGY3TQOJQ\n",
        // The end of the file.
        "otpauth://totp/b?secret=GEZDGNBVGY3TQOJQ\notpauth://totp/a?secret=JBSWY3DP",
        "otpauth://totp/a?secret=JBSWY3DPEHPK3PXPA",
        "otpauth://totp/a?secret=JBSWY3DPEHPK3PXP%3",
    ] {
        assert!(rows(list.as_bytes()).contains(&cut), "{list}");
    }
}

#[test]
fn secrets_of_a_length_that_no_encoder_makes_are_read_where_their_end_is_known() {
    for length in 2..=16 {
        let secret = &"JBSWY3DPEHPK3PXP"[..length];
        let list =
            format!("otpauth://totp/a?issuer=X&secret={secret}\notpauth://totp/b?secret={secret}&issuer=X\n");
        let mut import = Import::new();
        import.add_file(list.as_bytes(), None).unwrap();
        let secrets: Vec<Vec<u8>> =
            import.offers().map(|offer| offer.parameters.secret().expose().to_vec()).collect();
        let bytes = &b"Hello!\xde\xad\xbe\xef"[..length * 5 / 8];
        assert_eq!(secrets, [bytes, bytes], "{length}");
    }
}

#[test]
fn links_of_other_kinds_are_named() {
    for (list, kind) in [
        ("motp://Example:ada?secret=0123456789abcdef\n", "motp"),
        ("apple-otpauth://totp/a?secret=JBSWY3DPEHPK3PXP\n", "apple-otpauth"),
        ("pushauth://push/Example:ada?s=x\n", "pushauth"),
    ] {
        let refused = rows(list.as_bytes()).remove(0).unwrap_err();
        assert!(refused.to_string().contains(kind), "{refused}");
    }
    // As Bitwarden writes a Steam account.
    assert_eq!(names(b"steam://JBSWY3DPEHPK3PXP\n"), ["Steam|"]);
}

/// An export of Google Authenticator's form of one account, with these numbers where they aren't 0.
fn migration(secret: u8, batch: u8, count: u8, index: u8) -> String {
    let account = [[0x0a, 10].as_slice(), &[secret; 10], &[0x12, 1, secret, 0x30, 2]].concat();
    let mut payload = vec![0x0a, u8::try_from(account.len()).unwrap()];
    payload.extend(account);
    for (tag, value) in [(0x18, count), (0x20, index), (0x28, batch)] {
        if value > 0 {
            payload.extend([tag, value]);
        }
    }
    format!("otpauth-migration://offline?data={}\n", data_encoding::BASE64.encode(&payload))
}

#[test]
fn exports_with_one_number_or_none_do_not_contradict_each_other() {
    for batch in [0, 7] {
        let list: String = [b'a', b'b', b'a', b'c'].map(|secret| migration(secret, batch, 1, 0)).concat();
        assert_eq!(names(list.as_bytes()), ["|a", "|b", "|c"], "{batch}");
    }
    // Two exports of two parts without a number, mixed.
    let parts =
        [(b'a', 0), (b'c', 0), (b'b', 1), (b'd', 1)].map(|(secret, index)| migration(secret, 0, 2, index));
    assert_eq!(names(parts.concat().as_bytes()), ["|a", "|b", "|c", "|d"]);
    // The only part, counted from 1.
    assert_eq!(names(migration(b'a', 0, 1, 1).as_bytes()), ["|a"]);
    // More of them than of exports in parts.
    let many: String = (0..200).map(|secret| migration(secret, 0, 0, 0)).collect();
    let mut import = Import::new();
    import.add_file(many.as_bytes(), None).unwrap();
    // Bytes from 128 on are no names in UTF-8.
    assert_eq!(rows_of(&import).iter().filter(|row| row.is_ok()).count(), 128);
}

#[test]
fn an_export_survives_what_programs_do_to_a_parameter() {
    const DATA: &str = "Ch0KDgAA++++++++++++++++EgJhYhoBQSABKAEwAhABGAEgACgH";
    for data in [
        DATA.to_owned(),
        DATA.replace('+', " "),
        DATA.replace('+', "%20"),
        DATA.replace('+', "%2B"),
        DATA.replace('+', "%252B"),
        DATA.replace('+', "%25252B"),
        DATA.replace('+', "-"),
        format!("{DATA}   "),
    ] {
        let mut import = Import::new();
        import.add_text(&format!("otpauth-migration://offline?data={data}")).unwrap();
        assert_eq!(rows_of(&import), [Ok("A|ab".to_owned())], "{data}");
    }
    let broken = format!("otpauth-migration://offline?data={}\r\n{}", &DATA[..20], &DATA[20..]);
    let mut import = Import::new();
    import.add_text(&broken).unwrap();
    assert_eq!(rows_of(&import).len(), 1);
}

#[test]
fn an_export_that_ends_in_a_plus_survives_a_space_in_its_place() {
    let data = data_encoding::BASE64.encode(&[0x10, 1, 0x18, 1, 0x48, 0x3e]);
    assert!(data.ends_with('+'));
    for data in [data.clone(), data.replace('+', " "), data.replace('+', "%20")] {
        let mut import = Import::new();
        let text = format!("otpauth-migration://offline?data={data}\n");
        assert_eq!(import.add_text(&text).unwrap().format, ImportFormat::GoogleAuthenticator, "{data}");
        let added = Import::new().add_file(text.as_bytes(), None).unwrap();
        assert_eq!(added.format, ImportFormat::GoogleAuthenticator, "{data}");
    }
}

#[test]
fn labels_of_andotp_are_split_as_its_links_are() {
    for issuer in ["\"issuer\":\"Other\",", "\"issuer\":\"\",", ""] {
        let list = format!(
            "[{{\"secret\":\"JBSWY3DPEHPK3PXP\",{issuer}\"label\":\"Other:me\",\"digits\":6,\"type\":\"TOTP\",\
             \"algorithm\":\"SHA1\",\"period\":30}}]"
        );
        assert_eq!(names(list.as_bytes()), ["Other|me"], "{issuer}");
    }
}

proptest::proptest! {
    #[test]
    fn a_list_that_is_cut_anywhere_gives_no_other_secret_than_its_own_of_a_likely_length(
        secrets in proptest::collection::vec(proptest::collection::vec(proptest::num::u8::ANY, 10..33), 1..4),
        is_last in proptest::bool::ANY,
    ) {
        let symbols: Vec<String> = secrets.iter().map(|secret| data_encoding::BASE32_NOPAD.encode(secret)).collect();
        let link = |secret: &String| match is_last {
            true => format!("otpauth://totp/a?issuer=X&secret={secret}\n"),
            false => format!("otpauth://totp/a?secret={secret}&issuer=X\n"),
        };
        let list: String = symbols.iter().map(link).collect();
        for end in 0..list.len() {
            let mut import = Import::new();
            if import.add_file(&list.as_bytes()[..end], None).is_err() {
                continue;
            }
            for offer in import.offers() {
                let secret = offer.parameters.secret().expose().to_vec();
                // A cut that leaves a whole number of bytes, at least 80 bits, can't be told.
                let may_be_cut = secret.len() >= 10 && !list[..end].ends_with('\n');
                assert!(secrets.contains(&secret) || may_be_cut, "{}", &list[..end]);
            }
        }
    }
}
