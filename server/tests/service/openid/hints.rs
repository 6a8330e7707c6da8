//! Who a request is about.

use countersign_protocol::{decode_base64url, encode_base64url};
use countersign_server::Clock;
use serde_json::json;

use super::support::{Browser, Portal, approve, approved_code, authorize, between, jwks, sign_ins, verify};
use crate::support::World;

fn asking(world: &World) -> Portal {
    Portal::with(world, "portal", |columns| {
        columns.insert("settings", json!({"asks_name": true}).to_string());
    })
}

#[tokio::test]
async fn a_name_is_typed_where_the_client_allows_it_and_every_name_gets_the_same_page() {
    let world = World::start().await;
    let portal = asking(&world);
    let phone = world.active_phone("ada").await;
    let mut query = portal.query();
    query.remove("login_hint");
    let mut seen = Vec::new();
    for (index, name) in ["nobody", "ada"].into_iter().enumerate() {
        let mut browser = Browser::new();
        query.insert("nonce", index.to_string());
        let form = browser.open(&world, &authorize(&query)).await;
        assert_eq!((form.state(), sign_ins(&world).await), ("name", index), "nobody is asked yet");
        let action = between(&form.html, "action=\"name?", "\"").unwrap().replace("&amp;", "&");
        let action = format!("/oidc/name?{action}");
        for wrong in
            ["", "name=", "name=+", "name=a%00b", &format!("name={}", "x".repeat(129)), "name=a&name=b"]
        {
            let again = browser.post(&world, &action, wrong).await;
            assert_eq!((again.status.as_u16(), again.state()), (200, "name"), "{wrong}");
        }
        let sent = browser.post(&world, &action, &format!("name=+{name}+")).await;
        let page = browser.open(&world, &sent.location.unwrap()).await;
        // Typed again, by the same person: the first name stands.
        let again = browser.post(&world, &action, "name=eve").await;
        assert_eq!(browser.open(&world, &again.location.unwrap()).await.number(), page.number());
        let mut html = page.html.clone();
        for own in [
            page.sign_in(),
            page.number(),
            &page.number().chars().map(|it| it.to_string()).collect::<Vec<_>>().join(", "),
            name,
        ] {
            html = html.replace(own, "");
        }
        let grouped = between(&html, "aria-hidden=\"true\">", "<").unwrap().to_owned();
        seen.push(html.replace(&grouped, ""));
        if name == "ada" {
            approve(&world, &phone, &page).await;
            assert!(browser.resume(&world, &page).await.answer().contains_key("code"));
        }
    }
    assert_eq!(seen[0], seen[1], "the page says nothing about who exists");
    assert_eq!(sign_ins(&world).await, 2);
}

#[tokio::test]
async fn who_chooses_an_account_is_asked_with_the_hint_in_the_form() {
    let world = World::start().await;
    let portal = asking(&world);
    let mut query = portal.query();
    query.insert("prompt", "select_account".to_owned());
    let form = Browser::new().open(&world, &authorize(&query)).await;
    assert!(form.html.contains("value=\"ada\""), "{}", form.html);
    query.insert("prompt", "login".to_owned());
    assert_eq!(Browser::new().open(&world, &authorize(&query)).await.state(), "pending");
}

#[tokio::test]
async fn another_sites_page_types_no_name() {
    let world = World::start().await;
    let portal = asking(&world);
    let mut query = portal.query();
    query.remove("login_hint");
    let address = format!("{}{}", world.base(), authorize(&query).replace("/authorize?", "/name?"));
    let request = world.http.post(address).header("origin", "https://evil.example").body("name=ada");
    assert_eq!(request.send().await.unwrap().status(), 403);
    assert_eq!(sign_ins(&world).await, 0);
}

#[tokio::test]
async fn an_id_token_names_its_person_again_and_nothing_that_looks_like_one_does() {
    let world = World::start().await;
    let (portal, other) = (Portal::new(&world), Portal::with(&world, "other", |_| {}));
    let phone = world.active_phone("ada").await;
    let code = approved_code(&world, &phone, &portal, "n").await;
    let token = portal.exchange(&world, &code).await.body["id_token"].as_str().unwrap().to_owned();
    let keys = jwks(&world).await;
    let claims = verify(&token, &keys).1;
    let mut query = portal.query();
    query.remove("login_hint");
    let before = sign_ins(&world).await;
    let parts: Vec<&str> = token.split('.').collect();
    let part = |value: &serde_json::Value| encode_base64url(value.to_string());
    let kid = &keys["keys"][0]["kid"];
    let signed = |header: serde_json::Value, claims: &serde_json::Value, secret: &[u8]| {
        let input = format!("{}.{}", part(&header), part(claims));
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret);
        format!("{input}.{}", encode_base64url(ring::hmac::sign(&key, input.as_bytes())))
    };
    let mut eve = claims.clone();
    eve["preferred_username"] = "eve".into();
    let modulus = keys["keys"][0]["n"].as_str().unwrap();
    let forged = [
        format!("{}.{}.", part(&json!({"alg": "none", "kid": kid})), part(&eve)),
        format!("{}.{}.{}", part(&json!({"alg": "none", "kid": kid})), part(&eve), parts[2]),
        // HS256 with what everybody knows: the public key, in each of the ways in which a library may take it.
        signed(json!({"alg": "HS256", "kid": kid}), &eve, modulus.as_bytes()),
        signed(json!({"alg": "HS256", "kid": kid}), &eve, &decode_base64url(modulus).unwrap()),
        signed(json!({"alg": "HS256", "kid": kid}), &eve, keys["keys"][0].to_string().as_bytes()),
        signed(json!({"alg": "RS256", "kid": kid}), &eve, modulus.as_bytes()),
        format!("{}.{}.{}", parts[0], part(&eve), parts[2]),
        format!("{}.{}.{}", part(&json!({"alg": "RS256", "kid": "other"})), parts[1], parts[2]),
        format!("{}.{}", parts[0], parts[1]),
        token[..token.len() - 2].to_owned(),
    ];
    for hint in &forged {
        query.insert("id_token_hint", hint.clone());
        let shown = Browser::new().load(&world, &authorize(&query)).await;
        assert_eq!(shown.error(), "invalid_request", "{hint}");
    }
    query.insert("id_token_hint", token.clone());
    let mut others = query.clone();
    others.insert("client_id", other.id.clone());
    assert_eq!(
        Browser::new().load(&world, &authorize(&others)).await.error(),
        "invalid_request",
        "not its token"
    );
    assert_eq!(sign_ins(&world).await, before, "nobody was asked");
    // Also when it has expired and the key has changed: it is the client's to know.
    countersign_server::rotate_openid_keys(&world.config, false, world.clock.now()).unwrap();
    world.clock.advance_seconds(7 * 86_400);
    let page = Browser::new().open(&world, &authorize(&query)).await;
    assert_eq!(page.state(), "pending");
    assert!(page.html.contains("<dd>ada</dd>"), "{}", page.html);
}
