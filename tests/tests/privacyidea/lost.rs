//! Many answers at once, replies that are lost, and gateways that answer in place of the server.

use countersign_authenticator::approvals::MatchProof;
use countersign_authenticator::protocol::Id;
use countersign_authenticator::protocol::messages::Outcome;
use countersign_authenticator::{Error, TurnDown};
use countersign_tests::{Failure, Fault, PrivacyIdea};

use crate::answering::through_a_network;
use crate::{asked, enrolled, refused_with, same};

const LOST: [Fault; 4] = [Fault::LoseReply; 4];

pub(crate) async fn many_denials_of_an_account_go_one_after_the_other(
    server: &PrivacyIdea,
) -> Result<(), Failure> {
    let (phone, account) = enrolled(server).await?;
    let mut storm = Vec::new();
    for _ in 0..16 {
        storm.push(server.trigger("alice").await?);
    }
    let open: Vec<Id> = phone.fetch(account).await?.iter().map(|request| request.id).collect();
    same(open.len(), 16, "what waits")?;
    let done = phone.authenticator.turn_down(&open, TurnDown::Deny).await;
    same(done.iter().map(|one| one.request).collect::<Vec<_>>(), open, "in the order that was asked for")?;
    for one in done {
        same(one.result?.outcome, Outcome::Denied, "denied")?;
    }
    for transaction in &storm {
        same(server.status(transaction).await?.as_str(), "declined", "the sign-in")?;
    }
    Ok(())
}

pub(crate) async fn a_denial_whose_reply_is_lost_is_told_as_sent(
    server: &PrivacyIdea,
) -> Result<(), Failure> {
    through_a_network(server, async |network| {
        let (phone, account) = enrolled(server).await?;
        let (first, second) = (server.trigger("alice").await?, server.trigger("alice").await?);
        let open: Vec<Id> = phone.fetch(account).await?.iter().map(|request| request.id).collect();
        network.next(&LOST).await;
        let done = phone.authenticator.turn_down(&open, TurnDown::Deny).await;
        let codes: Vec<_> = done.iter().map(|one| one.result.as_ref().map_err(Error::code).err()).collect();
        same(codes, vec![Some("answer_unconfirmed"), Some("network_interrupted")], "sent, and not sent")?;
        let mut states = vec![server.status(&first).await?, server.status(&second).await?];
        states.sort();
        same(states, vec!["declined".to_owned(), "pending".to_owned()], "the sign-ins")
    })
    .await
}

pub(crate) async fn an_answer_whose_replies_are_all_lost_is_never_unknown(
    server: &PrivacyIdea,
) -> Result<(), Failure> {
    through_a_network(server, async |network| {
        let (phone, account) = enrolled(server).await?;
        let (transaction, request) = asked(server, &phone, account).await?;
        network.next(&LOST).await;
        refused_with(phone.authenticator.approve(request.id, MatchProof::None).await, "network_interrupted")?;
        same(server.status(&transaction).await?.as_str(), "accept", "it had arrived")?;
        // The server lists it no more, and neither a poll nor a restart makes it unknown.
        same(phone.fetch(account).await?.len(), 0, "it is over")?;
        same(phone.authenticator.unconfirmed_answers()?, vec![request.id], "told")?;
        refused_with(phone.authenticator.approve(request.id, MatchProof::None).await, "answer_unconfirmed")?;
        let phone = phone.restarted();
        refused_with(phone.authenticator.approve(request.id, MatchProof::None).await, "answer_unconfirmed")?;
        refused_with(phone.authenticator.deny(request.id).await, "answer_unconfirmed")?;
        refused_with(phone.authenticator.deny(Id::make_random()).await, "request_unknown")
    })
    .await
}

pub(crate) async fn an_answer_that_never_left_is_not_told_as_sent(
    server: &PrivacyIdea,
) -> Result<(), Failure> {
    through_a_network(server, async |network| {
        let (phone, account) = enrolled(server).await?;
        let (transaction, request) = asked(server, &phone, account).await?;
        network.stop_listening().await;
        refused_with(phone.authenticator.approve(request.id, MatchProof::None).await, "network_unreachable")?;
        same(phone.authenticator.unconfirmed_answers()?, Vec::new(), "nothing was sent")?;
        same(server.status(&transaction).await?.as_str(), "pending", "the sign-in")
    })
    .await
}

pub(crate) async fn a_gateway_is_told_from_the_service(server: &PrivacyIdea) -> Result<(), Failure> {
    through_a_network(server, async |network| {
        let (phone, account) = enrolled(server).await?;
        for status in [502, 503, 504] {
            network.next(&[Fault::Gateway(status)]).await;
            refused_with(phone.fetch(account).await, "service_unavailable")?;
            let (transaction, request) = asked(server, &phone, account).await?;
            network.next(&[Fault::Gateway(status)]).await;
            phone.authenticator.approve(request.id, MatchProof::None).await?;
            same(server.status(&transaction).await?.as_str(), "accept", "tried again")?;
        }
        let (transaction, request) = asked(server, &phone, account).await?;
        network.next(&[Fault::Gateway(503); 4]).await;
        refused_with(phone.authenticator.approve(request.id, MatchProof::None).await, "service_unavailable")?;
        network.next(&[Fault::Gateway(429)]).await;
        refused_with(phone.authenticator.approve(request.id, MatchProof::None).await, "service_busy")?;
        phone.authenticator.approve(request.id, MatchProof::None).await?;
        same(server.status(&transaction).await?.as_str(), "accept", "in the end")
    })
    .await
}
