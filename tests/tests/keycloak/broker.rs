//! Stock Keycloak with Countersign as its OpenID provider: no authenticator is needed for that.

use countersign_tests::ServiceClient;
use serde_json::{Value, json};

use crate::world::{World, in_world};

#[tokio::test]
async fn countersign_signs_in_as_identity_provider() {
    in_world(broker, async |browser, world| {
        browser.open(&world.authorize("&kc_idp_hint=countersign&login_hint=ada")).await;
        world.expect_page(browser).await;
        let request = world.request().await;
        assert_eq!((request.application.as_str(), request.user.as_str()), ("hospital", "ada"));
        world.approve(browser).await;
        // Nobody was added: the user who was there is linked.
        assert_eq!(world.expect_token(browser).await["email"], "ada@hospital.example");
    })
    .await;
}

#[tokio::test]
async fn a_denial_leads_back_to_keycloaks_form() {
    in_world(broker, async |browser, world| {
        browser.open(&world.authorize("&kc_idp_hint=countersign&login_hint=ada")).await;
        world.expect_page(browser).await;
        world.phone.authenticator.deny(world.request().await.id).await.unwrap();
        browser.element("main[data-state='denied']").await;
        browser.click("main a.button").await;
        browser.element("#username").await;
    })
    .await;
}

fn broker(realm: &mut Value, world: &World) {
    let name = &world.realm;
    let redirect_uri = format!("{}/realms/{name}/broker/countersign/endpoint", world.keycloak.url());
    let config = world.service.config();
    let client = ServiceClient::add(&config, "oidc", "hospital", "sign_in", &redirect_uri).unwrap();
    // What leads to a provider is a step of Keycloak's own flow for browsers.
    let steps = realm["authenticationFlows"][0]["authenticationExecutions"].as_array_mut().unwrap();
    steps.push(json!({
        "authenticator": "identity-provider-redirector", "requirement": "ALTERNATIVE", "priority": 15,
        "authenticatorFlow": false,
    }));
    let provider = &mut realm["identityProviders"][0];
    provider["enabled"] = json!(true);
    let config = provider["config"].as_object_mut().unwrap();
    for value in config.values_mut() {
        if let Some(path) = value.as_str().and_then(|text| text.strip_prefix("https://approve.example")) {
            *value = format!("{}{path}", world.service.network.url()).into();
        }
    }
    config["clientId"] = client.id.into();
    config["clientSecret"] = client.secret.into();
}
