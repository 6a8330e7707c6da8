//! Somebody without a phone reads what to do, or sets one up where the administrator allows it.

use std::time::Duration;

use countersign_authenticator::protocol::EnrolmentLink;
use countersign_authenticator::protocol::messages::Outcome;
use countersign_authenticator::scan::scan_picture;
use countersign_tests::Phone;
use reqwest::Method;
use serde_json::json;

use crate::browser::Browser;
use crate::world::{World, in_world, number};

#[tokio::test]
async fn somebody_without_a_phone_reads_what_to_do() {
    in_world(
        |_, _| {},
        async |browser, world| {
            world.type_password(browser, "grace").await;
            let text = world.expect_ending(browser, "not_enrolled").await;
            assert!(text.contains("set up a phone") && text.contains("Call the IT service desk"), "{text}");
            assert_eq!(browser.run("return document.querySelectorAll('#countersign-enrol').length").await, 0);
            // Once an administrator has enrolled a phone, it goes on.
            let phone = Phone::new();
            countersign_tests::enrolled(&world.service, &phone, "grace").await;
            browser.click("#countersign-again").await;
            world.expect_page(browser).await;
        },
    )
    .await;
}

#[tokio::test]
async fn a_phone_is_set_up_after_the_password_where_that_is_allowed() {
    in_world(allow, async |browser, world| {
        world.type_password(browser, "grace").await;
        world.expect_ending(browser, "not_enrolled").await;
        browser.click("#countersign-enrol").await;
        world.expect_ending(browser, "enrolling").await;
        browser.reload().await;
        let page = browser.attribute("#countersign-enrolment", "href").await.unwrap();
        browser.open_tab().await;
        browser.open(&page).await;
        let phone = Phone::new();
        let account = enrol_from_page(browser, &phone).await;
        browser.go_to_tab(0).await;
        browser.click("#countersign-again").await;
        world.expect_page(browser).await;
        let request = phone.fetch(account).await.unwrap().remove(0);
        phone.approve(request.id, &number(browser).await).await.unwrap();
        assert_eq!(world.expect_token(browser).await["preferred_username"], "grace");
    })
    .await;
}

#[tokio::test]
async fn nobody_adds_a_phone_with_the_password_once_there_is_one() {
    in_world(allow, async |browser, world: World| {
        // Ada has one: she is asked, and a page that offers the set-up never comes.
        world.come_to_page(browser).await;
        // Grace has none yet when she reads that she may, and one when she presses the button.
        browser.open("about:blank").await;
        browser.forget_cookies().await;
        world.type_password(browser, "grace").await;
        world.expect_ending(browser, "not_enrolled").await;
        let phone = Phone::new();
        countersign_tests::enrolled(&world.service, &phone, "grace").await;
        browser.click("#countersign-enrol").await;
        world.expect_page(browser).await;
        assert_eq!(world.service.relying_party().devices("grace").await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn loading_the_page_again_starts_no_set_up() {
    in_world(allow, async |browser, world| {
        world.type_password(browser, "grace").await;
        world.expect_ending(browser, "not_enrolled").await;
        browser.click("#countersign-enrol").await;
        world.expect_ending(browser, "enrolling").await;
        // Grace sets up her phone elsewhere, and what this browser has started runs out.
        countersign_tests::enrolled(&world.service, &Phone::new(), "grace").await;
        world.service.advance(Duration::from_secs(600));
        expect_no_more_phones(browser, &world).await;
    })
    .await;
}

#[tokio::test]
async fn loading_the_page_again_starts_no_set_up_that_was_refused() {
    in_world(allow, async |browser, world| {
        world.type_password(browser, "grace").await;
        world.expect_ending(browser, "not_enrolled").await;
        // No more than four may be open at once, so the fifth is refused until one of them ends.
        let service = world.service.relying_party();
        let mut open = Vec::new();
        for _ in 0..4 {
            let reply = service.post("/v1/enrolments", json!({ "user": "grace" })).await.unwrap();
            open.push(format!("/v1/enrolments/{}", reply["id"].as_str().unwrap()));
        }
        browser.click("#countersign-enrol").await;
        world.expect_ending(browser, "unavailable").await;
        for enrolment in &open {
            let (status, reply) = service.request(Method::DELETE, enrolment, None).await.unwrap();
            assert!(status.is_success(), "{reply}");
        }
        countersign_tests::enrolled(&world.service, &Phone::new(), "grace").await;
        expect_no_more_phones(browser, &world).await;
    })
    .await;
}

/// Grace has a phone by now: neither loading the page again nor the button adds another one.
async fn expect_no_more_phones(browser: &Browser, world: &World) {
    let before = world.enrolments().await;
    browser.open(&world.return_url()).await;
    world.expect_ending(browser, "not_enrolled").await;
    browser.reload().await;
    world.expect_ending(browser, "not_enrolled").await;
    assert_eq!(browser.run("return document.querySelectorAll('#countersign-enrolment').length").await, 0);
    browser.click("#countersign-enrol").await;
    world.expect_page(browser).await;
    assert_eq!(world.enrolments().await, before);
    assert_eq!(world.service.relying_party().devices("grace").await.len(), 1);
}

fn allow(realm: &mut serde_json::Value, _: &World) {
    realm["authenticatorConfig"][1]["config"]["countersign.enrol"] = "true".into();
}

/// Enrols by the picture on the page and by its number, as a person does.
async fn enrol_from_page(browser: &Browser, phone: &Phone) -> countersign_authenticator::protocol::Id {
    browser.element("main[data-state='waiting']").await;
    let texts = scan_picture(&browser.picture("#qr").await).unwrap();
    let link: EnrolmentLink = texts[0].text().unwrap().expose().parse().unwrap();
    let account = phone.enrol(&link).await.unwrap().account;
    browser.element("main[data-state='joined']").await;
    let request = phone.fetch(account).await.unwrap().remove(0);
    let outcome = phone.approve(request.id, &number(browser).await).await.unwrap();
    assert_eq!(outcome.outcome, Outcome::Approved);
    browser.element("main[data-state='enrolled']").await;
    account
}
