//! What holds for every request: bounds, headers, forms.

use std::time::Duration;

use countersign_protocol::messages::paths;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::World;

#[tokio::test]
async fn bodies_are_bounded() {
    let world = World::start().await;
    for path in [paths::ENROL, paths::FETCH, "/v1/sign-ins"] {
        let body = "x".repeat(64 * 1024 + 1);
        let request =
            world.http.post(format!("{}{path}", world.base())).bearer_auth(&world.api_key).body(body);
        assert_eq!(request.send().await.unwrap().status(), 413, "{path}");
    }
}

#[tokio::test]
async fn json_of_another_form_is_refused_without_repeating_it() {
    let world = World::start().await;
    let deep = format!("{}1{}", "[".repeat(30_000), "]".repeat(30_000));
    for body in
        ["", "{", "[]", "\"planted-canary\"", r#"{"user":1,"application":"planted-canary"}"#, deep.as_str()]
    {
        let request = world.http.post(format!("{}/v1/sign-ins", world.base())).bearer_auth(&world.api_key);
        let response = request.body(body.to_owned()).send().await.unwrap();
        assert_eq!(response.status(), 400);
        assert!(!response.text().await.unwrap().contains("canary"));
    }
    for query in ["limit=planted-canary", "after=x", "limit=99999999999"] {
        let reply = world.get(&format!("/v1/audit?{query}")).await;
        assert_eq!(reply.refused(), (400, "malformed"));
        assert!(!reply.body.to_string().contains("canary"));
    }
    let unknown = world.post("/v1/sign-ins", json!({"user": "ada", "application": "x", "placce": "x"})).await;
    assert!(unknown.body["error"]["message"].as_str().unwrap().contains("placce"));
}

#[tokio::test]
async fn fields_are_held_to_what_a_phone_may_show() {
    let world = World::start().await;
    let good = json!({"user": "ada", "application": "Ward portal"});
    for (field, value) in [
        ("user", json!("")),
        ("user", json!("x".repeat(129))),
        ("application", json!("Ward\nportal")),
        ("place", json!("sdeeL\u{202e}")),
        ("client", json!("\u{0}")),
        ("return_url", json!("http://rp.example")),
        ("return_url", json!("javascript:alert(1)")),
    ] {
        let mut body = good.clone();
        body[field] = value;
        let reply = world.post("/v1/sign-ins", body).await;
        assert_eq!(reply.refused(), (422, "invalid"), "{field}");
        assert!(reply.body["error"]["message"].as_str().unwrap().contains(field));
    }
    let mut body = good;
    body["ip"] = json!("not an address");
    assert_eq!(world.post("/v1/sign-ins", body).await.status, 400);
}

#[tokio::test]
async fn every_reply_has_the_security_headers() {
    let world = World::start().await;
    for path in ["/healthz", "/.well-known/jwks.json", "/nothing", "/v1/audit"] {
        let response = world.http.get(format!("{}{path}", world.base())).send().await.unwrap();
        let header =
            |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(header("x-content-type-options").as_deref(), Some("nosniff"), "{path}");
        assert_eq!(header("cache-control").as_deref(), Some("no-store"));
        assert_eq!(header("referrer-policy").as_deref(), Some("no-referrer"));
        assert!(header("content-security-policy").unwrap().contains("default-src 'none'"));
        assert!(header("strict-transport-security").is_some(), "the public address is https");
    }
}

#[tokio::test]
async fn more_connections_than_allowed_wait_until_one_is_given_back() {
    let world = World::start_with(|config| config.connections = 1).await;
    let mut first = TcpStream::connect(world.address).await.unwrap();
    let mut second = TcpStream::connect(world.address).await.unwrap();
    let request = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    let mut buffer = [0; 1024];
    first.write_all(request).await.unwrap();
    assert!(first.read(&mut buffer).await.unwrap() > 0);
    second.write_all(request).await.unwrap();
    let held = tokio::time::timeout(Duration::from_millis(50), second.read(&mut buffer)).await;
    assert!(held.is_err(), "it isn't served yet");
    drop(first);
    assert!(second.read(&mut buffer).await.unwrap() > 0);
}

#[tokio::test]
async fn nonsense_ends_the_connection_and_nothing_else() {
    let world = World::start().await;
    for nonsense in [&b"\x16\x03\x01\x02\x00"[..], b"GET / HTTP/9.9\r\n\r\n", &[b'x'; 40_000]] {
        let mut stream = TcpStream::connect(world.address).await.unwrap();
        let _ = stream.write_all(nonsense).await;
        let _ = stream.shutdown().await;
        let mut reply = Vec::new();
        let _ = stream.read_to_end(&mut reply).await;
        assert!(reply.is_empty() || reply.starts_with(b"HTTP/1.1 4"));
    }
    assert_eq!(world.get("/healthz").await.status, 200);
}
