//! Requests that a relying party sends again, since their reply got lost.

use countersign_server::{Clock, SystemClock, create_api_key};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::World;
use crate::support::phone::wrong_code;

fn sign_in() -> Value {
    json!({"user": "ada", "application": "Ward portal", "ip": "192.0.2.7", "show": "relying_party"})
}

#[tokio::test]
async fn a_sign_in_that_is_sent_again_is_one_sign_in_with_one_push() {
    let mut world = World::start().await;
    let phone = world.active_phone("ada").await;
    let first = world.post_with_key("/v1/sign-ins", "a-1", sign_in()).await.created();
    for _ in 0..3 {
        assert_eq!(world.post_with_key("/v1/sign-ins", "a-1", sign_in()).await.created(), first);
    }
    // Quotes, spaces and the order of fields make no other request; nor does a restart.
    let reordered = r#"{ "show":"relying_party", "ip":"192.0.2.7",
                         "application":"Ward portal", "user":"ada" }"#;
    world.restart().await;
    let request = world.http.post(format!("{}/v1/sign-ins", world.base())).bearer_auth(&world.api_key);
    let again = request.header("Idempotency-Key", "\"a-1\"").body(reordered).send().await.unwrap();
    assert_eq!(
        (again.status(), again.json::<Value>().await.unwrap()),
        (reqwest::StatusCode::CREATED, first.clone())
    );
    assert_eq!(phone.challenges(&world).await.len(), 1);
    assert_eq!(world.audit_outcomes("sign_in.create").await, ["created"]);
    assert_eq!(world.get("/v1/users/ada").await.ok()["pushes"], 1);
    // What has become of it is told as well.
    let shown = phone.challenges(&world).await.remove(0);
    phone.approve(&world, &shown, first["number"].as_str().unwrap()).await.unwrap();
    let again = world.post_with_key("/v1/sign-ins", "a-1", sign_in()).await.created();
    assert_eq!((&again["id"], &again["state"]), (&first["id"], &json!("approved")));
    assert_ne!(world.post_with_key("/v1/sign-ins", "a-2", sign_in()).await.created()["id"], first["id"]);
}

#[tokio::test]
async fn the_same_request_twice_at_once_is_one() {
    let world = World::start().await;
    let phone = world.active_phone("ada").await;
    let replies = futures_util::future::join_all(
        (0..16).map(|_| world.post_with_key("/v1/sign-ins", "at-once", sign_in())),
    );
    let ids: std::collections::BTreeSet<String> =
        replies.await.into_iter().map(|reply| reply.created()["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!((ids.len(), phone.challenges(&world).await.len()), (1, 1));
}

#[tokio::test]
async fn a_key_is_for_one_request_of_one_client() {
    let world = World::start().await;
    world.post_with_key("/v1/sign-ins", "k", sign_in()).await.created();
    for (path, body) in [
        ("/v1/sign-ins", json!({"user": "eva", "application": "Ward portal"})),
        ("/v1/sign-ins", json!({"user": "ada", "application": "Ward portal"})),
        ("/v1/enrolments", json!({"user": "ada"})),
        ("/v1/codes/verify", json!({"user": "ada", "code": "123456"})),
    ] {
        let reply = world.post_with_key(path, "k", body).await;
        assert_eq!(reply.refused(), (422, "idempotency_key_reused"), "{path}");
    }
    // Another client's key is another key, in the same organisation and in another.
    for (organisation, client) in [("default", "second"), ("other", "default")] {
        let key = create_api_key(&world.config, organisation, client, SystemClock.now()).unwrap();
        let request = world.http.post(format!("{}/v1/sign-ins", world.base())).bearer_auth(key.expose());
        let response = request.header("idempotency-key", "k").json(&sign_in()).send().await.unwrap();
        assert_eq!(response.status(), 201, "{organisation}/{client}");
    }
    for key in ["", " ", "a b", "\"", &"x".repeat(256)] {
        let reply = world.post_with_key("/v1/sign-ins", key, sign_in()).await;
        assert_eq!(reply.refused(), (400, "malformed"), "{key:?}");
    }
}

#[tokio::test]
async fn an_enrolment_that_is_sent_again_is_one_ticket() {
    let world = World::start().await;
    let body = json!({"user": "ada", "show": "relying_party"});
    let first = world.post_with_key("/v1/enrolments", "e", body.clone()).await.created();
    for _ in 0..5 {
        assert_eq!(world.post_with_key("/v1/enrolments", "e", body.clone()).await.created(), first);
    }
    assert_eq!(world.audit_outcomes("enrolment.create").await, ["created"]);
}

#[tokio::test]
async fn codes_that_are_sent_again_have_one_outcome() {
    let world = World::start().await;
    let phone = world.active_phone("ada").await;
    let wrong = json!({"user": "ada", "code": wrong_code(&world, &[&phone])});
    for _ in 0..10 {
        let reply = world.post_with_key("/v1/codes/verify", "wrong", wrong.clone()).await.ok();
        assert_eq!(reply, json!({"valid": false}));
    }
    assert_eq!(world.get("/v1/users/ada").await.ok()["failures"], 1);
    let right = json!({"user": "ada", "code": phone.code_at(world.seconds())});
    for _ in 0..3 {
        let reply = world.post_with_key("/v1/codes/verify", "right", right.clone()).await.ok();
        assert_eq!(reply, json!({"valid": true, "device": phone.id, "amr": ["otp"]}));
    }
    assert_eq!(world.post_with_key("/v1/codes/verify", "new", right).await.ok(), json!({"valid": false}));

    world.clock.advance_seconds(30);
    let started = world.start_sign_in("ada").await;
    let path = format!("/v1/sign-ins/{}/code", started["id"].as_str().unwrap());
    let code = json!({"code": phone.code_at(world.seconds())});
    for _ in 0..3 {
        let reply = world.post_with_key(&path, "sign-in", code.clone()).await.ok();
        assert_eq!((&reply["state"], reply["assertion"].is_string()), (&json!("approved"), true));
    }
    let other = world.start_sign_in("ada").await;
    let other = format!("/v1/sign-ins/{}/code", other["id"].as_str().unwrap());
    let reply = world.post_with_key(&other, "sign-in", code).await;
    assert_eq!(reply.refused(), (422, "idempotency_key_reused"));
}

#[tokio::test]
async fn what_was_refused_may_be_asked_again_under_its_key() {
    let world = World::start().await;
    for _ in 0..4 {
        world.start_enrolment("ada").await;
    }
    let body = json!({"user": "ada"});
    let refused = world.post_with_key("/v1/enrolments", "e", body.clone()).await;
    assert_eq!(refused.refused(), (429, "too_many_open"));
    world.clock.advance_seconds(600);
    world.post_with_key("/v1/enrolments", "e", body).await.created();
}

#[tokio::test]
async fn keys_are_forgotten_after_a_day_and_hold_no_secret() {
    let world = World::start().await;
    let reply = world.post_with_key("/v1/sign-ins", "k", sign_in()).await.created();
    let path = world.config.data.join(countersign_server::DATABASE_FILE);
    let connection = rusqlite::Connection::open(path).unwrap();
    let row: String = connection
        .query_row("SELECT key || outcome || hex(request) || hex(subject) FROM idempotency", [], |row| {
            row.get(0)
        })
        .unwrap();
    assert!(!row.contains(reply["number"].as_str().unwrap()));
    let rows = async || {
        connection.query_row("SELECT count(*) FROM idempotency", [], |row| row.get::<_, u32>(0)).unwrap()
    };
    assert_eq!(rows().await, 1);
    world.clock.advance_seconds(24 * 3600 + 1);
    world.eventually("forgetting", async || rows().await == 0).await;
    assert_eq!(world.request(Method::GET, "/healthz", None).await.status, 200);
}
