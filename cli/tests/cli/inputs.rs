//! What people give, in the encodings and scripts that their systems write.

use crate::service::{Running, text};
use crate::support::{self, CANARY, Home};

fn utf16(text: &str) -> Vec<u8> {
    "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}

fn vector(name: &str) -> String {
    let folder: std::path::PathBuf = [env!("CARGO_MANIFEST_DIR"), "../tests/vectors/inputs"].iter().collect();
    support::text(&folder.join(name)).to_owned()
}

#[test]
fn a_passphrase_is_the_same_in_every_form_and_encoding() {
    let home = Home::new();
    let (composed, decomposed) = ("Schlüssel für Zoë", "Schlu\u{308}ssel fu\u{308}r Zoe\u{308}");
    home.write("passphrase", decomposed);
    home.add("Example:alice");
    for (what, content) in [
        ("decomposed", format!("{decomposed}\n").into_bytes()),
        ("composed", format!("{composed}\r\n").into_bytes()),
        ("with a mark", format!("\u{feff}{composed}\n").into_bytes()),
        ("UTF-16", utf16(&format!("{composed}\r\n"))),
        ("UTF-16, decomposed", utf16(decomposed)),
    ] {
        home.write("passphrase", content);
        let ran = home.run(&["codes"]);
        assert_eq!(ran.code, Some(0), "{what}: {ran:?}");
    }
    home.write("passphrase", "Schlussel fur Zoe");
    home.run(&["codes"]).fails_with(5);
}

#[test]
fn the_passphrases_that_people_really_have_open_one_vault() {
    let (home, nfd, nfc) = (Home::new(), vector("passphrase-nfd"), vector("passphrase-nfc"));
    let link = format!("otpauth://totp/a?secret={CANARY}");
    home.run_with(&["--passphrase-file", &nfd, "enrol", "-"], link.as_bytes()).succeeds();
    home.run(&["--passphrase-file", &nfc, "codes"]).succeeds();
    let backups = home.path("backups");
    std::fs::create_dir(&backups).unwrap();
    let made = home.run(&[
        "--passphrase-file",
        &nfc,
        "backup",
        "make",
        support::text(&backups),
        "--password-file",
        &nfd,
        "--json",
    ]);
    let file = text(&made.succeeds().json(), "file");
    home.run(&["--passphrase-file", &nfd, "backup", "check", &file, "--password-file", &nfc]).succeeds();
    let other = Home::new();
    other.run(&["import", &file, "--password-file", &nfc]).succeeds();
}

#[test]
fn a_passphrase_file_that_is_no_text_is_not_guessed_at() {
    let home = Home::new();
    for content in [&b"p\0a\0s\0s\0"[..], b"\xffpassphrase", b"\xff\xfep\0\0\xd8"] {
        home.write("passphrase", content);
        let ran = home.run(&["enrol", &format!("otpauth://totp/a?secret={CANARY}"), "--json"]).fails_with(9);
        assert_eq!(ran.error_code(), "file_unreadable");
        assert!(ran.stderr.contains("UTF-8"), "{ran:?}");
    }
}

#[test]
fn links_are_read_in_every_encoding() {
    let link = |name: &str| format!("otpauth://totp/{name}?secret={CANARY}");
    let list = format!("{}\r\n{}\r\n", link("One"), link("Two"));
    for (what, content) in [
        ("a mark", format!("\u{feff}{list}").into_bytes()),
        ("UTF-16", utf16(&list)),
        ("line separators", list.replace("\r\n", "\u{2028}").into_bytes()),
        ("carriage returns", list.replace("\r\n", "\r").into_bytes()),
    ] {
        let home = Home::new();
        let file = home.write("links.txt", &content);
        let ran = home.run(&["enrol", support::text(&file), "--json"]);
        assert_eq!(ran.code, Some(0), "{what}: {ran:?}");
        assert_eq!(ran.json()["added"].as_array().unwrap().len(), 2, "{what}");
        let one = utf16(&format!("{}\r\n", link("One")));
        assert_eq!(home.bare(&["code", "--at", "59"], &one).succeeds().stdout.trim().len(), 6);
    }
}

#[test]
fn numbers_are_typed_in_any_scripts_digits() {
    let (service, home) = (Running::start(), Home::new());
    service.enrol(&home, "ada");
    for zero in ['\u{660}', '\u{6f0}', '\u{966}', '\u{ff10}'] {
        let sign_in = service.sign_in("ada", "Ward portal");
        let number: String = text(&sign_in, "number")
            .chars()
            .map(|digit| char::from_u32(u32::from(zero) + digit.to_digit(10).unwrap()).unwrap())
            .collect();
        let ran = home.run(&["requests", "approve", "--json", "--number", &number]).succeeds();
        assert_eq!(ran.json()["outcome"], "approved", "{number}");
    }
    assert_eq!(
        home.run(&["requests", "wait", "--timeout", "٠", "--json"]).fails_with(7).error_code(),
        "requests_none_in_time"
    );
}
