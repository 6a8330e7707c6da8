//! Planted secrets never reach a log, whatever goes right or wrong, at the most talkative level. In a process of its
//! own, since it captures everything that is logged.
#![allow(clippy::unwrap_used, dead_code, reason = "helpers, of which this test uses a part")]

#[path = "service/openid/support.rs"]
mod openid;
#[path = "service/support/mod.rs"]
mod support;

use std::io::Write;
use std::sync::{Arc, Mutex};

use countersign_protocol::messages::{
    Answer, Collect, Decision, DeviceChange, Enrol, Relay, RelayAct, SealedPart, WakeUp, paths,
};
use countersign_protocol::{EnrolmentLink, Id, MailboxName, MatchLink, encode_base64url};
use countersign_server::{MasterKey, MasterKeySource};
use openid::{Browser, Portal};
use serde_json::json;
use support::World;
use support::phone::{Phone, post};

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn no_secret_reaches_a_log_at_trace_level() {
    let captured = Captured::default();
    let writer = captured.clone();
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .without_time()
        .with_writer(move || writer.clone())
        .init();
    let mut secrets = Secrets::default();
    let mut world = World::start_with(|config| {
        // Eight digits, so that no other figure is taken for the number.
        config.policy.matching.digits = Some(8);
        config.master_key = MasterKeySource::Given(MasterKey::from_bytes([0xa5; 32]));
    })
    .await;
    secrets.add("master key", &encode_base64url([0xa5; 32]));
    secrets.add("API key", &world.api_key);
    tracing::info!("{:?}", world.config);

    let phone = enrol(&world, &mut secrets).await;
    sign_in(&world, &phone, &mut secrets).await;
    go_wrong(&world, &phone, &mut secrets).await;
    sign_in_by_openid(&world, &phone, &mut secrets).await;
    relay(&world, &phone, &mut secrets).await;
    world.restart().await;
    std::fs::remove_dir_all(&world.config.data).unwrap();
    world.post("/v1/sign-ins", json!({"user": "ada", "application": "x"})).await;
    world.take_service().shutdown().await;

    let log = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
    for template in [
        "/v1/sign-ins/{id}",
        "/oidc/resume/{id}",
        "/oidc/token",
        "/v1/device/answer",
        "/v1/move/collect",
        "/v1/enrolments",
        "stopped",
    ] {
        assert!(log.contains(template), "the log is captured: {template}");
    }
    for (what, secret) in &secrets.0 {
        assert!(!log.contains(secret), "{what} is in the log");
    }
}

#[derive(Default)]
struct Secrets(Vec<(&'static str, String)>);

impl Secrets {
    fn add(&mut self, what: &'static str, secret: &str) {
        assert!(secret.len() >= 6, "{what} is too short to be looked for");
        self.0.push((what, secret.to_owned()));
    }

    /// The claims and the signature of a message.
    fn add_message(&mut self, what: &'static str, jws: &str) {
        jws.split('.').skip(1).for_each(|part| self.add(what, part));
    }

    fn add_page_key(&mut self, page_url: &str) {
        self.add("page key", page_url.split_once("key=").unwrap().1);
    }
}

async fn enrol(world: &World, secrets: &mut Secrets) -> Phone {
    let enrolment = world.start_enrolment("ada").await;
    secrets.add_page_key(enrolment["page_url"].as_str().unwrap());
    let link: EnrolmentLink = enrolment["link"].as_str().unwrap().parse().unwrap();
    secrets.add("ticket", &link.ticket.expose_text());
    let mut phone = Phone::new(&link.expose_text());
    let wake_up = Some(WakeUp::Fcm { token: "planted-canary-token".into() });
    secrets.add("wake-up token", "planted-canary-token");
    let request = phone.device_key.sign(&Enrol { wake_up, ..phone.enrol_claims() });
    secrets.add_message("enrolment request", &request);
    phone.send_enrol(world, &request).await.unwrap();
    secrets.add("one-time-code secret", &phone.totp.as_ref().unwrap().secret);
    secrets.add("sealed secret", &phone.enrolled.as_ref().unwrap().totp);
    let activation = phone.challenges(world).await.remove(0);
    secrets.add_message("activation", &activation.jws);
    let number = world.enrolment(&phone.enrolment).await["number"].as_str().unwrap().to_owned();
    secrets.add("activation number", &number);
    phone.approve(world, &activation, &number).await.unwrap();
    phone
}

async fn sign_in(world: &World, phone: &Phone, secrets: &mut Secrets) {
    let (sign_in, shown) = world.ask("ada", phone).await;
    secrets.add_page_key(sign_in.0["page_url"].as_str().unwrap());
    secrets.add("number", sign_in.number());
    let link: MatchLink = sign_in.0["match_link"].as_str().unwrap().parse().unwrap();
    secrets.add("match secret", &link.secret.expose_text());
    secrets.add_message("challenge", &shown.jws);
    let answer =
        Answer { number: Some(sign_in.number().into()), ..phone.answer(world, &shown, Decision::Approve) };
    let request = phone.approval_key.sign(&answer);
    secrets.add_message("answer", &request);
    phone.send_answer(world, &request).await.unwrap();
    let result = world.get(&format!("/v1/sign-ins/{}?wait=1", sign_in.id())).await.ok();
    secrets.add_message("assertion", result["assertion"].as_str().unwrap());
    let code = phone.code_at(world.seconds());
    secrets.add("code", &code);
    world.post("/v1/codes/verify", json!({"user": "ada", "code": code})).await;
}

/// A sign-in of the OpenID door, and requests of it with secrets wherever a client may put them.
async fn sign_in_by_openid(world: &World, phone: &Phone, secrets: &mut Secrets) {
    let portal = Portal::new(world);
    secrets.add("client secret", &portal.secret);
    secrets.add("verifier", openid::VERIFIER);
    let mut query = portal.query();
    query.insert("state", "planted-canary-state".to_owned());
    query.insert("nonce", "planted-canary-nonce".to_owned());
    let mut browser = Browser::new();
    let page = browser.open(world, &openid::authorize(&query)).await;
    secrets.add("number of the page", page.number());
    openid::approve(world, phone, &page).await;
    let answer = browser.resume(world, &page).await.answer();
    secrets.add("code", &answer["code"]);
    let tokens = portal.exchange(world, &answer["code"]).await;
    secrets.add("access token", tokens.body["access_token"].as_str().unwrap());
    secrets.add_message("ID token", tokens.body["id_token"].as_str().unwrap());
    tokens.userinfo(world).await;
    portal.exchange(world, &answer["code"]).await;
    for name in [
        "id_token_hint",
        "login_hint",
        "claims",
        "acr_values",
        "redirect_uri",
        "client_id",
        "prompt",
        "scope",
    ] {
        let mut wrong = query.clone();
        wrong.insert(name, "planted-canary\u{7}".to_owned());
        browser.load(world, &openid::authorize(&wrong)).await;
    }
    for name in [
        "code",
        "client_secret",
        "client_id",
        "client_assertion",
        "code_verifier",
        "redirect_uri",
        "grant_type",
    ] {
        let mut wrong = portal.grant("planted-canary");
        wrong.insert(name, "planted-canary".to_owned());
        openid::token(world, &wrong).await;
    }
    openid::token_with(world, Some("Basic planted-canary"), "code=planted-canary").await;
}

/// A move over the service, and one that is refused.
async fn relay(world: &World, phone: &Phone, secrets: &mut Secrets) {
    let name = MailboxName::new([0x5a; 32]);
    let part = SealedPart(b"planted sealed part of a move".to_vec());
    secrets.add("mailbox's name", &name.expose_text());
    secrets.add("mailbox", &name.id().to_string());
    secrets.add("sealed part", &encode_base64url(&part.0));
    for count in [1, 4097] {
        let act = RelayAct::Put { count, first: 1, parts: vec![part.clone()] };
        let (jti, iat) = (Id::make_random(), world.seconds());
        let claims = Relay { aud: phone.pin(), device: phone.id, jti, iat, mailbox: name.id(), act };
        post(world, paths::RELAY, &phone.device_key.sign(&claims)).await;
    }
    for first in [0, 1] {
        let request = Collect { aud: phone.pin(), name: name.clone(), first, receipt: vec![part.clone()] };
        let request = serde_json::to_string(&request).unwrap();
        post(world, paths::COLLECT, &request).await;
        post(world, paths::COLLECT, &request[..request.len() - 1]).await;
    }
}

/// Requests that are refused, with secrets in every place that a careless log line could print.
async fn go_wrong(world: &World, phone: &Phone, secrets: &mut Secrets) {
    secrets.add("planted", "planted-canary");
    for path in [paths::ENROL, paths::FETCH, paths::ANSWER, paths::CHANGE] {
        post(world, path, "planted-canary").await;
        post(world, &format!("{path}?key=planted-canary"), "e30.planted-canary.x").await;
    }
    world.request_as("planted-canary", reqwest::Method::GET, "/v1/audit", None).await;
    for path in ["/v1/sign-ins/planted-canary", "/v1/enrolments/planted-canary?wait=1", "/planted-canary"] {
        let request = world.http.get(format!("{}{path}", world.base())).header("cookie", "a=planted-canary");
        request.bearer_auth(&world.api_key).send().await.unwrap();
    }
    world.post("/v1/codes/verify", json!({"user": "ada", "code": "planted-canary"})).await;
    world.post("/v1/sign-ins", json!({"user": "ada", "application": 1, "place": "planted-canary"})).await;
    let (sign_in, shown) = world.ask("ada", phone).await;
    let wrong = format!("{:08}", (sign_in.number().parse::<u32>().unwrap() + 1) % 100_000_000);
    secrets.add("wrong number", &wrong);
    phone.approve(world, &shown, &wrong).await.unwrap();
    for wrong in ["999999", "999998", "999997", "999996", "999995"] {
        secrets.add("wrong code", wrong);
        world.post("/v1/codes/verify", json!({"user": "ada", "code": wrong})).await;
    }
    let request = phone.change_request(world, DeviceChange::Rename { name: "planted-canary".into() });
    phone.send_change(world, &request).await.unwrap();
}
