//! The OpenID Connect door (OpenID Connect Core 1.0, RFC 6749, RFC 7636): the service as an OpenID provider.
//!
//! It makes a sign-in and reads its final state; it decides nothing itself. An authorization request is validated in every
//! detail before anything is shown or pushed, and makes one sign-in, whatever is reloaded, retried or opened twice. The
//! browser that made it is known by a cookie, and no other gets its answer.
//!
//! | module | what is in it |
//! |---|---|
//! | `keys`, `discovery` | what ID tokens are signed by, and what relying parties learn of the provider |

mod acr;
mod discovery;
mod keys;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

pub(crate) use self::keys::{KeyStore, NewKey, OpenidKey, OpenidKeys};
use crate::app::App;

pub(crate) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/.well-known/openid-configuration", get(discovery::configuration))
        .route("/oidc/jwks", get(discovery::jwks))
}
