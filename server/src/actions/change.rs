//! A device changes something about itself.

use std::sync::Arc;

use countersign_protocol::messages::{Change, Changed, DeviceChange, ProblemCode};
use countersign_protocol::{Id, jws, name};

use super::enrol::wake_up_text;
use super::{Denial, check_age, hash_of};
use crate::actions;
use crate::app::App;
use crate::store::audit::{self, About, Act, Actor, Event};
use crate::store::devices::{self, Device, DeviceState, Seen};
use crate::store::{Result, Transaction};
use crate::time::Time;

/// Makes the change. The same bytes again change nothing more and get the same reply.
pub(crate) async fn change(
    app: Arc<App>,
    request: &str,
    device: Id,
    re: String,
) -> std::result::Result<Changed, Denial> {
    let device = app
        .store
        .read(move |connection| devices::load(connection, device))
        .await?
        .ok_or(ProblemCode::DeviceUnknown)?;
    let claims: Change = jws::verify(request, &device.device_key).map_err(|_| ProblemCode::Malformed)?;
    let what = What::parse(&claims.change)?;
    let request_hash = hash_of(request);
    let now = app.now();
    app.store
        .write(move |transaction| {
            let Some(device) = devices::load(transaction, claims.device)? else {
                return Ok(Err(ProblemCode::DeviceUnknown.into()));
            };
            // A revocation whose reply got lost is answered again as well.
            match devices::change_seen(transaction, device.id, claims.jti, &request_hash)? {
                Seen::Same => return Ok(Ok(())),
                Seen::Other => return Ok(Err(Denial::from(ProblemCode::Replayed))),
                Seen::No => {}
            }
            if device.state == DeviceState::Revoked {
                return Ok(Err(ProblemCode::DeviceRevoked.into()));
            }
            if let Err(stale) = check_age(claims.iat, now) {
                return Ok(Err(stale));
            }
            devices::remember_change(transaction, device.id, claims.jti, &request_hash, now)?;
            apply(transaction, &device, &what, now)?;
            Ok(Ok(()))
        })
        .await??;
    Ok(Changed { re, time: app.now().millis() })
}

/// A change whose values may be stored.
enum What {
    Rename(String),
    WakeUp(Option<String>),
    Revoke,
}

impl What {
    fn parse(change: &DeviceChange) -> std::result::Result<Self, Denial> {
        match change {
            DeviceChange::Rename { name } => {
                name::check(name).map_err(|_| ProblemCode::NameRefused)?;
                Ok(Self::Rename(name.clone()))
            }
            DeviceChange::WakeUp { wake_up } => {
                Ok(Self::WakeUp(wake_up.as_ref().map(wake_up_text).transpose()?))
            }
            DeviceChange::Revoke => Ok(Self::Revoke),
        }
    }
}

fn apply(transaction: &mut Transaction<'_>, device: &Device, what: &What, now: Time) -> Result<()> {
    let actor = Actor::Device(device.id);
    let event = match what {
        What::Revoke => return actions::end::device(transaction, device, &actor, now).map(|_| ()),
        What::Rename(name) => {
            devices::rename(transaction, device.id, name)?;
            Event::DeviceRename
        }
        What::WakeUp(wake_up) => {
            devices::set_wake_up(transaction, device.id, wake_up.as_deref())?;
            Event::DeviceWakeUp
        }
    };
    audit::append(
        transaction,
        &Act {
            at: now,
            actor: &actor,
            event,
            outcome: "changed",
            about: About::Account(&device.account),
            subject: Some(device.id),
        },
    )
}
