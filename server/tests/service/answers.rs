//! Answers, and what can go wrong with them.

use countersign_protocol::messages::{
    Answer, Decision, DeviceChange, Fetch, Matching, Outcome, ProblemCode, UserCheck, paths,
};
use countersign_protocol::{Id, MatchSecret, jws, sha256_base64url};
use serde_json::json;

use crate::support::World;
use crate::support::phone::{Key, code, post};

#[tokio::test]
async fn the_same_answer_again_gets_the_same_receipt_and_has_one_effect() {
    let world = World::start().await;
    let phone = world.active_phone("ada").await;
    let (sign_in, shown) = world.ask("ada", &phone).await;
    let answer =
        Answer { number: Some(sign_in.number().into()), ..phone.answer(&world, &shown, Decision::Approve) };
    let request = phone.approval_key.sign(&answer);
    let (first, second) =
        tokio::join!(phone.send_answer(&world, &request), phone.send_answer(&world, &request));
    assert_eq!(first.unwrap().outcome, Outcome::Approved);
    assert_eq!(second.unwrap().outcome, Outcome::Approved);
    // Also when its `iat` has grown old, and the challenge is long over.
    world.clock.advance_seconds(3600);
    let late = phone.send_answer(&world, &request).await.unwrap();
    assert_eq!((late.outcome, late.tries_left), (Outcome::Approved, 1));
    assert_eq!(world.audit_outcomes("sign_in.answer").await, ["approved"]);
}

#[tokio::test]
async fn another_answer_to_the_same_challenge_is_too_late() {
    let world = World::start().await;
    let phone = world.active_phone("ada").await;
    for (first, outcome) in [(Decision::Deny, Outcome::Denied), (Decision::Report, Outcome::Reported)] {
        let (sign_in, shown) = world.ask("ada", &phone).await;
        phone.decide(&world, &shown, first).await.unwrap();
        let problem = phone.approve(&world, &shown, sign_in.number()).await.unwrap_err();
        assert_eq!((problem.code, problem.outcome), (ProblemCode::AlreadyAnswered, Some(outcome)));
    }
    let (sign_in, shown) = world.ask("ada", &phone).await;
    phone.approve(&world, &shown, sign_in.number()).await.unwrap();
    let problem = phone.decide(&world, &shown, Decision::Deny).await.unwrap_err();
    assert_eq!((problem.code, problem.outcome), (ProblemCode::AlreadyAnswered, Some(Outcome::Approved)));
    assert_eq!(world.state_of(&sign_in.0).await, "approved");
}

#[tokio::test]
async fn a_wrong_number_fails_the_sign_in() {
    let world = World::start().await;
    let phone = world.active_phone("ada").await;
    let (sign_in, shown) = world.ask("ada", &phone).await;
    let receipt = phone.approve(&world, &shown, &sign_in.wrong_number()).await.unwrap();
    assert_eq!((receipt.outcome, receipt.tries_left), (Outcome::WrongMatch, 0));
    assert_eq!(world.state_of(&sign_in.0).await, "failed");
    let problem = phone.approve(&world, &shown, sign_in.number()).await.unwrap_err();
    assert_eq!((problem.code, problem.outcome), (ProblemCode::AlreadyAnswered, Some(Outcome::WrongMatch)));
    assert!(phone.challenges(&world).await.is_empty());
}

#[tokio::test]
async fn a_policy_of_three_tries_counts_them_down() {
    let world = World::start_with(|config| config.policy.tries = 3).await;
    let phone = world.active_phone("ada").await;
    let (sign_in, shown) = world.ask("ada", &phone).await;
    for left in [2, 1] {
        // Another second, so that the bytes differ: the test phone's signatures are deterministic (RFC 6979).
        world.clock.advance_seconds(1);
        let receipt = phone.approve(&world, &shown, &sign_in.wrong_number()).await.unwrap();
        assert_eq!((receipt.outcome, receipt.tries_left), (Outcome::WrongMatch, left));
    }
    let receipt = phone.approve(&world, &shown, sign_in.number()).await.unwrap();
    assert_eq!(receipt.outcome, Outcome::Approved);
}

#[tokio::test]
async fn a_wrong_secret_of_the_page_fails_the_sign_in() {
    let world = World::start().await;
    let phone = world.active_phone("ada").await;
    let (sign_in, shown) = world.ask("ada", &phone).await;
    let receipt = phone.approve_scanned(&world, &shown, &MatchSecret::new([1; 16])).await.unwrap();
    assert_eq!(receipt.outcome, Outcome::WrongMatch);
    assert_eq!(world.state_of(&sign_in.0).await, "failed");
}

#[tokio::test]
async fn a_right_number_beside_a_wrong_secret_is_wrong() {
    let world = World::start().await;
    let phone = world.active_phone("ada").await;
    let (sign_in, shown) = world.ask("ada", &phone).await;
    let answer = Answer {
        number: Some(sign_in.number().into()),
        scanned: Some(MatchSecret::new([1; 16])),
        ..phone.answer(&world, &shown, Decision::Approve)
    };
    let receipt = phone.send_answer(&world, &phone.approval_key.sign(&answer)).await.unwrap();
    assert_eq!(receipt.outcome, Outcome::WrongMatch);
}

#[tokio::test]
async fn an_answer_that_may_not_be_judged_changes_nothing() {
    let world = World::start().await;
    let phone = world.active_phone("ada").await;
    let (sign_in, shown) = world.ask("ada", &phone).await;
    let number = Some(sign_in.number().to_owned());
    let good = Answer { number: number.clone(), ..phone.answer(&world, &shown, Decision::Approve) };
    let stranger = Key::new();
    let (by_approval, by_device) = (&phone.approval_key, &phone.device_key);
    let no = |decision| Answer { number: None, ..phone.answer(&world, &shown, decision) };
    let cases = [
        (
            "another challenge",
            by_approval,
            Answer { challenge: Id::make_random(), ..good.clone() },
            ProblemCode::ChallengeUnknown,
        ),
        (
            "another device",
            by_approval,
            Answer { device: Id::make_random(), ..good.clone() },
            ProblemCode::DeviceUnknown,
        ),
        (
            "an altered challenge",
            by_approval,
            Answer { challenge_hash: sha256_base64url("x"), ..good.clone() },
            ProblemCode::ChallengeAltered,
        ),
        ("approved by the device key", by_device, good.clone(), ProblemCode::WrongKey),
        ("signed by a stranger", &stranger, good.clone(), ProblemCode::Malformed),
        ("no number", by_approval, no(Decision::Approve), ProblemCode::Malformed),
        ("a number with a no", by_device, Answer { number, ..no(Decision::Deny) }, ProblemCode::Malformed),
        ("121 s early", by_approval, Answer { iat: good.iat - 121, ..good.clone() }, ProblemCode::ClockSkew),
        ("121 s late", by_approval, Answer { iat: good.iat + 121, ..good.clone() }, ProblemCode::ClockSkew),
        ("at the beginning of time", by_approval, Answer { iat: 0, ..good.clone() }, ProblemCode::ClockSkew),
        ("at the end of time", by_approval, Answer { iat: u64::MAX, ..good.clone() }, ProblemCode::ClockSkew),
    ];
    for (what, key, answer, expected) in cases {
        assert_eq!(code(phone.send_answer(&world, &key.sign(&answer)).await), expected, "{what}");
    }
    assert_eq!(world.state_of(&sign_in.0).await, "pending");
    let receipt = phone.send_answer(&world, &by_approval.sign(&Answer { iat: good.iat + 120, ..good })).await;
    assert_eq!(receipt.unwrap().outcome, Outcome::Approved);
}

#[tokio::test]
async fn a_flipped_bit_anywhere_in_an_answer_is_refused() {
    let world = World::start().await;
    let phone = world.active_phone("ada").await;
    let (sign_in, shown) = world.ask("ada", &phone).await;
    let answer =
        Answer { number: Some(sign_in.number().into()), ..phone.answer(&world, &shown, Decision::Approve) };
    let request = phone.approval_key.sign(&answer);
    for at in (0..request.len()).step_by(13) {
        let mut bytes = request.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let (status, _) = post(&world, paths::ANSWER, &String::from_utf8(bytes).unwrap()).await;
        assert!((400..500).contains(&status), "character {at}: {status}");
    }
    assert_eq!(world.state_of(&sign_in.0).await, "pending");
}

#[tokio::test]
async fn a_challenge_is_of_no_use_to_another_device() {
    let world = World::start().await;
    let (ada, eve) = (world.active_phone("ada").await, world.active_phone("eve").await);
    let (sign_in, shown) = world.ask("ada", &ada).await;
    assert_eq!(code(eve.approve(&world, &shown, sign_in.number()).await), ProblemCode::ChallengeUnknown);
    // Even a device of the same user answers its own text only.
    let tablet = world.active_phone("ada").await;
    let (sign_in, on_tablet) = world.ask("ada", &tablet).await;
    let on_phone =
        ada.challenges(&world).await.into_iter().find(|it| it.claims.id == on_tablet.claims.id).unwrap();
    assert_eq!(code(ada.approve(&world, &on_tablet, sign_in.number()).await), ProblemCode::ChallengeAltered);
    ada.approve(&world, &on_phone, sign_in.number()).await.unwrap();
    let problem = tablet.approve(&world, &on_tablet, sign_in.number()).await.unwrap_err();
    assert_eq!((problem.code, problem.outcome), (ProblemCode::AlreadyAnswered, Some(Outcome::Approved)));
}

#[tokio::test]
async fn two_challenges_at_once_are_told_apart() {
    let world = World::start().await;
    let phone = world.active_phone("ada").await;
    let (first, first_shown) = world.ask("ada", &phone).await;
    let (second, second_shown) = world.ask("ada", &phone).await;
    let known: Vec<_> = phone.challenges(&world).await.iter().map(|shown| shown.claims.id).collect();
    assert_eq!(known.len(), 2);
    phone.approve(&world, &second_shown, second.number()).await.unwrap();
    assert_eq!(
        (world.state_of(&first.0).await, world.state_of(&second.0).await),
        ("pending".into(), "approved".into())
    );
    let receipt = phone.approve(&world, &first_shown, second.number()).await.unwrap();
    assert_eq!(receipt.outcome, Outcome::WrongMatch, "each has a number of its own");
}

#[tokio::test]
async fn expired_and_withdrawn_challenges_can_not_be_answered() {
    let world = World::start().await;
    let phone = world.active_phone("ada").await;
    let (expired, expired_shown) = world.ask("ada", &phone).await;
    world.clock.advance_seconds(120);
    let (withdrawn, withdrawn_shown) = world.ask("ada", &phone).await;
    assert_eq!(world.delete(&format!("/v1/sign-ins/{}", withdrawn.id())).await.status, 204);
    for (sign_in, shown, state) in
        [(expired, expired_shown, "expired"), (withdrawn, withdrawn_shown, "cancelled")]
    {
        let problem = phone.approve(&world, &shown, sign_in.number()).await;
        assert_eq!(code(problem), ProblemCode::ChallengeExpired, "{state}");
        assert_eq!(world.state_of(&sign_in.0).await, state);
    }
    assert!(phone.challenges(&world).await.is_empty());
}

#[tokio::test]
async fn a_device_that_was_revoked_meanwhile_can_do_nothing() {
    let world = World::start().await;
    let phone = world.active_phone("ada").await;
    let (sign_in, shown) = world.ask("ada", &phone).await;
    let totp = phone.code_at(world.seconds());
    assert_eq!(world.delete(&format!("/v1/devices/{}", phone.id)).await.status, 204);
    assert_eq!(code(phone.approve(&world, &shown, sign_in.number()).await), ProblemCode::DeviceRevoked);
    assert_eq!(code(phone.fetch(&world, 0, &[]).await), ProblemCode::DeviceRevoked);
    let rename = phone.change_request(&world, DeviceChange::Rename { name: "x".into() });
    assert_eq!(code(phone.send_change(&world, &rename).await), ProblemCode::DeviceRevoked);
    assert_eq!(
        world.post("/v1/codes/verify", json!({"user": "ada", "code": totp})).await.ok()["valid"],
        false
    );
    assert_eq!(world.state_of(&sign_in.0).await, "cancelled", "nobody is left to answer it");
    assert_eq!(world.delete(&format!("/v1/devices/{}", phone.id)).await.refused(), (409, "ended"));
}

#[tokio::test]
async fn a_fetch_needs_the_device_key_and_the_right_time() {
    let world = World::start().await;
    let phone = world.active_phone("ada").await;
    let good = phone.fetch_request(&world, 0, &[]);
    let cases = [
        ("signed by the approval key", &phone.approval_key, good.clone(), ProblemCode::Malformed),
        (
            "an unknown device",
            &phone.device_key,
            Fetch { device: Id::make_random(), ..good.clone() },
            ProblemCode::DeviceUnknown,
        ),
        (
            "a clock ten minutes behind",
            &phone.device_key,
            Fetch { iat: good.iat - 600, ..good.clone() },
            ProblemCode::ClockSkew,
        ),
        (
            "a clock ten minutes ahead",
            &phone.device_key,
            Fetch { iat: good.iat + 600, ..good.clone() },
            ProblemCode::ClockSkew,
        ),
        (
            "too many known",
            &phone.device_key,
            Fetch { known: vec![phone.id; 65], ..good.clone() },
            ProblemCode::Malformed,
        ),
    ];
    for (what, key, fetch, expected) in cases {
        let request = key.sign(&fetch);
        let problem =
            phone.send::<countersign_protocol::messages::Delivery>(&world, paths::FETCH, &request).await;
        let problem = problem.unwrap_err();
        assert_eq!(problem.code, expected, "{what}");
        assert_eq!(problem.time / 1000, world.seconds(), "the time to correct a clock by");
    }
}

#[tokio::test]
async fn a_change_works_once_and_its_name_for_no_other() {
    let world = World::start().await;
    let phone = world.active_phone("ada").await;
    let rename = phone.change_request(&world, DeviceChange::Rename { name: "First".into() });
    phone.send_change(&world, &rename).await.unwrap();
    let back = phone.change_request(&world, DeviceChange::Rename { name: "Second".into() });
    phone.send_change(&world, &back).await.unwrap();
    phone.send_change(&world, &rename).await.unwrap();
    let name = world.get("/v1/devices?user=ada").await.ok()["devices"][0]["name"].clone();
    assert_eq!(name, "Second", "a repeated change is answered and not made again");

    let (_, mut claims) = jws::peek::<countersign_protocol::messages::Change>(&rename).unwrap();
    claims.change = DeviceChange::Revoke;
    let replayed = phone.device_key.sign(&claims);
    assert_eq!(code(phone.send_change(&world, &replayed).await), ProblemCode::Replayed);
    let stale = phone.change_request(&world, DeviceChange::Revoke);
    world.clock.advance_seconds(121);
    assert_eq!(code(phone.send_change(&world, &stale).await), ProblemCode::ClockSkew);
    let revoke = phone.change_request(&world, DeviceChange::Revoke);
    phone.send_change(&world, &revoke).await.unwrap();
    phone.send_change(&world, &revoke).await.unwrap();
}

#[tokio::test]
async fn what_is_matched_follows_the_policy() {
    let (digits, scan) = (Matching { digits: Some(2), scan: false }, Matching { digits: None, scan: true });
    for matching in [digits, scan, Matching { digits: None, scan: false }] {
        let world = World::start_with(|config| config.policy.matching = matching).await;
        let phone = world.enrol("ada").await;
        let activation = phone.challenges(&world).await.remove(0);
        let enrolment = world.enrolment(&phone.enrolment).await;
        // An activation always proves that the phone has seen the page.
        match enrolment["number"].as_str() {
            Some(number) => phone.approve(&world, &activation, number).await.unwrap(),
            None => {
                let link = enrolment["match_link"].as_str().unwrap();
                let link: countersign_protocol::MatchLink = link.parse().unwrap();
                phone.approve_scanned(&world, &activation, &link.secret).await.unwrap()
            }
        };
        let (sign_in, shown) = world.ask("ada", &phone).await;
        assert_eq!(shown.claims.matching, matching);
        let typed = Answer { number: Some("00".into()), ..phone.answer(&world, &shown, Decision::Approve) };
        let typed = phone.send_answer(&world, &phone.approval_key.sign(&typed)).await;
        match (matching.digits, matching.scan) {
            (Some(_), _) => {
                assert_eq!(sign_in.number().len(), 2);
                assert!(typed.is_ok());
            }
            (None, scan) => {
                assert_eq!(code(typed), ProblemCode::Malformed, "a number where there is no number matching");
                let bare = phone.answer(&world, &shown, Decision::Approve);
                let bare = phone.send_answer(&world, &phone.approval_key.sign(&bare)).await;
                assert_eq!(bare.is_ok(), !scan);
            }
        }
    }
}

#[tokio::test]
async fn the_assertion_says_how_the_person_was_verified() {
    let world = World::start().await;
    let phone = world.active_phone("ada").await;
    for (user_check, amr) in [
        (UserCheck::Biometric, "mfa pop hwk fpt"),
        (UserCheck::DeviceCredential, "mfa pop hwk pin"),
        (UserCheck::Passphrase, "mfa pop hwk pin"),
        (UserCheck::None, "pop hwk user"),
    ] {
        let (sign_in, shown) = world.ask("ada", &phone).await;
        let answer = Answer {
            number: Some(sign_in.number().into()),
            user_check,
            ..phone.answer(&world, &shown, Decision::Approve)
        };
        phone.send_answer(&world, &phone.approval_key.sign(&answer)).await.unwrap();
        let result = world.get(&format!("/v1/sign-ins/{}", sign_in.id())).await.ok();
        let claims = result["assertion"].as_str().unwrap().split('.').nth(1).unwrap();
        let claims = countersign_protocol::decode_base64url(claims).unwrap();
        let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
        assert_eq!(claims["amr"], json!(amr.split(' ').collect::<Vec<_>>()));
    }
}
