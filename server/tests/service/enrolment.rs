//! Tickets, and what can go wrong with them.

use countersign_protocol::messages::{
    Decision, DeviceChange, Enrol, Outcome, Problem, ProblemCode, WakeUp, paths,
};
use countersign_protocol::{EnrolmentLink, Id, Thumbprint, Ticket, jws, sha256_base64url};
use serde_json::json;

use crate::support::World;
use crate::support::phone::{Key, Phone, code, post};

async fn unused_phone(world: &World) -> Phone {
    Phone::new(world.start_enrolment("ada").await["link"].as_str().unwrap())
}

fn altered(link: &EnrolmentLink) -> Ticket {
    let mut secret = *link.ticket.expose_secret();
    secret[0] ^= 1;
    Ticket::new(link.ticket.enrolment(), secret)
}

#[tokio::test]
async fn a_ticket_that_is_unknown_or_altered_in_any_half_enrols_nothing() {
    let world = World::start().await;
    let mut phone = unused_phone(&world).await;
    let secret = *phone.link.ticket.expose_secret();
    for ticket in [
        altered(&phone.link),
        Ticket::new(Id::make_random(), secret),
        Ticket::new(Id::make_random(), [0; 16]),
    ] {
        let request = phone.device_key.sign(&Enrol { ticket, ..phone.enrol_claims() });
        assert_eq!(code(phone.send_enrol(&world, &request).await), ProblemCode::TicketUnknown);
    }
    assert!(phone.enrol(&world).await.is_ok(), "the right one is still good");
}

#[tokio::test]
async fn a_ticket_expires() {
    let world = World::start().await;
    let mut phone = unused_phone(&world).await;
    world.clock.advance_seconds(600);
    assert_eq!(code(phone.enrol(&world).await), ProblemCode::TicketExpired);
    let state = world.enrolment(&phone.enrolment).await["state"].clone();
    assert_eq!(state, "expired");
}

#[tokio::test]
async fn a_ticket_works_for_one_device_and_its_same_request_again() {
    let world = World::start().await;
    let mut phone = unused_phone(&world).await;
    let request = phone.device_key.sign(&phone.enrol_claims());
    let first = phone.send_enrol(&world, &request).await.unwrap();
    let secret = phone.totp.take().unwrap().secret;
    world.clock.advance_seconds(3);
    let again = phone.send_enrol(&world, &request).await.unwrap();
    assert_eq!((first.device, secret), (again.device, phone.totp.as_ref().unwrap().secret.clone()));
    assert_eq!(again.time, first.time + 3000);

    let other_bytes = phone.device_key.sign(&Enrol { name: "Another name".into(), ..phone.enrol_claims() });
    assert_eq!(code(phone.send_enrol(&world, &other_bytes).await), ProblemCode::TicketUsed);
    let mut thief = Phone::new(&phone.link.expose_text());
    assert_eq!(code(thief.enrol(&world).await), ProblemCode::TicketUsed);
    assert_eq!(world.audit_outcomes("enrolment.use").await, ["bound", "ticket_used", "ticket_used"]);
}

#[tokio::test]
async fn two_devices_that_race_for_a_ticket_have_one_winner() {
    let world = World::start().await;
    let (mut one, mut two) = {
        let phone = unused_phone(&world).await;
        (Phone::new(&phone.link.expose_text()), phone)
    };
    let (first, second) = tokio::join!(one.enrol(&world), two.enrol(&world));
    assert_eq!(u8::from(first.is_ok()) + u8::from(second.is_ok()), 1);
    assert_eq!(code(if first.is_ok() { second } else { first }), ProblemCode::TicketUsed);
}

#[tokio::test]
async fn a_withdrawn_ticket_enrols_nothing() {
    let world = World::start().await;
    let mut phone = unused_phone(&world).await;
    let path = format!("/v1/enrolments/{}", phone.enrolment);
    assert_eq!(world.delete(&path).await.status, 204);
    assert_eq!(code(phone.enrol(&world).await), ProblemCode::TicketExpired);
    assert_eq!(world.delete(&path).await.refused(), (409, "ended"));
}

#[tokio::test]
async fn a_thumbprint_that_the_service_does_not_have_is_misdirected() {
    let world = World::start().await;
    let phone = unused_phone(&world).await;
    let wrong: Thumbprint = Key::new().public.thumbprint();
    let request = phone.device_key.sign(&Enrol { aud: wrong, ..phone.enrol_claims() });
    let (status, reply) = post(&world, paths::ENROL, &request).await;
    assert_eq!(status, 421);
    assert!(
        jws::verify_pinned::<Problem>(&reply, wrong).is_err(),
        "the phone can't take the reply for a pinned one"
    );
    let (problem, _) = jws::verify_pinned::<Problem>(&reply, phone.link.service_key).unwrap();
    assert_eq!((problem.code, problem.re), (ProblemCode::WrongServiceKey, sha256_base64url(&request)));
}

#[tokio::test]
async fn requests_of_the_wrong_form_are_malformed() {
    let world = World::start().await;
    let mut phone = unused_phone(&world).await;
    let claims = phone.enrol_claims();
    let device = phone.device_key.public;
    let wrong = [
        Enrol { approval_key: device, ..claims.clone() },
        Enrol { encryption_key: device, ..claims.clone() },
        Enrol { encryption_key: claims.approval_key, ..claims.clone() },
        Enrol {
            wake_up: Some(WakeUp::UnifiedPush { endpoint: "http://push.example/x".into() }),
            ..claims.clone()
        },
        Enrol { wake_up: Some(WakeUp::Fcm { token: String::new() }), ..claims.clone() },
        Enrol { wake_up: Some(WakeUp::Apns { token: "x".repeat(5000) }), ..claims.clone() },
    ];
    for (index, claims) in wrong.iter().enumerate() {
        let request = phone.device_key.sign(claims);
        assert_eq!(code(phone.send_enrol(&world, &request).await), ProblemCode::Malformed, "{index}");
    }
    // Signed by another key than the device key in it.
    let request = phone.approval_key.sign(&claims);
    assert_eq!(code(phone.send_enrol(&world, &request).await), ProblemCode::Malformed);
    for body in ["", "x", "e30.e30.e30", &request[..request.len() - 1], &"a.".repeat(20_000)] {
        let (status, reply) = post(&world, paths::ENROL, body).await;
        let problem = jws::verify_pinned::<Problem>(&reply, phone.link.service_key).unwrap().0;
        assert_eq!((status, problem.code), (400, ProblemCode::Malformed));
    }
    assert!(phone.enrol(&world).await.is_ok());
}

#[tokio::test]
async fn an_activation_that_goes_wrong_ends_the_enrolment_and_the_device() {
    for case in ["wrong number", "denied", "reported", "expired", "withdrawn", "left"] {
        let world = World::start().await;
        let phone = world.enrol("ada").await;
        let shown = phone.challenges(&world).await.remove(0);
        let number = world.enrolment(&phone.enrolment).await["number"].as_str().unwrap().to_owned();
        let wrong = format!("{:06}", (number.parse::<u32>().unwrap() + 1) % 1_000_000);
        let outcome = match case {
            "wrong number" => Some(phone.approve(&world, &shown, &wrong).await.unwrap().outcome),
            "denied" => Some(phone.decide(&world, &shown, Decision::Deny).await.unwrap().outcome),
            "reported" => Some(phone.decide(&world, &shown, Decision::Report).await.unwrap().outcome),
            "expired" => {
                world.clock.advance_seconds(600);
                let state = async || world.enrolment(&phone.enrolment).await["state"] == "expired";
                world.eventually("expiry", state).await;
                world
                    .eventually("the device's end", async || phone.fetch(&world, 0, &[]).await.is_err())
                    .await;
                None
            }
            "withdrawn" => {
                assert_eq!(world.delete(&format!("/v1/enrolments/{}", phone.enrolment)).await.status, 204);
                None
            }
            _ => {
                phone.send_change(&world, &phone.change_request(&world, DeviceChange::Revoke)).await.unwrap();
                None
            }
        };
        assert!(outcome.is_none_or(|outcome| outcome != Outcome::Approved));
        assert_eq!(code(phone.fetch(&world, 0, &[]).await), ProblemCode::DeviceRevoked, "{case}");
        assert_eq!(code(phone.approve(&world, &shown, &number).await), ProblemCode::DeviceRevoked, "{case}");
        let state = world.enrolment(&phone.enrolment).await;
        let expected = match case {
            "expired" => "expired",
            "withdrawn" | "left" => "cancelled",
            "wrong number" => "failed",
            told => told,
        };
        assert_eq!(state["state"], expected, "{case}");
        assert!(state["number"].is_null(), "a number that is over isn't shown");
        assert_eq!(world.start_sign_in("ada").await["devices"], 0, "{case}");
    }
}

#[tokio::test]
async fn a_device_that_is_not_active_is_asked_nothing_and_its_codes_are_worth_nothing() {
    let world = World::start().await;
    let phone = world.enrol("ada").await;
    let sign_in = world.start_sign_in("ada").await;
    assert_eq!(sign_in["devices"], 0);
    assert_eq!(phone.challenges(&world).await.len(), 1, "its activation alone");
    let code = phone.code_at(world.seconds());
    assert_eq!(
        world.post("/v1/codes/verify", json!({"user": "ada", "code": code})).await.ok()["valid"],
        false
    );
}

#[tokio::test]
async fn open_enrolments_and_devices_of_a_user_are_bounded() {
    let world = World::start().await;
    for _ in 0..4 {
        world.start_enrolment("ada").await;
    }
    let refused = world.post("/v1/enrolments", json!({"user": "ada"})).await;
    assert_eq!(refused.refused(), (429, "too_many_open"));
    world.start_enrolment("grace").await;
    for _ in 0..8 {
        world.active_phone("alan").await;
    }
    let refused = world.post("/v1/enrolments", json!({"user": "alan"})).await;
    assert_eq!(refused.refused(), (409, "too_many_devices"));
}

#[tokio::test]
async fn open_tickets_count_as_the_devices_that_they_may_become() {
    let world = World::start().await;
    for _ in 0..6 {
        world.active_phone("ada").await;
    }
    let tickets = [world.start_enrolment("ada").await, world.start_enrolment("ada").await];
    let full = (409, "too_many_devices");
    assert_eq!(world.post("/v1/enrolments", json!({"user": "ada"})).await.refused(), full);
    // A ticket that is used is a device; one that is withdrawn makes room.
    Phone::new(tickets[0]["link"].as_str().unwrap()).enrol(&world).await.unwrap();
    assert_eq!(world.post("/v1/enrolments", json!({"user": "ada"})).await.refused(), full);
    let path = format!("/v1/enrolments/{}", tickets[1]["id"].as_str().unwrap());
    assert_eq!(world.delete(&path).await.status, 204);
    let ticket = world.start_enrolment("ada").await;
    Phone::new(ticket["link"].as_str().unwrap()).enrol(&world).await.unwrap();
    let devices = world.get("/v1/devices?user=ada").await.ok();
    assert_eq!(devices["devices"].as_array().unwrap().len(), 8);
}

#[tokio::test]
async fn tickets_of_before_the_limit_make_no_ninth_device() {
    let world = World::start().await;
    for _ in 0..7 {
        world.active_phone("ada").await;
    }
    let ticket = world.start_enrolment("ada").await;
    // A second ticket of the same account, as an older version of the service made it.
    let path = world.config.data.join(countersign_server::DATABASE_FILE);
    let connection = rusqlite::Connection::open(path).unwrap();
    let other = world.start_enrolment("grace").await;
    let id = other["id"].as_str().unwrap().parse::<Id>().unwrap();
    let changed = connection.execute("UPDATE enrolments SET user = 'ada' WHERE id = ?1", [id.as_bytes()]);
    assert_eq!(changed.unwrap(), 1);
    let (mut one, mut two) =
        (Phone::new(ticket["link"].as_str().unwrap()), Phone::new(other["link"].as_str().unwrap()));
    let (first, second) = tokio::join!(one.enrol(&world), two.enrol(&world));
    assert_eq!(u8::from(first.is_ok()) + u8::from(second.is_ok()), 1);
    assert_eq!(code(if first.is_ok() { second } else { first }), ProblemCode::TicketExpired);
}
