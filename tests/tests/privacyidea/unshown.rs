//! Sign-ins that wait and can't be shown: told, with a code, and never left out in silence.

use std::time::Duration;

use countersign_authenticator::approvals::MatchProof;
use countersign_authenticator::protocol::messages::Outcome;
use countersign_tests::{Failure, Network, PrivacyIdea};
use serde_json::json;

use crate::answering::{choice, require_presence};
use crate::command_line::{home_with, run};
use crate::{asked, enrolled, refused_with, same};

fn custom(options: &str) -> serde_json::Value {
    json!({ "push_presence_options": "CUSTOM", "push_presence_custom_options": options })
}

pub(crate) async fn options_that_can_not_be_shown_are_told(server: &PrivacyIdea) -> Result<(), Failure> {
    let (phone, account) = enrolled(server).await?;
    let long = format!("{}:no", "x".repeat(201));
    for options in
        ["yes:no:", "yes::no", "yes: :no", "only", "same: same", "allow:DECLINE:later", "a|b:c", &long]
    {
        require_presence(server, custom(options)).await?;
        server.trigger("alice").await?;
        refused_with(phone.fetch(account).await, "request_unshown_options")?;
        for requests in [
            phone.authenticator.wait_for_requests(Duration::ZERO).await?,
            phone.authenticator.ask_for_requests().await?,
        ] {
            let told: Vec<_> =
                requests.failures.iter().map(|failure| (failure.account, failure.error.code())).collect();
            same(told, vec![(account, "request_unshown_options")], options)?;
        }
    }
    // One that can be shown is, beside those.
    server.delete_policy("authentication").await?;
    let (_, request) = asked(server, &phone, account).await?;
    phone.authenticator.approve(request.id, MatchProof::None).await.map(drop).map_err(Failure::from)
}

pub(crate) async fn options_with_spaces_and_long_ones_are_shown_and_sent_as_they_are(
    server: &PrivacyIdea,
) -> Result<(), Failure> {
    let (phone, account) = enrolled(server).await?;
    let long = format!("{} : {}", "x".repeat(90), "yes, all of it ".repeat(5).replace(',', ""));
    for options in ["red : green : blue", " red:green ", "rot:grün:weiß", &long] {
        require_presence(server, custom(options)).await?;
        let (transaction, request) = asked(server, &phone, account).await?;
        let right = transaction.presence_answer.clone().ok_or("the page shows an option")?;
        same(
            request.matching.options.iter().all(|option| option.trim() == option),
            true,
            "no spaces around",
        )?;
        let outcome = phone.authenticator.approve(request.id, choice(right.trim())).await?;
        same(outcome.outcome, Outcome::Approved, options)?;
        same(server.check("alice", &transaction, "").await?.as_str(), "ACCEPT", options)?;
    }
    Ok(())
}

pub(crate) async fn a_server_that_has_moved_is_told_until_it_is_enrolled_with_again(
    server: &PrivacyIdea,
) -> Result<(), Failure> {
    let network = Network::start().await;
    network.lead_to(server.authority().parse()?);
    let policy = |url: String| json!({ "push_firebase_configuration": "poll only", "push_registration_url": url, "push_ttl": "10" });
    let (serial, qr) = server.make_push_token("alice").await?;
    let phone = countersign_tests::Phone::new();
    let account = phone.enrol_by(&qr, None).await?.account;
    // The same host at another port: the old address still answers.
    server
        .set_policy("push_enrolment", "enrollment", policy(format!("{}/ttype/push", network.url())))
        .await?;
    let result = async {
        server.trigger("alice").await?;
        refused_with(phone.fetch(account).await, "request_unshown_address")?;
        let again = json!({ "type": "push", "serial": serial, "rollover": 1 });
        let detail = server.make_token("alice", again).await?;
        let moved = detail["pushurl"]["value"].as_str().ok_or("a new QR")?;
        let enrolled = phone.enrol_by(moved, None).await?;
        same(enrolled.replaced, vec![account], "the account of the same token goes to the trash")?;
        // What waited is asked about at the new address, too.
        for request in phone.fetch(enrolled.account).await? {
            phone.authenticator.approve(request.id, MatchProof::None).await?;
        }
        let (transaction, request) = asked(server, &phone, enrolled.account).await?;
        phone.authenticator.approve(request.id, MatchProof::None).await?;
        same(server.check("alice", &transaction, "").await?.as_str(), "ACCEPT", "at the new address")
    };
    let result = result.await;
    server.set_policy("push_enrolment", "enrollment", policy(server.push_url())).await?;
    result
}

pub(crate) async fn more_than_are_looked_at_are_told(server: &PrivacyIdea) -> Result<(), Failure> {
    let (phone, account) = enrolled(server).await?;
    for _ in 0..17 {
        server.trigger("alice").await?;
    }
    let requests = phone.authenticator.ask_for_requests().await?;
    let told: Vec<_> =
        requests.failures.iter().map(|failure| (failure.account, failure.error.code())).collect();
    same((requests.open.len(), told), (16, vec![(account, "request_unshown_too_many")]), "told")
}

pub(crate) async fn the_command_line_tells_of_what_it_does_not_show(
    server: &PrivacyIdea,
) -> Result<(), Failure> {
    let (_, qr) = server.make_push_token("alice").await?;
    let (home, link) = home_with(&qr)?;
    let (code, _) = run(home.path(), &["enrol", "--rsa-bits", "2048", &link])?;
    same(code, 0, "enrol")?;
    require_presence(server, custom("yes:no:")).await?;
    server.trigger("alice").await?;
    let (code, listed) = run(home.path(), &["requests"])?;
    let told = listed["failures"][0]["code"].as_str();
    same((code, told), (10, Some("request_unshown_options")), "listed")?;
    for command in [&["requests", "approve", "--yes"][..], &["requests", "wait", "--timeout", "5"]] {
        let (code, error) = run(home.path(), command)?;
        same((code, error["error"]["code"].as_str()), (10, Some("request_unshown_options")), "told")?;
    }
    let (code, unhealthy) = run(home.path(), &["doctor"])?;
    same((code, unhealthy["healthy"].as_bool()), (12, Some(false)), "doctor")
}
