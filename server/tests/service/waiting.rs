//! Those who wait: phones for challenges, relying parties for results.

use std::sync::Arc;
use std::time::Duration;

use countersign_protocol::Id;
use countersign_protocol::messages::{Decision, Delivery, Problem, ProblemCode};
use tokio::task::JoinHandle;

use crate::support::World;
use crate::support::phone::{Phone, code};

/// A request has arrived and is held by then, on a busy machine too.
const UNTIL_HELD: Duration = Duration::from_millis(200);

/// A fetch that is held by the service.
async fn waiting(
    world: &Arc<World>,
    phone: &Arc<Phone>,
    known: Vec<Id>,
) -> JoinHandle<Result<Delivery, Problem>> {
    let (world, phone) = (Arc::clone(world), Arc::clone(phone));
    let task = tokio::spawn(async move { phone.fetch(&world, 30, &known).await });
    tokio::time::sleep(UNTIL_HELD).await;
    assert!(!task.is_finished());
    task
}

async fn setting() -> (Arc<World>, Arc<Phone>) {
    let world = World::start().await;
    let phone = world.active_phone("ada").await;
    (Arc::new(world), Arc::new(phone))
}

#[tokio::test]
async fn a_new_challenge_ends_a_wait() {
    let (world, phone) = setting().await;
    let wait = waiting(&world, &phone, vec![]).await;
    world.clock.advance_seconds(7);
    world.start_sign_in("ada").await;
    let delivery = wait.await.unwrap().unwrap();
    assert_eq!((delivery.challenges.len(), delivery.held, delivery.next_fetch), (1, 7000, 250));
}

#[tokio::test]
async fn a_challenge_that_goes_ends_a_wait_whatever_the_reason() {
    for reason in ["denied", "withdrawn", "expired", "code"] {
        let (world, phone) = setting().await;
        let (sign_in, shown) = world.ask("ada", &phone).await;
        let wait = waiting(&world, &phone, vec![shown.claims.id]).await;
        match reason {
            "denied" => drop(phone.decide(&world, &shown, Decision::Deny).await.unwrap()),
            "withdrawn" => drop(world.delete(&format!("/v1/sign-ins/{}", sign_in.id())).await),
            "expired" => {
                world.clock.advance_seconds(119);
                // The wait of 30 s is over before: the challenge is still there.
                assert_eq!(wait.await.unwrap().unwrap().challenges.len(), 1);
                let wait = waiting(&world, &phone, vec![shown.claims.id]).await;
                world.clock.advance_seconds(1);
                assert!(wait.await.unwrap().unwrap().challenges.is_empty());
                continue;
            }
            _ => {
                let body = serde_json::json!({"code": phone.code_at(world.seconds())});
                world.post(&format!("/v1/sign-ins/{}/code", sign_in.id()), body).await.ok();
            }
        }
        assert!(wait.await.unwrap().unwrap().challenges.is_empty(), "{reason}");
    }
}

#[tokio::test]
async fn a_revocation_ends_a_wait() {
    let (world, phone) = setting().await;
    let wait = waiting(&world, &phone, vec![]).await;
    world.delete(&format!("/v1/devices/{}", phone.id)).await;
    assert_eq!(code(wait.await.unwrap()), ProblemCode::DeviceRevoked);
}

#[tokio::test]
async fn a_wait_ends_by_itself_with_nothing_new() {
    let (world, phone) = setting().await;
    let wait = waiting(&world, &phone, vec![]).await;
    world.clock.advance_seconds(30);
    assert!(wait.await.unwrap().unwrap().challenges.is_empty());
}

#[tokio::test]
async fn a_known_set_that_differs_is_answered_at_once() {
    let (world, phone) = setting().await;
    let gone = Id::make_random();
    assert!(phone.fetch(&world, 30, &[gone]).await.unwrap().challenges.is_empty());
    world.start_sign_in("ada").await;
    assert_eq!(phone.fetch(&world, 30, &[]).await.unwrap().challenges.len(), 1);
}

#[tokio::test]
async fn a_device_that_waits_too_often_is_told_to_come_back_later() {
    let (world, phone) = setting().await;
    let mut waits = Vec::new();
    for _ in 0..4 {
        waits.push(waiting(&world, &phone, vec![]).await);
    }
    let fifth = phone.fetch(&world, 30, &[]).await.unwrap();
    assert_eq!((fifth.challenges.len(), fifth.next_fetch), (0, 5000));
    world.start_sign_in("ada").await;
    for wait in waits {
        assert_eq!(wait.await.unwrap().unwrap().challenges.len(), 1);
    }
    // One that only looked may wait right afterwards.
    assert_eq!(phone.fetch(&world, 0, &[]).await.unwrap().next_fetch, 250);
}

#[tokio::test]
async fn a_relying_party_is_told_at_once() {
    for ending in ["approved", "denied", "reported", "failed", "cancelled", "expired"] {
        let (world, phone) = setting().await;
        let (sign_in, shown) = world.ask("ada", &phone).await;
        let path = format!("/v1/sign-ins/{}", sign_in.id());
        let waiter = Arc::clone(&world);
        let waiting = {
            let path = format!("{path}?wait=30");
            tokio::spawn(async move { waiter.get(&path).await.ok() })
        };
        tokio::time::sleep(UNTIL_HELD).await;
        assert!(!waiting.is_finished());
        match ending {
            "approved" => drop(phone.approve(&world, &shown, sign_in.number()).await.unwrap()),
            "denied" => drop(phone.decide(&world, &shown, Decision::Deny).await.unwrap()),
            "reported" => drop(phone.decide(&world, &shown, Decision::Report).await.unwrap()),
            "failed" => drop(phone.approve(&world, &shown, &sign_in.wrong_number()).await.unwrap()),
            "cancelled" => drop(world.delete(&path).await),
            _ => world.clock.advance_seconds(120),
        }
        let result = waiting.await.unwrap();
        assert_eq!(result["state"], ending);
        assert_eq!(result["assertion"].is_string(), ending == "approved");
    }
}

#[tokio::test]
async fn stopping_ends_all_waits_with_a_normal_reply() {
    let (world, phone) = setting().await;
    let fetch = waiting(&world, &phone, vec![]).await;
    let sign_in = world.start_sign_in("grace").await;
    let path = format!("/v1/sign-ins/{}?wait=30", sign_in["id"].as_str().unwrap());
    let waiter = Arc::clone(&world);
    let result = tokio::spawn(async move { waiter.get(&path).await.ok() });
    tokio::time::sleep(UNTIL_HELD).await;
    world.take_service().shutdown().await;
    assert!(fetch.await.unwrap().unwrap().challenges.is_empty());
    assert_eq!(result.await.unwrap()["state"], "pending");
}
