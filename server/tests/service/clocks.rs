//! A service's clock that was ahead, and was put right: nobody waits for the time that it showed.

use countersign_protocol::messages::{Decision, ProblemCode};
use reqwest::Method;
use serde_json::json;

use crate::support::World;
use crate::support::phone::{Phone, code, wrong_code};

async fn verify(world: &World, code: &str) -> serde_json::Value {
    world.post("/v1/codes/verify", json!({"user": "ada", "code": code})).await.ok()
}

async fn right_code_is_taken(world: &World, phone: &Phone) {
    assert_eq!(verify(world, &phone.code_at(world.seconds())).await["valid"], true);
}

const ERRORS: [u64; 5] = [60, 210, 3600, 24 * 3600, 400 * 24 * 3600];

#[tokio::test]
async fn right_codes_are_right_again_at_once_and_none_is_a_failure() {
    for ahead in ERRORS {
        let world = World::start().await;
        let phone = world.active_phone("ada").await;
        world.clock.advance_seconds(ahead);
        right_code_is_taken(&world, &phone).await;
        world.clock.turn_back_seconds(ahead);
        right_code_is_taken(&world, &phone).await;
        assert_eq!(world.get("/v1/users/ada").await.ok()["failures"], 0, "{ahead}");
        world.clock.advance_seconds(30);
        right_code_is_taken(&world, &phone).await;
    }
}

#[tokio::test]
async fn codes_of_a_phone_that_was_right_all_the_time_are_taken() {
    // The phone looks late by what the clock is ahead, which the service follows, and right again afterwards.
    let world = World::start().await;
    let phone = world.active_phone("ada").await;
    for ahead in [30, 60, 90] {
        world.clock.advance_seconds(60);
        assert_eq!(verify(&world, &phone.code_at(world.seconds() - ahead)).await["valid"], true, "{ahead}");
    }
    world.clock.turn_back_seconds(90);
    world.clock.advance_seconds(30);
    right_code_is_taken(&world, &phone).await;
}

#[tokio::test]
async fn a_code_that_was_used_while_the_clock_was_ahead_stays_used() {
    let mut world = World::start().await;
    let phone = world.active_phone("ada").await;
    world.clock.advance_seconds(3600);
    let used = [phone.code_at(world.seconds()), phone.code_at(world.seconds() + 30)];
    assert_eq!(verify(&world, &used[0]).await["valid"], true);
    world.clock.advance_seconds(30);
    assert_eq!(verify(&world, &used[1]).await["valid"], true);
    world.clock.turn_back_seconds(3630);
    right_code_is_taken(&world, &phone).await;
    world.restart().await;
    // An hour later their time comes, for whoever has seen them.
    world.clock.advance_seconds(3600);
    for used in &used {
        assert_eq!(verify(&world, used).await, json!({"valid": false}));
    }
    assert_eq!(world.get("/v1/users/ada").await.ok()["failures"], 0);
    world.clock.advance_seconds(60);
    right_code_is_taken(&world, &phone).await;
}

#[tokio::test]
async fn waits_end_when_the_clock_is_put_right() {
    for ahead in ERRORS {
        let world = World::start().await;
        let phone = world.active_phone("ada").await;
        world.clock.advance_seconds(ahead);
        for _ in 0..5 {
            verify(&world, &wrong_code(&world, &[&phone])).await;
        }
        for _ in 0..5 {
            let (sign_in, shown) = world.ask("ada", &phone).await;
            phone.approve(&world, &shown, &sign_in.wrong_number()).await.unwrap();
        }
        let (sign_in, shown) = world.ask("ada", &phone).await;
        assert_eq!(code(phone.approve(&world, &shown, sign_in.number()).await), ProblemCode::Throttled);
        world.clock.turn_back_seconds(ahead);
        right_code_is_taken(&world, &phone).await;
        let (sign_in, shown) = world.ask("ada", &phone).await;
        phone.approve(&world, &shown, sign_in.number()).await.unwrap();
    }
}

#[tokio::test]
async fn a_small_correction_frees_nobody() {
    let world = World::start().await;
    let phone = world.active_phone("ada").await;
    for _ in 0..5 {
        verify(&world, &wrong_code(&world, &[&phone])).await;
    }
    world.clock.turn_back_seconds(5);
    let body = json!({"user": "ada", "code": phone.code_at(world.seconds())});
    assert_eq!(world.post("/v1/codes/verify", body).await.refused(), (429, "throttled"));
}

#[tokio::test]
async fn requests_and_tickets_of_that_time_are_over_and_count_no_more() {
    for ahead in [600, 3600, 24 * 3600] {
        let world = World::start_with(|config| config.push_limit.count = 5).await;
        let phone = world.active_phone("ada").await;
        world.clock.advance_seconds(ahead);
        let mut waiting = Vec::new();
        for _ in 0..5 {
            waiting.push(world.start_sign_in("ada").await);
        }
        assert_eq!(world.start_sign_in("ada").await["push"], "limited");
        let mut tickets = Vec::new();
        for _ in 0..4 {
            tickets.push(world.start_enrolment("ada").await);
        }
        world.clock.turn_back_seconds(ahead);
        assert!(phone.challenges(&world).await.is_empty());
        assert_eq!(phone.fetch(&world, 0, &[]).await.unwrap().push_stop, None);
        assert_eq!(world.state_of(&waiting[0]).await, "expired");
        let (sign_in, shown) = world.ask("ada", &phone).await;
        phone.approve(&world, &shown, sign_in.number()).await.unwrap();
        let mut late = Phone::new(tickets[0]["link"].as_str().unwrap());
        assert_eq!(code(late.enrol(&world).await), ProblemCode::TicketExpired);
        world.active_phone("ada").await;
    }
}

#[tokio::test]
async fn a_lock_of_that_time_is_a_lock_and_an_unlock_opens_it() {
    let world = World::start().await;
    let phone = world.active_phone("ada").await;
    world.clock.advance_seconds(3600);
    let (_, shown) = world.ask("ada", &phone).await;
    phone.report_and_lock(&world, &shown).await.unwrap();
    world.clock.turn_back_seconds(3600);
    assert_eq!(world.start_sign_in("ada").await["push"], "locked");
    right_code_is_taken(&world, &phone).await;
    assert_eq!(world.request(Method::POST, "/v1/users/ada/unlock", None).await.status, 204);
    let (_, shown) = world.ask("ada", &phone).await;
    phone.decide(&world, &shown, Decision::Deny).await.unwrap();
}

#[tokio::test]
async fn a_device_of_that_time_is_told_of_those_after_it() {
    let world = World::start().await;
    world.clock.advance_seconds(3600);
    let early = world.active_phone("ada").await;
    world.clock.turn_back_seconds(3600);
    let path = world.config.data.join(countersign_server::DATABASE_FILE);
    let connection = rusqlite::Connection::open(path).unwrap();
    let now = i64::try_from(world.seconds()).unwrap() * 1000;
    let ahead = "SELECT count(*) FROM devices WHERE activated > ?1";
    let is_right = async || connection.query_row(ahead, [now], |row| row.get::<_, u32>(0)).unwrap() == 0;
    world.eventually("setting right", is_right).await;
    world.clock.advance_seconds(60);
    let late = world.active_phone("ada").await;
    let newer = early.fetch(&world, 0, &[]).await.unwrap().newer_devices;
    let found: Vec<_> = newer.iter().map(|device| (device.id, device.activated)).collect();
    assert_eq!(found, [(late.id, world.seconds())]);
    assert!(late.fetch(&world, 0, &[]).await.unwrap().newer_devices.is_empty());
}

#[tokio::test]
async fn what_was_stored_ahead_is_set_right_in_the_database_as_well() {
    let world = World::start().await;
    let phone = world.active_phone("ada").await;
    world.clock.advance_seconds(24 * 3600);
    world.start_sign_in("ada").await;
    world.start_enrolment("ada").await;
    for _ in 0..5 {
        verify(&world, &wrong_code(&world, &[&phone])).await;
    }
    world.clock.turn_back_seconds(24 * 3600);
    let path = world.config.data.join(countersign_server::DATABASE_FILE);
    let connection = rusqlite::Connection::open(path).unwrap();
    let now = i64::try_from(world.seconds()).unwrap() * 1000;
    let ahead = "SELECT (SELECT count(*) FROM failures WHERE last > ?1) + (SELECT count(*) FROM pushes WHERE last > ?1)
         + (SELECT count(*) FROM sign_ins WHERE state = 'pending') + (SELECT count(*) FROM enrolments WHERE state = 'pending')";
    let is_right = async || connection.query_row(ahead, [now], |row| row.get::<_, u32>(0)).unwrap() == 0;
    world.eventually("setting right", is_right).await;
}
