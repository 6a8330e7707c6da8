use super::issuer::Answer;
use super::*;
use crate::foreign::cache::{FRESH, GRACE, MAX_ISSUERS, PAUSE};

fn unavailable(error: FetchError) -> ForeignError {
    ForeignError::Unavailable(error)
}

#[tokio::test]
async fn keys_are_fetched_once_for_many_tokens() {
    let world = World::start().await;
    let token = world.token();
    let at_once = futures_util::future::join_all((0..20).map(|_| world.verify(&token))).await;
    assert!(at_once.iter().all(Result::is_ok));
    assert_eq!(world.issuer.fetches(), 1);
}

#[tokio::test]
async fn nothing_is_fetched_for_an_issuer_that_is_not_the_clients() {
    let (world, stranger) = (World::start().await, World::start().await);
    assert_eq!(world.verify(&stranger.token()).await.unwrap_err(), ForeignError::Issuer);
    assert_eq!((world.issuer.fetches(), stranger.issuer.fetches()), (0, 0));
}

#[tokio::test]
async fn a_key_that_was_rolled_is_found_at_its_first_token() {
    let world = World::start().await;
    assert!(world.verify(&world.token()).await.is_ok());
    let next = Signer::rsa("second");
    world.issuer.publish([next.public()]);
    let token = next.sign(&world.claims());
    // Within the pause the stale keys are all that there is.
    assert_eq!(world.verify(&token).await.unwrap_err(), ForeignError::UnknownKey);
    assert!(world.verify_at(&token, NOW + PAUSE).await.is_ok());
    assert_eq!(world.issuer.fetches(), 2);
    assert_eq!(world.verify_at(&world.token(), NOW + PAUSE).await.unwrap_err(), ForeignError::UnknownKey);
}

#[tokio::test]
async fn unknown_keys_make_nobody_fetch_more_than_once_in_a_while() {
    let world = World::start().await;
    assert!(world.verify(&world.token()).await.is_ok());
    let signer = Signer::p256("garbage");
    let garbage = |number: u32| {
        let header = json!({ "alg": "RS256", "kid": format!("garbage {number}") }).to_string();
        signer.sign_text(&header, &world.claims().to_string())
    };
    for number in 0..50 {
        let now = NOW + Duration::from_secs(u64::from(number) / 2);
        assert_eq!(world.verify_at(&garbage(number), now).await.unwrap_err(), ForeignError::UnknownKey);
        assert!(world.verify_at(&world.token(), now).await.is_ok());
    }
    assert_eq!(world.issuer.fetches(), 1);
    for number in 0..50 {
        assert!(world.verify_at(&garbage(number), NOW + PAUSE).await.is_err());
    }
    assert_eq!(world.issuer.fetches(), 2);
}

#[tokio::test]
async fn known_keys_are_looked_at_every_day_and_used_a_day_longer_when_that_fails() {
    let world = World::start().await;
    let at = |now: Time| {
        let claims = {
            let mut claims = world.claims();
            (claims["iat"], claims["exp"]) = (json!(now.seconds()), json!(now.seconds() + 300));
            claims
        };
        world.signer.sign(&claims)
    };
    assert!(world.verify(&world.token()).await.is_ok());
    let last = NOW + FRESH - Duration::from_secs(1);
    assert!(world.verify_at(&at(last), last).await.is_ok());
    assert_eq!(world.issuer.fetches(), 1);
    world.issuer.answer_metadata(Answer::Status(503));
    let stale = NOW + FRESH;
    assert!(world.verify_at(&at(stale), stale).await.is_ok());
    assert!(world.verify_at(&at(stale), stale).await.is_ok());
    assert_eq!(world.issuer.fetches(), 2, "a failing issuer isn't asked at each token");
    let over = NOW + FRESH + GRACE;
    assert_eq!(world.verify_at(&at(over), over).await.unwrap_err(), unavailable(FetchError::Status));
}

#[tokio::test]
async fn keys_of_the_future_are_not_trusted() {
    let world = World::start().await;
    let year = Duration::from_secs(31_536_000);
    let claims = |now: Time| {
        let mut claims = world.claims();
        (claims["iat"], claims["exp"]) = (json!(now.seconds()), json!(now.seconds() + 300));
        claims
    };
    let ahead = world.signer.sign(&claims(NOW + year));
    assert!(world.verify_at(&ahead, NOW + year).await.is_ok());
    // The clock was wrong and is right again.
    assert!(world.verify(&world.token()).await.is_ok());
    assert_eq!(world.issuer.fetches(), 2);
}

#[tokio::test]
async fn an_issuer_that_fails_is_a_typed_error_and_is_not_asked_at_once_again() {
    let elsewhere = World::start().await;
    let name = elsewhere.issuer.name().to_owned();
    let text = |text: String| Answer::Text(text);
    let metadata = |issuer: &str, keys: &str| text(json!({ "issuer": issuer, "jwks_uri": keys }).to_string());
    let cases: Vec<(Answer, FetchError)> = vec![
        (Answer::Status(404), FetchError::Status),
        (Answer::Status(204), FetchError::Status),
        (Answer::Redirect(format!("{name}/.well-known/openid-configuration")), FetchError::Status),
        (Answer::Endless, FetchError::TooLong),
        (text(String::new()), FetchError::Metadata),
        (text("<html>".into()), FetchError::Metadata),
        (text("[]".into()), FetchError::Metadata),
        (text(r#"{"issuer":"a","issuer":"a","jwks_uri":"b"}"#.into()), FetchError::Metadata),
        (metadata(&name, &format!("{name}/keys")), FetchError::Issuer),
    ];
    for (answer, error) in cases {
        let world = World::start().await;
        world.issuer.answer_metadata(answer);
        for _ in 0..3 {
            assert_eq!(world.verify(&world.token()).await.unwrap_err(), unavailable(error));
        }
        assert_eq!(world.issuer.fetches(), 1);
    }
    assert_eq!(elsewhere.issuer.fetches(), 0, "no redirect is followed");
}

#[tokio::test]
async fn keys_come_from_an_address_that_may_be_fetched_and_are_bounded() {
    let world = World::start().await;
    let realm = world.issuer.name().to_owned();
    let key = world.signer.public();
    let many = json!({ "keys": vec![key.clone(); 101] }).to_string();
    let cases = [
        (None, Answer::Endless, FetchError::TooLong),
        (None, Answer::Status(500), FetchError::Status),
        (None, Answer::Redirect(format!("{realm}/keys")), FetchError::Status),
        (None, Answer::Text(many), FetchError::Keys),
        (None, Answer::Text(r#"{"keys":[]}"#.into()), FetchError::Keys),
        (None, Answer::Text(r#"{"keys":[],"keys":[]}"#.into()), FetchError::Keys),
        (None, Answer::Text("{}".into()), FetchError::Keys),
        (Some("http://one.example/keys"), Answer::Status(500), FetchError::Metadata),
        (Some("file:///etc/passwd"), Answer::Status(500), FetchError::Metadata),
        (Some("/keys"), Answer::Status(500), FetchError::Metadata),
        (Some("http://127.0.0.1:1/keys"), Answer::Status(500), FetchError::Unreachable),
    ];
    for (address, answer, error) in cases {
        let world = World::start().await;
        if let Some(address) = address {
            let metadata = json!({ "issuer": world.issuer.name(), "jwks_uri": address }).to_string();
            world.issuer.answer_metadata(Answer::Text(metadata));
        }
        world.issuer.answer_keys(answer);
        assert_eq!(world.verify(&world.token()).await.unwrap_err(), unavailable(error), "{address:?}");
    }
}

#[tokio::test]
async fn an_issuer_that_never_answers_holds_nobody_for_long() {
    let world = World::with_time_out(Duration::from_millis(20)).await;
    world.issuer.answer_keys(Answer::Never);
    let token = world.token();
    let at_once = futures_util::future::join_all((0..20).map(|_| world.verify(&token))).await;
    assert!(at_once.iter().all(|outcome| *outcome.as_ref().unwrap_err() == unavailable(FetchError::TimeOut)));
    assert_eq!(world.issuer.fetches(), 1, "those who wait share the outcome");
}

#[tokio::test]
async fn a_client_that_goes_away_does_not_make_the_next_one_fetch() {
    let world = World::start().await;
    let token = world.token();
    // Polled once, so that the fetch is under way, and dropped.
    let gone = tokio::time::timeout(Duration::ZERO, world.verify(&token)).await;
    assert!(gone.is_err());
    assert!(world.verify(&token).await.is_ok());
    assert_eq!(world.issuer.fetches(), 1);
}

#[tokio::test]
async fn what_is_remembered_is_bounded() {
    let world = World::start().await;
    for number in 0..MAX_ISSUERS * 2 {
        let issuer = Issuer::parse(&format!("https://{number}.example"), Loopback::Refused).unwrap();
        drop(world.foreign.cache.entry(&issuer));
    }
    assert!(world.foreign.cache.len() <= MAX_ISSUERS);
    assert!(world.verify(&world.token()).await.is_ok());
}
