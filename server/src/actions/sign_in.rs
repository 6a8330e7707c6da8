//! Sign-ins as the relying party and the page see them.

use std::sync::Arc;

use countersign_protocol::messages::{Challenge, Purpose};
use countersign_protocol::{Id, MatchLink, Thumbprint};

use crate::app::App;
use crate::keys::{PageKind, SigningKey};
use crate::push_limit::{Pushing, Standing};
use crate::refusal::{Refusal, check_name};
use crate::secret::SecretText;
use crate::source::Source;
use crate::store::accounts::Account;
use crate::store::audit::{self, About, Act, Actor, Event};
use crate::store::clients::{self, Client, Methods, Right};
use crate::store::devices::{self, Device, DeviceState};
use crate::store::idempotency::{self, Known, Retry};
use crate::store::sign_ins::{self, Method, Push, SignIn, SignInPurpose, SignInState};
use crate::store::{Result, StoreError, Transaction, accounts, challenges, pushes};
use crate::time::Time;
use crate::{actions, text};

/// One-time codes that one sign-in takes, right or wrong: the source's throttle counts the wrong ones, and this bounds
/// what a page can have written.
const CODE_TRIES: u8 = 10;

/// What a relying party says about a sign-in.
#[derive(Clone, Debug, Default)]
pub(crate) struct NewSignIn {
    pub(crate) user: String,
    pub(crate) application: String,
    pub(crate) place: Option<String>,
    pub(crate) ip: Option<std::net::IpAddr>,
    pub(crate) browser: Option<String>,
    pub(crate) return_url: Option<String>,
}

/// Starts a sign-in: every active device of the user is asked, unless too many requests wait or have been sent. The same
/// request again (`retry`) gives the same sign-in.
///
/// A user who has no device, or doesn't exist, gets a sign-in as well, so that a page says nothing about either.
pub(crate) async fn create(
    app: &Arc<App>,
    client: &Client,
    new: NewSignIn,
    retry: Option<Retry>,
) -> std::result::Result<SignIn, Refusal> {
    let mut sign_in = prepare(app, client, new, client.methods)?;
    let now = sign_in.created;
    let (writer, client) = (Arc::clone(app), client.clone());
    let created = app
        .store
        .write(move |transaction| {
            if let Some(retry) = &retry {
                match idempotency::find(transaction, &client, retry)? {
                    Known::New => {}
                    Known::Other => return Ok(Err(Refusal::KeyReused)),
                    Known::Done { subject, .. } => {
                        let known = subject.map(|id| sign_ins::load(transaction, id)).transpose()?.flatten();
                        return Ok(known.map(|known| (known, Vec::new())).ok_or(Refusal::NotFound));
                    }
                }
                idempotency::remember(transaction, &client, retry, "created", Some(sign_in.id), now)?;
            }
            let devices = start(&writer, transaction, &mut sign_in)?;
            Ok(Ok((sign_in, devices)))
        })
        .await?;
    let (sign_in, devices) = created?;
    app.wake_ups.call(&devices, sign_in.expires);
    Ok(sign_in)
}

/// A new sign-in that these methods may approve, as it is before anybody is asked: see [`start`].
pub(crate) fn prepare(
    app: &App,
    client: &Client,
    new: NewSignIn,
    methods: Methods,
) -> std::result::Result<SignIn, Refusal> {
    // Every door comes by here, whatever it has looked at itself.
    if !client.may(Right::SignIn) {
        return Err(Refusal::MissingRight(Right::SignIn));
    }
    check(&new)?;
    let (policy, now) = (app.settings.policy, app.now());
    Ok(SignIn {
        id: Id::make_random(),
        account: actions::account_of(client, &new.user),
        client: client.name.clone(),
        source: Source::derive(&app.keys, &client.name, new.ip),
        purpose: SignInPurpose::SignIn,
        application: new.application,
        place: new.place,
        ip: new.ip.map(|ip| ip.to_string()),
        browser: new.browser,
        return_url: new.return_url,
        enrolment: None,
        methods,
        matching: policy.matching,
        tries_left: policy.tries,
        code_tries_left: if methods.contains(Method::Code) { CODE_TRIES } else { 0 },
        devices: 0,
        push: Push::Asked,
        push_until: None,
        state: SignInState::Pending,
        created: now,
        expires: now + app.settings.challenge_lifetime,
        method: None,
        decided: None,
        amr: None,
        matched: None,
    })
}

/// Stores a new sign-in and asks devices about it. They are to be woken after the commit.
pub(crate) fn start(
    app: &App,
    transaction: &mut Transaction<'_>,
    sign_in: &mut SignIn,
) -> Result<Vec<Device>> {
    let devices = select_devices(app, transaction, sign_in)?;
    sign_in.devices = u32::try_from(devices.len()).unwrap_or(u32::MAX);
    sign_ins::insert(transaction, sign_in)?;
    for device in &devices {
        challenge_device(app, transaction, sign_in, device)?;
    }
    let actor = Actor::Client(sign_in.client.clone());
    let outcome = match sign_in.push {
        Push::Asked | Push::Excluded => "created",
        Push::Limited => "push_limited",
        Push::Locked => "push_locked",
    };
    audit::append(
        transaction,
        &Act {
            at: sign_in.created,
            actor: &actor,
            event: Event::SignInCreate,
            outcome,
            about: About::Account(&sign_in.account),
            subject: Some(sign_in.id),
        },
    )?;
    Ok(devices)
}

/// The devices to be asked about a new sign-in, and a note in it if there are none for the account's standing. A user
/// who doesn't exist is counted as well: the limit says nothing about who does.
fn select_devices(app: &App, transaction: &Transaction<'_>, sign_in: &mut SignIn) -> Result<Vec<Device>> {
    if !sign_in.methods.contains(Method::Push) {
        sign_in.push = Push::Excluded;
        return Ok(Vec::new());
    }
    let (account, source, now) = (&sign_in.account, sign_in.source, sign_in.created);
    let standing = standing(transaction, account)?;
    let asked = sign_ins::asked(transaction, account, now)?;
    let at_once = app.settings.open_sign_ins;
    let pushing = app.settings.push_limit.at(&standing, &asked, source, at_once, now);
    (sign_in.push, sign_in.push_until) = (pushing.push(), pushing.until());
    let Pushing::Open { sent } = pushing else { return Ok(Vec::new()) };
    pushes::record(transaction, account, source, sent.saturating_add(1), now)?;
    devices::of_account(transaction, account, Some(DeviceState::Active))
}

/// How an account stands, as far as its devices are asked by it.
pub(crate) fn standing(connection: &rusqlite::Connection, account: &Account) -> Result<Standing> {
    Ok(Standing {
        locked: accounts::push_lock(connection, account)?,
        pushes: pushes::of_account(connection, account)?,
    })
}

/// A sign-in that this client has started. A client that was revoked meanwhile learns nothing of it.
pub(crate) async fn load(app: &Arc<App>, client: &Client, id: Id) -> std::result::Result<SignIn, Refusal> {
    let (asker, now) = (client.id, app.now());
    let (sign_in, is_usable) = app
        .store
        .read(move |connection| {
            Ok((sign_ins::load(connection, id)?, clients::is_usable(connection, asker, now)?))
        })
        .await?;
    if !is_usable {
        return Err(Refusal::ClientEnded);
    }
    sign_in.filter(|sign_in| belongs_to(sign_in, client)).ok_or(Refusal::NotFound)
}

/// The sign-in once it has ended, or as it stands at `until`.
pub(crate) async fn wait(
    app: &Arc<App>,
    client: &Client,
    id: Id,
    until: Time,
) -> std::result::Result<SignIn, Refusal> {
    let mut subscription = app.subscribe(id);
    loop {
        let sign_in = load(app, client, id).await?;
        let now = app.now();
        let waits = sign_in.state_at(now) == SignInState::Pending && now < until && !app.hub.is_closing();
        if !waits {
            return Ok(sign_in);
        }
        app.wait(&mut subscription, until.min(sign_in.expires)).await;
    }
}

/// Withdraws a sign-in that waits.
pub(crate) async fn cancel(app: &Arc<App>, id: Id, actor: Actor) -> std::result::Result<(), Refusal> {
    let now = app.now();
    app.store
        .write(move |transaction| {
            let Some(sign_in) = sign_ins::load(transaction, id)? else { return Ok(Err(Refusal::NotFound)) };
            let ending = SignInState::Cancelled.into();
            let ended = actions::end::sign_in(transaction, &sign_in, &ending, &actor, now)?;
            Ok(if ended { Ok(()) } else { Err(Refusal::Ended) })
        })
        .await?
}

/// Whether the client may see this sign-in. Activations belong to their enrolment.
pub(crate) fn belongs_to(sign_in: &SignIn, client: &Client) -> bool {
    sign_in.purpose == SignInPurpose::SignIn
        && sign_in.account.organisation == client.organisation
        && sign_in.client == client.name
}

/// Writes the challenge of a sign-in for a device, under the key that the device trusts, and tells those who wait.
pub(crate) fn challenge_device(
    app: &App,
    transaction: &mut Transaction<'_>,
    sign_in: &SignIn,
    device: &Device,
) -> Result<()> {
    let ring = app.ring();
    let key = ring
        .device_facing(&device.service_key)
        .ok_or(StoreError::Damaged("a device trusts a key that the service does not have"))?;
    let jws = sign_challenge(key, sign_in, device.id, device.device_key.thumbprint())?;
    challenges::insert(transaction, sign_in.id, device.id, device.service_key, &jws)?;
    transaction.touch(device.id);
    Ok(())
}

/// The challenge's text for one device.
pub(crate) fn sign_challenge(
    key: &SigningKey,
    sign_in: &SignIn,
    device: Id,
    aud: Thumbprint,
) -> Result<String> {
    let challenge = Challenge {
        aud,
        device,
        id: sign_in.id,
        iat: sign_in.created.seconds(),
        exp: sign_in.expires.seconds(),
        purpose: match sign_in.purpose {
            SignInPurpose::SignIn => Purpose::SignIn,
            SignInPurpose::Activation => Purpose::Activation,
        },
        application: sign_in.application.clone(),
        user: sign_in.account.user.clone(),
        place: sign_in.place.clone(),
        ip: sign_in.ip.clone(),
        client: sign_in.browser.clone(),
        matching: sign_in.matching,
    };
    key.sign(&challenge).map_err(|_| StoreError::Damaged("a challenge could not be signed"))
}

/// The number that the page shows, if the sign-in has number matching and a device could take it.
pub(crate) fn number(app: &App, sign_in: &SignIn) -> Option<SecretText> {
    let digits = sign_in.matching.digits.filter(|_| sign_in.push == Push::Asked)?;
    Some(app.keys.derive_number(sign_in.id, digits))
}

/// The text of the page's QR, if the sign-in has scan matching and a device could take it.
pub(crate) fn match_link(app: &App, sign_in: &SignIn) -> Option<SecretText> {
    let scans = sign_in.matching.scan && sign_in.push == Push::Asked;
    let link = scans.then(|| MatchLink {
        service: app.settings.public_url.clone(),
        challenge: sign_in.id,
        secret: app.keys.derive_match_secret(sign_in.id),
    })?;
    Some(SecretText::new(link.expose_text()))
}

/// The address of the sign-in's page, with the key that opens it.
pub(crate) fn page_url(app: &App, sign_in: Id) -> SecretText {
    let key = app.keys.derive_page_key(PageKind::SignIn, sign_in);
    SecretText::new(app.settings.public_url.join(&format!("/sign-ins/{sign_in}?key={}", key.expose())))
}

fn check(new: &NewSignIn) -> std::result::Result<(), Refusal> {
    let names = [
        ("user", Some(&new.user)),
        ("application", Some(&new.application)),
        ("place", new.place.as_ref()),
        ("client", new.browser.as_ref()),
    ];
    for (field, value) in names {
        if let Some(value) = value {
            check_name(field, value)?;
        }
    }
    if new.return_url.as_deref().is_some_and(|url| !text::is_return_url(url)) {
        return Err(Refusal::Invalid("return_url"));
    }
    Ok(())
}
