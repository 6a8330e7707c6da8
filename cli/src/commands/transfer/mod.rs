//! `countersign transfer`: moves accounts from an old phone to a new one, offline by QR codes or through an approval
//! service.

mod relay;
mod report;
mod show;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use countersign_authenticator::import::ImportOptions;
use countersign_authenticator::protocol::Id;
use countersign_authenticator::transfer::{TransferCode, TransferError};
use countersign_authenticator::{
    AccountSummary, Authenticator, Error, ReceivingStep, Sending, SendingStep, Transfer as Move,
};

use self::report::MoveReport;
use super::completions;
use super::import::OnSameName;
use crate::args::{Global, number};
use crate::failure::{Failure, Unfit};
use crate::output::Output;
use crate::text::plain;
use crate::{account, input, prompt, session};

/// `docs/transfer.md` specifies the steps and the codes.
#[derive(Args)]
pub(crate) struct Transfer {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// On the new phone: show its code, read the old one's, store the accounts
    Receive(Receive),
    /// On the old phone: read the new one's code, show the accounts, remove them once they have arrived
    Send(Send),
    /// Show the state of the move, and the codes of this step again
    Status(Shown),
    /// End the move at any step; accounts stay as they are
    End,
    /// Generate codes of a moved account here again
    TakeBack {
        /// Issuer, name or both, or the beginning of the identifier
        #[arg(allow_hyphen_values = true, add = completions::accounts())]
        account: String,
    },
}

#[derive(Args)]
struct Receive {
    /// Codes shown by the old phone: pictures, texts, files of texts, or - for standard input
    #[arg(value_name = "FILE|CODE|-")]
    codes: Vec<String>,
    /// Show what would happen to each account without storing anything
    #[arg(long)]
    dry_run: bool,
    /// What to do with an account if one of the same name has another secret
    #[arg(long, value_enum, value_name = "CHOICE", default_value = "keep-both")]
    on_same_name: OnSameName,
    #[command(flatten)]
    waiting: relay::Waiting,
    #[command(flatten)]
    shown: Shown,
}

#[derive(Args)]
struct Send {
    /// Codes shown by the new phone: pictures, texts, files of texts, or - for standard input
    #[arg(value_name = "FILE|CODE|-")]
    codes: Vec<String>,
    /// The check value as the new phone shows it
    #[arg(long, value_name = "VALUE")]
    check_value: Option<String>,
    /// Move only this account; may be repeated [default: all]
    #[arg(long, value_name = "ACCOUNT", add = completions::accounts())]
    account: Vec<String>,
    /// Send the accounts through an approval service instead of codes: this account's, or the only possible one. Use it
    /// with the invitation
    #[arg(long, value_name = "ACCOUNT", num_args = 0..=1, require_equals = true, add = completions::accounts())]
    relay: Option<Option<String>>,
    /// Move the accounts that the new phone has proved to have to the trash
    #[arg(long)]
    remove: bool,
    #[command(flatten)]
    waiting: relay::Waiting,
    #[command(flatten)]
    shown: Shown,
}

/// How codes are shown.
#[derive(Args)]
struct Shown {
    /// Write the codes as pictures into this folder
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Show only these numbered codes, for example those that the new phone still lacks
    #[arg(long, value_name = "NUMBERS", value_delimiter = ',', value_parser = number::<u16>)]
    only: Vec<u16>,
}

pub(crate) async fn run(args: Transfer, global: &Global, output: Output) -> Result<(), Failure> {
    match args.action {
        Action::Receive(args) => receive(&args, global, output).await,
        Action::Send(args) => send(&args, global, output).await,
        Action::Status(shown) => {
            show::check(&shown, output)?;
            let authenticator = session::open(global)?.authenticator;
            let under_way = authenticator.transfer()?.ok_or(Error::from(TransferError::NotUnderWay))?;
            show::codes(MoveReport::of(&under_way), &shown, output).await
        }
        Action::End => {
            let authenticator = session::open(global)?.authenticator;
            relay::end(&authenticator, output).await;
            authenticator.end_transfer()?;
            output.report(&MoveReport::default())
        }
        Action::TakeBack { account } => {
            let authenticator = session::open(global)?.authenticator;
            let accounts = authenticator.accounts()?.accounts;
            let not_moved = |account: &AccountSummary| account.moved_at.is_none().then_some(Unfit::NotMoved);
            let account = account::find(&accounts, &account, not_moved)?.id;
            authenticator.take_back(account)?;
            output.report(&MoveReport::taken_back(account))
        }
    }
}

async fn receive(args: &Receive, global: &Global, output: Output) -> Result<(), Failure> {
    show::check(&args.shown, output)?;
    let texts = read(&args.codes)?;
    let authenticator = session::open_or_create(global, output)?.authenticator;
    let mut receiving = authenticator.receive_accounts()?;
    for text in &texts {
        receiving = authenticator.receive_code(text)?;
    }
    let is_scanned = |text: &input::Text| matches!(TransferCode::parse(text), Ok(TransferCode::Accounts(_)));
    if !texts.iter().any(is_scanned) {
        receiving = relay::receive(&authenticator, receiving, &args.waiting, output).await?;
    }
    let mut report = MoveReport::of(&Move::Receiving(receiving.clone()));
    if receiving.step == ReceivingStep::Complete {
        let mut options = ImportOptions::default();
        options.same_name = args.on_same_name.into();
        if args.dry_run {
            report.previewed(&authenticator.preview_received(&options)?);
        } else {
            report.stored(&authenticator.store_received(&options)?);
        }
    }
    if report.is_stored() && receiving.relay.is_some_and(|relay| !relay.is_delivered) {
        relay::leave(&authenticator, &mut report, output).await;
    }
    show::codes(report, &args.shown, output).await
}

async fn send(args: &Send, global: &Global, output: Output) -> Result<(), Failure> {
    show::check(&args.shown, output)?;
    let texts = read(&args.codes)?;
    let authenticator = session::open(global)?.authenticator;
    let mut sending = under_way(&authenticator)?;
    for text in &texts {
        sending = Some(match TransferCode::parse(text).map_err(Error::from)? {
            TransferCode::Invitation(_) => authenticator.send_accounts(text)?,
            _ => authenticator.receive_receipt(text)?,
        });
    }
    let mut sending = sending.ok_or(Error::from(TransferError::NotUnderWay))?;
    if let Some(wanted) = &args.relay {
        let account = relay::choose(&authenticator, wanted.as_deref())?;
        sending = authenticator.choose_relay(Some(account))?;
    }
    sending = relay::send(&authenticator, sending, &args.waiting, output).await?;
    let mut report = MoveReport::of(&Move::Sending(sending.clone()));
    match sending.step {
        SendingStep::Comparing { .. } => {
            let check_value = match &args.check_value {
                Some(check_value) => check_value.clone(),
                None => {
                    let can_ask = output.is_for_a_person() && prompt::can_ask();
                    show::codes(report, &args.shown, output).await?;
                    if !can_ask {
                        return Ok(());
                    }
                    prompt::line("Check value, as the new phone shows it: ")?
                }
            };
            let chosen = chosen(&authenticator, &args.account)?;
            let shown = authenticator.show_accounts(&plain(&check_value), chosen.as_deref())?;
            report = MoveReport::showing(&sending, &shown);
            if let Some(Move::Sending(shown)) = authenticator.transfer()? {
                let sent = relay::send(&authenticator, shown, &args.waiting, output).await?;
                report.sent(&sent);
            }
            if report.is_proven() && (args.remove || asked_to_remove(output)?) {
                report.removed = Some(remove(&authenticator, output).await?);
            }
        }
        SendingStep::Proven { .. } if args.remove || asked_to_remove(output)? => {
            report.removed = Some(remove(&authenticator, output).await?);
        }
        _ => {}
    }
    show::codes(report, &args.shown, output).await
}

async fn remove(authenticator: &Authenticator, output: Output) -> Result<usize, Failure> {
    relay::end(authenticator, output).await;
    Ok(authenticator.remove_moved()?)
}

fn asked_to_remove(output: Output) -> Result<bool, Failure> {
    let question = "The new phone has them. Move them to the trash here?";
    Ok(output.is_for_a_person() && prompt::can_ask() && prompt::confirm(question)?)
}

/// The move that this phone sends, if it does.
fn under_way(authenticator: &Authenticator) -> Result<Option<Sending>, Failure> {
    match authenticator.transfer()? {
        Some(Move::Sending(sending)) => Ok(Some(sending)),
        Some(_) => Err(Error::from(TransferError::UnderWay).into()),
        None => Ok(None),
    }
}

fn chosen(authenticator: &Authenticator, wanted: &[String]) -> Result<Option<Vec<Id>>, Failure> {
    if wanted.is_empty() {
        return Ok(None);
    }
    let accounts = authenticator.accounts()?.accounts;
    let found = wanted.iter().map(|wanted| Ok(account::find(&accounts, wanted, account::not_in_use)?.id));
    found.collect::<Result<_, Failure>>().map(Some)
}

/// The texts of codes, as they were given.
fn read(sources: &[String]) -> Result<Vec<input::Text>, Failure> {
    let mut texts = Vec::new();
    let mut reader = input::Reader::default();
    for source in sources {
        if TransferCode::parse(source).is_ok() {
            texts.push(input::Text::new(source.clone()));
        } else {
            texts.extend(reader.read(source)?);
        }
    }
    reader.finish()?;
    Ok(texts)
}
