//! What the phone refuses, and what the server does.

use countersign_authenticator::approvals::{BindingState, MatchProof};
use countersign_authenticator::offer::Offer;
use countersign_authenticator::protocol::messages::Outcome;
use countersign_tests::{Failure, Fault, Network, Phone, PrivacyIdea};
use serde_json::json;

use crate::{asked, enrolled, refused_with, same};

pub(crate) async fn an_option_called_decline_is_not_shown(server: &PrivacyIdea) -> Result<(), Failure> {
    let action = json!({
        "push_require_presence": "1", "push_presence_options": "CUSTOM",
        "push_presence_custom_options": "allow:decline:later",
    });
    server.set_policy("authentication", "authentication", action).await?;
    let (phone, account) = enrolled(server).await?;
    server.trigger("alice").await?;
    // Its denial could be posted as an approval.
    refused_with(phone.fetch(account).await, "request_unshown_options")
}

pub(crate) async fn a_deleted_token_is_told_and_nothing_is_deleted_here(
    server: &PrivacyIdea,
) -> Result<(), Failure> {
    let (phone, account) = enrolled(server).await?;
    let (_, request) = asked(server, &phone, account).await?;
    server.delete_tokens("alice").await?;
    refused_with(phone.authenticator.approve(request.id, MatchProof::None).await, "device_unknown")?;
    refused_with(phone.fetch(account).await, "device_unknown")?;
    // Nobody signed that, so the account stays as it is.
    same(phone.authenticator.accounts()?.accounts[0].binding, Some(BindingState::Active), "the account")
}

pub(crate) async fn a_policy_against_polling_is_told(server: &PrivacyIdea) -> Result<(), Failure> {
    let (phone, account) = enrolled(server).await?;
    server.set_policy("authentication", "authentication", json!({ "push_allow_polling": "deny" })).await?;
    refused_with(phone.fetch(account).await, "service_forbids")
}

pub(crate) async fn the_policy_that_hides_reasons_changes_nothing_for_a_good_phone(
    server: &PrivacyIdea,
) -> Result<(), Failure> {
    server.set_policy("token", "token", json!({ "hide_specific_error_message_for_ttype": true })).await?;
    let (phone, account) = enrolled(server).await?;
    phone.clock.set_wall_ahead(7_200_000);
    phone.clock.restart();
    let (transaction, request) = asked(server, &phone, account).await?;
    phone.authenticator.approve(request.id, MatchProof::None).await?;
    same(server.status(&transaction).await?.as_str(), "accept", "approved")?;
    server.delete_tokens("alice").await?;
    refused_with(phone.fetch(account).await, "device_unknown")
}

pub(crate) async fn an_answer_for_a_disabled_token_is_recorded_and_signs_nobody_in(
    server: &PrivacyIdea,
) -> Result<(), Failure> {
    let (serial, qr) = server.make_push_token("alice").await?;
    let phone = Phone::new();
    let account = phone.enrol_by(&qr, None).await?.account;
    let (transaction, request) = asked(server, &phone, account).await?;
    server.post(&format!("/token/disable/{serial}"), json!({})).await?;
    // The phone can't know: the server takes the answer as it takes any other.
    let outcome = phone.authenticator.approve(request.id, MatchProof::None).await?;
    same(outcome.outcome, Outcome::Approved, "the answer")?;
    same(server.check("alice", &transaction, "").await?.as_str(), "REJECT", "the sign-in")
}

pub(crate) async fn a_page_with_status_200_is_no_answer(server: &PrivacyIdea) -> Result<(), Failure> {
    let (_, qr) = server.make_push_token("alice").await?;
    let phone = Phone::new();
    refused_with(
        phone.enrol_by(&qr.replace("/ttype/push", "/elsewhere"), None).await,
        "network_not_the_service",
    )?;
    same(phone.authenticator.accounts()?.accounts.len(), 0, "nothing is kept")
}

pub(crate) async fn what_no_device_can_tell_the_server_is_data(server: &PrivacyIdea) -> Result<(), Failure> {
    let (phone, account) = enrolled(server).await?;
    let summary = phone.authenticator.accounts()?.accounts.remove(0);
    let abilities = summary.provider.ok_or("a provider")?.abilities();
    same((abilities.rename_device, abilities.revoke), (false, false), "the abilities")?;
    refused_with(phone.authenticator.rename_device(account, "x").await, "account_not_able")?;
    refused_with(phone.authenticator.revoke(account).await, "account_not_able")?;
    phone.authenticator.delete(account).await?;
    same(phone.authenticator.vault().check()?.is_sound(), true, "nothing is left behind")
}

/// The server takes any key, and fails with status 500 over one that it can't use.
pub(crate) async fn a_key_that_was_altered_on_the_way_enrols_nothing(
    server: &PrivacyIdea,
) -> Result<(), Failure> {
    let network = Network::start().await;
    network.lead_to(server.authority().parse()?);
    let (_, qr) = server.make_push_token("alice").await?;
    let qr = qr.replace(
        &server.authority().replace(':', "%3A"),
        &network.url()["http://".len()..].replace(':', "%3A"),
    );
    // Another algorithm than RSA: the key is in order otherwise.
    network.next(&[Fault::Alter("pubkey=MIIBIjANBgkqhkiG9w0BAQEF", "pubkey=MIIBIjANBgkqhkiG9w0BAQQF")]).await;
    let phone = Phone::new();
    refused_with(phone.enrol_by(&qr, None).await, "enrolment_broken")?;
    same(phone.authenticator.accounts()?.accounts.len(), 0, "nothing is kept")?;
    same(phone.authenticator.vault().check()?.is_sound(), true, "nothing is left behind")?;
    // The code is used up, as the error says.
    refused_with(phone.enrol_by(&qr, None).await, "ticket_used")
}

pub(crate) async fn a_container_code_whose_time_is_over_registers_nobody(
    server: &PrivacyIdea,
) -> Result<(), Failure> {
    server.allow_containers(server.url(), json!({})).await?;
    let serial = server.make_container("alice", &[]).await?;
    let qr = server.offer_container(&serial, json!({})).await?;
    let Offer::Container(offer) = Offer::parse(&qr)? else { return Err("a container".into()) };
    // The shortest time that the server gives is a minute, which nobody wants to wait for.
    let aged = rusqlite::Connection::open(server.database())?
        .execute("UPDATE challenge SET expiration = timestamp WHERE serial = ?1", [&serial])?;
    same(aged, 1, "the code")?;
    let phone = Phone::new();
    let registered = phone.authenticator.register_container(&offer, "Ada's phone", None).await;
    refused_with(registered, "container_code_refused")?;
    same(phone.authenticator.containers()?.containers.len(), 0, "nothing is kept")?;
    same(phone.authenticator.vault().check()?.is_sound(), true, "nothing is left behind")
}
