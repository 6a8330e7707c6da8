//! Everything against what a real server and a real phone have said to each other, and against what an attacker makes of
//! it.

mod anything;
mod attacks;
mod replies;
mod vectors;

use std::sync::OnceLock;

use countersign_protocol::Id;
use data_encoding::{BASE32, BASE64};
use serde_json::{Value, json};

use super::refused_challenge::RefusedChallenge;
use super::{PushBinding, PushChallenge, PushKey, PushToken, read_challenges};
use crate::Secret;
use crate::approvals::BindingState;
use crate::keys::RsaKeySize;
use crate::keys::rsa::{NewRsaKey, RsaKey};

const NOW: u64 = 1_800_000_000;
const ACCOUNT: Id = Id::from_bytes([3; 16]);
const SERIAL: &str = "PIPU00000001";
const NONCE: &str = "RABY2RZTU7YA2RGCWXEPEKH7PJHF7BWM";
const URL: &str = "https://pi.example/ttype/push";

/// A server's key for a token.
struct Server {
    key: RsaKey,
    public: Vec<u8>,
}

/// The one server of all tests: making its key takes a moment.
fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| {
        let private = NewRsaKey::make(RsaKeySize::Bits2048).unwrap().private;
        let key = RsaKey::from_pkcs1(&private).unwrap();
        Server { public: key.public_pkcs1(), key }
    })
}

impl Server {
    fn sign(&self, text: &str) -> String {
        BASE32.encode(&self.key.sign(text.as_bytes()).unwrap())
    }

    /// A challenge in order, with these options.
    fn challenge(&self, question: &str, title: &str, options: Option<&str>) -> Value {
        let mut text = format!("{NONCE}|{URL}|{SERIAL}|{question}|{title}|1");
        let capabilities = format!(r#"{{"capabilities":{{"decline_reason":true}},"nonce":"{NONCE}"}}"#);
        let mut challenge = json!({
            "nonce": NONCE, "url": URL, "serial": SERIAL, "question": question, "title": title, "sslverify": "1",
            "capabilities": r#"{"decline_reason": true}"#, "capabilities_signature": self.sign(&capabilities),
        });
        if let Some(options) = options {
            text = format!("{text}|{options}");
            challenge["require_presence"] = options.into();
            challenge["version"] = "2".into();
        }
        challenge["signature"] = self.sign(&text).into();
        challenge
    }
}

fn binding() -> PushBinding {
    PushBinding {
        service: URL.parse().unwrap(),
        serial: SERIAL.into(),
        server_key: BASE64.encode(&server().public),
        state: BindingState::Active,
        wake_up: None,
        wake_up_is_unsent: false,
        unlock: None,
    }
}

fn token() -> PushToken {
    PushToken::new(PushKey::Software(Secret::new(Vec::new())))
}

/// The one challenge of a poll.
fn read(challenge: Value) -> Result<PushChallenge, RefusedChallenge> {
    read_with(challenge, &binding())
}

fn read_with(challenge: Value, binding: &PushBinding) -> Result<PushChallenge, RefusedChallenge> {
    let (mut open, mut refused) =
        read_challenges(vec![challenge], binding, &mut token(), ACCOUNT, "ada", NOW);
    match (open.pop(), refused.pop()) {
        (Some(challenge), None) => Ok(challenge),
        (None, Some(refused)) => Err(refused),
        other => panic!("{other:?}"),
    }
}
