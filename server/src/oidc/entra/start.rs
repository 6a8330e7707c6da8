//! From a request to what it makes: a sign-in of the person whom its hint names, or an enrolment if they have no phone.

use std::sync::Arc;

use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};

use super::person::{self, Person};
use super::request::{self, Back, Refused, Request};
use super::{ATTEMPT, LONGEST_SIGN_IN, fingerprint, log_refusal};
use crate::actions::enrolment::{self, MAX_OPEN, NewEnrolment};
use crate::actions::sign_in::{self, NewSignIn};
use crate::app::App;
use crate::foreign::ForeignError;
use crate::keys::PageKind;
use crate::oidc::authorize::Visit;
use crate::oidc::error::OauthError;
use crate::oidc::parameters::Parameters;
use crate::page;
use crate::pages::openid;
use crate::refusal::Refusal;
use crate::secret::SecretText;
use crate::store::accounts::{self, Account};
use crate::store::audit::{self, About, Act, Actor, Event};
use crate::store::clients::{Client, Methods, Right};
use crate::store::devices::{self, Device, DeviceState};
use crate::store::enrolments::{self, EnrolmentState};
use crate::store::entra_requests::{self, EntraRequest, Made};
use crate::store::sign_ins::Method;
use crate::store::{Result, Transaction, page_claims};
use crate::time::Time;

/// As in [`Document`](crate::pages).
const ROOT: &str = "../";
/// Enrolments of one account that this door may have open. The others are left to the service desk, so that nobody with a
/// stolen password can keep it from enrolling the account's owner.
const MAX_OPEN_HERE: u32 = MAX_OPEN - 2;

/// `POST /oidc/authorize` of a client of this door.
pub(in crate::oidc) async fn authorize(
    app: Arc<App>,
    visit: Visit,
    client: Client,
    parameters: &Parameters,
    form: &[u8],
) -> Response {
    let reference = request::reference(form);
    let known_as = client.clone();
    let refused = match Request::parse(parameters, client, &app.foreign, app.now()) {
        Ok(request) => return go_on(app, visit, request, reference).await,
        Err(refused) => refused,
    };
    match refused {
        Refused::Page(why, detail) => {
            log_refusal(&app, &known_as, reference.as_deref(), detail);
            openid::untrusted(why, detail)
        }
        Refused::Back(back, error) => {
            log_refusal(&app, &known_as, reference.as_deref(), error.description);
            back.error(ROOT, error)
        }
    }
}

async fn go_on(app: Arc<App>, visit: Visit, request: Request, reference: Option<String>) -> Response {
    let (client, back) = (request.client.clone(), request.back.clone());
    let refuse = |error: OauthError, reason: &str| {
        log_refusal(&app, &client, reference.as_deref(), reason);
        back.error(ROOT, error)
    };
    let hint = fingerprint(&app, &request.client, &request.hint);
    match app.store.read(move |connection| entra_requests::of_hint(connection, &hint)).await {
        // Its hint was verified then, and may be too old to be verified again.
        Ok(Some(known)) => return again(&known, &request, refuse),
        Ok(None) => {}
        Err(error) => return refuse(OauthError::from(error), "the database failed"),
    }
    let person = match person::of_hint(&app.foreign, &request, app.now()).await {
        Ok(person) => person,
        Err(error) => return refuse(error_of(error), &format!("{}: {error}", error.as_str())),
    };
    let draft = Draft { hint, visit, request: request.clone(), person, reference: reference.clone() };
    match draft.make(&app).await {
        Ok(Outcome::Made(made)) => made.into_response(&app),
        Ok(Outcome::Before(known)) => again(&known, &request, refuse),
        Ok(Outcome::Unmet) => {
            let error = OauthError::new("access_denied", "the person's phones don't meet the amr asked for");
            refuse(error, "unmet")
        }
        Ok(Outcome::NoPhone) => {
            let reason = "the person has no phone, and can't enrol one here";
            log_refusal(&app, &client, reference.as_deref(), reason);
            let error = OauthError::new("access_denied", "the person has no phone");
            openid::no_phone(ROOT, &client.organisation_name, &back.redirect_uri, &back.error_fields(error))
        }
        Err(Refusal::TooManyOpen) => {
            refuse(OauthError::UNAVAILABLE, "the person has too many open enrolments")
        }
        Err(refusal) => refuse(refusal.into(), "the service can't do it now"),
    }
}

/// A request that has come before goes on where it is. Another one with the same hint goes nowhere: hints aren't bound to
/// requests, so that somebody else may have it.
fn again(
    known: &EntraRequest,
    request: &Request,
    refuse: impl FnOnce(OauthError, &str) -> Response,
) -> Response {
    let is_same = known.nonce == request.nonce
        && known.state == request.back.state
        && known.redirect_uri == request.back.redirect_uri;
    if is_same {
        // The browser's cookie isn't sent with a form of another site: it is looked at there.
        return Redirect::to(&format!("resume/{}", known.id)).into_response();
    }
    refuse(OauthError::new("access_denied", "the id_token_hint was used before"), "hint_used")
}

/// What Entra is told of a hint that isn't believed.
fn error_of(error: ForeignError) -> OauthError {
    match error {
        ForeignError::Unavailable(_) => OauthError::UNAVAILABLE,
        _ => {
            OauthError::new("access_denied", "the id_token_hint was not accepted; the service's log says why")
        }
    }
}

impl Back {
    /// Tells Entra that the person isn't signed in.
    pub(super) fn error(&self, root: &'static str, error: OauthError) -> Response {
        openid::post_back(root, &self.redirect_uri, &self.error_fields(error))
    }

    fn error_fields(&self, error: OauthError) -> Vec<(&'static str, String)> {
        self.fields([("error", error.code.to_owned()), ("error_description", error.description.to_owned())])
    }

    /// Fields of an answer, with `state` if one came.
    pub(super) fn fields<const N: usize>(
        &self,
        fields: [(&'static str, String); N],
    ) -> Vec<(&'static str, String)> {
        let state = self.state.clone().map(|state| ("state", state));
        fields.into_iter().chain(state).collect()
    }
}

/// A validated request of somebody who is known, before anything is made of it.
struct Draft {
    hint: [u8; 16],
    visit: Visit,
    request: Request,
    person: Person,
    reference: Option<String>,
}

enum Outcome {
    Made(Page),
    /// The hint has made something before.
    Before(EntraRequest),
    /// Nothing that the person has is what Entra asks for.
    Unmet,
    /// There is nothing to approve with, and no phone may be enrolled here.
    NoPhone,
}

/// What was made, for the browser that has asked for it.
struct Page {
    row: EntraRequest,
    claim: crate::secret::SecretBytes<16>,
    devices: Vec<Device>,
    expires: Time,
}

impl Page {
    fn into_response(self, app: &App) -> Response {
        app.wake_ups.call(&self.devices, self.expires);
        let folder = match self.row.made {
            Made::SignIn => "sign-ins",
            Made::Enrolment => "enrolments",
        };
        let id = self.row.id;
        let mut response = Redirect::to(&format!("{ROOT}{folder}/{id}")).into_response();
        let paths = [format!("/{folder}/{id}"), format!("/oidc/resume/{id}")];
        for cookie in paths.map(|path| page::cookie_for(app, &path, &self.claim)) {
            append_cookie(&mut response, &cookie);
        }
        response
    }
}

fn append_cookie(response: &mut Response, cookie: &SecretText) {
    if let Ok(cookie) = cookie.expose().parse() {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

impl Draft {
    async fn make(self, app: &Arc<App>) -> std::result::Result<Outcome, Refusal> {
        let writer = Arc::clone(app);
        app.store.write(move |transaction| self.make_in(&writer, transaction)).await?
    }

    fn make_in(
        self,
        app: &App,
        transaction: &mut Transaction<'_>,
    ) -> Result<std::result::Result<Outcome, Refusal>> {
        // Ten tabs at once come here one after the other.
        if let Some(known) = entra_requests::of_hint(transaction, &self.hint)? {
            return Ok(Ok(Outcome::Before(known)));
        }
        let client = &self.request.client;
        let account = self.person.account(transaction, client)?;
        let devices = devices::of_account(transaction, &account, Some(DeviceState::Active))?;
        if devices.is_empty() {
            return self.enrol(app, transaction, &account);
        }
        let in_hardware: Vec<bool> = devices.iter().map(|device| device.hardware_keys).collect();
        let methods = self.request.wanted.methods(client.methods, &in_hardware);
        if methods == Methods::default() {
            return Ok(Ok(Outcome::Unmet));
        }
        self.sign_in(app, transaction, account, methods)
    }

    fn sign_in(
        self,
        app: &App,
        transaction: &mut Transaction<'_>,
        account: Account,
        methods: Methods,
    ) -> Result<std::result::Result<Outcome, Refusal>> {
        let client = &self.request.client;
        let new = NewSignIn {
            user: account.user.clone(),
            application: application(client),
            place: None,
            ip: Some(self.visit.address),
            browser: self.visit.browser.clone(),
            return_url: None,
        };
        let mut sign_in = match sign_in::prepare(app, client, new, methods) {
            Ok(sign_in) => sign_in,
            Err(refusal) => return Ok(Err(refusal)),
        };
        sign_in.return_url = Some(resume_url(app, sign_in.id));
        sign_in.expires = sign_in.expires.min(sign_in.created + LONGEST_SIGN_IN);
        let devices = sign_in::start(app, transaction, &mut sign_in)?;
        let page = (Made::SignIn, PageKind::SignIn, sign_in.id);
        self.finish(transaction, page, &account, devices, (sign_in.created, sign_in.expires))
    }

    /// The hint proves who the person is, while they have no phone and nobody says that somebody else has their password.
    /// Once either changes, [`first_enrolments`](crate::actions::end::first_enrolments) withdraws what this has made.
    fn enrol(
        self,
        app: &App,
        transaction: &mut Transaction<'_>,
        account: &Account,
    ) -> Result<std::result::Result<Outcome, Refusal>> {
        let client = &self.request.client;
        let push = Methods::of(&[Method::Push]);
        let may_approve = client.methods.contains(Method::Push)
            && self.request.wanted.methods(push, &[true, false]).contains(Method::Push);
        let is_locked = accounts::push_lock(transaction, account)?.is_some();
        if !may_approve || is_locked || !client.may(Right::Enrol) {
            return Ok(Ok(Outcome::NoPhone));
        }
        let new = NewEnrolment {
            user: account.user.clone(),
            display_name: Some(self.person.shown.clone()),
            shown_by_client: false,
        };
        let mut enrolment = match enrolment::prepare(app, client, new) {
            Ok(enrolment) => enrolment,
            Err(refusal) => return Ok(Err(refusal)),
        };
        enrolment.return_url = Some(resume_url(app, enrolment.id));
        enrolment.expires = enrolment.expires.min(enrolment.created + ATTEMPT);
        let now = enrolment.created;
        let known = enrolments::open_first(transaction, account)?;
        let open = known.iter().filter(|known| known.state_at(now) != EnrolmentState::Expired).count();
        let has_room = u32::try_from(open).is_ok_and(|open| open < MAX_OPEN_HERE);
        if !has_room {
            return Ok(Err(Refusal::TooManyOpen));
        }
        if let Err(refusal) = enrolment::start(transaction, &enrolment)? {
            return Ok(Err(refusal));
        }
        let page = (Made::Enrolment, PageKind::Enrolment, enrolment.id);
        self.finish(transaction, page, account, Vec::new(), (enrolment.created, enrolment.expires))
    }

    /// Stores the request with what it has made, and gives the page to this browser.
    fn finish(
        self,
        transaction: &mut Transaction<'_>,
        (made, kind, id): (Made, PageKind, countersign_protocol::Id),
        account: &Account,
        devices: Vec<Device>,
        (created, expires): (Time, Time),
    ) -> Result<std::result::Result<Outcome, Refusal>> {
        let (claim, hash) = page::make_claim();
        page_claims::claim(transaction, kind, id, &hash)?;
        let row = EntraRequest {
            id,
            made,
            hint: self.hint,
            client: self.request.client.id,
            redirect_uri: self.request.back.redirect_uri,
            state: self.request.back.state,
            nonce: self.request.nonce,
            subject: self.person.subject,
            acr: self.request.wanted.acr.to_owned(),
            amr: self.request.wanted.amr_text(),
            identity: self.person.identity,
            reference: self.reference,
            created,
            answered: None,
        };
        entra_requests::insert(transaction, &row)?;
        let reference = row.reference.as_deref();
        tracing::info!(client = self.request.client.name, %id, client_request_id = reference, "a request of Entra");
        audit::append_with_reference(
            transaction,
            &Act {
                at: created,
                actor: &Actor::Client(self.request.client.name),
                event: Event::EntraRequest,
                outcome: made.as_str(),
                about: About::Account(account),
                subject: Some(id),
            },
            reference,
        )?;
        Ok(Ok(Outcome::Made(Page { row, claim, devices, expires })))
    }
}

fn application(client: &Client) -> String {
    client.application.clone().unwrap_or_else(|| client.name.clone())
}

fn resume_url(app: &App, id: countersign_protocol::Id) -> String {
    app.settings.public_url.join(&format!("/oidc/resume/{id}"))
}
