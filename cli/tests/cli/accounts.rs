//! `accounts`, and the commands that need an enrolled one.

use crate::support::Home;

fn names(home: &Home) -> Vec<String> {
    let json = home.run(&["accounts", "--json"]).succeeds().json();
    let accounts = json["accounts"].as_array().unwrap();
    accounts.iter().map(|account| account["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn an_account_is_renamed_removed_restored_and_deleted() {
    let home = Home::new();
    home.add("Example:alice");
    home.run(&["accounts", "rename", "alice", "--name", "alice@work"]).succeeds();
    let ran = home.run(&["accounts", "remove", "example: alice@work"]).succeeds();
    assert_eq!(ran.stdout, "Removed: Example: alice@work\n");
    assert_eq!(home.run(&["codes"]).succeeds().stdout, "");
    home.run(&["accounts", "restore", "alice"]).succeeds();
    assert_eq!(home.run(&["codes"]).succeeds().stdout.lines().count(), 1);
    assert_eq!(
        home.run(&["accounts", "delete", "alice", "--json"]).fails_with(2).error_code(),
        "confirmation_needed"
    );
    home.run(&["accounts", "delete", "alice", "--yes"]).succeeds();
    assert!(names(&home).is_empty());
}

#[test]
fn accounts_are_put_in_order() {
    let home = Home::new();
    ["A:one", "B:two", "C:three"].iter().for_each(|label| home.add(label));
    home.run(&["accounts", "reorder", "three", "two"]).succeeds();
    assert_eq!(names(&home), ["three", "two", "one"]);
}

#[test]
fn the_beginning_of_an_identifier_is_enough_and_part_of_a_name_may_be_too_little() {
    let home = Home::new();
    home.add("Example:alice");
    home.add("Example:alina");
    let ran = home.run(&["accounts", "remove", "example", "--json"]).fails_with(2);
    assert_eq!(ran.error_code(), "ambiguous");
    let ids = home.run(&["accounts", "-q"]).succeeds().stdout;
    let first = ids.lines().next().unwrap();
    home.run(&["accounts", "remove", "--", &first[..8]]).succeeds();
    let listed = home.run(&["accounts"]).succeeds().stdout;
    assert!(listed.lines().next().unwrap().ends_with("\ttrash"), "{listed}");
}

#[test]
fn an_identifier_that_begins_with_a_hyphen_is_no_option() {
    let home = Home::new();
    home.add("Example:alice");
    assert_eq!(
        home.run(&["accounts", "remove", "-xyz", "--json"]).fails_with(7).error_code(),
        "account_unknown"
    );
}

#[test]
fn a_name_cannot_steer_the_terminal() {
    let home = Home::new();
    home.add("Evil%1B%5B2J%E2%80%AE:alice");
    for args in [&["accounts"][..], &["codes"], &["accounts", "remove", "alice"]] {
        let ran = home.run(args).succeeds();
        assert!(!ran.said().contains(['\u{1b}', '\u{202e}']), "{ran:?}");
    }
}

#[test]
fn what_needs_an_approval_service_says_so() {
    let home = Home::new();
    home.add("Example:alice");
    for args in [
        &["requests"][..],
        &["requests", "wait", "--timeout", "1"],
        &["requests", "approve", "--number", "123456"],
        &["requests", "deny"],
        &["device", "rename", "a name"],
    ] {
        let args = [args, &["--json"]].concat();
        assert_eq!(home.run(&args).fails_with(7).error_code(), "account_not_enrolled", "{args:?}");
    }
}
