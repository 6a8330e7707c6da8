//! Requests that aren't what they should be: nothing is shown or pushed.

use serde_json::json;

use crate::stand_in::{ADA, Attempt};
use crate::visitor::encode;
use crate::world::World;

#[tokio::test]
async fn what_cannot_be_trusted_to_come_from_entra_gets_a_page() {
    let world = World::start().await;
    let good = world.attempt(&ADA);
    let redirect_uri = good.form["redirect_uri"].clone();
    for attempt in [
        good.clone().without("client_id"),
        good.clone().with("client_id", "AAAAAAAAAAAAAAAAAAAAAA"),
        good.clone().without("redirect_uri"),
        good.clone().with("redirect_uri", format!("{redirect_uri}/")),
        good.clone().with("redirect_uri", format!("{redirect_uri}?a=b")),
        good.clone().with("redirect_uri", format!("{redirect_uri}#a")),
        good.clone().with("redirect_uri", redirect_uri.replace("http:", "https:")),
        good.clone().with("redirect_uri", redirect_uri.replace("127.0.0.1", "localhost")),
        good.clone().with("redirect_uri", redirect_uri.replace("externalauth", "EXTERNALAUTH")),
        good.clone()
            .with("redirect_uri", "https://login.microsoftonline.com/common/federation/externalauthprovider"),
        good.clone().with("redirect_uri", "https://evil.example/common/federation/externalauthprovider"),
        good.clone().with("state", "s".repeat(17 * 1024)),
    ] {
        let visitor = world.visit(&attempt).await;
        assert_eq!((visitor.status.as_u16(), visitor.state()), (400, "refused"), "{:?}", attempt.form);
        assert_eq!(visitor.posted_form(), None);
    }
    world.nothing_happened().await;
    assert_eq!(world.entra.fetches(), 0, "and nothing was fetched");
}

#[tokio::test]
async fn entra_is_told_what_is_wrong_with_its_request() {
    let world = World::start().await;
    let good = world.attempt(&ADA);
    let claims = |acr: &[&str], amr: &[&str]| {
        let claim = |values: &[&str]| json!({ "essential": true, "values": values });
        good.clone()
            .with("claims", json!({ "id_token": { "acr": claim(acr), "amr": claim(amr) } }).to_string())
    };
    let cases: Vec<(Attempt, &str)> = vec![
        (good.clone().without("response_type"), "unsupported_response_type"),
        (good.clone().with("response_type", "code"), "unsupported_response_type"),
        (good.clone().with("response_type", "id_token token"), "unsupported_response_type"),
        (good.clone().with("response_mode", "query"), "invalid_request"),
        (good.clone().without("response_mode"), "invalid_request"),
        (good.clone().with("scope", "profile"), "invalid_scope"),
        (good.clone().without("nonce"), "invalid_request"),
        (good.clone().with("nonce", "n".repeat(5000)), "invalid_request"),
        (good.clone().without("id_token_hint"), "invalid_request"),
        (good.clone().without("claims"), "invalid_request"),
        (good.clone().with("claims", "{"), "invalid_request"),
        // After a passkey Entra asks for what nobody here can vouch for.
        (claims(&["knowledgeorinherence"], &["hwk", "swk", "otp"]), "access_denied"),
        (claims(&["possessionorinherence"], &["fido", "face"]), "access_denied"),
    ];
    for (attempt, error) in cases {
        let visitor = world.visit(&attempt).await;
        let (action, answer) = visitor.posted_form().expect("Entra is told");
        assert_eq!(action, good.form["redirect_uri"]);
        assert_eq!((answer["error"].as_str(), &answer["state"]), (error, &good.form["state"]));
    }
    world.nothing_happened().await;
    assert_eq!(world.entra.fetches(), 0, "and nothing was fetched");
}

#[tokio::test]
async fn no_phone_is_asked_if_none_could_answer_as_entra_wants() {
    let world = World::start().await;
    let (phone, account) = world.enrol(&ADA).await;
    let claims = json!({ "id_token": {
        "acr": { "essential": true, "values": ["possessionorinherence"] },
        "amr": { "essential": true, "values": ["hwk"] },
    } });
    let visitor = world.visit(&world.attempt(&ADA).with("claims", claims.to_string())).await;
    assert_eq!(
        visitor.posted_form().unwrap().1["error"],
        "access_denied",
        "the phone's keys are in software"
    );
    assert!(phone.fetch(account).await.unwrap().is_empty());
}

#[tokio::test]
async fn words_may_be_in_capitals_and_no_state_is_no_state() {
    let world = World::start().await;
    world.enrol(&ADA).await;
    for attempt in [
        world.attempt(&ADA).with("response_type", "Id_token"),
        world.attempt(&ADA).without("state"),
        world.attempt(&ADA).without("client-request-id"),
    ] {
        let mut visitor = world.visit(&attempt).await;
        assert_eq!(visitor.state(), "pending", "{:?}", attempt.form);
        visitor.cancel().await;
        let next = visitor.next();
        visitor.get(&next).await;
        let (_, answer) = visitor.posted_form().unwrap();
        assert_eq!(answer.get("state"), attempt.form.get("state"));
    }
}

#[tokio::test]
async fn only_an_identifier_of_entra_is_written_down() {
    let world = World::start().await;
    for reference in ["", "approved by the administrator", "0f2a1d3c-9b6e-4c77-8d2f-1234567890abc"] {
        let attempt = world.attempt(&ADA).with("client-request-id", reference);
        let mut visitor = world.visit(&attempt).await;
        assert_eq!(visitor.state(), "waiting");
        visitor.cancel().await;
    }
    assert!(world.audit("entra.request").await.iter().all(|entry| entry.get("reference").is_none()));
}

#[tokio::test]
async fn the_bare_endpoint_is_there_and_a_get_signs_nobody_in() {
    let world = World::start().await;
    let mut visitor = world.visit(&world.attempt(&ADA).without("client_id")).await;
    visitor.get("/oidc/authorize").await;
    assert_eq!((visitor.status.as_u16(), visitor.state()), (200, "landing"));
    let query = encode(&world.attempt(&ADA).form);
    visitor.get(&format!("/oidc/authorize?{query}")).await;
    assert_eq!((visitor.status.as_u16(), visitor.state()), (400, "refused"));
    world.nothing_happened().await;
}
