//! `device replace`: one vault's approvals go to another, with this terminal in place of the enrolment page.

use std::io::{BufRead, BufReader};

use serde_json::Value;

use crate::service::{Running, text};
use crate::support::Home;

#[test]
fn approvals_go_to_a_new_device_and_the_other_ones_tell_of_it() {
    let service = Running::start();
    let (old, other, new) = (Home::new(), Home::new(), Home::new());
    service.enrol(&old, "ada");
    service.enrol(&other, "ada");

    let mut child = old.spawn(&["device", "replace", "ada", "--json"]);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = || -> Value { serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap() };
    let waiting = next();
    assert_eq!(waiting["step"], "waiting");
    let enrolled =
        new.run_with(&["enrol", "-", "--json"], text(&waiting, "link").as_bytes()).succeeds().json();
    let activating = next();
    assert_eq!(
        (&activating["step"], &activating["check_value"]),
        (&"activating".into(), &enrolled["check_value"])
    );
    new.run(&["requests", "approve", "--number", &text(&activating, "number")]).succeeds();
    assert_eq!(next()["step"], "done");
    assert!(child.wait().unwrap().success());

    let account = |home: &Home| home.run(&["accounts", "--json"]).succeeds().json()["accounts"][0].clone();
    assert_eq!(
        (&account(&old)["enrolment"], account(&old)["moved_at"].is_null()),
        (&"revoked".into(), false)
    );
    assert_eq!(account(&new)["enrolment"], "active");
    let told = other.run(&["requests", "list"]).succeeds().stderr;
    assert!(told.contains("another device"), "{told}");
    assert!(!other.run(&["requests", "list"]).succeeds().stderr.contains("another device"), "told once");
}
