//! Storms, which the server doesn't end: the phone does.

use std::time::Duration;

use countersign_authenticator::TurnDown;
use countersign_authenticator::approvals::PauseReason;
use countersign_authenticator::protocol::Id;
use countersign_authenticator::protocol::messages::Outcome;
use countersign_tests::{Failure, Phone, PrivacyIdea};
use serde_json::json;

use crate::answering::{choice, require_presence};
use crate::{asked, enrolled, same};

/// Whether the account rests, and nothing is shown that the person hasn't asked for.
async fn rests(server: &PrivacyIdea, phone: &Phone, account: Id) -> Result<(), Failure> {
    let pauses = phone.authenticator.pauses()?;
    let reasons: Vec<_> = pauses.iter().map(|pause| (pause.account, pause.reason)).collect();
    same(reasons, vec![(account, PauseReason::TurnedDown)], "the account rests")?;
    let transaction = server.trigger("alice").await?;
    let background = phone.authenticator.wait_for_requests(Duration::ZERO).await?;
    same((background.open.len(), background.failures.len()), (0, 0), "nothing comes by itself")?;
    let request = phone.authenticator.ask_for_requests().await?.open.pop().ok_or("what was asked for")?;
    let right = transaction.presence_answer.ok_or("the page shows an option")?;
    let outcome = phone.authenticator.approve(request.id, choice(&right)).await?.outcome;
    same(outcome, Outcome::Approved, "the person's own sign-in")?;
    same(phone.authenticator.pauses()?.len(), 0, "a right option calms the account")
}

pub(crate) async fn a_storm_ends_on_the_phone(server: &PrivacyIdea) -> Result<(), Failure> {
    require_presence(server, json!({ "push_presence_options": "NUMERIC" })).await?;
    let (phone, account) = enrolled(server).await?;
    let mut storm = Vec::new();
    for _ in 0..3 {
        storm.push(server.trigger("alice").await?);
    }
    phone.authenticator.wait_for_requests(Duration::ZERO).await?;
    let [row] = phone.authenticator.request_groups().try_into().map_err(|_| "one row")?;
    same((row.count(), row.newest.can_report, row.newest.can_lock), (3, true, false), "the row")?;
    // There is no way to ask for a lock, so it is a report.
    for one in phone.authenticator.turn_down(&row.ids(), TurnDown::ReportAndLock).await {
        let answer = one.result?;
        same((answer.outcome, answer.locked), (Outcome::Reported, false), "the report")?;
    }
    for transaction in &storm {
        same(server.status(transaction).await?.as_str(), "declined", "the sign-in")?;
    }
    let phone = phone.restarted();
    rests(server, &phone, account).await
}

pub(crate) async fn wrong_options_bring_a_rest(server: &PrivacyIdea) -> Result<(), Failure> {
    require_presence(server, json!({ "push_presence_options": "NUMERIC" })).await?;
    let (phone, account) = enrolled(server).await?;
    for _ in 0..3 {
        let (transaction, request) = asked(server, &phone, account).await?;
        let right = transaction.presence_answer.ok_or("the page shows an option")?;
        let wrong = request.matching.options.iter().find(|option| **option != right);
        let wrong = choice(wrong.ok_or("another option")?);
        same(phone.authenticator.approve(request.id, wrong).await?.outcome, Outcome::WrongMatch, "wrong")?;
    }
    rests(server, &phone, account).await
}
