//! Whose account it is, and who has none yet.

use std::time::Duration;

use countersign_authenticator::TurnDown;
use countersign_authenticator::protocol::Id;
use countersign_authenticator::protocol::messages::Outcome;
use countersign_tests::{Phone, enrolled};
use serde_json::json;

use crate::stand_in::{ADA, GUEST, Person};
use crate::visitor::Visitor;
use crate::world::{MINUTE, World, activate, approve, scan, scan_and_activate, waiting};

/// Ada's account, and its name as an address has it.
const ADAS: &str = "ada@north.example · aaaabbbb";
const ADAS_ENCODED: &str = "ada@north.example%20%C2%B7%20aaaabbbb";

#[tokio::test]
async fn somebody_new_enrols_right_there_and_is_signed_in() {
    let world = World::start().await;
    let (phone, attempt) = (Phone::new(), world.attempt(&ADA));
    let mut visitor = world.visit(&attempt).await;
    assert!(visitor.html.contains(ADA.name), "the page says for whom");
    // The same request again goes on there, and makes no second ticket.
    visitor.post_again(&attempt).await;
    scan_and_activate(&mut visitor, &phone).await;
    assert_eq!(world.accepted(&attempt, &mut visitor).await, "swk");
    assert_eq!(world.audit("enrolment.create").await.len(), 1);
    assert_eq!(world.audit("entra.request").await[0]["user"], ADAS);
}

#[tokio::test]
async fn an_enrolment_that_takes_too_long_stays_one() {
    let world = World::start().await;
    let phone = Phone::new();
    let mut visitor = world.visit(&world.attempt(&ADA)).await;
    let account = scan(&mut visitor, &phone).await;
    world.advance(6 * MINUTE);
    activate(&mut visitor, &phone, account).await;
    let next = visitor.next();
    visitor.get(&next).await;
    assert_eq!((visitor.state(), visitor.posted_form()), ("too_late", None));
    let attempt = world.attempt(&ADA);
    let mut visitor = world.visit(&attempt).await;
    approve(&mut visitor, &phone, account).await;
    world.accepted(&attempt, &mut visitor).await;
}

#[tokio::test]
async fn an_enrolment_that_is_cancelled_or_denied_signs_nobody_in() {
    let world = World::start().await;
    for denied in [true, false] {
        let attempt = world.attempt(&ADA);
        let mut visitor = world.visit(&attempt).await;
        if denied {
            let phone = Phone::new();
            let account = phone.enrol(&visitor.link().parse().unwrap()).await.unwrap().account;
            phone.authenticator.deny(waiting(&phone, account).await.id).await.unwrap();
        } else {
            visitor.cancel().await;
        }
        visitor.reload().await;
        let next = visitor.next();
        visitor.get(&next).await;
        assert_eq!(visitor.posted_form().unwrap().1["error"], "access_denied");
    }
}

#[tokio::test]
async fn without_the_right_to_enrol_people_are_sent_to_the_service_desk() {
    let world = World::start_with(|options| options.rights = Some("sign_in".into())).await;
    let attempt = world.attempt(&ADA);
    let visitor = world.visit(&attempt).await;
    assert_eq!((visitor.state(), visitor.posted_form()), ("no_phone", None), "nothing is posted by itself");
    let (action, answer) = visitor.form();
    assert_eq!((action, answer["error"].as_str()), (attempt.form["redirect_uri"].clone(), "access_denied"));
    world.nothing_happened().await;
}

#[tokio::test]
async fn somebody_who_has_a_phone_cannot_enrol_another_here() {
    let world = World::start().await;
    let (phone, account) = world.enrol(&ADA).await;
    let visitor = world.visit(&world.attempt(&ADA)).await;
    assert_eq!(visitor.state(), "pending");
    waiting(&phone, account).await;
}

#[tokio::test]
async fn who_lost_every_phone_enrols_again_unless_somebody_reported_a_sign_in() {
    for reported in [false, true] {
        let world = World::start().await;
        let (phone, account) = world.enrol(&ADA).await;
        if reported {
            world.visit(&world.attempt(&ADA)).await;
            let request = waiting(&phone, account).await.id;
            phone.authenticator.turn_down(&[request], TurnDown::ReportAndLock).await;
        }
        world.revoke_devices(ADAS_ENCODED).await;
        let visitor = world.visit(&world.attempt(&ADA)).await;
        assert_eq!(visitor.state(), if reported { "no_phone" } else { "waiting" });
    }
}

/// A page of Ada's whose QR somebody else may have scanned, and who it was, with what waits at their phone.
async fn with_a_stranger(world: &World, scans: bool) -> (Visitor, Option<(Phone, Id, String)>) {
    let mut visitor = world.visit(&world.attempt(&ADA)).await;
    assert_eq!(visitor.state(), "waiting");
    if !scans {
        return (visitor, None);
    }
    let phone = Phone::new();
    let account = scan(&mut visitor, &phone).await;
    let (request, number) = (waiting(&phone, account).await.id, visitor.number());
    (visitor, Some((phone, request, number)))
}

/// The page has ended, and nobody gets in by its QR or its number.
async fn leads_nowhere(world: &World, mut visitor: Visitor, stranger: Option<(Phone, Id, String)>) {
    match stranger {
        Some((phone, request, number)) => {
            let error = phone.approve(request, &number).await.unwrap_err();
            assert_eq!(error.code(), "device_revoked");
        }
        None => assert!(Phone::new().enrol(&visitor.link().parse().unwrap()).await.is_err()),
    }
    visitor.reload().await;
    assert_eq!(visitor.state(), "cancelled");
    let next = visitor.next();
    visitor.get(&next).await;
    assert_eq!(visitor.posted_form().unwrap().1["error"], "access_denied");
    let devices = world.service.relying_party().devices(ADAS_ENCODED).await;
    assert_eq!(devices.iter().filter(|device| device["state"] == "awaiting_activation").count(), 0);
}

#[tokio::test]
async fn the_first_phone_ends_what_else_is_open() {
    for scanned in [false, true] {
        let world = World::start().await;
        let (other, stranger) = with_a_stranger(&world, scanned).await;
        let (phone, attempt) = (Phone::new(), world.attempt(&ADA));
        let mut visitor = world.visit(&attempt).await;
        scan_and_activate(&mut visitor, &phone).await;
        leads_nowhere(&world, other, stranger).await;
        world.accepted(&attempt, &mut visitor).await;
        let devices = world.service.relying_party().devices(ADAS_ENCODED).await;
        assert_eq!(devices.iter().filter(|device| device["state"] == "active").count(), 1);
    }
}

#[tokio::test]
async fn a_phone_that_the_service_desk_enrols_ends_what_is_open_here() {
    for scanned in [false, true] {
        let world = World::start().await;
        let (other, stranger) = with_a_stranger(&world, scanned).await;
        let phone = Phone::new();
        let account = enrolled(&world.service, &phone, ADAS).await;
        leads_nowhere(&world, other, stranger).await;
        let mut visitor = world.visit(&world.attempt(&ADA)).await;
        approve(&mut visitor, &phone, account).await;
    }
}

#[tokio::test]
async fn a_lock_ends_what_is_open_here_and_nothing_else_of_the_account() {
    for scanned in [false, true] {
        let world = World::start().await;
        let desk = world.service.relying_party().enrolment(ADAS).await;
        let (other, stranger) = with_a_stranger(&world, scanned).await;
        world.lock(ADAS_ENCODED).await;
        leads_nowhere(&world, other, stranger).await;
        assert_eq!(world.visit(&world.attempt(&ADA)).await.state(), "no_phone");
        Phone::new().enrol(&desk.link).await.unwrap();
    }
}

#[tokio::test]
async fn enrolments_here_are_few_and_short_and_leave_the_service_desk_its_own() {
    let world = World::start().await;
    let mut first = world.visit(&world.attempt(&ADA)).await;
    assert_eq!(first.state(), "waiting");
    assert_eq!(world.visit(&world.attempt(&ADA)).await.state(), "waiting");
    let third = world.visit(&world.attempt(&ADA)).await;
    assert_eq!(third.posted_form().unwrap().1["error"], "temporarily_unavailable");
    let desk = world.service.relying_party();
    for _ in 0..2 {
        desk.enrolment(ADAS).await;
    }
    world.advance(5 * MINUTE);
    first.reload().await;
    assert_eq!(first.state(), "expired");
    assert_eq!(world.visit(&world.attempt(&ADA)).await.state(), "waiting", "and what is over doesn't count");
}

#[tokio::test]
async fn a_display_name_leads_to_nobodys_account() {
    const NAME: &str = "Ada Lovelace";
    let world = World::start_with(|options| options.trusts_names = Some(true)).await;
    let phone = Phone::new();
    let account = enrolled(&world.service, &phone, NAME).await;
    let attempt = world.hinted(&GUEST, |claims| {
        claims["name"] = json!(NAME);
        claims.as_object_mut().unwrap().remove("preferred_username");
    });
    let visitor = world.visit(&attempt).await;
    assert_eq!(visitor.state(), "waiting", "they have no phone yet");
    assert!(visitor.html.contains(NAME));
    assert!(phone.fetch(account).await.unwrap().is_empty());
    assert_eq!(world.audit("entra.request").await[0]["user"], "Ada Lovelace · bbbbcccc");
}

#[tokio::test]
async fn a_guest_has_an_account_of_their_own_whatever_they_are_called() {
    const TWIN: Person = Person { name: ADA.name, ..GUEST };
    let world = World::start().await;
    let (phone, account) = world.enrol(&ADA).await;
    let guests = Phone::new();
    let attempt = world.attempt(&TWIN);
    let mut visitor = world.visit(&attempt).await;
    let other = scan_and_activate(&mut visitor, &guests).await;
    world.accepted(&attempt, &mut visitor).await;
    assert!(phone.fetch(account).await.unwrap().is_empty(), "the other one's phone isn't asked");
    // Renamed, they are who they were.
    let attempt = world.hinted(&TWIN, |claims| claims["preferred_username"] = json!("zoe@south.example"));
    let mut visitor = world.visit(&attempt).await;
    approve(&mut visitor, &guests, other).await;
    world.accepted(&attempt, &mut visitor).await;
}

#[tokio::test]
async fn a_guest_without_a_usable_name_is_known_by_the_object() {
    let world = World::start().await;
    let attempt = world.hinted(&GUEST, |claims| {
        claims["preferred_username"] = json!("\u{202e}adm\u{200b}in");
        claims.as_object_mut().unwrap().remove("name");
    });
    assert_eq!(world.visit(&attempt).await.state(), "waiting");
    let user = world.audit("entra.request").await[0]["user"].as_str().unwrap().to_owned();
    assert!(user.starts_with(GUEST.object), "{user}");
}

#[tokio::test]
async fn where_names_are_trusted_people_use_the_phone_that_they_have() {
    let world = World::start_with(|options| options.trusts_names = Some(true)).await;
    let phone = Phone::new();
    let account = enrolled(&world.service, &phone, ADA.name).await;
    let attempt = world.attempt(&ADA);
    let mut visitor = world.visit(&attempt).await;
    // A namesake signs in before it is known whose the account is. Its phone alone decides.
    let namesake = world.attempt(&Person { name: ADA.name, ..GUEST });
    let mut other = world.visit(&namesake).await;
    let requests = phone.fetch(account).await.unwrap();
    assert_eq!(requests.len(), 2);
    let mine = requests.iter().find(|request| visitor.url.path().ends_with(&request.id.to_string())).unwrap();
    let outcome = phone.approve(mine.id, &visitor.number()).await.unwrap();
    assert_eq!(outcome.outcome, Outcome::Approved);
    visitor.reload().await;
    world.accepted(&attempt, &mut visitor).await;
    world.advance(Duration::from_secs(121));
    other.reload().await;
    assert_eq!(other.state(), "expired");
    // From now on the account is Ada's, and the namesake has another.
    let again = world.visit(&world.attempt(&Person { name: ADA.name, ..GUEST })).await;
    assert_eq!(again.state(), "waiting");
}
