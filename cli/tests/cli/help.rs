//! Help, usage errors, completions.

use crate::support::{CANARY, Home};

#[test]
fn help_goes_to_standard_output_and_lists_the_exit_codes() {
    let ran = Home::new().bare(&["--help"], b"").succeeds();
    assert!(ran.stdout.contains("Exit codes:") && ran.stdout.contains("130  cancelled"), "{ran:?}");
    assert_eq!(ran.stderr, "");
}

#[test]
fn without_a_command_help_is_shown_as_an_error() {
    let ran = Home::new().bare(&[], b"").fails_with(2);
    assert!(ran.stderr.contains("Usage: countersign"), "{ran:?}");
}

#[test]
fn a_usage_error_is_json_where_json_is_asked_for() {
    let ran = Home::new().bare(&["--json", "cods"], b"").fails_with(2);
    assert_eq!(ran.error_code(), "usage");
    assert_eq!(ran.stdout, "");
}

#[test]
fn a_link_where_a_command_belongs_is_not_repeated() {
    let link = format!("otpauth://totp/a?secret={CANARY}");
    for args in [
        &[link.as_str()][..],
        &["--json", &link],
        &["code", &link],
        &["code", CANARY],
        &["code", "--at", &link],
    ] {
        let ran = Home::new().bare(args, b"").fails_with(2);
        assert!(!ran.said().contains("CANARY"), "{ran:?}");
    }
}

#[test]
fn completions_are_printed_for_every_shell() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let ran = Home::new().bare(&["completions", shell], b"").succeeds();
        assert!(ran.stdout.contains("COUNTERSIGN_COMPLETE"), "{shell}: {ran:?}");
    }
    let help = Home::new().bare(&["completions", "--help"], b"").succeeds().stdout;
    assert!(help.contains("source <(countersign completions bash)"), "{help}");
}

/// What the script of a shell asks: the words so far, and which of them is being typed.
fn completed(home: &Home, words: &[&str]) -> Vec<String> {
    let index = (words.len() - 1).to_string();
    let environment =
        [("COUNTERSIGN_COMPLETE", "bash"), ("_CLAP_IFS", "\n"), ("_CLAP_COMPLETE_INDEX", &index)];
    let ran = home.run_in(&environment, &[&["--"], words].concat()).succeeds();
    ran.stdout.lines().map(str::to_owned).collect()
}

#[test]
fn completions_know_commands_and_accounts() {
    let home = Home::new();
    home.add("Example:alice");
    home.add("Ward%20seven:nurse");
    assert!(completed(&home, &["countersign", "acc"]).contains(&"accounts".to_owned()));
    let all = completed(&home, &["countersign", "codes", ""]);
    for name in ["Example: alice", "Ward seven: nurse"] {
        assert!(all.iter().any(|line| line.replace('\\', "") == name), "{all:?}");
    }
    let ward = completed(&home, &["countersign", "accounts", "remove", "wa"]);
    assert_eq!(ward.len(), 1, "{ward:?}");
    home.write("passphrase", "another passphrase\n");
    let locked = completed(&home, &["countersign", "codes", ""]);
    assert!(!locked.iter().any(|line| line.contains("alice")), "{locked:?}");
}

#[test]
fn a_variable_that_is_set_to_nothing_counts_as_unset() {
    let home = Home::new();
    home.add("Example:alice");
    home.run_in(&[("COUNTERSIGN_CA_FILE", "")], &["codes"]).succeeds();
    // Without its file the passphrase is asked for, and nobody is there.
    home.run_in(&[("COUNTERSIGN_PASSPHRASE_FILE", "")], &["codes"]).fails_with(5);
    let ran = home.run_in(&[("COUNTERSIGN_VAULT", "")], &["vault", "show", "--json"]).fails_with(7);
    assert_eq!(ran.error_code(), "vault_missing", "the default place is looked at");
}

#[test]
fn a_usage_line_has_nothing_in_it_that_only_a_variable_says() {
    let ran = Home::new().run(&["doctor", "--no-such-option"]).fails_with(2);
    assert!(ran.stderr.contains("Usage: countersign doctor"), "{ran:?}");
    for unsaid in ["--vault", "--passphrase-file"] {
        assert!(!ran.stderr.contains(unsaid), "{ran:?}");
    }
}
