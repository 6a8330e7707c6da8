//! `countersign enrol`: from a picture or a link to accounts.

use std::io::{self, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use countersign_authenticator::approvals::{ApprovalRequest, BindingState, DeviceDescription};
use countersign_authenticator::keys::RsaKeySize;
use countersign_authenticator::offer::{
    ContainerOffer, EnrolmentOffer, MigrationBatch, Offer, OfferError, OtpOffer, RefusedAccount,
};
use countersign_authenticator::protocol::messages::{Platform, Purpose};
use countersign_authenticator::protocol::{Id, name};
use countersign_authenticator::{AddedAccount, Enrolment};
use serde::Serialize;

use super::container::register::{self, Given};
use super::requests::ask::{self, Answered};
use crate::args::Global;
use crate::failure::Failure;
use crate::output::{Look, Output, Report};
use crate::session::{self, Session};
use crate::text::{BOLD, GOOD, WARNING, count, label, safe, sentence};
use crate::{input, prompt};

#[derive(Args)]
#[command(
    after_help = "A link on the command line stays in the shell's history; `countersign enrol -` reads it instead."
)]
pub(crate) struct Enrol {
    /// Pictures, links, files of links, or - for standard input
    #[arg(required = true, value_name = "FILE|LINK|-")]
    sources: Vec<String>,
    /// This device's name at the approval service [default: the computer's name]
    #[arg(long, value_name = "NAME")]
    device_name: Option<String>,
    /// Don't wait for the activation; approve it later with `countersign requests`
    #[arg(long)]
    no_wait: bool,
    /// Size of the RSA key for a privacyIDEA server, in bits; larger keys take longer to generate
    #[arg(long, value_name = "BITS", default_value = "4096")]
    rsa_bits: RsaBits,
    /// Read the passphrase that a container's code asks for from the first line of this file
    #[arg(long, value_name = "FILE")]
    container_passphrase_file: Option<PathBuf>,
    /// Agree to send your own password to the server if the code asks for it
    #[arg(long)]
    send_password: bool,
    /// Let a container adopt existing accounts of its server; their codes stay the same
    #[arg(long)]
    adopt: bool,
}

/// Sizes of an RSA key.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum RsaBits {
    #[value(name = "2048")]
    Bits2048,
    #[value(name = "3072")]
    Bits3072,
    #[value(name = "4096")]
    Bits4096,
}

impl From<RsaBits> for RsaKeySize {
    fn from(bits: RsaBits) -> Self {
        match bits {
            RsaBits::Bits2048 => Self::Bits2048,
            RsaBits::Bits3072 => Self::Bits3072,
            RsaBits::Bits4096 => Self::Bits4096,
        }
    }
}

pub(crate) async fn run(args: Enrol, global: &Global, output: Output) -> Result<(), Failure> {
    if let Some(name) = &args.device_name {
        name::check(name)?;
    }
    let offers = Offers::read(&args.sources)?;
    if offers.has_unreadable_letters {
        output.note(input::UNREADABLE_LETTERS);
    }
    let session = session::open_or_create(global, output)?;
    if !offers.otp.is_empty() || !offers.refused.is_empty() {
        let (otp, to_type): (Vec<_>, Vec<_>) = offers.otp.into_iter().unzip();
        let labels = otp.iter().map(|offer| (offer.issuer.clone(), offer.name.clone()));
        let labels: Vec<_> = labels.zip(to_type).collect();
        let added = session.authenticator.add(otp)?;
        output.report(&Added::new(labels, &added, &offers.refused))?;
        if offers.may_be_cut {
            output.note(MAY_BE_CUT);
        }
    }
    for mut offer in offers.enrolments {
        let mut wants_check = false;
        if let EnrolmentOffer::PrivacyIdea(offer) = &mut offer {
            offer.key_size = Some(args.rsa_bits.into());
            output.note("Generating a key. This takes a few seconds …");
            wants_check = offer.unlock.is_some();
        }
        let name = args.device_name.clone().unwrap_or_else(computer_name);
        let device = DeviceDescription { name, platform: Platform::Desktop, wake_up: None };
        let enrolment = session.authenticator.enrol(&offer, device).await?;
        let (account, is_active) = (enrolment.account, enrolment.check_value.is_none());
        if enrolment.asked_for_no_certificate_check {
            output.note(NO_CERTIFICATE_CHECK);
        }
        if wants_check {
            output.note(WANTS_CHECK);
        }
        output.report(&Enrolled::new(enrolment))?;
        if args.no_wait || is_active {
            continue;
        }
        if output.is_json() || !prompt::can_ask() {
            output.note("Finish it with `countersign requests approve --number` and the number on the page.");
            continue;
        }
        activate(&session, account, output).await?;
    }
    for offer in offers.containers {
        let given = Given {
            device_name: args.device_name.clone().unwrap_or_else(computer_name),
            passphrase_file: args.container_passphrase_file.as_deref(),
            send_password: args.send_password,
            rsa_bits: args.rsa_bits,
            adopt: args.adopt,
        };
        register::register(&session, &offer, &given, output).await?;
    }
    Ok(())
}

pub(crate) const NO_CERTIFICATE_CHECK: &str = "The QR code asks not to check the server's certificate. It is checked \
     anyway: tell your administrator.\n";

const WANTS_CHECK: &str = "Its server requires a user check before each approval: type the vault's passphrase then, since one \
     from a file is not sufficient.\n";
const MAY_BE_CUT: &str = "The link ends with its secret. If it was truncated when it was copied, its codes are wrong: check that the service \
     accepts a code before you close its page.\n";

/// Everything found in the sources. All of it is read before anything is added.
#[derive(Default)]
struct Offers {
    /// With the text that the person has to type on the enrolment page, if any.
    otp: Vec<(OtpOffer, Option<String>)>,
    refused: Vec<RefusedAccount>,
    /// Whether a link that was typed or pasted ends with its secret.
    may_be_cut: bool,
    enrolments: Vec<EnrolmentOffer>,
    containers: Vec<ContainerOffer>,
    /// Whether letters of names couldn't be decoded.
    has_unreadable_letters: bool,
}

impl Offers {
    fn read(sources: &[String]) -> Result<Self, Failure> {
        let mut offers = Self::default();
        let mut batch: Option<MigrationBatch> = None;
        let mut reader = input::Reader::default();
        for source in sources {
            // The source is the link itself, which must not be repeated.
            let at = |failure: Failure| if source.contains("://") { failure } else { failure.at(source) };
            let texts = reader.read(source)?;
            let is_typed = source.contains("://") || source == "-";
            if texts.is_empty() && !reader.is_waiting() {
                return Err(at(OfferError::NotAnOffer.into()));
            }
            for (index, text) in texts.iter().enumerate() {
                offers.may_be_cut |= is_typed && Offer::may_be_cut(text);
                let offer = Offer::parse(text);
                match offer.map_err(|error| {
                    at(if texts.len() > 1 { Failure::entry(index, error) } else { error.into() })
                })? {
                    Offer::Otp(offer) => offers.otp.push((offer, None)),
                    Offer::TwoStep(offer) => {
                        let completed = offer.complete()?;
                        offers.otp.push((completed.offer, Some(completed.to_type)));
                    }
                    Offer::Enrolment(offer) => offers.enrolments.push(offer),
                    Offer::Migration(part) => match &mut batch {
                        Some(batch) => batch.add(part)?,
                        None => batch = Some(MigrationBatch::new(part)),
                    },
                    Offer::Container(offer) => offers.containers.push(offer),
                    Offer::Match(_) => return Err(Failure::SignInCode),
                    _ => return Err(OfferError::NotAnOffer.into()),
                }
            }
        }
        reader.finish()?;
        offers.has_unreadable_letters = reader.has_unreadable_letters;
        if let Some(batch) = batch {
            let (accounts, refused) = batch.finish().map_err(|batch| incomplete(&batch))?;
            offers.otp.extend(accounts.into_iter().map(|offer| (offer, None)));
            offers.refused.extend(refused);
        }
        match offers.refused.first() {
            Some(refused)
                if offers.otp.is_empty() && offers.enrolments.is_empty() && offers.containers.is_empty() =>
            {
                Err(refused.reason.into())
            }
            _ => Ok(offers),
        }
    }
}

fn incomplete(batch: &MigrationBatch) -> Failure {
    let missing: Vec<_> = batch.missing().iter().map(|index| (index + 1).to_string()).collect();
    let (noun, verb) = if missing.len() == 1 { ("part", "is") } else { ("parts", "are") };
    let missing = format!("{noun} {} {verb}", missing.join(", "));
    Failure::ExportIncomplete { count: batch.count(), missing }
}

/// Waits for the page's request, which follows immediately, and asks for its number.
async fn activate(session: &Session, account: Id, output: Output) -> Result<(), Failure> {
    output.note("Waiting for the page's request …\n");
    let end = Instant::now() + PATIENCE;
    let request = loop {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            output.note("Finish it with `countersign requests` when the page asks again.");
            return Err(Failure::NoRequestsInTime);
        }
        let requests = session.authenticator.wait_for_requests(left.min(LONGEST_POLL)).await?;
        let is_activation =
            |request: &ApprovalRequest| request.account == account && request.purpose == Purpose::Activation;
        if let Some(request) = requests.open.into_iter().find(is_activation) {
            break request;
        }
        if let Some(failure) = requests.failures.into_iter().find(|failure| failure.account == account) {
            let failure = Failure::from(failure.error);
            if failure.exit() != crate::exit::Exit::Network {
                return Err(failure);
            }
            output.note(sentence(&failure));
        }
        if is_active(session, account)? {
            return output.report(&Activated::new(account));
        }
    };
    match ask::ask(session, &request, output).await? {
        Answered::Approved => output.report(&Activated::new(account)),
        Answered::Gone if is_active(session, account)? => output.report(&Activated::new(account)),
        // The person has seen both.
        Answered::Failed | Answered::TurnedDown => offer_removal(session, account, output).await,
        Answered::Quit => Err(Failure::Cancelled),
        _ => {
            output.note("This device is not active yet. Run `countersign requests` to try again.");
            Ok(())
        }
    }
}

/// Offers to remove an account that will never be active.
async fn offer_removal(session: &Session, account: Id, output: Output) -> Result<(), Failure> {
    if prompt::confirm("Remove the account from this device?")? {
        session.authenticator.delete(account).await?;
        output.note("Removed. To start again, get a new enrolment code.");
    }
    Err(Failure::NotActivated)
}

/// Lifetime of an enrolment.
const PATIENCE: Duration = Duration::from_mins(10);
const LONGEST_POLL: Duration = Duration::from_secs(30);

fn is_active(session: &Session, account: Id) -> Result<bool, Failure> {
    let listing = session.authenticator.accounts()?;
    Ok(listing
        .accounts
        .iter()
        .any(|other| other.id == account && other.binding == Some(BindingState::Active)))
}

fn computer_name() -> String {
    #[cfg(unix)]
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    #[cfg(not(unix))]
    let name = std::env::var("COMPUTERNAME").unwrap_or_default();
    if name.is_empty() { "countersign".to_owned() } else { format!("countersign on {name}") }
}

/// Accounts with one-time codes were added.
#[derive(Serialize)]
struct Added {
    added: Vec<AddedView>,
    refused: Vec<RefusedView>,
}

#[derive(Serialize)]
struct AddedView {
    account: Id,
    issuer: String,
    name: String,
    same_name: Vec<Id>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    replaced: Vec<Id>,
    #[serde(rename = "new")]
    is_new: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    to_type: Option<String>,
}

#[derive(Serialize)]
struct RefusedView {
    issuer: String,
    name: String,
    why: String,
}

impl Added {
    fn new(
        labels: Vec<((String, String), Option<String>)>,
        added: &[AddedAccount],
        refused: &[RefusedAccount],
    ) -> Self {
        let added = labels.into_iter().zip(added).map(|(((issuer, name), to_type), added)| AddedView {
            to_type,
            account: added.id,
            issuer,
            name,
            same_name: added.same_name.clone(),
            replaced: added.replaced.clone(),
            is_new: added.is_new,
        });
        let refused = refused.iter().map(|refused| RefusedView {
            issuer: refused.issuer.clone(),
            name: refused.name.clone(),
            why: refused.reason.to_string(),
        });
        Self { added: added.collect(), refused: refused.collect() }
    }
}

impl Report for Added {
    fn write_text(&self, out: &mut dyn Write, look: Look) -> io::Result<()> {
        for account in &self.added {
            if look.quiet {
                writeln!(out, "{}", account.account)?;
                continue;
            }
            let (what, label) = (
                if account.is_new { "Added" } else { "Already present:" },
                safe(&label(&account.issuer, &account.name)),
            );
            writeln!(out, "{GOOD}{what}{GOOD:#} {label}")?;
            if !account.replaced.is_empty() {
                writeln!(out, "      It replaces the same token, whose old secret is in the trash.")?;
            }
            if let Some(to_type) = &account.to_type {
                writeln!(
                    out,
                    "\n  Type on the page  {BOLD}{to_type}{BOLD:#}\n\nIts codes are valid from then on."
                )?;
            }
            if !account.same_name.is_empty() {
                writeln!(
                    out,
                    "      You already have {} of this name; all are kept.",
                    count(account.same_name.len(), "account")
                )?;
            }
        }
        for account in &self.refused {
            let label = safe(&label(&account.issuer, &account.name));
            writeln!(out, "{WARNING}Not added{WARNING:#} {label}: {}", account.why)?;
        }
        Ok(())
    }
}

/// This device was enrolled with an approval service.
#[derive(Serialize)]
struct Enrolled {
    account: Id,
    organisation: String,
    user: String,
    check_value: Option<String>,
    active: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    replaced: Vec<Id>,
}

impl Enrolled {
    fn new(enrolment: Enrolment) -> Self {
        Self {
            account: enrolment.account,
            organisation: enrolment.organisation,
            user: enrolment.user,
            active: enrolment.check_value.is_none(),
            check_value: enrolment.check_value,
            replaced: enrolment.replaced,
        }
    }
}

impl Report for Enrolled {
    fn write_text(&self, out: &mut dyn Write, look: Look) -> io::Result<()> {
        if look.quiet {
            return writeln!(out, "{}", self.check_value.as_deref().unwrap_or_default());
        }
        let (organisation, user) = (safe(&self.organisation), safe(&self.user));
        writeln!(out, "{GOOD}Enrolled{GOOD:#} at {organisation} as {user}\n")?;
        if !self.replaced.is_empty() {
            writeln!(out, "Its server has a new address: the account with the old one is in the trash.\n")?;
        }
        let Some(check_value) = &self.check_value else {
            return write_ready(out);
        };
        writeln!(out, "  Check value  {BOLD}{check_value}{BOLD:#}\n")?;
        writeln!(out, "The enrolment page must show the same value. If it doesn't, deny its request")?;
        writeln!(out, "and tell your organisation.\n")
    }
}

fn write_ready(out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{GOOD}Ready.{GOOD:#} `countersign requests` waits for your sign-ins.")
}

/// The first approval has made the device active.
#[derive(Serialize)]
struct Activated {
    account: Id,
    active: bool,
}

impl Activated {
    const fn new(account: Id) -> Self {
        Self { account, active: true }
    }
}

impl Report for Activated {
    fn write_text(&self, out: &mut dyn Write, look: Look) -> io::Result<()> {
        if look.quiet { Ok(()) } else { write_ready(out) }
    }
}
