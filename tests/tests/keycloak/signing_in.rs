//! Password, page, number, back: in the newest and the oldest Keycloak.

use serde_json::json;

use crate::world::{in_oldest_world, in_world};

#[tokio::test]
async fn the_number_typed_at_the_phone_signs_in() {
    in_world(
        |_, _| {},
        async |browser, world| {
            world.come_to_page(browser).await;
            assert!(!browser.address().await.contains("key="), "the key stays in no history");
            let request = world.request().await;
            assert_eq!((request.application.as_str(), request.user.as_str()), ("Ward portal", "ada"));
            assert_eq!(request.ip.as_deref(), Some("127.0.0.1"));
            assert!(
                request.client.is_some_and(|client| client.contains("Chrom")),
                "the phone shows the browser"
            );
            world.approve(browser).await;
            let token = world.expect_token(browser).await;
            assert_eq!(token["preferred_username"], "ada");
            let mut methods: Vec<&str> =
                token["amr"].as_array().unwrap().iter().map(|method| method.as_str().unwrap()).collect();
            methods.sort_unstable();
            assert_eq!(methods, ["mfa", "pwd"]);
            assert!(token["countersign_amr"].as_str().unwrap().starts_with("mfa pop "), "{token}");
        },
    )
    .await;
}

#[tokio::test]
async fn the_same_jar_works_in_the_oldest_keycloak() {
    in_oldest_world(async |browser, world| {
        world.come_to_page(browser).await;
        world.phone.authenticator.deny(world.request().await.id).await.unwrap();
        browser.element("main[data-state='denied']").await;
        browser.click("main a.button").await;
        world.expect_ending(browser, "denied").await;
        browser.click("#countersign-again").await;
        world.expect_page(browser).await;
        world.approve(browser).await;
        assert_eq!(world.expect_token(browser).await["amr"], json!(["pwd", "mfa"]));
    })
    .await;
}

#[tokio::test]
async fn a_one_time_code_signs_in_where_that_is_enough() {
    in_world(
        |_, _| {},
        async |browser, world| {
            world.come_to_page(browser).await;
            browser.click(".foot a").await;
            browser.fill("#code", &world.phone.code(world.account)).await;
            browser.click("#code-form button").await;
            let token = world.expect_token(browser).await;
            assert_eq!(token["countersign_amr"], "otp");
        },
    )
    .await;
}

#[tokio::test]
async fn somebody_whose_phones_rest_comes_to_the_form_for_codes() {
    in_world(
        |_, _| {},
        async |browser, world| {
            let lock = world.service.relying_party().post("/v1/users/ada/lock", json!({})).await;
            lock.unwrap();
            world.come_to_page(browser).await;
            browser.fill("#code", &world.phone.code(world.account)).await;
            browser.click("#code-form button").await;
            assert_eq!(world.expect_token(browser).await["countersign_amr"], "otp");
        },
    )
    .await;
}

#[tokio::test]
async fn a_session_that_is_open_asks_nothing() {
    in_world(
        |_, _| {},
        async |browser, world| {
            world.sign_in(browser).await;
            let before = world.sign_ins().await;
            browser.open(&world.authorize("")).await;
            world.expect_token(browser).await;
            assert_eq!(world.sign_ins().await, before);
        },
    )
    .await;
}
