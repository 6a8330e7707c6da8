//! Approving, denying and reporting.

use countersign_authenticator::TurnDown;
use countersign_authenticator::approvals::MatchProof;
use countersign_authenticator::clock::{ClockChoice, TimeSource};
use countersign_authenticator::protocol::messages::Outcome;
use countersign_tests::{Failure, Fault, Network, PrivacyIdea};
use serde_json::json;

use crate::{a_moment, asked, enrolled, refused_with, same};

pub(crate) fn choice(option: &str) -> MatchProof {
    MatchProof::Choice(option.to_owned())
}

pub(crate) async fn require_presence(server: &PrivacyIdea, more: serde_json::Value) -> Result<(), Failure> {
    let mut action = json!({ "push_require_presence": "1" });
    for (name, value) in more.as_object().into_iter().flatten() {
        action[name] = value.clone();
    }
    server.set_policy("authentication", "authentication", action).await
}

pub(crate) async fn a_plain_approval_signs_in_once(server: &PrivacyIdea) -> Result<(), Failure> {
    let action = json!({ "push_text_on_mobile": "Login {username} from {client_ip} – ok?", "push_title_on_mobile": "Acme" });
    server.set_policy("authentication", "authentication", action).await?;
    let (phone, account) = enrolled(server).await?;
    let (transaction, request) = asked(server, &phone, account).await?;
    same(request.application.as_str(), "Acme", "the title")?;
    same(request.message.as_deref(), Some("Login alice from 127.0.0.1 – ok?"), "the text")?;
    same(request.matching.is_none(), true, "nothing to match")?;
    same(server.status(&transaction).await?.as_str(), "pending", "before")?;
    let outcome = phone.authenticator.approve(request.id, MatchProof::None).await?;
    same((outcome.outcome, outcome.code), (Outcome::Approved, None), "the outcome")?;
    same(server.status(&transaction).await?.as_str(), "accept", "after")?;
    same(server.check("alice", &transaction, "").await?.as_str(), "ACCEPT", "collected")?;
    same(server.check("alice", &transaction, "").await?.as_str(), "REJECT", "collected again")?;
    refused_with(phone.authenticator.approve(request.id, MatchProof::None).await, "request_unknown")?;
    same(phone.fetch(account).await?.len(), 0, "nothing is left")
}

pub(crate) async fn the_option_on_the_page_signs_in(server: &PrivacyIdea) -> Result<(), Failure> {
    let (phone, account) = enrolled(server).await?;
    for (policy, count) in [
        (json!({ "push_presence_options": "NUMERIC", "push_presence_num_options": "4" }), 4),
        (json!({ "push_presence_options": "ALPHABETIC" }), 3),
        (json!({ "push_presence_options": "CUSTOM", "push_presence_custom_options": "red:green:blue" }), 3),
    ] {
        require_presence(server, policy).await?;
        let (transaction, request) = asked(server, &phone, account).await?;
        same(request.matching.options.len(), count, "the options")?;
        let right = transaction.presence_answer.clone().ok_or("the page shows an option")?;
        refused_with(phone.authenticator.approve(request.id, MatchProof::None).await, "answer_match_needed")?;
        refused_with(
            phone.authenticator.approve(request.id, choice("nope")).await,
            "answer_match_not_accepted",
        )?;
        let outcome = phone.authenticator.approve(request.id, choice(&right)).await?;
        same(outcome.outcome, Outcome::Approved, "the outcome")?;
        same(server.check("alice", &transaction, "").await?.as_str(), "ACCEPT", "collected")?;
    }
    Ok(())
}

pub(crate) async fn a_wrong_option_ends_the_sign_in(server: &PrivacyIdea) -> Result<(), Failure> {
    require_presence(server, json!({ "push_presence_options": "NUMERIC" })).await?;
    let (phone, account) = enrolled(server).await?;
    let (transaction, request) = asked(server, &phone, account).await?;
    let right = transaction.presence_answer.clone().ok_or("the page shows an option")?;
    let wrong = request.matching.options.iter().find(|option| **option != right).ok_or("another option")?;
    let outcome = phone.authenticator.approve(request.id, choice(wrong)).await?;
    same((outcome.outcome, outcome.tries_left), (Outcome::WrongMatch, 0), "the outcome")?;
    // The server alone would let every other option be tried.
    same(server.status(&transaction).await?.as_str(), "declined", "the sign-in")?;
    same(phone.fetch(account).await?.len(), 0, "nothing is left")?;
    refused_with(phone.authenticator.approve(request.id, choice(&right)).await, "request_unknown")
}

pub(crate) async fn one_choice_is_all_even_after_a_restart(server: &PrivacyIdea) -> Result<(), Failure> {
    require_presence(server, json!({ "push_presence_options": "NUMERIC" })).await?;
    through_a_network(server, async |network| {
        let (phone, account) = enrolled(server).await?;
        let (transaction, request) = asked(server, &phone, account).await?;
        let right = transaction.presence_answer.clone().ok_or("the page shows an option")?;
        let wrong =
            request.matching.options.iter().find(|option| **option != right).ok_or("another option")?;
        network.next(&[Fault::Unreachable; 4]).await;
        refused_with(phone.authenticator.approve(request.id, choice(wrong)).await, "network_interrupted")?;

        // It was kept before it was sent, so no other can follow.
        let phone = phone.restarted();
        same(phone.fetch(account).await?.len(), 1, "still open")?;
        refused_with(phone.authenticator.approve(request.id, choice(&right)).await, "answer_already_chosen")?;
        let outcome = phone.authenticator.approve(request.id, choice(wrong)).await?;
        same(outcome.outcome, Outcome::WrongMatch, "the same choice may be sent again")?;
        same(server.status(&transaction).await?.as_str(), "declined", "the sign-in")
    })
    .await
}

/// Runs `test` with phones that reach the server through a network of faults.
pub(crate) async fn through_a_network(
    server: &PrivacyIdea,
    test: impl AsyncFnOnce(&Network) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let network = Network::start().await;
    network.lead_to(server.authority().parse()?);
    let policy = |url: String| json!({ "push_firebase_configuration": "poll only", "push_registration_url": url, "push_ttl": "10" });
    let through = policy(format!("{}/ttype/push", network.url()));
    server.set_policy("push_enrolment", "enrollment", through).await?;
    let result = test(&network).await;
    server.set_policy("push_enrolment", "enrollment", policy(server.push_url())).await?;
    result
}

pub(crate) async fn a_code_is_shown_on_the_phone_and_typed_at_the_page(
    server: &PrivacyIdea,
) -> Result<(), Failure> {
    let says = "Type it at the door – and nowhere else";
    let action = json!({ "push_code_to_phone": "1", "push_code_to_phone_message": says });
    server.set_policy("authentication", "authentication", action).await?;
    let (phone, account) = enrolled(server).await?;
    let (transaction, request) = asked(server, &phone, account).await?;
    let outcome = phone.authenticator.approve(request.id, MatchProof::None).await?;
    let code = outcome.code.ok_or("a code to show")?;
    same(outcome.message.as_deref(), Some(says), "what the administrator says about it")?;
    same(server.check("alice", &transaction, "no").await?.as_str(), "REJECT", "a wrong code")?;
    same(server.check("alice", &transaction, &code).await?.as_str(), "ACCEPT", "the code")
}

pub(crate) async fn denying_and_reporting_are_told_apart(server: &PrivacyIdea) -> Result<(), Failure> {
    let (phone, account) = enrolled(server).await?;
    let (transaction, request) = asked(server, &phone, account).await?;
    same(phone.authenticator.deny(request.id).await?.outcome, Outcome::Denied, "denied")?;
    same(server.status(&transaction).await?.as_str(), "declined", "denied")?;
    same(server.check("alice", &transaction, "").await?.as_str(), "REJECT", "collected")?;
    let (transaction, request) = asked(server, &phone, account).await?;
    same(request.can_report, true, "the server takes a reason")?;
    same(phone.authenticator.report(request.id).await?.outcome, Outcome::Reported, "reported")?;
    same(server.status(&transaction).await?.as_str(), "declined", "reported")
}

pub(crate) async fn a_sign_in_of_ones_own_is_cancelled_and_no_storm(
    server: &PrivacyIdea,
) -> Result<(), Failure> {
    let (phone, account) = enrolled(server).await?;
    for _ in 0..4 {
        let (transaction, request) = asked(server, &phone, account).await?;
        same(request.can_cancel, true, "the server takes a reason")?;
        let done = phone.authenticator.turn_down(&[request.id], TurnDown::Cancel).await.remove(0).result?;
        same(done.outcome, Outcome::Denied, "cancelled")?;
        same(server.status(&transaction).await?.as_str(), "cancelled", "the sign-in")?;
    }
    same(phone.authenticator.pauses()?.len(), 0, "the person's own sign-ins are no storm")
}

pub(crate) async fn a_lost_reply_is_no_second_approval(server: &PrivacyIdea) -> Result<(), Failure> {
    through_a_network(server, async |network| {
        let (phone, account) = enrolled(server).await?;
        let (transaction, request) = asked(server, &phone, account).await?;
        network.next(&[Fault::LoseReply]).await;
        refused_with(phone.authenticator.approve(request.id, MatchProof::None).await, "answer_unconfirmed")?;
        same(network.all_faults_happened(), true, "the reply was lost")?;
        same(server.status(&transaction).await?.as_str(), "accept", "it had arrived")?;
        let (transaction, request) = asked(server, &phone, account).await?;
        network.next(&[Fault::Unreachable]).await;
        phone.authenticator.approve(request.id, MatchProof::None).await?;
        same(server.status(&transaction).await?.as_str(), "accept", "sent again")
    })
    .await
}

pub(crate) async fn either_of_two_phones_is_enough(server: &PrivacyIdea) -> Result<(), Failure> {
    let (first, one) = enrolled(server).await?;
    let (second, other) = enrolled(server).await?;
    let (transaction, on_first) = asked(server, &first, one).await?;
    let on_second = second.fetch(other).await?.pop().ok_or("the second phone is asked, too")?;
    first.authenticator.approve(on_first.id, MatchProof::None).await?;
    same(server.check("alice", &transaction, "").await?.as_str(), "ACCEPT", "collected")?;
    refused_with(second.authenticator.approve(on_second.id, MatchProof::None).await, "answer_not_taken")?;
    same(second.fetch(other).await?.len(), 0, "gone from the second")
}

pub(crate) async fn a_time_that_nobody_signs_decides_for_its_own_server_and_moves_no_other_codes(
    server: &PrivacyIdea,
) -> Result<(), Failure> {
    let (phone, account) = enrolled(server).await?;
    for ahead in [3_600_000, -86_400_000] {
        phone.clock.set_wall_ahead(ahead);
        phone.clock.restart();
        let (transaction, request) = asked(server, &phone, account).await?;
        phone.authenticator.approve(request.id, MatchProof::None).await?;
        same(server.status(&transaction).await?.as_str(), "accept", "approved with a wrong clock")?;
        let left = request.expires_at.checked_sub(phone.authenticator.clock_status().time.unix_seconds());
        same(left.is_some_and(|left| left <= 120), true, "seconds left, by the clock that the phone shows")?;
        let status = phone.authenticator.clock_status();
        let asked: Vec<_> = status.undecided.iter().map(|clock| clock.service.as_str()).collect();
        same(
            (status.time.source, asked),
            (TimeSource::WallClock, vec![server.authority()]),
            "the person is asked",
        )?;
        same((status.undecided[0].ahead_ms + ahead).abs() < 60_000, true, "by how much the clocks differ")?;
        let choice = ClockChoice::Service(server.authority().to_owned());
        let status = phone.authenticator.choose_clock(choice)?;
        same(status.time.source, TimeSource::UnsignedService, "the person believes the server")?;
        same((status.wall_ahead_ms - ahead).abs() < 60_000, true, "by how much the clock is off")?;
        phone.authenticator.undo_clock_choice()?;
        same(phone.authenticator.clock_status().time.source, TimeSource::WallClock, "undone")?;
    }
    // What nobody signs moves the time by a day at most, and goes on serving the server's own timestamps.
    phone.clock.set_wall_ahead(400 * 86_400_000);
    phone.clock.restart();
    let (transaction, request) = asked(server, &phone, account).await?;
    let left = request.expires_at.checked_sub(phone.authenticator.clock_status().time.unix_seconds());
    same(left.is_some_and(|left| left <= 120), true, "seconds left")?;
    phone.authenticator.approve(request.id, MatchProof::None).await?;
    same(server.status(&transaction).await?.as_str(), "accept", "approved with a clock 400 days fast")?;
    same(phone.authenticator.clock_status().time.source, TimeSource::WallClock, "the time of codes")
}

pub(crate) async fn an_expired_request_is_gone(server: &PrivacyIdea) -> Result<(), Failure> {
    let (phone, account) = enrolled(server).await?;
    server.configure("PushChallengeValidityTime", "2").await?;
    let result = async {
        let (transaction, request) = asked(server, &phone, account).await?;
        a_moment(3).await;
        refused_with(phone.authenticator.approve(request.id, MatchProof::None).await, "answer_not_taken")?;
        same(phone.fetch(account).await?.len(), 0, "not listed any more")?;
        same(server.check("alice", &transaction, "").await?.as_str(), "REJECT", "collected")
    };
    let result = result.await;
    server.configure("PushChallengeValidityTime", "120").await?;
    result
}

pub(crate) async fn a_text_that_was_cut_to_nothing_is_told(server: &PrivacyIdea) -> Result<(), Failure> {
    let action = json!({ "push_text_on_mobile": "я".repeat(200), "push_title_on_mobile": "Acme" });
    server.set_policy("authentication", "authentication", action).await?;
    let (phone, account) = enrolled(server).await?;
    let (_, request) = asked(server, &phone, account).await?;
    same(request.message.as_deref(), Some(""), "nothing is said, and that is told")?;
    same(request.application.as_str(), "privacyIDEA", "the organisation stands in")
}
