//! The way back to Entra, once the sign-in or the enrolment has ended.

use std::sync::Arc;
use std::time::Duration;

use axum::response::{IntoResponse, Redirect, Response};
use countersign_protocol::Id;
use rusqlite::Connection;
use serde_json::json;

use super::context::told;
use super::request::Back;
use super::tenants::Tenant;
use super::{ATTEMPT, log_refusal};
use crate::app::App;
use crate::keys::PageKind;
use crate::oidc::error::OauthError;
use crate::oidc::keys::Algorithm;
use crate::oidc::resume::COOKIE_DELAY;
use crate::page;
use crate::pages::openid::{self, Untrusted};
use crate::refusal::Refusal;
use crate::store::accounts::Account;
use crate::store::audit::{self, About, Act, Actor, Event};
use crate::store::clients::{self, Client};
use crate::store::enrolments::{self, EnrolmentState};
use crate::store::entra_requests::{self, EntraRequest, Made};
use crate::store::sign_ins::{self, Method, SignIn, SignInState};
use crate::store::{Result, identities};
use crate::time::Time;

/// How long an answer's token is good for. Entra reads it at once.
const LIFETIME: Duration = Duration::from_mins(5);
/// As in [`Document`](crate::pages).
const ROOT: &str = "../../";

/// `GET /oidc/resume/{id}`, if it is of a request that came by this door.
pub(in crate::oidc) async fn resume(app: &Arc<App>, id: Id, cookies: Option<&str>) -> Option<Response> {
    let now = app.now();
    let found = match app.store.read(move |connection| Found::load(connection, id, now)).await {
        Ok(found) => found?,
        Err(error) => return Some(openid::refused(Refusal::from(error))),
    };
    let kind = match found.request.made {
        Made::SignIn => PageKind::SignIn,
        Made::Enrolment => PageKind::Enrolment,
    };
    Some(match page::authorise(app, kind, id, cookies).await {
        Ok(_) => found.answer(app).await,
        Err(Refusal::Elsewhere) if now.since(found.request.created) < COOKIE_DELAY => openid::waiting(),
        Err(refusal) => openid::refused(refusal),
    })
}

/// A request with what came of it.
struct Found {
    request: EntraRequest,
    client: Client,
    account: Account,
    outcome: Outcome,
}

enum Outcome {
    /// It goes on at its page.
    Waits,
    /// By this method, with these method references.
    Approved(Method, String),
    /// Why not.
    Ended(&'static str),
}

impl Found {
    fn load(connection: &Connection, id: Id, now: Time) -> Result<Option<Self>> {
        let Some(request) = entra_requests::load(connection, id)? else { return Ok(None) };
        let client = clients::load(connection, request.client)?;
        let ended = match request.made {
            Made::SignIn => sign_ins::load(connection, id)?.map(|sign_in| {
                let outcome = of_sign_in(&sign_in, now);
                (sign_in.account, outcome)
            }),
            Made::Enrolment => {
                let enrolment = enrolments::load(connection, id)?;
                let activation = enrolment.as_ref().and_then(|enrolment| enrolment.activation);
                let activation = activation.map(|id| sign_ins::load(connection, id)).transpose()?.flatten();
                enrolment.map(|enrolment| {
                    let outcome = match (enrolment.state_at(now), activation) {
                        (EnrolmentState::Pending | EnrolmentState::AwaitingActivation, _) => Outcome::Waits,
                        (EnrolmentState::Active, Some(activation)) => of_sign_in(&activation, now),
                        _ => Outcome::Ended("the phone was not enrolled"),
                    };
                    (enrolment.account, outcome)
                })
            }
        };
        Ok(client.zip(ended).map(|(client, (account, outcome))| Self { request, client, account, outcome }))
    }

    async fn answer(self, app: &Arc<App>) -> Response {
        let now = app.now();
        let request = &self.request;
        // Its configuration may have been changed for a good reason: nothing goes to its address any more.
        let is_tenants = |tenant: &Tenant| {
            tenant.issuer.as_str() == request.identity.issuer
                && tenant.takes_answers_at(&request.redirect_uri)
        };
        let client = &self.client;
        if !client.can_sign_people_in(now) || !Tenant::all_of(client, &app.foreign).iter().any(is_tenants) {
            let detail = "The client was revoked, has expired or was changed.";
            return openid::untrusted(Untrusted::Client, detail);
        }
        let back = Back { redirect_uri: request.redirect_uri.clone(), state: request.state.clone() };
        let (method, used) = match &self.outcome {
            Outcome::Waits => return self.page(),
            // Entra has forgotten the attempt, and would show an error that says nothing.
            _ if request.created.is_ahead_of(now) || now >= request.created + ATTEMPT => {
                return openid::too_late(ROOT, matches!(self.outcome, Outcome::Approved(..)));
            }
            Outcome::Ended(why) => return self.refuse(app, &back, OauthError::new("access_denied", why)),
            Outcome::Approved(method, used) => (*method, used),
        };
        let Some(amr) = told(&request.amr, method, used) else {
            return self.refuse(
                app,
                &back,
                OauthError::new("access_denied", "it was approved by an amr that wasn't asked for"),
            );
        };
        match self.issue(app, amr, now).await {
            Ok(Some(token)) => {
                openid::post_back(ROOT, &back.redirect_uri, &back.fields([("id_token", token)]))
            }
            Ok(None) => {
                self.refuse(app, &back, OauthError::new("access_denied", "the account is another person's"))
            }
            Err(refusal) => openid::refused(refusal),
        }
    }

    fn page(&self) -> Response {
        let folder = match self.request.made {
            Made::SignIn => "sign-ins",
            Made::Enrolment => "enrolments",
        };
        Redirect::to(&format!("{ROOT}{folder}/{}", self.request.id)).into_response()
    }

    fn refuse(&self, app: &App, back: &Back, error: OauthError) -> Response {
        log_refusal(app, &self.client, self.request.reference.as_deref(), error.description);
        back.error(ROOT, error)
    }

    /// The token that says that the person was there, once their account is known to be theirs. None if it isn't.
    async fn issue(
        &self,
        app: &Arc<App>,
        amr: &str,
        now: Time,
    ) -> std::result::Result<Option<String>, Refusal> {
        let request = &self.request;
        let keys = app.openid_keys.obtain(app).await?;
        let key = keys.signing(Algorithm::Rs256, now).ok_or(Refusal::Unavailable)?;
        let token = key.sign(&json!({
            "iss": app.settings.public_url.to_string(),
            "aud": self.client.id.to_string(),
            "iat": now.seconds(),
            "exp": (now + LIFETIME).seconds(),
            "sub": request.subject,
            "nonce": request.nonce,
            "acr": request.acr,
            "amr": [amr],
        }));
        let token = token.map_err(|_| Refusal::Unavailable)?;
        let (row, account, client) = (request.clone(), self.account.clone(), self.client.name.clone());
        let amr = amr.to_owned();
        let is_theirs = app
            .store
            .write(move |transaction| {
                if !identities::link(transaction, &row.identity, &account, now)? {
                    return Ok(false);
                }
                if entra_requests::record_answer(transaction, row.id, now)? {
                    audit::append_with_reference(
                        transaction,
                        &Act {
                            at: now,
                            actor: &Actor::Client(client),
                            event: Event::TokenIssue,
                            outcome: &amr,
                            about: About::Account(&account),
                            subject: Some(row.id),
                        },
                        row.reference.as_deref(),
                    )?;
                }
                Ok(true)
            })
            .await?;
        Ok(is_theirs.then_some(token))
    }
}

fn of_sign_in(sign_in: &SignIn, now: Time) -> Outcome {
    match (sign_in.state_at(now), sign_in.method) {
        (SignInState::Pending, _) => Outcome::Waits,
        (SignInState::Approved, Some(method)) => {
            Outcome::Approved(method, sign_in.amr.clone().unwrap_or_default())
        }
        (SignInState::Approved, None) => Outcome::Ended("nobody knows how it was approved"),
        (SignInState::Denied, _) => Outcome::Ended("the sign-in was denied on the phone"),
        (SignInState::Reported, _) => Outcome::Ended("the sign-in was reported on the phone"),
        (SignInState::Failed, _) => Outcome::Ended("a wrong number was typed on the phone"),
        (SignInState::Expired, _) => Outcome::Ended("nobody approved the sign-in in time"),
        (SignInState::Cancelled, _) => Outcome::Ended("the sign-in was cancelled"),
    }
}
