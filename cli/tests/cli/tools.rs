//! `code` and `scan`, which need no vault.

use crate::support::{CANARY, Home, text};

/// The secret of RFC 4226 and RFC 6238, "12345678901234567890".
const RFC: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

#[test]
fn code_gives_the_codes_of_rfc_6238() {
    let link = format!("otpauth://totp/test?secret={RFC}&digits=8");
    for (at, code) in [
        ("59", "94287082"),
        ("1970-01-01T00:00:59Z", "94287082"),
        ("1111111109", "07081804"),
        ("2005-03-18T03:58:29+02:00", "07081804"),
        ("20000000000", "65353130"),
    ] {
        let ran = Home::new().bare(&["code", "--at", at], link.as_bytes()).succeeds();
        assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), (format!("{code}\n").as_str(), ""), "{at}");
    }
}

#[test]
fn code_gives_the_codes_of_rfc_4226_at_the_links_counter() {
    for (counter, code) in [(0, "755224"), (9, "520489")] {
        let link = format!("otpauth://hotp/test?secret={RFC}&counter={counter}");
        let json = Home::new().bare(&["code", "--json"], link.as_bytes()).succeeds().json();
        assert_eq!(json, serde_json::json!({ "code": code, "counter": counter }));
    }
}

#[test]
fn code_as_json_has_the_next_code_and_the_time_left() {
    let link = format!("otpauth://totp/test?secret={RFC}&digits=8");
    let json = Home::new().bare(&["code", "--json", "--at", "59"], link.as_bytes()).succeeds().json();
    assert_eq!(
        json,
        serde_json::json!({ "code": "94287082", "next": "37359152", "seconds_left": 1, "period": 30 })
    );
}

#[test]
fn code_refuses_what_is_no_link_of_codes() {
    for (input, name) in [
        (CANARY.to_owned(), "offer_unknown"),
        (format!("otpauth://totp/a?secret={CANARY}1"), "offer_bad_secret"),
        (format!("otpauth://totp/a?secret={CANARY}&digits=5"), ""),
        (
            "https://sign.example/match#c=AAAAAAAAAAAAAAAAAAAAAA&s=AAAAAAAAAAAAAAAAAAAAAA".to_owned(),
            "not_one_time_codes",
        ),
    ] {
        let ran = Home::new().bare(&["code", "--json"], input.as_bytes()).fails_with(9);
        if !name.is_empty() {
            assert_eq!(ran.error_code(), name, "{ran:?}");
        }
        assert!(!ran.said().contains("CANARY"), "{ran:?}");
    }
}

#[test]
fn code_refuses_ten_megabytes_of_text_quickly() {
    let text = format!("otpauth://totp/a?secret={}", "A".repeat(10 << 20));
    let ran = Home::new().bare(&["code"], text.as_bytes()).fails_with(9);
    assert!(ran.said().len() < 300, "{} bytes were said", ran.said().len());
}

#[test]
fn scan_says_what_is_in_a_picture_and_keeps_its_secret() {
    let home = Home::new();
    let picture =
        home.picture("qr.png", &format!("otpauth://totp/Example:alice?secret={CANARY}&issuer=Example"));
    let ran = home.bare(&["scan", text(&picture)], b"").succeeds();
    assert_eq!(ran.stdout, "otpauth://…\n  one-time codes: Example: alice (6 digits every 30 s, SHA1)\n");
    let ran = home.bare(&["scan", "--json", text(&picture)], b"").succeeds();
    let code = &ran.json()["files"][0]["codes"][0];
    assert_eq!((code["kind"].as_str(), code["type"].as_str()), (Some("otp"), Some("totp")));
    assert_eq!((code["issuer"].as_str(), code["period"].as_u64()), (Some("Example"), Some(30)));
    assert!(!ran.said().contains("CANARY"));
}

#[test]
fn scan_shows_secrets_when_asked_for_so_that_code_can_read_them() {
    let home = Home::new();
    let link = format!("otpauth://totp/test?secret={RFC}&digits=8");
    let picture = home.picture("qr.png", &link);
    let ran = home.bare(&["scan", "--quiet", "--show-secrets", text(&picture)], b"").succeeds();
    assert_eq!(ran.stdout, format!("{link}\n"));
    home.bare(&["code", "--at", "59"], ran.stdout.as_bytes()).succeeds();
}

#[test]
fn scan_goes_on_after_a_file_that_cannot_be_used_and_fails_in_the_end() {
    let home = Home::new();
    let (blank, good) = (home.path("blank.png"), home.picture("good.png", "Wash your hands"));
    image::GrayImage::from_pixel(200, 200, image::Luma([255])).save(&blank).unwrap();
    let ran = home.bare(&["scan", "--json", text(&blank), "missing.png", text(&good)], b"").fails_with(9);
    assert_eq!(ran.error_code(), "picture_without_code");
    let files = &ran.json()["files"];
    assert_eq!(files[0]["error"]["code"], "picture_without_code");
    assert_eq!(files[1]["error"]["code"], "file_unreadable");
    assert_eq!(files[2]["codes"][0]["text"], "Wash your hands");
}

#[test]
fn scan_lets_no_text_steer_the_terminal() {
    let home = Home::new();
    let picture = home.picture("qr.png", "first line \u{1b}[2J \u{202e}second");
    let ran = home.bare(&["scan", text(&picture)], b"").succeeds();
    assert!(!ran.stdout.contains('\u{1b}') && !ran.stdout.contains('\u{202e}'), "{ran:?}");
}
