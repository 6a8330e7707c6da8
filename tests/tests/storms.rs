//! Push storms: somebody with the password starts sign-ins until a tired person gives in. Here they end.

use std::collections::HashSet;
use std::time::Duration;

use countersign_authenticator::approvals::{ApprovalRequest, MatchProof, PauseReason, WayOut};
use countersign_authenticator::keys::UserCheck;
use countersign_authenticator::protocol::Id;
use countersign_authenticator::protocol::messages::{Outcome, Purpose, StormPolicy};
use countersign_authenticator::{Authenticator, TurnDown};
use countersign_server::Config;
use countersign_tests::{Fault, Phone, RelyingParty, TestService, enrolled};
use reqwest::Method;
use serde_json::{Value, json};

const AT_ONCE: Duration = Duration::ZERO;

/// One after another is turned down, and the phone rests.
async fn worn_out(party: &RelyingParty, phone: &Phone, account: Id) {
    for _ in 0..3 {
        party.sign_in("ada").await;
        let request = phone.fetch(account).await.unwrap().remove(0);
        phone.authenticator.deny(request.id).await.unwrap();
    }
}

/// What comes in the background, as a wake-up brings it.
async fn background(phone: &Phone) -> Vec<ApprovalRequest> {
    phone.authenticator.wait_for_requests(AT_ONCE).await.unwrap().open
}

async fn asked_for(phone: &Phone) -> Vec<ApprovalRequest> {
    phone.authenticator.ask_for_requests().await.unwrap().open
}

fn reasons(authenticator: &Authenticator) -> Vec<PauseReason> {
    authenticator.pauses().unwrap().into_iter().map(|pause| pause.reason).collect()
}

async fn start(party: &RelyingParty) -> Value {
    let body =
        json!({ "user": "ada", "application": "Ward portal", "place": "Leeds", "show": "relying_party" });
    party.request(Method::POST, "/v1/sign-ins", Some(body)).await.unwrap().1
}

#[tokio::test]
async fn a_storm_is_one_row_not_fifty() {
    let service = TestService::start_with(|config| {
        (config.open_sign_ins, config.push_limit.count) = (8, 50);
    })
    .await;
    let (party, phone) = (service.relying_party(), Phone::new());
    let account = enrolled(&service, &phone, "ada").await;
    let started = futures_util::future::join_all((0..50).map(|_| start(&party))).await;
    assert_eq!(background(&phone).await.len(), 8, "the service bounds what is open");
    let [storm] = phone.authenticator.request_groups().try_into().unwrap();
    assert_eq!((storm.count(), storm.newest.account), (8, account));
    // One tap says no to all of them.
    let turned_down = phone.authenticator.turn_down(&storm.ids(), TurnDown::Report).await;
    assert_eq!(turned_down.len(), 8);
    assert!(turned_down.iter().all(|one| one.result.as_ref().unwrap().outcome == Outcome::Reported));
    // The others asked no phone, and can be approved by a code.
    assert_eq!(started.iter().filter(|reply| reply["push"] == "limited").count(), 42);
    for sign_in in started.iter().filter(|reply| reply["push"] == "asked") {
        let path = format!("/v1/sign-ins/{}", sign_in["id"].as_str().unwrap());
        assert_eq!(party.get(&path).await.unwrap()["state"], "reported");
    }
    assert!(phone.authenticator.request_groups().is_empty());
}

#[tokio::test]
async fn fifty_pushes_at_night_end_after_the_limit() {
    let service = TestService::start().await;
    let (party, phone) = (service.relying_party(), Phone::new());
    let account = enrolled(&service, &phone, "ada").await;
    let mut shown = HashSet::new();
    let mut pushes = Vec::new();
    for _ in 0..50 {
        let sign_in = start(&party).await;
        pushes.push(sign_in["push"].as_str().unwrap().to_owned());
        shown.extend(background(&phone).await.iter().map(|request| request.id));
        let path = format!("/v1/sign-ins/{}", sign_in["id"].as_str().unwrap());
        party.request(Method::DELETE, &path, None).await.unwrap();
    }
    assert_eq!(shown.len(), 10);
    assert_eq!(pushes[9..=10], ["asked", "limited"]);
    // The phone says why it is quiet, until when, and what helps.
    let [pause] = phone.authenticator.pauses().unwrap().try_into().unwrap();
    assert_eq!((pause.account, pause.reason), (account, PauseReason::ServiceLimit));
    assert!(pause.until.is_some() && pause.ways_out.contains(&WayOut::Code));
    // Its owner isn't locked out, and what they do ends it.
    assert!(party.takes_code("ada", &phone.code(account)).await);
    assert_eq!(start(&party).await["push"], "asked");
    assert_eq!(background(&phone).await.len(), 1);
    assert!(reasons(&phone.authenticator).is_empty());
}

#[tokio::test]
async fn this_isnt_me_locks_the_account_and_tells_the_administrator() {
    let service = TestService::start().await;
    let (party, phone) = (service.relying_party(), Phone::new());
    let account = enrolled(&service, &phone, "ada").await;
    let (first, second) = (party.sign_in("ada").await, party.sign_in("ada").await);
    background(&phone).await;
    let storm = phone.authenticator.request_groups().remove(0);
    assert!(storm.newest.can_lock);
    let turned_down = phone.authenticator.turn_down(&storm.ids(), TurnDown::ReportAndLock).await;
    let answers: Vec<_> = turned_down.into_iter().map(|one| one.result.unwrap()).collect();
    assert!(answers.iter().all(|answer| answer.outcome == Outcome::Reported));
    assert_eq!(answers.iter().filter(|answer| answer.locked).count(), 1);

    for sign_in in [&first, &second] {
        let reply = party.get(&format!("/v1/sign-ins/{}", sign_in.id)).await.unwrap();
        assert_eq!((&reply["state"], &reply["push"]), (&json!("reported"), &json!("locked")));
    }
    let audit = party.audit().await;
    let locks: Vec<_> = audit.iter().filter(|line| line["event"] == "user.lock").collect();
    assert_eq!(locks.len(), 1);
    assert_eq!((&locks[0]["user"], &locks[0]["outcome"]), (&json!("ada"), &json!("locked")));
    assert!(locks[0]["actor"].as_str().unwrap().starts_with("device:"));
    assert!(reasons(&phone.authenticator).contains(&PauseReason::ServiceLock));
    let sign_in = start(&party).await;
    assert_eq!((&sign_in["push"], &sign_in["devices"]), (&json!("locked"), &json!(0)));
    assert!(party.takes_code("ada", &phone.code(account)).await);
    assert_eq!(start(&party).await["push"], "locked", "a code doesn't open what a report has locked");

    // The administrator has looked into it.
    let unlocked = party.request(Method::POST, "/v1/users/ada/unlock", None).await.unwrap().0;
    assert!(unlocked.is_success());
    assert!(party.audit().await.iter().any(|line| line["event"] == "user.unlock"));
    let sign_in = party.sign_in("ada").await;
    let request = phone.fetch(account).await.unwrap().remove(0);
    assert!(!reasons(&phone.authenticator).contains(&PauseReason::ServiceLock));
    assert_eq!(phone.approve(request.id, &sign_in.number).await.unwrap().outcome, Outcome::Approved);
    assert!(reasons(&phone.authenticator).is_empty());
}

#[tokio::test]
async fn a_lock_over_everything_that_waits_locks_each_account_once() {
    let service = TestService::start().await;
    let (party, phone) = (service.relying_party(), Phone::new());
    for user in ["ada", "grace"] {
        enrolled(&service, &phone, user).await;
        party.sign_in(user).await;
        party.sign_in(user).await;
    }
    let all: Vec<_> = background(&phone).await.iter().map(|request| request.id).collect();
    let turned_down = phone.authenticator.turn_down(&all, TurnDown::ReportAndLock).await;
    let answers: Vec<_> = turned_down.into_iter().map(|one| one.result.unwrap()).collect();
    assert_eq!((answers.len(), answers.iter().filter(|answer| answer.locked).count()), (4, 2));
    let audit = party.audit().await;
    let locks: Vec<_> = audit.iter().filter(|line| line["event"] == "user.lock").collect();
    assert_eq!(locks.iter().map(|line| &line["outcome"]).collect::<Vec<_>>(), ["locked", "locked"]);
    assert_ne!(locks[0]["user"], locks[1]["user"]);
}

#[tokio::test]
async fn whoever_says_no_again_and_again_is_left_in_peace() {
    let service = TestService::start().await;
    let (party, phone) = (service.relying_party(), Phone::new());
    let account = enrolled(&service, &phone, "ada").await;
    worn_out(&party, &phone, account).await;
    // A new request doesn't end the pause, nor does the end of the app.
    let sign_in = party.sign_in("ada").await;
    assert!(background(&phone).await.is_empty());
    let phone = phone.restarted();
    let waited = phone.authenticator.wait_for_requests(AT_ONCE).await.unwrap();
    assert!(waited.open.is_empty() && waited.failures.is_empty());
    let [pause] = waited.pauses.try_into().unwrap();
    assert_eq!((pause.account, pause.reason, pause.denied), (account, PauseReason::TurnedDown, 3));
    let left = pause.until.unwrap() - phone.authenticator.clock_status().time.unix_seconds();
    assert!((895..=900).contains(&left), "{left}");

    // The person asks: it was them this time.
    let request = asked_for(&phone).await.remove(0);
    assert_eq!(background(&phone).await.len(), 1, "what was asked for stays in sight");
    assert_eq!(phone.approve(request.id, &sign_in.number).await.unwrap().outcome, Outcome::Approved);
    assert!(reasons(&phone.authenticator).is_empty());
    party.sign_in("ada").await;
    assert_eq!(background(&phone).await.len(), 1);
}

#[tokio::test]
async fn a_pause_ends_by_itself_and_the_next_is_longer() {
    let service = TestService::start_with(|config| config.push_limit.count = 100).await;
    let (party, phone) = (service.relying_party(), Phone::new());
    let account = enrolled(&service, &phone, "ada").await;
    // The phone rests by its own clock, which agrees with the service's.
    let other = enrolled(&service, &phone, "grace").await;
    let pass = async |seconds: u64, since_the_beginning: i64| {
        service.advance(Duration::from_secs(seconds));
        phone.clock.set_wall_ahead(since_the_beginning * 1000);
        phone.clock.restart();
        phone.fetch(other).await.unwrap();
    };
    worn_out(&party, &phone, account).await;
    pass(850, 850).await;
    party.sign_in("ada").await;
    assert!(background(&phone).await.is_empty());
    pass(60, 910).await;
    let request = background(&phone).await.remove(0);
    phone.authenticator.deny(request.id).await.unwrap();
    let pause = phone.authenticator.pauses().unwrap().remove(0);
    let left = pause.until.unwrap() - phone.authenticator.clock_status().time.unix_seconds();
    assert!((1795..=1800).contains(&left), "{left}");
}

#[tokio::test]
async fn a_person_can_say_that_it_was_them() {
    let service = TestService::start().await;
    let (party, phone) = (service.relying_party(), Phone::new());
    let account = enrolled(&service, &phone, "ada").await;
    worn_out(&party, &phone, account).await;
    party.sign_in("ada").await;
    phone.authenticator.resume(account).await.unwrap();
    assert!(reasons(&phone.authenticator).is_empty());
    assert_eq!(background(&phone).await.len(), 1);
}

#[tokio::test]
async fn a_waiting_phone_hears_of_other_accounts_and_does_not_spin() {
    let service = TestService::start().await;
    let (party, phone) = (service.relying_party(), Phone::new());
    let account = enrolled(&service, &phone, "ada").await;
    worn_out(&party, &phone, account).await;
    let waiting = phone.authenticator.wait_for_requests(Duration::from_secs(20));
    let early = tokio::time::timeout(Duration::from_millis(300), waiting).await;
    assert!(early.is_err(), "with nobody to ask, the time passes all the same");
    enrolled(&service, &phone, "grace").await;
    let (grace, waited) =
        tokio::join!(party.sign_in("grace"), phone.authenticator.wait_for_requests(Duration::from_secs(20)));
    assert_eq!(waited.unwrap().open[0].id.to_string(), grace.id);
}

#[tokio::test]
async fn after_a_storm_an_approval_needs_a_full_check_of_the_person() {
    let service = TestService::start_with(|config| config.push_limit.count = 100).await;
    let (party, phone) = (service.relying_party(), Phone::that_checks(UserCheck::None));
    let account = enrolled(&service, &phone, "ada").await;
    let sign_in = party.sign_in("ada").await;
    let request = phone.fetch(account).await.unwrap().remove(0);
    assert!(phone.approve(request.id, &sign_in.number).await.is_ok(), "before, policy asks for none");
    worn_out(&party, &phone, account).await;
    let sign_in = party.sign_in("ada").await;
    let request = asked_for(&phone).await.remove(0);
    let error = phone.approve(request.id, &sign_in.number).await.unwrap_err();
    assert_eq!(error.code(), "answer_user_check_needed");
    assert_eq!(party.state(&sign_in).await, "pending");
    // Saying no never needs one.
    assert!(phone.authenticator.deny(request.id).await.is_ok());
}

#[tokio::test]
async fn an_approval_without_a_match_calms_nothing() {
    fn without_matching(config: &mut Config) {
        (config.policy.matching.digits, config.policy.matching.scan) = (None, false);
        config.policy.storm = StormPolicy { turned_down: 2, pause: 900 };
    }
    let service = TestService::start_with(without_matching).await;
    let (party, phone) = (service.relying_party(), Phone::new());
    let account = enrolled(&service, &phone, "ada").await;
    for approves in [false, true, false] {
        start(&party).await;
        let request = phone.fetch(account).await.unwrap().remove(0);
        assert_eq!(request.purpose, Purpose::SignIn);
        if approves {
            phone.authenticator.approve(request.id, MatchProof::None).await.unwrap();
        } else {
            phone.authenticator.deny(request.id).await.unwrap();
        }
    }
    assert_eq!(reasons(&phone.authenticator), [PauseReason::TurnedDown]);
}

#[tokio::test]
async fn the_organisations_policy_counts_and_follows_when_it_changes() {
    let mut service = TestService::start_with(|config| config.policy.storm.turned_down = 1).await;
    let phone = Phone::new();
    let account = enrolled(&service, &phone, "ada").await;
    let deny = async |service: &TestService, phone: &Phone| {
        service.relying_party().sign_in("ada").await;
        let request = phone.fetch(account).await.unwrap().remove(0);
        phone.authenticator.deny(request.id).await.unwrap();
    };
    deny(&service, &phone).await;
    assert_eq!(reasons(&phone.authenticator), [PauseReason::TurnedDown]);
    phone.authenticator.resume(account).await.unwrap();
    service.settings = |config| config.policy.storm.turned_down = 2;
    service.restart().await;
    deny(&service, &phone).await;
    assert!(reasons(&phone.authenticator).is_empty());
    deny(&service, &phone).await;
    assert_eq!(reasons(&phone.authenticator), [PauseReason::TurnedDown]);
}

#[tokio::test]
async fn a_denial_that_is_sent_again_counts_once() {
    let service = TestService::start_with(|config| config.policy.storm.turned_down = 2).await;
    let (party, phone) = (service.relying_party(), Phone::new());
    let account = enrolled(&service, &phone, "ada").await;
    party.sign_in("ada").await;
    let request = phone.fetch(account).await.unwrap().remove(0);
    service.network.next(&[Fault::LoseReply; 4]).await;
    assert!(phone.authenticator.deny(request.id).await.is_err());
    assert_eq!(phone.authenticator.deny(request.id).await.unwrap().outcome, Outcome::Denied);
    assert!(reasons(&phone.authenticator).is_empty());
}

#[tokio::test]
async fn an_account_in_the_trash_or_without_its_device_says_nothing_of_a_rest() {
    let service = TestService::start().await;
    let (party, phone) = (service.relying_party(), Phone::new());
    let account = enrolled(&service, &phone, "ada").await;
    worn_out(&party, &phone, account).await;
    phone.authenticator.trash(account).unwrap();
    assert!(reasons(&phone.authenticator).is_empty());
    phone.authenticator.restore(account).unwrap();
    assert_eq!(reasons(&phone.authenticator), [PauseReason::TurnedDown]);
    phone.authenticator.revoke(account).await.unwrap();
    assert!(reasons(&phone.authenticator).is_empty());
}

#[tokio::test]
async fn a_deleted_account_leaves_no_count_behind() {
    let service = TestService::start().await;
    let (party, phone) = (service.relying_party(), Phone::new());
    let account = enrolled(&service, &phone, "ada").await;
    worn_out(&party, &phone, account).await;
    phone.authenticator.delete(account).await.unwrap();
    assert!(reasons(&phone.authenticator).is_empty());
    assert!(phone.authenticator.vault().check().unwrap().is_sound());
}
