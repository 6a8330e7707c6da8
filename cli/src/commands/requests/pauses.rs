//! Accounts whose requests don't arrive automatically: why, until when, and what helps.

use std::io::{self, Write};

use countersign_authenticator::AccountSummary;
use countersign_authenticator::approvals::{AccountPause, PauseReason, WayOut};
use countersign_authenticator::protocol::Id;
use serde::Serialize;

use super::super::accounts::AccountView;
use crate::account;
use crate::failure::{Failure, Unfit};
use crate::output::{self, Look, Output, Report};
use crate::session::Session;
use crate::text::{WARNING, count, duration, label, safe, sentence};

/// A pause, described for people.
pub(crate) struct Told {
    id: Id,
    /// The account's issuer and name.
    pub(crate) account: String,
    /// Why, and until when.
    pub(crate) found: String,
    /// What helps.
    pub(crate) advice: String,
}

/// All pauses, with the accounts' names.
pub(crate) fn all(session: &Session) -> Result<Vec<Told>, Failure> {
    let pauses = session.authenticator.pauses()?;
    if pauses.is_empty() {
        return Ok(Vec::new());
    }
    let accounts = session.authenticator.accounts()?.accounts;
    let now = session.authenticator.clock_status().time.unix_seconds();
    let told = pauses.iter().filter_map(|pause| {
        let account = accounts.iter().find(|account| account.id == pause.account)?;
        let account = safe(&label(&account.issuer, &account.name));
        Some(Told { id: pause.account, found: found(pause, now), advice: advice(pause, &account), account })
    });
    Ok(told.collect())
}

/// Reports every pause, in addition to the requests that do arrive.
pub(super) fn warn(session: &Session, output: Output) -> Result<(), Failure> {
    if output.is_json() {
        return Ok(());
    }
    for Told { account, found, advice, .. } in all(session)? {
        let said = format!("{account}: {found}. {}", sentence(&advice));
        output::tell(&format!("{WARNING}warning:{WARNING:#} {said}\n"));
    }
    Ok(())
}

/// Ends the pause of one account, or of all.
pub(super) async fn resume(session: &Session, wanted: Option<&str>, output: Output) -> Result<(), Failure> {
    let pauses = session.authenticator.pauses()?;
    let rests = |account: &AccountSummary| {
        pauses.iter().any(|pause| pause.account == account.id && pause.ways_out.contains(&WayOut::Resume))
    };
    let listing = session.authenticator.accounts()?;
    let meant: Vec<_> = match wanted {
        Some(wanted) => vec![account::find(&listing.accounts, wanted, account::not_enrolled)?],
        None => listing.accounts.iter().filter(|account| account::not_enrolled(account).is_none()).collect(),
    };
    let resting: Vec<_> = meant.iter().copied().filter(|account| rests(account)).collect();
    let is_paused = |account: &&AccountSummary| pauses.iter().any(|pause| pause.account == account.id);
    if let (Some(_), [account]) = (wanted, meant.as_slice())
        && !is_paused(account)
    {
        return Err(Failure::Unfit { name: account::name(account), unfit: Unfit::NotResting });
    }
    for account in &resting {
        session.authenticator.resume(account.id).await?;
    }
    // This device can end its own pauses, but not a stop by the service.
    let stopped = session.authenticator.pauses()?;
    let is_stopped = |account: &&AccountSummary| stopped.iter().any(|pause| pause.account == account.id);
    let (still, resumed): (Vec<_>, Vec<_>) = resting.into_iter().partition(is_stopped);
    if !resumed.is_empty() || (still.is_empty() && !meant.iter().any(is_stopped)) {
        output.report(&Resumed { accounts: resumed.into_iter().map(AccountView::new).collect() })?;
    }
    let told = all(session)?.into_iter().filter(|told| meant.iter().any(|account| account.id == told.id));
    let told: Vec<_> =
        told.map(|told| format!("{}: {}; {}", told.account, told.found, told.advice)).collect();
    if told.is_empty() { Ok(()) } else { Err(Failure::StillPaused(told.join("; "))) }
}

#[derive(Serialize)]
struct Resumed {
    accounts: Vec<AccountView>,
}

impl Report for Resumed {
    fn write_text(&self, out: &mut dyn Write, look: Look) -> io::Result<()> {
        match self.accounts.as_slice() {
            _ if look.quiet => Ok(()),
            [] => writeln!(out, "No account is paused."),
            accounts => accounts.iter().try_for_each(|account| writeln!(out, "Resumed: {}", account.label())),
        }
    }
}

fn found(pause: &AccountPause, now: u64) -> String {
    let turned_down =
        count(usize::try_from(pause.denied.saturating_add(pause.reported)).unwrap_or(usize::MAX), "request");
    let why = match pause.reason {
        PauseReason::TurnedDown => format!("requests are paused, because you rejected {turned_down}"),
        PauseReason::ServiceLimit => {
            "the service sends no requests, because there were too many without a sign-in".to_owned()
        }
        _ => "requests are locked, by a report or by an administrator".to_owned(),
    };
    match pause.until {
        Some(until) => format!("{why}, for {} more", duration(until.saturating_sub(now))),
        None => why,
    }
}

fn advice(pause: &AccountPause, account: &str) -> String {
    let ways = pause.ways_out.iter().filter_map(|way| match way {
        WayOut::Ask => Some("`countersign requests list` still shows them".to_owned()),
        WayOut::Resume => {
            Some(format!("if they were yours, `countersign requests resume '{account}'` ends the pause"))
        }
        WayOut::Code => Some("sign in with a code (`countersign codes`)".to_owned()),
        WayOut::Administrator => Some("your organisation's administrator can unlock the account".to_owned()),
        _ => None,
    });
    ways.collect::<Vec<_>>().join("; ")
}
