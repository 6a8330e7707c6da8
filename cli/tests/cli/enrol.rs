//! `enrol` with what needs no service.

use crate::support::{CANARY, Home, text};

#[test]
fn the_first_account_makes_a_vault_that_is_its_owners_alone() {
    let home = Home::new();
    home.add("Example:alice");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(home.path("vault.db")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    assert!(!String::from_utf8_lossy(&home.vault_bytes()).contains("alice"));
}

#[test]
fn the_vault_is_in_the_platforms_data_folder_unless_told_otherwise() {
    let home = Home::new();
    let passphrase = home.path("passphrase");
    let args = ["--passphrase-file", text(&passphrase), "enrol", "-"];
    home.bare(&args, format!("otpauth://totp/a?secret={CANARY}").as_bytes()).succeeds();
    if cfg!(target_os = "linux") {
        assert!(home.path(".local/share/countersign/vault.db").is_file());
    }
}

#[test]
fn pictures_links_and_files_of_links_are_taken_in() {
    let home = Home::new();
    let picture = home.picture("qr.png", &format!("otpauth://totp/One?secret={CANARY}"));
    let list = home.write(
        "links.txt",
        format!("otpauth://totp/Two?secret={CANARY}\n\notpauth://totp/Three?secret={CANARY}\n"),
    );
    let link = format!("otpauth://totp/Four?secret={CANARY}");
    let ran = home.run(&["enrol", "--json", text(&picture), text(&list), &link]).succeeds();
    let added = ran.json()["added"].as_array().unwrap().clone();
    let names: Vec<_> = added.iter().map(|account| account["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["One", "Two", "Three", "Four"]);
}

#[test]
fn a_picture_may_come_on_standard_input() {
    let home = Home::new();
    let picture = home.picture("qr.png", &format!("otpauth://totp/One?secret={CANARY}"));
    let ran = home.run_with(&["enrol", "-"], &std::fs::read(picture).unwrap()).succeeds();
    assert_eq!(ran.stdout, "Added One\n");
}

#[test]
fn one_bad_link_among_good_ones_adds_nothing() {
    let home = Home::new();
    let list = home.write(
        "links.txt",
        format!("otpauth://totp/One?secret={CANARY}\notpauth://totp/Two?secret={CANARY}1\n"),
    );
    let ran = home.run(&["enrol", text(&list)]).fails_with(9);
    assert!(ran.stderr.contains("entry 2") && ran.stderr.contains("nothing was added"), "{ran:?}");
    assert!(!home.path("vault.db").exists());
}

#[test]
fn an_account_of_the_same_name_stays_beside_the_first() {
    let home = Home::new();
    home.add("Example:alice");
    let link = format!("otpauth://totp/Example:alice?secret={CANARY}");
    let ran = home.run_with(&["enrol", "-", "--json"], link.as_bytes()).succeeds();
    assert_eq!(ran.json()["added"][0]["same_name"].as_array().unwrap().len(), 1);
    assert_eq!(home.run(&["accounts", "--json"]).json()["accounts"].as_array().unwrap().len(), 2);
}

#[test]
fn a_sign_in_pages_code_is_told_from_an_enrolment() {
    let link = "https://sign.example/match#c=AAAAAAAAAAAAAAAAAAAAAA&s=AAAAAAAAAAAAAAAAAAAAAA";
    let ran = Home::new().run(&["enrol", link]).fails_with(9);
    assert!(ran.stderr.contains("requests approve --scan"), "{ran:?}");
}

#[test]
fn an_incomplete_export_is_refused_with_what_is_missing() {
    // Version 1, batch of 2, first part, no accounts: protobuf fields 2, 3, 4, 5.
    let data = data_encoding::BASE64.encode(&[0x10, 1, 0x18, 2, 0x20, 0, 0x28, 7]).replace('=', "%3D");
    let link = format!("otpauth-migration://offline?data={data}");
    let ran = Home::new().run(&["enrol", "--json", &link]).fails_with(9);
    assert_eq!(ran.error_code(), "export_incomplete");
    assert!(ran.stderr.contains("2 parts, and part 2 is missing"), "{ran:?}");
}

#[test]
fn a_short_passphrase_makes_no_vault() {
    let home = Home::new();
    home.write("passphrase", "short\n");
    let ran = home.run(&["enrol", "--json", &format!("otpauth://totp/a?secret={CANARY}")]).fails_with(2);
    assert_eq!(ran.error_code(), "passphrase_too_short");
    assert!(!home.path("vault.db").exists());
}

fn vector(name: &str) -> String {
    let path: std::path::PathBuf =
        [env!("CARGO_MANIFEST_DIR"), "../tests/vectors/scan", name].iter().collect();
    text(&path).to_owned()
}

#[test]
fn a_link_in_two_codes_is_added_from_both_and_never_from_one() {
    let [first, second] =
        ["structured-append-part1-cut-in-secret.png", "structured-append-part2.png"].map(vector);
    let home = Home::new();
    for command in ["enrol", "import", "scan"] {
        for alone in [&first, &second] {
            let ran = home.run(&[command, "--json", alone]).fails_with(9);
            assert_eq!(ran.error_code(), "scan_parts_missing", "{ran:?}");
            assert!(!ran.said().contains("GEZDGNBV"), "{ran:?}");
        }
    }
    assert!(!home.path("vault.db").exists());

    let ran = home.bare(&["scan", &first], b"").fails_with(9);
    assert!(ran.stdout.contains("part 1 of 2"), "{ran:?}");
    let ran = home.bare(&["scan", "--json", &second, &first], b"").succeeds();
    let files = &ran.json()["files"];
    assert_eq!(
        (&files[0]["codes"][0]["kind"], &files[1]["codes"][0]["kind"]),
        (&"parts".into(), &"otp".into())
    );

    for command in ["enrol", "import"] {
        let home = Home::new();
        home.run(&[command, &second, &first]).succeeds();
        let accounts = home.run(&["accounts", "--json"]).json();
        assert_eq!(
            (&accounts["accounts"][0]["name"], &accounts["accounts"][1]),
            (&"ada".into(), &serde_json::Value::Null)
        );
    }
}

#[test]
fn names_in_other_character_sets_are_read() {
    // Shift JIS in a code that says nothing of it.
    let home = Home::new();
    let link = [&b"otpauth://totp/\x93\xFA\x96\x7B:ada?secret="[..], CANARY.as_bytes()].concat();
    let picture = home.picture_of("qr.png", &link);
    home.run(&["enrol", text(&picture)]).succeeds();
    assert_eq!(home.run(&["accounts", "--json"]).json()["accounts"][0]["issuer"], "日本");
}
