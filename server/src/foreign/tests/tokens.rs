use countersign_protocol::{decode_base64url, encode_base64url};
use ring::hmac;

use super::*;

const HOUR: u64 = 3600;

fn without(mut claims: Value, name: &str) -> Value {
    claims.as_object_mut().unwrap().remove(name);
    claims
}

fn with(mut claims: Value, name: &str, value: impl Into<Value>) -> Value {
    claims[name] = value.into();
    claims
}

#[tokio::test]
async fn a_good_token_says_who_it_is() {
    let world = World::start().await;
    let verified = world.verify(&world.token()).await.unwrap();
    assert_eq!((verified.issuer.as_str(), verified.subject.as_str()), (world.issuer.name(), "ada"));
    assert_eq!(verified.text("tid"), Some("one"));
    assert_eq!(verified.text("iat"), None, "a number is no text");
    assert!(!format!("{verified:?}").contains("ada"));
    let one_of_one = with(world.claims(), "aud", json!(["us"]));
    assert!(world.verify(&world.signer.sign(&one_of_one)).await.is_ok());
}

#[tokio::test]
async fn both_algorithms_verify_under_their_own_keys_alone() {
    let world = World::start().await;
    let curve = Signer::p256("curve");
    world.issuer.publish([world.signer.public(), curve.public()]);
    assert!(world.verify(&curve.sign(&world.claims())).await.is_ok());
    let claims = world.claims().to_string();
    // The token may say what it wants: each key is for one algorithm.
    let as_rsa = curve.sign_text(r#"{"alg":"RS256","kid":"curve"}"#, &claims);
    assert_eq!(world.verify(&as_rsa).await.unwrap_err(), ForeignError::Algorithm);
    let as_curve = world.signer.sign_text(r#"{"alg":"ES256","kid":"first"}"#, &claims);
    assert_eq!(world.verify(&as_curve).await.unwrap_err(), ForeignError::Algorithm);
}

#[tokio::test]
async fn an_algorithm_that_the_client_does_not_take_is_refused_before_anything_is_fetched() {
    let world = World::start().await;
    let curve = Signer::p256("curve");
    world.issuer.publish([world.signer.public(), curve.public()]);
    let allowed = Allowed { algorithms: &[Algorithm::Rs256], ..world.allowed() };
    let by_curve = curve.sign(&world.claims());
    let refused = world.foreign.verify(&allowed, &by_curve, NOW).await.unwrap_err();
    assert_eq!((refused, world.issuer.fetches()), (ForeignError::Algorithm, 0));
    assert!(world.foreign.verify(&allowed, &world.token(), NOW).await.is_ok());
}

#[tokio::test]
async fn no_signature_and_one_by_the_public_key_are_refused() {
    let world = World::start().await;
    let claims = world.claims().to_string();
    for algorithm in ["none", "None", "HS256", "RS1", "RS512", "PS256", "rs256", ""] {
        let header = json!({ "alg": algorithm, "kid": "first" }).to_string();
        let signed = world.signer.sign_text(&header, &claims);
        assert_eq!(world.verify(&signed).await.unwrap_err(), ForeignError::Algorithm, "{algorithm}");
        let unsigned = format!("{}.{}.", encode_base64url(&header), encode_base64url(&claims));
        assert_eq!(world.verify(&unsigned).await.unwrap_err(), ForeignError::Algorithm, "{algorithm}");
    }
    let modulus = decode_base64url(world.signer.public()["n"].as_str().unwrap()).unwrap();
    let input =
        format!("{}.{}", encode_base64url(r#"{"alg":"HS256","kid":"first"}"#), encode_base64url(&claims));
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &modulus), input.as_bytes());
    let forged = format!("{input}.{}", encode_base64url(tag));
    assert_eq!(world.verify(&forged).await.unwrap_err(), ForeignError::Algorithm);
    let empty =
        format!("{}.{}.", encode_base64url(r#"{"alg":"RS256","kid":"first"}"#), encode_base64url(&claims));
    assert_eq!(world.verify(&empty).await.unwrap_err(), ForeignError::Signature);
}

#[tokio::test]
async fn a_token_counts_under_its_issuers_key_and_unaltered() {
    let world = World::start().await;
    let stranger = Signer::rsa("first");
    let forged = stranger.sign(&world.claims());
    assert_eq!(world.verify(&forged).await.unwrap_err(), ForeignError::Signature);
    let unknown = Signer { name: "second", ..stranger };
    assert_eq!(world.verify(&unknown.sign(&world.claims())).await.unwrap_err(), ForeignError::UnknownKey);

    let token = world.token();
    let parts: Vec<&str> = token.split('.').collect();
    assert_eq!(ForeignError::Signature.as_str(), "token_signature");
    let altered = encode_base64url(with(world.claims(), "sub", "eve").to_string());
    let swapped = format!("{}.{altered}.{}", parts[0], parts[2]);
    assert_eq!(world.verify(&swapped).await.unwrap_err(), ForeignError::Signature);
    let mut signature = decode_base64url(parts[2]).unwrap();
    signature[7] ^= 1;
    let flipped = format!("{}.{}.{}", parts[0], parts[1], encode_base64url(&signature));
    assert_eq!(world.verify(&flipped).await.unwrap_err(), ForeignError::Signature);
    let short = format!("{}.{}.{}", parts[0], parts[1], encode_base64url(&signature[1..]));
    assert_eq!(world.verify(&short).await.unwrap_err(), ForeignError::Signature);
}

#[tokio::test]
async fn a_key_in_the_token_is_no_key() {
    let world = World::start().await;
    let stranger = Signer::rsa("stranger");
    let header =
        json!({ "alg": "RS256", "kid": "stranger", "jwk": stranger.public(), "jku": "http://127.0.0.1:1/" });
    let forged = stranger.sign_text(&header.to_string(), &world.claims().to_string());
    assert_eq!(world.verify(&forged).await.unwrap_err(), ForeignError::UnknownKey);
}

#[tokio::test]
async fn a_key_with_an_issuer_signs_for_that_one_and_a_template_for_the_tenant() {
    let world = World::start().await;
    let realm = world.issuer.name().to_owned();
    let tenant = realm.replace("realm", "{tenantid}");
    let in_realm = world.signer.sign(&with(world.claims(), "tid", "realm"));
    for (issuer, token, outcome) in [
        (realm.as_str(), world.token(), None),
        (&realm, in_realm.clone(), None),
        (&tenant, in_realm.clone(), None),
        (&tenant, world.token(), Some(ForeignError::UnknownKey)),
        (&tenant, world.signer.sign(&without(world.claims(), "tid")), Some(ForeignError::UnknownKey)),
        ("http://127.0.0.1:1/realm", in_realm.clone(), Some(ForeignError::UnknownKey)),
        ("", in_realm, Some(ForeignError::UnknownKey)),
    ] {
        world.issuer.publish([with(world.signer.public(), "issuer", issuer)]);
        let fresh =
            World { issuer: world.issuer.again(), signer: Signer::p256("unused"), foreign: foreign() };
        assert_eq!(fresh.verify(&token).await.err(), outcome, "{issuer}");
    }
}

fn foreign() -> Foreign {
    let client = crate::https::client(None).unwrap().build().unwrap();
    Foreign::new(client, Loopback::Allowed)
}

#[tokio::test]
async fn one_of_two_keys_of_a_name_is_the_tenants() {
    let world = World::start().await;
    let other = Signer::rsa("first");
    let of = |signer: &Signer, issuer: &str| with(signer.public(), "issuer", issuer);
    world.issuer.publish([of(&other, "https://other.example"), of(&world.signer, world.issuer.name())]);
    assert!(world.verify(&world.token()).await.is_ok());
    let forged = other.sign(&world.claims());
    assert_eq!(world.verify(&forged).await.unwrap_err(), ForeignError::Signature);
}

#[tokio::test]
async fn nothing_is_there_twice_and_nothing_needs_to_be_understood() {
    let world = World::start().await;
    let (header, claims) = (r#"{"alg":"RS256","kid":"first"}"#, world.claims().to_string());
    let twice = format!(r#"{{"sub":"eve",{}"#, &claims[1..]);
    let deep = format!(r#"{{"a":{{"b":1,"b":2}},{}"#, &claims[1..]);
    for (header, claims, error) in [
        (
            r#"{"alg":"RS256","kid":"first","kid":"second"}"#,
            claims.as_str(),
            ForeignError::Malformed("header"),
        ),
        (r#"{"alg":"none","alg":"RS256","kid":"first"}"#, &claims, ForeignError::Malformed("header")),
        (header, &twice, ForeignError::Malformed("claims")),
        (header, &deep, ForeignError::Malformed("claims")),
        (header, "[]", ForeignError::Malformed("claims")),
        (r#"{"alg":"RS256","kid":"first","crit":["exp"],"exp":1}"#, &claims, ForeignError::Critical),
        (r#"{"alg":"RS256","kid":"first","crit":null}"#, &claims, ForeignError::Critical),
        (r#"{"alg":"RS256","kid":"first","crit":["b64"],"b64":false}"#, &claims, ForeignError::Critical),
        (r#"{"alg":"RS256"}"#, &claims, ForeignError::Malformed("kid")),
        (r#"{"alg":"RS256","kid":""}"#, &claims, ForeignError::Malformed("kid")),
        (r#"{"alg":"RS256","kid":1}"#, &claims, ForeignError::Malformed("header")),
        (
            r#"{"alg":"RS256","kid":"first","typ":"countersign-assertion+jwt"}"#,
            &claims,
            ForeignError::Malformed("typ"),
        ),
    ] {
        let token = world.signer.sign_text(header, claims);
        assert_eq!(world.verify(&token).await.unwrap_err(), error, "{header} {claims}");
    }
    assert_eq!(world.issuer.fetches(), 0, "none of them is worth a fetch");
}

#[tokio::test]
async fn what_is_no_token_is_malformed_and_what_is_huge_is_not_read() {
    let world = World::start().await;
    let token = world.token();
    let with_padding = format!("{token}=");
    let four = format!("{token}.x");
    for text in ["", ".", "..", "...", "a.b.c", &token[1..], &with_padding, &four, " ", "é.é.é"] {
        assert!(matches!(world.verify(text).await.unwrap_err(), ForeignError::Malformed(_)), "{text}");
    }
    let huge = world.signer.sign(&with(world.claims(), "name", "n".repeat(16 * 1024)));
    assert_eq!(world.verify(&huge).await.unwrap_err(), ForeignError::TooLong);
    for name in ["iss", "sub", "kid"] {
        let long = with(world.claims(), name, "n".repeat(513));
        let long = if name == "kid" {
            let header = json!({ "alg": "RS256", "kid": "n".repeat(513) }).to_string();
            world.signer.sign_text(&header, &long.to_string())
        } else {
            world.signer.sign(&long)
        };
        assert_eq!(world.verify(&long).await.unwrap_err(), ForeignError::Malformed(name));
    }
    assert_eq!(world.issuer.fetches(), 0);
}

#[tokio::test]
async fn issuer_and_audience_must_be_exact() {
    let world = World::start().await;
    let name = world.issuer.name();
    for issuer in
        [format!("{name}/"), name.to_uppercase(), "https://other.example".to_owned(), format!("{name}x")]
    {
        let token = world.signer.sign(&with(world.claims(), "iss", issuer));
        assert_eq!(world.verify(&token).await.unwrap_err(), ForeignError::Issuer);
    }
    for audience in
        [json!("them"), json!("US"), json!(["us", "them"]), json!([]), json!(["them"]), json!([["us"]])]
    {
        let token = world.signer.sign(&with(world.claims(), "aud", audience.clone()));
        assert_eq!(world.verify(&token).await.unwrap_err(), ForeignError::Audience, "{audience}");
    }
    for name in ["iss", "aud", "sub", "iat", "exp"] {
        let token = world.signer.sign(&without(world.claims(), name));
        assert_eq!(world.verify(&token).await.unwrap_err(), ForeignError::Malformed(name));
        let token = world.signer.sign(&with(world.claims(), name, true));
        assert_eq!(world.verify(&token).await.unwrap_err(), ForeignError::Malformed(name));
    }
    for (name, value) in
        [("iat", json!(-1)), ("exp", json!("soon")), ("nbf", json!(null)), ("sub", json!(""))]
    {
        let token = world.signer.sign(&with(world.claims(), name, value));
        assert_eq!(world.verify(&token).await.unwrap_err(), ForeignError::Malformed(name));
    }
    assert_eq!(world.issuer.fetches(), 0, "nobody fetches for a token that isn't ours");
}

#[tokio::test]
async fn a_token_has_its_time_and_clocks_may_differ_by_two_minutes() {
    let world = World::start().await;
    let now = NOW.seconds();
    let token = |iat: u64, exp: u64, nbf: Option<u64>| {
        let claims = with(with(world.claims(), "iat", iat), "exp", exp);
        world.signer.sign(&nbf.map_or(claims.clone(), |nbf| with(claims, "nbf", nbf)))
    };
    for (token, outcome) in [
        (token(now, now + 1, None), None),
        (token(now - HOUR, now - 119, None), None),
        (token(now - HOUR, now - 120, None), Some(ForeignError::Expired)),
        (token(now - HOUR, 0, None), Some(ForeignError::Expired)),
        (token(now + 120, now + 300, None), None),
        (token(now + 121, now + 300, None), Some(ForeignError::NotYet)),
        (token(now, now + 300, Some(now + 120)), None),
        (token(now, now + 300, Some(now + 121)), Some(ForeignError::NotYet)),
        (token(u64::MAX, u64::MAX, None), Some(ForeignError::NotYet)),
        (token(0, u64::MAX, Some(0)), None),
    ] {
        assert_eq!(world.verify(&token).await.err(), outcome);
    }
}

#[tokio::test]
async fn a_hint_that_is_issued_as_expired_is_bound_by_when_it_was_issued() {
    let world = World::start().await;
    let lifetime = Lifetime::SinceIssue(Duration::from_secs(600));
    let allowed = Allowed { lifetime, ..world.allowed() };
    let now = NOW.seconds();
    for (age, outcome) in [(0, None), (719, None), (720, Some(ForeignError::Expired))] {
        let claims = with(with(world.claims(), "iat", now - age), "exp", now - age - 1);
        let token = world.signer.sign(&claims);
        assert_eq!(world.foreign.verify(&allowed, &token, NOW).await.err(), outcome, "{age}");
    }
    let future = world.signer.sign(&with(with(world.claims(), "iat", now + 121), "exp", now + 121));
    assert_eq!(world.foreign.verify(&allowed, &future, NOW).await.unwrap_err(), ForeignError::NotYet);
}

#[tokio::test]
async fn keys_for_something_else_sign_nothing() {
    let world = World::start().await;
    let public = world.signer.public();
    for key in [
        with(public.clone(), "use", "enc"),
        with(public.clone(), "alg", "RS512"),
        with(public.clone(), "alg", "RSA-OAEP"),
        with(public.clone(), "kty", "oct"),
        without(public.clone(), "kid"),
        without(public.clone(), "n"),
        with(public.clone(), "n", "A"),
    ] {
        world.issuer.publish([key.clone()]);
        let unavailable = ForeignError::Unavailable(FetchError::Keys);
        let fresh =
            World { issuer: world.issuer.again(), signer: Signer::p256("unused"), foreign: foreign() };
        assert_eq!(fresh.verify(&world.token()).await.unwrap_err(), unavailable, "{key}");
    }
    // A number with a leading zero is the same number.
    let modulus = [&[0], decode_base64url(public["n"].as_str().unwrap()).unwrap().as_slice()].concat();
    world.issuer.publish([with(public, "n", encode_base64url(modulus))]);
    assert!(world.verify(&world.token()).await.is_ok());
}
