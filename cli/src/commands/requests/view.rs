//! Output of a request, as JSON or for people.

use std::io::{self, Write};

use countersign_authenticator::approvals::{AccountPause, ApprovalRequest, RequestGroup, group};
use countersign_authenticator::protocol::Id;
use countersign_authenticator::protocol::messages::Purpose;
use countersign_authenticator::{AccountFailure, Requests};
use serde::Serialize;

use crate::account::short;
use crate::failure::Failure;
use crate::output::{Look, Report};
use crate::text::{ACCENT, BOLD, DIM, WARNING, duration, safe, wrap};

#[derive(Serialize)]
pub(super) struct RequestsReport {
    requests: Vec<RequestView>,
    groups: Vec<Vec<Id>>,
    pauses: Vec<AccountPause>,
    failures: Vec<FailureView>,
}

impl RequestsReport {
    /// At this device's time `now`, in seconds, by which the requests' own times are.
    pub(super) fn new(requests: &Requests, now: u64) -> Self {
        Self {
            requests: requests.open.iter().map(|request| RequestView::new(request, now)).collect(),
            groups: group(requests.open.clone()).iter().map(RequestGroup::ids).collect(),
            pauses: requests.pauses.clone(),
            failures: requests.failures.iter().map(FailureView::new).collect(),
        }
    }
}

impl Report for RequestsReport {
    fn write_text(&self, out: &mut dyn Write, look: Look) -> io::Result<()> {
        if look.quiet {
            return self.requests.iter().try_for_each(|request| writeln!(out, "{}", request.id));
        }
        for (index, group) in self.groups.iter().enumerate() {
            if index > 0 {
                writeln!(out)?;
            }
            let newest = self.requests.iter().find(|request| Some(&request.id) == group.first());
            let Some(newest) = newest else { continue };
            newest.write_text(out, if look.terminal { look.width } else { usize::MAX })?;
            if let [_, older @ ..] = group.as_slice()
                && !older.is_empty()
            {
                let older: Vec<_> = older.iter().map(|id| short(*id)).collect();
                let alike = format!("{} similar", older.len());
                writeln!(out, "  {WARNING}{alike:<13}{WARNING:#}{}", older.join(", "))?;
            }
        }
        Ok(())
    }
}

/// A request, as in every JSON document.
#[derive(Serialize)]
pub(super) struct RequestView {
    id: Id,
    account: Id,
    organisation: String,
    purpose: Purpose,
    application: String,
    user: String,
    place: Option<String>,
    ip: Option<String>,
    client: Option<String>,
    message: Option<String>,
    matching: MatchingView,
    can_report: bool,
    can_lock: bool,
    can_cancel: bool,
    issued_at: u64,
    expires_at: u64,
    seconds_left: u64,
}

#[derive(Serialize)]
struct MatchingView {
    digits: Option<u8>,
    scan: bool,
    options: Vec<String>,
}

impl RequestView {
    pub(super) fn new(request: &ApprovalRequest, now: u64) -> Self {
        Self {
            id: request.id,
            account: request.account,
            organisation: request.organisation.clone(),
            purpose: request.purpose,
            application: request.application.clone(),
            user: request.user.clone(),
            place: request.place.clone(),
            ip: request.ip.clone(),
            client: request.client.clone(),
            message: request.message.clone(),
            matching: MatchingView {
                digits: request.matching.digits,
                scan: request.matching.scan,
                options: request.matching.options.clone(),
            },
            can_report: request.can_report,
            can_lock: request.can_lock,
            can_cancel: request.can_cancel,
            issued_at: request.issued_at,
            expires_at: request.expires_at,
            seconds_left: request.expires_at.saturating_sub(now),
        }
    }

    /// All of it. Missing values are shown as unknown, because a person wouldn't notice their absence.
    pub(super) fn write_text(&self, out: &mut dyn Write, width: usize) -> io::Result<()> {
        match self.purpose {
            Purpose::SignIn => {
                writeln!(out, "{ACCENT}Sign-in{ACCENT:#} to {BOLD}{}{BOLD:#}", safe(&self.application))?;
            }
            Purpose::Activation => {
                writeln!(out, "{ACCENT}Activation{ACCENT:#} of {BOLD}this device{BOLD:#}")?
            }
        }
        let unknown = || "unknown".to_owned();
        let mut rows = vec![
            ("Organisation", safe(&self.organisation)),
            ("Application", safe(&self.application)),
            ("Who", safe(&self.user)),
        ];
        match self.message.as_deref() {
            Some("") => rows.push(("Says", SAYS_NOTHING.to_owned())),
            Some(message) => rows.push(("Says", safe(message))),
            None => rows.extend([
                ("Place", self.place.as_deref().map_or_else(unknown, safe)),
                ("Address", self.ip.as_deref().map_or_else(unknown, safe)),
                ("Program", self.client.as_deref().map_or_else(unknown, safe)),
            ]),
        }
        if !self.matching.options.is_empty() {
            rows.push(("Options", safe(&self.matching.options.join("  "))));
        }
        rows.extend([("Time left", duration(self.seconds_left)), ("Request", short(self.id))]);
        for (name, value) in rows {
            let row = format!("  {DIM}{name:<13}{DIM:#}{value}");
            writeln!(out, "{}", wrap(&row, width, 15))?;
        }
        Ok(())
    }
}

/// A text that the server has truncated to nothing looks like one that it never had.
const SAYS_NOTHING: &str = "the server sent no text; deny the request unless you have just signed in";

#[derive(Serialize)]
struct FailureView {
    account: Id,
    code: &'static str,
    message: String,
}

impl FailureView {
    fn new(failure: &AccountFailure) -> Self {
        let why = Failure::from(failure.error.clone());
        Self { account: failure.account, code: why.code(), message: why.to_string() }
    }
}
