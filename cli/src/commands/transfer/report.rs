//! The state of a move, for people and programs.

use std::io::{self, Write};

use countersign_authenticator::import::ImportPreview;
use countersign_authenticator::protocol::Id;
use countersign_authenticator::{
    Received, Receiving, ReceivingStep, Sending, SendingStep, ShownAccounts, Transfer as Move, TransferRelay,
};
use serde::Serialize;

use super::super::backup::LeftView;
use super::super::import::Imported;
use crate::output::{Look, Report};
use crate::text::{ACCENT, BOLD, DIM, GOOD, WARNING, count, safe};

#[derive(Default, Serialize)]
pub(super) struct MoveReport {
    /// `receiving` or `sending`; nothing without a move.
    role: Option<&'static str>,
    step: Option<&'static str>,
    check_value: Option<String>,
    /// The service that relays the parts.
    #[serde(skip_serializing_if = "Option::is_none")]
    relay: Option<RelayView>,
    /// Texts of the codes that this phone currently shows.
    pub(super) codes: Vec<String>,
    /// Pictures that they were written to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) files: Vec<String>,
    /// Number of codes that the other phone shows, once one was scanned.
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u16>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    missing: Vec<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    import: Option<Imported>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    left_behind: Vec<LeftView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    held: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sent: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ahead: Vec<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) removed: Option<usize>,
    /// Whether the command will print another report.
    #[serde(skip)]
    is_waiting: bool,
    /// The account that was taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<Id>,
}

#[derive(Serialize)]
struct RelayView {
    service: String,
    /// Whether it has received everything from this phone.
    delivered: bool,
}

impl RelayView {
    fn of(relay: Option<&TransferRelay>) -> Option<Self> {
        let relay = relay?;
        Some(Self { service: relay.service.to_string(), delivered: relay.is_delivered })
    }
}

impl MoveReport {
    pub(super) fn of(under_way: &Move) -> Self {
        match under_way {
            Move::Receiving(receiving) => Self::receiving(receiving),
            Move::Sending(sending) => Self::sending(sending),
            _ => Self::default(),
        }
    }

    pub(super) fn taken_back(account: Id) -> Self {
        Self { account: Some(account), ..Self::default() }
    }

    fn receiving(receiving: &Receiving) -> Self {
        let check_value = receiving.check_value.clone();
        let relay = RelayView::of(receiving.relay.as_ref());
        let report = Self { role: Some("receiving"), check_value, relay, ..Self::default() };
        match receiving.step.clone() {
            ReceivingStep::Inviting { invitation } => {
                Self { step: Some("inviting"), codes: vec![invitation], ..report }
            }
            ReceivingStep::Scanning { count, missing } => {
                Self { step: Some("scanning"), count, missing, ..report }
            }
            ReceivingStep::Complete => Self { step: Some("complete"), ..report },
            ReceivingStep::Stored { receipt } => Self { step: Some("stored"), codes: receipt, ..report },
            _ => report,
        }
    }

    fn sending(sending: &Sending) -> Self {
        // Only after it was typed as the new phone shows it: reading it here would compare nothing.
        let is_compared = !matches!(sending.step, SendingStep::Comparing { .. });
        let check_value = is_compared.then(|| sending.check_value.clone());
        let relay = RelayView::of(sending.relay.as_ref());
        let report = Self { role: Some("sending"), check_value, relay, ..Self::default() };
        match sending.step.clone() {
            SendingStep::Comparing { acceptance } => {
                Self { step: Some("comparing"), codes: vec![acceptance], ..report }
            }
            SendingStep::Showing { codes, missing } => {
                Self { step: Some("showing"), codes, missing, ..report }
            }
            SendingStep::Proven { held, sent, ahead } => {
                Self { step: Some("proven"), held: Some(held), sent: Some(sent), ahead, ..report }
            }
            _ => report,
        }
    }

    /// While waiting for the other phone: without the codes, which aren't needed then.
    pub(super) fn waiting(under_way: &Move) -> Self {
        Self { codes: Vec::new(), is_waiting: true, ..Self::of(under_way) }
    }

    /// Copies the state of the relay.
    pub(super) fn relayed(&mut self, under_way: &Move) {
        self.relay = Self::of(under_way).relay;
    }

    /// Copies what arrived from the service.
    pub(super) fn sent(&mut self, sending: &Sending) {
        let left_behind = std::mem::take(&mut self.left_behind);
        *self = Self { left_behind, ..Self::sending(sending) };
    }

    pub(super) fn is_stored(&self) -> bool {
        self.step == Some("stored")
    }

    pub(super) fn is_proven(&self) -> bool {
        self.step == Some("proven")
    }

    pub(super) fn showing(sending: &Sending, shown: &ShownAccounts) -> Self {
        Self {
            role: Some("sending"),
            step: Some("showing"),
            check_value: Some(sending.check_value.clone()),
            relay: RelayView::of(sending.relay.as_ref()),
            codes: shown.codes.clone(),
            left_behind: LeftView::all(&shown.rehearsal),
            ..Self::default()
        }
    }

    pub(super) fn previewed(&mut self, preview: &ImportPreview) {
        self.import = Some(Imported::previewed(&preview.rows, &[]));
    }

    pub(super) fn stored(&mut self, received: &Received) {
        self.step = Some("stored");
        self.codes.clone_from(&received.receipt);
        self.import = Some(Imported::done(&received.report, &[]));
    }

    /// Names for the pictures of the codes, in their order.
    pub(super) fn file_names(&self) -> Vec<String> {
        let name = match self.step {
            Some("inviting") => "invitation",
            Some("comparing") => "acceptance",
            Some("stored") => "receipt",
            _ => "accounts",
        };
        let digits = self.codes.len().to_string().len();
        (1..=self.codes.len()).map(|number| format!("move-{name}-{number:0digits$}.png")).collect()
    }

    fn next_step(&self) -> String {
        let only = |numbers: &[u16]| {
            let shown: Vec<_> = numbers.iter().take(20).map(ToString::to_string).collect();
            let more = if numbers.len() > shown.len() { " …" } else { "" };
            format!("{}{more}", shown.join(","))
        };
        let codes = count(self.codes.len(), "code");
        if let Some(relay) = self.relay.as_ref().filter(|_| self.is_waiting || self.codes.is_empty())
            && let Some(step) = relayed_step(self.step, self.is_waiting, &relay.service)
        {
            return step;
        }
        match (self.step, self.count) {
            (Some("inviting"), _) => {
                "Scan this with the old phone (`transfer send`), then scan its code here.".into()
            }
            (Some("scanning"), None) => {
                "Type the check value on the old phone, and scan the codes that it then shows.".into()
            }
            (Some("scanning"), Some(all)) => {
                format!("{} of {all} codes are missing: {}", self.missing.len(), only(&self.missing))
            }
            (Some("complete"), _) => "All codes have arrived; nothing is stored yet.".into(),
            (Some("stored"), _) => format!("Stored. Scan this receipt ({codes}) with the old phone."),
            (Some("comparing"), _) => {
                "Scan this with the new phone. It contains none of your accounts; they follow once the check \
                 values match (`transfer send --check-value`)."
                    .into()
            }
            (Some("showing"), _) => format!("{codes} to scan with the new phone, in any order."),
            (Some("proven"), _) => match self.removed {
                Some(removed) => format!("{} moved to the trash here.", count(removed, "account")),
                None => "They also stay here; `transfer send --remove` moves them to the trash.".into(),
            },
            _ if self.account.is_some() => "Its codes are generated here again.".into(),
            _ => "No move is in progress.".into(),
        }
    }
}

/// The next step if no codes are needed.
fn relayed_step(step: Option<&str>, is_waiting: bool, service: &str) -> Option<String> {
    let then = if is_waiting { "Waiting for it." } else { "Then continue (`transfer receive`)." };
    Some(match step? {
        "scanning" => format!(
            "Type the check value on the old phone. The accounts come through {service}, sealed: it can't read \
             them. {then}"
        ),
        "showing" => format!(
            "The accounts are at {service}, sealed. Waiting for the new phone; if it doesn't connect, `transfer \
             status` shows them as codes."
        ),
        _ => return None,
    })
}

impl Report for MoveReport {
    fn write_text(&self, out: &mut dyn Write, look: Look) -> io::Result<()> {
        if !look.terminal && self.files.is_empty() {
            self.codes.iter().try_for_each(|code| writeln!(out, "{code}"))?;
        }
        self.files.iter().try_for_each(|file| writeln!(out, "{}", safe(file)))?;
        if look.quiet || (!look.terminal && !self.codes.is_empty()) {
            return Ok(());
        }
        if let Some(import) = &self.import {
            import.write_text(out, look)?;
        }
        for left in &self.left_behind {
            writeln!(out, "  {WARNING}{}{WARNING:#}", safe(&left.says()))?;
        }
        if let Some(check_value) = &self.check_value {
            writeln!(out, "Check value {ACCENT}{check_value}{ACCENT:#}")?;
        }
        if let (Some(held), Some(sent)) = (self.held, self.sent) {
            let style = if held == sent { GOOD } else { WARNING };
            writeln!(out, "{style}The new phone has {held} of {sent} accounts.{style:#}")?;
        }
        if !self.ahead.is_empty() {
            writeln!(
                out,
                "{WARNING}{} generated codes here since: skip the first ones on the new phone.{WARNING:#}",
                count(self.ahead.len(), "account")
            )?;
        }
        if let Some(relay) = self.relay.as_ref().filter(|_| !self.codes.is_empty()) {
            let told = match self.step {
                Some("stored") if relay.delivered => "The old phone gets the receipt through",
                Some("comparing") => "The accounts will go through",
                _ => "They go through",
            };
            writeln!(out, "{told} {}, sealed: it can't read them.", safe(&relay.service))?;
        }
        let style = if self.codes.is_empty() { DIM } else { BOLD };
        writeln!(out, "{style}{}{style:#}", self.next_step())
    }
}
