//! How sign-ins, enrolments and devices end, with all that follows from it.

use countersign_protocol::Id;

use crate::store::accounts::Account;
use crate::store::audit::{self, About, Act, Actor, Event};
use crate::store::devices::{self, Device, DeviceState};
use crate::store::enrolments::{self, Enrolment, EnrolmentState};
use crate::store::failures::{self, Authenticator};
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
    audit::append(
        transaction,
        &Act {
            at: now,
            actor,
            event,
            outcome: ending.state.as_str(),
            about: About::Account(&sign_in.account),
            subject: Some(sign_in.id),
        },
    )?;
    if let Some(enrolment) = sign_in.enrolment {
        end_activation(transaction, enrolment, &devices, ending.state, now)?;
        if ending.state == SignInState::Approved {
            first_enrolments(transaction, &sign_in.account, actor, now)?;
        }
    }
    Ok(true)
}

/// Withdraws an account's open first enrolments, including those that a device has scanned. It is called by everything
/// that gives an account an active device or locks its push, in the same transaction: no such ticket outlasts the reason
/// for which it was made, and its use needs no check of its own.
pub(crate) fn first_enrolments(
    transaction: &mut Transaction<'_>,
    account: &Account,
    actor: &Actor,
    now: Time,
) -> Result<()> {
    for enrolment in enrolments::open_first(transaction, account)? {
        cancel_enrolment(transaction, &enrolment, actor, now)?;
    }
    Ok(())
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
    // Failures at what is gone are nobody's any more.
    failures::reset(transaction, &device.account, &Authenticator::Approvals(device.id))?;
    if devices::of_account(transaction, &device.account, Some(DeviceState::Active))?.is_empty() {
        failures::reset(transaction, &device.account, &Authenticator::Codes)?;
    }
    // Who is revoked hands nothing on.
    for replacement in enrolments::open_replacements(transaction, device.id)? {
        cancel_enrolment(transaction, &replacement, actor, now)?;
    }
    super::relay::end(transaction, device, "ended", actor, now)?;
    audit::append(
        transaction,
        &Act {
            at: now,
            actor,
            event: Event::DeviceRevoke,
            outcome: "revoked",
            about: About::Account(&device.account),
            subject: Some(device.id),
        },
    )?;
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
    audit::append(
        transaction,
        &Act {
            at: now,
            actor,
            event: Event::EnrolmentEnd,
            outcome: state.as_str(),
            about: About::Account(account),
            subject: Some(enrolment),
        },
    )?;
    Ok(true)
}

/// Withdraws an enrolment that isn't done; a device that awaits its activation is revoked. False if it has ended.
pub(crate) fn cancel_enrolment(
    transaction: &mut Transaction<'_>,
    enrolment: &Enrolment,
    actor: &Actor,
    now: Time,
) -> Result<bool> {
    let activation = match enrolment.activation {
        Some(activation) => sign_ins::load(transaction, activation)?,
        None => None,
    };
    match activation {
        Some(activation) => sign_in(transaction, &activation, &SignInState::Cancelled.into(), actor, now),
        None => self::enrolment(
            transaction,
            enrolment.id,
            &enrolment.account,
            EnrolmentState::Cancelled,
            actor,
            now,
        ),
    }
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
        SignInState::Denied => EnrolmentState::Denied,
        SignInState::Reported => EnrolmentState::Reported,
        SignInState::Pending | SignInState::Failed => EnrolmentState::Failed,
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
    if state == EnrolmentState::Active {
        end_replaced(transaction, enrolment, devices, now)?;
    }
    Ok(())
}

/// Revokes the device whose place was taken: the last step, once the other one is active.
fn end_replaced(transaction: &mut Transaction<'_>, enrolment: Id, devices: &[Id], now: Time) -> Result<()> {
    let enrolment = enrolments::load(transaction, enrolment)?;
    let Some((enrolment, replaces)) = enrolment.and_then(|it| Some((it.clone(), it.replaces?))) else {
        return Ok(());
    };
    let actor = devices.first().map_or(Actor::Service, |device| Actor::Device(*device));
    let (account, old) = (&enrolment.account, Some(replaces.device));
    audit::append(
        transaction,
        &Act {
            at: now,
            actor: &actor,
            event: Event::DeviceReplace,
            outcome: "replaced",
            about: About::Account(account),
            subject: old,
        },
    )?;
    if let Some(old) = devices::load(transaction, replaces.device)? {
        device(transaction, &old, &actor, now)?;
    }
    Ok(())
}
