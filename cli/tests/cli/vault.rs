//! `vault`, `doctor`, and a vault that doesn't open.

use std::fs;

use serde_json::Value;

use crate::support::{CANARY, Home, PASSPHRASE, Ran, text};

#[test]
fn the_passphrase_is_changed_and_the_old_one_opens_nothing() {
    let home = Home::new();
    home.add("Example:alice");
    let new = home.write("new", "another good passphrase\n");
    home.run(&["vault", "passphrase", "--new-passphrase-file", text(&new)]).succeeds();
    assert_eq!(home.run(&["codes", "--json"]).fails_with(5).error_code(), "vault_wrong_key");
    home.run(&["--passphrase-file", text(&new), "codes"]).succeeds();
}

#[test]
fn a_recovery_code_gives_a_vault_a_new_passphrase() {
    let home = Home::new();
    home.add("Example:alice");
    let code = home.run(&["vault", "recovery-code"]).succeeds().stdout;
    assert_eq!(code.trim_end().len(), 41, "eight groups of four and a check symbol");
    let (code, new) = (home.write("code", &code), home.write("new", "another good passphrase\n"));
    let recover =
        ["vault", "recover", "--recovery-code-file", text(&code), "--new-passphrase-file", text(&new)];
    home.run(&recover).succeeds();
    home.run(&["--passphrase-file", text(&new), "codes"]).succeeds();
    let slots = home.run(&["vault", "show", "--json"]).succeeds().json();
    let kinds: Vec<_> = slots["slots"].as_array().unwrap().iter().map(|slot| slot["kind"].clone()).collect();
    assert!(
        kinds.len() == 2 && kinds.contains(&"passphrase".into()) && kinds.contains(&"recovery_code".into())
    );
}

#[test]
fn a_mistyped_recovery_code_is_told_from_a_wrong_one() {
    let home = Home::new();
    home.add("Example:alice");
    let code = home.run(&["vault", "recovery-code"]).succeeds().stdout;
    let new = home.write("new", "another good passphrase\n");
    let recover = |text_of_code: &str| {
        let file = home.write("code", text_of_code);
        let args = [
            "--json",
            "vault",
            "recover",
            "--recovery-code-file",
            text(&file),
            "--new-passphrase-file",
            text(&new),
        ];
        home.run(&args).fails_with(5).error_code()
    };
    let flipped = code.replacen(&code[..1], if code.starts_with('7') { "8" } else { "7" }, 1);
    assert_eq!(recover(&flipped), "recovery_code_check");
    assert_eq!(recover("7777"), "recovery_code_length");
    home.run(&["vault", "recovery-code", "--replace"]).succeeds();
    assert_eq!(recover(&code), "vault_wrong_key");
}

#[test]
fn a_second_recovery_code_is_made_only_when_the_first_may_go() {
    let home = Home::new();
    home.add("Example:alice");
    home.run(&["vault", "recovery-code"]).succeeds();
    home.run(&["vault", "recovery-code"]).fails_with(2);
    home.run(&["vault", "recovery-code", "--replace"]).succeeds();
}

#[test]
fn without_a_passphrase_and_without_a_terminal_nothing_hangs() {
    let home = Home::new();
    home.add("Example:alice");
    let vault = home.path("vault.db");
    let ran = home.bare(&["--json", "--vault", text(&vault), "codes"], b"");
    assert_eq!((ran.code, ran.error_code().as_str()), (Some(5), "passphrase_needed"));
}

#[test]
fn a_truncated_vault_is_damaged_and_not_empty() {
    let home = Home::new();
    home.add("Example:alice");
    let whole = home.vault_bytes();
    for length in [0, 100, whole.len() / 2] {
        home.write("vault.db", &whole[..length]);
        let ran = home.run(&["accounts", "--json"]).fails_with(6);
        assert!(ran.stdout.is_empty(), "{ran:?}");
        assert_eq!(home.vault_bytes().len(), length, "the file is kept");
    }
}

#[test]
fn a_vault_that_nobody_can_open_is_set_aside_and_kept() {
    let home = Home::new();
    home.add("Example:alice");
    let whole = home.vault_bytes();
    home.run(&["vault", "set-aside"]).fails_with(2);
    let folder = home.run(&["vault", "set-aside", "--yes", "--json"]).succeeds().json()["folder"].clone();
    home.add("Example:bob");
    let kept = home.path(folder.as_str().unwrap()).join("vault.db");
    assert_eq!(fs::read(&kept).unwrap(), whole);
    let found = home.run(&["--vault", text(&kept), "accounts", "--json"]).succeeds().json();
    assert_eq!(found["accounts"][0]["name"], "alice");
}

#[test]
fn a_file_that_is_no_vault_is_left_alone() {
    let home = Home::new();
    home.write("vault.db", "these are my notes, not a vault");
    let ran = home.run(&["enrol", &format!("otpauth://totp/a?secret={CANARY}")]).fails_with(6);
    assert!(!ran.said().contains("CANARY"));
    assert_eq!(home.vault_bytes(), b"these are my notes, not a vault");
}

#[test]
fn doctor_is_content_with_a_good_vault() {
    let home = Home::new();
    home.add("Example:alice");
    #[cfg(unix)]
    tighten(&home);
    let code = home.run(&["vault", "recovery-code"]).succeeds().stdout;
    check_recovery_code(&home, &code).succeeds();
    check_passphrase(&home, PASSPHRASE).succeeds();
    home.run(&["backup", "make", text(&home.path("")), "--password-file", text(&home.path("passphrase"))])
        .succeeds();
    let json = home.run(&["doctor", "--json"]).succeeds().json();
    assert_eq!(json["healthy"], true);
    assert!(json["checks"].as_array().unwrap().iter().all(|check| check["status"] == "good"), "{json}");
}

#[test]
#[cfg(unix)]
fn doctor_finds_files_that_others_may_read() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    home.add("Example:alice");
    tighten(&home);
    fs::set_permissions(home.path("vault.db"), fs::Permissions::from_mode(0o644)).unwrap();
    let ran = home.run(&["doctor"]).fails_with(12);
    assert!(ran.stdout.contains("problem  Vault file") && ran.stdout.contains("chmod 600"), "{ran:?}");
}

#[test]
fn doctor_says_why_a_vault_does_not_open() {
    let home = Home::new();
    home.add("Example:alice");
    home.write("passphrase", "not the passphrase\n");
    let ran = home.run(&["doctor"]).fails_with(12);
    assert!(
        ran.stdout.contains("problem  Opening the vault") && ran.stdout.contains("vault recover"),
        "{ran:?}"
    );
}

#[test]
fn doctor_without_a_vault_says_so() {
    let ran = Home::new().run(&["doctor"]).fails_with(12);
    assert!(ran.stdout.contains("there is no vault") && ran.stdout.contains("countersign enrol"), "{ran:?}");
}

#[test]
fn a_recovery_code_is_unproven_until_it_was_typed_back() {
    let home = Home::new();
    home.add("Example:alice");
    let code = home.run(&["vault", "recovery-code"]).succeeds().stdout;
    let ran = home.run(&["doctor"]);
    assert!(ran.stdout.contains("never checked") && ran.stdout.contains("recovery-code --check"), "{ran:?}");

    let another = home.run(&["vault", "recovery-code", "--replace"]).succeeds().stdout;
    check_recovery_code(&home, &code).fails_with(5);
    assert!(home.run(&["doctor"]).stdout.contains("never checked"));
    let typed = another.to_lowercase().replace('-', " ");
    let slots = check_recovery_code(&home, &typed).succeeds().json();
    assert!(slots["slots"].as_array().unwrap().iter().all(|slot| slot["proven"] == true), "{slots}");
    assert!(!home.run(&["doctor"]).stdout.contains("never checked"));
}

#[test]
fn a_passphrase_that_only_a_file_knows_is_asked_for_until_somebody_types_it() {
    let home = Home::new();
    home.add("Example:alice");
    let passphrase = |home: &Home| {
        let doctor = home.run(&["doctor", "--json"]).json();
        doctor["checks"]
            .as_array()
            .unwrap()
            .iter()
            .find(|check| check["what"] == "Passphrase")
            .unwrap()
            .clone()
    };
    let found = passphrase(&home);
    assert_eq!(
        (&found["status"], &found["typed_at"]),
        (&"warning".into(), &Value::Null),
        "however often it opens"
    );
    assert!(found["advice"].as_str().unwrap().contains("vault passphrase --check"));
    // Without a terminal nobody is asked.
    let unasked = home.run(&["vault", "passphrase", "--check", "--json"]).fails_with(5);
    assert_eq!(unasked.error_code(), "passphrase_needed");

    assert_eq!(check_passphrase(&home, "something else").fails_with(5).error_code(), "vault_wrong_key");
    assert_eq!(passphrase(&home)["status"], "warning");
    let checked = check_passphrase(&home, PASSPHRASE).succeeds().json();
    let seconds = |name: &str| checked[name].as_u64().unwrap();
    assert_eq!(seconds("due_at") - seconds("typed_at"), 86_400);
    let found = passphrase(&home);
    assert_eq!((&found["status"], &found["typed_at"]), (&"good".into(), &checked["typed_at"]));
}

fn check_passphrase(home: &Home, typed: &str) -> Ran {
    let file = home.write("typed", typed);
    home.run(&["vault", "passphrase", "--check", "--typed-passphrase-file", text(&file), "--json"])
}

fn check_recovery_code(home: &Home, code: &str) -> Ran {
    let file = home.write("typed", code);
    home.run(&["vault", "recovery-code", "--check", "--recovery-code-file", text(&file), "--json"])
}

/// Temporary folders and the files in them are readable by others, as the system's mask has it.
#[cfg(unix)]
fn tighten(home: &Home) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(home.path("passphrase"), fs::Permissions::from_mode(0o600)).unwrap();
    fs::set_permissions(home.path(""), fs::Permissions::from_mode(0o700)).unwrap();
}
