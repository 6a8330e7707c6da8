//! How clients show who they are.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use countersign_protocol::encode_base64url;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use p256::elliptic_curve::Generate;
use serde_json::{Value, json};

use super::support::{PUBLIC, Portal, approved_code, encode, token, token_with};
use crate::support::World;

const UNKNOWN: (u16, &str) = (401, "invalid_client");

#[tokio::test]
async fn a_secret_is_taken_in_the_header_or_in_the_body_and_in_one_of_them() {
    let world = World::start().await;
    let portal = Portal::new(&world);
    let phone = world.active_phone("ada").await;
    let basic = |id: &str, secret: &str| format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")));
    let code = approved_code(&world, &phone, &portal, "n").await;
    let mut form = portal.grant(&code);
    let right = basic(&portal.id, &portal.secret);
    assert_eq!(token_with(&world, Some(&right), &encode(&form)).await.error(), (400, "invalid_request"));
    form.remove("client_secret");
    let other = Portal::with(&world, "other", |_| {});
    for (id, secret) in
        [(&portal.id, "wrong"), (&portal.id, ""), (&portal.id, &*other.secret), (&other.id, &*portal.secret)]
    {
        let mut form = form.clone();
        form.remove("client_id");
        assert_eq!(token_with(&world, Some(&basic(id, secret)), &encode(&form)).await.error(), UNKNOWN);
    }
    for header in ["Basic", "Basic !", "Bearer x", "Basic eA=="] {
        assert_eq!(token_with(&world, Some(header), &encode(&form)).await.error(), UNKNOWN, "{header}");
    }
    assert_eq!(token(&world, &form).await.error(), UNKNOWN, "a public client is none that there is");
    // Characters may be escaped, as the standard has it.
    let escaped = basic(&portal.id, &portal.secret.replace('A', "%41"));
    assert_eq!(token_with(&world, Some(&escaped), &encode(&form)).await.status, 200);
    let mut form = portal.grant(&approved_code(&world, &phone, &portal, "m").await);
    form.insert("client_secret", "wrong".to_owned());
    assert_eq!(token(&world, &form).await.error(), UNKNOWN);
    form.insert("client_secret", portal.secret.clone());
    assert_eq!(token(&world, &form).await.status, 200);
}

#[tokio::test]
async fn an_api_key_opens_no_token_endpoint() {
    let world = World::start().await;
    let form =
        [("grant_type", "authorization_code"), ("client_id", "default"), ("client_secret", &world.api_key)];
    let form = form.into_iter().map(|(name, value)| (name, value.to_owned())).collect();
    assert_eq!(token(&world, &form).await.error(), UNKNOWN);
    let authorization = format!("Bearer {}", world.api_key);
    assert_eq!(
        token_with(&world, Some(&authorization), "grant_type=authorization_code").await.error(),
        UNKNOWN
    );
}

/// A key of a client, and the set that it registers.
struct Signer(SigningKey, Value);

impl Signer {
    fn new() -> Self {
        let key = SigningKey::generate();
        let point = key.verifying_key().to_sec1_point(false).to_bytes();
        let (x, y) = (encode_base64url(&point[1..33]), encode_base64url(&point[33..]));
        let jwk = json!({"kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": "portal-1", "use": "sig", "alg": "ES256"});
        Self(key, json!({ "keys": [jwk] }))
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| encode_base64url(value.to_string());
        let input = format!("{}.{}", part(header), part(claims));
        let signature: Signature = self.0.sign(input.as_bytes());
        format!("{input}.{}", encode_base64url(signature.to_bytes()))
    }
}

#[tokio::test]
async fn a_client_may_sign_in_place_of_showing_a_secret_and_each_signature_counts_once() {
    let world = World::start().await;
    let signer = Signer::new();
    let portal = Portal::with(&world, "portal", |columns| {
        columns.insert("jwks", signer.1.to_string());
    });
    let phone = world.active_phone("ada").await;
    let header = json!({"alg": "ES256", "kid": "portal-1"});
    let claims = |jti: &str| {
        let now = world.seconds();
        json!({
            "iss": portal.id, "sub": portal.id, "aud": format!("{PUBLIC}/oidc/token"), "iat": now, "exp": now + 60, "jti": jti,
        })
    };
    let form = |code: &str, assertion: String| {
        let mut form = portal.grant(code);
        form.remove("client_secret");
        form.insert(
            "client_assertion_type",
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer".to_owned(),
        );
        form.insert("client_assertion", assertion);
        form
    };
    let code = approved_code(&world, &phone, &portal, "n").await;
    let with = |name: &str, value: Value| {
        let mut claims = claims("refused");
        claims[name] = value;
        signer.sign(&header, &claims)
    };
    let secret =
        ring::hmac::Key::new(ring::hmac::HMAC_SHA256, signer.1["keys"][0]["x"].as_str().unwrap().as_bytes());
    let hs256 = {
        let input = signer.sign(&json!({"alg": "HS256", "kid": "portal-1"}), &claims("h"));
        let input = input.rsplit_once('.').unwrap().0.to_owned();
        format!("{input}.{}", encode_base64url(ring::hmac::sign(&secret, input.as_bytes())))
    };
    for assertion in [
        with("iss", json!("somebody")),
        with("sub", json!("somebody")),
        with("aud", json!("https://other.example")),
        with("aud", json!([PUBLIC, "https://other.example"])),
        with("exp", json!(world.seconds() - 130)),
        with("exp", json!(world.seconds() + 3600)),
        with("jti", json!(null)),
        with("jti", json!("")),
        signer.sign(&json!({"alg": "none", "kid": "portal-1"}), &claims("a")),
        signer.sign(&json!({"alg": "RS256", "kid": "portal-1"}), &claims("b")),
        signer.sign(&json!({"alg": "ES256", "kid": "portal-2"}), &claims("c")),
        Signer::new().sign(&header, &claims("d")),
        hs256,
        "e30.e30.".to_owned(),
        "x".to_owned(),
    ] {
        let mut form = form(&code, assertion.clone());
        form.remove("client_id");
        assert_eq!(token(&world, &form).await.error(), UNKNOWN, "{assertion}");
    }
    let assertion = signer.sign(&header, &claims("used"));
    let mut also_secret = form(&code, assertion.clone());
    also_secret.insert("client_secret", portal.secret.clone());
    assert_eq!(token(&world, &also_secret).await.error(), (400, "invalid_request"));
    assert_eq!(token(&world, &form(&code, assertion.clone())).await.status, 200);
    let code = approved_code(&world, &phone, &portal, "m").await;
    assert_eq!(token(&world, &form(&code, assertion)).await.error(), UNKNOWN, "it was used");
    let mut other = claims("other");
    other["aud"] = json!([PUBLIC]);
    assert_eq!(token(&world, &form(&code, signer.sign(&header, &other))).await.status, 200);
}
