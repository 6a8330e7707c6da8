//! A move over the service: who may put in and take out, how much, for how long, and what is left of it.

use std::time::Duration;

use countersign_protocol::jws::{self, Message};
use countersign_protocol::limits::{MAX_MESSAGE_BYTES, MAX_PARTS_IN_MESSAGE};
use countersign_protocol::messages::{
    Collect, Collected, Problem, ProblemCode, Relay, RelayAct, Relayed, SealedPart, paths,
};
use countersign_protocol::{Id, MailboxName, sha256_base64url};
use countersign_server::{Clock, create_api_key};

use super::support::World;
use super::support::phone::{Phone, code, post};

fn name(seed: u8) -> MailboxName {
    MailboxName::new([seed; 32])
}

/// Sealed bytes that tell by their content which part they are.
fn part(number: u16) -> SealedPart {
    SealedPart([b"planted sealed part ".to_vec(), number.to_be_bytes().repeat(8)].concat())
}

fn put(count: u16, first: u16, how_many: u16) -> RelayAct {
    RelayAct::Put { count, first, parts: (first..first + how_many).map(part).collect() }
}

fn claims(world: &World, phone: &Phone, seed: u8, act: RelayAct) -> Relay {
    let (jti, iat) = (Id::make_random(), world.seconds());
    Relay { aud: phone.pin(), device: phone.id, jti, iat, mailbox: name(seed).id(), act }
}

async fn send(world: &World, phone: &Phone, claims: &Relay) -> Result<Relayed, Problem> {
    phone.send(world, paths::RELAY, &phone.device_key.sign(claims)).await
}

async fn relay(world: &World, phone: &Phone, seed: u8, act: RelayAct) -> Result<Relayed, Problem> {
    send(world, phone, &claims(world, phone, seed, act)).await
}

/// As a phone that isn't known to the service.
async fn collect(
    world: &World,
    old: &Phone,
    seed: u8,
    first: u16,
    receipt: Vec<SealedPart>,
) -> Result<Collected, Problem> {
    let request =
        serde_json::to_string(&Collect { aud: old.pin(), name: name(seed), first, receipt }).unwrap();
    let (_, reply) = post(world, paths::COLLECT, &request).await;
    if jws::peek_typ(&reply).unwrap() == Problem::TYP {
        return Err(jws::verify_pinned::<Problem>(&reply, old.pin()).unwrap().0);
    }
    let (collected, _) = jws::verify_pinned::<Collected>(&reply, old.pin()).unwrap();
    assert_eq!(collected.re, sha256_base64url(&request));
    Ok(collected)
}

/// Rows of a table, straight from the file.
fn rows(world: &World, table: &str) -> i64 {
    let database = rusqlite::Connection::open(world.config.data.join("countersign.db")).unwrap();
    database.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn parts_go_in_by_the_device_and_out_by_the_name_and_the_receipt_back() {
    let world = World::start().await;
    let old = world.active_phone("ada").await;
    assert_eq!(collect(&world, &old, 1, 1, vec![]).await.unwrap().count, 0, "not there yet");
    assert_eq!(relay(&world, &old, 1, put(100, 1, 80)).await.unwrap().next, 81);
    let some = collect(&world, &old, 1, 1, vec![]).await.unwrap();
    assert_eq!((some.count, some.parts.len()), (100, 80), "what is there may be taken already");
    assert_eq!(relay(&world, &old, 1, put(100, 81, 20)).await.unwrap().next, 101);
    let rest = collect(&world, &old, 1, 81, vec![]).await.unwrap();
    assert_eq!(rest.parts, (81..=100).map(part).collect::<Vec<_>>());
    assert!(relay(&world, &old, 1, RelayAct::Look).await.unwrap().receipt.is_empty());

    let receipt = vec![part(1000), part(1001)];
    for _ in 0..2 {
        assert!(collect(&world, &old, 1, 1, receipt.clone()).await.unwrap().is_left);
    }
    let looked = relay(&world, &old, 1, RelayAct::Look).await.unwrap();
    assert_eq!((looked.next, looked.receipt), (101, receipt));
    assert_eq!(rows(&world, "mailbox_parts"), 2, "the accounts' parts went with the receipt");
    relay(&world, &old, 1, RelayAct::End).await.unwrap();
    assert_eq!(rows(&world, "mailbox_parts"), 0);
    assert_eq!(world.audit_outcomes("device.move").await, ["begun", "ended"]);
}

#[tokio::test]
async fn a_name_that_is_unknown_or_over_gets_the_same_answer_as_one_that_is_not_there_yet() {
    let world = World::start().await;
    let old = world.active_phone("ada").await;
    relay(&world, &old, 1, put(1, 1, 1)).await.unwrap();
    relay(&world, &old, 1, RelayAct::End).await.unwrap();
    relay(&world, &old, 2, put(1, 1, 1)).await.unwrap();
    world.clock.advance(Duration::from_secs(600));
    for seed in [1, 2, 3] {
        for receipt in [vec![], vec![part(1)]] {
            let collected = collect(&world, &old, seed, 1, receipt).await.unwrap();
            assert_eq!((collected.count, collected.parts.len(), collected.is_left), (0, 0, false), "{seed}");
        }
    }
    let expired = async || world.audit_outcomes("device.move").await.contains(&"expired".to_owned());
    world.eventually("the expiry", expired).await;
    assert_eq!(rows(&world, "mailbox_parts"), 0);
    world.clock.advance(Duration::from_secs(3600));
    world.eventually("the end of the count", async || rows(&world, "mailboxes") == 0).await;
}

#[tokio::test]
async fn a_mailbox_is_its_devices_alone() {
    let world = World::start().await;
    let (ada, bob) = (world.active_phone("ada").await, world.active_phone("bob").await);
    relay(&world, &ada, 1, put(2, 1, 2)).await.unwrap();

    let forged = bob.device_key.sign(&claims(&world, &ada, 1, RelayAct::End));
    assert_eq!(code(ada.send::<Relayed>(&world, paths::RELAY, &forged).await), ProblemCode::Malformed);
    let by_approval_key = ada.approval_key.sign(&claims(&world, &ada, 1, RelayAct::End));
    assert_eq!(
        code(ada.send::<Relayed>(&world, paths::RELAY, &by_approval_key).await),
        ProblemCode::Malformed
    );
    assert_eq!(relay(&world, &bob, 1, RelayAct::Look).await.unwrap().next, 1);
    relay(&world, &bob, 1, RelayAct::End).await.unwrap();
    assert_eq!(code(relay(&world, &bob, 1, put(2, 1, 2)).await), ProblemCode::RelayRefused);
    assert_eq!(collect(&world, &ada, 1, 1, vec![]).await.unwrap().parts.len(), 2);
}

#[tokio::test]
async fn what_is_in_stays_as_it_is() {
    let world = World::start().await;
    let old = world.active_phone("ada").await;
    relay(&world, &old, 1, put(3, 1, 2)).await.unwrap();
    let other = RelayAct::Put { count: 3, first: 1, parts: vec![part(9), part(9)] };
    assert_eq!(relay(&world, &old, 1, other).await.unwrap().next, 3);
    assert_eq!(code(relay(&world, &old, 1, put(4, 3, 1)).await), ProblemCode::Malformed);
    assert_eq!(relay(&world, &old, 1, put(3, 3, 1)).await.unwrap().next, 4);
    let parts = collect(&world, &old, 1, 1, vec![]).await.unwrap().parts;
    assert_eq!(parts, [part(1), part(2), part(3)]);
    assert!(collect(&world, &old, 1, 1, vec![part(5)]).await.unwrap().is_left);
    assert!(!collect(&world, &old, 1, 1, vec![part(6)]).await.unwrap().is_left, "the first stays");
    assert_eq!(relay(&world, &old, 1, RelayAct::Look).await.unwrap().receipt, [part(5)]);
}

#[tokio::test]
async fn a_gap_is_not_filled_from_behind_and_the_reply_says_where_it_begins() {
    let world = World::start().await;
    let old = world.active_phone("ada").await;
    assert_eq!(relay(&world, &old, 1, put(9, 4, 2)).await.unwrap().next, 1);
    assert_eq!(relay(&world, &old, 1, put(9, 1, 5)).await.unwrap().next, 6);
    assert_eq!(relay(&world, &old, 1, put(9, 4, 6)).await.unwrap().next, 10);
}

#[tokio::test]
async fn the_same_bytes_again_change_nothing_and_open_no_ended_mailbox() {
    let world = World::start().await;
    let old = world.active_phone("ada").await;
    let first = claims(&world, &old, 1, put(1, 1, 1));
    assert_eq!(send(&world, &old, &first).await.unwrap().next, 2);
    assert_eq!(send(&world, &old, &first).await.unwrap().next, 2);
    relay(&world, &old, 1, RelayAct::End).await.unwrap();
    assert_eq!(send(&world, &old, &first).await.unwrap().next, 1, "a recording brings nothing back");
    assert_eq!(collect(&world, &old, 1, 1, vec![]).await.unwrap().count, 0);
    let same_jti = Relay { mailbox: name(2).id(), ..first };
    assert_eq!(code(send(&world, &old, &same_jti).await), ProblemCode::Replayed);
    let stale = Relay { iat: world.seconds() - 121, ..claims(&world, &old, 3, put(1, 1, 1)) };
    assert_eq!(code(send(&world, &old, &stale).await), ProblemCode::ClockSkew);
    let stale = Relay { iat: world.seconds() - 121, ..claims(&world, &old, 3, RelayAct::Look) };
    assert_eq!(code(send(&world, &old, &stale).await), ProblemCode::ClockSkew);
}

#[tokio::test]
async fn sizes_are_bounded() {
    let world = World::start_with(|config| config.policy.relay = 4).await;
    let old = world.active_phone("ada").await;
    assert_eq!(old.enrolled.as_ref().unwrap().policy.relay, 4, "the phone is told");
    // 9 × 416 bytes are within 4 KiB, 10 aren't.
    assert_eq!(code(relay(&world, &old, 1, put(10, 1, 1)).await), ProblemCode::RelayRefused);
    assert_eq!(relay(&world, &old, 1, put(9, 1, 1)).await.unwrap().next, 2);
    let of = |parts: Vec<SealedPart>| RelayAct::Put { count: 9, first: 2, parts };
    for act in [
        of(vec![SealedPart(vec![0; 417])]),
        of(vec![SealedPart(vec![0; 16])]),
        of(vec![SealedPart(vec![])]),
        of(vec![part(1); 9]),
        RelayAct::Put { count: 0, first: 1, parts: vec![] },
        RelayAct::Put { count: 9, first: 0, parts: vec![part(1)] },
        RelayAct::Put { count: 4097, first: 1, parts: vec![part(1)] },
        RelayAct::Put { count: 4096, first: 1, parts: vec![part(1); 81] },
        RelayAct::Put { count: u16::MAX, first: u16::MAX, parts: vec![part(1); 80] },
    ] {
        assert_eq!(code(relay(&world, &old, 1, act).await), ProblemCode::Malformed);
    }
    let long_receipt = vec![part(1); 33];
    for (first, receipt) in [(0, vec![]), (1, long_receipt), (1, vec![SealedPart(vec![0; 417])])] {
        assert_eq!(code(collect(&world, &old, 1, first, receipt).await), ProblemCode::Malformed);
    }
}

#[tokio::test]
async fn as_many_parts_as_a_message_may_have_fit_into_one() {
    let world = World::start().await;
    let old = world.active_phone("ada").await;
    let parts = vec![SealedPart(vec![0xff; 416]); MAX_PARTS_IN_MESSAGE];
    let claims = claims(&world, &old, 1, RelayAct::Put { count: 4096, first: 1, parts: parts.clone() });
    assert!(old.device_key.sign(&claims).len() < MAX_MESSAGE_BYTES);
    assert_eq!(send(&world, &old, &claims).await.unwrap().next, 81);
    assert_eq!(collect(&world, &old, 1, 1, vec![]).await.unwrap().parts, parts);
}

#[tokio::test]
async fn a_service_that_carries_no_moves_says_so() {
    let world = World::start_with(|config| config.policy.relay = 0).await;
    let old = world.active_phone("ada").await;
    assert_eq!(old.enrolled.as_ref().unwrap().policy.relay, 0);
    assert_eq!(code(relay(&world, &old, 1, put(1, 1, 1)).await), ProblemCode::RelayRefused);
    assert_eq!(rows(&world, "mailboxes"), 0);
}

#[tokio::test]
async fn a_device_has_one_mailbox_and_opens_six_in_an_hour() {
    let world = World::start().await;
    let old = world.active_phone("ada").await;
    for seed in 1..=6 {
        relay(&world, &old, seed, put(1, 1, 1)).await.unwrap();
        assert_eq!(rows(&world, "mailbox_parts"), 1, "the one before makes room");
    }
    assert_eq!(collect(&world, &old, 5, 1, vec![]).await.unwrap().count, 0);
    let refused = relay(&world, &old, 7, put(1, 1, 1)).await.unwrap_err();
    assert_eq!((refused.code, refused.retry_after), (ProblemCode::RelayRefused, Some(3_600_000)));
    assert_eq!(collect(&world, &old, 6, 1, vec![]).await.unwrap().count, 1, "what is there stays");
    world.clock.advance(Duration::from_secs(3600));
    assert_eq!(relay(&world, &old, 7, put(1, 1, 1)).await.unwrap().next, 2);
}

#[tokio::test]
async fn a_device_that_is_not_active_puts_nothing_in_and_a_revoked_one_leaves_nothing() {
    let world = World::start().await;
    let waiting = world.enrol("ada").await;
    assert_eq!(code(relay(&world, &waiting, 1, put(1, 1, 1)).await), ProblemCode::Malformed);
    let old = world.active_phone("bob").await;
    relay(&world, &old, 2, put(1, 1, 1)).await.unwrap();
    world.delete(&format!("/v1/devices/{}", old.id)).await;
    assert_eq!(rows(&world, "mailbox_parts"), 0);
    assert_eq!(collect(&world, &old, 2, 1, vec![]).await.unwrap().count, 0);
    assert_eq!(code(relay(&world, &old, 2, put(1, 1, 1)).await), ProblemCode::DeviceRevoked);
    assert_eq!(code(relay(&world, &old, 2, RelayAct::Look).await), ProblemCode::DeviceRevoked);
}

#[tokio::test]
async fn the_service_stores_neither_the_name_nor_more_than_the_sealed_bytes() {
    let mut world = World::start().await;
    let old = world.active_phone("ada").await;
    relay(&world, &old, 0xc5, put(2, 1, 2)).await.unwrap();
    collect(&world, &old, 0xc5, 1, vec![]).await.unwrap();
    world.restart().await;
    assert_eq!(collect(&world, &old, 0xc5, 1, vec![]).await.unwrap().parts, [part(1), part(2)]);
    let text = name(0xc5).expose_text();
    for file in std::fs::read_dir(&world.config.data).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(32).any(|window| window == [0xc5; 32] || window == &text.as_bytes()[..32]));
    }
}

#[tokio::test]
async fn shapeless_requests_are_refused_and_signed_so() {
    let world = World::start().await;
    let old = world.active_phone("ada").await;
    let good = serde_json::json!({"aud": old.pin().to_string(), "name": name(1).expose_text(), "first": 1});
    let altered = |field: &str, value: serde_json::Value| {
        let mut request = good.clone();
        request[field] = value;
        request.to_string()
    };
    for request in [
        String::new(),
        "{}".into(),
        altered("name", "short".into()),
        altered("first", (-1).into()),
        altered("first", 65536.into()),
        altered("receipt", serde_json::json!(["not base64url!"])),
    ] {
        let (status, reply) = post(&world, paths::COLLECT, &request).await;
        let problem = jws::verify_pinned::<Problem>(&reply, old.pin()).unwrap().0;
        assert_eq!((status, problem.code), (400, ProblemCode::Malformed), "{request}");
    }
    let (status, reply) =
        post(&world, paths::COLLECT, &altered("aud", name(9).id().to_string().into())).await;
    let problem = jws::verify_pinned::<Problem>(&reply, old.pin()).unwrap().0;
    assert_eq!((status, problem.code), (421, ProblemCode::WrongServiceKey));
    let (status, _) = post(&world, paths::COLLECT, &"x".repeat(MAX_MESSAGE_BYTES + 1)).await;
    assert_eq!(status, 413);
}

/// Changes the database beside the service.
fn change(world: &World, statements: &str) {
    let database = rusqlite::Connection::open(world.config.data.join("countersign.db")).unwrap();
    database.pragma_update(None, "foreign_keys", false).unwrap();
    database.execute_batch(statements).unwrap();
}

/// Mailboxes of other devices of the first phone's organisation: so many, with so many bytes in each.
fn add_mailboxes(world: &World, count: u32, bytes: u32) {
    change(
        world,
        &format!(
            "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {count})
             INSERT INTO mailboxes (device, organisation, name, count, bytes, expires, opened, since)
             SELECT randomblob(16), (SELECT organisation FROM devices LIMIT 1), randomblob(32), 4096, {bytes},
                 (SELECT max(expires) FROM mailboxes), 1, (SELECT max(since) FROM mailboxes) FROM n"
        ),
    );
}

#[tokio::test]
async fn nobody_reserves_room_with_moves_that_send_nothing() {
    let world = World::start().await;
    let old = world.active_phone("ada").await;
    relay(&world, &old, 1, put(1, 1, 1)).await.unwrap();
    add_mailboxes(&world, 1000, 0);
    let other = world.active_phone("grace").await;
    assert_eq!(relay(&world, &other, 2, put(4096, 1, 80)).await.unwrap().next, 81);
}

#[tokio::test]
async fn an_organisation_fills_its_share_and_leaves_the_others_theirs() {
    let mut world = World::start().await;
    let old = world.active_phone("ada").await;
    relay(&world, &old, 1, put(100, 1, 1)).await.unwrap();
    // Half of a quarter of a gigabyte is one organisation's, if it is alone.
    add_mailboxes(&world, 80, (128 << 20) / 80 - 1000);
    let second = world.active_phone("grace").await;
    assert_eq!(
        code(relay(&world, &second, 2, put(4096, 1, 1)).await),
        ProblemCode::RelayRefused,
        "too large by now"
    );
    assert_eq!(relay(&world, &second, 2, put(2, 1, 1)).await.unwrap().next, 2, "a small one still fits");
    change(&world, "UPDATE mailboxes SET bytes = bytes + 1100 WHERE bytes > 100000");
    assert_eq!(code(relay(&world, &old, 1, put(100, 2, 80)).await), ProblemCode::RelayRefused);
    assert_eq!(relay(&world, &old, 1, RelayAct::Look).await.unwrap().next, 2, "what is in stays");

    let key = create_api_key(&world.config, "other", "default", world.clock.now()).unwrap();
    key.expose().clone_into(&mut world.api_key);
    let other = world.active_phone("ada").await;
    assert_eq!(relay(&world, &other, 3, put(4096, 1, 80)).await.unwrap().next, 81, "the other has its own");
}

#[tokio::test]
async fn room_is_given_back_by_receipts_ends_and_time() {
    let world = World::start().await;
    let old = world.active_phone("ada").await;
    let held = || {
        let database = rusqlite::Connection::open(world.config.data.join("countersign.db")).unwrap();
        let sums = "SELECT (SELECT coalesce(sum(bytes), 0) FROM mailboxes), \
                    (SELECT coalesce(sum(length(sealed)), 0) FROM mailbox_parts)";
        let (counted, there) =
            database.query_row(sums, [], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))).unwrap();
        assert_eq!(counted, there);
        counted
    };
    let size = i64::try_from(part(1).0.len()).unwrap();
    relay(&world, &old, 1, put(100, 1, 80)).await.unwrap();
    relay(&world, &old, 1, put(100, 41, 60)).await.unwrap();
    assert_eq!(held(), 100 * size, "what came twice counts once");
    collect(&world, &old, 1, 1, vec![part(1), part(2)]).await.unwrap();
    assert_eq!(held(), 2 * size);
    relay(&world, &old, 2, put(3, 1, 3)).await.unwrap();
    assert_eq!(held(), 3 * size, "a mailbox in place of another");
    relay(&world, &old, 2, RelayAct::End).await.unwrap();
    assert_eq!(held(), 0);
    relay(&world, &old, 3, put(3, 1, 3)).await.unwrap();
    world.clock.advance(Duration::from_secs(600));
    world.eventually("the expiry", async || held() == 0).await;
}
