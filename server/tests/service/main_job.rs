//! The main job: enrol, activate, sign in, codes, as phone and relying party see them.

use crate::support::World;
use countersign_protocol::jws::{self, Message};
use countersign_protocol::messages::{Decision, DeviceChange, Outcome, Purpose};
use countersign_protocol::{CheckValue, Jwk, MatchLink};
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Serialize, Deserialize)]
struct Assertion(Value);

impl Message for Assertion {
    const TYP: &'static str = "countersign-assertion+jwt";
}

#[tokio::test]
async fn a_phone_enrols_is_activated_and_approves_a_sign_in() {
    let world = World::start().await;
    let enrolment = world.start_enrolment("ada").await;
    assert!(enrolment["page_url"].as_str().unwrap().starts_with("https://approve.example/enrolments/"));
    let mut phone = crate::support::phone::Phone::new(enrolment["link"].as_str().unwrap());
    let enrolled = phone.enrol(&world).await.unwrap();
    assert_eq!((enrolled.organisation.as_str(), enrolled.user.as_str()), ("default", "ada"));

    let waiting = world.enrolment(&phone.enrolment).await;
    let keys = (phone.device_key.public, phone.approval_key.public, phone.encryption_key.public());
    let check = CheckValue::derive(phone.enrolment.parse().unwrap(), phone.pin(), &keys.0, &keys.1, &keys.2);
    assert_eq!(
        (&waiting["state"], &waiting["check_value"]),
        (&json!("awaiting_activation"), &json!(check.to_string()))
    );

    let delivery = phone.fetch(&world, 0, &[]).await.unwrap();
    assert!(!delivery.active);
    let activation = phone.verify(delivery.challenges[0].clone());
    assert_eq!(activation.claims.purpose, Purpose::Activation);
    let receipt = phone.approve(&world, &activation, waiting["number"].as_str().unwrap()).await.unwrap();
    assert_eq!(receipt.outcome, Outcome::Approved);
    assert_eq!(world.enrolment(&phone.enrolment).await["state"], "active");
    assert!(phone.fetch(&world, 0, &[]).await.unwrap().active);

    let sign_in = world.start_sign_in("ada").await;
    assert_eq!(sign_in["devices"], 1);
    let shown = phone.challenges(&world).await.remove(0);
    assert_eq!(shown.claims.application, "Ward portal");
    assert_eq!(shown.claims.client.as_deref(), Some("Firefox"));
    phone.approve(&world, &shown, sign_in["number"].as_str().unwrap()).await.unwrap();

    let result = world.get(&format!("/v1/sign-ins/{}?wait=5", sign_in["id"].as_str().unwrap())).await.ok();
    assert_eq!((&result["state"], &result["method"]), (&json!("approved"), &json!("push")));
    let jwks = world.get("/.well-known/jwks.json").await.ok();
    let key: Jwk = serde_json::from_value(jwks["keys"][0].clone()).unwrap();
    assert_eq!(jwks["keys"][0]["kid"], json!(key.thumbprint()));
    let Assertion(claims) = jws::verify(result["assertion"].as_str().unwrap(), &key).unwrap();
    assert_eq!(claims["iss"], "https://approve.example");
    assert_eq!((&claims["aud"], &claims["sub"]), (&json!("default"), &json!("ada")));
    assert_eq!((&claims["organisation"], &claims["matching"]), (&json!("default"), &json!("number")));
    assert_eq!(result["matching"], "number");
    assert_eq!(claims["amr"], json!(["mfa", "pop", "hwk", "fpt"]));
    assert_ne!(key.thumbprint(), phone.pin(), "assertions have a key of their own");
}

#[tokio::test]
async fn scanning_the_pages_qr_approves_as_well() {
    let world = World::start().await;
    let phone = world.active_phone("ada").await;
    let sign_in = world.start_sign_in("ada").await;
    let link: MatchLink = sign_in["match_link"].as_str().unwrap().parse().unwrap();
    let shown = phone.challenges(&world).await.remove(0);
    assert_eq!(link.challenge, shown.claims.id);
    let receipt = phone.approve_scanned(&world, &shown, &link.secret).await.unwrap();
    assert_eq!(receipt.outcome, Outcome::Approved);
}

#[tokio::test]
async fn a_denial_and_a_report_end_the_sign_in_on_every_device() {
    let world = World::start().await;
    let (phone, tablet) = (world.active_phone("ada").await, world.active_phone("ada").await);
    for (decision, state) in [(Decision::Deny, "denied"), (Decision::Report, "reported")] {
        let sign_in = world.start_sign_in("ada").await;
        assert_eq!(sign_in["devices"], 2);
        let shown = phone.challenges(&world).await.remove(0);
        phone.decide(&world, &shown, decision).await.unwrap();
        assert_eq!(world.state_of(&sign_in).await, state);
        assert!(tablet.challenges(&world).await.is_empty());
    }
}

#[tokio::test]
async fn a_code_is_accepted_once_alone_and_for_a_sign_in() {
    let world = World::start().await;
    let phone = world.active_phone("ada").await;
    let code = phone.code_at(world.seconds());
    let verify = json!({"user": "ada", "code": code});
    let first = world.post("/v1/codes/verify", verify.clone()).await.ok();
    assert_eq!(first, json!({"valid": true, "device": phone.id, "amr": ["otp"]}));
    assert_eq!(world.post("/v1/codes/verify", verify).await.ok(), json!({"valid": false}));

    let sign_in = world.start_sign_in("ada").await;
    let path = format!("/v1/sign-ins/{}/code", sign_in["id"].as_str().unwrap());
    let used = world.post(&path, json!({"code": code})).await;
    assert_eq!(used.refused(), (409, "wrong_code"));
    world.clock.advance_seconds(30);
    let next = phone.code_at(world.seconds());
    let approved = world.post(&path, json!({"code": next})).await.ok();
    assert_eq!((&approved["state"], &approved["method"]), (&json!("approved"), &json!("code")));
}

#[tokio::test]
async fn a_phone_changes_its_name_and_leaves() {
    let world = World::start().await;
    let phone = world.active_phone("ada").await;
    let rename = phone.change_request(&world, DeviceChange::Rename { name: "Blue phone".into() });
    phone.send_change(&world, &rename).await.unwrap();
    let list = world.get("/v1/devices?user=ada").await.ok();
    assert_eq!(
        (&list["devices"][0]["name"], &list["devices"][0]["state"]),
        (&json!("Blue phone"), &json!("active"))
    );
    let revoke = phone.change_request(&world, DeviceChange::Revoke);
    phone.send_change(&world, &revoke).await.unwrap();
    let list = world.get("/v1/devices?user=ada").await.ok();
    assert_eq!(list["devices"][0]["state"], "revoked");
    assert_eq!(world.start_sign_in("ada").await["devices"], 0);
}

#[tokio::test]
async fn everything_that_happened_is_in_the_audit_log() {
    let world = World::start().await;
    let phone = world.active_phone("ada").await;
    let sign_in = world.start_sign_in("ada").await;
    let shown = phone.challenges(&world).await.remove(0);
    phone.approve(&world, &shown, sign_in["number"].as_str().unwrap()).await.unwrap();
    let log = world.get("/v1/audit").await.ok();
    let events: Vec<_> = log["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| format!("{} {}", entry["event"].as_str().unwrap(), entry["outcome"].as_str().unwrap()))
        .collect();
    assert_eq!(
        events,
        [
            "enrolment.create created",
            "enrolment.use bound",
            "device.activate approved",
            "sign_in.create created",
            "sign_in.answer approved"
        ]
    );
    let second = log["entries"][1]["id"].as_i64().unwrap();
    let rest = world.get(&format!("/v1/audit?after={second}&limit=2")).await.ok();
    assert_eq!(rest["entries"].as_array().unwrap().len(), 2);
    assert_eq!(rest["entries"][0]["event"], "device.activate");
}

#[tokio::test]
async fn the_openapi_document_names_every_endpoint() {
    let world = World::start().await;
    let api = world.request(Method::GET, "/openapi.json", None).await.ok();
    let paths: Vec<&str> = api["paths"].as_object().unwrap().keys().map(String::as_str).collect();
    for path in [
        "/v1/device/enrol",
        "/v1/device/fetch",
        "/v1/device/answer",
        "/v1/device/change",
        "/v1/enrolments",
        "/v1/enrolments/{id}",
        "/v1/sign-ins",
        "/v1/sign-ins/{id}",
        "/v1/sign-ins/{id}/code",
        "/v1/codes/verify",
        "/v1/devices",
        "/v1/devices/{id}",
        "/v1/users/{user}",
        "/v1/users/{user}/lock",
        "/v1/users/{user}/unlock",
        "/v1/audit",
        "/healthz",
        "/.well-known/jwks.json",
    ] {
        assert!(paths.contains(&path), "{path}");
    }
    assert_eq!(api["components"]["securitySchemes"]["api_key"]["scheme"], "bearer");
}
