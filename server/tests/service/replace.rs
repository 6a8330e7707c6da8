//! A device asks for another to take its place: who may, and what becomes of tampering.

use countersign_protocol::messages::{ProblemCode, Replace, Replacement, ReplacementState, paths};
use countersign_protocol::{Id, sha256_base64url};

use super::support::World;
use super::support::phone::{Phone, code};

fn claims(world: &World, phone: &Phone) -> Replace {
    Replace { aud: phone.pin(), device: phone.id, jti: Id::make_random(), iat: world.seconds() }
}

async fn send(
    world: &World,
    phone: &Phone,
    request: &str,
) -> Result<Replacement, countersign_protocol::messages::Problem> {
    phone.send(world, paths::REPLACE, request).await
}

#[tokio::test]
async fn the_approval_key_alone_asks_for_a_replacement() {
    let world = World::start().await;
    let phone = world.active_phone("ada").await;
    let claims = claims(&world, &phone);
    let by_device_key = phone.device_key.sign(&claims);
    assert_eq!(code(send(&world, &phone, &by_device_key).await), ProblemCode::WrongKey);
    let stranger = world.active_phone("bob").await;
    let by_another = stranger.approval_key.sign(&claims);
    assert_eq!(code(send(&world, &phone, &by_another).await), ProblemCode::WrongKey);

    let reply = send(&world, &phone, &phone.approval_key.sign(&claims)).await.unwrap();
    assert_eq!((reply.state, reply.number), (ReplacementState::Waiting, None));
    assert_eq!(reply.ticket.enrolment(), claims.jti);
}

#[tokio::test]
async fn the_same_bytes_ask_again_and_others_of_the_same_name_are_refused() {
    let world = World::start().await;
    let phone = world.active_phone("ada").await;
    let first = claims(&world, &phone);
    let request = phone.approval_key.sign(&first);
    let reply = send(&world, &phone, &request).await.unwrap();
    assert_eq!(reply.re, sha256_base64url(&request));
    world.clock.advance(std::time::Duration::from_secs(300));
    let again = send(&world, &phone, &request).await.unwrap();
    assert_eq!((again.ticket, again.exp), (reply.ticket, reply.exp), "also when its time has grown old");

    let other = phone.approval_key.sign(&Replace { iat: world.seconds(), ..first });
    assert_eq!(code(send(&world, &phone, &other).await), ProblemCode::Replayed);
    // The name of somebody else's enrolment tells nothing about it.
    let theirs = world.enrol("bob").await.enrolment.parse().unwrap();
    let of_theirs = phone.approval_key.sign(&Replace { jti: theirs, ..claims(&world, &phone) });
    assert_eq!(code(send(&world, &phone, &of_theirs).await), ProblemCode::Replayed);
}

#[tokio::test]
async fn a_stale_request_makes_no_ticket_and_open_ones_are_bounded() {
    let world = World::start().await;
    let phone = world.active_phone("ada").await;
    let stale = Replace { iat: world.seconds() - 121, ..claims(&world, &phone) };
    assert_eq!(code(send(&world, &phone, &phone.approval_key.sign(&stale)).await), ProblemCode::ClockSkew);
    for _ in 0..4 {
        world.enrol("ada").await;
    }
    let fifth = phone.approval_key.sign(&claims(&world, &phone));
    assert_eq!(code(send(&world, &phone, &fifth).await), ProblemCode::Unavailable);
}

#[tokio::test]
async fn a_new_request_ends_the_former_one() {
    let world = World::start().await;
    let phone = world.active_phone("ada").await;
    let request = || phone.approval_key.sign(&claims(&world, &phone));
    let first = request();
    send(&world, &phone, &first).await.unwrap();
    for _ in 0..6 {
        let reply = send(&world, &phone, &request()).await.unwrap();
        assert_eq!(reply.state, ReplacementState::Waiting, "they don't add up to too many");
    }
    assert_eq!(send(&world, &phone, &first).await.unwrap().state, ReplacementState::Ended);
}
