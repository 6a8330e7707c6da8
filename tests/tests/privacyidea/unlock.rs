//! `push_app_force_unlock` and `push_force_app_pin`: met, or refused with a reason.

use countersign_authenticator::approvals::MatchProof;
use countersign_authenticator::keys::UserCheck;
use countersign_authenticator::offer::Offer;
use countersign_authenticator::protocol::messages::Outcome;
use countersign_tests::{Failure, Phone, PrivacyIdea};
use serde_json::{Value, json};

use crate::command_line::{home_with, run};
use crate::{asked, refused_with, same};

/// The QR of a push token that is made under these policies.
async fn wishing(server: &PrivacyIdea, wish: Value) -> Result<String, Failure> {
    let mut action = json!({ "push_firebase_configuration": "poll only", "push_registration_url": server.push_url(), "push_ttl": "10" });
    let plain = action.clone();
    for (name, value) in wish.as_object().into_iter().flatten() {
        action[name] = value.clone();
    }
    server.set_policy("push_enrolment", "enrollment", action).await?;
    let made = server.make_push_token("alice").await;
    server.set_policy("push_enrolment", "enrollment", plain).await?;
    Ok(made?.1)
}

pub(crate) async fn a_wish_for_a_check_is_met_or_the_approval_refused(
    server: &PrivacyIdea,
) -> Result<(), Failure> {
    for wish in [
        json!({ "push_app_force_unlock": "any" }),
        json!({ "push_app_force_unlock": "pin" }),
        json!({ "push_force_app_pin": true }),
    ] {
        for (check, refused) in
            [(UserCheck::None, true), (UserCheck::Passphrase, false), (UserCheck::Biometric, false)]
        {
            let qr = wishing(server, wish.clone()).await?;
            let phone = Phone::that_checks(check);
            let account = phone.enrol_by(&qr, None).await?.account;
            let (transaction, request) = asked(server, &phone, account).await?;
            if refused {
                refused_with(
                    phone.authenticator.approve(request.id, MatchProof::None).await,
                    "answer_unlock_needed",
                )?;
                same(server.status(&transaction).await?.as_str(), "pending", "nothing was sent")?;
                same(
                    phone.authenticator.deny(request.id).await?.outcome,
                    Outcome::Denied,
                    "a no needs nobody",
                )?;
            } else {
                phone.authenticator.approve(request.id, MatchProof::None).await?;
                same(server.status(&transaction).await?.as_str(), "accept", "met")?;
            }
            server.delete_tokens("alice").await?;
        }
    }
    // Who wishes nothing gets what was asked for.
    let phone = Phone::that_checks(UserCheck::None);
    let account = phone.enrol_by(&wishing(server, json!({})).await?, None).await?.account;
    let (_, request) = asked(server, &phone, account).await?;
    phone.authenticator.approve(request.id, MatchProof::None).await.map(drop).map_err(Failure::from)
}

pub(crate) async fn a_wish_for_a_fingerprint_enrols_no_phone_without(
    server: &PrivacyIdea,
) -> Result<(), Failure> {
    let qr = wishing(server, json!({ "push_app_force_unlock": "biometric" })).await?;
    for check in [UserCheck::None, UserCheck::Passphrase, UserCheck::DeviceCredential] {
        let phone = Phone::that_checks(check);
        refused_with(phone.enrol_by(&qr, None).await, "answer_biometric_needed")?;
        same(phone.authenticator.accounts()?.accounts.len(), 0, "nothing is kept")?;
    }
    // The code is as good as before.
    let phone = Phone::that_checks(UserCheck::Biometric);
    let account = phone.enrol_by(&qr, None).await?.account;
    let (transaction, request) = asked(server, &phone, account).await?;
    phone.authenticator.approve(request.id, MatchProof::None).await?;
    same(server.status(&transaction).await?.as_str(), "accept", "met")
}

pub(crate) async fn codes_are_withheld_where_nobody_was_checked(server: &PrivacyIdea) -> Result<(), Failure> {
    for (kind, wish) in
        [("totp", json!({ "totp_app_force_unlock": "any" })), ("hotp", json!({ "hotp_force_app_pin": true }))]
    {
        server.set_policy("wish", "enrollment", wish).await?;
        let made = server.make_token("alice", json!({ "type": kind })).await;
        server.delete_policy("wish").await?;
        let made = made?;
        let link = made["googleurl"]["value"].as_str().ok_or("a link")?;
        for (check, withheld) in [(UserCheck::None, 1), (UserCheck::DeviceCredential, 0)] {
            let phone = Phone::that_checks(check);
            let Offer::Otp(offer) = Offer::parse(link)? else { return Err("no one-time codes".into()) };
            let account = phone.authenticator.add(vec![offer])?.remove(0).id;
            let codes = phone.authenticator.codes()?;
            same((codes.codes.len(), codes.withheld.len()), (1 - withheld, withheld), kind)?;
            if kind == "hotp" && withheld == 1 {
                refused_with(phone.authenticator.next_code(account), "answer_unlock_needed")?;
            }
        }
        let (home, path) = home_with(link)?;
        same(run(home.path(), &["enrol", &path])?.0, 0, "enrol")?;
        let (code, codes) = run(home.path(), &["codes"])?;
        let shown = (codes["codes"].as_array().map(Vec::len), codes["withheld"].as_array().map(Vec::len));
        same((code, shown), (0, (Some(0), Some(1))), "the command line")?;
    }
    Ok(())
}

pub(crate) async fn the_command_line_approves_nothing_by_a_passphrase_file(
    server: &PrivacyIdea,
) -> Result<(), Failure> {
    let qr = wishing(server, json!({ "push_force_app_pin": true })).await?;
    let (home, link) = home_with(&qr)?;
    let (code, _) = run(home.path(), &["enrol", "--rsa-bits", "2048", &link])?;
    same(code, 0, "enrol")?;
    let transaction = server.trigger("alice").await?;
    let (code, error) = run(home.path(), &["requests", "approve", "--yes"])?;
    same((code, error["error"]["code"].as_str()), (2, Some("answer_unlock_needed")), "refused")?;
    same(server.status(&transaction).await?.as_str(), "pending", "nothing was sent")?;
    let (code, denied) = run(home.path(), &["requests", "deny"])?;
    same((code, denied["outcome"].as_str()), (0, Some("denied")), "a no needs nobody")
}
