//! What happens between the request and its answer.

use std::time::Duration;

use countersign_server::ClientOptions;
use countersign_tests::Phone;

use crate::stand_in::ADA;
use crate::world::{MINUTE, World, approve, scan_and_activate, waiting};

#[tokio::test]
async fn a_sign_in_is_approved_on_the_phone_and_entra_takes_the_answer() {
    let world = World::start().await;
    let (phone, account) = world.enrol(&ADA).await;
    let attempt = world.attempt(&ADA);
    let mut visitor = world.visit(&attempt).await;
    let request = waiting(&phone, account).await;
    assert_eq!(request.application, "Microsoft 365");
    approve(&mut visitor, &phone, account).await;
    assert_eq!(world.accepted(&attempt, &mut visitor).await, "swk");
    // The reply may have been lost: the same browser gets it again, and nothing is asked again.
    visitor.reload().await;
    world.provider.check(&attempt, &visitor.posted_form().unwrap().1);
    assert!(phone.fetch(account).await.unwrap().is_empty());

    let requests = world.audit("entra.request").await;
    assert_eq!(requests.len(), 2);
    for (request, made) in requests.iter().zip(["enrolment", "sign_in"]) {
        assert_eq!(request["outcome"], made);
        assert_eq!(request["actor"], "client:entra");
        assert_eq!(request["reference"], "0f2a1d3c-9b6e-4c77-8d2f-1234567890ab");
    }
    assert_eq!(world.audit("token.issue").await.len(), 2, "one for each, whatever is loaded again");
}

#[tokio::test]
async fn a_one_time_code_is_told_as_one() {
    let world = World::start().await;
    let (phone, account) = world.enrol(&ADA).await;
    let attempt = world.attempt(&ADA);
    let mut visitor = world.visit(&attempt).await;
    visitor.submit_code(&phone.code(account)).await;
    assert_eq!(visitor.state(), "approved");
    assert_eq!(world.accepted(&attempt, &mut visitor).await, "otp");
}

#[tokio::test]
async fn the_same_request_again_goes_on_where_it_is_and_asks_nobody_again() {
    let world = World::start().await;
    let (phone, account) = world.enrol(&ADA).await;
    let attempt = world.attempt(&ADA);
    let mut visitor = world.visit(&attempt).await;
    let page = visitor.url.clone();
    for _ in 0..3 {
        visitor.post_again(&attempt).await;
        assert_eq!(visitor.url, page);
    }
    let request = waiting(&phone, account).await;
    // Another browser that has the same form sees nothing of it. While the cookies of tabs may be on their way it waits.
    let mut stranger = world.visit(&attempt).await;
    assert_eq!(stranger.state(), "waiting");
    world.advance(Duration::from_secs(11));
    stranger.reload().await;
    assert_eq!(stranger.state(), "elsewhere");
    phone.approve(request.id, &visitor.number()).await.unwrap();
    stranger.reload().await;
    assert_eq!(stranger.state(), "elsewhere");
    visitor.post_again(&attempt).await;
    world.provider.check(&attempt, &visitor.posted_form().unwrap().1);
    assert_eq!(world.audit("sign_in.create").await.len(), 1);
}

#[tokio::test]
async fn ten_tabs_at_once_make_one_sign_in() {
    let world = World::start().await;
    let (phone, account) = world.enrol(&ADA).await;
    let attempt = world.attempt(&ADA);
    let tabs = futures_util::future::join_all((0..10).map(|_| world.visit(&attempt))).await;
    assert_eq!(tabs.iter().filter(|tab| tab.state() == "pending").count(), 1);
    waiting(&phone, account).await;
}

#[tokio::test]
async fn somebody_elses_nonce_does_not_go_with_a_hint_that_was_used() {
    let world = World::start().await;
    let (phone, account) = world.enrol(&ADA).await;
    let attempt = world.attempt(&ADA);
    world.visit(&attempt).await;
    for other in [
        attempt.clone().with("nonce", "another"),
        attempt.clone().with("state", "another"),
        attempt.clone().without("state"),
    ] {
        let visitor = world.visit(&other).await;
        assert_eq!(visitor.posted_form().unwrap().1["error"], "access_denied");
    }
    waiting(&phone, account).await;
}

#[tokio::test]
async fn a_sign_in_that_is_not_approved_is_told_so() {
    let world = World::start().await;
    let (phone, account) = world.enrol(&ADA).await;
    for ending in ["denied", "reported", "failed", "cancelled", "expired"] {
        let attempt = world.attempt(&ADA);
        let mut visitor = world.visit(&attempt).await;
        let request = waiting(&phone, account).await.id;
        match ending {
            "denied" => drop(phone.authenticator.deny(request).await.unwrap()),
            "reported" => drop(phone.authenticator.report(request).await.unwrap()),
            "failed" => {
                let wrong = if visitor.number() == "000000" { "000001" } else { "000000" };
                drop(phone.approve(request, wrong).await.unwrap());
            }
            "cancelled" => visitor.cancel().await,
            _ => world.advance(Duration::from_secs(121)),
        }
        visitor.reload().await;
        assert_eq!(visitor.state(), ending);
        let next = visitor.next();
        visitor.get(&next).await;
        let (action, answer) = visitor.posted_form().unwrap();
        assert_eq!(action, attempt.form["redirect_uri"]);
        assert_eq!((answer["error"].as_str(), &answer["state"]), ("access_denied", &attempt.form["state"]));
        assert!(!answer.contains_key("id_token"));
    }
    assert_eq!(world.audit("token.issue").await.len(), 1, "that of the enrolment");
}

#[tokio::test]
async fn after_five_minutes_nothing_is_posted() {
    let world = World::start().await;
    let (phone, account) = world.enrol(&ADA).await;
    let mut visitor = world.visit(&world.attempt(&ADA)).await;
    approve(&mut visitor, &phone, account).await;
    let next = visitor.next();
    world.advance(5 * MINUTE);
    visitor.get(&next).await;
    assert_eq!(visitor.state(), "too_late");
    assert_eq!(visitor.posted_form(), None);
}

#[tokio::test]
async fn a_request_of_a_clock_that_was_ahead_gets_no_answer_once_it_is_right() {
    let world = World::start().await;
    let (phone, account) = world.enrol(&ADA).await;
    world.advance(60 * MINUTE);
    let mut visitor = world.visit(&world.attempt(&ADA)).await;
    approve(&mut visitor, &phone, account).await;
    let next = visitor.next();
    world.service.turn_back(60 * MINUTE);
    visitor.get(&next).await;
    assert_eq!((visitor.state(), visitor.posted_form()), ("too_late", None));
}

#[tokio::test]
async fn the_service_restarts_between_any_two_steps() {
    let mut world = World::start().await;
    let (phone, attempt) = (Phone::new(), world.attempt(&ADA));
    let mut visitor = world.visit(&attempt).await;
    world.service.restart().await;
    visitor.reload().await;
    let account = scan_and_activate(&mut visitor, &phone).await;
    world.service.restart().await;
    world.accepted(&attempt, &mut visitor).await;

    let attempt = world.attempt(&ADA);
    let mut visitor = world.visit(&attempt).await;
    world.service.restart().await;
    approve(&mut visitor, &phone, account).await;
    world.service.restart().await;
    visitor.post_again(&attempt).await;
    world.provider.check(&attempt, &visitor.posted_form().unwrap().1);
}

#[tokio::test]
async fn entra_with_a_stale_cache_follows_new_keys() {
    let mut world = World::start().await;
    let (phone, account) = world.enrol(&ADA).await;
    let hours = |hours: u32| 60 * hours * MINUTE;
    for (advance, fetches) in
        [(0, false), (23, false), (1, true), (25, false), (1, true), (24, true), (24, true)]
    {
        world.advance(hours(advance));
        if advance == 0 {
            world.service.rotate_openid_keys();
            // The command line has made it; the service notices when it looks.
            world.service.restart().await;
        }
        if fetches {
            world.provider.refresh().await;
        }
        let attempt = world.attempt(&ADA);
        let mut visitor = world.visit(&attempt).await;
        approve(&mut visitor, &phone, account).await;
        world.accepted(&attempt, &mut visitor).await;
    }
}

#[tokio::test]
async fn a_client_that_was_revoked_or_changed_meanwhile_gets_no_answer() {
    for change in ["revoked", "rights", "tenant"] {
        let world = World::start().await;
        let (phone, account) = world.enrol(&ADA).await;
        let mut visitor = world.visit(&world.attempt(&ADA)).await;
        approve(&mut visitor, &phone, account).await;
        match change {
            "revoked" => world.revoke(),
            "rights" => {
                world.change(ClientOptions { rights: Some("enrol".into()), ..ClientOptions::default() });
            }
            _ => {
                let other = world.entra.issuer().replace("9122040d", "00000000");
                world.change(ClientOptions { issuer: Some(vec![other]), ..ClientOptions::default() });
            }
        }
        let next = visitor.next();
        visitor.get(&next).await;
        assert_eq!((visitor.state(), visitor.posted_form()), ("refused", None), "{change}");
        let late = world.visit(&world.attempt(&ADA)).await;
        assert_eq!(late.state(), if change == "tenant" { "posting" } else { "refused" });
        assert!(phone.fetch(account).await.unwrap().is_empty());
    }
}
