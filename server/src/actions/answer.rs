//! A device's answer to a challenge.

use std::sync::Arc;

use countersign_protocol::messages::{Answer, Decision, Outcome, ProblemCode, Receipt, UserCheck};
use countersign_protocol::{Thumbprint, jws};
use subtle::ConstantTimeEq;

use super::{Denial, check_age, hash_of};
use crate::app::App;
use crate::store::audit::{self, About, Act, Actor, Event};
use crate::store::challenges::{self, Answered};
use crate::store::devices::{self, Device, DeviceState};
use crate::store::failures::{self, Authenticator};
use crate::store::sign_ins::{self, Ending, Matched, Method, SignIn, SignInPurpose, SignInState};
use crate::store::{Result, StoreError, Transaction, pushes};
use crate::time::Time;
use crate::{actions, throttle};

/// Takes an answer. The same bytes again get the same receipt.
pub(crate) async fn answer(
    app: Arc<App>,
    request: &str,
    claims: Answer,
    signed_by: Thumbprint,
    re: String,
) -> std::result::Result<Receipt, Denial> {
    let (device, challenge) = (claims.device, claims.challenge);
    let device = app
        .store
        .read(move |connection| devices::load(connection, device))
        .await?
        .ok_or(ProblemCode::DeviceUnknown)?;
    let by_approval_key = signed_by == device.approval_key.thumbprint();
    let key = if by_approval_key { device.approval_key } else { device.device_key };
    let claims: Answer = jws::verify(request, &key).map_err(|_| ProblemCode::Malformed)?;
    let given = Given { request_hash: hash_of(request), claims, by_approval_key };
    let writer = Arc::clone(&app);
    let answered =
        app.store.write(move |transaction| decide(&writer, transaction, device.id, &given)).await??;
    Ok(Receipt {
        re,
        time: app.now().millis(),
        challenge,
        outcome: answered.outcome,
        tries_left: answered.tries_left,
        locked: answered.locked,
    })
}

/// An answer whose signature is good.
struct Given {
    request_hash: Vec<u8>,
    claims: Answer,
    by_approval_key: bool,
}

type Decided = std::result::Result<Answered, Denial>;

/// All that depends on the state, in the order of `docs/protocol.md`, and what follows from it.
fn decide(
    app: &App,
    transaction: &mut Transaction<'_>,
    device: countersign_protocol::Id,
    given: &Given,
) -> Result<Decided> {
    let now = app.now();
    let claims = &given.claims;
    let Some(device) = devices::load(transaction, device)? else {
        return Ok(Err(ProblemCode::DeviceUnknown.into()));
    };
    // A receipt that got lost is told again even after the device's end: a denied activation revokes it.
    if let Some(answered) =
        challenges::answered(transaction, claims.challenge, device.id, &given.request_hash)?
    {
        return Ok(Ok(answered));
    }
    if device.state == DeviceState::Revoked {
        return Ok(Err(ProblemCode::DeviceRevoked.into()));
    }
    let hashes = challenges::hashes(transaction, claims.challenge, device.id)?;
    let sign_in = if hashes.is_empty() { None } else { sign_ins::load(transaction, claims.challenge)? };
    let Some(sign_in) = sign_in else {
        return Ok(Err(ProblemCode::ChallengeUnknown.into()));
    };
    let refused = match check(transaction, &device, &sign_in, &hashes, given, now)? {
        Ok(()) => return judge(app, transaction, &device, &sign_in, given, now).map(Ok),
        Err(refused) => refused,
    };
    audit::append(
        transaction,
        &Act {
            at: now,
            actor: &Actor::Device(device.id),
            event: Event::SignInAnswer,
            outcome: refusal_text(refused.code),
            about: About::Account(&sign_in.account),
            subject: Some(sign_in.id),
        },
    )?;
    Ok(Err(refused))
}

/// Whether the answer may be judged at all.
fn check(
    transaction: &Transaction<'_>,
    device: &Device,
    sign_in: &SignIn,
    hashes: &[String],
    given: &Given,
    now: Time,
) -> Result<std::result::Result<(), Denial>> {
    let claims = &given.claims;
    let answered = match sign_in.state_at(now) {
        SignInState::Pending => None,
        SignInState::Approved => Some(Outcome::Approved),
        SignInState::Denied => Some(Outcome::Denied),
        SignInState::Reported => Some(Outcome::Reported),
        SignInState::Failed => Some(Outcome::WrongMatch),
        SignInState::Expired | SignInState::Cancelled => {
            return Ok(Err(ProblemCode::ChallengeExpired.into()));
        }
    };
    if let Some(outcome) = answered {
        return Ok(Err(Denial::already_answered(outcome)));
    }
    if !hashes.contains(&claims.challenge_hash) {
        return Ok(Err(ProblemCode::ChallengeAltered.into()));
    }
    let approves = claims.decision == Decision::Approve;
    if approves && !given.by_approval_key {
        return Ok(Err(ProblemCode::WrongKey.into()));
    }
    // A person can always say no, however often a number was wrong.
    if approves {
        let failures = failures::of(transaction, &sign_in.account, &Authenticator::Approvals(device.id))?;
        if let Some(lock) = failures.lock(now) {
            return Ok(Err(Denial::locked(lock, now)));
        }
    }
    if let Err(stale) = check_age(claims.iat, now) {
        return Ok(Err(stale));
    }
    Ok(if has_right_form(claims, sign_in) { Ok(()) } else { Err(ProblemCode::Malformed.into()) })
}

/// What may be in the answer: nothing to match with a no, a lock with a report alone, and with a yes what the challenge
/// asks for.
fn has_right_form(claims: &Answer, sign_in: &SignIn) -> bool {
    let (number, scanned) = (claims.number.is_some(), claims.scanned.is_some());
    if claims.lock && claims.decision != Decision::Report {
        return false;
    }
    match claims.decision {
        Decision::Deny | Decision::Report => !number && !scanned,
        Decision::Approve => {
            let (by_number, by_scan) = (sign_in.matching.digits.is_some(), sign_in.matching.scan);
            let asked_for = by_number || by_scan;
            (!number || by_number) && (!scanned || by_scan) && (number || scanned || !asked_for)
        }
    }
}

fn judge(
    app: &App,
    transaction: &mut Transaction<'_>,
    device: &Device,
    sign_in: &SignIn,
    given: &Given,
    now: Time,
) -> Result<Answered> {
    let claims = &given.claims;
    let answered = match claims.decision {
        Decision::Deny => end(transaction, device, sign_in, SignInState::Denied, None, now)?,
        Decision::Report => report(transaction, device, sign_in, claims.lock, now)?,
        Decision::Approve if matches(app, sign_in, claims) => {
            failures::reset(transaction, &sign_in.account, &Authenticator::Approvals(device.id))?;
            if sign_in.purpose == SignInPurpose::SignIn {
                pushes::record_success(transaction, &sign_in.account, sign_in.source, now)?;
            }
            let approval =
                Approval { amr: amr(device.hardware_keys, claims.user_check), matched: matched(claims) };
            end(transaction, device, sign_in, SignInState::Approved, Some(approval), now)?
        }
        Decision::Approve => record_wrong_match(transaction, device, sign_in, now)?,
    };
    challenges::remember_answer(transaction, sign_in.id, device.id, &given.request_hash, answered, now)?;
    Ok(answered)
}

/// A report, with the lock that the person may have asked for. A device that isn't active yet locks nothing: it may be a
/// stranger's with a photographed QR.
fn report(
    transaction: &mut Transaction<'_>,
    device: &Device,
    sign_in: &SignIn,
    lock: bool,
    now: Time,
) -> Result<Answered> {
    let answered = end(transaction, device, sign_in, SignInState::Reported, None, now)?;
    let locked = lock && sign_in.purpose == SignInPurpose::SignIn;
    if locked {
        let ending = Ending { device: Some(device.id), ..SignInState::Reported.into() };
        let actor = Actor::Device(device.id);
        actions::lock::push(transaction, &sign_in.account, &ending, &actor, Some(sign_in.id), now)?;
    }
    Ok(Answered { locked, ..answered })
}

/// Whether everything that was given is right. Something was, if the challenge asks for anything.
fn matches(app: &App, sign_in: &SignIn, claims: &Answer) -> bool {
    let number = claims.number.as_deref().is_none_or(|typed| {
        actions::sign_in::number(app, sign_in).is_some_and(|number| number.matches(typed))
    });
    let scanned = claims.scanned.as_ref().is_none_or(|scanned| {
        let secret = app.keys.derive_match_secret(sign_in.id);
        secret.expose_secret().ct_eq(scanned.expose_secret()).into()
    });
    number && scanned
}

fn end(
    transaction: &mut Transaction<'_>,
    device: &Device,
    sign_in: &SignIn,
    state: SignInState,
    approval: Option<Approval>,
    now: Time,
) -> Result<Answered> {
    let outcome = match state {
        SignInState::Approved => Outcome::Approved,
        SignInState::Denied => Outcome::Denied,
        SignInState::Reported => Outcome::Reported,
        _ => Outcome::WrongMatch,
    };
    let ending = Ending {
        state,
        method: approval.is_some().then_some(Method::Push),
        device: Some(device.id),
        matched: approval.as_ref().map(|approval| approval.matched),
        amr: approval.map(|approval| approval.amr),
    };
    if !actions::end::sign_in(transaction, sign_in, &ending, &Actor::Device(device.id), now)? {
        return Err(StoreError::NotCommitted);
    }
    let tries_left = if outcome == Outcome::WrongMatch { 0 } else { sign_in.tries_left };
    Ok(Answered { outcome, tries_left, locked: false })
}

/// A wrong number or secret: counted for the device and for the sign-in, which fails with its last try.
fn record_wrong_match(
    transaction: &mut Transaction<'_>,
    device: &Device,
    sign_in: &SignIn,
    now: Time,
) -> Result<Answered> {
    let failures = failures::count(transaction, &sign_in.account, &Authenticator::Approvals(device.id), now)?;
    if failures.count == throttle::MAX_FAILURES {
        tracing::warn!(
            "a device has had {} wrong numbers in a row and approves nothing until its account is unlocked",
            failures.count
        );
    }
    let tries_left = sign_ins::take_try(transaction, sign_in.id)?.ok_or(StoreError::NotCommitted)?;
    if tries_left == 0 {
        return end(transaction, device, sign_in, SignInState::Failed, None, now);
    }
    audit::append(
        transaction,
        &Act {
            at: now,
            actor: &Actor::Device(device.id),
            event: Event::SignInAnswer,
            outcome: "wrong_match",
            about: About::Account(&sign_in.account),
            subject: Some(sign_in.id),
        },
    )?;
    Ok(Answered { outcome: Outcome::WrongMatch, tries_left, locked: false })
}

/// What an approval proves.
struct Approval {
    amr: String,
    matched: Matched,
}

fn matched(claims: &Answer) -> Matched {
    match (&claims.scanned, &claims.number) {
        (Some(_), _) => Matched::Scan,
        (None, Some(_)) => Matched::Number,
        (None, None) => Matched::Nothing,
    }
}

/// Authentication method references (RFC 8176): what the device has proven.
fn amr(hardware_keys: bool, user_check: UserCheck) -> String {
    let key = if hardware_keys { "hwk" } else { "swk" };
    match user_check {
        UserCheck::Biometric => format!("mfa pop {key} fpt"),
        UserCheck::DeviceCredential | UserCheck::Passphrase => format!("mfa pop {key} pin"),
        // Possession and a touch are one factor.
        UserCheck::None => format!("pop {key} user"),
    }
}

const fn refusal_text(code: ProblemCode) -> &'static str {
    match code {
        ProblemCode::ChallengeExpired => "challenge_expired",
        ProblemCode::ChallengeAltered => "challenge_altered",
        ProblemCode::AlreadyAnswered => "already_answered",
        ProblemCode::WrongKey => "wrong_key",
        ProblemCode::Throttled => "throttled",
        ProblemCode::ClockSkew => "clock_skew",
        _ => "malformed",
    }
}
