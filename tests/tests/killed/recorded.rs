//! As much of privacyIDEA 3.14 as enrolling takes: it answers as `tests/vectors/privacyidea` has recorded it, remembers
//! which registration codes were used, and believes every signature. The real server has tests of its own
//! (`tests/tests/privacyidea`); this one answers within a millisecond, some hundred times.

use std::collections::HashSet;
use std::sync::{Arc, LazyLock, Mutex};

use aes_gcm::aead::AeadInOut;
use aes_gcm::aead::consts::U16;
use aes_gcm::aes::Aes256;
use aes_gcm::{AesGcm, KeyInit};
use axum::extract::State;
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use data_encoding::BASE64URL;
use ring::agreement::{EphemeralPrivateKey, UnparsedPublicKey, X25519, agree_ephemeral};
use ring::rand::SystemRandom;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// The server.
pub(crate) struct Recorded {
    url: String,
    offered: Mutex<u32>,
}

/// Serials of containers that a phone is registered for.
type Registered = Arc<Mutex<HashSet<String>>>;

impl Recorded {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new()
            .route("/ttype/push", get(async || success(json!([]), Value::Null)).post(register_push))
            .route("/container/register/finalize", post(register))
            .route(
                "/container/challenge",
                post(async || success(CONTAINERS["synchronize"]["challenge"].clone(), Value::Null)),
            )
            .route("/container/synchronize", post(synchronise))
            .route("/container/register/terminate/client", post(async || failure(MOVED)))
            .with_state(Registered::default());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, offered: Mutex::default() }
    }

    /// What the QR of a push token says.
    pub(crate) fn push_token(&self) -> String {
        let url = self.url.replace(':', "%3A");
        format!(
            "otpauth://pipush/PIPU0000492B?url={url}/ttype/push&ttl=10&issuer=privacyIDEA\
             &enrollment_credential=6ea045275c903462317712b01142fa06d610a203&v=1&serial=PIPU0000492B&sslverify=1"
        )
    }

    /// What the QR of a new container says.
    pub(crate) fn container(&self) -> String {
        let mut offered = self.offered.lock().unwrap();
        *offered += 1;
        let (serial, url) = (format!("SMPH{:08X}", *offered), self.url.replace(':', "%3A"));
        format!(
            "pia://container/{serial}?issuer=privacyIDEA&ttl=10&nonce=7440e149aecf020fc7f82ad578032485a3ca5514\
             &time=2026-11-24T03%3A05%3A47.570365%2B00%3A00&url={url}/&serial={serial}&key_algorithm=secp384r1\
             &hash_algorithm=SHA256&ssl_verify=True&passphrase="
        )
    }
}

static CONTAINERS: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str::<Value>(include_str!("../../vectors/privacyidea/container.json")).unwrap()["container"].take()
});
static PUSH: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../vectors/privacyidea/push.json")).unwrap());

/// The code was used.
const USED: i64 = 3000;
/// The signature is another phone's.
const MOVED: i64 = 3002;

#[derive(Deserialize)]
struct Call {
    container_serial: String,
    public_enc_key_client: Option<String>,
    container_dict_client: Option<String>,
}

async fn register_push() -> Json<Value> {
    success(
        json!(true),
        json!({ "public_key": PUSH["registration_answer_public_key"], "rollout_state": "enrolled" }),
    )
}

async fn register(State(registered): State<Registered>, Form(call): Form<Call>) -> Json<Value> {
    if registered.lock().unwrap().insert(call.container_serial) {
        success(CONTAINERS["finalize"]["answer_value"].clone(), Value::Null)
    } else {
        failure(USED)
    }
}

/// A container of two tokens. Once the phone has both, the second is taken out and a third is put in.
async fn synchronise(Form(call): Form<Call>) -> Json<Value> {
    let listed: Value = serde_json::from_str(&call.container_dict_client.unwrap()).unwrap();
    let listed: Vec<_> =
        listed["tokens"].as_array().unwrap().iter().map(|token| token["serial"].as_str().unwrap()).collect();
    let inside: &[&str] =
        if listed.is_empty() { &["OATH0001", "OATH0002"] } else { &["OATH0001", "OATH0003"] };
    let add: Vec<_> = inside
        .iter()
        .filter(|serial| !listed.contains(serial))
        .map(|serial| {
            format!(
                "otpauth://hotp/{serial}?secret=JBSWY3DPEHPK3PXP&counter=1&issuer=privacyIDEA&serial={serial}"
            )
        })
        .collect();
    let update: Vec<_> = inside
        .iter()
        .filter(|serial| listed.contains(serial))
        .map(|serial| json!({ "serial": serial, "tokentype": "HOTP", "counter": 3 }))
        .collect();
    let inventory = json!({
        "container": { "serial": call.container_serial, "type": "smartphone" }, "tokens": { "add": add, "update": update },
    });
    let phone = BASE64URL.decode(call.public_enc_key_client.unwrap().as_bytes()).unwrap();
    success(seal(&phone, inventory.to_string().into_bytes()), Value::Null)
}

fn seal(phone: &[u8], mut text: Vec<u8>) -> Value {
    let private = EphemeralPrivateKey::generate(&X25519, &SystemRandom::new()).unwrap();
    let public = private.compute_public_key().unwrap();
    let iv = [7; 16];
    let tag = agree_ephemeral(private, &UnparsedPublicKey::new(&X25519, phone), |key| {
        let cipher = AesGcm::<Aes256, U16>::new_from_slice(key).unwrap();
        cipher.encrypt_inout_detached(&iv.into(), &[], text.as_mut_slice().into()).unwrap()
    });
    let mut answer = CONTAINERS["synchronize"]["answer_value"].clone();
    answer["public_server_key"] = BASE64URL.encode(public.as_ref()).into();
    answer["container_dict_server"] = BASE64URL.encode(&text).into();
    answer["encryption_params"]["init_vector"] = BASE64URL.encode(&iv).into();
    answer["encryption_params"]["tag"] = BASE64URL.encode(&tag.unwrap()).into();
    answer
}

fn success(value: Value, detail: Value) -> Json<Value> {
    Json(
        json!({ "result": { "status": true, "value": value }, "detail": detail, "version": "privacyIDEA 3.14" }),
    )
}

/// The server says it with status 400, which no phone looks at.
fn failure(code: i64) -> Json<Value> {
    Json(
        json!({ "result": { "status": false, "error": { "code": code, "message": "ERR" } }, "detail": null }),
    )
}
