//! Somebody without a phone reads what to do, or sets one up where the administrator allows it.

use countersign_authenticator::protocol::EnrolmentLink;
use countersign_authenticator::protocol::messages::Outcome;
use countersign_authenticator::scan::scan_picture;
use countersign_tests::Phone;

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
