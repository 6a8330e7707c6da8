//! Smartphone containers, from registration to leaving.

use countersign_authenticator::approvals::MatchProof;
use countersign_authenticator::keys::RsaKeySize;
use countersign_authenticator::offer::{ContainerOffer, Offer};
use countersign_authenticator::protocol::Id;
use countersign_authenticator::{
    AccountSummary, CodeKind, Container, ContainerPassphrase, ContainerSync, Error, Secret, SyncOptions,
};
use countersign_tests::{Failure, Fault, Network, Phone, PrivacyIdea};
use serde_json::{Value, json};

use crate::{asked, refused_with, same};

/// A token in the making, by its type and hash.
pub(crate) async fn token(server: &PrivacyIdea, parameters: Value) -> Result<String, Failure> {
    let made = server.make_token("alice", parameters).await?;
    Ok(made["serial"].as_str().ok_or("a serial")?.to_owned())
}

fn offer(qr: &str) -> Result<ContainerOffer, Failure> {
    match Offer::parse(qr)? {
        Offer::Container(offer) => Ok(offer),
        other => Err(format!("no container: {other:?}").into()),
    }
}

pub(crate) async fn register(phone: &Phone, qr: &str) -> Result<Container, Failure> {
    Ok(phone.authenticator.register_container(&offer(qr)?, "Ada's phone", None).await?)
}

pub(crate) async fn synchronise(phone: &Phone, container: Id) -> Result<ContainerSync, Error> {
    synchronise_with(phone, container, Vec::new()).await
}

/// The same, with accounts that the person agrees to have in the container.
pub(crate) async fn synchronise_with(
    phone: &Phone,
    container: Id,
    adopt: Vec<Id>,
) -> Result<ContainerSync, Error> {
    let options = SyncOptions { wake_up: None, key_size: Some(RsaKeySize::Bits2048), adopt };
    phone.authenticator.synchronise_container(container, options).await
}

/// A container of alice with these tokens, on a phone that has them all.
pub(crate) async fn with_tokens(
    server: &PrivacyIdea,
    tokens: &[&str],
) -> Result<(Phone, String, Id), Failure> {
    let serial = server.make_container("alice", tokens).await?;
    let qr = server.offer_container(&serial, json!({})).await?;
    let phone = Phone::new();
    let container = register(&phone, &qr).await?.id;
    let sync = synchronise(&phone, container).await?;
    same((sync.added.len(), sync.failed.len()), (tokens.len(), 0), "all have come")?;
    Ok((phone, serial, container))
}

/// The account of a token: its name, unless the server says otherwise.
pub(crate) fn account(phone: &Phone, serial: &str) -> Result<AccountSummary, Failure> {
    let accounts = phone.authenticator.accounts()?.accounts;
    let found = accounts.into_iter().find(|account| account.name == serial && account.trashed_at.is_none());
    found.ok_or_else(|| format!("no account of {serial}").into())
}

/// What the server makes of the phone's code for a token.
pub(crate) async fn check(server: &PrivacyIdea, phone: &Phone, serial: &str) -> Result<String, Failure> {
    let account = account(phone, serial)?;
    let code = match account.codes {
        CodeKind::OnRequest => phone.authenticator.next_code(account.id)?.to_string(),
        _ => phone.code(account.id),
    };
    server.check_code(serial, &code).await
}

pub(crate) async fn tokens_come_with_it_and_work(server: &PrivacyIdea) -> Result<(), Failure> {
    server.allow_containers(server.url(), json!({})).await?;
    let totp = token(server, json!({ "type": "totp", "hashlib": "sha512" })).await?;
    let hotp = token(server, json!({ "type": "hotp", "hashlib": "sha256" })).await?;
    let day = token(server, json!({ "type": "daypassword" })).await?;
    let (push, _) = server.make_push_token("alice").await?;
    let (phone, serial, container) = with_tokens(server, &[&totp, &hotp, &day, &push]).await?;
    let listed = phone.authenticator.containers()?.containers.remove(0);
    same(
        (listed.serial.as_str(), listed.service.as_str()),
        (serial.as_str(), server.authority()),
        "the container",
    )?;
    same((listed.is_registered, listed.accounts.len()), (true, 4), "registered")?;
    for serial in [&totp, &hotp, &day] {
        same(check(server, &phone, serial).await?.as_str(), "ACCEPT", serial)?;
    }
    let (transaction, request) = asked(server, &phone, account(&phone, &push)?.id).await?;
    phone.authenticator.approve(request.id, MatchProof::None).await?;
    same(server.status(&transaction).await?.as_str(), "accept", "the push token")?;

    // Nothing is made anew by another synchronisation, also after a restart.
    let phone = phone.restarted();
    for _ in 0..2 {
        same(synchronise(&phone, container).await?, ContainerSync::default(), "nothing has changed")?;
    }
    same(check(server, &phone, &hotp).await?.as_str(), "ACCEPT", "the same secret")?;
    same(check(server, &phone, &day).await?.as_str(), "ACCEPT", "the same secret")?;
    same(phone.authenticator.vault().check()?.is_sound(), true, "the vault")
}

pub(crate) async fn what_is_added_and_taken_out_later_is_told(server: &PrivacyIdea) -> Result<(), Failure> {
    server.allow_containers(server.url(), json!({})).await?;
    let (first, second) =
        (token(server, json!({ "type": "hotp" })).await?, token(server, json!({ "type": "hotp" })).await?);
    let (phone, serial, container) = with_tokens(server, &[&first]).await?;
    server.put_in_container(&serial, &second).await?;
    let sync = synchronise(&phone, container).await?;
    same((sync.added.len(), sync.removed.len()), (1, 0), "one more")?;
    same(check(server, &phone, &second).await?.as_str(), "ACCEPT", "the new one")?;

    let gone = account(&phone, &first)?.id;
    server.take_out_of_container(&serial, &first).await?;
    let sync = synchronise(&phone, container).await?;
    same((sync.added.len(), sync.removed), (0, vec![gone]), "one less")?;
    // Nobody has signed that, so it is in the trash, and what is restored from there still works.
    same(account(&phone, &first).is_err(), true, "in the trash")?;
    phone.authenticator.restore(gone)?;
    same(check(server, &phone, &first).await?.as_str(), "ACCEPT", "restored")?;
    same(synchronise(&phone, container).await?, ContainerSync::default(), "nothing has changed")?;

    server.put_in_container(&serial, &first).await?;
    let sync = synchronise(&phone, container).await?;
    same(
        (sync.added.len(), sync.replaced),
        (1, vec![gone]),
        "back, with a new secret in place of the old one",
    )?;
    same(check(server, &phone, &first).await?.as_str(), "ACCEPT", "the one account")
}

pub(crate) async fn a_token_that_is_here_already_is_not_made_anew(
    server: &PrivacyIdea,
) -> Result<(), Failure> {
    server.allow_containers(server.url(), json!({})).await?;
    let (push, qr) = server.make_push_token("alice").await?;
    let phone = Phone::new();
    let enrolled = phone.enrol_by(&qr, None).await?.account;
    let serial = server.make_container("alice", &[&push]).await?;
    let container = register(&phone, &server.offer_container(&serial, json!({})).await?).await?.id;
    same(synchronise(&phone, container).await?, ContainerSync::default(), "nothing has changed")?;
    same(
        phone.authenticator.containers()?.containers[0].accounts.clone(),
        vec![enrolled],
        "but it is of it",
    )?;
    asked(server, &phone, enrolled).await?;
    server.take_out_of_container(&serial, &push).await?;
    same(synchronise(&phone, container).await?.removed, vec![enrolled], "and goes with it")
}

pub(crate) async fn it_moves_to_a_new_phone_and_back(server: &PrivacyIdea) -> Result<(), Failure> {
    server.allow_containers(server.url(), json!({ "container_client_rollover": true })).await?;
    let hotp = token(server, json!({ "type": "hotp" })).await?;
    let (push, _) = server.make_push_token("alice").await?;
    let (old, serial, on_old) = with_tokens(server, &[&hotp, &push]).await?;
    same(old.authenticator.containers()?.containers[0].may_transfer, true, "the policy")?;
    let transfer = old.authenticator.transfer_container(on_old).await?;
    same(transfer.valid_minutes, Some(10), "for how long")?;
    // Until another phone has scanned it, all goes on here.
    same(synchronise(&old, on_old).await?, ContainerSync::default(), "nothing has changed")?;
    same(check(server, &old, &hotp).await?.as_str(), "ACCEPT", "still here")?;

    let new = Phone::new();
    let link = String::from_utf8(transfer.link.expose().to_vec())?;
    let on_new = register(&new, &link).await?.id;
    same(synchronise(&new, on_new).await?.added.len(), 2, "all has come")?;
    same(check(server, &new, &hotp).await?.as_str(), "ACCEPT", "on the new phone")?;
    let (transaction, request) = asked(server, &new, account(&new, &push)?.id).await?;
    new.authenticator.approve(request.id, MatchProof::None).await?;
    same(server.status(&transaction).await?.as_str(), "accept", "on the new phone")?;
    same(check(server, &old, &hotp).await?.as_str(), "REJECT", "on the old phone")?;
    refused_with(synchronise(&old, on_old).await, "container_moved")?;
    same(account(&old, &hotp).is_ok(), true, "nothing goes on account of that alone")?;

    // Back again: what the old phone still had gives way.
    let stale = [account(&old, &hotp)?.id, account(&old, &push)?.id];
    let transfer = new.authenticator.transfer_container(on_new).await?;
    let on_old = register(&old, str::from_utf8(transfer.link.expose())?).await?.id;
    same(old.authenticator.containers()?.containers.len(), 1, "one container")?;
    let sync = synchronise(&old, on_old).await?;
    same((sync.added.len(), sync.replaced), (1, vec![stale[0]]), "the codes are other ones")?;
    same(account(&old, &push)?.id, stale[1], "the push token keeps its account")?;
    same(check(server, &old, &hotp).await?.as_str(), "ACCEPT", "on the old phone")?;
    asked(server, &old, stale[1]).await?;

    // The phone that has it no more gives it up, and its dead accounts with it.
    let dead = [account(&new, &hotp)?.id, account(&new, &push)?.id];
    let mut trashed = new.authenticator.leave_container(on_new).await?;
    trashed.sort();
    same(trashed.len(), 2, "two dead accounts")?;
    same(dead.iter().all(|account| trashed.contains(account)), true, "those")?;
    same(synchronise(&old, on_old).await?, ContainerSync::default(), "the other isn't touched")?;
    let qr = server.offer_container(&serial, json!({ "rollover": 1 })).await?;
    register(&new, &qr).await?;
    refused_with(synchronise(&old, on_old).await, "container_moved")
}

pub(crate) async fn leaving_it_keeps_its_accounts(server: &PrivacyIdea) -> Result<(), Failure> {
    server.allow_containers(server.url(), json!({ "disable_client_container_unregister": true })).await?;
    let hotp = token(server, json!({ "type": "hotp" })).await?;
    let (phone, serial, container) = with_tokens(server, &[&hotp]).await?;
    same(phone.authenticator.containers()?.containers[0].may_leave, false, "the policy")?;
    refused_with(phone.authenticator.leave_container(container).await, "container_forbidden")?;
    same(synchronise(&phone, container).await?, ContainerSync::default(), "nothing has changed")?;

    server.allow_containers(server.url(), json!({})).await?;
    same(phone.authenticator.leave_container(container).await?, Vec::new(), "nothing goes to the trash")?;
    same(phone.authenticator.containers()?.containers.len(), 0, "it is left")?;
    refused_with(synchronise(&phone, container).await, "container_unknown")?;
    same(check(server, &phone, &hotp).await?.as_str(), "ACCEPT", "its codes work")?;
    // The server knows: it offers the container again without a rollover.
    let qr = server.offer_container(&serial, json!({})).await?;
    let container = register(&phone, &qr).await?.id;
    phone.authenticator.forget_container(container).await?;
    refused_with(phone.authenticator.forget_container(container).await, "container_unknown")?;
    same(phone.authenticator.vault().check()?.is_sound(), true, "the vault")
}

pub(crate) async fn an_administrator_may_end_it(server: &PrivacyIdea) -> Result<(), Failure> {
    server.allow_containers(server.url(), json!({})).await?;
    let hotp = token(server, json!({ "type": "hotp" })).await?;
    let (phone, serial, container) = with_tokens(server, &[&hotp]).await?;
    server.end_registration(&serial).await?;
    refused_with(synchronise(&phone, container).await, "container_not_registered")?;
    same(check(server, &phone, &hotp).await?.as_str(), "ACCEPT", "its codes work")?;
    same(phone.authenticator.leave_container(container).await?, Vec::new(), "left without more ado")?;
    same(phone.authenticator.containers()?.containers.len(), 0, "it is left")
}

pub(crate) async fn a_passphrase_proves_itself_and_stays_here(server: &PrivacyIdea) -> Result<(), Failure> {
    let network = Network::start().await;
    network.lead_to(server.authority().parse()?);
    server.allow_containers(&network.url(), json!({})).await?;
    let serial = server.make_container("alice", &[]).await?;
    let asks = json!({ "passphrase_prompt": "Name of the ward?", "passphrase_response": "Süd|4" });
    let offer = offer(&server.offer_container(&serial, asks).await?)?;
    same((offer.prompt.as_deref(), offer.sends_passphrase), (Some("Name of the ward?"), false), "the offer")?;
    let phone = Phone::new();
    let register = async |passphrase: Option<ContainerPassphrase>| {
        phone.authenticator.register_container(&offer, "phone", passphrase.as_ref()).await
    };
    let proof = |text: &str| Some(ContainerPassphrase::Proof(Secret::from(text.as_bytes())));
    refused_with(register(None).await, "container_passphrase_needed")?;
    refused_with(register(proof("")).await, "container_passphrase_needed")?;
    let sent = ContainerPassphrase::SentPassword(Secret::from("Süd|4".as_bytes()));
    refused_with(register(Some(sent)).await, "input_unacceptable")?;
    refused_with(register(proof("Nord")).await, "container_code_refused")?;
    same(phone.authenticator.containers()?.containers.len(), 0, "nothing is kept")?;
    let container = register(proof("Süd|4")).await?.id;
    synchronise(&phone, container).await.map(drop).map_err(Failure::from)
}

pub(crate) async fn a_password_is_sent_only_where_that_was_agreed(
    server: &PrivacyIdea,
) -> Result<(), Failure> {
    server.allow_containers(server.url(), json!({})).await?;
    let serial = server.make_container("alice", &[]).await?;
    let offer = offer(&server.offer_container(&serial, json!({ "passphrase_user": true })).await?)?;
    same((offer.prompt.is_some(), offer.sends_passphrase), (true, true), "the offer")?;
    let phone = Phone::new();
    let register = async |passphrase: ContainerPassphrase| {
        phone.authenticator.register_container(&offer, "phone", Some(&passphrase)).await
    };
    let proof = ContainerPassphrase::Proof(Secret::from(&b"alicepw"[..]));
    refused_with(register(proof).await, "container_consent_needed")?;
    let wrong = ContainerPassphrase::SentPassword(Secret::from(&b"bobpw"[..]));
    refused_with(register(wrong).await, "container_code_refused")?;
    let right = ContainerPassphrase::SentPassword(Secret::from(&b"alicepw"[..]));
    let container = register(right).await?;
    same(container.is_registered, true, "registered")
}

pub(crate) async fn its_code_works_once(server: &PrivacyIdea) -> Result<(), Failure> {
    server.allow_containers(server.url(), json!({ "container_ssl_verify": "False" })).await?;
    let serial = server.make_container("alice", &[]).await?;
    let qr = server.offer_container(&serial, json!({})).await?;
    same(offer(&qr)?.asks_for_no_certificate_check, true, "told, and not done")?;
    let phone = Phone::new();
    let register = async |qr: &str| {
        let offer = offer(qr).expect("an offer");
        phone.authenticator.register_container(&offer, "phone", None).await
    };
    let (before, rest) = qr.split_once("nonce=").ok_or("a nonce")?;
    refused_with(
        register(&format!("{before}nonce={}{}", "0".repeat(40), &rest[40..])).await,
        "container_code_refused",
    )?;
    refused_with(register(&qr.replace(&serial, "SMPH0000AAAA")).await, "container_code_refused")?;
    same(phone.authenticator.containers()?.containers.len(), 0, "nothing is kept")?;
    register(&qr).await?;
    let second = Phone::new();
    let again = second.authenticator.register_container(&offer(&qr)?, "phone", None).await;
    refused_with(again, "container_code_used")?;
    same(second.authenticator.containers()?.containers.len(), 0, "nothing is kept")
}

pub(crate) async fn a_registration_whose_reply_is_lost_is_found_out(
    server: &PrivacyIdea,
) -> Result<(), Failure> {
    let network = Network::start().await;
    network.lead_to(server.authority().parse()?);
    server.allow_containers(&network.url(), json!({})).await?;
    let hotp = token(server, json!({ "type": "hotp" })).await?;
    let serial = server.make_container("alice", &[&hotp]).await?;
    let qr = server.offer_container(&serial, json!({})).await?;
    let phone = Phone::new();
    network.next(&[Fault::LoseReply]).await;
    let container = register(&phone, &qr).await?;
    same((container.is_registered, network.all_faults_happened()), (false, true), "nobody knows")?;
    // The app may end here. Scanned again, the code takes the same registration up.
    let phone = phone.restarted();
    same(register(&phone, &qr).await?.id, container.id, "the same registration")?;
    same(synchronise(&phone, container.id).await?.added.len(), 1, "it had arrived")?;
    same(phone.authenticator.containers()?.containers[0].is_registered, true, "found out")?;

    // A refusal that gets lost is found out, too.
    network.next(&[Fault::LoseReply]).await;
    let second = Phone::new();
    let container = register(&second, &qr).await?.id;
    refused_with(synchronise(&second, container).await, "container_code_refused")?;
    same(second.authenticator.containers()?.containers.len(), 0, "nothing is kept")
}

pub(crate) async fn a_synchronisation_whose_reply_is_lost_loses_nothing(
    server: &PrivacyIdea,
) -> Result<(), Failure> {
    let network = Network::start().await;
    network.lead_to(server.authority().parse()?);
    server.allow_containers(&network.url(), json!({})).await?;
    let (first, second) =
        (token(server, json!({ "type": "hotp" })).await?, token(server, json!({ "type": "hotp" })).await?);
    let (phone, serial, container) = with_tokens(server, &[&first]).await?;
    server.put_in_container(&serial, &second).await?;
    for fault in [Fault::LoseReply, Fault::CutReply, Fault::CaptivePortal] {
        network.next(&[Fault::None, fault]).await;
        same(synchronise(&phone, container).await.is_err(), true, "the reply is lost")?;
        same(network.all_faults_happened(), true, "the reply was lost")?;
        same(phone.authenticator.accounts()?.accounts.len(), 1, "nothing has changed")?;
    }
    same(synchronise(&phone, container).await?.added.len(), 1, "it comes once more")?;
    for serial in [&first, &second] {
        same(check(server, &phone, serial).await?.as_str(), "ACCEPT", serial)?;
    }
    Ok(())
}

pub(crate) async fn policies_are_the_servers(server: &PrivacyIdea) -> Result<(), Failure> {
    server.allow_containers(server.url(), json!({ "initially_add_tokens_to_container": true })).await?;
    // A push token that is here already goes into the container, as the policy has it.
    let (push, qr) = server.make_push_token("alice").await?;
    let phone = Phone::new();
    let enrolled = phone.enrol_by(&qr, None).await?.account;
    let serial = server.make_container("alice", &[]).await?;
    let container = register(&phone, &server.offer_container(&serial, json!({})).await?).await?.id;
    same(synchronise(&phone, container).await?, ContainerSync::default(), "nothing has changed here")?;
    same(
        phone.authenticator.containers()?.containers[0].accounts.clone(),
        vec![enrolled],
        "it is of it now",
    )?;
    server.take_out_of_container(&serial, &push).await?;
    same(phone.authenticator.containers()?.containers[0].may_transfer, false, "the policy")?;
    refused_with(phone.authenticator.transfer_container(container).await, "container_forbidden")?;
    server.allow_containers(server.url(), json!({ "container_client_rollover": true })).await?;
    synchronise(&phone, container).await?;
    same(phone.authenticator.containers()?.containers[0].may_transfer, true, "the new policy")
}

pub(crate) async fn the_policy_that_hides_reasons_leaves_it_usable(
    server: &PrivacyIdea,
) -> Result<(), Failure> {
    server.allow_containers(server.url(), json!({ "hide_specific_error_message": true })).await?;
    let hotp = token(server, json!({ "type": "hotp" })).await?;
    let (phone, serial, container) = with_tokens(server, &[&hotp]).await?;
    same(synchronise(&phone, container).await?, ContainerSync::default(), "nothing has changed")?;
    server.end_registration(&serial).await?;
    // The server doesn't say which it is.
    refused_with(synchronise(&phone, container).await, "container_moved")
}
