use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use p256::elliptic_curve::Generate;

use super::*;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Greeting {
    text: String,
}

impl Message for Greeting {
    const TYP: &'static str = "greeting+jws";
}

#[derive(Debug, Serialize, Deserialize)]
struct Other {
    text: String,
}

impl Message for Other {
    const TYP: &'static str = "other+jws";
}

fn key() -> (SigningKey, Jwk) {
    let key = SigningKey::generate();
    let public = Jwk::from_point(&key.verifying_key().to_sec1_point(false).to_bytes()).unwrap();
    (key, public)
}

fn sign<M: Message>(key: &SigningKey, public: &Jwk, message: &M) -> String {
    let unsigned = Unsigned::new(message, public.thumbprint()).unwrap();
    let signature: Signature = key.sign(unsigned.signing_input());
    unsigned.finish_der(signature.to_der().as_bytes()).unwrap()
}

fn greeting() -> Greeting {
    Greeting { text: "hello".into() }
}

#[test]
fn a_signed_message_verifies_under_its_key() {
    let (key, public) = key();
    let compact = sign(&key, &public, &greeting());
    assert_eq!(verify(&compact, &public), Ok(greeting()));
    assert_eq!(peek_typ(&compact).as_deref(), Ok("greeting+jws"));
}

#[test]
fn another_key_is_refused() {
    let (key, public) = key();
    let (_, other) = self::key();
    let compact = sign(&key, &public, &greeting());
    assert_eq!(verify::<Greeting>(&compact, &other), Err(ProtocolError::WrongKey));
}

#[test]
fn a_right_key_id_with_another_keys_signature_is_refused() {
    let (_, public) = key();
    let (other, _) = key();
    let compact = sign(&other, &public, &greeting());
    assert_eq!(verify::<Greeting>(&compact, &public), Err(ProtocolError::BadSignature));
}

#[test]
fn one_kind_of_message_is_never_taken_for_another() {
    let (key, public) = key();
    let compact = sign(&key, &public, &Other { text: "hello".into() });
    assert_eq!(verify::<Greeting>(&compact, &public), Err(ProtocolError::WrongType));
}

#[test]
fn any_altered_character_is_refused() {
    let (key, public) = key();
    let compact = sign(&key, &public, &greeting());
    for at in 0..compact.len() {
        let mut bytes = compact.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let altered = String::from_utf8(bytes).unwrap();
        assert!(verify::<Greeting>(&altered, &public).is_err(), "character {at}");
    }
}

#[test]
fn other_algorithms_and_critical_extensions_are_refused() {
    let (_, public) = key();
    let kid = public.thumbprint();
    for header in [
        format!(r#"{{"alg":"none","typ":"greeting+jws","kid":"{kid}"}}"#),
        format!(r#"{{"alg":"HS256","typ":"greeting+jws","kid":"{kid}"}}"#),
        format!(r#"{{"alg":"ES256","typ":"greeting+jws","kid":"{kid}","crit":["exp"]}}"#),
    ] {
        let compact = format!("{}.e30.", encode_base64url(header));
        assert_eq!(verify::<Greeting>(&compact, &public), Err(ProtocolError::Algorithm));
    }
}

/// A message whose header is written out, with a right signature over it.
fn sign_under(key: &SigningKey, header: &str, claims: &str) -> String {
    let input = format!("{}.{}", encode_base64url(header), encode_base64url(claims));
    let signature: Signature = key.sign(input.as_bytes());
    format!("{input}.{}", encode_base64url(signature.to_bytes()))
}

#[test]
fn a_header_has_one_reading_or_the_message_is_refused_although_its_signature_is_right() {
    let (key, public) = key();
    let kid = public.thumbprint();
    let header = format!(r#"{{"alg":"ES256","typ":"greeting+jws","kid":"{kid}"}}"#);
    let claims = r#"{"text":"hello"}"#;
    let verified =
        |header: &str, claims: &str| verify::<Greeting>(&sign_under(&key, header, claims), &public);
    let with = |member: &str| header.replacen('{', &format!("{{{member},"), 1);
    assert_eq!(verified(&header, claims), Ok(greeting()));
    assert_eq!(verified(&with(r#""cty":null"#), claims), Ok(greeting()), "other members are ignored");
    for member in
        [r#""crit":null"#, r#""crit":[]"#, r#""crit":"exp""#, r#""crit":["exp"]"#, r#""crit":false"#]
    {
        assert_eq!(verified(&with(member), claims), Err(ProtocolError::Algorithm), "{member}");
    }
    let malformed = Err(ProtocolError::Malformed("JWS header"));
    for member in [
        r#""alg":"ES256""#,
        r#""typ":"other+jws""#,
        r#""x":1,"x":1"#,
        r#""crit":[],"crit":[]"#,
        r#""jwk":{}"#,
        r#""jwk":"x""#,
    ] {
        assert_eq!(verified(&with(member), claims), malformed, "{member}");
    }
    for header in [
        format!(r#"["ES256","greeting+jws","{kid}",null,null]"#),
        header.replace(r#""ES256""#, "256"),
        header.replace(r#""greeting+jws""#, r#"["greeting+jws"]"#),
        header.replace(r#""greeting+jws""#, "null"),
        header.replace(&format!(r#","kid":"{kid}""#), ""),
        format!("{header} {{}}"),
        "null".into(),
    ] {
        assert_eq!(verified(&header, claims), malformed, "{header}");
    }
    for claims in [
        r#"["hello"]"#,
        r#"{"text":"hello","text":"hello"}"#,
        r#"{"text":"hello","x":{"y":1,"y":1}}"#,
        "null",
    ] {
        assert_eq!(verified(&header, claims), Err(ProtocolError::Malformed("claims")), "{claims}");
    }
}

#[test]
fn short_long_and_shapeless_input_is_refused() {
    let (_, public) = key();
    for text in ["", ".", "..", "a.b.c", "e30.e30.e30", &"x".repeat(MAX_MESSAGE_BYTES + 1)] {
        assert!(verify::<Greeting>(text, &public).is_err());
    }
}

#[test]
fn a_self_signed_message_must_be_signed_by_the_key_it_names() {
    let (key, public) = key();
    let (_, other) = self::key();
    let compact = sign(&key, &public, &greeting());
    assert_eq!(verify_self_signed::<Greeting>(&compact, |_| public), Ok(greeting()));
    assert_eq!(verify_self_signed::<Greeting>(&compact, |_| other), Err(ProtocolError::WrongKey));
}

fn sign_with_embedded_key(key: &SigningKey, public: &Jwk) -> String {
    let unsigned = Unsigned::with_embedded_key(&greeting(), public).unwrap();
    let signature: Signature = key.sign(unsigned.signing_input());
    unsigned.finish(&signature.to_bytes().into())
}

#[test]
fn an_embedded_key_counts_only_if_it_is_the_pinned_one() {
    let (key, public) = key();
    let (other_key, other) = self::key();
    let compact = sign_with_embedded_key(&key, &public);
    assert_eq!(verify_pinned::<Greeting>(&compact, public.thumbprint()), Ok((greeting(), public)));
    assert_eq!(verify_pinned::<Greeting>(&compact, other.thumbprint()), Err(ProtocolError::WrongKey));
    let without = sign(&key, &public, &greeting());
    assert_eq!(verify_pinned::<Greeting>(&without, public.thumbprint()), Err(ProtocolError::WrongKey));
    let forged = sign_with_embedded_key(&other_key, &public);
    assert_eq!(verify_pinned::<Greeting>(&forged, public.thumbprint()), Err(ProtocolError::BadSignature));
}
