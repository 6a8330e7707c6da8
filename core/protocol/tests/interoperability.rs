//! Envelopes made by another implementation are read, so that the protocol's formats are the standards' own.

use countersign_protocol::jwe::EncryptionKey;
use countersign_protocol::jws::{self, Message};
use countersign_protocol::{Jwk, ProtocolError, decode_base64url};
use serde::{Deserialize, Serialize};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Greeting {
    text: String,
}

impl Message for Greeting {
    const TYP: &'static str = "greeting+jws";
}

#[derive(Deserialize)]
struct Vectors {
    key: Jwk,
    private_scalar: String,
    thumbprint: String,
    jws: Signed,
    jwe: Sealed,
}

#[derive(Deserialize)]
struct Signed {
    compact: String,
    claims: Greeting,
}

#[derive(Deserialize)]
struct Sealed {
    compact: String,
    plaintext: String,
}

#[expect(clippy::unwrap_used, reason = "the file is ours")]
fn vectors() -> Vectors {
    serde_json::from_str(include_str!("../../../tests/vectors/jose.json")).unwrap()
}

#[test]
fn a_foreign_thumbprint_is_ours() {
    let vectors = vectors();
    assert_eq!(vectors.key.thumbprint().to_string(), vectors.thumbprint);
}

#[test]
fn a_foreign_signature_verifies() {
    let vectors = vectors();
    assert_eq!(jws::verify(&vectors.jws.compact, &vectors.key), Ok(vectors.jws.claims));
    let other = EncryptionKey::make_random().public();
    assert_eq!(jws::verify::<Greeting>(&vectors.jws.compact, &other), Err(ProtocolError::WrongKey));
}

#[test]
fn a_foreign_seal_opens() {
    let vectors = vectors();
    let key = EncryptionKey::from_bytes(&decode_base64url(&vectors.private_scalar).unwrap()).unwrap();
    assert_eq!(key.public(), vectors.key);
    assert_eq!(*key.open(&vectors.jwe.compact).unwrap(), vectors.jwe.plaintext.into_bytes());
}
