//! One-time codes: for a sign-in from its page, or by themselves for a relying party.

use std::sync::Arc;

use countersign_protocol::Id;

use super::enrol::TOTP_TABLE;
use crate::app::App;
use crate::refusal::Refusal;
use crate::secret::SecretText;
use crate::store::accounts::{self, Account};
use crate::store::audit::{self, Actor, Event};
use crate::store::sign_ins::{self, Ending, Method, SignIn, SignInPurpose, SignInState};
use crate::store::{Result, StoreError, Transaction, devices};
use crate::time::Time;
use crate::{actions, otp};

/// Authentication method reference of a one-time code (RFC 8176).
pub(crate) const AMR: &str = "otp";

/// Approves a sign-in by a one-time code of any of its user's devices. `allowed` says whether the asker may.
pub(crate) async fn for_sign_in(
    app: &Arc<App>,
    id: Id,
    code: SecretText,
    actor: Actor,
    allowed: impl FnOnce(&SignIn) -> bool + Send + 'static,
) -> std::result::Result<SignIn, Refusal> {
    check_form(&code)?;
    let (now, writer) = (app.now(), Arc::clone(app));
    app.store
        .write(move |transaction| {
            let sign_in = sign_ins::load(transaction, id)?;
            let Some(sign_in) = sign_in.filter(|it| it.purpose == SignInPurpose::SignIn && allowed(it))
            else {
                return Ok(Err(Refusal::NotFound));
            };
            if sign_in.state_at(now) != SignInState::Pending {
                return Ok(Err(Refusal::Ended));
            }
            if !sign_ins::take_code_try(transaction, id)? {
                return Ok(Err(Refusal::TooManyCodes));
            }
            if let Err(refusal) =
                verify(&writer, transaction, &sign_in.account, &code, &actor, Some(id), now)?
            {
                return Ok(Err(refusal));
            }
            let ending = Ending {
                method: Some(Method::Code),
                amr: Some(AMR.to_owned()),
                ..SignInState::Approved.into()
            };
            if !actions::end::sign_in(transaction, &sign_in, &ending, &actor, now)? {
                return Err(StoreError::NotCommitted);
            }
            sign_ins::load(transaction, id)?.map(Ok).ok_or(StoreError::NotCommitted)
        })
        .await?
}

/// Verifies a one-time code of any of a user's devices, and uses it up. Gives the device.
pub(crate) async fn alone(
    app: &Arc<App>,
    account: Account,
    code: SecretText,
    actor: Actor,
) -> std::result::Result<Id, Refusal> {
    check_form(&code)?;
    let (now, writer) = (app.now(), Arc::clone(app));
    app.store
        .write(move |transaction| {
            let verified = verify(&writer, transaction, &account, &code, &actor, None, now)?;
            if let Ok(device) = verified {
                let subject = Some(device);
                audit::append(transaction, now, &actor, Event::CodeVerify, "approved", &account, subject)?;
            }
            Ok(verified)
        })
        .await?
}

/// A text that can't be a code isn't a guess, and isn't counted as one.
fn check_form(code: &SecretText) -> std::result::Result<(), Refusal> {
    if otp::is_well_formed(code.expose()) { Ok(()) } else { Err(Refusal::Invalid("code")) }
}

fn verify(
    app: &App,
    transaction: &Transaction<'_>,
    account: &Account,
    code: &SecretText,
    actor: &Actor,
    subject: Option<Id>,
    now: Time,
) -> Result<std::result::Result<Id, Refusal>> {
    let refused =
        |outcome| audit::append(transaction, now, actor, Event::CodeVerify, outcome, account, subject);
    if let Some(lock) = accounts::lock(transaction, account, now)? {
        refused("throttled")?;
        return Ok(Err(Refusal::Locked(lock)));
    }
    for totp in devices::totp_of_account(transaction, account)? {
        let secret = app.keys.sealer.open(TOTP_TABLE, totp.device.as_bytes(), &totp.sealed_secret)?;
        let Some(step) = otp::find_step(&secret, code.expose(), now, totp.drift, totp.last_step) else {
            continue;
        };
        if devices::use_totp_step(transaction, totp.device, step.number, step.drift)? {
            accounts::note_success(transaction, account)?;
            return Ok(Ok(totp.device));
        }
    }
    accounts::count_failure(transaction, account, now)?;
    refused("wrong_code")?;
    Ok(Err(Refusal::WrongCode))
}
