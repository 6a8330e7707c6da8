//! `device replace`: one vault's approvals go to another, with this terminal in place of the enrolment page.

use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStdout};

use serde_json::Value;

use crate::service::{Running, text};
use crate::support::Home;

/// The command while it runs.
struct Replacing {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Replacing {
    fn start(home: &Home, options: &[&str]) -> Self {
        // Of the only account that there is, which needn't be named.
        let mut child = home.spawn(&[&["device", "replace", "--json"], options].concat());
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    fn next(&mut self) -> Value {
        serde_json::from_str(&self.lines.next().unwrap().unwrap()).unwrap()
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

#[test]
fn it_goes_on_where_it_was_killed_and_begins_anew_when_told_so() {
    let service = Running::start();
    let (old, new) = (Home::new(), Home::new());
    service.enrol(&old, "ada");
    let step = |options: &[&str]| {
        let mut run = Replacing::start(&old, options);
        let step = run.next();
        run.kill();
        step
    };
    let first = step(&[]);
    assert_eq!(step(&[]), first, "the same code");
    let anew = step(&["--anew"]);
    assert_ne!(text(&anew, "link"), text(&first, "link"));
    assert_eq!(
        new.run_with(&["enrol", "-", "--json"], text(&first, "link").as_bytes()).fails_with(3).error_code(),
        "ticket_expired",
        "the former one is over"
    );
    new.run_with(&["enrol", "-"], text(&anew, "link").as_bytes()).succeeds();
    let activating = step(&[]);
    assert_eq!((&activating["step"], &step(&[])), (&"activating".into(), &activating));
    new.run(&["requests", "approve", "--number", &text(&activating, "number")]).succeeds();
    assert_eq!(step(&[])["step"], "done");
    let gone = old.run(&["device", "replace", "ada", "--json"]).fails_with(7);
    assert_eq!(gone.error_code(), "account_removed");
}

#[test]
fn approvals_go_to_a_new_device_and_the_other_ones_tell_of_it() {
    let service = Running::start();
    let (old, other, new) = (Home::new(), Home::new(), Home::new());
    service.enrol(&old, "ada");
    service.enrol(&other, "ada");

    let mut run = Replacing::start(&old, &[]);
    let waiting = run.next();
    assert_eq!(waiting["step"], "waiting");
    let enrolled =
        new.run_with(&["enrol", "-", "--json"], text(&waiting, "link").as_bytes()).succeeds().json();
    let activating = run.next();
    assert_eq!(
        (&activating["step"], &activating["check_value"]),
        (&"activating".into(), &enrolled["check_value"])
    );
    new.run(&["requests", "approve", "--number", &text(&activating, "number")]).succeeds();
    assert_eq!(run.next()["step"], "done");
    assert!(run.child.wait().unwrap().success());

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
