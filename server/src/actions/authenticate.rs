//! Who a client is, by the secret that it shows.
//!
//! Whoever has the right secret gets in at once, whatever others have tried: what is counted only slows the replies to
//! wrong ones down, and bounds what of them is audited.

use std::sync::Arc;

use countersign_protocol::Id;

use crate::app::App;
use crate::refusal::log_store_error;
use crate::secret::SecretText;
use crate::store::StoreError;
use crate::store::audit::{self, About, Act, Actor, Event};
use crate::store::clients::{self, Client, ClientKind, Rejection, Shown};

/// Why nobody was let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AuthenticationError {
    /// Nobody knows this secret.
    Unknown,
    /// Somebody would be this client, and isn't.
    Rejected(Id, Rejection),
    /// The service can't find out now.
    Unavailable,
}

impl From<StoreError> for AuthenticationError {
    fn from(error: StoreError) -> Self {
        log_store_error(&error);
        Self::Unavailable
    }
}

/// The client that this is a secret of, if its kind is one of those that come in by this door. A door that knows which
/// client it should be says so (`client`).
pub(crate) async fn by_secret(
    app: &Arc<App>,
    door: &[ClientKind],
    client: Option<Id>,
    secret: SecretText,
) -> Result<Client, AuthenticationError> {
    let now = app.now();
    let shown =
        app.store.read(move |connection| clients::show(connection, client, secret.expose(), now)).await?;
    let (client, rejection) = match shown {
        Shown::Accepted(client, secret) if door.contains(&client.kind) => {
            if app.client_activity.is_use_due(secret, now) {
                let (app, client) = (Arc::clone(app), client.id);
                // Nobody waits for it, and nobody is refused if it fails: the writer logs why.
                tokio::spawn(async move {
                    let record = move |transaction: &mut crate::store::Transaction<'_>| {
                        clients::record_use(transaction, client, secret, now)
                    };
                    let _ = app.store.write(record).await;
                });
            }
            return Ok(*client);
        }
        Shown::Accepted(client, _) => (client, Rejection::OtherDoor),
        Shown::Rejected(client, rejection) => (client, rejection),
        Shown::Unknown => return Err(AuthenticationError::Unknown),
    };
    let id = client.id;
    if app.client_activity.is_audit_due(id) {
        tracing::warn!(client = %id, reason = rejection.as_str(), "a client's secret was not accepted");
        app.store
            .write(move |transaction| {
                audit::append(
                    transaction,
                    &Act {
                        at: now,
                        actor: &Actor::Service,
                        event: Event::ClientRefuse,
                        outcome: rejection.as_str(),
                        about: About::Organisation(client.organisation),
                        subject: Some(id),
                    },
                )
            })
            .await?;
    }
    Err(AuthenticationError::Rejected(id, rejection))
}
