//! Limits on pushes since the last success, and the lock that a report can bring.

use countersign_protocol::messages::{
    Answer, Decision, Outcome, ProblemCode, PushStop, PushStopReason, StormPolicy,
};
use countersign_server::{Clock, SystemClock, create_api_key};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::World;
use crate::support::phone::{Phone, code};

async fn limited_to(count: u32) -> World {
    World::start_with(|config| config.push_limit.count = count).await
}

/// Starts a sign-in and denies it, so that the next may be started.
async fn flood(world: &World, phone: &Phone) {
    let (_, shown) = world.ask("ada", phone).await;
    phone.decide(world, &shown, Decision::Deny).await.unwrap();
}

async fn stop(world: &World, phone: &Phone) -> Option<PushStop> {
    phone.fetch(world, 0, &[]).await.unwrap().push_stop
}

async fn user(world: &World) -> Value {
    world.get("/v1/users/ada").await.ok()
}

async fn unlock(world: &World) {
    assert_eq!(world.request(Method::POST, "/v1/users/ada/unlock", None).await.status, 204);
}

#[tokio::test]
async fn beyond_the_limit_no_phone_is_asked_and_the_relying_party_is_told_until_when() {
    let world = limited_to(3).await;
    let phone = world.active_phone("ada").await;
    for _ in 0..3 {
        flood(&world, &phone).await;
    }
    let sign_in = world.start_sign_in("ada").await;
    assert_eq!((&sign_in["push"], &sign_in["devices"]), (&json!("limited"), &json!(0)));
    assert_eq!(sign_in["push_retry_at"], world.seconds() + 3600);
    assert!(sign_in.get("number").is_none() && sign_in.get("match_link").is_none());
    assert!(phone.challenges(&world).await.is_empty());
    let until = Some(world.seconds() + 3600);
    assert_eq!(stop(&world, &phone).await, Some(PushStop { reason: PushStopReason::Limit, until }));
    assert_eq!(world.audit_outcomes("sign_in.create").await[3], "push_limited");
    // Other accounts are untouched.
    assert_eq!(world.start_sign_in("grace").await["push"], "asked");

    // A refused one doesn't put the end off.
    world.clock.advance_seconds(3599);
    assert_eq!(world.start_sign_in("ada").await["push"], "limited");
    world.clock.advance_seconds(1);
    assert_eq!(world.start_sign_in("ada").await["push"], "asked");
    assert_eq!(stop(&world, &phone).await, None);
    assert_eq!(user(&world).await["pushes"], 1);
}

#[tokio::test]
async fn a_code_still_signs_in_and_lets_phones_be_asked_again() {
    let world = limited_to(1).await;
    let phone = world.active_phone("ada").await;
    flood(&world, &phone).await;
    let sign_in = world.start_sign_in("ada").await;
    assert_eq!(sign_in["push"], "limited");
    let path = format!("/v1/sign-ins/{}/code", sign_in["id"].as_str().unwrap());
    let approved = world.post(&path, json!({"code": phone.code_at(world.seconds())})).await.ok();
    assert_eq!((&approved["state"], &approved["method"]), (&json!("approved"), &json!("code")));
    assert_eq!(world.start_sign_in("ada").await["push"], "asked");
}

#[tokio::test]
async fn only_a_success_or_an_unlock_starts_the_count_anew() {
    let mut world = limited_to(2).await;
    let phone = world.active_phone("ada").await;
    flood(&world, &phone).await;
    // Neither another device, nor a restart, nor a sign-in that is withdrawn.
    let tablet = world.active_phone("ada").await;
    world.restart().await;
    let (withdrawn, _) = world.ask("ada", &tablet).await;
    world.delete(&format!("/v1/sign-ins/{}", withdrawn.id())).await;
    assert_eq!(world.start_sign_in("ada").await["push"], "limited");
    assert_eq!(user(&world).await["push"], "limited");

    unlock(&world).await;
    assert_eq!(world.audit_outcomes("user.unlock").await, ["unlocked"]);
    assert_eq!(user(&world).await["pushes"], 0);
    flood(&world, &phone).await;
    let (sign_in, shown) = world.ask("ada", &phone).await;
    phone.approve(&world, &shown, sign_in.number()).await.unwrap();
    for _ in 0..2 {
        flood(&world, &phone).await;
    }
    assert_eq!(world.start_sign_in("ada").await["push"], "limited");
}

#[tokio::test]
async fn the_limit_says_nothing_about_who_exists() {
    let world = limited_to(1).await;
    world.active_phone("ada").await;
    for name in ["ada", "nobody"] {
        assert_eq!(world.start_sign_in(name).await["push"], "asked");
        assert_eq!(world.start_sign_in(name).await["push"], "limited", "{name}");
    }
}

#[tokio::test]
async fn what_has_rested_is_forgotten() {
    let world = World::start().await;
    world.start_sign_in("nobody").await;
    world.clock.advance_seconds(3601);
    let rows = async || {
        let path = world.config.data.join(countersign_server::DATABASE_FILE);
        let connection = rusqlite::Connection::open(path).unwrap();
        connection.query_row("SELECT count(*) FROM pushes", [], |row| row.get::<_, u32>(0)).unwrap()
    };
    world.eventually("forgetting", async || rows().await == 0).await;
}

#[tokio::test]
async fn a_report_that_asks_for_it_locks_push_at_once_and_the_administrator_is_told() {
    let world = World::start().await;
    let phone = world.active_phone("ada").await;
    let (other, _) = world.ask("ada", &phone).await;
    let (sign_in, shown) = world.ask("ada", &phone).await;
    let receipt = phone.report_and_lock(&world, &shown).await.unwrap();
    assert_eq!((receipt.outcome, receipt.locked), (Outcome::Reported, true));
    // What else waited is over as well.
    for reported in [&sign_in, &other] {
        let reply = world.get(&format!("/v1/sign-ins/{}", reported.id())).await.ok();
        assert_eq!((&reply["state"], &reply["push"]), (&json!("reported"), &json!("locked")));
    }
    assert!(phone.challenges(&world).await.is_empty());
    assert_eq!(stop(&world, &phone).await, Some(PushStop { reason: PushStopReason::Lock, until: None }));
    let log = world.get("/v1/audit?limit=1000").await.ok();
    let lock = log["entries"].as_array().unwrap().iter().find(|line| line["event"] == "user.lock").unwrap();
    assert_eq!((&lock["outcome"], &lock["user"]), (&json!("locked"), &json!("ada")));
    assert_eq!(lock["actor"], format!("device:{}", phone.id));
    assert_eq!(lock["subject"], sign_in.id());
    assert_eq!(user(&world).await["push_locked_at"], world.seconds());
}

#[tokio::test]
async fn a_lock_outlasts_everything_but_an_unlock() {
    let mut world = World::start().await;
    let phone = world.active_phone("ada").await;
    let (_, shown) = world.ask("ada", &phone).await;
    let answer = Answer { lock: true, ..phone.answer(&world, &shown, Decision::Report) };
    let request = phone.device_key.sign(&answer);
    for _ in 0..2 {
        // The same answer again says the same, and locks once.
        assert!(phone.send_answer(&world, &request).await.unwrap().locked);
    }
    world.restart().await;
    world.clock.advance_seconds(365 * 24 * 3600);
    let verify = json!({"user": "ada", "code": phone.code_at(world.seconds())});
    assert_eq!(world.post("/v1/codes/verify", verify).await.ok()["valid"], true);
    let sign_in = world.start_sign_in("ada").await;
    assert_eq!((&sign_in["push"], &sign_in["devices"]), (&json!("locked"), &json!(0)));
    assert!(sign_in.get("push_retry_at").is_none());

    unlock(&world).await;
    let (sign_in, shown) = world.ask("ada", &phone).await;
    let receipt = phone.approve(&world, &shown, sign_in.number()).await.unwrap();
    assert_eq!((receipt.outcome, receipt.locked), (Outcome::Approved, false));
    assert_eq!(world.audit_outcomes("user.lock").await, ["locked"]);
    assert_eq!(world.audit_outcomes("user.unlock").await, ["unlocked"]);
}

#[tokio::test]
async fn a_lock_goes_with_a_report_alone() {
    let world = World::start().await;
    let phone = world.active_phone("ada").await;
    let (sign_in, shown) = world.ask("ada", &phone).await;
    let lock = |decision| Answer { lock: true, ..phone.answer(&world, &shown, decision) };
    let approval = Answer { number: Some(sign_in.number().into()), ..lock(Decision::Approve) };
    for request in [phone.device_key.sign(&lock(Decision::Deny)), phone.approval_key.sign(&approval)] {
        assert_eq!(code(phone.send_answer(&world, &request).await), ProblemCode::Malformed);
    }
    assert_eq!(world.state_of(&sign_in.0).await, "pending");
    assert_eq!(user(&world).await["push"], "asked");
}

#[tokio::test]
async fn a_device_that_isnt_active_yet_locks_nothing() {
    let world = World::start().await;
    let stranger = world.enrol("ada").await;
    let activation = stranger.challenges(&world).await.remove(0);
    let receipt = stranger.report_and_lock(&world, &activation).await.unwrap();
    assert_eq!((receipt.outcome, receipt.locked), (Outcome::Reported, false));
    assert_eq!(user(&world).await["push"], "asked");
    assert!(world.audit_outcomes("user.lock").await.is_empty());
}

#[tokio::test]
async fn an_administrator_can_lock_push_within_the_organisation() {
    let world = World::start().await;
    let phone = world.active_phone("ada").await;
    let (waiting, _) = world.ask("ada", &phone).await;
    let other = create_api_key(&world.config, "other", "default", SystemClock.now()).unwrap();
    let path = "/v1/users/ada/lock";
    assert_eq!(world.request_as(other.expose(), Method::POST, path, None).await.status, 204);
    assert_eq!(user(&world).await["push"], "asked", "another organisation's ada");
    assert_eq!(world.request(Method::POST, path, None).await.status, 204);
    assert_eq!(world.request(Method::POST, path, None).await.status, 204);
    assert_eq!(world.state_of(&waiting.0).await, "cancelled");
    assert_eq!(world.audit_outcomes("user.lock").await, ["locked", "nothing_to_do"]);
    assert_eq!(world.request(Method::POST, "/v1/users/%0A/lock", None).await.refused(), (422, "invalid"));
}

#[tokio::test]
async fn a_phone_is_told_the_policy_of_this_day() {
    let mut world = World::start().await;
    let phone = world.active_phone("ada").await;
    let told = phone.fetch(&world, 0, &[]).await.unwrap().policy.unwrap();
    assert_eq!(told.storm, StormPolicy { turned_down: 3, pause: 900 });
    world.config.policy.storm = StormPolicy { turned_down: 5, pause: 60 };
    world.restart().await;
    let told = phone.fetch(&world, 0, &[]).await.unwrap().policy.unwrap();
    assert_eq!(told.storm, StormPolicy { turned_down: 5, pause: 60 });
}
