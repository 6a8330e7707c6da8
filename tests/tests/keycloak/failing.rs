//! Whatever isn't an approval signs nobody in, says what to do, and asks the phone again only when the person wants it.

use std::time::Duration;

use countersign_authenticator::approvals::MatchProof;
use countersign_tests::Fault;

use crate::browser::Browser;
use crate::world::{in_world, number};

#[tokio::test]
async fn a_denial_is_shown_and_only_the_person_asks_again() {
    in_world(
        |_, _| {},
        async |browser, world| {
            world.come_to_page(browser).await;
            world.phone.authenticator.deny(world.request().await.id).await.unwrap();
            browser.element("main[data-state='denied']").await;
            browser.click("main a.button").await;
            let text = world.expect_ending(browser, "denied").await;
            assert!(text.contains("You turned this sign-in down"), "{text}");
            assert!(text.contains("Call the IT service desk"), "the administrator's words: {text}");

            let before = world.sign_ins().await;
            browser.reload().await;
            world.expect_ending(browser, "denied").await;
            browser.open(&world.return_url()).await;
            world.expect_ending(browser, "denied").await;
            assert_eq!(world.sign_ins().await, before, "loading the page again asks nobody");

            browser.click("#countersign-again").await;
            world.expect_page(browser).await;
            world.approve(browser).await;
            world.expect_token(browser).await;
            assert_eq!(world.sign_ins().await, before + 1);
        },
    )
    .await;
}

#[tokio::test]
async fn reports_wrong_numbers_and_the_end_of_time_are_told_apart() {
    in_world(
        |_, _| {},
        async |browser, world| {
            world.type_password(browser, "ada").await;
            for (state, said) in
                [("reported", "change it"), ("failed", "wasn't the one on the page"), ("expired", "in time")]
            {
                world.expect_page(browser).await;
                let request = world.request().await.id;
                match state {
                    "reported" => drop(world.phone.authenticator.report(request).await.unwrap()),
                    "failed" => {
                        let number = number(browser).await;
                        let other = if number.starts_with('1') { "2" } else { "1" };
                        let proof = MatchProof::Number(format!("{other}{}", &number[1..]));
                        world.phone.authenticator.approve(request, proof).await.unwrap();
                    }
                    _ => world.service.advance(Duration::from_secs(121)),
                }
                browser.element(&format!("main[data-state='{state}']")).await;
                browser.click("main a.button").await;
                let text = world.expect_ending(browser, state).await;
                assert!(text.contains(said), "{text}");
                browser.click("#countersign-again").await;
            }
            world.expect_page(browser).await;
        },
    )
    .await;
}

#[tokio::test]
async fn a_service_that_is_away_lets_nobody_in_and_goes_on_afterwards() {
    in_world(
        |_, _| {},
        async |browser, mut world| {
            world.service.stop().await;
            world.type_password(browser, "ada").await;
            let text = world.expect_ending(browser, "unavailable").await;
            assert!(text.contains("Wait a minute"), "{text}");
            press_again(browser).await;
            world.expect_ending(browser, "unavailable").await;
            world.service.restart().await;
            browser.click("#countersign-again").await;
            world.expect_page(browser).await;
            world.approve(browser).await;
            world.expect_token(browser).await;
        },
    )
    .await;
}

#[tokio::test]
async fn a_lost_reply_asks_the_phone_once() {
    in_world(
        |_, _| {},
        async |browser, world| {
            browser.open(&world.authorize("")).await;
            browser.element("#username").await;
            let before = world.sign_ins().await;
            world.service.network.next(&[Fault::LoseReply]).await;
            world.type_password_here(browser, "ada").await;
            world.expect_ending(browser, "unavailable").await;
            assert!(world.service.network.all_faults_happened());
            browser.click("#countersign-again").await;
            world.expect_page(browser).await;
            assert_eq!(world.sign_ins().await, before + 1);
            world.approve(browser).await;
            world.expect_token(browser).await;
        },
    )
    .await;
}

#[tokio::test]
async fn clocks_may_be_minutes_apart() {
    in_world(
        |_, _| {},
        async |browser, world| {
            // To Keycloak, the result comes from the future.
            world.service.advance(Duration::from_secs(120));
            world.sign_in(browser).await;
        },
    )
    .await;
}

#[tokio::test]
async fn clocks_that_are_further_apart_sign_nobody_in() {
    in_world(
        |_, _| {},
        async |browser, world| {
            world.service.advance(Duration::from_secs(600));
            world.come_to_page(browser).await;
            world.approve(browser).await;
            let text = world.expect_ending(browser, "unverified").await;
            assert!(text.contains("couldn't be verified"), "{text}");
            assert!(world.keycloak.log().unwrap().contains("its iat isn't what it must be"));
        },
    )
    .await;
}

/// Asks again, and waits for the page that comes of it.
async fn press_again(browser: &Browser) {
    browser.run("document.body.dataset.left = 'yes'").await;
    browser.click("#countersign-again").await;
    browser.element("body:not([data-left])").await;
}
