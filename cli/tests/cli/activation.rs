//! Enrolments that fail, and codes that are used twice.

use serde_json::{Value, json};

use crate::service::{Running, text};
use crate::support::{self, Home, Ran};

/// Enrols without activating.
fn begin(service: &Running, home: &Home) -> Value {
    let invited = service.invite("ada");
    home.run_with(&["enrol", "-"], text(&invited, "link").as_bytes()).succeeds();
    invited
}

fn state(service: &Running, invited: &Value) -> Value {
    service.get(&format!("/v1/enrolments/{}", text(invited, "id")))["state"].clone()
}

#[test]
fn an_account_that_is_not_active_shows_no_code_and_says_what_to_do() {
    for (ending, told) in [("wrong", "failed"), ("deny", "denied"), ("report", "reported")] {
        let (service, home) = (Running::start(), Home::new());
        let invited = begin(&service, &home);
        let row = |home: &Home| home.run(&["codes", "--json"]).succeeds().json()["codes"][0].clone();
        assert_eq!((&row(&home)["kind"], &row(&home)["code"]), (&json!("not_active"), &Value::Null));
        assert_eq!(home.run(&["codes", "--quiet"]).succeeds().stdout, "");
        let named = home.run(&["codes", "ada", "--json"]).fails_with(7);
        assert_eq!(named.error_code(), "account_not_active");

        let number = service.get(&format!("/v1/enrolments/{}?show=relying_party", text(&invited, "id")));
        let wrong = if number["number"] == "000000" { "000001" } else { "000000" };
        let ran: Ran = match ending {
            "wrong" => home.run(&["requests", "approve", "--number", wrong]).fails_with(8),
            ending => home.run(&["requests", ending]).succeeds(),
        };
        assert!(
            ran.said().contains("not activated") && ran.said().contains("countersign accounts delete "),
            "{ran:?}"
        );
        assert_eq!(state(&service, &invited), told, "the API tells them apart");

        assert_eq!((&row(&home)["kind"], &row(&home)["code"]), (&json!("removed"), &Value::Null));
        let ran = home.run(&["codes"]).succeeds();
        assert!(ran.stdout.starts_with("-\t\t"), "{ran:?}");
        assert!(ran.stderr.contains("countersign accounts delete "), "{ran:?}");
        assert_eq!(home.run(&["codes", "ada", "--json"]).fails_with(7).error_code(), "account_removed");
        let id = text(&row(&home), "account");
        home.run(&["accounts", "delete", &id[..8], "--yes"]).succeeds();
        assert_eq!(home.run(&["accounts", "-q"]).succeeds().stdout, "");
    }
}

#[test]
fn codes_end_with_the_device() {
    let (service, home) = (Running::start(), Home::new());
    service.enrol(&home, "ada");
    let row = |home: &Home| home.run(&["codes", "--json"]).succeeds().json()["codes"][0].clone();
    assert_eq!(row(&home)["kind"], "timed");
    service.revoke_devices("ada");
    home.run(&["requests"]).fails_with(3);
    assert_eq!((&row(&home)["kind"], &row(&home)["code"]), (&json!("removed"), &Value::Null));
}

#[test]
fn a_code_that_this_device_has_used_is_called_its_own() {
    let (service, home) = (Running::start(), Home::new());
    let invited = begin(&service, &home);
    let picture = home.picture("qr.png", &text(&invited, "link"));
    let again = |home: &Home| home.run(&["enrol", support::text(&picture)]).fails_with(3).stderr;
    assert!(again(&home).contains("to finish, approve the request"), "{}", again(&home));
    service.activate(&home, &invited).succeeds();
    assert!(again(&home).contains("its account is active"), "{}", again(&home));
    let ran = home.run(&["enrol", support::text(&picture), "--json"]).fails_with(3);
    assert_eq!(ran.error_code(), "account_already_enrolled");
    home.run(&["accounts", "remove", "ada"]).succeeds();
    assert!(again(&home).contains("in the trash"), "{}", again(&home));
    // A stranger's device learns that another one has used it.
    let other = Home::new().run(&["enrol", support::text(&picture), "--json"]).fails_with(3);
    assert_eq!(other.error_code(), "ticket_used");
}
