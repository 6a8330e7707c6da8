//! Enrolment and sign-ins against a real service.

use std::time::Duration;

use serde_json::{Value, json};

use crate::service::{Running, text};
use crate::support::{self, Home};

#[test]
fn a_picture_enrols_a_number_activates_and_a_number_approves() {
    let (service, home) = (Running::start(), Home::new());
    let invited = service.invite("ada");
    let picture = home.picture("qr.png", &text(&invited, "link"));
    let ran = home.run(&["enrol", support::text(&picture), "--json"]).succeeds();
    let enrolled = ran.json();
    let page = service.get(&format!("/v1/enrolments/{}", text(&invited, "id")));
    assert_eq!(enrolled["check_value"], page["check_value"]);
    assert_eq!((&enrolled["user"], &enrolled["active"]), (&json!("ada"), &json!(false)));
    assert_eq!(service.activate(&home, &invited).succeeds().json()["outcome"], "approved");

    let sign_in = service.sign_in("ada", "Ward portal");
    let requests = home.run(&["requests", "--json"]).succeeds().json();
    let request = &requests["requests"][0];
    for (name, value) in [
        ("application", "Ward portal"),
        ("user", "ada"),
        ("place", "Leeds"),
        ("ip", "192.0.2.7"),
        ("purpose", "sign_in"),
    ] {
        assert_eq!(request[name], value);
    }
    assert!((1..=120).contains(&request["seconds_left"].as_u64().unwrap()));
    let ran = home.run(&["requests", "approve", "--number", &text(&sign_in, "number")]).succeeds();
    assert_eq!(ran.stdout, "Approved: Ward portal\n");
    assert_eq!(service.state(&sign_in), "approved");
}

#[test]
fn the_code_is_right_when_the_service_is_gone() {
    let (mut service, home) = (Running::start(), Home::new());
    service.enrol(&home, "ada");
    let code = home.run(&["codes", "--quiet"]).succeeds().stdout.trim_end().to_owned();
    let verified = service.post("/v1/codes/verify", &json!({ "user": "ada", "code": code }));
    assert_eq!(verified["valid"], true);
    service.stop();
    assert_eq!(home.run(&["codes", "--json"]).succeeds().json()["clock"]["source"], "service");
    assert_eq!(home.run(&["requests", "--json"]).fails_with(4).error_code(), "network_unreachable");
    let ran = home.run(&["requests", "wait", "--timeout", "1", "--json"]).fails_with(7);
    assert_eq!(ran.error_code(), "requests_none_in_time");
    let ran = home.run(&["doctor"]).fails_with(12);
    assert!(ran.stdout.contains("problem  default: ada"), "{ran:?}");
}

#[test]
fn a_wrong_number_has_its_own_exit_code_and_a_slip_uses_no_try_up() {
    let service = Running::start_with(|config| config.policy.tries = 2);
    let home = Home::new();
    service.enrol(&home, "ada");
    let sign_in = service.sign_in("ada", "Ward portal");
    let number = text(&sign_in, "number");
    let wrong = if number == "000000" { "000001" } else { "000000" };
    let approve = |number: &str| home.run(&["requests", "approve", "--json", "--number", number]);
    assert_eq!(approve("12345").fails_with(2).error_code(), "answer_not_a_number");
    let ran = approve(wrong).fails_with(8);
    assert_eq!(ran.error_code(), "wrong_number");
    assert!(ran.stderr.contains("one more try"), "{ran:?}");
    let grouped = format!("{} {}", &number[..3], &number[3..]);
    assert_eq!(approve(&grouped).succeeds().json()["outcome"], "approved");
}

#[test]
fn a_wrong_number_too_many_fails_the_sign_in() {
    let (service, home) = (Running::start(), Home::new());
    service.enrol(&home, "ada");
    let sign_in = service.sign_in("ada", "Ward portal");
    let wrong = if text(&sign_in, "number") == "000000" { "000001" } else { "000000" };
    home.run(&["requests", "approve", "--number", wrong]).fails_with(8);
    assert_eq!(service.state(&sign_in), "failed");
    let ran =
        home.run(&["requests", "approve", "--json", "--number", &text(&sign_in, "number")]).fails_with(7);
    assert_eq!(ran.error_code(), "requests_none");
}

#[test]
fn a_script_never_approves_without_the_number() {
    let (service, home) = (Running::start(), Home::new());
    service.enrol(&home, "ada");
    let sign_in = service.sign_in("ada", "Ward portal");
    for args in
        [&["requests", "approve"][..], &["requests", "approve", "--yes"], &["requests", "approve", "--json"]]
    {
        home.run(args).fails_with(2);
    }
    assert_eq!(service.state(&sign_in), "pending");
}

#[test]
fn the_sign_in_pages_qr_code_approves_its_own_sign_in_and_no_other() {
    let (service, home) = (Running::start(), Home::new());
    service.enrol(&home, "ada");
    let sign_in = service.sign_in("ada", "Ward portal");
    let secret = text(&sign_in, "match_link");
    let other = secret.replace(&text(&sign_in, "id"), "AAAAAAAAAAAAAAAAAAAAAA");
    let other = home.picture("other.png", &other);
    let ran = home.run(&["requests", "approve", "--json", "--scan", support::text(&other)]).fails_with(8);
    assert_eq!(ran.error_code(), "answer_other_sign_in");
    let own = home.picture("own.png", &secret);
    home.run(&["requests", "approve", "--scan", support::text(&own)]).succeeds();
    assert_eq!(service.state(&sign_in), "approved");
}

#[test]
fn with_several_requests_the_identifier_says_which() {
    let (service, home) = (Running::start(), Home::new());
    service.enrol(&home, "ada");
    let (first, second) = (service.sign_in("ada", "First"), service.sign_in("ada", "Second"));
    assert_eq!(home.run(&["requests", "deny", "--json"]).fails_with(2).error_code(), "ambiguous");
    let ran = home.run(&["requests", "deny", "no-such-request", "--json"]).fails_with(7);
    assert_eq!(ran.error_code(), "request_unknown");
    let requests = home.run(&["requests", "--json"]).succeeds().json();
    let is_second = |request: &&Value| request["application"] == "Second";
    let id = text(requests["requests"].as_array().unwrap().iter().find(is_second).unwrap(), "id");
    let ran = home.run(&["requests", "deny", "--json", "--", &id[..10]]).succeeds();
    assert_eq!((&ran.json()["application"], &ran.json()["outcome"]), (&json!("Second"), &json!("denied")));
    home.run(&["requests", "report"]).succeeds();
    assert_eq!((service.state(&first), service.state(&second)), ("reported".into(), "denied".into()));
}

#[test]
fn waiting_ends_with_the_first_request() {
    let (service, home) = (Running::start(), Home::new());
    service.enrol(&home, "ada");
    let waited = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| home.run(&["requests", "wait", "--timeout", "20", "--json"]));
        std::thread::sleep(Duration::from_millis(50));
        service.sign_in("ada", "Ward portal");
        waiting.join().unwrap()
    });
    assert_eq!(waited.succeeds().json()["requests"][0]["application"], "Ward portal");
}

#[test]
fn a_ticket_works_once_and_a_bad_one_says_what_to_do() {
    let service = Running::start();
    let invited = service.invite("ada");
    let link = text(&invited, "link");
    Home::new().run(&["enrol", &link]).succeeds();
    let ticket = link.split_once("#t=").unwrap().1.split_once('&').unwrap().0;
    let altered =
        link.replace(ticket, &format!("{}{}", if ticket.starts_with('A') { "B" } else { "A" }, &ticket[1..]));
    for (link, code) in [(&link, "ticket_used"), (&altered, "ticket_unknown")] {
        let ran = Home::new().run(&["enrol", "--json", link]).fails_with(3);
        assert_eq!(ran.error_code(), code);
        assert!(!ran.said().contains(ticket), "{ran:?}");
    }
}

#[test]
fn a_service_with_another_key_than_the_links_enrols_nothing() {
    let (service, other) = (Running::start(), Running::start());
    let key = |link: &str| link.split_once("&k=").unwrap().1.to_owned();
    let link = text(&service.invite("ada"), "link");
    let forged = link.replace(&key(&link), &key(&text(&other.invite("ada"), "link")));
    let home = Home::new();
    let ran = home.run(&["enrol", "--json", &forged]);
    assert!(matches!(ran.code, Some(3 | 10)), "{ran:?}");
    assert!(home.run(&["accounts", "-q"]).succeeds().stdout.is_empty());
}

#[test]
fn deleting_an_account_gives_the_device_up_at_its_service() {
    let (mut service, home) = (Running::start(), Home::new());
    service.enrol(&home, "ada");
    home.run(&["device", "rename", "Ada's terminal"]).succeeds();
    home.run(&["accounts", "delete", "ada", "--yes"]).succeeds();
    assert!(home.run(&["accounts", "-q"]).succeeds().stdout.is_empty());
    assert_eq!(service.sign_in("ada", "Ward portal")["devices"], 0);

    service.enrol(&home, "grace");
    service.stop();
    let ran = home.run(&["accounts", "delete", "grace", "--yes"]).fails_with(4);
    assert!(ran.stderr.contains("--here-only"), "{ran:?}");
    home.run(&["accounts", "delete", "grace", "--yes", "--here-only"]).succeeds();
}
