//! How failures slow an authenticator down, and one-time codes.

use countersign_protocol::messages::{Decision, ProblemCode};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::phone::{self, Phone, code};
use crate::support::{Reply, World};

async fn verify(world: &World, code: &str) -> Reply {
    world.post("/v1/codes/verify", json!({"user": "ada", "code": code})).await
}

fn wrong_code(world: &World, phone: &Phone) -> String {
    phone::wrong_code(world, &[phone])
}

/// Types wrong codes until the source has to wait, and gives until when.
async fn guess_until_throttled(world: &World, phone: &Phone) -> u64 {
    loop {
        let reply = verify(world, &wrong_code(world, phone)).await;
        if reply.status == 429 {
            assert_eq!(reply.refused().1, "throttled");
            return reply.body["error"]["retry_at"].as_u64().unwrap();
        }
        assert_eq!(reply.ok(), json!({"valid": false}));
    }
}

#[tokio::test]
async fn a_strangers_wrong_codes_stop_no_approval_and_an_approval_resets_no_code() {
    let world = World::start().await;
    let phone = world.active_phone("ada").await;
    let until = guess_until_throttled(&world, &phone).await;
    assert_eq!(until, world.seconds() + 30);
    // The person approves on the phone, which says nothing about the codes that somebody guesses.
    let (sign_in, shown) = world.ask("ada", &phone).await;
    phone.approve(&world, &shown, sign_in.number()).await.unwrap();
    let throttled = verify(&world, &phone.code_at(world.seconds())).await;
    assert_eq!(
        (throttled.refused(), &throttled.body["error"]["retry_at"]),
        ((429, "throttled"), &json!(until))
    );
    let user = world.get("/v1/users/ada").await.ok();
    assert_eq!((&user["failures"], &user["retry_at"]), (&json!(5), &json!(until)));
    assert_eq!((&user["two_codes"], &user["approvals"]), (&json!(false), &json!([])));
    // The next wait goes on from where the last one was.
    world.clock.advance_seconds(30);
    assert_eq!(guess_until_throttled(&world, &phone).await, world.seconds() + 60);

    // Other accounts are untouched.
    let other = world.active_phone("grace").await;
    let body = json!({"user": "grace", "code": other.code_at(world.seconds())});
    assert_eq!(world.post("/v1/codes/verify", body).await.ok()["valid"], true);
    world.clock.advance_seconds(60);
    assert_eq!(verify(&world, &phone.code_at(world.seconds())).await.ok()["valid"], true);
    assert_eq!(world.get("/v1/users/ada").await.ok()["failures"], 0);
}

#[tokio::test]
async fn each_device_has_its_own_count_of_wrong_numbers() {
    let world = World::start_with(|config| config.push_limit.count = 1000).await;
    let (phone, tablet) = (world.active_phone("ada").await, world.active_phone("ada").await);
    for _ in 0..5 {
        let (sign_in, shown) = world.ask("ada", &phone).await;
        phone.approve(&world, &shown, &sign_in.wrong_number()).await.unwrap();
    }
    let (sign_in, shown) = world.ask("ada", &phone).await;
    let problem = phone.approve(&world, &shown, sign_in.number()).await.unwrap_err();
    assert_eq!((problem.code, problem.retry_after), (ProblemCode::Throttled, Some(30_000)));
    let user = world.get("/v1/users/ada").await.ok();
    let expected =
        json!([{"device": phone.id, "failures": 5, "closed": false, "retry_at": world.seconds() + 30}]);
    assert_eq!((&user["approvals"], &user["failures"]), (&expected, &json!(0)));

    // Neither another device nor codes are stopped by it, and neither reset it.
    let shown = tablet.challenges(&world).await.remove(0);
    tablet.approve(&world, &shown, sign_in.number()).await.unwrap();
    assert_eq!(verify(&world, &phone.code_at(world.seconds())).await.ok()["valid"], true);
    let (sign_in, shown) = world.ask("ada", &phone).await;
    assert_eq!(code(phone.approve(&world, &shown, sign_in.number()).await), ProblemCode::Throttled);
    phone.decide(&world, &shown, Decision::Deny).await.unwrap();
    // A new device proves nothing about the guesses of another.
    world.active_phone("ada").await;
    let (sign_in, shown) = world.ask("ada", &phone).await;
    assert_eq!(code(phone.approve(&world, &shown, sign_in.number()).await), ProblemCode::Throttled);
    world.clock.advance_seconds(30);
    phone.approve(&world, &shown, sign_in.number()).await.unwrap();
    assert_eq!(world.get("/v1/users/ada").await.ok()["approvals"], json!([]));
}

#[tokio::test]
async fn a_device_with_a_hundred_wrong_numbers_needs_an_administrator_and_the_others_do_not() {
    let mut world = World::start_with(|config| config.push_limit.count = 1000).await;
    let (phone, tablet) = (world.active_phone("ada").await, world.active_phone("ada").await);
    for _ in 0..100 {
        world.clock.advance_seconds(900);
        let (sign_in, shown) = world.ask("ada", &phone).await;
        phone.approve(&world, &shown, &sign_in.wrong_number()).await.unwrap();
    }
    world.clock.advance_seconds(365 * 24 * 3600);
    world.restart().await;
    let (sign_in, shown) = world.ask("ada", &phone).await;
    let problem = phone.approve(&world, &shown, sign_in.number()).await.unwrap_err();
    assert_eq!((problem.code, problem.retry_after), (ProblemCode::Throttled, None));
    let shown = tablet.challenges(&world).await.remove(0);
    tablet.approve(&world, &shown, sign_in.number()).await.unwrap();
    assert_eq!(world.get("/v1/users/ada").await.ok()["approvals"][0]["closed"], true);
    assert_eq!(world.request(Method::POST, "/v1/users/ada/unlock", None).await.status, 204);
    let (sign_in, shown) = world.ask("ada", &phone).await;
    phone.approve(&world, &shown, sign_in.number()).await.unwrap();
}

#[tokio::test]
async fn waits_for_wrong_codes_grow_to_a_quarter_of_an_hour_and_no_further() {
    let world = World::start().await;
    let phone = world.active_phone("ada").await;
    let mut waits = Vec::new();
    for _ in 0..12 {
        let wait = guess_until_throttled(&world, &phone).await - world.seconds();
        waits.push(wait);
        world.clock.advance_seconds(wait);
    }
    assert_eq!(waits, [30, 60, 120, 240, 480, 900, 900, 900, 900, 900, 900, 900]);
}

#[tokio::test]
async fn after_a_hundred_wrong_codes_two_right_ones_in_a_row_sign_in() {
    let mut world = World::start().await;
    let phone = world.active_phone("ada").await;
    for _ in 0..100 {
        assert_eq!(verify(&world, &wrong_code(&world, &phone)).await.ok()["valid"], false);
        world.clock.advance_seconds(900);
    }
    assert_eq!(world.get("/v1/users/ada").await.ok()["two_codes"], true);
    world.restart().await;
    // The phone approves as ever.
    let (sign_in, shown) = world.ask("ada", &phone).await;
    phone.approve(&world, &shown, sign_in.number()).await.unwrap();

    let sign_in = world.start_sign_in_from("ada", "198.51.100.1").await;
    let first = world.give_code(&sign_in, &phone.code_at(world.seconds())).await;
    assert_eq!(first.refused(), (409, "next_code"));
    // The second comes from where the first did; elsewhere it is a first one.
    world.clock.advance_seconds(30);
    let elsewhere = verify(&world, &phone.code_at(world.seconds())).await.ok();
    assert_eq!((&elsewhere["valid"], &elsewhere["next_code"]), (&json!(false), &json!(true)));
    world.clock.advance_seconds(30);
    assert_eq!(
        world.give_code(&sign_in, &phone.code_at(world.seconds())).await.refused(),
        (409, "next_code")
    );
    // Somebody's wrong code in between takes nothing away.
    assert_eq!(verify(&world, &wrong_code(&world, &phone)).await.ok()["valid"], false);
    world.clock.advance_seconds(30);
    let approved = world.give_code(&sign_in, &phone.code_at(world.seconds())).await.ok();
    assert_eq!((&approved["state"], &approved["method"]), (&json!("approved"), &json!("code")));
    // With that the account is as it was.
    world.clock.advance_seconds(30);
    assert_eq!(world.get("/v1/users/ada").await.ok()["two_codes"], false);
    let sign_in = world.start_sign_in_from("ada", "198.51.100.1").await;
    let approved = world.give_code(&sign_in, &phone.code_at(world.seconds())).await.ok();
    assert_eq!(approved["state"], "approved");
}

#[tokio::test]
async fn two_codes_that_lie_far_apart_are_no_pair() {
    let world = World::start().await;
    let phone = world.active_phone("ada").await;
    for _ in 0..100 {
        verify(&world, &wrong_code(&world, &phone)).await;
        world.clock.advance_seconds(900);
    }
    assert_eq!(verify(&world, &phone.code_at(world.seconds())).await.ok()["next_code"], true);
    world.clock.advance_seconds(7 * 30);
    assert_eq!(verify(&world, &phone.code_at(world.seconds())).await.ok()["next_code"], true);
    assert_eq!(world.request(Method::POST, "/v1/users/ada/unlock", None).await.status, 204);
    world.clock.advance_seconds(30);
    assert_eq!(verify(&world, &phone.code_at(world.seconds())).await.ok()["valid"], true);
    assert_eq!(world.audit_outcomes("user.unlock").await, ["unlocked"]);
}

#[tokio::test]
async fn a_right_code_that_is_sent_again_is_no_failure() {
    let world = World::start().await;
    let phone = world.active_phone("ada").await;
    let (before, right) = (phone.code_at(world.seconds() - 30), phone.code_at(world.seconds()));
    assert_eq!(verify(&world, &right).await.ok()["valid"], true);
    for _ in 0..10 {
        assert_eq!(verify(&world, &right).await.ok(), json!({"valid": false}));
        assert_eq!(verify(&world, &before).await.ok(), json!({"valid": false}));
    }
    assert_eq!(world.get("/v1/users/ada").await.ok()["failures"], 0);
    world.clock.advance_seconds(30);
    assert_eq!(verify(&world, &phone.code_at(world.seconds())).await.ok()["valid"], true);
    assert_eq!(world.audit_outcomes("code.verify").await[1], "used_code");
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
    // One step behind is known now: two behind is within the window, two ahead isn't.
    assert_eq!(verify(&world, &at(-2)).await.ok()["valid"], true);
    world.clock.advance_seconds(60);
    assert_eq!(verify(&world, &at(2)).await.ok()["valid"], false);
    assert_eq!(verify(&world, &at(-1)).await.ok()["valid"], true);
    // A drift may have been the service's own: its time is always right as well.
    world.clock.advance_seconds(60);
    assert_eq!(verify(&world, &at(-3)).await.ok()["valid"], false);
    assert_eq!(verify(&world, &at(0)).await.ok()["valid"], true);
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
    let expires = world.seconds() + 120;
    let sign_in = world.start_sign_in("ada").await;
    assert_eq!((&sign_in["push"], &sign_in["push_retry_at"]), (&json!("limited"), &json!(expires)));
    assert_eq!(phone.challenges(&world).await.len(), 5);
    world.clock.advance_seconds(120);
    assert_eq!(world.start_sign_in("ada").await["push"], "asked");
}
