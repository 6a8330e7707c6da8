//! Hints that Entra didn't issue, or not for this: nothing is shown or pushed.

use countersign_authenticator::protocol::encode_base64url;
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};

use crate::keys::Key;
use crate::stand_in::{ADA, Attempt, GUEST, TENANT};
use crate::world::World;

async fn refused(world: &World, attempt: &Attempt, error: &str) {
    let visitor = world.visit(attempt).await;
    let (_, answer) = visitor.posted_form().expect("Entra is told");
    assert_eq!(answer["error"], error);
    assert_eq!(answer.get("state"), attempt.form.get("state"));
}

#[tokio::test]
async fn a_hint_of_or_for_somebody_else_signs_nobody_in() {
    let world = World::start().await;
    let now = world.entra.claims(&ADA)["iat"].as_u64().unwrap();
    let other = TENANT.replace('9', "8");
    let set = |name: &'static str, value: Value| world.hinted(&ADA, move |claims| claims[name] = value);
    let without = |name: &'static str| {
        world.hinted(&ADA, move |claims| {
            claims.as_object_mut().unwrap().remove(name);
        })
    };
    let client_id = world.provider.client_id.clone();
    for attempt in [
        set("aud", json!(client_id)),
        set("aud", json!("another")),
        set("iss", json!(world.entra.issuer().replace(TENANT, &other))),
        set("iss", json!(format!("https://login.microsoftonline.com/{TENANT}/v2.0"))),
        set("tid", json!(other)),
        without("tid"),
        without("oid"),
        set("oid", json!("ada")),
        without("sub"),
        set("ver", json!("1.0")),
        // Ten minutes and the clocks' two are over.
        set("iat", json!(now - 721)),
        set("iat", json!(now + 130)),
        set("nbf", json!(now + 130)),
    ] {
        refused(&world, &attempt, "access_denied").await;
    }
    world.nothing_happened().await;
}

#[tokio::test]
async fn a_hint_that_is_not_signed_by_the_tenants_key_signs_nobody_in() {
    let world = World::start().await;
    let claims = world.entra.claims(&ADA);
    let forge = |header: Value, sign: &dyn Fn(&str) -> Vec<u8>| {
        let input =
            format!("{}.{}", encode_base64url(header.to_string()), encode_base64url(claims.to_string()));
        let signature = encode_base64url(sign(&input));
        world.attempt(&ADA).with("id_token_hint", format!("{input}.{signature}"))
    };
    let by_public_key = |input: &str| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &world.entra.key.modulus());
        hmac::sign(&key, input.as_bytes()).as_ref().to_vec()
    };
    let good = world.attempt(&ADA).form["id_token_hint"].clone();
    for attempt in [
        world.attempt(&ADA).with("id_token_hint", Key::make("first").sign(&claims)),
        world.attempt(&ADA).with("id_token_hint", Key::make("unknown").sign(&claims)),
        forge(json!({ "alg": "none", "kid": "first" }), &|_| Vec::new()),
        forge(json!({ "alg": "HS256", "kid": "first" }), &by_public_key),
        world.attempt(&ADA).with("id_token_hint", "not.a.token"),
        world.attempt(&ADA).with("id_token_hint", good[..good.len() - 3].to_owned()),
    ] {
        refused(&world, &attempt, "access_denied").await;
    }
    world.nothing_happened().await;
    assert!(world.entra.fetches() <= 2, "garbage doesn't make the service fetch");
}

/// Anybody can turn a signature by ES256 into another one that verifies, and so a used hint into a new one.
#[tokio::test]
async fn a_hint_by_es256_signs_nobody_in_although_the_key_is_the_tenants() {
    let world = World::start().await;
    let random = SystemRandom::new();
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    let pair =
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random).unwrap();
    let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
    let issuer = world.entra.template();
    let public = json!({
        "kty": "EC", "use": "sig", "kid": "curve", "crv": "P-256", "x": encode_base64url(x), "y": encode_base64url(y),
        "issuer": issuer,
    });
    world.entra.publish([world.entra.key.public(&issuer), public]);
    let header = json!({ "typ": "JWT", "alg": "ES256", "kid": "curve" }).to_string();
    let claims = world.entra.claims(&ADA).to_string();
    let input = format!("{}.{}", encode_base64url(header), encode_base64url(claims));
    let signature = encode_base64url(pair.sign(&random, input.as_bytes()).unwrap());
    let attempt = world.attempt(&ADA).with("id_token_hint", format!("{input}.{signature}"));
    refused(&world, &attempt, "access_denied").await;
    world.nothing_happened().await;
    assert_eq!(world.entra.fetches(), 0, "it isn't worth a fetch");
}

#[tokio::test]
async fn keys_sign_for_whom_entra_says() {
    for (issuer, is_taken) in [
        (format!("AUTHORITY/{TENANT}/v2.0"), true),
        ("AUTHORITY/{tenantid}/v2.0".to_owned(), true),
        ("https://login.microsoftonline.com/{tenantid}/v2.0".to_owned(), false),
        (format!("AUTHORITY/{}/v2.0", TENANT.replace('9', "8")), false),
    ] {
        let world = World::start().await;
        let issuer = issuer.replace("AUTHORITY", &world.entra.authority);
        world.entra.publish([world.entra.key.public(&issuer)]);
        let visitor = world.visit(&world.attempt(&ADA)).await;
        assert_eq!(visitor.state(), if is_taken { "waiting" } else { "posting" }, "{issuer}");
    }
}

#[tokio::test]
async fn an_app_with_keys_of_its_own_is_asked_for_them() {
    let world = World::start().await;
    let own = Key::make("own");
    world.entra.publish_for_app([own.public(&world.entra.template())]);
    let attempt = world.attempt(&ADA).with("id_token_hint", own.sign(&world.entra.claims(&ADA)));
    assert_eq!(world.visit(&attempt).await.state(), "waiting");
}

#[tokio::test]
async fn entra_rolls_its_keys_without_notice() {
    let world = World::start().await;
    assert_eq!(world.visit(&world.attempt(&ADA)).await.state(), "waiting");
    let next = Key::make("next");
    world.entra.publish([next.public(&world.entra.template())]);
    world.advance(std::time::Duration::from_secs(30));
    let attempt = world.attempt(&GUEST).with("id_token_hint", next.sign(&world.entra.claims(&GUEST)));
    assert_eq!(world.visit(&attempt).await.state(), "waiting");
    assert_eq!(world.entra.fetches(), 2);
}

#[tokio::test]
async fn entra_is_told_to_try_later_while_its_keys_cannot_be_had() {
    let world = World::start().await;
    world.entra.set_down(true);
    refused(&world, &world.attempt(&ADA), "temporarily_unavailable").await;
    world.nothing_happened().await;
    world.entra.set_down(false);
    world.advance(std::time::Duration::from_secs(30));
    assert_eq!(world.visit(&world.attempt(&ADA)).await.state(), "waiting");
}

#[tokio::test]
async fn clocks_may_differ_by_two_minutes() {
    let world = World::start().await;
    for (person, difference) in [(&ADA, -119_i64), (&GUEST, 119)] {
        let attempt = world.hinted(person, |claims| {
            for name in ["iat", "nbf", "exp"] {
                claims[name] = json!(claims[name].as_i64().unwrap() + difference);
            }
        });
        assert_eq!(world.visit(&attempt).await.state(), "waiting", "{difference}");
    }
}
