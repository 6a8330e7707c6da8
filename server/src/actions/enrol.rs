//! A device uses a ticket (`docs/protocol.md`, section 3).

use std::sync::Arc;

use countersign_protocol::limits::MAX_WAKE_UP_BYTES;
use countersign_protocol::messages::{Enrol, Enrolled, Matching, ProblemCode, WakeUp};
use countersign_protocol::{CheckValue, Id, Thumbprint, jwe, jws, name};

use super::{Denial, hash_of};
use crate::actions;
use crate::actions::enrolment::has_room;
use crate::actions::sign_in::challenge_device;
use crate::app::App;
use crate::config::DEFAULT_DIGITS;
use crate::otp;
use crate::secret::SecretBytes;
use crate::source::Source;
use crate::store::audit::{self, About, Act, Actor, Event};
use crate::store::clients::Methods;
use crate::store::devices::{self, Device, DeviceState};
use crate::store::enrolments::{self, Enrolment, EnrolmentState};
use crate::store::sign_ins::{self, Method, Push, SignIn, SignInPurpose, SignInState};
use crate::store::{Result, StoreError, Transaction, organisations};
use crate::wake_up::is_endpoint;

/// Name of the table that the one-time-code secrets are sealed for.
pub(crate) const TOTP_TABLE: &str = "devices.totp_secret";

/// Binds the keys in the request to the account behind its ticket. The same request again gets the same content.
pub(crate) async fn enrol(app: Arc<App>, request: &str, re: String) -> std::result::Result<Enrolled, Denial> {
    let claims: Enrol = jws::verify_self_signed(request, |claims: &Enrol| claims.device_key)
        .map_err(|_| ProblemCode::Malformed)?;
    check_form(&claims)?;
    let request_hash = hash_of(request);
    let writer = Arc::clone(&app);
    let done = app
        .store
        .write(move |transaction| use_ticket(&writer, transaction, &claims, &request_hash))
        .await??;
    let totp = jwe::seal(&done.device.encryption_key, &done.totp).map_err(|_| ProblemCode::Unavailable)?;
    Ok(Enrolled {
        re,
        time: app.now().millis(),
        device: done.device.id,
        organisation: done.organisation,
        user: done.device.account.user,
        policy: app.settings.policy,
        totp,
    })
}

/// A channel's stored text, if its content may be stored.
pub(crate) fn wake_up_text(wake_up: &WakeUp) -> std::result::Result<String, Denial> {
    let acceptable = match wake_up {
        WakeUp::UnifiedPush { endpoint } => endpoint.len() <= MAX_WAKE_UP_BYTES && is_endpoint(endpoint),
        WakeUp::Fcm { token } | WakeUp::Apns { token } => {
            !token.is_empty() && token.len() <= MAX_WAKE_UP_BYTES
        }
    };
    if !acceptable {
        return Err(ProblemCode::Malformed.into());
    }
    serde_json::to_string(wake_up).map_err(|_| ProblemCode::Malformed.into())
}

struct Done {
    device: Device,
    organisation: String,
    /// JSON of the one-time codes' parameters, to be sealed to the device.
    totp: zeroize::Zeroizing<Vec<u8>>,
}

fn check_form(claims: &Enrol) -> std::result::Result<(), Denial> {
    let (device, approval, encryption) = (claims.device_key, claims.approval_key, claims.encryption_key);
    let keys_differ = device != approval && device != encryption && approval != encryption;
    if !keys_differ {
        return Err(ProblemCode::Malformed.into());
    }
    name::check(&claims.name).map_err(|_| ProblemCode::NameRefused)?;
    claims.wake_up.as_ref().map(wake_up_text).transpose().map(|_| ())
}

fn use_ticket(
    app: &App,
    transaction: &mut Transaction<'_>,
    claims: &Enrol,
    request_hash: &[u8],
) -> Result<std::result::Result<Done, Denial>> {
    let now = app.now();
    let secret = app.keys.derive_ticket_secret(claims.ticket.enrolment());
    // Compared before the database is asked, in constant time: an altered ticket and an unknown one look the same.
    let genuine = secret.matches(claims.ticket.expose_secret());
    let enrolment = enrolments::load(transaction, claims.ticket.enrolment())?.filter(|_| genuine);
    let Some(enrolment) = enrolment else {
        return Ok(Err(ProblemCode::TicketUnknown.into()));
    };
    if enrolment.request_hash.as_deref() == Some(request_hash) {
        return again(app, transaction, &enrolment).map(Ok);
    }
    let refused = match enrolment.state_at(now) {
        EnrolmentState::Pending => None,
        _ if enrolment.request_hash.is_some() => Some(ProblemCode::TicketUsed),
        _ => Some(ProblemCode::TicketExpired),
    };
    if let Some(code) = refused {
        let outcome = if code == ProblemCode::TicketUsed { "ticket_used" } else { "ticket_expired" };
        audit::append(
            transaction,
            &Act {
                at: now,
                actor: &Actor::Service,
                event: Event::EnrolmentUse,
                outcome,
                about: About::Account(&enrolment.account),
                subject: Some(enrolment.id),
            },
        )?;
        return Ok(Err(code.into()));
    }
    // Tickets of before the limit counted them, and nothing else, may be too many.
    if enrolment.replaces.is_none() && !has_room(transaction, &enrolment.account, 0)? {
        let actor = Actor::Service;
        actions::end::enrolment(
            transaction,
            enrolment.id,
            &enrolment.account,
            EnrolmentState::Failed,
            &actor,
            now,
        )?;
        return Ok(Err(ProblemCode::TicketExpired.into()));
    }
    bind(app, transaction, &enrolment, claims, request_hash).map(Ok)
}

/// The first use: stores the device and asks it for its activation.
fn bind(
    app: &App,
    transaction: &mut Transaction<'_>,
    enrolment: &Enrolment,
    claims: &Enrol,
    request_hash: &[u8],
) -> Result<Done> {
    let now = app.now();
    let device = Device {
        id: Id::make_random(),
        account: enrolment.account.clone(),
        enrolment: enrolment.id,
        state: DeviceState::AwaitingActivation,
        name: claims.name.clone(),
        platform: devices::platform_text(claims.platform).to_owned(),
        hardware_keys: claims.hardware_keys,
        wake_up: claims.wake_up.as_ref().and_then(|wake_up| wake_up_text(wake_up).ok()),
        device_key: claims.device_key,
        approval_key: claims.approval_key,
        encryption_key: claims.encryption_key,
        service_key: claims.aud,
        created: now,
        activated: None,
    };
    let organisation = organisations::name_of(transaction, enrolment.account.organisation)?;
    let activation = activation_of(app, enrolment, &organisation);
    let check = check_value(enrolment.id, claims.aud, &device).to_string();
    let used = enrolments::use_ticket(
        transaction,
        &enrolments::TicketUse {
            enrolment: enrolment.id,
            request_hash,
            check_value: &check,
            device: device.id,
            activation: activation.id,
            expires: activation.expires,
        },
        now,
    )?;
    if !used {
        return Err(StoreError::NotCommitted);
    }
    let secret = SecretBytes::<{ otp::SECRET_BYTES }>::make_random();
    let sealed = app.keys.sealer.seal(TOTP_TABLE, device.id.as_bytes(), secret.expose())?;
    devices::insert(transaction, &device, &sealed)?;
    sign_ins::insert(transaction, &activation)?;
    challenge_device(app, transaction, &activation, &device)?;
    transaction.touch(enrolment.id);
    audit::append(
        transaction,
        &Act {
            at: now,
            actor: &Actor::Device(device.id),
            event: Event::EnrolmentUse,
            outcome: "bound",
            about: About::Account(&enrolment.account),
            subject: Some(enrolment.id),
        },
    )?;
    Ok(Done { totp: totp_json(secret.expose())?, device, organisation })
}

/// The same request again: its reply got lost.
fn again(app: &App, transaction: &Transaction<'_>, enrolment: &Enrolment) -> Result<Done> {
    let device = match enrolment.device {
        Some(device) => devices::load(transaction, device)?,
        None => None,
    };
    let device = device.ok_or(StoreError::Damaged("an enrolment's device is missing"))?;
    let sealed = devices::totp_secret(transaction, device.id)?;
    let secret = app.keys.sealer.open(TOTP_TABLE, device.id.as_bytes(), &sealed)?;
    let organisation = organisations::name_of(transaction, enrolment.account.organisation)?;
    Ok(Done { totp: totp_json(&secret)?, device, organisation })
}

fn activation_of(app: &App, enrolment: &Enrolment, organisation: &str) -> SignIn {
    let now = app.now();
    SignIn {
        id: Id::make_random(),
        account: enrolment.account.clone(),
        client: enrolment.client.clone(),
        source: Source::NONE,
        purpose: SignInPurpose::Activation,
        application: organisation.to_owned(),
        place: None,
        ip: None,
        browser: None,
        return_url: None,
        enrolment: Some(enrolment.id),
        methods: Methods::of(&[Method::Push]),
        matching: activation_matching(app.settings.policy.matching),
        // The page and the phone are in one person's hands: a wrong number here means that they aren't.
        tries_left: 1,
        code_tries_left: 0,
        devices: 1,
        push: Push::Asked,
        push_until: None,
        state: SignInState::Pending,
        created: now,
        expires: now + app.settings.ticket_lifetime,
        method: None,
        decided: None,
        amr: None,
        matched: None,
    }
}

/// An activation always has a number, also where policy asks for none later: it is what proves the page.
fn activation_matching(policy: Matching) -> Matching {
    let digits = policy.digits.or_else(|| (!policy.scan).then_some(DEFAULT_DIGITS));
    Matching { digits, ..policy }
}

fn check_value(enrolment: Id, service_key: Thumbprint, device: &Device) -> CheckValue {
    CheckValue::derive(
        enrolment,
        service_key,
        &device.device_key,
        &device.approval_key,
        &device.encryption_key,
    )
}

fn totp_json(secret: &[u8]) -> Result<zeroize::Zeroizing<Vec<u8>>> {
    serde_json::to_vec(&otp::parameters(secret))
        .map(zeroize::Zeroizing::new)
        .map_err(|_| StoreError::Damaged("one-time-code parameters"))
}
