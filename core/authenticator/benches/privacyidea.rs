//! What a sign-in with a privacyIDEA server costs a phone: a poll that brings a challenge, and its approval, without the
//! network; beside the RSA operations in it, which nobody can leave out.
//!
//! The phone's key has 2048 bits here, to be made quickly, and so has the server's: what is beyond RSA is the same.

#![expect(clippy::unwrap_used, reason = "a bench that fails should stop")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use countersign_authenticator::Authenticator;
use countersign_authenticator::approvals::{DeviceDescription, MatchProof};
use countersign_authenticator::client::{HttpReply, NetworkError, Payload, Transport};
use countersign_authenticator::clock::SystemClock;
use countersign_authenticator::keys::{RsaKeySize, SoftwareKeys, UserCheck};
use countersign_authenticator::offer::{EnrolmentOffer, Offer};
use countersign_authenticator::protocol::messages::Platform;
use countersign_authenticator::vault::{NewSlot, RecoveryCode, Vault};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use data_encoding::{BASE32, BASE64};
use ring::rand::{SecureRandom, SystemRandom};
use ring::rsa::KeyPair;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, UnparsedPublicKey};
use serde_json::{Value, json};

const SERIAL: &str = "PIPU00000001";
const URL: &str = "https://pi.example/ttype/push";
const QR: &str = "otpauth://pipush/PIPU00000001?url=https%3A//pi.example/ttype/push&ttl=10&issuer=privacyIDEA\
    &enrollment_credential=6ea045275c903462317712b01142fa06d610a203&v=1&serial=PIPU00000001&sslverify=1";

/// A server that answers at once with what it was given.
struct Server {
    key: KeyPair,
    next: Mutex<Value>,
}

#[async_trait]
impl Transport for Server {
    async fn send(&self, _: &str, _: Payload<'_>, _: Duration) -> Result<HttpReply, NetworkError> {
        Ok(HttpReply { status: 200, text: self.next.lock().unwrap().to_string() })
    }
}

impl Server {
    fn new() -> Self {
        let vectors: Value =
            serde_json::from_str(include_str!("../../../tests/vectors/privacyidea/push.json")).unwrap();
        let pem = vectors["phone_private_key_pem"].as_str().unwrap();
        let base64: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
        let key = KeyPair::from_pkcs8(&BASE64.decode(base64.as_bytes()).unwrap()).unwrap();
        Self { key, next: Mutex::new(Value::Null) }
    }

    fn answers_enrolments(&self) {
        let public = BASE64.encode(self.key.public().as_ref());
        *self.next.lock().unwrap() = reply(json!([]), json!({ "public_key": public }));
    }

    fn answers(&self, value: Value) {
        *self.next.lock().unwrap() = reply(value, Value::Null);
    }

    fn sign(&self, text: &str) -> Vec<u8> {
        let mut signature = vec![0; self.key.public().modulus_len()];
        let random = SystemRandom::new();
        self.key.sign(&RSA_PKCS1_SHA256, &random, text.as_bytes(), &mut signature).unwrap();
        signature
    }

    fn make_challenge(&self) -> Value {
        let mut random = [0; 20];
        SystemRandom::new().fill(&mut random).unwrap();
        let nonce = BASE32.encode(&random);
        let capabilities = format!(r#"{{"capabilities":{{"decline_reason":true}},"nonce":"{nonce}"}}"#);
        json!({
            "nonce": nonce, "url": URL, "serial": SERIAL, "question": "Sign in?", "title": "VPN", "sslverify": "1",
            "signature": BASE32.encode(&self.sign(&format!("{nonce}|{URL}|{SERIAL}|Sign in?|VPN|1"))),
            "capabilities": r#"{"decline_reason": true}"#,
            "capabilities_signature": BASE32.encode(&self.sign(&capabilities)),
        })
    }
}

fn reply(value: Value, detail: Value) -> Value {
    json!({ "result": { "status": true, "value": value }, "detail": detail })
}

fn rounds(c: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let slot = NewSlot::from_recovery_code(&RecoveryCode::make_random());
    let vault = Arc::new(Vault::create(&folder.path().join("vault.db"), &[slot]).unwrap());
    let keys = Arc::new(SoftwareKeys::new(Arc::clone(&vault), UserCheck::None));
    let server = Arc::new(Server::new());
    let clock = Arc::new(SystemClock::default());
    let transport: Arc<dyn Transport> = Arc::<Server>::clone(&server);
    let authenticator = Authenticator::new(vault, keys, clock, transport).unwrap();
    let enrol = |key_size| {
        let Ok(Offer::Enrolment(EnrolmentOffer::PrivacyIdea(mut offer))) = Offer::parse(QR) else { panic!() };
        offer.key_size = Some(key_size);
        let device = DeviceDescription { name: "Phone".into(), platform: Platform::Other, wake_up: None };
        server.answers_enrolments();
        let offer = EnrolmentOffer::PrivacyIdea(offer);
        runtime.block_on(authenticator.enrol(&offer, device)).unwrap().account
    };
    let account = enrol(RsaKeySize::Bits2048);

    let mut group = c.benchmark_group("privacyidea");
    group.bench_function("a sign-in", |b| {
        b.iter_batched(
            || server.answers(json!([server.make_challenge()])),
            |()| {
                runtime.block_on(async {
                    let request = authenticator.fetch(account, Duration::ZERO).await.unwrap().remove(0);
                    server.answers(json!(true));
                    authenticator.approve(request.id, MatchProof::None).await.unwrap()
                })
            },
            BatchSize::PerIteration,
        );
    });
    let signature = server.sign("text");
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, server.key.public().as_ref());
    group.bench_function("its RSA alone", |b| {
        b.iter(|| {
            for _ in 0..2 {
                server.sign("text");
                public.verify(b"text", &signature).unwrap();
            }
        });
    });
    group.sample_size(20);
    for (name, size) in [("2048", RsaKeySize::Bits2048), ("4096", RsaKeySize::Bits4096)] {
        group.bench_function(format!("an enrolment with a key of {name} bits"), |b| b.iter(|| enrol(size)));
    }
    group.finish();
}

criterion_group!(benches, rounds);
criterion_main!(benches);
