//! The hosted pages in a real browser, with the real service and the real core as the phone.

mod browser;

use std::time::Duration;

use countersign_authenticator::approvals::MatchProof;
use countersign_authenticator::protocol::messages::Outcome;
use countersign_authenticator::protocol::{EnrolmentLink, Id, MatchLink};
use countersign_authenticator::scan::scan_picture;
use countersign_server::{
    ClientCommand, ClientOptions, Clock, DEFAULT_CLIENT, SystemClock, Which, manage_clients,
};
use countersign_tests::{Phone, TestService, enrolled};
use serde_json::json;

use crate::browser::{Browser, Kind, in_browser};

#[tokio::test]
async fn a_phone_enrols_from_the_picture_on_the_page() {
    in_browser(Kind::Desktop, async |browser| {
        let service = TestService::start().await;
        let phone = Phone::new();
        browser.open(&start(&service, "/v1/enrolments", json!({"user": "ada"})).await).await;
        browser.shows("waiting").await;
        assert!(!browser.address().await.contains("key="), "the key stays in no history");
        let link: EnrolmentLink = scan(&browser.picture("#qr").await).parse().unwrap();

        let enrolment = phone.enrol(&link).await.unwrap();
        browser.shows("joined").await;
        assert_eq!(Some(browser.text("#check-value").await), enrolment.check_value);
        assert!(browser.text(".lead").await.contains("Ada's phone"));
        assert_eq!(
            browser.run("return document.activeElement.tagName").await,
            "H1",
            "the focus is on the news"
        );

        let request = phone.fetch(enrolment.account).await.unwrap().remove(0);
        let outcome = phone.approve(request.id, &number(browser).await).await.unwrap();
        assert_eq!(outcome.outcome, Outcome::Approved);
        browser.shows("enrolled").await;
        assert!(browser.text("#status").await.contains("can approve sign-ins"), "screen readers are told");
    })
    .await;
}

#[tokio::test]
async fn a_phone_can_open_the_app_in_place_of_scanning_itself() {
    in_browser(Kind::Phone, async |browser| {
        let service = TestService::start().await;
        browser.open(&start(&service, "/v1/enrolments", json!({"user": "ada"})).await).await;
        browser.shows("waiting").await;
        assert!(browser.is_displayed("a.on-phone").await);
        let link: EnrolmentLink = browser.attribute("a.on-phone", "href").await.unwrap().parse().unwrap();
        Phone::new().enrol(&link).await.unwrap();
        browser.shows("joined").await;
    })
    .await;
}

/// Has the relying party's client register an address that browsers are sent back to.
fn register_return(service: &TestService, back: &str) {
    let which = Which { client: DEFAULT_CLIENT.to_owned(), organisation: None };
    let options = ClientOptions { redirect_uri: Some(vec![back.to_owned()]), ..ClientOptions::default() };
    let command = ClientCommand::Change { which, options };
    manage_clients(&service.config(), command, SystemClock.now()).unwrap();
}

#[tokio::test]
async fn an_approval_shows_at_once_and_leads_back() {
    in_browser(Kind::Desktop, async |browser| {
        let (service, phone, account) = with_phone().await;
        let back = format!("{}/match", service.network.url());
        register_return(&service, &back);
        let mut body = sign_in("ada");
        body["return_url"] = json!(back);
        browser.open(&start(&service, "/v1/sign-ins", body).await).await;
        browser.shows("pending").await;
        let shown = browser.text("dl").await;
        for text in ["Ward portal", "ada", "Leeds", "192.0.2.7", "Firefox on Windows"] {
            assert!(shown.contains(text), "{text}");
        }
        let request = phone.fetch(account).await.unwrap().remove(0);
        phone.approve(request.id, &number(browser).await).await.unwrap();
        browser.shows("approved").await;
        browser.shows("landing").await;
        assert_eq!(browser.address().await, back);
    })
    .await;
}

#[tokio::test]
async fn denials_wrong_numbers_and_the_end_of_time_show_at_once() {
    in_browser(Kind::Phone, async |browser| {
        let (service, phone, account) = with_phone().await;
        for state in ["denied", "reported", "failed", "expired"] {
            browser.open(&start(&service, "/v1/sign-ins", sign_in("ada")).await).await;
            browser.shows("pending").await;
            let request = phone.fetch(account).await.unwrap().remove(0).id;
            match state {
                "denied" => drop(phone.authenticator.deny(request).await.unwrap()),
                "reported" => drop(phone.authenticator.report(request).await.unwrap()),
                "failed" => drop(phone.approve(request, &wrong(&number(browser).await)).await.unwrap()),
                _ => service.advance(Duration::from_secs(121)),
            }
            browser.shows(state).await;
        }
    })
    .await;
}

#[tokio::test]
async fn the_pages_code_can_be_scanned_in_place_of_typing_the_number() {
    in_browser(Kind::Desktop, async |browser| {
        let (service, phone, account) = with_phone().await;
        browser.open(&start(&service, "/v1/sign-ins", sign_in("ada")).await).await;
        browser.click("a[href$='?scan=1']").await;
        browser.shows("pending").await;
        let link: MatchLink = scan(&browser.picture("#qr").await).parse().unwrap();
        let request = phone.fetch(account).await.unwrap().remove(0);
        phone.authenticator.approve(request.id, MatchProof::Scanned(link)).await.unwrap();
        browser.shows("approved").await;
    })
    .await;
}

#[tokio::test]
async fn the_code_to_scan_stays_without_javascript() {
    in_browser(Kind::WithoutScript, async |browser| {
        let (service, phone, account) = with_phone().await;
        browser.open(&start(&service, "/v1/sign-ins", sign_in("ada")).await).await;
        browser.click("a[href$='?scan=1']").await;
        for _ in 0..2 {
            let link: MatchLink = scan(&browser.picture("#qr").await).parse().unwrap();
            assert_eq!(browser.attribute("meta[http-equiv]", "content").await.as_deref(), Some("5"));
            browser.reload().await;
            assert_eq!(link.challenge, phone.fetch(account).await.unwrap()[0].id);
        }
        browser.click("a[data-secret]").await;
        browser.element("#number").await;
    })
    .await;
}

#[tokio::test]
async fn a_service_that_is_away_is_called_that_and_no_number_outlives_its_time() {
    in_browser(Kind::Desktop, async |browser| {
        let mut service =
            TestService::start_with(|config| config.challenge_lifetime = Duration::from_secs(6)).await;
        browser.open(&start(&service, "/v1/sign-ins", sign_in("ada")).await).await;
        browser.shows("pending").await;
        service.stop().await;
        browser.element("#offline:not([hidden])").await;
        assert!(browser.text("#offline").await.contains("Trying again"));
        browser.element("#number").await;
        browser.element("#over:not([hidden])").await;
        assert_eq!(browser.run("return document.querySelectorAll('[data-secret]').length").await, 0);
        service.restart().await;
        browser.element("main[data-state='expired']").await;
        browser.element("#offline[hidden]").await;
        // What it complained about is the service that was away.
        browser.console().await;
        browser.check().await;
    })
    .await;
}

#[tokio::test]
async fn a_page_comes_back_to_the_form_when_codes_are_taken_again() {
    in_browser(Kind::Phone, async |browser| {
        let (service, phone, account) = with_phone().await;
        browser.open(&start(&service, "/v1/sign-ins", sign_in("ada")).await).await;
        browser.click(".foot a").await;
        let code = wrong(&phone.code(account));
        for _ in 0..6 {
            let entry = format!("{code}\u{e007}");
            browser.element("#code:focus").await.send_keys(&entry).await.unwrap();
            browser.element("#code-error").await;
            if browser.run("return document.querySelector('#wait') !== null").await == true {
                break;
            }
        }
        browser.check().await;
        assert_eq!(browser.run("return document.querySelector('#code-form') === null").await, true);
        let left = browser.text("#wait").await;
        assert!(left.starts_with("0:2") || left == "0:30", "{left}");
        // The service's time goes on, and the page learns it at its next look.
        service.advance(Duration::from_secs(31));
        browser.reload().await;
        browser.element("#code-form").await;
        browser.check().await;
    })
    .await;
}

#[tokio::test]
async fn text_of_twice_the_size_fits_on_a_phone() {
    in_browser(Kind::Phone, async |browser| {
        let (service, phone, _) = with_phone().await;
        let enrolment = service.relying_party().enrolment("eva").await;
        Phone::new().enrol(&enrolment.link).await.unwrap();
        drop(phone);
        let pages = [
            start(&service, "/v1/sign-ins", sign_in("ada")).await,
            start(&service, "/v1/enrolments", json!({"user": "ada"})).await,
            format!("{}/enrol", service.network.url()),
            format!("{}/", service.network.url()),
        ];
        for page in pages {
            browser.open(&page).await;
            browser.element("main").await;
            let faults = browser.run(include_str!("large_text.js")).await;
            assert_eq!(faults, json!([]), "{page}");
            browser.check().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_code_signs_in_with_the_keyboard_alone() {
    sign_in_by_code(Kind::Desktop).await;
}

#[tokio::test]
async fn a_code_signs_in_without_javascript() {
    sign_in_by_code(Kind::WithoutScript).await;
}

#[tokio::test]
async fn an_approval_shows_without_javascript() {
    in_browser(Kind::WithoutScript, async |browser| {
        let (service, phone, account) = with_phone().await;
        browser.open(&start(&service, "/v1/sign-ins", sign_in("ada")).await).await;
        browser.shows("pending").await;
        let request = phone.fetch(account).await.unwrap().remove(0);
        phone.approve(request.id, &number(browser).await).await.unwrap();
        browser.shows("approved").await;
    })
    .await;
}

#[tokio::test]
async fn another_browser_is_refused() {
    in_browser(Kind::Desktop, async |browser| {
        let service = TestService::start().await;
        for (path, body, state) in [
            ("/v1/sign-ins", sign_in("ada"), "pending"),
            ("/v1/enrolments", json!({"user": "ada"}), "waiting"),
        ] {
            let page = start(&service, path, body).await;
            browser.open(&page).await;
            browser.shows(state).await;
            browser.forget_cookies().await;
            browser.open(&page).await;
            browser.element("main[data-state='elsewhere']").await;
            browser.reload().await;
            browser.element("main[data-state='elsewhere']").await;
            let log = browser.console().await;
            assert!(log.iter().any(|line| line.contains("403")), "it complains about the refusal: {log:?}");
        }
    })
    .await;
}

async fn sign_in_by_code(kind: Kind) {
    in_browser(kind, async |browser| {
        let (service, phone, account) = with_phone().await;
        browser.open(&start(&service, "/v1/sign-ins", sign_in("ada")).await).await;
        browser.click(".foot a").await;
        browser.element("#code-form").await;
        browser.check().await;
        let code = phone.code(account);
        // The field has the focus, and Enter sends the form.
        browser.element("#code:focus").await.send_keys(&format!("{}\u{e007}", wrong(&code))).await.unwrap();
        browser.element("#code-error").await;
        browser.check().await;
        let (left, right) = code.split_at(3);
        let entry = format!("{left} {right}\u{e007}");
        browser.element("#code:focus").await.send_keys(&entry).await.unwrap();
        browser.shows("approved").await;
    })
    .await;
}

/// A service, and a phone that is active for the user `ada`.
async fn with_phone() -> (TestService, Phone, Id) {
    let service = TestService::start().await;
    let phone = Phone::new();
    let account = enrolled(&service, &phone, "ada").await;
    (service, phone, account)
}

/// Starts a sign-in or an enrolment, and gives its page's address.
async fn start(service: &TestService, path: &str, body: serde_json::Value) -> String {
    let reply = service.relying_party().post(path, body).await.unwrap();
    reply["page_url"].as_str().unwrap().to_owned()
}

fn sign_in(user: &str) -> serde_json::Value {
    json!({
        "user": user, "application": "Ward portal", "place": "Leeds", "ip": "192.0.2.7", "client": "Firefox on Windows",
    })
}

async fn number(browser: &Browser) -> String {
    let number = browser.attribute("#number", "data-number").await.unwrap();
    let shown: String = browser.text("#number").await.chars().filter(char::is_ascii_digit).collect();
    assert_eq!(shown, number, "what is read is what is typed");
    number
}

fn wrong(number: &str) -> String {
    let other = if number.starts_with('1') { '2' } else { '1' };
    number.chars().enumerate().map(|(at, digit)| if at == 0 { other } else { digit }).collect()
}

/// What the phone reads from a picture.
fn scan(picture: &[u8]) -> String {
    let texts = scan_picture(picture).unwrap();
    assert_eq!(texts.len(), 1);
    texts[0].text().unwrap().expose().to_owned()
}
