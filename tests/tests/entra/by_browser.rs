//! The same in a real browser, from Entra's page to Entra's page.

use countersign_tests::Phone;

use crate::browser::{Kind, in_browser};
use crate::stand_in::{ADA, Attempt};
use crate::world::{World, waiting};

/// A page of Entra that posts the request by itself.
fn entra_page(world: &World, attempt: &Attempt) -> String {
    world.entra.login_page(attempt, &format!("{}/oidc/authorize", world.service.network.url()))
}

#[tokio::test]
async fn a_browser_goes_from_entra_to_the_page_and_back() {
    in_browser(Kind::Desktop, async |browser| {
        let world = World::start().await;
        let phone = Phone::new();
        let attempt = world.attempt(&ADA);
        browser.open(&entra_page(&world, &attempt)).await;
        browser.shows("waiting").await;
        let link = browser.attribute("a.on-phone", "href").await.unwrap();
        let account = phone.enrol(&link.parse().unwrap()).await.unwrap().account;
        browser.shows("joined").await;
        let number = browser.attribute("[data-number]", "data-number").await.unwrap();
        phone.approve(waiting(&phone, account).await.id, &number).await.unwrap();
        browser.element("[data-state=entra]").await;
        world.provider.check(&attempt, &world.entra.answer().await);

        let attempt = world.attempt(&ADA);
        browser.open(&entra_page(&world, &attempt)).await;
        browser.shows("pending").await;
        let number = browser.attribute("[data-number]", "data-number").await.unwrap();
        phone.approve(waiting(&phone, account).await.id, &number).await.unwrap();
        browser.element("[data-state=entra]").await;
        assert_eq!(world.provider.check(&attempt, &world.entra.answer().await), "swk");
    })
    .await;
}

#[tokio::test]
async fn a_browser_without_javascript_goes_the_same_way() {
    in_browser(Kind::WithoutScript, async |browser| {
        let world = World::start().await;
        let (phone, account) = world.enrol(&ADA).await;
        let attempt = world.attempt(&ADA);
        browser.open(&entra_page(&world, &attempt)).await;
        browser.click("button").await;
        browser.shows("pending").await;
        let number = browser.attribute("[data-number]", "data-number").await.unwrap();
        phone.approve(waiting(&phone, account).await.id, &number).await.unwrap();
        browser.shows("approved").await;
        browser.shows("posting").await;
        browser.click("button[type=submit]").await;
        browser.element("[data-state=entra]").await;
        world.provider.check(&attempt, &world.entra.answer().await);
    })
    .await;
}
