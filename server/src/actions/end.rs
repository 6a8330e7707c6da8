//! How sign-ins, enrolments and devices end, with all that follows from it.

use countersign_protocol::Id;

use crate::store::accounts::Account;
use crate::store::audit::{self, Actor, Event};
use crate::store::devices::{self, Device};
use crate::store::enrolments::{self, EnrolmentState};
use crate::store::sign_ins::{self, Ending, SignIn, SignInState};
use crate::store::{Result, Transaction, challenges};
use crate::time::Time;

/// Ends a waiting sign-in. An activation's end is its enrolment's and its device's. False if it doesn't wait any more.
pub(crate) fn sign_in(
    transaction: &mut Transaction<'_>,
    sign_in: &SignIn,
    ending: &Ending,
    actor: &Actor,
    now: Time,
) -> Result<bool> {
    let ended = if ending.state == SignInState::Expired {
        sign_ins::expire(transaction, sign_in.id)?
    } else {
        sign_ins::end(transaction, sign_in.id, ending, now)?
    };
    if !ended {
        return Ok(false);
    }
    transaction.touch(sign_in.id);
    let devices = challenges::devices(transaction, sign_in.id)?;
    for device in &devices {
        transaction.touch(*device);
    }
    let event = match (sign_in.enrolment, ending.state) {
        (Some(_), _) => Event::DeviceActivate,
        (None, SignInState::Expired | SignInState::Cancelled) => Event::SignInEnd,
        (None, _) if ending.device.is_none() => Event::CodeVerify,
        (None, _) => Event::SignInAnswer,
    };
    audit::append(transaction, now, actor, event, ending.state.as_str(), &sign_in.account, Some(sign_in.id))?;
    if let Some(enrolment) = sign_in.enrolment {
        end_activation(transaction, enrolment, &devices, ending.state, now)?;
    }
    Ok(true)
}

/// Revokes a device and withdraws the sign-ins that nobody else could answer. False if it was revoked before.
pub(crate) fn device(
    transaction: &mut Transaction<'_>,
    device: &Device,
    actor: &Actor,
    now: Time,
) -> Result<bool> {
    if !devices::revoke(transaction, device.id, now)? {
        return Ok(false);
    }
    transaction.touch(device.id);
    audit::append(transaction, now, actor, Event::DeviceRevoke, "revoked", &device.account, Some(device.id))?;
    let open =
        challenges::open(transaction, &device.account, device.id, device.service_key, now, usize::MAX)?;
    for challenge in open {
        if sign_ins::has_active_device(transaction, challenge.id)? {
            continue;
        }
        if let Some(orphan) = sign_ins::load(transaction, challenge.id)? {
            sign_in(transaction, &orphan, &SignInState::Cancelled.into(), actor, now)?;
        }
    }
    Ok(true)
}

/// Ends an enrolment whose ticket hasn't been used. False if it has ended, or awaits an activation.
pub(crate) fn enrolment(
    transaction: &mut Transaction<'_>,
    enrolment: Id,
    account: &Account,
    state: EnrolmentState,
    actor: &Actor,
    now: Time,
) -> Result<bool> {
    if !enrolments::end(transaction, enrolment, state)? {
        return Ok(false);
    }
    transaction.touch(enrolment);
    audit::append(transaction, now, actor, Event::EnrolmentEnd, state.as_str(), account, Some(enrolment))?;
    Ok(true)
}

fn end_activation(
    transaction: &mut Transaction<'_>,
    enrolment: Id,
    devices: &[Id],
    state: SignInState,
    now: Time,
) -> Result<()> {
    let state = match state {
        SignInState::Approved => EnrolmentState::Active,
        SignInState::Expired => EnrolmentState::Expired,
        SignInState::Cancelled => EnrolmentState::Cancelled,
        SignInState::Pending | SignInState::Denied | SignInState::Reported | SignInState::Failed => {
            EnrolmentState::Failed
        }
    };
    for device in devices {
        if state == EnrolmentState::Active {
            devices::activate(transaction, *device, now)?;
        } else {
            devices::revoke(transaction, *device, now)?;
        }
    }
    enrolments::end(transaction, enrolment, state)?;
    transaction.touch(enrolment);
    Ok(())
}
