//! How failures slow an account down, and one-time codes.

use countersign_protocol::messages::ProblemCode;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::phone::Phone;
use crate::support::{Reply, World};

async fn verify(world: &World, code: &str) -> Reply {
    world.post("/v1/codes/verify", json!({"user": "ada", "code": code})).await
}

/// A code that is wrong at any step near now.
fn wrong_code(world: &World, phone: &Phone) -> String {
    let near: Vec<_> = (0..16).map(|step| phone.code_at(world.seconds() + step * 30 - 240)).collect();
    (0..).map(|code| format!("{code:06}")).find(|code| !near.contains(code)).unwrap()
}

#[tokio::test]
async fn wrong_numbers_and_wrong_codes_count_together_and_a_new_sign_in_or_device_resets_nothing() {
    let world = World::start().await;
    let phone = world.active_phone("ada").await;
    for _ in 0..3 {
        let (sign_in, shown) = world.ask("ada", &phone).await;
        phone.approve(&world, &shown, &sign_in.wrong_number()).await.unwrap();
    }
    let wrong = wrong_code(&world, &phone);
    assert_eq!(verify(&world, &wrong).await.ok()["valid"], false);
    // A new device, activated by a right number, proves nothing about the guesses before.
    let tablet = world.active_phone("ada").await;
    assert_eq!(verify(&world, &wrong).await.ok()["valid"], false);

    let throttled = verify(&world, &phone.code_at(world.seconds())).await;
    assert_eq!(throttled.refused(), (429, "throttled"));
    assert_eq!(throttled.body["error"]["retry_at"], world.seconds() + 30);
    let (sign_in, shown) = world.ask("ada", &tablet).await;
    let problem = tablet.approve(&world, &shown, sign_in.number()).await.unwrap_err();
    assert_eq!((problem.code, problem.retry_after), (ProblemCode::Throttled, Some(30_000)));
    tablet.decide(&world, &shown, countersign_protocol::messages::Decision::Deny).await.unwrap();

    // Other accounts, also of other organisations, are untouched.
    let other = world.active_phone("grace").await;
    let body = json!({"user": "grace", "code": other.code_at(world.seconds())});
    assert_eq!(world.post("/v1/codes/verify", body).await.ok()["valid"], true);

    world.clock.advance_seconds(30);
    let (sign_in, shown) = world.ask("ada", &tablet).await;
    tablet.approve(&world, &shown, sign_in.number()).await.unwrap();
    for _ in 0..4 {
        assert_eq!(verify(&world, &wrong).await.ok()["valid"], false, "a success has reset the count");
    }
}

#[tokio::test]
async fn locks_grow_and_at_a_hundred_only_an_administrator_helps() {
    let mut world = World::start().await;
    let phone = world.active_phone("ada").await;
    let mut locks = Vec::new();
    for _ in 0..100 {
        let wrong = wrong_code(&world, &phone);
        assert_eq!(verify(&world, &wrong).await.ok()["valid"], false);
        let reply = verify(&world, &wrong_code(&world, &phone)).await;
        match reply.body["error"]["retry_at"].as_u64() {
            Some(until) => {
                locks.push(until - world.seconds());
                world.clock.advance_seconds(until - world.seconds());
            }
            None if reply.status == 429 => break,
            None => {}
        }
    }
    assert_eq!(locks[..6], [30, 60, 120, 240, 480, 900]);
    world.clock.advance_seconds(365 * 24 * 3600);
    assert_eq!(verify(&world, &phone.code_at(world.seconds())).await.refused(), (429, "locked"));
    let (sign_in, shown) = world.ask("ada", &phone).await;
    let problem = phone.approve(&world, &shown, sign_in.number()).await.unwrap_err();
    assert_eq!((problem.code, problem.retry_after), (ProblemCode::Throttled, None));
    world.restart().await;
    assert_eq!(verify(&world, &phone.code_at(world.seconds())).await.refused(), (429, "locked"));

    assert_eq!(world.request(Method::POST, "/v1/users/ada/unlock", None).await.status, 204);
    assert_eq!(verify(&world, &phone.code_at(world.seconds())).await.ok()["valid"], true);
    assert_eq!(world.audit_outcomes("user.unlock").await, ["unlocked"]);
}

#[tokio::test]
async fn codes_are_right_within_one_step_and_a_drift_is_remembered() {
    let world = World::start().await;
    let phone = world.active_phone("ada").await;
    let at = |steps: i64| phone.code_at(world.seconds().saturating_add_signed(steps * 30));
    assert_eq!(verify(&world, &at(-2)).await.ok()["valid"], false);
    assert_eq!(verify(&world, &at(2)).await.ok()["valid"], false);
    assert_eq!(verify(&world, &at(-1)).await.ok()["valid"], true);
    assert_eq!(verify(&world, &at(-1)).await.ok()["valid"], false, "never the same step twice");
    world.clock.advance_seconds(60);
    // One step behind is known now: two behind is within the window, one ahead isn't.
    assert_eq!(verify(&world, &at(-2)).await.ok()["valid"], true);
    world.clock.advance_seconds(60);
    assert_eq!(verify(&world, &at(0)).await.ok()["valid"], false);
    assert_eq!(verify(&world, &at(-1)).await.ok()["valid"], true);
}

#[tokio::test]
async fn an_earlier_step_is_refused_after_a_later_one() {
    let world = World::start().await;
    let phone = world.active_phone("ada").await;
    let (now, before) = (phone.code_at(world.seconds()), phone.code_at(world.seconds() - 30));
    assert_eq!(verify(&world, &now).await.ok()["valid"], true);
    assert_eq!(verify(&world, &before).await.ok()["valid"], false);
}

#[tokio::test]
async fn the_same_code_at_the_same_time_is_accepted_once() {
    let world = World::start().await;
    let phone = world.active_phone("ada").await;
    let code = phone.code_at(world.seconds());
    let replies = futures_util::future::join_all((0..4).map(|_| verify(&world, &code))).await;
    let accepted = replies.into_iter().filter(|reply| reply.body["valid"] == true).count();
    assert_eq!(accepted, 1);
}

#[tokio::test]
async fn a_text_that_is_no_code_is_refused_and_not_counted() {
    let world = World::start().await;
    let phone = world.active_phone("ada").await;
    for _ in 0..3 {
        for code in ["", "12345", "1234567", "abcdef", "１２３４５６"] {
            assert_eq!(verify(&world, code).await.refused(), (422, "invalid"));
        }
    }
    assert_eq!(verify(&world, &phone.code_at(world.seconds())).await.ok()["valid"], true);
}

#[tokio::test]
async fn a_sign_in_takes_ten_codes_at_most() {
    let world = World::start().await;
    let phone = world.active_phone("ada").await;
    let sign_in = world.start_sign_in("ada").await;
    let path = format!("/v1/sign-ins/{}/code", sign_in["id"].as_str().unwrap());
    let mut replies = Vec::new();
    for _ in 0..12 {
        let wrong = json!({"code": wrong_code(&world, &phone)});
        replies.push(world.post(&path, wrong).await.refused().1.to_owned());
    }
    let expected = [vec!["wrong_code"; 5], vec!["throttled"; 5], vec!["too_many_codes"; 2]].concat();
    assert_eq!(replies, expected);
}

#[tokio::test]
async fn a_sign_in_for_nobody_looks_like_any_other_and_is_never_approved() {
    let world = World::start().await;
    let phone = world.active_phone("ada").await;
    let nobody = world.start_sign_in("nobody").await;
    let ada = world.start_sign_in("ada").await;
    let fields = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(fields(&nobody), fields(&ada));
    let path = format!("/v1/sign-ins/{}/code", nobody["id"].as_str().unwrap());
    let reply = world.post(&path, json!({"code": phone.code_at(world.seconds())})).await;
    assert_eq!(reply.refused(), (409, "wrong_code"));
    assert_eq!(world.state_of(&nobody).await, "pending");
}

#[tokio::test]
async fn a_phone_is_not_flooded() {
    let world = World::start().await;
    let phone = world.active_phone("ada").await;
    for _ in 0..5 {
        world.start_sign_in("ada").await;
    }
    let body = json!({"user": "ada", "application": "Ward portal"});
    assert_eq!(world.post("/v1/sign-ins", body.clone()).await.refused(), (429, "too_many_open"));
    assert_eq!(phone.challenges(&world).await.len(), 5);
    world.clock.advance_seconds(120);
    assert_eq!(world.post("/v1/sign-ins", body).await.status, 201);
}
