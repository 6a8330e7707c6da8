//! `export` and `backup`: files that are proven to restore.

use std::fs;

use crate::support::{CANARY, Home, text};

fn home_with_two_accounts() -> Home {
    let home = Home::new();
    home.add("Example:alice");
    home.run_with(&["enrol", "-"], b"otpauth://hotp/Bank:ada?secret=GEZDGNBVGY3TQOJQ&counter=7").succeeds();
    home.write("password", "a password of its own\n");
    home
}

fn backups(home: &Home, folder: &str) -> Vec<String> {
    let files = fs::read_dir(home.path(folder)).unwrap();
    files.map(|file| file.unwrap().path().to_str().unwrap().to_owned()).collect()
}

#[test]
fn a_backup_restores_on_another_device_what_it_said_it_would() {
    let home = home_with_two_accounts();
    fs::create_dir(home.path("backups")).unwrap();
    assert_eq!(
        home.run(&["backup", "status", "--json"]).succeeds().json()["proven_at"],
        serde_json::Value::Null
    );
    let (folder, password) = (home.path("backups"), home.path("password"));
    let with_password = ["--password-file", text(&password)];
    let made = home.run(&[&["backup", "make", text(&folder)], &with_password[..]].concat()).succeeds();
    assert!(made.stdout.starts_with("2 of 2 accounts can be restored from "), "{made:?}");
    let status = home.run(&["backup", "status", "--json"]).succeeds().json();
    assert_eq!((&status["restorable"], &status["total"]), (&2.into(), &2.into()));
    assert!(status["proven_at"].as_u64().unwrap() > 1_700_000_000);

    let file = backups(&home, "backups").remove(0);
    let content = fs::read(&file).unwrap();
    assert!(!String::from_utf8_lossy(&content).contains("CANARY"));
    let other = Home::new();
    let restored = other.run(&[&["import", &file, "--json"], &with_password[..]].concat()).succeeds().json();
    assert_eq!((&restored["proven"], &restored["rows"][1]["format"]), (&2.into(), &"countersign".into()));
    let code =
        |home: &Home| home.run(&["codes", "Bank", "--json"]).succeeds().json()["codes"][0]["code"].clone();
    assert_eq!(code(&other), code(&home));
}

#[cfg(unix)]
#[test]
fn a_backup_is_the_owners_alone() {
    use std::os::unix::fs::PermissionsExt;

    let home = home_with_two_accounts();
    let (file, password) = (home.path("mine"), home.path("password"));
    home.run(&["export", text(&file), "--password-file", text(&password)]).succeeds();
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn what_a_backup_no_longer_holds_is_told() {
    let home = home_with_two_accounts();
    let (file, password) = (home.path("mine"), home.path("password"));
    home.run(&["export", text(&file), "--password-file", text(&password)]).succeeds();
    home.add("Example:since-then");
    let json = home
        .run(&["backup", "check", text(&file), "--password-file", text(&password), "--json"])
        .succeeds()
        .json();
    assert_eq!((&json["restorable"], &json["total"]), (&2.into(), &3.into()));
    assert_eq!(json["left_behind"][0]["name"], "since-then");
    assert_eq!(json["left_behind"][0]["reason"], "different");
}

#[test]
fn a_wrong_password_a_damaged_file_and_a_file_that_is_there_are_told() {
    let home = home_with_two_accounts();
    let (file, password) = (home.path("mine"), home.path("password"));
    let export = ["export", text(&file), "--password-file", text(&password), "--json"];
    home.run(&export).succeeds();
    assert_eq!(home.run(&export).fails_with(2).error_code(), "backup_already_exists");
    let wrong = home.write("wrong", "another password\n");
    let check = |password| home.run(&["backup", "check", text(&file), "--password-file", password, "--json"]);
    assert_eq!(check(text(&wrong)).fails_with(9).error_code(), "import_wrong_password");
    let unasked = home.run(&["backup", "check", text(&file), "--json"]);
    assert_eq!(unasked.fails_with(2).error_code(), "import_password_needed");
    let content = fs::read(&file).unwrap();
    fs::write(&file, &content[..content.len() - 1]).unwrap();
    let cut = check(text(&password)).fails_with(9);
    assert!(cut.stderr.contains("or the file is damaged"), "{cut:?}");
    fs::write(&file, "not a backup").unwrap();
    assert_eq!(check(text(&password)).fails_with(9).error_code(), "backup_unreadable");
    let nowhere = home.path("no/folder");
    let ran = home.run(&["backup", "make", text(&nowhere), "--password-file", text(&password), "--json"]);
    assert_eq!(ran.fails_with(9).error_code(), "backup_no_folder");
}

#[test]
fn plain_exports_are_asked_about_and_go_back_in_as_they_were() {
    let home = home_with_two_accounts();
    for format in ["aegis", "links"] {
        let file = home.path(format);
        let export = ["export", text(&file), "--format", format];
        let refused = home.run(&[&export[..], &["--json"]].concat()).fails_with(2);
        assert_eq!(refused.error_code(), "confirmation_needed");
        assert!(!file.exists());
        let ran = home.run(&[&export[..], &["--yes"]].concat()).succeeds();
        assert!(ran.stdout.starts_with("2 of 2") && !ran.said().contains("CANARY"), "{ran:?}");
        assert!(fs::read_to_string(&file).unwrap().contains(CANARY));
        let again = home.run(&["import", text(&file), "--json"]).succeeds().json();
        let rows = again["rows"].as_array().unwrap();
        assert!(rows.len() == 2 && rows.iter().all(|row| row["verdict"] == "present"), "{again}");
    }
}

#[test]
fn old_backups_make_room_for_new_ones_that_are_proven() {
    let home = home_with_two_accounts();
    fs::create_dir(home.path("backups")).unwrap();
    for year in 2000..2006 {
        home.write(&format!("backups/countersign-{year}0101-000000.csgnbackup"), "an old one");
    }
    home.write("backups/photo.png", "not a backup");
    let (folder, password) = (home.path("backups"), home.path("password"));
    let make = ["backup", "make", text(&folder), "--keep", "3", "--password-file", text(&password), "--json"];
    assert_eq!(home.run(&make).succeeds().json()["removed"], 4);
    assert_eq!(backups(&home, "backups").len(), 4);
}

#[test]
fn an_old_backup_that_can_not_be_removed_is_told_beside_the_new_one() {
    let home = home_with_two_accounts();
    fs::create_dir_all(home.path("backups/countersign-20000101-000000.csgnbackup")).unwrap();
    let (folder, password) = (home.path("backups"), home.path("password"));
    let make = ["backup", "make", text(&folder), "--keep", "1", "--password-file", text(&password)];
    let ran = home.run(&make).succeeds();
    assert!(ran.stdout.starts_with("2 of 2") && ran.stdout.contains("can't be removed"), "{ran:?}");
    assert_eq!(home.run(&["backup", "status", "--json"]).succeeds().json()["restorable"], 2);
}
