//! Push storms against a real service.

use serde_json::{Value, json};

use crate::service::{Running, text};
use crate::support::Home;

fn deny(service: &Running, home: &Home, times: u32) {
    for _ in 0..times {
        service.sign_in("ada", "Ward portal");
        home.run(&["requests", "deny"]).succeeds();
    }
}

fn reasons(document: &Value) -> Vec<&str> {
    document["pauses"].as_array().unwrap().iter().map(|pause| pause["reason"].as_str().unwrap()).collect()
}

#[test]
fn requests_that_look_alike_are_one_row_and_one_denial() {
    let (service, home) = (Running::start(), Home::new());
    service.enrol(&home, "ada");
    let storm: Vec<_> = (0..3).map(|_| service.sign_in("ada", "Ward portal")).collect();
    let other = service.sign_in("ada", "Payroll");
    let listed = home.run(&["requests"]).succeeds();
    assert_eq!(listed.stdout.matches("Ward portal").count(), 2, "a heading and a row: {listed:?}");
    assert!(listed.stdout.contains("2 similar"), "{listed:?}");
    let document = home.run(&["requests", "--json"]).succeeds().json();
    let groups = document["groups"].as_array().unwrap().iter();
    let mut sizes: Vec<_> = groups.map(|group| group.as_array().unwrap().len()).collect();
    // Sign-ins of the same second are in the order of their identifiers.
    sizes.sort_unstable();
    assert_eq!(sizes, [1, 3]);

    let id = text(&storm[0], "id");
    let ran = home.run(&["requests", "deny", "--all", "--json", "--", &id]).succeeds().json();
    let outcomes: Vec<_> =
        ran["turned_down"].as_array().unwrap().iter().map(|row| row["outcome"].as_str().unwrap()).collect();
    assert_eq!((outcomes, &ran["locked"]), (vec!["denied"; 3], &json!(false)));
    assert!(storm.iter().all(|sign_in| service.state(sign_in) == "denied"));
    assert_eq!(service.state(&other), "pending");
    home.run(&["requests", "report", "--all"]).succeeds();
    assert_eq!(service.state(&other), "reported");
    assert_eq!(
        home.run(&["requests", "deny", "--all", "--json"]).fails_with(7).error_code(),
        "requests_none"
    );
}

#[test]
fn a_report_with_a_lock_stops_the_pushes_and_doctor_says_what_helps() {
    let (service, home) = (Running::start(), Home::new());
    service.enrol(&home, "ada");
    let sign_in = service.sign_in("ada", "Ward portal");
    let ran = home.run(&["requests", "report", "--lock"]).succeeds();
    assert!(ran.stdout.contains("until your administrator unlocks"), "{ran:?}");
    for args in [&["requests", "resume"][..], &["requests", "resume", "ada"]] {
        let ran = home.run(args).fails_with(3);
        assert!(!ran.said().contains("Resumed:") && ran.stderr.contains("administrator"), "{ran:?}");
    }
    let reply = service.get(&format!("/v1/sign-ins/{}", text(&sign_in, "id")));
    assert_eq!((&reply["state"], &reply["push"]), (&json!("reported"), &json!("locked")));
    assert_eq!(service.sign_in_without_number("ada")["push"], "locked");
    let listed = home.run(&["requests", "--json"]).succeeds().json();
    assert_eq!(reasons(&listed), ["service_lock"]);
    assert_eq!(listed["pauses"][0]["ways_out"], json!(["code", "administrator"]));
    let ran = home.run(&["doctor"]);
    assert!(ran.stdout.contains("warning  default: ada: requests are locked"), "{ran:?}");
    assert!(ran.stdout.contains("administrator can unlock"), "{ran:?}");
}

#[test]
fn after_three_denials_requests_rest_until_the_person_asks_or_says_that_it_was_them() {
    let (service, home) = (Running::start(), Home::new());
    service.enrol(&home, "ada");
    deny(&service, &home, 3);
    let sign_in = service.sign_in("ada", "Ward portal");
    let ran = home.run(&["requests", "wait", "--timeout", "1"]).fails_with(7);
    assert!(ran.stderr.contains("requests are paused, because you rejected 3 requests"), "{ran:?}");
    let listed = home.run(&["requests", "--json"]).succeeds().json();
    assert_eq!((listed["requests"].as_array().unwrap().len(), reasons(&listed)), (1, vec!["turned_down"]));

    // A passphrase from a file is no check of the person.
    let number = text(&sign_in, "number");
    let approve = || home.run(&["requests", "approve", "--json", "--number", &number]);
    assert_eq!(approve().fails_with(2).error_code(), "answer_user_check_needed");
    assert_eq!(service.state(&sign_in), "pending");
    let resumed = home.run(&["requests", "resume", "ada", "--json"]).succeeds().json();
    assert_eq!(resumed["accounts"][0]["name"], "ada");
    assert_eq!(approve().succeeds().json()["outcome"], "approved");
    assert_eq!(home.run(&["requests", "resume"]).succeeds().stdout, "No account is paused.\n");
    home.run(&["requests", "resume", "ada"]).fails_with(7);
}
