//! The door for external MFA of Microsoft Entra ID: after a password, Entra sends the person here for the second factor, and
//! says who they are by a token of its own (`id_token_hint`).
//!
//! `docs/entra.md` says how it is set up. Entra's rules are at
//! <https://learn.microsoft.com/entra/identity/authentication/concept-authentication-external-method-provider>.
//!
//! | module | what is in it |
//! |---|---|
//! | `tenants` | which tenants of which cloud a client has, and where answers go |
//! | `request`, `context` | a request, read and validated; which context and method it may be told |
//! | `person` | who the hint is about, and which account is theirs |
//! | `start` | from a request to its sign-in, or to an enrolment for somebody who has no phone yet |
//! | `answer` | from there back to Entra |

mod answer;
mod context;
mod person;
mod request;
mod start;
mod tenants;

use std::sync::Arc;
use std::time::Duration;

pub(super) use self::answer::resume;
pub(super) use self::start::authorize;
use super::parameters::Parameters;
use super::request::client_id;
use crate::app::App;
use crate::store::clients::{self, Client, ClientKind};

/// When Entra forgets an attempt, counted from when it sends the person here.
const ATTEMPT: Duration = Duration::from_mins(5);
/// How long a sign-in waits at most, so that its answer arrives before that.
const LONGEST_SIGN_IN: Duration = Duration::from_secs(270);

/// The client of a request, if it comes by this door.
pub(super) async fn client_of(app: &App, parameters: &Parameters) -> Option<Client> {
    let id = client_id(parameters).ok()?;
    let client = app.store.read(move |connection| clients::load(connection, id)).await.ok()??;
    (client.kind == ClientKind::Entra).then_some(client)
}

/// Logs a refusal, with Entra's own identifier of the request. Anybody can send requests that are refused, so that only
/// some of a flood are logged.
fn log_refusal(app: &App, client: &Client, reference: Option<&str>, reason: &str) {
    if app.client_activity.is_log_due(client.id) {
        tracing::warn!(
            client = client.name,
            client_request_id = reference,
            reason,
            "a request of Entra was refused"
        );
    }
}

/// What stands for a hint in the database.
fn fingerprint(app: &Arc<App>, client: &Client, hint: &str) -> [u8; 16] {
    app.keys.derive_request(format!("entra\0{}\0{hint}", client.id).as_bytes())
}
