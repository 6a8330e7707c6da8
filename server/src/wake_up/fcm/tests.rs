//! Against a stand-in for Google's two servers, over http on loopback.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode as Status};
use axum::routing::post;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use serde_json::Value;

use super::*;

const NOW: Time = Time::from_millis(1_800_000_000_000);
const LIFETIME: Duration = Duration::from_secs(120);

/// What Google's servers were sent, and what they answer with next.
#[derive(Default)]
struct Google {
    assertions: Mutex<Vec<String>>,
    messages: Mutex<Vec<(String, Value)>>,
    answers: Mutex<Vec<u16>>,
}

type Shared = State<Arc<Google>>;

fn hold<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn token(State(google): Shared, body: String) -> String {
    let pairs = url::form_urlencoded::parse(body.as_bytes());
    let assertion = pairs.into_owned().find(|(name, _)| name == "assertion").unwrap().1;
    let mut assertions = hold(&google.assertions);
    assertions.push(assertion);
    json!({ "access_token": format!("token {}", assertions.len()), "expires_in": 3600 }).to_string()
}

async fn send(
    State(google): Shared,
    Path((_, project)): Path<(String, String)>,
    headers: HeaderMap,
    body: String,
) -> Status {
    assert_eq!(project, "trust");
    let bearer = headers["authorization"].to_str().unwrap().to_owned();
    hold(&google.messages).push((bearer, serde_json::from_str(&body).unwrap()));
    Status::from_u16(hold(&google.answers).pop().unwrap_or(200)).unwrap()
}

fn private_key() -> String {
    let vectors: Value =
        serde_json::from_str(include_str!("../../../../tests/vectors/privacyidea/push.json")).unwrap();
    vectors["phone_private_key_pem"].as_str().unwrap().to_owned()
}

async fn start() -> (Arc<Google>, Fcm) {
    let google = Arc::<Google>::default();
    let router = Router::new()
        .route("/token", post(token))
        .route("/{v1}/projects/{project}/messages:send", post(send))
        .with_state(Arc::clone(&google));
    let listener = tokio::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    let host = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let file = tempfile::NamedTempFile::new().unwrap();
    let account = json!({
        "type": "service_account", "project_id": "trust", "private_key_id": "key 1",
        "private_key": private_key(), "client_email": "push@trust.example", "token_uri": format!("{host}/token"),
    });
    std::fs::write(file.path(), account.to_string()).unwrap();
    (google, Fcm::with_host(file.path(), &host).unwrap())
}

#[tokio::test]
async fn a_message_wakes_and_says_nothing() {
    let (google, fcm) = start().await;
    fcm.send("registration", LIFETIME, NOW).await.unwrap();
    let (bearer, message) = hold(&google.messages).remove(0);
    assert_eq!(bearer, "Bearer token 1");
    let message = &message["message"];
    assert_eq!(message["token"], "registration");
    assert_eq!(message["data"], json!({ "countersign": "fetch" }));
    assert_eq!(
        (&message["android"]["priority"], &message["android"]["ttl"]),
        (&json!("HIGH"), &json!("120s"))
    );
    assert_eq!(message["apns"]["payload"]["aps"]["mutable-content"], 1);
    assert_eq!(message["apns"]["headers"]["apns-expiration"], "1800000120");
    assert!(message.get("notification").is_none(), "Android would show it in place of the app");
}

#[tokio::test]
async fn the_token_is_asked_for_by_a_signed_assertion_and_used_for_its_hour() {
    let (google, fcm) = start().await;
    for minutes in [0, 30, 58] {
        fcm.send("registration", LIFETIME, NOW + Duration::from_secs(60 * minutes)).await.unwrap();
    }
    assert_eq!(hold(&google.assertions).len(), 1);
    fcm.send("registration", LIFETIME, NOW + Duration::from_secs(60 * 59)).await.unwrap();
    assert_eq!(hold(&google.assertions).len(), 2);

    let assertion = hold(&google.assertions).remove(0);
    let (signed, signature) = assertion.rsplit_once('.').unwrap();
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, fcm.key.public().as_ref());
    let decode = |text: &str| countersign_protocol::decode_base64url(text).unwrap();
    public.verify(signed.as_bytes(), &decode(signature)).unwrap();
    let parts: Vec<Value> =
        signed.split('.').map(|part| serde_json::from_slice(&decode(part)).unwrap()).collect();
    assert_eq!(parts[0], json!({ "alg": "RS256", "typ": "JWT", "kid": "key 1" }));
    assert_eq!((&parts[1]["iss"], &parts[1]["scope"]), (&json!("push@trust.example"), &json!(SCOPE)));
    assert_eq!((&parts[1]["iat"], &parts[1]["exp"]), (&json!(1_800_000_000), &json!(1_800_003_600)));
}

#[tokio::test]
async fn refusals_are_told_apart_and_a_withdrawn_token_is_replaced() {
    let (google, fcm) = start().await;
    for (status, failure) in [
        (404, Failure::Gone),
        (400, Failure::Refused),
        (503, Failure::Unreachable(None)),
        (401, Failure::Unreachable(None)),
    ] {
        hold(&google.answers).push(status);
        assert_eq!(fcm.send("registration", LIFETIME, NOW).await, Err(failure), "{status}");
    }
    assert_eq!(hold(&google.assertions).len(), 1);
    fcm.send("registration", LIFETIME, NOW).await.unwrap();
    assert_eq!(hold(&google.messages).last().unwrap().0, "Bearer token 2");
}

#[test]
fn a_file_that_is_no_key_file_is_refused_without_its_text() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let secret = json!({ "project_id": "trust", "private_key": "canary" }).to_string();
    for text in ["", "{", &secret, &private_key()] {
        std::fs::write(file.path(), text).unwrap();
        let error = Fcm::new(file.path()).err().unwrap();
        assert_eq!(error.to_string(), "it is not the key file of a service account");
    }
    assert!(Fcm::new(std::path::Path::new("/nowhere")).is_err());
}
