//! `countersign-server client …`: clients at the command line, also while the service runs.

mod options;
mod print;

use clap::{Args, Subcommand};
use countersign_protocol::Id;
use rusqlite::Connection;

pub use self::options::ClientOptions;
use crate::actions::clients::{self as managing, Manager};
use crate::config::Config;
use crate::refusal::Refusal;
use crate::relying_party::ClientReply;
use crate::secret::SecretText;
use crate::setup::{SetupError, beside};
use crate::store::clients::{self, Client, ClientKind};
use crate::store::{self, organisations};
use crate::time::Time;

/// What to do with clients.
#[derive(Clone, Debug, Subcommand)]
pub enum ClientCommand {
    /// Create a client and print its identifier and its secret once
    Add {
        /// The organisation; created if it doesn't exist
        #[arg(long)]
        organisation: String,
        /// The client's name, for good: the `aud` of its assertions
        #[arg(long)]
        name: String,
        /// How it connects: rest, oidc or entra
        #[arg(long, default_value = "rest")]
        kind: String,
        /// What it may do, and how.
        #[command(flatten)]
        options: ClientOptions,
    },
    /// List clients, with warnings
    List {
        /// Only those of this organisation
        #[arg(long)]
        organisation: Option<String>,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Show a client and the names of its secrets
    Show {
        /// Which one.
        #[command(flatten)]
        which: Which,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Change a client; options that aren't given leave their part unchanged
    Change {
        /// Which one.
        #[command(flatten)]
        which: Which,
        /// What it may do, and how.
        #[command(flatten)]
        options: ClientOptions,
    },
    /// Revoke a client for ever, and cancel its pending sign-ins and enrolments
    Revoke {
        /// Which one.
        #[command(flatten)]
        which: Which,
    },
    /// Replace a client's secret without a gap
    #[command(arg_required_else_help = true)]
    Secret {
        /// What to do with it.
        #[command(subcommand)]
        command: ClientSecretCommand,
    },
}

/// What to do with a client's secrets.
#[derive(Clone, Debug, Subcommand)]
pub enum ClientSecretCommand {
    /// Create a second secret and print it once
    Add {
        /// Whose.
        #[command(flatten)]
        which: Which,
    },
    /// Remove a secret by its name, which `client show` lists
    Remove {
        /// Whose.
        #[command(flatten)]
        which: Which,
        /// The secret's name
        secret: String,
        /// Remove it even if it is the last
        #[arg(long)]
        force: bool,
    },
}

/// Which client is meant.
#[derive(Clone, Debug, Default, Args)]
pub struct Which {
    /// The client's name or identifier
    pub client: String,
    /// Its organisation, if several have a client of this name
    #[arg(long)]
    pub organisation: Option<String>,
}

/// What a command prints.
#[derive(Debug)]
pub struct Printed {
    /// What was asked for. It may have a secret in it.
    pub text: SecretText,
    /// What somebody should know.
    pub warnings: Vec<String>,
}

/// Does what the command line asks for, in one transaction.
///
/// # Errors
///
/// [`SetupError`]. Nothing has changed then.
pub fn manage_clients(config: &Config, command: ClientCommand, now: Time) -> Result<Printed, SetupError> {
    let by = Manager::CommandLine;
    match command {
        ClientCommand::Add { organisation, name, kind, options } => {
            let kind: ClientKind = kind.parse().map_err(|()| refused("--kind: there is no such kind"))?;
            let options = options.read().map_err(refused)?;
            let Some(rights) = options.rights else { return Err(refused("--rights: name what it may do")) };
            countersign_protocol::name::check(&organisation)
                .map_err(|error| SetupError::Name { which: "organisation", error })?;
            beside(config, now, |connection, keys| {
                let id = organisations::obtain(connection, &organisation, now)?;
                let client = options.of(Client::new(kind, id, &organisation, &name, rights, now));
                let created = managing::create(connection, keys, &by, &client, now)?;
                Ok(created.map(|secret| print::created(client.id, secret)))
            })
        }
        ClientCommand::List { organisation, json } => beside(config, now, |connection, _| {
            let id = match &organisation {
                None => None,
                Some(name) => match organisations::find(connection, name)? {
                    Some(id) => Some(id),
                    None => return Ok(Err(Refusal::NotFound)),
                },
            };
            let clients = clients::list(connection, id)?;
            let replies = clients.into_iter().map(|client| ClientReply::of(connection, client, now));
            Ok(Ok(print::list(&replies.collect::<store::Result<Vec<_>>>()?, json)))
        }),
        ClientCommand::Show { which, json } => on(config, &which, now, |connection, _, client| {
            Ok(Ok(print::show(&ClientReply::of(connection, client, now)?, json)))
        }),
        ClientCommand::Change { which, options } => {
            let options = options.read().map_err(refused)?;
            on(config, &which, now, |connection, _, client| {
                let change = options.change(&client.settings);
                match managing::change(connection, &by, client.id, change, false, now)? {
                    Ok(client) => ended_or_changed(connection, client, "changed", now).map(Ok),
                    Err(refusal) => Ok(Err(refusal)),
                }
            })
        }
        ClientCommand::Revoke { which } => on(config, &which, now, |connection, _, client| {
            match managing::revoke(connection, &by, client.id, false, now)? {
                Ok(client) => ended_or_changed(connection, client, "revoked", now).map(Ok),
                Err(refusal) => Ok(Err(refusal)),
            }
        }),
        ClientCommand::Secret { command: ClientSecretCommand::Add { which } } => {
            on(config, &which, now, |connection, keys, client| {
                let added = managing::add_secret(connection, keys, &by, client.id, now)?;
                Ok(added.map(|secret| print::created(client.id, Some(secret))))
            })
        }
        ClientCommand::Secret { command: ClientSecretCommand::Remove { which, secret, force } } => {
            let secret: Id = secret.parse().map_err(|_| refused("there is no secret of this name"))?;
            on(config, &which, now, |connection, _, client| {
                let removed = managing::remove_secret(connection, &by, client.id, secret, force, now)?;
                Ok(removed.map(|()| print::plain(format!("a secret of {} was removed", client.name))))
            })
        }
    }
}

/// Does something with the client that is meant.
fn on(
    config: &Config,
    which: &Which,
    now: Time,
    act: impl FnOnce(&Connection, &crate::keys::Keys, Client) -> store::Result<Result<Printed, Refusal>>,
) -> Result<Printed, SetupError> {
    beside(config, now, |connection, keys| match find(connection, which)? {
        Ok(client) => act(connection, keys, client),
        Err(refusal) => Ok(Err(refusal)),
    })
}

/// The client of this identifier, or the only one of this name.
fn find(connection: &Connection, which: &Which) -> store::Result<Result<Client, Refusal>> {
    let is_meant = |client: &Client| {
        which.organisation.as_ref().is_none_or(|name| *name == client.organisation_name)
            && (client.name == which.client || which.client.parse() == Ok(client.id))
    };
    let mut meant = clients::list(connection, None)?.into_iter().filter(is_meant);
    Ok(match (meant.next(), meant.next()) {
        (Some(client), None) => Ok(client),
        (Some(_), Some(_)) => Err(Refusal::Ambiguous),
        (None, _) => Err(Refusal::NotFound),
    })
}

/// Nothing can lock the command line out, so that it is told, and not asked, whether anybody else is.
fn ended_or_changed(
    connection: &Connection,
    client: Client,
    done: &str,
    now: Time,
) -> store::Result<Printed> {
    let is_manager = client.is_usable(now) && client.may(clients::Right::ManageClients);
    let mut printed = print::plain(format!("{} was {done}", client.name));
    if !is_manager && managing::is_last_manager(connection, &client, now)? {
        printed.warnings.push(format!(
            "no client of {} may manage clients: only this command line can",
            client.organisation_name
        ));
    }
    printed.warnings.extend(print::warnings(&ClientReply::of(connection, client, now)?));
    Ok(printed)
}

fn refused(reason: impl Into<String>) -> SetupError {
    SetupError::Refused(reason.into())
}
