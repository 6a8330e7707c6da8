//! Help, usage errors, completions.

use crate::support::{CANARY, Home};

#[test]
fn help_goes_to_standard_output_and_lists_the_exit_codes() {
    let ran = Home::new().bare(&["--help"], b"").succeeds();
    assert!(ran.stdout.contains("Exit codes:") && ran.stdout.contains("130  you cancelled"), "{ran:?}");
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
        assert!(ran.stdout.contains("requests"), "{shell}");
    }
}
