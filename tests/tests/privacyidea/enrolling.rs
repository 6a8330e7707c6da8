//! From a QR to an account.

use std::sync::Arc;
use std::time::Duration;

use countersign_authenticator::approvals::{BindingState, MatchProof, Provider};
use countersign_authenticator::offer::Offer;
use countersign_authenticator::protocol::messages::WakeUp;
use countersign_tests::{Failure, Phone, PrivacyIdea};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::{asked, refused_with, same};

pub(crate) async fn the_rollout_leaves_an_account_that_is_asked(server: &PrivacyIdea) -> Result<(), Failure> {
    let (serial, qr) = server.make_push_token("alice").await?;
    let phone = Phone::new();
    let enrolment = phone.enrol_by(&qr, None).await?;
    same(enrolment.check_value, None, "no check value")?;
    same(enrolment.organisation.as_str(), "privacyIDEA", "the issuer")?;
    let account = phone.authenticator.accounts()?.accounts.remove(0);
    same(account.provider, Some(Provider::PrivacyIdea), "the protocol")?;
    same(account.binding, Some(BindingState::Active), "the state")?;
    same(account.name.as_str(), serial.as_str(), "the name")?;
    same(account.service.as_deref(), Some(server.authority()), "the server")?;
    // After a restart, everything is still there.
    let phone = phone.restarted();
    asked(server, &phone, enrolment.account).await.map(drop)
}

pub(crate) async fn a_code_works_once(server: &PrivacyIdea) -> Result<(), Failure> {
    let (_, qr) = server.make_push_token("alice").await?;
    Phone::new().enrol_by(&qr, None).await?;
    let second = Phone::new();
    refused_with(second.enrol_by(&qr, None).await, "ticket_used")?;
    same(second.authenticator.accounts()?.accounts.len(), 0, "nothing is kept")
}

pub(crate) async fn an_altered_code_enrols_nothing(server: &PrivacyIdea) -> Result<(), Failure> {
    let (serial, qr) = server.make_push_token("alice").await?;
    let (before, rest) = qr.split_once("enrollment_credential=").ok_or("a credential")?;
    let altered = format!("{before}enrollment_credential={}{}", "0".repeat(40), &rest[40..]);
    let phone = Phone::new();
    refused_with(phone.enrol_by(&altered, None).await, "ticket_unknown")?;
    let unknown = qr.replace(&serial, "PIPU0000AAAA");
    refused_with(phone.enrol_by(&unknown, None).await, "ticket_used")?;
    same(phone.authenticator.accounts()?.accounts.len(), 0, "nothing is kept")?;
    phone.enrol_by(&qr, None).await.map(drop).map_err(Failure::from)
}

pub(crate) async fn a_wish_to_check_no_certificate_is_told(server: &PrivacyIdea) -> Result<(), Failure> {
    let policy = |verify: &str| {
        json!({
            "push_firebase_configuration": "poll only", "push_registration_url": server.push_url(),
            "push_ttl": "10", "push_ssl_verify": verify, "push_use_pia_scheme": verify == "0",
        })
    };
    server.set_policy("push_enrolment", "enrollment", policy("0")).await?;
    let made = server.make_push_token("alice").await;
    server.set_policy("push_enrolment", "enrollment", policy("1")).await?;
    let (_, qr) = made?;
    same(qr.starts_with("pia://pipush/"), true, "the vendor's own scheme")?;
    let phone = Phone::new();
    let enrolment = phone.enrol_by(&qr, None).await?;
    same(enrolment.asked_for_no_certificate_check, true, "told")?;
    asked(server, &phone, enrolment.account).await.map(drop)
}

pub(crate) async fn the_same_token_enrolled_anew_keeps_its_account(
    server: &PrivacyIdea,
) -> Result<(), Failure> {
    let (serial, qr) = server.make_push_token("alice").await?;
    let phone = Phone::new();
    let account = phone.enrol_by(&qr, None).await?.account;
    phone.authenticator.rename(account, "My hospital", "me")?;
    let anew = json!({ "type": "push", "serial": serial, "rollover": 1 });
    let detail = server.make_token("alice", anew).await?;
    let qr = detail["pushurl"]["value"].as_str().ok_or("a new QR")?;
    same(phone.enrol_by(qr, None).await?.account, account, "the account")?;
    let accounts = phone.authenticator.accounts()?.accounts;
    same((accounts.len(), accounts[0].name.as_str()), (1, "me"), "one account, by its name")?;
    let (transaction, request) = asked(server, &phone, account).await?;
    phone.authenticator.approve(request.id, MatchProof::None).await?;
    same(server.check("alice", &transaction, "").await?.as_str(), "ACCEPT", "the new key")
}

pub(crate) async fn codes_are_the_servers(server: &PrivacyIdea) -> Result<(), Failure> {
    for token in [
        json!({ "type": "totp" }),
        json!({ "type": "totp", "hashlib": "sha256", "otplen": 8, "timeStep": 60 }),
        json!({ "type": "totp", "hashlib": "sha512" }),
        json!({ "type": "hotp" }),
        json!({ "type": "hotp", "hashlib": "sha256", "otplen": 8 }),
    ] {
        let made = server.make_token("alice", token.clone()).await?;
        let link = made["googleurl"]["value"].as_str().ok_or("a link")?;
        let Offer::Otp(offer) = Offer::parse(link)? else { return Err("no one-time codes".into()) };
        let phone = Phone::new();
        let account = phone.authenticator.add(vec![offer])?.remove(0).id;
        let code = match token["type"].as_str() {
            Some("hotp") => phone.authenticator.next_code(account)?.to_string(),
            _ => phone.code(account),
        };
        let serial = made["serial"].as_str().ok_or("a serial")?;
        same(server.check_code(serial, &code).await?.as_str(), "ACCEPT", &token.to_string())?;
        same(server.check_code(serial, &code).await?.as_str(), "REJECT", "the same code again")?;
    }
    Ok(())
}

pub(crate) async fn a_day_password_lasts_its_day(server: &PrivacyIdea) -> Result<(), Failure> {
    let made = server.make_token("alice", json!({ "type": "daypassword" })).await?;
    let link = made["googleurl"]["value"].as_str().ok_or("a link")?;
    let Offer::Otp(offer) = Offer::parse(link)? else { return Err("no one-time codes".into()) };
    let phone = Phone::new();
    let account = phone.authenticator.add(vec![offer])?.remove(0).id;
    let serial = made["serial"].as_str().ok_or("a serial")?;
    for _ in 0..2 {
        same(server.check_code(serial, &phone.code(account)).await?.as_str(), "ACCEPT", "the day's code")?;
    }
    Ok(())
}

pub(crate) async fn both_halves_of_a_secret_are_needed(server: &PrivacyIdea) -> Result<(), Failure> {
    for (kind, hash) in [("totp", "sha1"), ("totp", "sha256"), ("hotp", "sha512")] {
        let wanted = json!({ "type": kind, "hashlib": hash, "2stepinit": 1 });
        let made = server.make_token("alice", wanted).await?;
        let link = made["googleurl"]["value"].as_str().ok_or("a link")?;
        let Offer::TwoStep(offer) = Offer::parse(link)? else { return Err("no two-step enrolment".into()) };
        let completed = offer.complete()?;
        let phone = Phone::new();
        let account = phone.authenticator.add(vec![completed.offer])?.remove(0).id;
        let serial = made["serial"].as_str().ok_or("a serial")?;
        let typed = json!({
            "type": kind, "serial": serial, "otpkey": completed.to_type.to_lowercase(),
            "otpkeyformat": "base32check", "genkey": 0,
        });
        server.post("/token/init", typed).await?;
        let code = match kind {
            "hotp" => phone.authenticator.next_code(account)?.to_string(),
            _ => phone.code(account),
        };
        same(server.check_code(serial, &code).await?.as_str(), "ACCEPT", hash)?;
    }
    Ok(())
}

pub(crate) async fn a_push_address_is_told_changed_and_pushed_to(
    server: &PrivacyIdea,
) -> Result<(), Failure> {
    let listener = Arc::new(TcpListener::bind(("127.0.0.1", 0)).await?);
    let made = with_gateway(server, &listener).await?;
    let phone = Phone::new();
    let address = |number: u8| WakeUp::UnifiedPush { endpoint: format!("https://up.example/{number}") };
    let account = phone.enrol_by(&made, Some(address(1))).await?.account;
    for (number, changed) in [(1, None), (2, Some(address(2)))] {
        if changed.is_some() {
            same(
                phone.authenticator.set_wake_up(changed).await?.len(),
                0,
                "the server has taken the address",
            )?;
        }
        let pushed = tokio::spawn(one_request(Arc::clone(&listener)));
        let (transaction, request) = asked(server, &phone, account).await?;
        let pushed = pushed.await??;
        same(
            pushed["device"].as_str(),
            Some(format!("https://up.example/{number}").as_str()),
            "the address",
        )?;
        phone.authenticator.approve(request.id, MatchProof::None).await?;
        same(server.status(&transaction).await?.as_str(), "accept", "the sign-in")?;
    }
    Ok(())
}

pub(crate) async fn a_push_by_a_gateway_wakes_the_phone(server: &PrivacyIdea) -> Result<(), Failure> {
    let listener = Arc::new(TcpListener::bind(("127.0.0.1", 0)).await?);
    let made = with_gateway(server, &listener).await?;
    let phone = Phone::new();
    let endpoint = WakeUp::UnifiedPush { endpoint: "https://up.example/1".into() };
    phone.enrol_by(&made, Some(endpoint)).await?;
    same(phone.authenticator.requests().len(), 0, "nothing is open")?;
    let pushed = tokio::spawn(one_request(Arc::clone(&listener)));
    let transaction = server.trigger("alice").await?;
    // What the push says isn't read: it makes the phone ask, and nothing else does.
    pushed.await??;
    let mut requests = phone.authenticator.wait_for_requests(Duration::ZERO).await?;
    same((requests.open.len(), requests.failures.len()), (1, 0), "the phone has asked")?;
    phone.authenticator.approve(requests.open.remove(0).id, MatchProof::None).await?;
    same(server.status(&transaction).await?.as_str(), "accept", "the sign-in")
}

/// The QR of a push token that is pushed to by a gateway, which posts to this listener.
async fn with_gateway(server: &PrivacyIdea, listener: &TcpListener) -> Result<String, Failure> {
    let gateway = json!({
        "name": "bridge", "module": "privacyidea.lib.smsprovider.HttpSMSProvider.HttpSMSProvider",
        "option.URL": format!("http://{}/", listener.local_addr()?), "option.HTTP_METHOD": "POST",
        "option.ALLOW_PUSH": "yes", "option.SEND_DATA_AS_JSON": "yes", "option.device": "{phone}",
        "option.data": "{message}",
    });
    server.post("/smsgateway", gateway).await?;
    let policy = |gateway: &str| json!({ "push_firebase_configuration": gateway, "push_registration_url": server.push_url(), "push_ttl": "10" });
    server.set_policy("push_enrolment", "enrollment", policy("bridge")).await?;
    let made = server.make_push_token("alice").await;
    server.set_policy("push_enrolment", "enrollment", policy("poll only")).await?;
    Ok(made?.1)
}

/// The JSON of the next request.
async fn one_request(listener: Arc<TcpListener>) -> Result<Value, std::io::Error> {
    let (mut stream, _) = listener.accept().await?;
    let mut request = Vec::new();
    loop {
        let mut buffer = [0; 4096];
        let read = stream.read(&mut buffer).await?;
        request.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&request);
        let body = text.split_once("\r\n\r\n").map(|(_, body)| serde_json::from_str(body));
        if read == 0 || body.as_ref().is_some_and(Result::is_ok) {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").await?;
            return Ok(body.and_then(Result::ok).unwrap_or_default());
        }
    }
}
