//! Managing clients: over the relying-party interface, where a client's own rights bound what it can give, and at the
//! command line, where nothing does.
//!
//! | rule | why |
//! |---|---|
//! | a manager touches no client that has a right which it lacks itself | a secret of that client would be that right |
//! | nothing is given that the manager doesn't have: rights, methods, a later end | no client grows by another's hand |
//! | the manager is read again in the transaction | it may have been revoked since it was let in |
//! | what locks the manager out, or leaves a client without a way in, is refused once | it is said before it is done |

mod check;
mod end;

use countersign_protocol::Id;
use rusqlite::Connection;

pub(crate) use self::check::Change;
pub(crate) use self::end::{end_of_ended, end_waiting};
use crate::keys::Keys;
use crate::refusal::Refusal;
use crate::secret::SecretText;
use crate::store::Result;
use crate::store::audit::{self, About, Act, Actor, Event};
use crate::store::clients::{self, Client, ClientKind, MAX_SECRETS, Right};
use crate::time::Time;

/// Who manages.
#[derive(Clone, Debug)]
pub(crate) enum Manager {
    /// Whoever runs the service.
    CommandLine,
    /// A client.
    Client(Box<Client>),
}

/// A secret, which is shown this once, and its name.
pub(crate) type NewSecret = (Id, SecretText);

type Done<T> = Result<std::result::Result<T, Refusal>>;

/// Passes a refusal on, out of a function that may fail as well.
macro_rules! granted {
    ($result:expr) => {
        match $result {
            Ok(value) => value,
            Err(refusal) => return Ok(Err(refusal)),
        }
    };
}

impl Manager {
    fn actor(&self) -> Actor {
        match self {
            Self::CommandLine => Actor::CommandLine,
            Self::Client(client) => Actor::Client(client.name.clone()),
        }
    }

    /// The manager as it stands now.
    fn current(&self, connection: &Connection, now: Time) -> Done<Self> {
        let Self::Client(client) = self else { return Ok(Ok(Self::CommandLine)) };
        Ok(match clients::load(connection, client.id)? {
            Some(client) if !client.is_usable(now) => Err(Refusal::ClientEnded),
            Some(client) if !client.may(Right::ManageClients) => {
                Err(Refusal::MissingRight(Right::ManageClients))
            }
            Some(client) => Ok(Self::Client(Box::new(client))),
            None => Err(Refusal::ClientEnded),
        })
    }

    fn is(&self, client: &Client) -> bool {
        matches!(self, Self::Client(manager) if manager.id == client.id)
    }

    /// Whether this client is one that the manager may end, or see ended.
    fn reaches(&self, client: &Client) -> std::result::Result<(), Refusal> {
        let Self::Client(manager) = self else { return Ok(()) };
        if client.organisation != manager.organisation {
            return Err(Refusal::NotFound);
        }
        match client.rights.iter().find(|right| !manager.may(*right)) {
            Some(right) => Err(Refusal::MissingRight(right)),
            None => Ok(()),
        }
    }

    /// Whether the manager may give all that this client has.
    fn gives(&self, client: &Client) -> std::result::Result<(), Refusal> {
        self.reaches(client)?;
        let Self::Client(manager) = self else { return Ok(()) };
        if client.methods.iter().any(|method| !manager.methods.contains(method)) {
            return Err(Refusal::BeyondOwn("methods"));
        }
        let outlasts = manager.expires.is_some_and(|end| client.expires.is_none_or(|other| other > end));
        if outlasts { Err(Refusal::BeyondOwn("expires_at")) } else { Ok(()) }
    }

    fn record(
        &self,
        connection: &Connection,
        event: Event,
        outcome: &str,
        client: &Client,
        now: Time,
    ) -> Result<()> {
        let about = About::Organisation(client.organisation);
        let act = Act { at: now, actor: &self.actor(), event, outcome, about, subject: Some(client.id) };
        audit::append(connection, &act)
    }
}

/// Makes a client, and a secret for it if its kind shows one and it has no keys.
pub(crate) fn create(
    connection: &Connection,
    keys: &Keys,
    manager: &Manager,
    client: &Client,
    now: Time,
) -> Done<Option<NewSecret>> {
    let manager = granted!(manager.current(connection, now)?);
    granted!(check::client(client));
    granted!(check::end(client.expires, now));
    granted!(manager.gives(client));
    if clients::named(connection, client.organisation, &client.name)?.is_some() {
        return Ok(Err(Refusal::NameTaken));
    }
    clients::insert(connection, client)?;
    manager.record(connection, Event::ClientCreate, "created", client, now)?;
    let shows_secret = shows_secret(client.kind) && client.jwks.is_none();
    let secret = shows_secret.then(|| clients::add_secret(connection, keys, client.id, now)).transpose()?;
    Ok(Ok(secret))
}

/// Changes a client. `force` goes on where the manager would lock itself out.
pub(crate) fn change(
    connection: &Connection,
    manager: &Manager,
    client: Id,
    change: Change,
    force: bool,
    now: Time,
) -> Done<Client> {
    let manager = granted!(manager.current(connection, now)?);
    let before = granted!(load(connection, &manager, client)?);
    if before.revoked.is_some() {
        return Ok(Err(Refusal::Ended));
    }
    granted!(manager.gives(&before));
    let is_new_end = change.expires.is_some();
    let after = change.of(before.clone());
    granted!(check::client(&after));
    if is_new_end {
        granted!(check::end(after.expires, now));
    }
    granted!(manager.gives(&after));
    let locks_out = manager.is(&after) && !after.may(Right::ManageClients);
    let has_no_way_in = before.jwks.is_some()
        && after.jwks.is_none()
        && shows_secret(after.kind)
        && clients::secrets(connection, client)?.is_empty();
    if !force {
        granted!(may_end(connection, &after, locks_out, now)?);
        if has_no_way_in {
            return Ok(Err(Refusal::LastSecret));
        }
    }
    clients::update(connection, &after)?;
    let outcome = if before.rights == after.rights { "changed" } else { "rights_changed" };
    manager.record(connection, Event::ClientChange, outcome, &after, now)?;
    Ok(Ok(after))
}

/// Revokes a client, for ever. What waits of it is ended by the caller, or within seconds by the service
/// ([`end_of_ended`]).
pub(crate) fn revoke(
    connection: &Connection,
    manager: &Manager,
    client: Id,
    force: bool,
    now: Time,
) -> Done<Client> {
    let manager = granted!(manager.current(connection, now)?);
    let before = granted!(load(connection, &manager, client)?);
    granted!(manager.reaches(&before));
    if before.revoked.is_some() {
        return Ok(Err(Refusal::Ended));
    }
    if !force {
        granted!(may_end(connection, &before, manager.is(&before), now)?);
    }
    let after = Client { revoked: Some(now), ..before };
    clients::update(connection, &after)?;
    manager.record(connection, Event::ClientRevoke, "revoked", &after, now)?;
    Ok(Ok(after))
}

/// Gives a client a second secret.
pub(crate) fn add_secret(
    connection: &Connection,
    keys: &Keys,
    manager: &Manager,
    client: Id,
    now: Time,
) -> Done<NewSecret> {
    let manager = granted!(manager.current(connection, now)?);
    let client = granted!(load(connection, &manager, client)?);
    granted!(manager.gives(&client));
    if client.revoked.is_some() {
        return Ok(Err(Refusal::Ended));
    }
    if !shows_secret(client.kind) {
        return Ok(Err(Refusal::ShowsNoSecret));
    }
    if clients::secrets(connection, client.id)?.len() >= MAX_SECRETS {
        return Ok(Err(Refusal::TooManySecrets));
    }
    let secret = clients::add_secret(connection, keys, client.id, now)?;
    manager.record(connection, Event::ClientSecretAdd, "added", &client, now)?;
    Ok(Ok(secret))
}

/// Takes a secret from a client. `force` goes on where it is the last.
pub(crate) fn remove_secret(
    connection: &Connection,
    manager: &Manager,
    client: Id,
    secret: Id,
    force: bool,
    now: Time,
) -> Done<()> {
    let manager = granted!(manager.current(connection, now)?);
    let client = granted!(load(connection, &manager, client)?);
    granted!(manager.reaches(&client));
    let secrets = clients::secrets(connection, client.id)?;
    if !secrets.iter().any(|known| known.id == secret) {
        return Ok(Err(Refusal::NotFound));
    }
    if !force && client.is_usable(now) && client.jwks.is_none() && secrets.len() == 1 {
        return Ok(Err(Refusal::LastSecret));
    }
    clients::remove_secret(connection, client.id, secret, now)?;
    manager.record(connection, Event::ClientSecretRemove, "removed", &client, now)?;
    Ok(Ok(()))
}

/// Whether clients of this kind show a secret that the service has made.
pub(crate) const fn shows_secret(kind: ClientKind) -> bool {
    match kind {
        ClientKind::Rest | ClientKind::Oidc => true,
        // It shows what another issuer has signed.
        ClientKind::Entra => false,
    }
}

/// Whether another client of the organisation could manage clients if this one couldn't.
pub(crate) fn is_last_manager(connection: &Connection, client: &Client, now: Time) -> Result<bool> {
    let clients = clients::list(connection, Some(client.organisation))?;
    let is_manager = |other: &Client| other.is_usable(now) && other.may(Right::ManageClients);
    Ok(!clients.iter().any(|other| other.id != client.id && is_manager(other)))
}

/// A client that the manager sees.
fn load(connection: &Connection, manager: &Manager, client: Id) -> Done<Client> {
    let client = clients::load(connection, client)?;
    let is_seen = |client: &Client| match manager {
        Manager::CommandLine => true,
        Manager::Client(manager) => manager.organisation == client.organisation,
    };
    Ok(client.filter(is_seen).ok_or(Refusal::NotFound))
}

/// Refuses what locks the manager out, and says whether anybody else could let it in again.
fn may_end(connection: &Connection, client: &Client, locks_out: bool, now: Time) -> Done<()> {
    if !locks_out {
        return Ok(Ok(()));
    }
    let is_last = is_last_manager(connection, client, now)?;
    Ok(Err(if is_last { Refusal::LastManager } else { Refusal::LocksOut }))
}

#[cfg(test)]
mod tests;
