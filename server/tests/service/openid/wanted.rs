//! What a client asks of a sign-in.

use countersign_protocol::messages::{Answer, Decision, UserCheck};
use serde_json::json;

use super::support::{Browser, Portal, Shown, approve, authorize, sign_ins};
use crate::support::World;
use crate::support::phone::Phone;

const TWO_FACTOR: &str = "urn:countersign:acr:two-factor";
const PHONE: &str = "urn:countersign:acr:phone";

fn essential(member: &str, values: &[&str]) -> String {
    json!({ "id_token": { member: { "essential": true, "values": values } } }).to_string()
}

async fn open(world: &World, portal: &Portal, name: &'static str, value: &str) -> (Browser, Shown) {
    let mut browser = Browser::new();
    let mut query = portal.query();
    query.insert(name, value.to_owned());
    let page = browser.open(world, &authorize(&query)).await;
    (browser, page)
}

/// Approves without a check of the person: one factor.
async fn touch(world: &World, phone: &Phone, page: &Shown) {
    let shown = phone.challenges(world).await.remove(0);
    let number = Some(page.number().to_owned());
    let answer =
        Answer { number, user_check: UserCheck::None, ..phone.answer(world, &shown, Decision::Approve) };
    phone.send_answer(world, &phone.approval_key.sign(&answer)).await.unwrap();
}

#[tokio::test]
async fn a_sign_in_that_must_be_on_the_phone_offers_no_code() {
    let world = World::start().await;
    let portal = Portal::new(&world);
    let phone = world.active_phone("ada").await;
    for (name, value) in [("acr_values", PHONE.to_owned()), ("claims", essential("amr", &["hwk", "swk"]))] {
        let (mut browser, page) = open(&world, &portal, name, &value).await;
        assert!(!page.html.contains("Use a code instead"), "{}", page.html);
        let code = phone.code_at(world.seconds());
        browser.post(&world, &format!("/sign-ins/{}/code", page.sign_in()), &format!("code={code}")).await;
        let pending = browser.resume(&world, &page).await;
        assert!(pending.location.unwrap().starts_with("/sign-ins/"), "a code approves nothing");
        approve(&world, &phone, &page).await;
        let tokens = portal.exchange(&world, &browser.resume(&world, &page).await.code()).await;
        let claims = tokens.claims(&world).await;
        let acr = if name == "acr_values" { PHONE } else { TWO_FACTOR };
        assert_eq!(claims["acr"], acr, "{name}");
    }
}

#[tokio::test]
async fn a_sign_in_that_must_be_by_code_asks_no_phone() {
    let world = World::start().await;
    let portal = Portal::new(&world);
    let phone = world.active_phone("ada").await;
    let (mut browser, page) = open(&world, &portal, "claims", &essential("amr", &["otp"])).await;
    assert!(phone.challenges(&world).await.is_empty());
    assert!(page.html.contains("id=\"code-form\"") && !page.html.contains("paused"), "{}", page.html);
    let code = phone.code_at(world.seconds());
    browser.post(&world, &format!("/sign-ins/{}/code", page.sign_in()), &format!("code={code}")).await;
    assert!(browser.resume(&world, &page).await.answer().contains_key("code"));
}

#[tokio::test]
async fn what_no_method_of_the_client_can_meet_asks_nobody() {
    let world = World::start().await;
    let portal = Portal::with(&world, "portal", |columns| {
        columns.insert("methods", "code".to_owned());
    });
    world.active_phone("ada").await;
    let (_, shown) = open(&world, &portal, "acr_values", TWO_FACTOR).await;
    assert_eq!(shown.error(), "unmet_authentication_requirements");
    let (_, shown) = open(&world, &portal, "claims", &essential("amr", &["fpt"])).await;
    assert_eq!(shown.error(), "unmet_authentication_requirements");
    assert_eq!(sign_ins(&world).await, 0);
}

#[tokio::test]
async fn an_essential_context_that_was_not_met_signs_nobody_in() {
    let world = World::start().await;
    let portal = Portal::new(&world);
    let phone = world.active_phone("ada").await;
    let (mut browser, page) = open(&world, &portal, "claims", &essential("acr", &[TWO_FACTOR])).await;
    touch(&world, &phone, &page).await;
    assert_eq!(browser.resume(&world, &page).await.error(), "unmet_authentication_requirements");
    // Where it is a wish, the client learns what was proven.
    let (mut browser, page) = open(&world, &portal, "acr_values", TWO_FACTOR).await;
    touch(&world, &phone, &page).await;
    let tokens = portal.exchange(&world, &browser.resume(&world, &page).await.code()).await;
    let claims = tokens.claims(&world).await;
    assert_eq!((&claims["acr"], &claims["amr"]), (&json!(PHONE), &json!(["pop", "hwk", "user"])));
}

#[tokio::test]
async fn another_person_than_the_one_wanted_is_not_asked() {
    let world = World::start().await;
    let portal = Portal::new(&world);
    let phone = world.active_phone("ada").await;
    let (mut browser, page) = open(&world, &portal, "max_age", "0").await;
    approve(&world, &phone, &page).await;
    let tokens = portal.exchange(&world, &browser.resume(&world, &page).await.code()).await;
    let sub = tokens.claims(&world).await["sub"].as_str().unwrap().to_owned();
    let wanted = |sub: &str| json!({ "id_token": { "sub": { "value": sub } } }).to_string();
    let (_, shown) = open(&world, &portal, "claims", &wanted("somebody-else")).await;
    assert_eq!((shown.error().as_str(), sign_ins(&world).await), ("login_required", 1));
    let (_, page) = open(&world, &portal, "claims", &wanted(&sub)).await;
    assert_eq!(page.state(), "pending");
}
