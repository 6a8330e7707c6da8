//! Requests for pages: what they show, their forms and their pictures.

use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Form, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use super::entry::{EnrolmentPage, SignInPage};
use super::reply::{refuse, show};
use super::sign_in_view::{CodeError, Way};
use super::text::ENGLISH;
use super::{assets, enrolment_view, events, plain, qr, sign_in_view};
use crate::app::App;
use crate::keys::PageKind;
use crate::page::Page;
use crate::refusal::Refusal;
use crate::secret::SecretText;

/// All pages.
pub(crate) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/", get(home))
        .route("/enrol", get(scanned_enrolment))
        .route("/match", get(scanned_sign_in))
        .route("/assets/{name}", get(assets::serve))
        .route("/enrolments/{id}", get(enrolment))
        .route("/enrolments/{id}/qr.png", get(enrolment_picture))
        .route("/enrolments/{id}/match.png", get(activation_picture))
        .route("/enrolments/{id}/events", get(enrolment_events))
        .route("/enrolments/{id}/cancel", post(cancel_enrolment))
        .route("/sign-ins/{id}", get(sign_in))
        .route("/sign-ins/{id}/code", get(code_form).post(submit_code))
        .route("/sign-ins/{id}/match.png", get(sign_in_picture))
        .route("/sign-ins/{id}/events", get(sign_in_events))
        .route("/sign-ins/{id}/cancel", post(cancel_sign_in))
}

/// What is chosen on a page.
#[derive(Deserialize)]
struct Chosen {
    /// The QR in place of the number.
    scan: Option<String>,
}

/// Whether the QR is chosen. A query of another form chooses nothing.
fn scans(chosen: Result<Query<Chosen>, QueryRejection>) -> bool {
    chosen.is_ok_and(|Query(chosen)| chosen.scan.is_some())
}

async fn enrolment(
    State(app): State<Arc<App>>,
    EnrolmentPage(page): EnrolmentPage,
    chosen: Result<Query<Chosen>, QueryRejection>,
) -> Response {
    match page.enrolment(&app).await {
        Ok(view) => {
            show(StatusCode::OK, &enrolment_view::document(&ENGLISH, &view, scans(chosen), app.now()))
        }
        Err(refusal) => refuse(refusal, "../"),
    }
}

async fn sign_in(
    State(app): State<Arc<App>>,
    SignInPage(page): SignInPage,
    chosen: Result<Query<Chosen>, QueryRejection>,
) -> Response {
    show_sign_in(&app, page, Way::Phone { scans: scans(chosen) }).await
}

#[derive(Deserialize)]
struct CodeResult {
    error: Option<CodeError>,
}

async fn code_form(
    State(app): State<Arc<App>>,
    SignInPage(page): SignInPage,
    result: Result<Query<CodeResult>, QueryRejection>,
) -> Response {
    let error = result.ok().and_then(|Query(result)| result.error);
    show_sign_in(&app, page, Way::Code(error)).await
}

async fn show_sign_in(app: &Arc<App>, page: Page, way: Way) -> Response {
    match page.sign_in(app).await {
        Ok(view) => show(StatusCode::OK, &sign_in_view::document(&ENGLISH, &view, way, app.now())),
        Err(refusal) => refuse(refusal, way.root()),
    }
}

#[derive(Deserialize)]
struct CodeEntry {
    code: String,
}

/// The answer is always an address to load, with what was wrong in it: loading it again sends no code again.
async fn submit_code(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    SignInPage(page): SignInPage,
    entry: Result<Form<CodeEntry>, FormRejection>,
) -> Response {
    let entered = match entry {
        Ok(Form(CodeEntry { code })) => {
            let code = SecretText::new(code);
            // People write the code as the app shows it, in two groups.
            let digits = code.expose().chars().filter(|character| !character.is_whitespace()).collect();
            page.submit_code(&app, SecretText::new(digits)).await
        }
        Err(_) => Err(Refusal::Invalid("code")),
    };
    match entered.err().and_then(CodeError::of) {
        None => Redirect::to(&format!("../{id}")).into_response(),
        Some(error) => Redirect::to(&format!("code?error={}", error.as_str())).into_response(),
    }
}

async fn cancel_enrolment(app: State<Arc<App>>, id: Path<String>, page: EnrolmentPage) -> Response {
    cancel(app, id, page.0).await
}

async fn cancel_sign_in(app: State<Arc<App>>, id: Path<String>, page: SignInPage) -> Response {
    cancel(app, id, page.0).await
}

async fn cancel(State(app): State<Arc<App>>, Path(id): Path<String>, page: Page) -> Response {
    match page.cancel(&app).await {
        // What has ended meanwhile says how it has.
        Ok(()) | Err(Refusal::Ended) => Redirect::to(&format!("../{id}")).into_response(),
        Err(refusal) => refuse(refusal, "../../"),
    }
}

async fn enrolment_picture(State(app): State<Arc<App>>, EnrolmentPage(page): EnrolmentPage) -> Response {
    qr::response(page.enrolment(&app).await.map(|view| view.link))
}

async fn activation_picture(State(app): State<Arc<App>>, EnrolmentPage(page): EnrolmentPage) -> Response {
    qr::response(page.enrolment(&app).await.map(|view| view.match_link))
}

async fn sign_in_picture(State(app): State<Arc<App>>, SignInPage(page): SignInPage) -> Response {
    qr::response(page.sign_in(&app).await.map(|view| view.match_link))
}

async fn enrolment_events(State(app): State<Arc<App>>, EnrolmentPage(page): EnrolmentPage) -> Response {
    events::stream(app, PageKind::Enrolment, page)
}

async fn sign_in_events(State(app): State<Arc<App>>, SignInPage(page): SignInPage) -> Response {
    events::stream(app, PageKind::SignIn, page)
}

/// Where nobody has anything to do: whoever looks here learns what this is.
async fn home() -> Response {
    show(StatusCode::OK, &plain::notice(&ENGLISH.landing.home, "landing", "./".into()))
}

/// What there is no route for. Nobody knows how deep its address is, so that its root is the service's address.
pub(crate) async fn not_found(State(app): State<Arc<App>>) -> Response {
    let url = &app.settings.public_url;
    let address = url.join("/");
    let path = address.split_once(url.authority()).map_or("/", |(_, path)| path).to_owned();
    show(StatusCode::NOT_FOUND, &plain::notice(&ENGLISH.refusal.unknown, "unknown", path.into()))
}

async fn scanned_enrolment() -> Response {
    let said = &ENGLISH.landing;
    show(StatusCode::OK, &plain::landing(&ENGLISH, &said.enrol, &said.enrol_steps))
}

async fn scanned_sign_in() -> Response {
    let said = &ENGLISH.landing;
    show(StatusCode::OK, &plain::landing(&ENGLISH, &said.sign_in, &said.sign_in_steps))
}
