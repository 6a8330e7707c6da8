//! The authorization endpoint: makes a sign-in of a request, once, and sends the browser to its page.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use countersign_protocol::{Id, name};

use super::parameters::Parameters;
use super::person::{self, Person};
use super::request::{Hint, Refused, Request, client_id};
use super::{browser, entra};
use crate::actions::sign_in::{self, NewSignIn};
use crate::app::App;
use crate::http::ClientAddress;
use crate::keys::PageKind;
use crate::page;
use crate::pages::{entry, openid, origin};
use crate::refusal::Refusal;
use crate::secret::SecretText;
use crate::store::authorize_requests::{self, AuthorizeRequest};
use crate::store::clients;
use crate::store::page_claims;

/// `GET /oidc/authorize`
pub(super) async fn get(
    State(app): State<Arc<App>>,
    Extension(ClientAddress(address)): Extension<ClientAddress>,
    method: Method,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let query = query.unwrap_or_default();
    let parameters = Parameters::parse(query.as_bytes());
    if parameters.is_empty() {
        return openid::endpoint();
    }
    // What loads an address ahead of a person, or as a picture in somebody's page, asks no phone.
    if !entry::is_visit(&method, &headers) {
        return StatusCode::FORBIDDEN.into_response();
    }
    authorize(app, Visit { address, browser: browser::describe(&headers) }, &parameters).await
}

/// `POST /oidc/authorize`
pub(super) async fn post(
    State(app): State<Arc<App>>,
    Extension(ClientAddress(address)): Extension<ClientAddress>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if !entry::is_document(&headers) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let visit = Visit { address, browser: browser::describe(&headers) };
    let parameters = Parameters::parse(&body);
    if let Some(client) = entra::client_of(&app, &parameters).await {
        return entra::authorize(app, visit, client, &parameters, &body).await;
    }
    authorize(app, visit, &parameters).await
}

/// `POST /oidc/name`: the form of [`openid::name`], with the request in its address.
pub(super) async fn name(
    State(app): State<Arc<App>>,
    Extension(ClientAddress(address)): Extension<ClientAddress>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Response {
    if !origin::is_own(&headers, &app.settings.public_url) {
        return openid::refused_request(Refusal::CrossOrigin);
    }
    let parameters = Parameters::parse(query.unwrap_or_default().as_bytes());
    let request = match validate(&app, &parameters).await {
        Ok(request) => request,
        Err(refused) => return refused.into_response(&app),
    };
    let form = Parameters::parse(&body);
    let given = form.get("name").unwrap_or_default().trim();
    if !matches!(request.person, Hint::Ask(_)) || name::check(given).is_err() {
        return ask(&request, &parameters, given, true);
    }
    let visit = Visit { address, browser: browser::describe(&headers) };
    let person = Person { user: given.to_owned(), is_vouched_for: false };
    // Browsers follow a form on this service only: at its page a sign-in that is over has a link to its client.
    start(app, visit, request, &parameters, person, "../sign-ins").await
}

/// Who comes.
pub(super) struct Visit {
    pub(super) address: IpAddr,
    pub(super) browser: Option<String>,
}

async fn authorize(app: Arc<App>, visit: Visit, parameters: &Parameters) -> Response {
    let request = match validate(&app, parameters).await {
        Ok(request) => request,
        Err(refused) => return refused.into_response(&app),
    };
    let fingerprint = fingerprint(&app, parameters);
    let known = app.store.read(move |connection| authorize_requests::known(connection, &fingerprint)).await;
    match known.map_err(Refusal::from) {
        Ok(None) => {}
        // The browser's cookie isn't sent with a form of another site: it is looked at there.
        Ok(Some(known)) => return Redirect::to(&format!("resume/{known}")).into_response(),
        Err(refusal) => return request.back.error(&app, "../", refusal.into()),
    }
    let person = match &request.person {
        Hint::Ask(named) => return ask(&request, parameters, named.as_deref().unwrap_or_default(), false),
        Hint::Name(named) => Person { user: named.clone(), is_vouched_for: false },
        Hint::Signed(token) => match person::hinted(&app, &request.client, token).await {
            Ok(person) => person,
            Err(error) => return request.back.error(&app, "../", error),
        },
    };
    start(app, visit, request, parameters, person, "resume").await
}

async fn validate(app: &Arc<App>, parameters: &Parameters) -> Result<Request, Refused> {
    let id = client_id(parameters)?;
    let client = app.store.read(move |connection| clients::load(connection, id)).await;
    let client = client.map_err(|error| {
        let _ = Refusal::from(error);
        Refused::Page(openid::Untrusted::Malformed, "The service can't read its database now.")
    })?;
    Request::parse(parameters, client, app.now())
}

fn ask(request: &Request, parameters: &Parameters, given: &str, is_wrong: bool) -> Response {
    let client = &request.client;
    let action = format!("name?{}", parameters.encode());
    let application = client.application.as_deref().unwrap_or(&client.name);
    openid::name(application, &client.organisation_name, &action, given, is_wrong)
}

/// Makes the sign-in of a request, or finds the one that it has made, which goes on `at` this address.
async fn start(
    app: Arc<App>,
    visit: Visit,
    request: Request,
    parameters: &Parameters,
    person: Person,
    at: &'static str,
) -> Response {
    let back = request.back.clone();
    if request
        .wanted
        .sub
        .as_ref()
        .is_some_and(|sub| *sub != person::sub(request.client.organisation, &person.user))
    {
        return back.error(&app, "../", person::NOT_THEM);
    }
    // Taken before anything is awaited, so that as many requests at once as you like share one budget.
    if !person.is_vouched_for
        && let Err(wait) = app.openid_starts.take(visit.address)
    {
        return openid::too_many(wait);
    }
    let made = make(&app, &visit, request, fingerprint(&app, parameters), &person).await;
    if !person.is_vouched_for && !matches!(made, Ok(Made::Now { .. })) {
        app.openid_starts.give_back(visit.address);
    }
    match made {
        Ok(Made::Now { id, cookies }) => {
            let mut response = Redirect::to(&format!("../sign-ins/{id}")).into_response();
            for cookie in cookies {
                if let Ok(cookie) = cookie.expose().parse() {
                    response.headers_mut().append(header::SET_COOKIE, cookie);
                }
            }
            response
        }
        Ok(Made::Before(id)) => Redirect::to(&format!("{at}/{id}")).into_response(),
        Err(refusal) => back.error(&app, "../", refusal.into()),
    }
}

enum Made {
    /// A new sign-in, and what lets this browser in at its page and at its end.
    Now { id: Id, cookies: [SecretText; 2] },
    /// The request has made its sign-in.
    Before(Id),
}

async fn make(
    app: &Arc<App>,
    visit: &Visit,
    request: Request,
    fingerprint: [u8; 16],
    person: &Person,
) -> Result<Made, Refusal> {
    let client = &request.client;
    let new = NewSignIn {
        user: person.user.clone(),
        application: client.application.clone().unwrap_or_else(|| client.name.clone()),
        place: None,
        ip: Some(visit.address),
        browser: visit.browser.clone(),
        return_url: None,
    };
    let mut sign_in = sign_in::prepare(app, client, new, request.methods)?;
    let id = sign_in.id;
    sign_in.return_url = Some(app.settings.public_url.join(&format!("/oidc/resume/{id}")));
    let row = AuthorizeRequest {
        id,
        fingerprint,
        client: client.id,
        redirect_uri: request.back.redirect_uri,
        mode: request.back.mode,
        state: request.back.state,
        nonce: request.nonce,
        code_challenge: request.code_challenge,
        scope: request.scope,
        wanted: serde_json::to_string(&request.wanted).map_err(|_| Refusal::Unavailable)?,
        created: sign_in.created,
        redeemed: None,
    };
    let (claim, hash) = page::make_claim();
    let (writer, expires) = (Arc::clone(app), sign_in.expires);
    let made = app
        .store
        .write(move |transaction| {
            // Ten tabs at once come here one after the other.
            if let Some(known) = authorize_requests::known(transaction, &fingerprint)? {
                return Ok(Err(known));
            }
            let devices = sign_in::start(&writer, transaction, &mut sign_in)?;
            page_claims::claim(transaction, PageKind::SignIn, id, &hash)?;
            authorize_requests::insert(transaction, &row)?;
            Ok(Ok(devices))
        })
        .await?;
    match made {
        Ok(devices) => {
            app.wake_ups.call(&devices, expires);
            let cookies = [format!("/sign-ins/{id}"), format!("/oidc/resume/{id}")]
                .map(|path| page::cookie_for(app, &path, &claim));
            Ok(Made::Now { id, cookies })
        }
        Err(known) => Ok(Made::Before(known)),
    }
}

/// Stands for a request in the database, which has none of its hints.
fn fingerprint(app: &App, parameters: &Parameters) -> [u8; 16] {
    app.keys.derive_request(format!("authorize\0{}", parameters.encode()).as_bytes())
}
