//! A move through an approval service: choosing it, and waiting for the other phone.

use std::time::{Duration, Instant};

use clap::Args;
use countersign_authenticator::protocol::Id;
use countersign_authenticator::{
    AccountSummary, Authenticator, Error, Receiving, ReceivingStep, Sending, SendingStep, Transfer as Move,
};

use super::report::MoveReport;
use crate::account;
use crate::args::number;
use crate::failure::{Failure, Unfit};
use crate::output::Output;

/// How long to wait for the other phone.
#[derive(Args)]
pub(super) struct Waiting {
    /// Through a service: time to wait for the other phone, in seconds; 0 asks once
    #[arg(long, value_name = "SECONDS", default_value_t = 600, value_parser = number::<u64>)]
    wait: u64,
}

/// The account whose service relays the move: the named one, or the only possible one.
pub(super) fn choose(authenticator: &Authenticator, wanted: Option<&str>) -> Result<Id, Failure> {
    let able = authenticator.relay_accounts()?;
    let accounts = authenticator.accounts()?.accounts;
    let unable = |account: &AccountSummary| {
        let is_able = able.iter().any(|able| able.account == account.id);
        account::not_in_use(account).or((!is_able).then_some(Unfit::NoRelay))
    };
    if able.is_empty() {
        let reason = "no account has an approval service that relays moves; omit --relay";
        return Err(Failure::Usage(reason.to_owned()));
    }
    Ok(match wanted {
        Some(wanted) => account::find(&accounts, wanted, unable)?.id,
        None => account::only(&accounts, unable)?.id,
    })
}

/// Sends the accounts to the service, and waits for the receipt.
pub(super) async fn send(
    authenticator: &Authenticator,
    sending: Sending,
    waiting: &Waiting,
    output: Output,
) -> Result<Sending, Failure> {
    if sending.relay.is_none() || !matches!(sending.step, SendingStep::Showing { .. }) {
        return Ok(sending);
    }
    let is_proven =
        |state: &Move| matches!(state, Move::Sending(Sending { step: SendingStep::Proven { .. }, .. }));
    match until(authenticator, waiting, is_proven, output).await? {
        Move::Sending(sending) => Ok(sending),
        _ => Ok(sending),
    }
}

/// Fetches the accounts from the service, once the old phone has sent them.
pub(super) async fn receive(
    authenticator: &Authenticator,
    receiving: Receiving,
    waiting: &Waiting,
    output: Output,
) -> Result<Receiving, Failure> {
    if receiving.relay.is_none() || !matches!(receiving.step, ReceivingStep::Scanning { .. }) {
        return Ok(receiving);
    }
    let is_complete =
        |state: &Move| matches!(state, Move::Receiving(Receiving { step: ReceivingStep::Complete, .. }));
    match until(authenticator, waiting, is_complete, output).await? {
        Move::Receiving(receiving) => Ok(receiving),
        _ => Ok(receiving),
    }
}

/// Leaves the receipt at the service. A failure is reported, and the receipt's code can be used instead.
pub(super) async fn leave(authenticator: &Authenticator, report: &mut MoveReport, output: Output) {
    match authenticator.relay_transfer().await {
        Ok(state) => report.relayed(&state),
        Err(error) => output.note(format_args!("The receipt couldn't be left at the service: {error}.")),
    }
}

/// Removes the move from the service.
pub(super) async fn end(authenticator: &Authenticator, output: Output) {
    if let Err(error) = authenticator.end_relay().await {
        output.note(format_args!(
            "The move couldn't be removed from the service: {error}. It is sealed, and expires within ten minutes."
        ));
    }
}

/// Asks the service until `is_done`, or until the time is over.
async fn until(
    authenticator: &Authenticator,
    waiting: &Waiting,
    is_done: impl Fn(&Move) -> bool,
    output: Output,
) -> Result<Move, Failure> {
    let (began, wait) = (Instant::now(), Duration::from_secs(waiting.wait));
    let (mut is_told, mut is_warned) = (false, false);
    loop {
        let is_over = began.elapsed() >= wait;
        match authenticator.relay_transfer().await {
            Ok(state) if is_done(&state) || is_over => return Ok(state),
            Ok(state) if !is_told => {
                is_told = true;
                output.report(&MoveReport::waiting(&state))?;
            }
            Ok(_) => {}
            // The next attempt may succeed.
            Err(Error::Network(error)) if !is_over => {
                if !is_warned {
                    is_warned = true;
                    output.note(format_args!(
                        "Still trying: {error}. `transfer status` shows the codes in the meantime."
                    ));
                }
            }
            Err(error) => return Err(error.into()),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

const PAUSE: Duration = Duration::from_secs(2);
