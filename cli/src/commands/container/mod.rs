//! `countersign container`: a privacyIDEA server's list of tokens for this phone.

pub(crate) mod register;
mod view;

use clap::{Args, Subcommand};
use countersign_authenticator::approvals::privacyidea::container::ContainerError;
use countersign_authenticator::protocol::Id;
use countersign_authenticator::{Authenticator, Container as Registered, Error, SyncOptions};

use super::enrol::RsaBits;
use crate::account::short;
use crate::args::Global;
use crate::failure::Failure;
use crate::loss::Loss;
use crate::output::Output;
use crate::text::{label, safe};
use crate::{prompt, session};
use view::{ContainersReport, Left, SyncReport, Transfer};

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Container {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Subcommand)]
enum Action {
    /// List containers [default]
    List,
    /// Add what the server has added, and move what it has removed to the trash
    Sync {
        /// Serial, issuer, or the beginning of the identifier [default: all]
        container: Option<String>,
        /// Size of the RSA keys of push tokens, in bits; larger keys take longer to generate
        #[arg(long, value_name = "BITS", default_value = "4096")]
        rsa_bits: RsaBits,
        /// Let the container adopt existing accounts of its server; their codes stay the same
        #[arg(long)]
        adopt: bool,
    },
    /// Show the QR code with which another phone takes over a container
    Move {
        /// Serial, issuer, or the beginning of the identifier [default: the only one]
        container: Option<String>,
    },
    /// Leave a container; its accounts stay
    Leave {
        /// Serial, issuer, or the beginning of the identifier [default: the only one]
        container: Option<String>,
        /// Don't ask for confirmation
        #[arg(long)]
        yes: bool,
        /// Don't contact the server, if it no longer exists
        #[arg(long)]
        here_only: bool,
    },
}

pub(crate) async fn run(args: Container, global: &Global, output: Output) -> Result<(), Failure> {
    let authenticator = session::open(global)?.authenticator;
    let listing = authenticator.containers()?;
    let loss = Loss::of(&listing.damaged, listing.completeness);
    let find = |wanted: Option<&str>| find(&listing.containers, wanted);
    match args.action.unwrap_or(Action::List) {
        Action::List => {
            if let Some(loss) = &loss {
                loss.warn();
            }
            if listing.containers.is_empty() {
                output.note("There are no containers; use `countersign enrol` with the QR code of one.");
            }
            output.report(&ContainersReport::new(&listing.containers, loss))
        }
        Action::Sync { container, rsa_bits, adopt } => {
            let wanted = match container {
                None if !listing.containers.is_empty() => listing.containers.iter().collect(),
                wanted => vec![find(wanted.as_deref())?],
            };
            for container in wanted {
                synchronise(&authenticator, container, rsa_bits, adopt, output).await?;
            }
            Ok(())
        }
        Action::Move { container } => {
            let container = find(container.as_deref())?;
            let transfer = authenticator.transfer_container(container.id).await?;
            output.note(
                "Scan this with the other phone. Show it to nobody else: the first to scan it gets the container.",
            );
            output.report(&Transfer::new(container, &transfer)?)
        }
        Action::Leave { container, yes, here_only } => {
            let container = find(container.as_deref())?;
            confirm_leaving(container, yes)?;
            let trashed = if here_only {
                authenticator.forget_container(container.id).await.map(|()| Vec::new())?
            } else {
                authenticator.leave_container(container.id).await.inspect_err(|_| {
                    output.note("Nothing was changed. If the server no longer exists, use --here-only.");
                })?
            };
            output.report(&Left::new(container, &trashed, &authenticator.accounts()?.accounts))
        }
    }
}

/// Synchronises, and reports the changes. Tokens that couldn't be added are a failure, after the others were reported.
async fn synchronise(
    authenticator: &Authenticator,
    container: &Registered,
    rsa_bits: RsaBits,
    adopt: bool,
    output: Output,
) -> Result<(), Failure> {
    let adopt = agreed(authenticator, container, adopt, output)?;
    let options = SyncOptions { wake_up: None, key_size: Some(rsa_bits.into()), adopt };
    let sync = authenticator.synchronise_container(container.id, options).await?;
    let failed = sync.failed.first().map(|failed| failed.error.clone());
    output.report(&SyncReport::new(container, sync, &authenticator.accounts()?.accounts))?;
    failed.map_or(Ok(()), |error| Err(error.into()))
}

/// The accounts that the person agrees to have adopted: all or none.
fn agreed(
    authenticator: &Authenticator,
    container: &Registered,
    adopt: bool,
    output: Output,
) -> Result<Vec<Id>, Failure> {
    let adoptable = authenticator.adoptable_accounts(container.id)?;
    if adoptable.is_empty() || adopt {
        return Ok(adoptable);
    }
    // Later, the server no longer adopts any.
    let is_first = container.synchronised_at.is_none();
    if !is_first || output.is_json() || !prompt::can_ask() {
        return Ok(Vec::new());
    }
    let accounts = authenticator.accounts()?.accounts;
    let names = accounts.iter().filter(|account| adoptable.contains(&account.id));
    let names: Vec<_> = names.map(|account| safe(&label(&account.issuer, &account.name))).collect();
    let host = safe(&container.service);
    let question = format!(
        "You already have codes of a privacyIDEA server: {}.\nIf they belong to {host}, the container can adopt them: \
         {host} learns that you have them, and their codes stay the same. Adopt them?",
        names.join(", ")
    );
    Ok(if prompt::confirm(&question)? { adoptable } else { Vec::new() })
}

fn confirm_leaving(container: &Registered, yes: bool) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    if !prompt::can_ask() {
        return Err(Failure::ConfirmationNeeded);
    }
    let name = safe(&label(&container.issuer, &container.serial));
    if prompt::confirm(&format!("Leave {name}? "))? { Ok(()) } else { Err(Failure::Cancelled) }
}

/// The named container, or the only one.
fn find<'a>(containers: &'a [Registered], wanted: Option<&str>) -> Result<&'a Registered, Failure> {
    let is_meant = |container: &&Registered| {
        wanted.is_none_or(|wanted| {
            container.serial.eq_ignore_ascii_case(wanted)
                || container.issuer.eq_ignore_ascii_case(wanted)
                || (wanted.len() >= 4 && container.id.to_string().starts_with(wanted))
        })
    };
    let found: Vec<_> = containers.iter().filter(is_meant).collect();
    match found.as_slice() {
        [] => Err(Error::Container(ContainerError::NoSuchContainer).into()),
        [container] => Ok(container),
        several => {
            let names =
                several.iter().map(|container| format!("{} ({})", container.serial, short(container.id)));
            let names: Vec<_> = names.collect();
            Err(Failure::Ambiguous(format!("that matches {} containers: {}", names.len(), names.join(", "))))
        }
    }
}
