//! What an assertion says, beside who has signed in.

use countersign_protocol::messages::{Answer, Decision};
use countersign_protocol::{MatchLink, decode_base64url};
use countersign_server::{Clock, SystemClock, create_api_key};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::phone::Phone;
use crate::support::{SignIn, World};

fn claims(sign_in: &Value) -> Value {
    let claims = sign_in["assertion"].as_str().unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&decode_base64url(claims).unwrap()).unwrap()
}

/// The claims of a sign-in that a device approves.
async fn approved(world: &World, phone: &Phone, answer: impl FnOnce(&SignIn, Answer) -> Answer) -> Value {
    let (sign_in, shown) = world.ask("ada", phone).await;
    let answer = answer(&sign_in, phone.answer(world, &shown, Decision::Approve));
    phone.send_answer(world, &phone.approval_key.sign(&answer)).await.unwrap();
    let result = world.get(&format!("/v1/sign-ins/{}", sign_in.id())).await.ok();
    let claims = claims(&result);
    assert_eq!(result["matching"], claims["matching"]);
    claims
}

#[tokio::test]
async fn an_assertion_names_how_the_device_matched_the_page() {
    let world = World::start().await;
    let phone = world.active_phone("ada").await;
    let number = |sign_in: &SignIn| Some(sign_in.number().to_owned());
    let scanned = |sign_in: &SignIn| {
        let link: MatchLink = sign_in.0["match_link"].as_str().unwrap().parse().unwrap();
        Some(link.secret)
    };
    let by_number =
        approved(&world, &phone, |sign_in, answer| Answer { number: number(sign_in), ..answer }).await;
    assert_eq!(by_number["matching"], "number");
    let by_scan =
        approved(&world, &phone, |sign_in, answer| Answer { scanned: scanned(sign_in), ..answer }).await;
    assert_eq!(by_scan["matching"], "scan");
    let both =
        |sign_in: &SignIn, answer| Answer { number: number(sign_in), scanned: scanned(sign_in), ..answer };
    assert_eq!(approved(&world, &phone, both).await["matching"], "scan");

    let sign_in = SignIn(world.start_sign_in("ada").await);
    let by_code = world.give_code(&sign_in, &phone.code_at(world.seconds())).await.ok();
    assert_eq!((claims(&by_code).get("matching"), by_code.get("matching")), (None, None));
    assert_eq!(claims(&by_code)["amr"], json!(["otp"]));
}

#[tokio::test]
async fn an_assertion_says_that_nothing_was_matched() {
    let world = World::start_with(|config| {
        (config.policy.matching.digits, config.policy.matching.scan) = (None, false);
    })
    .await;
    let phone = world.active_phone("ada").await;
    assert_eq!(approved(&world, &phone, |_, answer| answer).await["matching"], "none");
}

#[tokio::test]
async fn organisations_with_clients_and_users_of_the_same_names_are_told_apart() {
    let world = World::start().await;
    let mut seen = Vec::new();
    for organisation in ["Leeds", "York", "Leeds"] {
        let key = create_api_key(&world.config, organisation, "portal", SystemClock.now()).unwrap();
        let post = async |path: &str, body: Value| {
            world.request_as(key.expose(), Method::POST, path, Some(body)).await
        };
        let show = json!({"user": "ada", "show": "relying_party"});
        let enrolment = post("/v1/enrolments", show).await.created();
        let mut phone = Phone::new(enrolment["link"].as_str().unwrap());
        phone.enrol(&world).await.unwrap();
        let path = format!("/v1/enrolments/{}", phone.enrolment);
        let waiting = world.request_as(key.expose(), Method::GET, &path, None).await.ok();
        let activation = phone.challenges(&world).await.remove(0);
        phone.approve(&world, &activation, waiting["number"].as_str().unwrap()).await.unwrap();
        let sign_in = post("/v1/sign-ins", json!({"user": "ada", "application": "Portal"})).await.created();
        let path = format!("/v1/sign-ins/{}/code", sign_in["id"].as_str().unwrap());
        let claims = claims(&post(&path, json!({"code": phone.code_at(world.seconds())})).await.ok());
        let same = [&claims["iss"], &claims["aud"], &claims["sub"]];
        assert_eq!(same, ["https://approve.example", "portal", "ada"]);
        assert_eq!(claims["organisation"], organisation);
        seen.push(claims["organisation_id"].as_str().unwrap().to_owned());
    }
    assert!(seen[0] != seen[1] && seen[0] == seen[2], "{seen:?}");
}
