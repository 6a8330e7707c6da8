//! The main job: from a client's request to tokens.

use countersign_server::Clock;
use serde_json::json;

use super::support::{Browser, PUBLIC, Portal, approve, approved_code, authorize, jwks, sign_ins, verify};
use crate::support::World;

#[tokio::test]
async fn a_person_signs_in_and_the_client_learns_who_and_how() {
    let world = World::start().await;
    let portal = Portal::new(&world);
    let phone = world.active_phone("ada").await;
    let mut browser = Browser::new();
    let page = browser.open(&world, &portal.authorize()).await;
    assert!(page.html.contains("Ward portal") && page.html.contains("ada"));
    let challenge = phone.challenges(&world).await.remove(0);
    assert_eq!(
        (challenge.claims.application.as_str(), challenge.claims.user.as_str()),
        ("Ward portal", "ada")
    );
    assert_eq!(challenge.claims.ip.as_deref(), Some("127.0.0.1"));
    approve(&world, &phone, &page).await;
    world.clock.advance_seconds(3);
    let answer = browser.resume(&world, &page).await.answer();
    assert_eq!(answer["state"], "a state & more");
    let tokens = portal.exchange(&world, &answer["code"]).await;
    let claims = tokens.claims(&world).await;
    let now = world.seconds();
    assert_eq!(
        (&claims["iss"], &claims["aud"], &claims["nonce"]),
        (&json!(PUBLIC), &json!(portal.id), &json!("the nonce"))
    );
    assert_eq!(
        (&claims["iat"], &claims["exp"], &claims["auth_time"]),
        (&json!(now), &json!(now + 300), &json!(now - 3))
    );
    assert_eq!(claims["amr"], json!(["mfa", "pop", "hwk", "fpt"]));
    assert_eq!(claims["acr"], "urn:countersign:acr:two-factor");
    assert_eq!((&claims["preferred_username"], &claims["organisation"]), (&json!("ada"), &json!("default")));
    assert_eq!(claims["sid"], page.sign_in());
    assert_eq!(claims.get("email"), None, "the name isn't an address");
    let (status, info) = tokens.userinfo(&world).await;
    assert_eq!((status.as_u16(), &info["sub"]), (200, &claims["sub"]));
    assert_eq!(info["preferred_username"], "ada");
    assert_eq!(world.audit_outcomes("token.issue").await, ["issued"]);
    world.clock.advance_seconds(300);
    assert_eq!(tokens.userinfo(&world).await.0, 401, "the token has expired");
}

#[tokio::test]
async fn a_name_that_is_an_address_is_the_email_of_those_who_ask_for_it() {
    let world = World::start().await;
    let portal = Portal::new(&world);
    let phone = world.active_phone("ada@leeds.example").await;
    for (scope, email) in [("openid email", json!("ada@leeds.example")), ("openid", json!(null))] {
        let mut browser = Browser::new();
        let mut query = portal.query();
        query.insert("scope", scope.to_owned());
        query.insert("login_hint", "ada@leeds.example".to_owned());
        let page = browser.open(&world, &authorize(&query)).await;
        approve(&world, &phone, &page).await;
        let tokens = portal.exchange(&world, &browser.resume(&world, &page).await.code()).await;
        let claims = tokens.claims(&world).await;
        assert_eq!((&claims["email"], claims.get("email_verified")), (&email, None), "{scope}");
    }
}

#[tokio::test]
async fn what_a_provider_says_of_itself_is_what_it_does() {
    let world = World::start().await;
    let response =
        world.http.get(format!("{}/.well-known/openid-configuration", world.base())).send().await.unwrap();
    let length: usize = response.headers()["content-length"].to_str().unwrap().parse().unwrap();
    let text = response.text().await.unwrap();
    assert_eq!(text.len(), length, "not in pieces: Entra takes no other");
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["issuer"], PUBLIC);
    for (member, path) in [
        ("authorization_endpoint", "/oidc/authorize"),
        ("token_endpoint", "/oidc/token"),
        ("userinfo_endpoint", "/oidc/userinfo"),
        ("jwks_uri", "/oidc/jwks"),
    ] {
        assert_eq!(document[member], format!("{PUBLIC}{path}"));
        let response = world.http.get(format!("{}{path}", world.base())).send().await.unwrap();
        assert_ne!(response.status(), 404, "{path}");
        assert!(response.headers().contains_key("content-length"), "{path}");
    }
    assert_eq!(document["request_uri_parameter_supported"], false);
    for key in jwks(&world).await["keys"].as_array().unwrap() {
        assert_eq!((&key["use"], key["x5c"].as_array().unwrap().len()), (&json!("sig"), 1));
    }
}

#[tokio::test]
async fn a_client_that_wants_es256_gets_it() {
    let world = World::start().await;
    let portal = Portal::with(&world, "portal", |columns| {
        columns.insert("settings", json!({"id_token_signed_response_alg": "ES256"}).to_string());
    });
    let phone = world.active_phone("ada").await;
    let code = approved_code(&world, &phone, &portal, "n").await;
    let tokens = portal.exchange(&world, &code).await;
    let (header, _) = verify(tokens.body["id_token"].as_str().unwrap(), &jwks(&world).await);
    assert_eq!(header["alg"], "ES256");
}

#[tokio::test]
async fn a_one_time_code_signs_in_as_well_and_says_so() {
    let world = World::start().await;
    let portal = Portal::new(&world);
    let phone = world.active_phone("ada").await;
    let mut browser = Browser::new();
    let page = browser.open(&world, &portal.authorize()).await;
    let code = phone.code_at(world.seconds());
    let path = format!("/sign-ins/{}/code", page.sign_in());
    assert_eq!(browser.post(&world, &path, &format!("code={code}")).await.status, 303);
    let tokens = portal.exchange(&world, &browser.resume(&world, &page).await.code()).await;
    let claims = tokens.claims(&world).await;
    assert_eq!((&claims["amr"], &claims["acr"]), (&json!(["otp"]), &json!("urn:countersign:acr:one-factor")));
}

#[tokio::test]
async fn nothing_comes_of_a_sign_in_that_nobody_approves() {
    let world = World::start().await;
    let portal = Portal::new(&world);
    let phone = world.active_phone("ada").await;
    use countersign_protocol::messages::Decision;
    for (index, decision) in [Some(Decision::Deny), Some(Decision::Report), None].into_iter().enumerate() {
        let mut browser = Browser::new();
        let mut query = portal.query();
        query.insert("nonce", index.to_string());
        let page = browser.open(&world, &authorize(&query)).await;
        match decision {
            Some(decision) => {
                let challenge = phone.challenges(&world).await.remove(0);
                phone.decide(&world, &challenge, decision).await.unwrap();
            }
            None => world.clock.advance_seconds(121),
        }
        let ended = browser.load(&world, &format!("/sign-ins/{}", page.sign_in())).await;
        assert!(ended.html.contains("/oidc/resume/"), "the page leads back: {}", ended.html);
        let answer = browser.resume(&world, &page).await;
        assert_eq!((answer.error().as_str(), answer.answer().get("code")), ("access_denied", None));
        let again = browser.open(&world, &authorize(&query)).await;
        assert_eq!(again.error(), "access_denied", "the same request asks nobody again");
    }
    // Cancelled on the page.
    let mut browser = Browser::new();
    let page = browser.open(&world, &portal.authorize()).await;
    assert_eq!(browser.post(&world, &format!("/sign-ins/{}/cancel", page.sign_in()), "").await.status, 303);
    assert_eq!(browser.resume(&world, &page).await.error(), "access_denied");
    assert_eq!(sign_ins(&world).await, 4);
    assert!(world.audit_outcomes("token.issue").await.is_empty());
}

#[tokio::test]
async fn a_sign_in_goes_on_whatever_restarts_or_rolls_over_between_two_steps() {
    let mut world = World::start().await;
    let portal = Portal::new(&world);
    let phone = world.active_phone("ada").await;
    let before = jwks(&world).await;
    let mut browser = Browser::new();
    let sent = browser.load(&world, &portal.authorize()).await;
    world.restart().await;
    let page = browser.open(&world, &sent.location.unwrap()).await;
    countersign_server::rotate_openid_keys(&world.config, false, world.clock.now()).unwrap();
    world.restart().await;
    approve(&world, &phone, &page).await;
    world.restart().await;
    let code = browser.resume(&world, &page).await.code();
    world.restart().await;
    let tokens = portal.exchange(&world, &code).await;
    let claims = verify(tokens.body["id_token"].as_str().unwrap(), &before).1;
    assert_eq!(claims["sid"], page.sign_in(), "the old key signs until the new one is known everywhere");
    world.restart().await;
    assert_eq!(tokens.userinfo(&world).await.0, 200);
    assert_eq!(jwks(&world).await["keys"].as_array().unwrap().len(), 4);
    assert_eq!(sign_ins(&world).await, 1);
}

#[tokio::test]
async fn keys_are_taken_over_from_the_command_line_and_a_leaked_one_is_gone_at_once() {
    let world = World::start().await;
    let first = jwks(&world).await;
    assert_eq!(jwks(&world).await, first, "they are made once");
    countersign_server::rotate_openid_keys(&world.config, true, world.clock.now()).unwrap();
    world.clock.advance_seconds(3);
    world
        .eventually("the new keys", async || {
            let now = jwks(&world).await;
            let old = first["keys"].as_array().unwrap();
            now["keys"].as_array().unwrap().iter().all(|key| !old.contains(key))
        })
        .await;
}
