//! Files that are cut short, altered, or made to cost: a typed error, and nothing else.

use super::*;

const ENCRYPTED: [&str; 13] = [
    "ente-encrypted-before-2025-11.json",
    "totp-authenticator-encrypted.encrypt",
    "aegis-encrypted.json",
    "2fas-v4-encrypted.2fas",
    "ente-encrypted.json",
    "bitwarden-pbkdf2.json",
    "bitwarden-argon2id.json",
    "proton-encrypted.json",
    "stratum-encrypted.stratum",
    "stratum-legacy.authpro",
    "freeotp-2-backup.xml",
    "andotp-encrypted.bin",
    "authy-encrypted.xml",
];

#[test]
fn without_a_password_an_encrypted_export_asks_for_it() {
    for name in ENCRYPTED {
        let error = Import::new().add_file(&vector(name), None).unwrap_err();
        assert!(matches!(error, ImportError::PasswordNeeded(_)), "{name}: {error:?}");
    }
}

#[test]
fn a_wrong_password_is_told_as_one() {
    let wrong = Secret::from(&b"incorrect"[..]);
    for name in ENCRYPTED {
        let error = Import::new().add_file(&vector(name), Some(&wrong)).unwrap_err();
        assert!(matches!(error, ImportError::WrongPassword(_)), "{name}: {error:?}");
    }
}

#[test]
fn a_truncated_export_is_refused_and_leaves_the_import_as_it_was() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/import/");
    for file in std::fs::read_dir(folder).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        // Texts are read line by line, and a shorter list is a list. The others are for the next test and for archives.
        if [".py", ".md", ".txt", ".csv", ".html", ".kdbx", ".zip"]
            .iter()
            .any(|ending| name.ends_with(ending))
        {
            continue;
        }
        let whole = vector(&name);
        // Key derivations take their time, so encrypted ones are cut in fewer places.
        let steps = if ENCRYPTED.contains(&name.as_str()) { 3 } else { 30 };
        for step in 0..steps {
            let cut = &whole[..whole.len() * step / steps];
            let mut import = Import::new();
            assert!(import.add_file(cut, Some(&password())).is_err(), "{name} cut to {} bytes", cut.len());
            assert_eq!(import.entries().err(), Some(ImportError::Empty));
        }
    }
}

#[test]
fn entes_stream_is_refused_when_it_was_cut_continued_or_altered_whatever_its_tag() {
    for name in ["ente-encrypted.json", "ente-encrypted-before-2025-11.json"] {
        let file: serde_json::Value = serde_json::from_slice(&vector(name)).unwrap();
        let base64 = data_encoding::BASE64;
        let sealed = base64.decode(file["encryptedData"].as_str().unwrap().as_bytes()).unwrap();
        let altered = |bytes: &[u8]| {
            let mut file = file.clone();
            file["encryptedData"] = base64.encode(bytes).into();
            Import::new().add_file(file.to_string().as_bytes(), Some(&password())).err()
        };
        assert_eq!(altered(&sealed), None, "{name}");
        let mut flipped = sealed.clone();
        // The tag.
        flipped[0] ^= 1;
        let cut = &sealed[..sealed.len() - 1];
        let line_less = [&sealed[..60], &sealed[sealed.len() - 16..]].concat();
        for bytes in [&flipped[..], cut, &line_less, &[&sealed[..], &sealed].concat(), &[]] {
            assert!(altered(bytes).is_some(), "{name}");
        }
    }
}

#[test]
fn no_value_of_a_wrong_type_panics_or_is_guessed_at() {
    for name in [
        "aegis.json",
        "2fas-v4.2fas",
        "2fauth.json",
        "bitwarden.json",
        "lastpass-ios.json",
        "proton.json",
        "proton-pass.json",
        "stratum.json",
        "raivo.json",
    ] {
        let whole: serde_json::Value = serde_json::from_slice(&vector(name)).unwrap();
        for path in paths(&whole, String::new()) {
            for value in
                [serde_json::json!(null), (-1).into(), "x".into(), serde_json::json!([1]), 1e99.into()]
            {
                let mut altered = whole.clone();
                *altered.pointer_mut(&path).unwrap() = value;
                // Whatever it is: no panic, and what is accepted makes codes.
                let _ = Import::new().add_file(altered.to_string().as_bytes(), None);
            }
        }
    }
}

fn paths(value: &serde_json::Value, at: String) -> Vec<String> {
    let children: Vec<(String, &serde_json::Value)> = match value {
        serde_json::Value::Object(members) => {
            members.iter().map(|(name, value)| (name.clone(), value)).collect()
        }
        serde_json::Value::Array(items) => {
            items.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect()
        }
        _ => Vec::new(),
    };
    let below = children.iter().flat_map(|(name, value)| paths(value, format!("{at}/{name}")));
    let below: Vec<_> = below.collect();
    std::iter::once(at.clone()).chain(below).collect()
}

#[test]
fn a_key_derivation_that_would_cost_too_much_is_not_begun() {
    for (name, from, to) in [
        ("aegis-encrypted.json", "\"n\": 32768", "\"n\": 1073741824"),
        ("aegis-encrypted.json", "\"r\": 8", "\"r\": 18446744073709551615"),
        ("aegis-encrypted.json", "\"p\": 1,", "\"p\": 4000000000,"),
        ("ente-encrypted.json", "\"memLimit\": 67108864", "\"memLimit\": 1099511627776"),
        ("ente-encrypted.json", "\"opsLimit\": 2", "\"opsLimit\": 4294967295"),
        ("bitwarden-pbkdf2.json", "\"kdfIterations\": 100000", "\"kdfIterations\": 4294967295"),
        ("bitwarden-argon2id.json", "\"kdfMemory\": 64", "\"kdfMemory\": 4194304"),
        ("bitwarden-argon2id.json", "\"kdfParallelism\": 4", "\"kdfParallelism\": 16777215"),
    ] {
        let text = String::from_utf8(vector(name)).unwrap();
        assert!(text.contains(from), "{name} has {from}");
        let error =
            Import::new().add_file(text.replacen(from, to, 1).as_bytes(), Some(&password())).unwrap_err();
        assert!(matches!(error, ImportError::TooCostly(_)), "{name} with {to}: {error:?}");
    }
}

#[test]
fn an_export_that_is_bound_to_its_account_says_what_to_do() {
    let error = import_of("bitwarden-bound.json").unwrap_err();
    assert_eq!(error, ImportError::BoundToAccount(ImportFormat::Bitwarden));
}

#[test]
fn what_is_no_export_is_told_so() {
    for bytes in [&b"some words\n"[..], b"{}", b"[]", b"[1,2]", b"<map/>", &[0xff; 64]] {
        assert_eq!(Import::new().add_file(bytes, None).unwrap_err(), ImportError::UnknownFormat, "{bytes:?}");
    }
    for empty in [&b""[..], b"\n \r\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\r\n"] {
        assert_eq!(Import::new().add_file(empty, None).unwrap_err(), ImportError::EmptyFile, "{empty:?}");
    }
    for (bytes, kind) in [
        (&b"%PDF-1.7"[..], FileKind::Pdf),
        (b"<html/>", FileKind::WebPage),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", FileKind::Svg),
        (b"\0\0\0\x18ftypmp42", FileKind::Video),
        (b"Rar!\x1a\x07\0", FileKind::Archive),
        (b"{\\rtf1 otpauth", FileKind::Document),
    ] {
        assert_eq!(
            Import::new().add_file(bytes, None).unwrap_err(),
            ImportError::OtherFile(kind),
            "{bytes:?}"
        );
    }
    for (picture, name) in
        [(&b"GIF89a\x01\0\x01\0"[..], "GIF"), (b"BM\x36\0\0\0\0\0\0\0", "BMP"), (b"II*\0\x08", "TIFF")]
    {
        // A platform may well decode it.
        assert_eq!(Import::new().add_file(picture, None).unwrap_err(), ImportError::IsPicture);
        let says = Import::new().add_picture(picture).unwrap_err().to_string();
        assert!(says.contains(name), "{says}");
    }
    let pictures: [&[u8]; 4] =
        [b"\x89PNG\r\n", b"\xff\xd8\xff\xe0", b"RIFF\x24\0\0\0WEBPVP8 ", b"\0\0\0\x24ftypheic"];
    for picture in pictures {
        assert_eq!(Import::new().add_file(picture, None).unwrap_err(), ImportError::IsPicture);
    }
    let link = b"otpauth://totp/a?secret=JBSWY3DPEHPK3PXP\n";
    let many = link.repeat(Import::MAX_ENTRIES + 1);
    assert_eq!(Import::new().add_file(&many, None).unwrap_err(), ImportError::TooMuch);
    let batches: Vec<String> = (0..=MAX_PARTS / 256)
        .map(|batch| {
            // A payload of nothing but `batch_size` 256 and `batch_id`, which are varints.
            let payload = [0x18, 0x80, 0x02, 0x28, u8::try_from(batch).unwrap()];
            format!("otpauth-migration://offline?data={}", data_encoding::BASE64.encode(&payload))
        })
        .collect();
    let batches = batches.join("\n");
    assert_eq!(Import::new().add_file(batches.as_bytes(), None).unwrap_err(), ImportError::TooMuch);
    let large = vec![b' '; Import::MAX_FILE_BYTES + 1];
    assert_eq!(Import::new().add_file(&large, None).unwrap_err(), ImportError::FileTooLarge);
}

#[test]
fn a_billion_laughs_do_not_expand() {
    let laughs = "<!DOCTYPE m [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;\">]>\
        <map><string name=\"com.authy.storage.tokens.authenticator.key\">&b;</string></map>";
    assert_eq!(Import::new().add_file(laughs.as_bytes(), None).unwrap_err(), ImportError::Damaged);
}

#[test]
fn neither_errors_nor_debug_output_hold_a_secret() {
    let text = "otpauth://totp/x?secret=CANARYCANARYCANA\notpauth://totp/y?secret=CANARYCANARYCANA1\n";
    let mut import = Import::new();
    import.add_file(text.as_bytes(), None).unwrap();
    let entries = import.entries().unwrap();
    assert!(!format!("{import:?} {entries:?}").contains("CANARY"));
    let broken = Import::new()
        .add_file(b"{\"db\":{},\"header\":\"CANARY\",\"version\":\"CANARY\"}", None)
        .unwrap_err();
    assert!(!format!("{broken:?} {broken}").contains("CANARY"));
}
