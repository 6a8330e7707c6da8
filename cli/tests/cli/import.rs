//! `import`: other apps' exports, end to end.

use std::path::PathBuf;

use crate::support::{CANARY, Home, text};

fn vector(name: &str) -> String {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "../tests/vectors/import", name].iter().collect();
    path.to_str().unwrap().to_owned()
}

fn verdicts(json: &serde_json::Value) -> Vec<&str> {
    json["rows"].as_array().unwrap().iter().map(|row| row["verdict"].as_str().unwrap()).collect()
}

#[test]
fn an_encrypted_export_is_previewed_imported_and_undone() {
    let home = Home::new();
    let password = home.write("password", "correct horse battery\n");
    let file = vector("aegis-encrypted.json");
    let with_password = ["--password-file", text(&password), "--json"];
    let dry = home.run(&[&["import", &file, "--dry-run"], &with_password[..]].concat()).succeeds().json();
    assert_eq!((verdicts(&dry), &dry["dry_run"]), (vec!["new"; 4], &true.into()));
    assert!(!home.path("vault.db").exists(), "a dry run makes no vault");

    let done = home.run(&[&["import", &file], &with_password[..]].concat()).succeeds().json();
    assert_eq!((&done["proven"], &done["rows"][0]["outcome"]), (&4.into(), &"added".into()));
    assert_eq!(home.run(&["codes", "--json"]).succeeds().json()["codes"].as_array().unwrap().len(), 4);

    let again = home.run(&[&["import", &file], &with_password[..]].concat()).succeeds().json();
    assert_eq!(verdicts(&again), ["present"; 4]);
    let undone = home.run(&["import", "--undo", "--json"]).succeeds().json();
    assert_eq!(undone, serde_json::json!({ "trashed": 4, "restored": 0, "counters": 0, "left": 0 }));
    assert_eq!(
        home.run(&["import", "--undo", "--json"]).fails_with(7).error_code(),
        "import_nothing_to_undo"
    );
}

#[test]
fn an_export_needs_its_password_and_the_right_one() {
    let home = Home::new();
    let file = vector("2fas-v4-encrypted.2fas");
    assert_eq!(home.run(&["import", &file, "--json"]).fails_with(2).error_code(), "import_password_needed");
    let wrong = home.write("wrong", "not it\n");
    let ran = home.run(&["import", &file, "--password-file", text(&wrong), "--json"]).fails_with(9);
    assert_eq!(ran.error_code(), "import_wrong_password");
    assert!(!home.path("vault.db").exists());
}

#[test]
fn one_bad_entry_keeps_all_out_unless_partial_is_given() {
    let home = Home::new();
    let file = vector("links-with-bad-lines.txt");
    let ran = home.run(&["import", &file, "--json"]).fails_with(2);
    assert_eq!(ran.error_code(), "import_entries_refused");
    assert_eq!(verdicts(&ran.json()), ["refused"; 2]);
    assert!(!home.path("vault.db").exists());
    let json = home.run(&["import", &file, "--partial", "--json"]).succeeds().json();
    assert_eq!(json["proven"], 1);
}

#[test]
fn accounts_of_the_same_name_are_handled_as_chosen() {
    for (choice, listed, in_trash) in [("keep-both", 2, 0), ("replace", 2, 1), ("skip", 1, 0)] {
        let home = Home::new();
        home.add("Example:alice");
        let list = home.write("list.txt", "otpauth://totp/Example:alice?secret=GEZDGNBVGY3TQOJQ");
        home.run(&["import", text(&list), "--on-same-name", choice]).succeeds();
        let json = home.run(&["accounts", "--json"]).succeeds().json();
        let accounts = json["accounts"].as_array().unwrap();
        let trashed = accounts.iter().filter(|account| !account["trashed_at"].is_null()).count();
        assert_eq!((accounts.len(), trashed), (listed, in_trash), "{choice}");
    }
}

#[test]
fn pictures_and_exports_of_several_apps_come_in_one_import() {
    let home = Home::new();
    let picture = home.picture("qr.png", &format!("otpauth://totp/Example:alice?secret={CANARY}"));
    let ran = home.run(&["import", text(&picture), &vector("raivo.json"), &vector("duo.json"), "--partial"]);
    let ran = ran.succeeds();
    assert!(ran.stdout.contains("5 of 5 accounts read back"), "{ran:?}");
    assert!(!ran.said().contains("CANARY"));
}

#[test]
fn what_is_no_export_is_refused_without_being_repeated() {
    let home = Home::new();
    let file = home.write("notes.txt", format!("my secret is {CANARY}"));
    for args in [&["import", text(&file)][..], &["import", text(&file), "--json"]] {
        let ran = home.run(args).fails_with(9);
        assert!(!ran.said().contains("CANARY"), "{ran:?}");
    }
    assert!(!home.path("vault.db").exists());
}
