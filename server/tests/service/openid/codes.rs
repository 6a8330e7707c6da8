//! Codes, and what they are exchanged for.

use super::support::{Browser, Portal, approve, approved_code, authorize, encode, token, token_with};
use crate::support::World;

const REFUSED: (u16, &str) = (400, "invalid_grant");

#[tokio::test]
async fn a_code_that_is_used_twice_ends_what_it_has_brought() {
    let world = World::start().await;
    let portal = Portal::new(&world);
    let phone = world.active_phone("ada").await;
    let code = approved_code(&world, &phone, &portal, "n").await;
    let tokens = portal.exchange(&world, &code).await;
    assert_eq!(tokens.userinfo(&world).await.0, 200);
    assert_eq!(portal.exchange(&world, &code).await.error(), REFUSED);
    assert_eq!(tokens.userinfo(&world).await.0, 401);
    assert_eq!(world.audit_outcomes("token.issue").await, ["issued", "code_reused"]);
    // Also by somebody who hasn't the verifier, and after its time.
    let code = approved_code(&world, &phone, &portal, "m").await;
    let tokens = portal.exchange(&world, &code).await;
    world.clock.advance_seconds(100);
    let mut form = portal.grant(&code);
    form.insert("code_verifier", "x".repeat(43));
    assert_eq!(token(&world, &form).await.error(), REFUSED);
    assert_eq!(tokens.userinfo(&world).await.0, 401);
}

#[tokio::test]
async fn a_code_is_good_for_its_client_and_its_verifier_and_its_address_for_a_minute() {
    let world = World::start().await;
    let portal = Portal::new(&world);
    let other = Portal::with(&world, "other", |_| {});
    let phone = world.active_phone("ada").await;
    let code = approved_code(&world, &phone, &portal, "n").await;
    assert_eq!(other.exchange(&world, &code).await.error(), REFUSED);
    for (name, value) in [
        ("code_verifier", "0123456789-._~abcdefghijklmnopqrstuvwxyzABCDEG".to_owned()),
        ("code_verifier", "short".to_owned()),
        ("redirect_uri", "https://portal.example/other".to_owned()),
        ("code", format!("{code}x")),
    ] {
        let mut form = portal.grant(&code);
        form.insert(name, value);
        assert_eq!(token(&world, &form).await.error(), REFUSED, "{name}");
    }
    for name in ["code", "code_verifier", "redirect_uri", "grant_type"] {
        let mut form = portal.grant(&code);
        form.remove(name);
        assert_eq!(token(&world, &form).await.error(), (400, "invalid_request"), "{name}");
    }
    let mut form = portal.grant(&code);
    form.insert("grant_type", "password".to_owned());
    assert_eq!(token(&world, &form).await.error(), (400, "unsupported_grant_type"));
    let twice = format!("{}&code={code}", encode(&portal.grant(&code)));
    assert_eq!(token_with(&world, None, &twice).await.error(), (400, "invalid_request"));
    // None of these has used it up.
    world.clock.advance_seconds(59);
    assert_eq!(portal.exchange(&world, &code).await.status, 200);
    let code = approved_code(&world, &phone, &portal, "m").await;
    world.clock.advance_seconds(60);
    assert_eq!(portal.exchange(&world, &code).await.error(), REFUSED);
}

#[tokio::test]
async fn a_reply_that_was_lost_is_made_up_for_and_one_code_counts() {
    let world = World::start().await;
    let portal = Portal::new(&world);
    let phone = world.active_phone("ada").await;
    let mut browser = Browser::new();
    let page = browser.open(&world, &portal.authorize()).await;
    approve(&world, &phone, &page).await;
    let lost = browser.resume(&world, &page).await.code();
    let code = browser.resume(&world, &page).await.code();
    let tokens = portal.exchange(&world, &code).await;
    assert_eq!(tokens.status, 200);
    assert_eq!(portal.exchange(&world, &lost).await.error(), REFUSED);
    assert_eq!(tokens.userinfo(&world).await.0, 200, "nobody has used a code twice");
    let finished = browser.resume(&world, &page).await;
    assert_eq!((finished.status.as_u16(), finished.state()), (200, "finished"));
    assert_eq!(browser.open(&world, &portal.authorize()).await.state(), "finished");
}

#[tokio::test]
async fn an_approval_is_used_within_minutes() {
    let world = World::start().await;
    let portal = Portal::new(&world);
    let phone = world.active_phone("ada").await;
    let mut browser = Browser::new();
    let page = browser.open(&world, &portal.authorize()).await;
    approve(&world, &phone, &page).await;
    world.clock.advance_seconds(300);
    assert_eq!(browser.resume(&world, &page).await.error(), "access_denied");
}

#[tokio::test]
async fn nothing_is_given_to_a_client_that_was_revoked_meanwhile() {
    let world = World::start().await;
    let phone = world.active_phone("ada").await;
    let portal = Portal::new(&world);
    let code = approved_code(&world, &phone, &portal, "n").await;
    let tokens = portal.exchange(&world, &code).await;
    let code = approved_code(&world, &phone, &portal, "m").await;
    let mut browser = Browser::new();
    let page = browser.open(&world, &portal.authorize()).await;
    portal.revoke(&world);
    assert_eq!(tokens.userinfo(&world).await.0, 401);
    assert_eq!(portal.exchange(&world, &code).await.error(), (401, "invalid_client"));
    approve(&world, &phone, &page).await;
    let shown = browser.resume(&world, &page).await;
    assert_eq!((shown.status.as_u16(), shown.location), (400, None));
    let mut query = portal.query();
    query.insert("nonce", "o".to_owned());
    assert_eq!(Browser::new().load(&world, &authorize(&query)).await.status, 400);
}
