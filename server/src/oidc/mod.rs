//! The OpenID Connect door (OpenID Connect Core 1.0, RFC 6749, RFC 7636): the service as an OpenID provider.
//!
//! It makes a sign-in and reads its final state; it decides nothing itself. An authorization request is validated in every
//! detail before anything is shown or pushed, and makes one sign-in, whatever is reloaded, retried or opened twice. The
//! browser that made it is known by a cookie, and no other gets its answer.
//!
//! | module | what is in it |
//! |---|---|
//! | `keys`, `discovery` | what ID tokens are signed by, and what relying parties learn of the provider |
//! | `parameters`, `claims`, `acr`, `request` | a request, read and validated |
//! | `person`, `starts`, `browser` | who it is about, who sends it, and how often |
//! | `authorize`, `resume`, `answer` | from a request to its sign-in, and from there back to the client |
//! | `client_auth`, `token`, `id_token`, `userinfo` | what a client gets for its code |
//! | `entra` | Microsoft Entra's external MFA |
//! | `error` | errors by the standards' names |

mod acr;
mod answer;
mod authorize;
mod browser;
mod claims;
mod client_auth;
mod discovery;
mod entra;
mod error;
mod id_token;
mod keys;
mod parameters;
mod person;
mod request;
mod resume;
mod starts;
mod token;
mod userinfo;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

pub(crate) use self::keys::{Algorithm, KeyStore, NewKey, OpenidKey, OpenidKeys};
pub(crate) use self::starts::Starts;
use crate::app::App;

pub(crate) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/.well-known/openid-configuration", get(discovery::configuration))
        .route("/oidc/jwks", get(discovery::jwks))
        .route("/oidc/authorize", get(authorize::get).post(authorize::post))
        .route("/oidc/name", post(authorize::name))
        .route("/oidc/resume/{id}", get(resume::resume))
        .route("/oidc/token", post(token::token))
        .route("/oidc/userinfo", get(userinfo::userinfo).post(userinfo::userinfo))
}
