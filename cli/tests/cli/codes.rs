//! `codes` on pipes.

use crate::support::{CANARY, Home};

#[test]
fn on_a_pipe_a_row_is_code_seconds_issuer_and_name() {
    let home = Home::new();
    home.add("Example:alice");
    let ran = home.run(&["codes"]).succeeds();
    let fields: Vec<_> = ran.stdout.trim_end().split('\t').collect();
    assert_eq!((fields.len(), fields[2], fields[3]), (4, "Example", "alice"), "{ran:?}");
    assert!(fields[0].len() == 6 && fields[0].bytes().all(|byte| byte.is_ascii_digit()), "{ran:?}");
    assert!((1..=30).contains(&fields[1].parse::<u32>().unwrap()), "{ran:?}");
    assert!(!ran.said().contains('\u{1b}'), "no escape sequences on a pipe: {ran:?}");
}

#[test]
fn quiet_gives_the_code_alone_and_it_is_the_one_that_code_gives() {
    let home = Home::new();
    home.add("Example:alice");
    home.add("Other:bob");
    let both = || {
        let quiet = home.run(&["codes", "--quiet", "example"]).succeeds().stdout;
        let link = format!("otpauth://totp/a?secret={CANARY}");
        (quiet, home.bare(&["code"], link.as_bytes()).succeeds().stdout)
    };
    // A period may end between the two.
    let same = (0..2).map(|_| both()).any(|(quiet, code)| quiet == code);
    assert!(same);
}

#[test]
fn looking_moves_no_counter_and_asking_for_the_account_does() {
    let home = Home::new();
    let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    home.run(&["enrol", &format!("otpauth://hotp/Bank:alice?secret={secret}&counter=0")]).succeeds();
    home.add("Other:bob");
    for _ in 0..2 {
        let json = home.run(&["codes", "--json"]).succeeds().json();
        assert_eq!(
            (&json["codes"][0]["kind"], &json["codes"][0]["code"]),
            (&"on_request".into(), &().into())
        );
    }
    for code in ["755224", "287082"] {
        assert_eq!(home.run(&["codes", "-q", "bank"]).succeeds().stdout, format!("{code}\n"));
    }
}

#[test]
fn json_has_codes_and_clock() {
    let home = Home::new();
    home.add("Example:alice");
    let json = home.run(&["codes", "--json"]).succeeds().json();
    let row = &json["codes"][0];
    assert_eq!((row["account"].as_str().unwrap().len(), row["kind"].as_str()), (22, Some("timed")));
    assert_eq!(
        (json["clock"]["source"].as_str(), json["clock"]["wall_ahead_ms"].as_i64()),
        (Some("wall_clock"), Some(0))
    );
    assert_eq!(json.get("loss"), None);
}

#[test]
fn an_account_that_is_not_there_is_an_error() {
    let home = Home::new();
    home.add("Example:alice");
    assert_eq!(home.run(&["codes", "--json", "nobody"]).fails_with(7).error_code(), "account_unknown");
}

#[test]
fn without_a_vault_the_next_step_is_told() {
    let ran = Home::new().run(&["codes"]).fails_with(7);
    assert!(ran.stderr.contains("countersign enrol"), "{ran:?}");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    use std::process::{Command, Stdio};
    let home = Home::new();
    home.add("Example:alice");
    let mut child = Command::new(env!("CARGO_BIN_EXE_countersign"))
        .args(["codes", "--vault"])
        .arg(home.path("vault.db"))
        .arg("--passphrase-file")
        .arg(home.path("passphrase"))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
