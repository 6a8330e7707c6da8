//! One address leads back to the flow of the browser that began it, in whichever tab, and never to anybody else's.

use crate::browser::{Kind, in_browser};
use crate::world::in_world;

#[tokio::test]
async fn whatever_is_loaded_again_in_the_middle_is_the_same_sign_in() {
    in_world(
        |_, _| {},
        async |browser, world| {
            let before = world.sign_ins().await;
            world.come_to_page(browser).await;
            let page = browser.address().await;
            for _ in 0..2 {
                browser.open(&world.return_url()).await;
                world.expect_page(browser).await;
                assert_eq!(browser.address().await, page);
            }
            browser.go_back().await;
            browser.open(&world.return_url()).await;
            world.expect_page(browser).await;
            assert_eq!(browser.address().await, page);
            assert_eq!(world.sign_ins().await, before + 1);
            world.approve(browser).await;
            world.expect_token(browser).await;
        },
    )
    .await;
}

#[tokio::test]
async fn the_return_address_is_worth_nothing_in_another_browser() {
    in_world(
        |_, _| {},
        async |browser, world| {
            world.come_to_page(browser).await;
            let page = browser.address().await;
            // Approved, and not collected yet: the page stays away from the application.
            browser.open("about:blank").await;
            browser.open(&page).await;
            world.approve(browser).await;
            in_browser(Kind::Desktop, async |other| {
                other.open(&world.return_url()).await;
                let text = other.text("body").await;
                assert!(text.contains("No sign-in waits in this browser"), "{text}");
                // Nor in one that has begun to sign in by itself.
                world.type_password(other, "ada").await;
                world.expect_page(other).await;
                other.open(&world.return_url()).await;
                world.expect_page(other).await;
            })
            .await;
            world.expect_token(browser).await;
            // It is over, and can't be collected twice.
            browser.open(&world.return_url()).await;
            assert!(browser.text("body").await.contains("No sign-in waits in this browser"));
        },
    )
    .await;
}

#[tokio::test]
async fn of_two_tabs_the_one_whose_sign_in_has_ended_goes_on() {
    in_world(
        |_, _| {},
        async |browser, world| {
            world.come_to_page(browser).await;
            let first = world.request().await.id;
            browser.open_tab().await;
            world.come_to_page(browser).await;
            // The later one waits while the earlier one is denied and comes back.
            world.phone.authenticator.deny(first).await.unwrap();
            browser.go_to_tab(0).await;
            browser.element("main[data-state='denied']").await;
            browser.click("main a.button").await;
            world.expect_ending(browser, "denied").await;
            browser.go_to_tab(1).await;
            world.expect_page(browser).await;
            world.approve(browser).await;
            world.expect_token(browser).await;
        },
    )
    .await;
}
