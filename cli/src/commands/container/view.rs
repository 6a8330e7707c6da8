//! Output about containers.

use std::io::{self, Write};

use countersign_authenticator::protocol::Id;
use countersign_authenticator::{AccountSummary, Container, ContainerSync, ContainerTransfer, Secret};
use serde::Serialize;

use crate::account::short;
use crate::commands::accounts::AccountView;
use crate::failure::Failure;
use crate::loss::Loss;
use crate::output::{Look, Report};
use crate::qr::Modules;
use crate::text::{BOLD, DIM, GOOD, WARNING, count, label, safe};

/// All containers.
#[derive(Serialize)]
pub(super) struct ContainersReport {
    containers: Vec<ContainerView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    loss: Option<Loss>,
}

#[derive(Serialize)]
struct ContainerView {
    id: Id,
    issuer: String,
    serial: String,
    service: String,
    accounts: Vec<Id>,
    registered: bool,
    may_move: bool,
    may_leave: bool,
    synchronised_at: Option<u64>,
}

impl ContainersReport {
    pub(super) fn new(containers: &[Container], loss: Option<Loss>) -> Self {
        let view = |container: &Container| ContainerView {
            id: container.id,
            issuer: container.issuer.clone(),
            serial: container.serial.clone(),
            service: container.service.clone(),
            accounts: container.accounts.clone(),
            registered: container.is_registered,
            may_move: container.may_transfer,
            may_leave: container.may_leave,
            synchronised_at: container.synchronised_at,
        };
        Self { containers: containers.iter().map(view).collect(), loss }
    }
}

impl Report for ContainersReport {
    fn write_text(&self, out: &mut dyn Write, look: Look) -> io::Result<()> {
        for container in &self.containers {
            let (issuer, service) = (safe(&container.issuer), safe(&container.service));
            if look.quiet {
                writeln!(out, "{}", container.id)?;
            } else if look.terminal {
                let id = short(container.id);
                let what = label(&container.issuer, &container.serial);
                let has = count(container.accounts.len(), "account");
                let doubt = if container.registered { "" } else { ", not confirmed by the server yet" };
                writeln!(
                    out,
                    "{DIM}{id}{DIM:#}  {}  {service}  {has}{WARNING}{doubt}{WARNING:#}",
                    safe(&what)
                )?;
            } else {
                let (id, serial) = (container.id, &container.serial);
                writeln!(out, "{id}\t{issuer}\t{serial}\t{service}\t{}", container.accounts.len())?;
            }
        }
        Ok(())
    }
}

/// What a synchronisation has changed.
#[derive(Serialize)]
pub(super) struct SyncReport {
    container: Id,
    serial: String,
    added: Vec<AccountView>,
    removed: Vec<AccountView>,
    replaced: Vec<AccountView>,
    adopted: Vec<AccountView>,
    failed: Vec<FailedView>,
    left_out: Vec<String>,
}

#[derive(Serialize)]
struct FailedView {
    serial: Option<String>,
    code: &'static str,
    message: String,
}

impl SyncReport {
    pub(super) fn new(container: &Container, sync: ContainerSync, accounts: &[AccountSummary]) -> Self {
        let added: Vec<_> = sync.added.iter().map(|added| added.id).collect();
        let failed = sync.failed.into_iter().map(|failed| FailedView {
            serial: failed.serial,
            code: failed.error.code(),
            message: failed.error.to_string(),
        });
        Self {
            container: container.id,
            serial: container.serial.clone(),
            added: views(&added, accounts),
            removed: views(&sync.removed, accounts),
            replaced: views(&sync.replaced, accounts),
            adopted: views(&sync.adopted, accounts),
            failed: failed.collect(),
            left_out: sync.left_out,
        }
    }
}

fn views(wanted: &[Id], accounts: &[AccountSummary]) -> Vec<AccountView> {
    accounts.iter().filter(|account| wanted.contains(&account.id)).map(AccountView::new).collect()
}

impl Report for SyncReport {
    fn write_text(&self, out: &mut dyn Write, look: Look) -> io::Result<()> {
        if look.quiet {
            return Ok(());
        }
        for account in &self.added {
            writeln!(out, "{GOOD}Added{GOOD:#} {}", account.label())?;
        }
        for account in &self.removed {
            writeln!(
                out,
                "{WARNING}In the trash{WARNING:#} {}: the server removed it from the container",
                account.label()
            )?;
        }
        for account in &self.replaced {
            writeln!(out, "In the trash {}: the server regenerated it", account.label())?;
        }
        for account in &self.adopted {
            writeln!(out, "{GOOD}Adopted{GOOD:#} {}: its codes stay the same", account.label())?;
        }
        for token in &self.failed {
            let serial = token.serial.as_deref().unwrap_or("a token");
            writeln!(out, "{WARNING}Not added{WARNING:#} {}: {}", safe(serial), token.message)?;
        }
        for serial in &self.left_out {
            writeln!(
                out,
                "{WARNING}Not added{WARNING:#} {}: another computer has its codes; ask your organisation",
                safe(serial)
            )?;
        }
        let nothing =
            [&self.added, &self.removed, &self.replaced, &self.adopted].iter().all(|list| list.is_empty());
        if nothing && self.failed.is_empty() && self.left_out.is_empty() {
            writeln!(out, "{} is up to date.", self.serial)?;
        }
        Ok(())
    }
}

/// The QR code with which another phone takes over a container. It is meant to be shown.
#[derive(Serialize)]
pub(super) struct Transfer {
    container: Id,
    serial: String,
    #[serde(serialize_with = "expose")]
    link: Secret,
    valid_minutes: Option<u32>,
    #[serde(skip)]
    qr: Modules,
}

impl Transfer {
    pub(super) fn new(container: &Container, transfer: &ContainerTransfer) -> Result<Self, Failure> {
        let too_long = || Failure::Usage("the server's code is too long for a QR code".to_owned());
        Ok(Self {
            container: container.id,
            serial: container.serial.clone(),
            link: transfer.link.clone(),
            valid_minutes: transfer.valid_minutes,
            qr: Modules::of(text(&transfer.link)).ok_or_else(too_long)?,
        })
    }
}

impl Report for Transfer {
    fn write_text(&self, out: &mut dyn Write, look: Look) -> io::Result<()> {
        if !look.draws {
            return writeln!(out, "{}", text(&self.link));
        }
        self.qr.print(out)?;
        writeln!(out)?;
        if let Some(minutes) = self.valid_minutes {
            writeln!(
                out,
                "It is valid for {BOLD}{}{BOLD:#}.",
                count(usize::try_from(minutes).unwrap_or(0), "minute")
            )?;
        }
        writeln!(out, "Once the other phone has it, its codes on this device are no longer valid.")
    }
}

fn text(link: &Secret) -> &str {
    // The core has read it as a link.
    str::from_utf8(link.expose()).unwrap_or_default()
}

fn expose<S: serde::Serializer>(link: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(text(link))
}

/// A container was left.
#[derive(Serialize)]
pub(super) struct Left {
    container: Id,
    serial: String,
    trashed: Vec<AccountView>,
}

impl Left {
    pub(super) fn new(container: &Container, trashed: &[Id], accounts: &[AccountSummary]) -> Self {
        Self { container: container.id, serial: container.serial.clone(), trashed: views(trashed, accounts) }
    }
}

impl Report for Left {
    fn write_text(&self, out: &mut dyn Write, look: Look) -> io::Result<()> {
        if look.quiet {
            return Ok(());
        }
        writeln!(out, "Left: {}", self.serial)?;
        self.trashed.iter().try_for_each(|account| {
            writeln!(out, "In the trash {}: another phone has its token", account.label())
        })
    }
}
