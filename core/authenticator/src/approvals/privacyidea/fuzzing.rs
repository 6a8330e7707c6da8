//! The parsers of what a privacyIDEA server sends, for the targets in `fuzz/`. Compiled for these alone.

use std::sync::LazyLock;

use countersign_protocol::Id;
use data_encoding::{BASE32, BASE64};
use serde_json::{Value, json};

use super::container::{Nonce, Synchronised, read_inventory};
use super::{PushBinding, PushChallenge, PushKey, PushReply, PushToken, read_challenges};
use crate::Secret;
use crate::approvals::{BindingState, MatchProof};
use crate::client::HttpReply;
use crate::keys::RsaKeySize;
use crate::keys::rsa::{NewRsaKey, RsaKey};

const ACCOUNT: Id = Id::from_bytes([3; 16]);

/// A server that signs whatever it is given.
struct Server {
    key: RsaKey,
    binding: PushBinding,
}

#[expect(clippy::unwrap_used, reason = "a fuzzer that can't make its key has nothing to do")]
static SERVER: LazyLock<Server> = LazyLock::new(|| {
    let private = NewRsaKey::make(RsaKeySize::Bits2048).unwrap().private;
    let key = RsaKey::from_pkcs1(&private).unwrap();
    let binding = PushBinding {
        service: "https://pi.example/ttype/push".parse().unwrap(),
        serial: "PIPU1".into(),
        server_key: BASE64.encode(&key.public_pkcs1()),
        state: BindingState::Active,
        wake_up: None,
        wake_up_is_unsent: false,
        unlock: None,
    };
    Server { key, binding }
});

/// A reply with any text, to each call that there is.
pub fn reply(status: u16, text: &str) {
    let read = || PushReply::read(&HttpReply { status, text: text.to_owned() }).ok();
    let _ = read().map(PushReply::registered);
    let _ = read().map(PushReply::polled);
    let _ = read().map(PushReply::answered);
    let _ = read().map(PushReply::changed);
    if let Some(Ok(value)) = read().map(PushReply::value) {
        let _ = Nonce::read(&value);
        let _ = Synchronised::read(value);
    }
}

/// Any JSON as the challenges of a poll.
pub fn challenges(challenges: Vec<Value>) {
    for challenge in read(challenges) {
        shown(&challenge);
    }
}

/// A challenge with these fields (nonce, url, serial, question, title, sslverify, and options if there are seven), under a
/// signature that verifies.
pub fn signed_challenge(fields: &[&str]) {
    let [nonce, url, serial, question, title, sslverify, options @ ..] = fields else { return };
    let Ok(signature) = SERVER.key.sign(fields.join("|").as_bytes()) else { return };
    let mut challenge = json!({
        "nonce": nonce, "url": url, "serial": serial, "question": question, "title": title, "sslverify": sslverify,
        "signature": BASE32.encode(&signature),
    });
    if let [options] = options {
        challenge["require_presence"] = (*options).into();
    }
    challenges(vec![challenge]);
}

/// Any text as the decrypted list of a container.
pub fn inventory(text: &[u8]) {
    if let Ok(inventory) = read_inventory(text, "SMPH1") {
        // A token is new or kept, never both.
        assert!(inventory.added.iter().all(|token| !inventory.kept.contains_key(&token.serial)));
    }
}

fn read(challenges: Vec<Value>) -> Vec<PushChallenge> {
    let mut token = PushToken::new(PushKey::Software(Secret::new(Vec::new())));
    read_challenges(challenges, &SERVER.binding, &mut token, ACCOUNT, "ada", 1_800_000_000).0
}

/// What is shown has one reading: its options are distinct, and none is taken for something else.
fn shown(challenge: &PushChallenge) {
    let request = challenge.request(ACCOUNT, "organisation");
    let options = &request.matching.options;
    assert!(options.len() != 1 && !options.iter().any(|option| option.contains('|') || option == "decline"));
    for option in options {
        let _ = challenge.choice(&MatchProof::Choice(option.clone()));
    }
}
