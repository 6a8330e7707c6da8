//! `transfer`: one vault to another through pictures of QR codes, each step a process of its own.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::support::{CANARY, Home, Ran, text};

/// A phone with accounts of every kind, in several codes.
fn old_phone() -> Home {
    let home = Home::new();
    let mut links: String = (0..20)
        .map(|n| {
            let letter = char::from(b'A' + n);
            format!("otpauth://totp/Ward%20{n}:nurse?secret={CANARY}{}\n", letter.to_string().repeat(8))
        })
        .collect();
    links.push_str("otpauth://hotp/Bank:ada?secret=GEZDGNBVGY3TQOJQ&counter=7&digits=8\n");
    links.push_str("otpauth://steam/Steam:ada?secret=ONSWG4TFOQQGS43B\n");
    let file = home.write("links.txt", links);
    home.run(&["import", text(&file)]).succeeds();
    home
}

/// Runs a step that writes pictures to a folder of this home, and gives its document and the pictures.
fn shows(home: &Home, args: &[&str]) -> (Value, Vec<String>) {
    let folder = home.path("shown");
    fs::create_dir_all(&folder).unwrap();
    let json = home.run(&[args, &["--out", text(&folder), "--json"]].concat()).succeeds().json();
    let files = json["files"].as_array().unwrap().iter();
    let files = files.map(|file| file.as_str().unwrap().to_owned()).collect();
    (json, files)
}

fn exported(home: &Home, name: &str) -> String {
    let file: PathBuf = home.path(name);
    home.run(&["export", text(&file), "--format", "links", "--yes"]).succeeds();
    fs::read_to_string(file).unwrap()
}

/// Both as far as the pictures of the accounts.
fn to_the_accounts(old: &Home, new: &Home) -> Vec<String> {
    let (invited, invitation) = shows(new, &["transfer", "receive"]);
    assert_eq!((&invited["role"], &invited["step"]), (&"receiving".into(), &"inviting".into()));
    let (compared, acceptance) = shows(old, &["transfer", "send", &invitation[0]]);
    let (scanned, _) = shows_nothing(new, &["transfer", "receive", &acceptance[0]]);
    // A person who reads it there would copy it from the old phone.
    let check_value = scanned["check_value"].as_str().unwrap();
    let status = old.run(&["transfer", "status"]).succeeds();
    assert!(compared["check_value"].is_null() && !status.said().contains(check_value), "{status:?}");
    let (compared, pictures) = shows(old, &["transfer", "send", "--check-value", check_value]);
    assert_eq!(compared["check_value"], scanned["check_value"]);
    pictures
}

fn shows_nothing(home: &Home, args: &[&str]) -> (Value, Ran) {
    let ran = home.run(&[args, &["--json"]].concat()).succeeds();
    let json = ran.json();
    assert_eq!(json["codes"].as_array().unwrap().len(), 0, "{ran:?}");
    (json, ran)
}

#[test]
fn a_new_phone_has_every_account_by_pictures_alone() {
    let (old, new) = (old_phone(), Home::new());
    let pictures = to_the_accounts(&old, &new);
    assert!(pictures.len() > 4, "{pictures:?}");

    // In no order, some twice, one not at all.
    let (last, others) = pictures.split_last().unwrap();
    let mut args = vec!["transfer", "receive"];
    args.extend(others.iter().rev().chain(&others[..2]).map(String::as_str));
    let (scanned, _) = shows_nothing(&new, &args);
    assert_eq!(
        (&scanned["step"], &scanned["missing"]),
        (&"scanning".into(), &serde_json::json!([pictures.len()]))
    );
    let dry = shows_nothing(&new, &["transfer", "receive", "--dry-run", last]).0;
    assert_eq!((&dry["step"], dry["import"]["rows"].as_array().unwrap().len()), (&"complete".into(), 22));
    assert_eq!(new.run(&["codes", "--json"]).succeeds().json()["codes"].as_array().unwrap().len(), 0);

    let (stored, receipt) = shows(&new, &["transfer", "receive"]);
    assert_eq!((&stored["step"], &stored["import"]["proven"]), (&"stored".into(), &22.into()));
    assert_eq!(exported(&old, "old.txt"), exported(&new, "new.txt"));

    let too_early = old.run(&["transfer", "send", "--remove", "--json"]).succeeds().json();
    assert_eq!(too_early["step"], "showing", "nothing is removed before the receipt: {too_early}");
    let proven = old.run(&["transfer", "send", &receipt[0], "--json"]).succeeds().json();
    assert_eq!(
        (&proven["step"], &proven["held"], &proven["sent"]),
        (&"proven".into(), &22.into(), &22.into())
    );
    assert_eq!(exported(&old, "kept.txt"), exported(&new, "same.txt"));

    let refused = old.run(&["codes", "Bank", "--json"]).fails_with(2);
    assert_eq!(refused.error_code(), "account_moved_away");
    let removed = old.run(&["transfer", "send", "--remove", "--json"]).succeeds().json();
    assert_eq!(removed["removed"], 22);
    assert_eq!(old.run(&["codes", "--json"]).succeeds().json()["codes"].as_array().unwrap().len(), 0);
    new.run(&["transfer", "end"]).succeeds();
    assert_eq!(new.run(&["transfer", "status", "--json"]).fails_with(7).error_code(), "move_not_under_way");
}

#[test]
fn codes_travel_as_lines_of_text_too() {
    let (old, new) = (old_phone(), Home::new());
    let invitation = new.run(&["transfer", "receive"]).succeeds().stdout;
    let acceptance = old.run_with(&["transfer", "send", "-"], invitation.as_bytes()).succeeds().stdout;
    let scanned =
        new.run_with(&["transfer", "receive", "-", "--json"], acceptance.as_bytes()).succeeds().json();
    let check_value = scanned["check_value"].as_str().unwrap();
    let shown = old.run(&["transfer", "send", "--check-value", check_value]).succeeds().stdout;
    let only = old.run(&["transfer", "status", "--only", "2,3"]).succeeds().stdout;
    assert_eq!(only.lines().collect::<Vec<_>>(), shown.lines().skip(1).take(2).collect::<Vec<_>>());

    let receipt = new.run_with(&["transfer", "receive", "-"], shown.as_bytes()).succeeds().stdout;
    let ran = old.run_with(&["transfer", "send", "-", "--remove", "--json"], receipt.as_bytes()).succeeds();
    assert_eq!(ran.json()["removed"], 22);
    old.run(&["accounts", "restore", "Bank"]).succeeds();
    old.run(&["codes", "Bank"]).fails_with(2);
    old.run(&["transfer", "take-back", "Bank"]).succeeds();
    old.run(&["codes", "Bank"]).succeeds();
}

#[test]
fn nothing_is_shown_before_the_check_values_agree() {
    let (old, new) = (old_phone(), Home::new());
    let (_, invitation) = shows(&new, &["transfer", "receive"]);
    shows(&old, &["transfer", "send", &invitation[0]]);
    let ran = old.run(&["transfer", "send", "--check-value", "0000-0000", "--json"]).fails_with(2);
    assert_eq!((ran.error_code().as_str(), ran.stdout.as_str()), ("move_check_value_differs", ""));
}

#[test]
fn a_picture_of_another_move_is_told() {
    let (old, new, other) = (old_phone(), Home::new(), Home::new());
    let pictures = to_the_accounts(&old, &new);
    let ran = other.run(&["transfer", "receive", &pictures[0], "--json"]).fails_with(9);
    assert_eq!(ran.error_code(), "move_other");
    let ran = new.run(&["transfer", "receive", text(&new.picture("qr.png", "https://x.example")), "--json"]);
    assert_eq!(ran.fails_with(9).error_code(), "move_not_a_code");
}

#[test]
fn no_step_says_a_secret() {
    let (old, new) = (old_phone(), Home::new());
    let link = format!("otpauth://totp/a?secret={CANARY}");
    to_the_accounts(&old, &new);
    for args in [
        &["transfer", "status"][..],
        &["transfer", "status", "--json"],
        &["transfer", "send", &link],
        &["transfer", "send", "--check-value", CANARY],
        &["transfer", "send", "--account", &link],
    ] {
        let ran = old.run(args);
        assert!(!ran.said().contains("CANARY"), "{args:?}: {ran:?}");
    }
}
