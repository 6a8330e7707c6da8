//! A device asks for another to take its place (`docs/protocol.md`, section 8).
//!
//! What it gets is an enrolment like any other, whose page is the old device's screen: it shows the QR, the check value
//! and the number. The old device is revoked by the new one's activation.

use std::sync::Arc;

use countersign_protocol::messages::{ProblemCode, Replace, Replacement, ReplacementScan, ReplacementState};
use countersign_protocol::{Id, ProtocolError, Ticket, jws};

use super::enrolment::MAX_OPEN;
use super::sign_in::number;
use super::{Denial, check_age, end, hash_of};
use crate::app::App;
use crate::store::audit::{self, About, Act, Actor, Event};
use crate::store::devices::{self, Device, DeviceState};
use crate::store::enrolments::{self, Enrolment, EnrolmentState, Replaces};
use crate::store::failures::{self, Authenticator};
use crate::store::sign_ins::{self, SignIn};
use crate::store::{Result, Transaction};

/// Makes the ticket. The same bytes again say how far the other device is, also once this one is revoked.
pub(crate) async fn replace(
    app: Arc<App>,
    request: &str,
    device: Id,
    re: String,
) -> std::result::Result<Replacement, Denial> {
    let device = app
        .store
        .read(move |connection| devices::load(connection, device))
        .await?
        .ok_or(ProblemCode::DeviceUnknown)?;
    let claims: Replace = jws::verify(request, &device.approval_key).map_err(|error| match error {
        ProtocolError::WrongKey => ProblemCode::WrongKey,
        _ => ProblemCode::Malformed,
    })?;
    let request_hash = hash_of(request);
    let writer = Arc::clone(&app);
    let (enrolment, activation) = app
        .store
        .write(move |transaction| {
            let enrolment = match begin(&writer, transaction, &claims, request_hash)? {
                Ok(enrolment) => enrolment,
                Err(denial) => return Ok(Err(denial)),
            };
            let activation = match enrolment.activation {
                Some(activation) => sign_ins::load(transaction, activation)?,
                None => None,
            };
            Ok(Ok((enrolment, activation)))
        })
        .await??;
    Ok(reply(&app, re, &enrolment, activation.as_ref()))
}

/// The enrolment that this request has made, or makes.
fn begin(
    app: &App,
    transaction: &mut Transaction<'_>,
    claims: &Replace,
    request_hash: Vec<u8>,
) -> Result<std::result::Result<Enrolment, Denial>> {
    let now = app.now();
    let Some(device) = devices::load(transaction, claims.device)? else {
        return Ok(Err(ProblemCode::DeviceUnknown.into()));
    };
    let replaces = Some(Replaces { device: device.id, request_hash });
    if let Some(known) = enrolments::load(transaction, claims.jti)? {
        let is_same = known.replaces == replaces;
        return Ok(if is_same { Ok(known) } else { Err(ProblemCode::Replayed.into()) });
    }
    match device.state {
        DeviceState::Active => {}
        DeviceState::Revoked => return Ok(Err(ProblemCode::DeviceRevoked.into())),
        // It has proven no page yet.
        DeviceState::AwaitingActivation => return Ok(Err(ProblemCode::Malformed.into())),
    }
    let failures = failures::of(transaction, &device.account, &Authenticator::Approvals(device.id))?;
    if let Some(lock) = failures.lock(now) {
        return Ok(Err(Denial::locked(lock, now)));
    }
    if let Err(stale) = check_age(claims.iat, now) {
        return Ok(Err(stale));
    }
    // Whoever begins anew has a reason: nobody goes on with the former one, least of all a device that scanned its code.
    for former in enrolments::open_replacements(transaction, device.id)? {
        end::cancel_enrolment(transaction, &former, &Actor::Device(device.id), now)?;
    }
    if enrolments::count_open(transaction, &device.account, now)? >= MAX_OPEN {
        return Ok(Err(ProblemCode::Unavailable.into()));
    }
    let Some(own) = enrolments::load(transaction, device.enrolment)? else {
        return Ok(Err(ProblemCode::Unavailable.into()));
    };
    let enrolment = Enrolment {
        id: claims.jti,
        service_key: app.ring().current().thumbprint(),
        state: EnrolmentState::Pending,
        created: now,
        expires: now + app.settings.ticket_lifetime,
        shown_by_client: false,
        request_hash: None,
        check_value: None,
        device: None,
        activation: None,
        replaces,
        return_url: None,
        ..own
    };
    enrolments::insert(transaction, &enrolment)?;
    note(transaction, &device, now)?;
    Ok(Ok(enrolment))
}

fn note(transaction: &Transaction<'_>, device: &Device, now: crate::time::Time) -> Result<()> {
    let actor = Actor::Device(device.id);
    audit::append(
        transaction,
        &Act {
            at: now,
            actor: &actor,
            event: Event::DeviceReplace,
            outcome: "begun",
            about: About::Account(&device.account),
            subject: Some(device.id),
        },
    )
}

fn reply(app: &App, re: String, enrolment: &Enrolment, activation: Option<&SignIn>) -> Replacement {
    let now = app.now();
    let state = match enrolment.state_at(now) {
        EnrolmentState::Pending => ReplacementState::Waiting,
        EnrolmentState::AwaitingActivation => ReplacementState::Activating,
        EnrolmentState::Active => ReplacementState::Done,
        EnrolmentState::Failed
        | EnrolmentState::Denied
        | EnrolmentState::Reported
        | EnrolmentState::Expired
        | EnrolmentState::Cancelled => ReplacementState::Ended,
    };
    let activation = activation.filter(|_| state == ReplacementState::Activating);
    Replacement {
        re,
        time: now.millis(),
        ticket: Ticket::new(enrolment.id, *app.keys.derive_ticket_secret(enrolment.id).expose()),
        service_key: enrolment.service_key,
        exp: enrolment.expires.seconds(),
        state,
        check_value: activation.and(enrolment.check_value.clone()),
        number: activation
            .and_then(|activation| number(app, activation))
            .map(|number| number.expose().to_owned()),
        scan: activation.filter(|activation| activation.matching.scan).map(|activation| ReplacementScan {
            challenge: activation.id,
            secret: app.keys.derive_match_secret(activation.id),
        }),
    }
}
