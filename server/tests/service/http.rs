//! What holds for every request: bounds, headers, forms.

use countersign_protocol::messages::{DeviceChange, Enrol, ProblemCode, paths};
use countersign_server::{Clock, SetupError, create_api_key};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::World;
use crate::support::phone::{Phone, code as code_of};

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
async fn one_rule_for_names_holds_at_every_entry_and_says_what_is_wrong() {
    let world = World::start().await;
    for (name, reason) in [
        ("", "name_empty"),
        (" \u{3000}\u{2800}", "name_empty"),
        ("\u{200b}", "name_invisible_character"),
        ("ad\u{feff}a", "name_invisible_character"),
        ("ad\u{61c}a", "name_direction_mark"),
        ("ada\u{200f}", "name_direction_mark"),
        ("a\nda", "name_control_character"),
        (&"x".repeat(129), "name_too_long"),
    ] {
        let sign_in = json!({"user": "ada", "application": "Ward portal"});
        let enrolment = json!({"user": "ada"});
        let code = json!({"user": "ada", "code": "123456"});
        for (path, body, field) in [
            ("/v1/sign-ins", &sign_in, "user"),
            ("/v1/sign-ins", &sign_in, "application"),
            ("/v1/sign-ins", &sign_in, "place"),
            ("/v1/sign-ins", &sign_in, "client"),
            ("/v1/enrolments", &enrolment, "user"),
            ("/v1/enrolments", &enrolment, "display_name"),
            ("/v1/codes/verify", &code, "user"),
        ] {
            let mut body = body.clone();
            body[field] = name.into();
            let reply = world.post(path, body).await;
            assert_eq!(reply.refused(), (422, "invalid"), "{path} {field} {}", name.escape_debug());
            let error = &reply.body["error"];
            assert_eq!((&error["field"], &error["reason"]), (&json!(field), &json!(reason)), "{error}");
        }
        let encoded: String = name.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let listed = world.get(&format!("/v1/devices?user={encoded}")).await;
        assert_eq!((listed.refused(), &listed.body["error"]["reason"]), ((422, "invalid"), &json!(reason)));
        if !name.is_empty() {
            for (method, path) in [(Method::GET, ""), (Method::POST, "/lock"), (Method::POST, "/unlock")] {
                let reply = world.request(method, &format!("/v1/users/{encoded}{path}"), None).await;
                assert_eq!(reply.body["error"]["reason"], reason, "{path}");
            }
        }
        let now = world.clock.now();
        for (organisation, client) in [(name, "portal"), ("default", name)] {
            let error = create_api_key(&world.config, organisation, client, now).err().unwrap();
            assert!(matches!(error, SetupError::Name { .. }), "{error}");
        }
        let mut phone = Phone::new(world.start_enrolment("ada").await["link"].as_str().unwrap());
        let request = phone.device_key.sign(&Enrol { name: name.into(), ..phone.enrol_claims() });
        assert_eq!(code_of(phone.send_enrol(&world, &request).await), ProblemCode::NameRefused);
        world.delete(&format!("/v1/enrolments/{}", phone.enrolment)).await;
    }
    let phone = world.active_phone("ada").await;
    let rename = |name: &str| phone.change_request(&world, DeviceChange::Rename { name: name.into() });
    let refused = phone.send_change(&world, &rename("Ada\u{200f}")).await;
    assert_eq!(code_of(refused), ProblemCode::NameRefused);
    phone.send_change(&world, &rename("👩🏽\u{200d}⚕\u{fe0f} Ada")).await.unwrap();
}

#[tokio::test]
async fn bodies_have_one_reading() {
    let world = World::start().await;
    for body in [
        r#"["ada", "Ward portal"]"#,
        r#"{"user":"ada","application":"Ward portal","user":"ada"}"#,
        r#"{"user":"ada","application":"Ward portal","\u0075ser":"eve"}"#,
    ] {
        let request = world.http.post(format!("{}/v1/sign-ins", world.base())).bearer_auth(&world.api_key);
        assert_eq!(request.body(body).send().await.unwrap().status(), 400, "{body}");
    }
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
async fn idle_connections_keep_nobody_out() {
    let world = World::start_with(|config| config.connections = 10).await;
    let mut idle = Vec::new();
    for _ in 0..1010 {
        idle.push(TcpStream::connect(world.address).await.unwrap());
    }
    assert_eq!(world.get("/readyz").await.status, 200);
    let mut first = idle.swap_remove(0);
    assert_eq!(first.read(&mut [0]).await.unwrap_or(0), 0, "the one that was idle for longest was closed");
}

#[tokio::test]
async fn what_no_handler_answers_is_described_as_all_errors_are() {
    let world = World::start().await;
    let id = "AAAAAAAAAAAAAAAAAAAAAA";
    for (method, path, status, code) in [
        (Method::GET, "/v1", 404, "not_found"),
        (Method::GET, "/v1/", 404, "not_found"),
        (Method::GET, "/v1/nothing", 404, "not_found"),
        (Method::POST, "/v1/device/nothing", 404, "not_found"),
        (Method::GET, "/v1/sign-ins/", 404, "not_found"),
        (Method::GET, &format!("/v1/sign-ins/{id}/nothing"), 404, "not_found"),
        (Method::GET, "/.well-known/nothing", 404, "not_found"),
        (Method::GET, "/v1/sign-ins/%ff", 400, "malformed"),
        (Method::PUT, "/v1/sign-ins", 405, "method_not_allowed"),
        (Method::PATCH, &format!("/v1/sign-ins/{id}"), 405, "method_not_allowed"),
        (Method::GET, "/v1/device/fetch", 405, "method_not_allowed"),
        (Method::GET, "/oidc/token", 405, "method_not_allowed"),
        (Method::POST, "/oidc/jwks", 405, "method_not_allowed"),
        (Method::POST, "/openapi.json", 405, "method_not_allowed"),
        (Method::DELETE, "/readyz", 405, "method_not_allowed"),
    ] {
        let request = world.http.request(method, format!("{}{path}", world.base()));
        let response = request.bearer_auth(&world.api_key).send().await.unwrap();
        assert_eq!(response.status(), status, "{path}");
        assert_eq!(response.headers()["content-type"], "application/problem+json", "{path}");
        assert_eq!(response.headers().contains_key("allow"), status == 405, "{path}");
        let problem: Value = response.json().await.unwrap();
        assert_eq!((&problem["status"], &problem["error"]["code"]), (&json!(status), &json!(code)), "{path}");
        assert!(problem["title"].is_string() && problem["error"]["message"].is_string());
    }
    let body = "x".repeat(64 * 1024 + 1);
    let request = world.http.post(format!("{}/v1/sign-ins", world.base())).body(body);
    let problem: Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!((&problem["status"], &problem["error"]["code"]), (&json!(413), &json!("too_large")));
    let refused = world.request_as("", Method::GET, "/v1/audit", None).await;
    assert_eq!((&refused.body["status"], &refused.body["title"]), (&json!(401), &json!("Unauthorized")));
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
