//! Enrolments as the relying party and the page see them.

use std::sync::Arc;

use countersign_protocol::{EnrolmentLink, Id, Ticket};

use crate::app::App;
use crate::keys::PageKind;
use crate::refusal::Refusal;
use crate::secret::SecretText;
use crate::store::audit::{self, Actor, Event};
use crate::store::devices::{self, DeviceState};
use crate::store::enrolments::{self, Enrolment, EnrolmentState};
use crate::store::organisations::Client;
use crate::store::sign_ins::{self, SignIn};
use crate::time::Time;
use crate::{actions, text};

/// Devices that an account may have, revoked ones not counted.
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

/// Makes a ticket for a user.
pub(crate) async fn create(app: &Arc<App>, client: &Client, new: NewEnrolment) -> Result<Enrolment, Refusal> {
    let NewEnrolment { user, display_name, shown_by_client } = new;
    if !text::is_name(&user) {
        return Err(Refusal::Invalid("user"));
    }
    if display_name.as_deref().is_some_and(|name| !text::is_name(name)) {
        return Err(Refusal::Invalid("display_name"));
    }
    let now = app.now();
    let enrolment = Enrolment {
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
    };
    app.store
        .write(move |transaction| {
            let account = &enrolment.account;
            let devices = devices::of_account(transaction, account, None)?;
            if devices.iter().filter(|device| device.state != DeviceState::Revoked).count() >= MAX_DEVICES {
                return Ok(Err(Refusal::TooManyDevices));
            }
            if enrolments::count_open(transaction, account, now)? >= MAX_OPEN {
                return Ok(Err(Refusal::TooManyOpen));
            }
            enrolments::insert(transaction, &enrolment)?;
            let actor = Actor::Client(enrolment.client.clone());
            audit::append(
                transaction,
                now,
                &actor,
                Event::EnrolmentCreate,
                "created",
                account,
                Some(enrolment.id),
            )?;
            Ok(Ok(enrolment))
        })
        .await?
}

/// An enrolment that this client has started.
pub(crate) async fn load(app: &Arc<App>, client: &Client, id: Id) -> Result<Enrolment, Refusal> {
    let enrolment = app.store.read(move |connection| enrolments::load(connection, id)).await?;
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
