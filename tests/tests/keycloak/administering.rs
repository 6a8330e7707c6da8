//! What an administrator sets up: what is wrong is refused and said in the log, and secrets stay out of everything.

use reqwest::Method;
use serde_json::Value;

use crate::world::in_world;

#[tokio::test]
async fn a_result_for_somebody_else_signs_nobody_in() {
    in_world(
        |realm, _| config(realm)["countersign.organisation"] = "another hospital".into(),
        async |browser, world| {
            world.come_to_page(browser).await;
            world.approve(browser).await;
            world.expect_ending(browser, "unverified").await;
            assert!(world.keycloak.log().unwrap().contains("its organisation isn't what it must be"));
        },
    )
    .await;
}

#[tokio::test]
async fn a_way_that_is_not_accepted_signs_nobody_in() {
    in_world(
        |realm, _| config(realm)["countersign.codes"] = "false".into(),
        async |browser, world| {
            world.come_to_page(browser).await;
            browser.click(".foot a").await;
            browser.fill("#code", &world.phone.code(world.account)).await;
            browser.click("#code-form button").await;
            let text = world.expect_ending(browser, "method").await;
            assert!(text.contains("doesn't accept the way"), "{text}");
        },
    )
    .await;
}

#[tokio::test]
async fn a_wrong_set_up_is_told_in_the_log_without_its_values() {
    in_world(
        |realm, _| config(realm)["countersign.api-key"] = "not-the-key-of-this-service".into(),
        async |browser, world| {
            world.type_password(browser, "ada").await;
            world.expect_ending(browser, "misconfigured").await;
            let log = world.keycloak.log().unwrap();
            assert!(
                log.contains(&format!("Countersign at {}: it answered 401", world.service.network.url()))
            );
            assert!(!log.contains("not-the-key-of-this-service"));
        },
    )
    .await;
}

#[tokio::test]
async fn nothing_works_over_plain_http_from_elsewhere() {
    in_world(
        |realm, _| config(realm)["countersign.service"] = "http://approve.example".into(),
        async |browser, world| {
            world.type_password(browser, "ada").await;
            world.expect_ending(browser, "misconfigured").await;
            assert!(world.keycloak.log().unwrap().contains("countersign.service must be an https address"));
        },
    )
    .await;
}

#[tokio::test]
async fn secrets_are_neither_shown_to_administrators_nor_logged() {
    in_world(
        |_, _| {},
        async |browser, world| {
            world.sign_in(browser).await;
            let key = &world.api_key;
            let realm = &world.realm;
            let path = format!("/{realm}/authentication/flows/password%20and%20phone/executions");
            let (_, steps) = world.keycloak.administer(Method::GET, &path, None).await.unwrap();
            let step =
                steps.as_array().unwrap().iter().find(|step| step["providerId"] == "countersign").unwrap();
            let path =
                format!("/{realm}/authentication/config/{}", step["authenticationConfig"].as_str().unwrap());
            let (_, shown) = world.keycloak.administer(Method::GET, &path, None).await.unwrap();
            assert_eq!(shown["config"]["countersign.client"], "keycloak");
            assert!(!shown.to_string().contains(key), "{shown}");
            let log = world.keycloak.log().unwrap();
            assert!(!log.contains(key) && !log.contains("?key="), "a secret is in the log");
        },
    )
    .await;
}

#[tokio::test]
async fn people_read_it_in_their_language() {
    in_world(
        |_, _| {},
        async |browser, world| {
            browser.open(&world.authorize("&ui_locales=cy")).await;
            world.type_password_here(browser, "grace").await;
            let text = world.expect_ending(browser, "not_enrolled").await;
            assert!(text.contains("Nid ydych wedi gosod ffôn"), "{text}");
        },
    )
    .await;
}

fn config(realm: &mut Value) -> &mut Value {
    &mut realm["authenticatorConfig"][1]["config"]
}
