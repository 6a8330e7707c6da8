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
    let ran = home.run(&[&["import", &file], &with_password[..2]].concat()).succeeds();
    assert!(ran.stderr.contains("Nothing was changed") && !ran.stderr.contains("--undo"), "{ran:?}");
    let ran = home.run(&["import", "--undo"]).fails_with(2);
    for said in ["The last import was on ", ": moved to the trash", "--yes"] {
        assert!(ran.stderr.contains(said), "{ran:?}");
    }
    assert_eq!(ran.stderr.matches(": moved to the trash").count(), 4, "{ran:?}");
    let asked = home.run(&["import", "--undo", "--json"]).fails_with(2);
    assert_eq!(asked.error_code(), "confirmation_needed");
    let undone = home.run(&["import", "--undo", "--yes", "--json"]).succeeds().json();
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
    let dry = home.run(&["import", &file, "--dry-run", "--json"]).fails_with(2);
    assert_eq!((dry.error_code().as_str(), verdicts(&dry.json()).len()), ("import_entries_refused", 3));
    home.run(&["import", &file, "--dry-run", "--partial", "--json"]).succeeds();
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
    // Duo names no issuer, so that its account of the same secret has another name.
    assert!(ran.stdout.contains("6 of 6 accounts verified"), "{ran:?}");
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

#[test]
fn a_refused_entry_is_named_and_placed_and_partial_is_offered() {
    let home = Home::new();
    let list =
        "otpauth://totp/a?secret=JBSWY3DPEHPK3PXP\n\notpauth://totp/Shop:ada?secret=0189\nsome words\n";
    let list = home.write("list.txt", list);
    for args in [&["import", text(&list)][..], &["import", text(&list), "--dry-run"]] {
        let said = home.run(args).said();
        assert!(said.contains("Shop: ada (") && said.contains("list.txt, line 3)"), "{said}");
        assert!(said.contains("list.txt, line 4  "), "{said}");
    }
    let ran = home.run(&["import", text(&list)]).fails_with(2);
    assert!(ran.said().contains("use `--partial` for that"), "{ran:?}");
    let rows = home.run(&["import", text(&list), "--json"]).fails_with(2).json();
    assert_eq!((&rows["rows"][0]["issuer"], &rows["rows"][0]["line"]), (&"Shop".into(), &3.into()));
    assert_eq!(rows["rows"][1]["line"], 4);
    assert!(rows["rows"][1]["file"].as_str().unwrap().ends_with("list.txt"));
}

#[test]
fn one_secret_under_two_names_is_two_accounts_or_is_left_out_as_such() {
    let links =
        "otpauth://totp/Home:ada?secret=JBSWY3DPEHPK3PXP\notpauth://totp/Work:ada?secret=JBSWY3DPEHPK3PXP\n";
    for (choice, proven, says) in
        [("keep-both", 2, "added; same secret as"), ("skip", 1, "skipped: same secret as")]
    {
        let home = Home::new();
        let list = home.write("list.txt", links);
        let ran = home.run(&["import", text(&list), "--on-same-secret", choice]).succeeds();
        assert!(ran.stdout.contains(says) && ran.stdout.contains("of another name"), "{ran:?}");
        assert!(!ran.stdout.contains("twice"), "{ran:?}");
        let rows = home.run(&["import", text(&list), "--on-same-secret", choice, "--json"]).succeeds().json();
        assert_eq!((&rows["proven"], &rows["rows"][0]["verdict"]), (&proven.into(), &"present".into()));
    }
}

#[test]
fn what_the_other_app_deleted_is_told_and_left_out() {
    let home = Home::new();
    let file = vector("ente-trashed.txt");
    let ran = home.run(&["import", &file]).succeeds();
    assert!(ran.stdout.contains("skipped: in the other app's trash"), "{ran:?}");
    assert_eq!(home.run(&["import", &file, "--deleted", "--json"]).succeeds().json()["proven"], 1);
}

#[test]
fn archives_and_databases_are_read_with_their_password() {
    let home = Home::new();
    let password = home.write("password", "correct horse battery\n");
    let files = [vector("raivo-aes.zip"), vector("keepass-4.kdbx")];
    let args = ["import", &files[0], &files[1], "--password-file", text(&password), "--json"];
    let rows = home.run(&args).succeeds().json();
    let verdicts = verdicts(&rows);
    assert_eq!((verdicts.len(), verdicts.iter().filter(|verdict| **verdict == "deleted").count()), (10, 1));
    assert_eq!(
        home.run(&["import", &files[1], "--json"]).fails_with(2).error_code(),
        "import_password_needed"
    );
}

#[test]
fn files_that_are_no_exports_are_called_what_they_are() {
    let home = Home::new();
    for (content, code, name) in [
        (&b""[..], "import_file_empty", "empty"),
        (b"GIF89a\x01\0\x01\0", "import_other_file", "GIF"),
        (b"BM\x36\0\0\0\0\0\0\0", "import_other_file", "BMP"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "import_other_file", "SVG"),
        (b"%PDF-1.7\n", "import_other_file", "PDF"),
    ] {
        let file = home.write("file", content);
        let ran = home.run(&["import", text(&file)]).fails_with(9);
        assert!(ran.said().contains(name), "{ran:?}");
        assert_eq!(home.run(&["import", text(&file), "--json"]).fails_with(9).error_code(), code);
    }
}
