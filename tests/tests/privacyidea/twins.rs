//! One token is one account: no dead twins beside live codes. And accounts that a container takes over with consent.

use countersign_authenticator::offer::Offer;
use countersign_authenticator::protocol::Id;
use countersign_authenticator::{AddedAccount, ContainerSync};
use countersign_tests::{Failure, Network, Phone, PrivacyIdea};
use serde_json::{Value, json};

use crate::command_line::{home_with, output, run};
use crate::containers::{check, register, synchronise, synchronise_with, token, with_tokens};
use crate::{refused_with, same};

/// The link of a token for one-time codes, made or made anew.
async fn link(server: &PrivacyIdea, parameters: Value) -> Result<(String, String), Failure> {
    let made = server.make_token("alice", parameters).await?;
    let serial = made["serial"].as_str().ok_or("a serial")?.to_owned();
    Ok((serial, made["googleurl"]["value"].as_str().ok_or("a link")?.to_owned()))
}

fn scan(phone: &Phone, link: &str) -> Result<AddedAccount, Failure> {
    let Offer::Otp(offer) = Offer::parse(link)? else { return Err("no one-time codes".into()) };
    Ok(phone.authenticator.add(vec![offer])?.remove(0))
}

/// The accounts that aren't in the trash.
fn live(phone: &Phone) -> Result<Vec<Id>, Failure> {
    let accounts = phone.authenticator.accounts()?.accounts;
    Ok(accounts.iter().filter(|account| account.trashed_at.is_none()).map(|account| account.id).collect())
}

pub(crate) async fn the_same_code_scanned_twice_is_one_account(server: &PrivacyIdea) -> Result<(), Failure> {
    for kind in ["totp", "hotp", "daypassword"] {
        let (serial, link) = link(server, json!({ "type": kind })).await?;
        let phone = Phone::new();
        let first = scan(&phone, &link)?;
        same(check(server, &phone, &serial).await?.as_str(), "ACCEPT", kind)?;
        let again = scan(&phone, &link)?;
        same((again.id, again.is_new, again.replaced), (first.id, false, Vec::new()), kind)?;
        same(live(&phone)?, vec![first.id], "one account")?;
        if kind == "hotp" {
            same(check(server, &phone, &serial).await?.as_str(), "ACCEPT", "its counter went on")?;
        }
    }
    Ok(())
}

pub(crate) async fn a_token_rolled_over_and_scanned_takes_the_old_ones_place(
    server: &PrivacyIdea,
) -> Result<(), Failure> {
    let phone = Phone::new();
    for kind in ["totp", "hotp"] {
        let (serial, old) = link(server, json!({ "type": kind })).await?;
        let first = scan(&phone, &old)?;
        let again = json!({ "type": kind, "serial": serial, "rollover": 1 });
        let (_, new) = link(server, again).await?;
        let second = scan(&phone, &new)?;
        same((second.is_new, second.replaced), (true, vec![first.id]), kind)?;
        same(live(&phone)?.contains(&first.id), false, "the old secret is in the trash")?;
        same(check(server, &phone, &serial).await?.as_str(), "ACCEPT", "the new one counts")?;
    }
    same(live(&phone)?.len(), 2, "one account a token")
}

pub(crate) async fn a_token_of_a_container_that_is_rolled_over_and_scanned_stays_of_it(
    server: &PrivacyIdea,
) -> Result<(), Failure> {
    server.allow_containers(server.url(), json!({})).await?;
    let totp = token(server, json!({ "type": "totp" })).await?;
    let (phone, _, container) = with_tokens(server, &[&totp]).await?;
    let (_, new) = link(server, json!({ "type": "totp", "serial": totp, "rollover": 1 })).await?;
    let scanned = scan(&phone, &new)?;
    same(live(&phone)?, vec![scanned.id], "one account")?;
    same(
        phone.authenticator.containers()?.containers[0].accounts.clone(),
        vec![scanned.id],
        "of the container",
    )?;
    same(synchronise(&phone, container).await?, ContainerSync::default(), "nothing comes anew")?;
    same(check(server, &phone, &totp).await?.as_str(), "ACCEPT", "it counts")
}

pub(crate) async fn a_token_taken_into_a_container_leaves_no_dead_twin(
    server: &PrivacyIdea,
) -> Result<(), Failure> {
    server.allow_containers(server.url(), json!({})).await?;
    let (serial, own) = link(server, json!({ "type": "hotp" })).await?;
    let phone = Phone::new();
    let first = scan(&phone, &own)?.id;
    let container = server.make_container("alice", &[&serial]).await?;
    let container = register(&phone, &server.offer_container(&container, json!({})).await?).await?.id;
    let sync = synchronise(&phone, container).await?;
    same((sync.added.len(), sync.replaced), (1, vec![first]), "the old secret goes to the trash")?;
    same(live(&phone)?, vec![sync.added[0].id], "one account")?;
    same(check(server, &phone, &serial).await?.as_str(), "ACCEPT", "it counts")
}

pub(crate) async fn a_container_left_and_registered_again_leaves_no_dead_twins(
    server: &PrivacyIdea,
) -> Result<(), Failure> {
    server.allow_containers(server.url(), json!({})).await?;
    let (totp, hotp) =
        (token(server, json!({ "type": "totp" })).await?, token(server, json!({ "type": "hotp" })).await?);
    let (phone, serial, container) = with_tokens(server, &[&totp, &hotp]).await?;
    let before = live(&phone)?;
    phone.authenticator.leave_container(container).await?;
    let again = register(&phone, &server.offer_container(&serial, json!({})).await?).await?.id;
    let mut sync = synchronise(&phone, again).await?;
    sync.replaced.sort();
    let mut wanted = before.clone();
    wanted.sort();
    same((sync.added.len(), sync.replaced), (2, wanted), "all have come anew")?;
    same(live(&phone)?.len(), 2, "one account a token")?;
    for serial in [&totp, &hotp] {
        same(check(server, &phone, serial).await?.as_str(), "ACCEPT", serial)?;
    }
    // With consent nothing comes anew.
    phone.authenticator.leave_container(again).await?;
    let third = register(&phone, &server.offer_container(&serial, json!({})).await?).await?.id;
    let adopt = phone.authenticator.adoptable_accounts(third)?;
    let sync = synchronise_with(&phone, third, adopt).await?;
    same((sync.added.len(), sync.replaced.len(), sync.adopted.len()), (0, 0, 2), "all stay")?;
    same(check(server, &phone, &hotp).await?.as_str(), "ACCEPT", "the same secret")
}

pub(crate) async fn with_consent_codes_are_adopted_and_their_secrets_stay(
    server: &PrivacyIdea,
) -> Result<(), Failure> {
    server.allow_containers(server.url(), json!({ "initially_add_tokens_to_container": true })).await?;
    let phone = Phone::new();
    let mut serials = Vec::new();
    for kind in ["totp", "hotp", "daypassword"] {
        let (serial, link) = link(server, json!({ "type": kind })).await?;
        scan(&phone, &link)?;
        serials.push(serial);
    }
    let serial = server.make_container("alice", &[]).await?;
    let container = register(&phone, &server.offer_container(&serial, json!({})).await?).await?.id;
    let before = live(&phone)?;
    let adoptable = phone.authenticator.adoptable_accounts(container)?;
    same(&adoptable, &before, "what the person is asked about")?;
    let sync = synchronise_with(&phone, container, adoptable).await?;
    same((sync.added.len(), sync.adopted.len(), sync.failed.len()), (0, 3, 0), "taken over")?;
    same(live(&phone)?, before, "the accounts that were there")?;
    same(phone.authenticator.containers()?.containers[0].accounts.len(), 3, "of the container")?;
    for serial in &serials {
        same(check(server, &phone, serial).await?.as_str(), "ACCEPT", serial)?;
    }
    same(phone.authenticator.adoptable_accounts(container)?, Vec::new(), "nothing is left to ask about")?;
    same(synchronise(&phone, container).await?, ContainerSync::default(), "nothing has changed")?;
    server.take_out_of_container(&serial, &serials[0]).await?;
    same(synchronise(&phone, container).await?.removed.len(), 1, "the server has them in its container")
}

pub(crate) async fn without_consent_the_server_learns_of_no_codes(
    server: &PrivacyIdea,
) -> Result<(), Failure> {
    server.allow_containers(server.url(), json!({ "initially_add_tokens_to_container": true })).await?;
    let (own, link) = link(server, json!({ "type": "totp" })).await?;
    let phone = Phone::new();
    scan(&phone, &link)?;
    let serial = server.make_container("alice", &[]).await?;
    let container = register(&phone, &server.offer_container(&serial, json!({})).await?).await?.id;
    same(synchronise(&phone, container).await?, ContainerSync::default(), "nothing was said")?;
    // The server takes over none after the first time, and what it leaves alone stays as it was.
    let adopt = phone.authenticator.adoptable_accounts(container)?;
    same(synchronise_with(&phone, container, adopt).await?, ContainerSync::default(), "too late")?;
    same(check(server, &phone, &own).await?.as_str(), "ACCEPT", "its codes count")?;
    same(phone.authenticator.containers()?.containers[0].accounts.len(), 0, "none is of it")
}

pub(crate) async fn what_is_in_the_container_already_is_adopted_at_any_time(
    server: &PrivacyIdea,
) -> Result<(), Failure> {
    server.allow_containers(server.url(), json!({})).await?;
    let (own, link) = link(server, json!({ "type": "hotp" })).await?;
    let phone = Phone::new();
    let account = scan(&phone, &link)?.id;
    let serial = server.make_container("alice", &[]).await?;
    let container = register(&phone, &server.offer_container(&serial, json!({})).await?).await?.id;
    synchronise(&phone, container).await?;
    server.put_in_container(&serial, &own).await?;
    let sync = synchronise_with(&phone, container, vec![account]).await?;
    same((sync.added.len(), sync.replaced.len(), sync.adopted), (0, 0, vec![account]), "it stays")?;
    same(check(server, &phone, &own).await?.as_str(), "ACCEPT", "the same secret")
}

pub(crate) async fn a_server_that_has_moved_is_told_from_a_container_that_has(
    server: &PrivacyIdea,
) -> Result<(), Failure> {
    let network = Network::start().await;
    network.lead_to(server.authority().parse()?);
    server.allow_containers(server.url(), json!({ "container_client_rollover": true })).await?;
    let hotp = token(server, json!({ "type": "hotp" })).await?;
    let (phone, _, container) = with_tokens(server, &[&hotp]).await?;
    server.allow_containers(&network.url(), json!({ "container_client_rollover": true })).await?;
    refused_with(phone.authenticator.transfer_container(container).await, "container_address_changed")?;
    same(synchronise(&phone, container).await?, ContainerSync::default(), "nothing has changed")?;
    same(check(server, &phone, &hotp).await?.as_str(), "ACCEPT", "its codes count")?;
    server.allow_containers(server.url(), json!({ "container_client_rollover": true })).await?;
    let transfer = phone.authenticator.transfer_container(container).await?;
    let new = Phone::new();
    register(&new, str::from_utf8(transfer.link.expose())?).await?;
    refused_with(phone.authenticator.transfer_container(container).await, "container_moved")
}

pub(crate) async fn the_command_line_adopts_where_that_was_agreed(
    server: &PrivacyIdea,
) -> Result<(), Failure> {
    server.allow_containers(server.url(), json!({ "initially_add_tokens_to_container": true })).await?;
    for agreed in [true, false] {
        let (own, link) = link(server, json!({ "type": "totp" })).await?;
        let (home, path) = home_with(&link)?;
        let (code, added) = run(home.path(), &["enrol", &path])?;
        same((code, added["added"][0]["new"].as_bool()), (0, Some(true)), "the code")?;
        let (code, again) = run(home.path(), &["enrol", &path])?;
        same((code, again["added"][0]["new"].as_bool()), (0, Some(false)), "the code again")?;
        let serial = server.make_container("alice", &[]).await?;
        std::fs::write(&path, server.offer_container(&serial, json!({})).await?)?;
        let args = if agreed { vec!["enrol", &path, "--adopt"] } else { vec!["enrol", &path] };
        let (code, text) = output(home.path(), &args)?;
        let last: Value = serde_json::from_str(text.lines().last().ok_or("a document")?)?;
        let adopted = last["adopted"].as_array().map(Vec::len);
        same((code, adopted), (0, Some(usize::from(agreed))), "adopted")?;
        let (_, codes) = run(home.path(), &["codes"])?;
        same(codes["codes"].as_array().map(Vec::len), Some(1), "one account")?;
        let shown = codes["codes"][0]["code"].as_str().ok_or("a code")?;
        same(server.check_code(&own, shown).await?.as_str(), "ACCEPT", "it counts")?;
    }
    Ok(())
}
