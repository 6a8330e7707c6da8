//! What the hosted pages work with: who may open one, what is on it, and when that changes.
//!
//! A page's address has a key in it, and opens the page for the first browser only: that browser gets a cookie, which
//! alone opens the page from then on. An address that leaks afterwards, through a history or a proxy's log, opens
//! nothing.

use std::sync::Arc;

use countersign_protocol::{Id, decode_base64url, encode_base64url};

use crate::actions::code::{self, Asker};
use crate::actions::{enrolment, sign_in};
use crate::app::App;
use crate::hub::Subscription;
use crate::keys::PageKind;
use crate::refusal::Refusal;
use crate::secret::{SecretBytes, SecretText};
use crate::store::audit::Actor;
use crate::store::clients::Methods;
use crate::store::enrolments::{self, Enrolment, EnrolmentState};
use crate::store::sign_ins::{self, Push, SignIn, SignInPurpose, SignInState};
use crate::store::{devices, organisations, page_claims};
use crate::time::Time;

/// A page that the asking browser may see. Only [`authorise`] makes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Page {
    kind: PageKind,
    id: Id,
}

/// What the enrolment page shows.
#[derive(Debug)]
pub(crate) struct EnrolmentView {
    pub(crate) id: Id,
    pub(crate) organisation: String,
    pub(crate) user: String,
    pub(crate) display_name: Option<String>,
    pub(crate) state: EnrolmentState,
    /// When the ticket expires, or, once it is used, the activation.
    pub(crate) expires: Time,
    /// Text of the QR, while the ticket waits.
    pub(crate) link: Option<SecretText>,
    /// From here on there is a device: what both screens show.
    pub(crate) check_value: Option<String>,
    pub(crate) device_name: Option<String>,
    /// The number of the activation, while it waits.
    pub(crate) number: Option<SecretText>,
    /// Text of the QR of the activation, while it waits.
    pub(crate) match_link: Option<SecretText>,
    /// Where the browser goes once the enrolment has ended.
    pub(crate) return_url: Option<String>,
}

/// What the sign-in page shows.
#[derive(Debug)]
pub(crate) struct SignInView {
    pub(crate) id: Id,
    pub(crate) organisation: String,
    pub(crate) application: String,
    pub(crate) user: String,
    pub(crate) place: Option<String>,
    pub(crate) ip: Option<String>,
    pub(crate) browser: Option<String>,
    pub(crate) state: SignInState,
    /// What may approve it.
    pub(crate) methods: Methods,
    /// Whether devices were asked; where not, a code is the way.
    pub(crate) push: Push,
    /// When a code is taken again, if too many wrong ones were typed where this sign-in comes from.
    pub(crate) code_wait: Option<Time>,
    /// Whether this sign-in takes another code at all.
    pub(crate) has_code_tries: bool,
    pub(crate) expires: Time,
    /// The number to be typed on the phone, while the sign-in waits.
    pub(crate) number: Option<SecretText>,
    /// Text of the QR to be scanned by the phone, while the sign-in waits.
    pub(crate) match_link: Option<SecretText>,
    /// Where the browser goes once the sign-in has ended.
    pub(crate) return_url: Option<String>,
    /// Whether its person may be new here: the application has named them and knows nothing of their phone.
    pub(crate) may_be_new: bool,
}

/// Opens a page by the key in its address. Gives the value of the `Set-Cookie` header that lets the browser in from now
/// on, unless it has the page already.
///
/// # Errors
///
/// [`Refusal::NotFound`] for a wrong key or an unknown page, [`Refusal::Elsewhere`] if another browser has it.
pub(crate) async fn open(
    app: &Arc<App>,
    kind: PageKind,
    id: Id,
    key: &str,
    cookies: Option<&str>,
) -> Result<Option<SecretText>, Refusal> {
    if !app.keys.derive_page_key(kind, id).matches(key) {
        return Err(Refusal::NotFound);
    }
    if authorise(app, kind, id, cookies).await.is_ok() {
        return Ok(None);
    }
    let claim = SecretBytes::<16>::make_random();
    let hash = hash(claim.expose());
    let claimed =
        app.store.write(move |transaction| page_claims::claim(transaction, kind, id, &hash)).await?;
    match claimed {
        page_claims::Claimed::Now => Ok(Some(set_cookie(app, kind, id, &claim))),
        page_claims::Claimed::Before => Err(Refusal::Elsewhere),
        page_claims::Claimed::Unknown => Err(Refusal::NotFound),
    }
}

/// Lets the browser in that has the page, by its `Cookie` header.
///
/// # Errors
///
/// [`Refusal::Elsewhere`] for any other browser, and [`Refusal::NotFound`] for an unknown page.
pub(crate) async fn authorise(
    app: &Arc<App>,
    kind: PageKind,
    id: Id,
    cookies: Option<&str>,
) -> Result<Page, Refusal> {
    let stored = app.store.read(move |connection| page_claims::load(connection, kind, id)).await?;
    let stored = stored.ok_or(Refusal::NotFound)?;
    let given = cookies.and_then(cookie_of).ok_or(Refusal::Elsewhere)?;
    // Hashes of random values: comparing them in variable time tells nothing about either.
    if stored.as_deref() == Some(hash(given.expose()).as_slice()) {
        Ok(Page { kind, id })
    } else {
        Err(Refusal::Elsewhere)
    }
}

impl Page {
    /// Listens to what changes on the page. Subscribe first, then load the view.
    pub(crate) fn subscribe(self, app: &App) -> Subscription {
        app.subscribe(self.id)
    }

    /// Waits until something may have changed, but not beyond `until`.
    pub(crate) async fn changed(self, app: &App, subscription: &mut Subscription, until: Time) {
        app.wait(subscription, until).await;
    }

    /// What an enrolment page shows now.
    pub(crate) async fn enrolment(self, app: &Arc<App>) -> Result<EnrolmentView, Refusal> {
        let id = self.of_kind(PageKind::Enrolment)?;
        let rows = app
            .store
            .read(move |connection| {
                let Some(enrolment) = enrolments::load(connection, id)? else { return Ok(None) };
                let activation = match enrolment.activation {
                    Some(activation) => sign_ins::load(connection, activation)?,
                    None => None,
                };
                let device = match enrolment.device {
                    Some(device) => devices::load(connection, device)?,
                    None => None,
                };
                let organisation = organisations::name_of(connection, enrolment.account.organisation)?;
                Ok(Some((enrolment, activation, device, organisation)))
            })
            .await?;
        let (enrolment, activation, device, organisation) = rows.ok_or(Refusal::NotFound)?;
        Ok(enrolment_view(app, enrolment, activation.as_ref(), device.map(|it| it.name), organisation))
    }

    /// What a sign-in page shows now.
    pub(crate) async fn sign_in(self, app: &Arc<App>) -> Result<SignInView, Refusal> {
        let (id, now) = (self.of_kind(PageKind::SignIn)?, app.now());
        let rows = app
            .store
            .read(move |connection| {
                let Some(sign_in) = sign_ins::load(connection, id)? else { return Ok(None) };
                let organisation = organisations::name_of(connection, sign_in.account.organisation)?;
                let code_wait = code::wait(connection, &sign_in.account, sign_in.source, now)?;
                Ok(Some((sign_in, organisation, code_wait)))
            })
            .await?;
        let (sign_in, organisation, code_wait) = rows.ok_or(Refusal::NotFound)?;
        Ok(sign_in_view(app, sign_in, organisation, code_wait))
    }

    /// Approves the page's sign-in by a one-time code.
    pub(crate) async fn submit_code(self, app: &Arc<App>, code: SecretText) -> Result<(), Refusal> {
        let id = self.of_kind(PageKind::SignIn)?;
        code::for_sign_in(app, id, code, Asker::Page).await.map(|_| ())
    }

    /// Withdraws the page's enrolment or sign-in.
    pub(crate) async fn cancel(self, app: &Arc<App>) -> Result<(), Refusal> {
        let id = self.id;
        match self.kind {
            PageKind::SignIn => sign_in::cancel(app, id, Actor::Page).await,
            PageKind::Enrolment => {
                let enrolment = app.store.read(move |connection| enrolments::load(connection, id)).await?;
                enrolment::cancel(app, enrolment.ok_or(Refusal::NotFound)?, Actor::Page).await
            }
        }
    }

    fn of_kind(self, kind: PageKind) -> Result<Id, Refusal> {
        if self.kind == kind { Ok(self.id) } else { Err(Refusal::NotFound) }
    }
}

const COOKIE: &str = "countersign_page";

fn enrolment_view(
    app: &App,
    enrolment: Enrolment,
    activation: Option<&SignIn>,
    device_name: Option<String>,
    organisation: String,
) -> EnrolmentView {
    let state = enrolment.state_at(app.now());
    let waiting = activation.filter(|_| state == EnrolmentState::AwaitingActivation);
    EnrolmentView {
        id: enrolment.id,
        organisation,
        link: (state == EnrolmentState::Pending).then(|| enrolment::link(app, &enrolment)),
        number: waiting.and_then(|activation| sign_in::number(app, activation)),
        match_link: waiting.and_then(|activation| sign_in::match_link(app, activation)),
        user: enrolment.account.user,
        display_name: enrolment.display_name,
        state,
        expires: enrolment.expires,
        check_value: enrolment.check_value,
        device_name,
        return_url: enrolment.return_url,
    }
}

fn sign_in_view(app: &App, sign_in: SignIn, organisation: String, code_wait: Option<Time>) -> SignInView {
    let state = sign_in.state_at(app.now());
    let waits = state == SignInState::Pending && sign_in.purpose == SignInPurpose::SignIn;
    SignInView {
        id: sign_in.id,
        organisation,
        number: sign_in::number(app, &sign_in).filter(|_| waits),
        match_link: sign_in::match_link(app, &sign_in).filter(|_| waits),
        application: sign_in.application,
        user: sign_in.account.user,
        place: sign_in.place,
        ip: sign_in.ip,
        browser: sign_in.browser,
        state,
        methods: sign_in.methods,
        push: sign_in.push,
        code_wait,
        has_code_tries: sign_in.code_tries_left > 0,
        expires: sign_in.expires,
        may_be_new: sign_in
            .return_url
            .as_deref()
            .is_some_and(|address| address.starts_with(&app.settings.public_url.join("/oidc/"))),
        return_url: sign_in.return_url,
    }
}

/// A sign-in's page for the browser that has asked for the sign-in, which needs no key then: what its cookie holds, and the
/// hash of that, to be stored in the transaction that stores the sign-in.
pub(crate) fn make_claim() -> (SecretBytes<16>, Vec<u8>) {
    let claim = SecretBytes::<16>::make_random();
    let hash = hash(claim.expose());
    (claim, hash)
}

fn set_cookie(app: &App, kind: PageKind, id: Id, claim: &SecretBytes<16>) -> SecretText {
    let folder = match kind {
        PageKind::Enrolment => "enrolments",
        PageKind::SignIn => "sign-ins",
    };
    cookie_for(app, &format!("/{folder}/{id}"), claim)
}

/// The value of the `Set-Cookie` header that lets a browser in at `path`. The cookie is sent there alone, and is gone with
/// the browser's session.
pub(crate) fn cookie_for(app: &App, path: &str, claim: &SecretBytes<16>) -> SecretText {
    let url = &app.settings.public_url;
    let address = url.join(path);
    let path = address.split_once(url.authority()).map_or("/", |(_, path)| path);
    let secure = if address.starts_with("https:") { "; Secure" } else { "" };
    let value = encode_base64url(claim.expose());
    SecretText::new(format!("{COOKIE}={value}; Path={path}; HttpOnly; SameSite=Lax{secure}"))
}

fn cookie_of(header: &str) -> Option<SecretBytes<16>> {
    let value = header.split(';').find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))?;
    let bytes: [u8; 16] = decode_base64url(value).ok()?.try_into().ok()?;
    Some(SecretBytes::new(bytes))
}

fn hash(claim: &[u8]) -> Vec<u8> {
    ring::digest::digest(&ring::digest::SHA256, claim).as_ref().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_cookie_is_found_among_others_and_nothing_else_is() {
        let value = encode_base64url([7; 16]);
        for header in [
            format!("{COOKIE}={value}"),
            format!("a=b; {COOKIE}={value}; c=d"),
            format!("a=b;{COOKIE}={value}"),
        ] {
            assert!(cookie_of(&header).is_some_and(|claim| claim.matches(&[7; 16])), "{header}");
        }
        for header in
            ["", "countersign_page", "countersign_page=", "countersign_pages=AAAA", "x=countersign_page=AA"]
        {
            assert!(cookie_of(header).is_none(), "{header}");
        }
    }
}
