//! What a stranger can use up of somebody else's account: the stranger's own share.

use countersign_protocol::messages::Decision;
use serde_json::json;

use crate::support::phone::{Phone, wrong_code};
use crate::support::{SignIn, World};

const STRANGER: &str = "203.0.113.9";
const PERSON: &str = "192.0.2.7";

async fn signs_in_by_code(world: &World, phone: &Phone, ip: &str) {
    world.clock.advance_seconds(30);
    let sign_in = world.start_sign_in_from("ada", ip).await;
    let approved = world.give_code(&sign_in, &phone.code_at(world.seconds())).await.ok();
    assert_eq!(approved["state"], "approved");
}

async fn signs_in_by_phone(world: &World, phone: &Phone, ip: &str) {
    let sign_in = world.start_sign_in_from("ada", ip).await;
    assert_eq!(sign_in.0["push"], "asked");
    let shown = phone.challenges(world).await;
    let shown = shown.iter().find(|shown| shown.claims.id.to_string() == sign_in.id()).unwrap();
    phone.approve(world, shown, sign_in.number()).await.unwrap();
    assert_eq!(world.state_of(&sign_in.0).await, "approved");
}

#[tokio::test]
async fn open_sign_ins_of_a_stranger_keep_nobody_out() {
    let world = World::start().await;
    let phone = world.active_phone("ada").await;
    for _ in 0..20 {
        world.start_sign_in_from("ada", STRANGER).await;
    }
    assert_eq!(phone.challenges(&world).await.len(), 5, "the stranger's share");
    signs_in_by_phone(&world, &phone, PERSON).await;
    signs_in_by_code(&world, &phone, PERSON).await;
    // From the stranger's own network, or where none is named, a right code gets in as well.
    signs_in_by_code(&world, &phone, STRANGER).await;
    let body = json!({"user": "ada", "application": "Ward portal"});
    for _ in 0..20 {
        world.post("/v1/sign-ins", body.clone()).await.created();
    }
    world.clock.advance_seconds(30);
    let sign_in = SignIn(world.post("/v1/sign-ins", body).await.created());
    assert_eq!(sign_in.0["push"], "limited");
    assert_eq!(world.give_code(&sign_in, &phone.code_at(world.seconds())).await.ok()["state"], "approved");
}

#[tokio::test]
async fn pushes_that_a_stranger_has_used_up_are_the_strangers() {
    let world = World::start().await;
    let phone = world.active_phone("ada").await;
    for asked in 0..30 {
        let sign_in = world.start_sign_in_from("ada", STRANGER).await;
        assert_eq!(sign_in.0["push"] == "asked", asked < 10, "{asked}");
        for shown in phone.challenges(&world).await {
            phone.decide(&world, &shown, Decision::Deny).await.unwrap();
        }
    }
    signs_in_by_phone(&world, &phone, PERSON).await;
    // A success is no success of the stranger's.
    assert_eq!(world.start_sign_in_from("ada", STRANGER).await.0["push"], "limited");
    signs_in_by_phone(&world, &phone, PERSON).await;
}

#[tokio::test]
async fn many_strangers_leave_a_source_that_the_person_has_used_its_share() {
    let world = World::start().await;
    let phone = world.active_phone("ada").await;
    signs_in_by_code(&world, &phone, PERSON).await;
    let mut asked = 0;
    for stranger in 0..40 {
        for _ in 0..3 {
            let sign_in = world.start_sign_in_from("ada", &format!("203.0.113.{stranger}")).await;
            asked += u32::from(sign_in.0["push"] == "asked");
        }
        for shown in phone.challenges(&world).await {
            phone.decide(&world, &shown, Decision::Deny).await.unwrap();
        }
    }
    assert_eq!(asked, 20);
    signs_in_by_phone(&world, &phone, PERSON).await;
    // Elsewhere the person has the code, and from then on the phone as well.
    assert_eq!(world.start_sign_in_from("ada", "198.51.100.4").await.0["push"], "limited");
    signs_in_by_code(&world, &phone, "198.51.100.4").await;
    signs_in_by_phone(&world, &phone, "198.51.100.4").await;
}

#[tokio::test]
async fn wrong_codes_make_wait_where_they_were_typed() {
    let world = World::start().await;
    let phone = world.active_phone("ada").await;
    for stranger in 0..30 {
        let sign_in = world.start_sign_in_from("ada", &format!("203.0.113.{stranger}")).await;
        for _ in 0..5 {
            let reply = world.give_code(&sign_in, &wrong_code(&world, &[&phone])).await;
            assert_eq!(reply.refused(), (409, "wrong_code"));
        }
        let right = world.give_code(&sign_in, &phone.code_at(world.seconds())).await;
        assert_eq!(right.refused(), (429, "throttled"), "the stranger waits, right or wrong");
    }
    // A hundred and fifty wrong codes from thirty networks: the person gets in with two, at once.
    let sign_in = world.start_sign_in_from("ada", PERSON).await;
    let first = world.give_code(&sign_in, &phone.code_at(world.seconds())).await;
    assert_eq!(first.refused(), (409, "next_code"));
    world.clock.advance_seconds(30);
    let second = world.give_code(&sign_in, &phone.code_at(world.seconds())).await.ok();
    assert_eq!(second["state"], "approved");
    signs_in_by_phone(&world, &phone, PERSON).await;
}

#[tokio::test]
async fn codes_by_themselves_are_counted_by_the_address_that_is_named() {
    let world = World::start().await;
    let phone = world.active_phone("ada").await;
    let verify = async |code: &str, ip: &str| {
        world.post("/v1/codes/verify", json!({"user": "ada", "code": code, "ip": ip})).await
    };
    for _ in 0..5 {
        assert_eq!(verify(&wrong_code(&world, &[&phone]), STRANGER).await.ok()["valid"], false);
    }
    let right = phone.code_at(world.seconds());
    assert_eq!(verify(&right, STRANGER).await.refused(), (429, "throttled"));
    assert_eq!(verify(&right, "::ffff:203.0.113.9").await.refused(), (429, "throttled"), "the same address");
    assert_eq!(verify(&right, PERSON).await.ok()["valid"], true);
}

#[tokio::test]
async fn names_that_do_not_exist_are_slowed_down_alike() {
    let world = World::start().await;
    let phone = world.active_phone("ada").await;
    for user in ["ada", "nobody"] {
        let mut replies = Vec::new();
        for _ in 0..7 {
            let body = json!({"user": user, "code": wrong_code(&world, &[&phone])});
            replies.push(world.post("/v1/codes/verify", body).await.status.as_u16());
        }
        assert_eq!(replies, [200, 200, 200, 200, 200, 429, 429], "{user}");
    }
}
