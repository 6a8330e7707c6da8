//! `countersign clock`: clocks that differ, and the person's choice.

use std::io::{self, Write};

use clap::{Args, Subcommand};
use countersign_authenticator::Authenticator;
use countersign_authenticator::clock::{ClockChoice, ClockStatus, ServiceClock, TimeSource};
use serde::Serialize;

use crate::args::Global;
use crate::correction;
use crate::failure::Failure;
use crate::output::{Look, Output, Report};
use crate::session;
use crate::text::{DIM, WARNING, duration, safe};

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Clock {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Subcommand)]
enum Action {
    /// Show this computer's clock and those of services [default]
    Show,
    /// Choose the right clock if a service contradicts this computer's
    Choose {
        /// `device` for this computer's, or the service's host
        #[arg(value_name = "WHOSE")]
        whose: String,
    },
    /// Remove the choice, to be asked again
    Undo,
}

pub(crate) fn run(args: Clock, global: &Global, output: Output) -> Result<(), Failure> {
    let authenticator = session::open(global)?.authenticator;
    match args.action.unwrap_or(Action::Show) {
        Action::Show => {}
        Action::Choose { whose } => {
            let choice = match whose.as_str() {
                DEVICE => ClockChoice::Device,
                host => ClockChoice::Service(host.to_owned()),
            };
            authenticator.choose_clock(choice)?;
        }
        Action::Undo => {
            if !authenticator.undo_clock_choice()? {
                output.note("Nothing was chosen.");
            }
        }
    }
    output.report(&ClockReport::new(&authenticator))
}

const DEVICE: &str = "device";

/// A service's clock, as in every JSON document.
#[derive(Serialize)]
pub(crate) struct ServiceClockView {
    pub(crate) service: String,
    /// Relative to the time that is used.
    pub(crate) ahead_ms: i64,
    pub(crate) signed: bool,
}

impl ServiceClockView {
    pub(crate) fn new(clock: &ServiceClock) -> Self {
        Self { service: clock.service.clone(), ahead_ms: clock.ahead_ms, signed: clock.is_signed }
    }
}

/// The choice in JSON: `device`, or the service's host.
pub(crate) fn choice_text(choice: &ClockChoice) -> &str {
    match choice {
        ClockChoice::Device => DEVICE,
        ClockChoice::Service(host) => host,
    }
}

#[derive(Serialize)]
struct ClockReport {
    unix_ms: u64,
    source: TimeSource,
    wall_ahead_ms: i64,
    services: Vec<ServiceClockView>,
    undecided: Vec<ServiceClockView>,
    choice: Option<String>,
    #[serde(skip)]
    status: ClockStatus,
}

impl ClockReport {
    fn new(authenticator: &Authenticator) -> Self {
        let status = authenticator.clock_status();
        Self {
            unix_ms: status.time.unix_ms,
            source: status.time.source,
            wall_ahead_ms: status.wall_ahead_ms,
            services: authenticator.service_clocks().iter().map(ServiceClockView::new).collect(),
            undecided: status.undecided.iter().map(ServiceClockView::new).collect(),
            choice: status.choice.as_ref().map(|choice| choice_text(choice).to_owned()),
            status,
        }
    }
}

impl Report for ClockReport {
    fn write_text(&self, out: &mut dyn Write, look: Look) -> io::Result<()> {
        let wall = self.unix_ms.saturating_add_signed(self.wall_ahead_ms);
        if look.quiet {
            return writeln!(out, "{}", self.unix_ms / 1000);
        }
        writeln!(out, "{}  this computer{DIM}{}{DIM:#}", time_of_day(wall), off(self.wall_ahead_ms))?;
        for clock in &self.services {
            let time = self.unix_ms.saturating_add_signed(clock.ahead_ms);
            let signed = if clock.signed { "" } else { ", unsigned" };
            let service = safe(&clock.service);
            writeln!(out, "{}  {service}{signed}{DIM}{}{DIM:#}", time_of_day(time), off(clock.ahead_ms))?;
        }
        match correction::sentence(&self.status, 0) {
            Some(sentence) => writeln!(out, "{WARNING}{sentence}{WARNING:#}")?,
            None => writeln!(out, "Codes whose issuers provide no time use {}.", used(&self.status))?,
        }
        match &self.choice {
            Some(choice) if choice == DEVICE => writeln!(out, "You have chosen this computer's clock."),
            Some(choice) => writeln!(out, "You have chosen the clock of {}.", safe(choice)),
            None => Ok(()),
        }
    }
}

/// Whose time is used.
fn used(status: &ClockStatus) -> String {
    match (status.time.source, &status.service) {
        (TimeSource::Service | TimeSource::UnsignedService, Some(service)) => {
            format!("the time of {}", safe(service))
        }
        _ => "this computer's clock".to_owned(),
    }
}

/// How far a clock is off the time that is used; empty if the difference is irrelevant.
fn off(ahead_ms: i64) -> String {
    let direction = if ahead_ms > 0 { "ahead" } else { "behind" };
    match ahead_ms.unsigned_abs() {
        0..3_000 => String::new(),
        by => format!("  {} {direction}", duration(by / 1000)),
    }
}

/// In UTC, so that all clocks are comparable.
fn time_of_day(unix_ms: u64) -> String {
    let second = unix_ms / 1000 % 86_400;
    format!("{:02}:{:02}:{:02} UTC", second / 3600, second / 60 % 60, second % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_alike_whatever_the_day() {
        assert_eq!(time_of_day(0), "00:00:00 UTC");
        assert_eq!(time_of_day(1_795_489_543_184), "03:05:43 UTC");
        assert_eq!(time_of_day(u64::MAX).len(), 12);
    }

    #[test]
    fn a_clock_is_off_from_three_seconds_on() {
        assert_eq!((off(0), off(2_999), off(-2_999)), (String::new(), String::new(), String::new()));
        assert_eq!((off(74_000).as_str(), off(-3_000).as_str()), ("  74 s ahead", "  3 s behind"));
    }
}
