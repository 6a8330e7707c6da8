//! Enrolments as the relying party and the page see them.

use std::sync::Arc;

use countersign_protocol::{EnrolmentLink, Id, Ticket};

use crate::actions;
use crate::app::App;
use crate::keys::PageKind;
use crate::refusal::{Refusal, check_name};
use crate::secret::SecretText;
use crate::store::accounts::Account;
use crate::store::audit::{self, About, Act, Actor, Event};
use crate::store::clients::{self, Client};
use crate::store::devices::{self, DeviceState};
use crate::store::enrolments::{self, Enrolment, EnrolmentState};
use crate::store::idempotency::{self, Known, Retry};
use crate::store::sign_ins::{self, SignIn};
use crate::store::{self, Transaction};
use crate::time::Time;

/// Devices that an account may have, revoked ones not counted. One more while it takes another's place.
const MAX_DEVICES: usize = 8;
/// Enrolments of one account that may be open at once.
pub(crate) const MAX_OPEN: u32 = 4;

/// Whom a device is enrolled for.
pub(crate) struct NewEnrolment {
    pub(crate) user: String,
    pub(crate) display_name: Option<String>,
    /// See [`Enrolment::shown_by_client`].
    pub(crate) shown_by_client: bool,
}

/// Makes a ticket for a user. The same request again (`retry`) gives the same one.
pub(crate) async fn create(
    app: &Arc<App>,
    client: &Client,
    new: NewEnrolment,
    retry: Option<Retry>,
) -> Result<Enrolment, Refusal> {
    let enrolment = prepare(app, client, new)?;
    let now = enrolment.created;
    let client = client.clone();
    app.store
        .write(move |transaction| {
            if let Some(retry) = &retry {
                match idempotency::find(transaction, &client, retry)? {
                    Known::New => {}
                    Known::Other => return Ok(Err(Refusal::KeyReused)),
                    Known::Done { subject, .. } => {
                        let known =
                            subject.map(|id| enrolments::load(transaction, id)).transpose()?.flatten();
                        return Ok(known.ok_or(Refusal::NotFound));
                    }
                }
            }
            if let Err(refusal) = start(transaction, &enrolment)? {
                return Ok(Err(refusal));
            }
            if let Some(retry) = &retry {
                idempotency::remember(transaction, &client, retry, "created", Some(enrolment.id), now)?;
            }
            Ok(Ok(enrolment))
        })
        .await?
}

/// A new enrolment, as it is before it is stored: see [`start`].
pub(crate) fn prepare(app: &App, client: &Client, new: NewEnrolment) -> Result<Enrolment, Refusal> {
    let NewEnrolment { user, display_name, shown_by_client } = new;
    check_name("user", &user)?;
    if let Some(name) = &display_name {
        check_name("display_name", name)?;
    }
    let now = app.now();
    Ok(Enrolment {
        id: Id::make_random(),
        account: actions::account_of(client, &user),
        client: client.name.clone(),
        display_name,
        shown_by_client,
        service_key: app.ring().current().thumbprint(),
        state: EnrolmentState::Pending,
        created: now,
        expires: now + app.settings.ticket_lifetime,
        request_hash: None,
        check_value: None,
        device: None,
        activation: None,
        replaces: None,
        return_url: None,
    })
}

/// Stores a new enrolment, if the account has room for one.
pub(crate) fn start(
    transaction: &mut Transaction<'_>,
    enrolment: &Enrolment,
) -> store::Result<Result<(), Refusal>> {
    let (account, now) = (&enrolment.account, enrolment.created);
    // Every open ticket may become a device.
    let tickets = enrolments::count_tickets(transaction, account, now)?;
    if !has_room(transaction, account, tickets)? {
        return Ok(Err(Refusal::TooManyDevices));
    }
    if enrolments::count_open(transaction, account, now)? >= MAX_OPEN {
        return Ok(Err(Refusal::TooManyOpen));
    }
    enrolments::insert(transaction, enrolment)?;
    let actor = Actor::Client(enrolment.client.clone());
    audit::append(
        transaction,
        &Act {
            at: now,
            actor: &actor,
            event: Event::EnrolmentCreate,
            outcome: "created",
            about: About::Account(account),
            subject: Some(enrolment.id),
        },
    )?;
    Ok(Ok(()))
}

/// Whether the account may have another device beside those that it has, and `more`.
pub(crate) fn has_room(transaction: &Transaction<'_>, account: &Account, more: usize) -> store::Result<bool> {
    let devices = devices::of_account(transaction, account, None)?;
    let live = devices.iter().filter(|device| device.state != DeviceState::Revoked).count();
    Ok(live.saturating_add(more) < MAX_DEVICES)
}

/// An enrolment that this client has started. A client that was revoked meanwhile learns nothing of it.
pub(crate) async fn load(app: &Arc<App>, client: &Client, id: Id) -> Result<Enrolment, Refusal> {
    let (asker, now) = (client.id, app.now());
    let (enrolment, is_usable) = app
        .store
        .read(move |connection| {
            Ok((enrolments::load(connection, id)?, clients::is_usable(connection, asker, now)?))
        })
        .await?;
    if !is_usable {
        return Err(Refusal::ClientEnded);
    }
    enrolment
        .filter(|enrolment| {
            enrolment.account.organisation == client.organisation && enrolment.client == client.name
        })
        .ok_or(Refusal::NotFound)
}

/// The enrolment as it stands after its next change, or at `until`; at once if it has ended. With its activation, if a
/// device has used the ticket.
pub(crate) async fn wait(
    app: &Arc<App>,
    client: &Client,
    id: Id,
    until: Time,
) -> Result<(Enrolment, Option<SignIn>), Refusal> {
    let mut subscription = app.subscribe(id);
    let first = load(app, client, id).await?;
    let now = app.now();
    let open = matches!(first.state_at(now), EnrolmentState::Pending | EnrolmentState::AwaitingActivation);
    let enrolment = if open && now < until && !app.hub.is_closing() {
        app.wait(&mut subscription, until.min(first.expires)).await;
        load(app, client, id).await?
    } else {
        first
    };
    let activation = match enrolment.activation {
        Some(activation) => app.store.read(move |connection| sign_ins::load(connection, activation)).await?,
        None => None,
    };
    Ok((enrolment, activation))
}

/// Withdraws an enrolment that isn't done; a device that awaits its activation is revoked.
pub(crate) async fn cancel(app: &Arc<App>, enrolment: Enrolment, actor: Actor) -> Result<(), Refusal> {
    let now = app.now();
    app.store
        .write(move |transaction| {
            let enrolment = enrolments::load(transaction, enrolment.id)?.unwrap_or(enrolment);
            let ended = actions::end::cancel_enrolment(transaction, &enrolment, &actor, now)?;
            Ok(if ended { Ok(()) } else { Err(Refusal::Ended) })
        })
        .await?
}

/// The text of the enrolment's QR.
pub(crate) fn link(app: &App, enrolment: &Enrolment) -> SecretText {
    let secret = app.keys.derive_ticket_secret(enrolment.id);
    let link = EnrolmentLink {
        service: app.settings.public_url.clone(),
        ticket: Ticket::new(enrolment.id, *secret.expose()),
        service_key: enrolment.service_key,
    };
    SecretText::new(link.expose_text())
}

/// The address of the enrolment's page, with the key that opens it.
pub(crate) fn page_url(app: &App, enrolment: Id) -> SecretText {
    let key = app.keys.derive_page_key(PageKind::Enrolment, enrolment);
    SecretText::new(app.settings.public_url.join(&format!("/enrolments/{enrolment}?key={}", key.expose())))
}
