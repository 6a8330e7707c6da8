//! A device asks for its challenges, and is kept waiting while there is nothing new.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use countersign_protocol::limits::{MAX_CHALLENGES, MAX_NEWER_DEVICES, MAX_WAIT_SECONDS};
use countersign_protocol::messages::{Delivery, Fetch, KeyChange, ProblemCode, PushStop};
use countersign_protocol::{Id, Thumbprint, jws};

use super::{Denial, check_age};
use crate::actions::sign_in::{sign_challenge, standing};
use crate::app::App;
use crate::keys::SigningKey;
use crate::store::challenges::{self, Open};
use crate::store::devices::{self, Device, DeviceState};
use crate::store::{StoreError, sign_ins};
use crate::time::Time;

/// Requests of one device that are kept waiting at once: two processes of an app, and what a lost connection left.
pub(crate) const MAX_WAITING: u32 = 4;
/// Identifiers that a device may say it knows.
pub(crate) const MAX_KNOWN: usize = 4 * MAX_CHALLENGES;
/// What a device is told to leave before it asks again, if it would have waited and there was no room.
pub(crate) const POLL_INTERVAL: Duration = Duration::from_secs(5);

/// How long devices are told of a new one.
pub(crate) const NEWS_LAST: Duration = Duration::from_hours(30 * 24);

/// The device's open challenges, as soon as they differ from those that it knows.
pub(crate) async fn fetch(
    app: Arc<App>,
    request: String,
    claims: Fetch,
    key: Arc<SigningKey>,
    re: String,
) -> Result<Delivery, Denial> {
    if claims.known.len() > MAX_KNOWN {
        return Err(ProblemCode::Malformed.into());
    }
    let began = app.now();
    let mut subscription = app.subscribe(claims.device);
    let first = look(&app, claims.device, key.thumbprint()).await?.ok_or(ProblemCode::DeviceUnknown)?;
    jws::verify::<Fetch>(&request, &first.device.device_key).map_err(|_| ProblemCode::Malformed)?;
    // Tens of thousands may be waiting: nothing is kept that the wait doesn't need.
    drop(request);
    if first.device.state == DeviceState::Revoked {
        return Err(ProblemCode::DeviceRevoked.into());
    }
    check_age(claims.iat, app.now())?;
    follow_key(&app, &first.device, key.thumbprint()).await?;
    let known: BTreeSet<Id> = claims.known.into_iter().collect();
    let waiting = (claims.wait > 0).then(|| subscription.wait_as_one_of(MAX_WAITING)).flatten();
    let wait =
        Duration::from_secs(u64::from(claims.wait.min(MAX_WAIT_SECONDS))).min(app.settings.longest_wait);
    let until = app.now() + if waiting.is_some() { wait } else { Duration::ZERO };

    let mut seen = Seen::from(first);
    loop {
        let differs = !seen.open.iter().map(|open| open.id).eq(known.iter().copied());
        if differs || app.now() >= until || app.hub.is_closing() {
            let is_turned_away = claims.wait > 0 && waiting.is_none();
            let next_fetch = if is_turned_away {
                POLL_INTERVAL.max(app.settings.next_fetch)
            } else {
                app.settings.next_fetch
            };
            let mut delivery = deliver(&app, claims.device, seen, &key, next_fetch, re).await?;
            delivery.held = millis(app.now().since(began));
            return Ok(delivery);
        }
        let wake = seen.open.iter().map(|open| open.expires).fold(until, Time::min);
        drop(seen);
        app.wait(&mut subscription, wake).await;
        seen = look(&app, claims.device, key.thumbprint()).await?.ok_or(ProblemCode::DeviceUnknown)?.into();
        if seen.state == DeviceState::Revoked {
            return Err(ProblemCode::DeviceRevoked.into());
        }
    }
}

/// A device and its open challenges.
struct Look {
    device: Device,
    open: Vec<Open>,
    push_stop: Option<PushStop>,
}

/// What a delivery needs of it, the challenges by identifier.
struct Seen {
    state: DeviceState,
    open: Vec<Open>,
    push_stop: Option<PushStop>,
}

impl From<Look> for Seen {
    fn from(look: Look) -> Self {
        let mut open = look.open;
        open.sort_by_key(|open| open.id);
        Self { state: look.device.state, open, push_stop: look.push_stop }
    }
}

async fn look(app: &App, device: Id, service_key: Thumbprint) -> Result<Option<Look>, StoreError> {
    let (now, limit) = (app.now(), app.settings.push_limit);
    app.store
        .read(move |connection| {
            let Some(device) = devices::load(connection, device)? else { return Ok(None) };
            let open =
                challenges::open(connection, &device.account, device.id, service_key, now, MAX_CHALLENGES)?;
            let push_stop = limit.stop(&standing(connection, &device.account)?, now);
            Ok(Some(Look { device, open, push_stop }))
        })
        .await
}

/// Remembers that the device has gone over to another signing key.
async fn follow_key(app: &App, device: &Device, service_key: Thumbprint) -> Result<(), StoreError> {
    if device.service_key == service_key {
        return Ok(());
    }
    let device = device.id;
    app.store.write(move |transaction| devices::set_service_key(transaction, device, service_key)).await
}

async fn deliver(
    app: &Arc<App>,
    device: Id,
    seen: Seen,
    key: &Arc<SigningKey>,
    next_fetch: Duration,
    re: String,
) -> Result<Delivery, Denial> {
    let mut texts = Vec::with_capacity(seen.open.len());
    for open in seen.open {
        match open.jws {
            Some(jws) => texts.push(jws),
            None => texts.extend(sign_again(app, device, open.id, key).await?),
        }
    }
    let since = app.now() - NEWS_LAST;
    let newer_devices = app
        .store
        .read(move |connection| devices::newer(connection, device, since, MAX_NEWER_DEVICES))
        .await?;
    let current = Arc::clone(app.ring().current());
    let key_change = (current.thumbprint() != key.thumbprint())
        .then(|| key.sign(&KeyChange { key: *current.public(), iat: current.created.seconds() }))
        .transpose()
        .map_err(|_| ProblemCode::Unavailable)?;
    Ok(Delivery {
        re,
        time: app.now().millis(),
        active: seen.state == DeviceState::Active,
        challenges: texts,
        held: 0,
        next_fetch: millis(next_fetch),
        key_change,
        policy: Some(app.settings.policy),
        push_stop: seen.push_stop,
        newer_devices,
    })
}

/// The challenge under a key that it wasn't signed by yet: the device has gone over to that key meanwhile.
async fn sign_again(
    app: &Arc<App>,
    device: Id,
    challenge: Id,
    key: &Arc<SigningKey>,
) -> Result<Option<String>, StoreError> {
    let (now, key) = (app.now(), Arc::clone(key));
    app.store
        .write(move |transaction| {
            let (Some(device), Some(sign_in)) =
                (devices::load(transaction, device)?, sign_ins::load(transaction, challenge)?)
            else {
                return Ok(None);
            };
            let jws = sign_challenge(&key, &sign_in, device.id, device.device_key.thumbprint())?;
            challenges::insert(transaction, sign_in.id, device.id, key.thumbprint(), &jws)?;
            // Another request may have been first; its text is the one that stays.
            let open = challenges::open(
                transaction,
                &device.account,
                device.id,
                key.thumbprint(),
                now,
                MAX_CHALLENGES,
            )?;
            Ok(open.into_iter().find(|open| open.id == challenge).and_then(|open| open.jws))
        })
        .await
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
