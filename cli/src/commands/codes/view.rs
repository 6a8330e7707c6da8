//! Output of codes: as JSON, as a table, and as rows of the live screen.

use std::io::{self, Write};

use countersign_authenticator::approvals::CodeRefusal;
use countersign_authenticator::clock::{ClockStatus, TimeSource};
use countersign_authenticator::otp::Code;
use countersign_authenticator::protocol::Id;
use countersign_authenticator::{AccountSummary, Codes, Correction, ShownCode};
use serde::Serialize;

use crate::account::short;
use crate::commands::clock::{ServiceClockView, choice_text};
use crate::correction;
use crate::loss::Loss;
use crate::output::{Look, Report};
use crate::text::{BOLD, DIM, WARNING, column, label, safe};

#[derive(Serialize)]
pub(super) struct CodesReport {
    pub(super) codes: Vec<CodeRow>,
    clock: ClockView,
    /// Accounts whose server requires a user check, for which a passphrase file isn't sufficient.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) withheld: Vec<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) loss: Option<Loss>,
    #[serde(skip)]
    pub(super) unix_ms: u64,
    /// A message about the clock.
    #[serde(skip)]
    pub(super) correction: Option<String>,
}

#[derive(Serialize)]
pub(super) struct CodeRow {
    account: Id,
    issuer: String,
    name: String,
    #[serde(flatten)]
    shown: Shown,
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Shown {
    Timed {
        code: String,
        next: String,
        seconds_left: u32,
        period: u32,
        correction: Correction,
    },
    OnRequest {
        code: Option<String>,
    },
    /// Its service accepts no code of this device before it is active.
    NotActive,
    /// Its service doesn't know this device.
    Removed,
}

/// The clock, as in every JSON document.
#[derive(Serialize)]
struct ClockView {
    unix_ms: u64,
    source: TimeSource,
    wall_ahead_ms: i64,
    service: Option<String>,
    age_ms: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    undecided: Vec<ServiceClockView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    choice: Option<String>,
}

impl CodesReport {
    pub(super) fn new(codes: Codes) -> Self {
        let foreign = codes.codes.iter().filter(|row| row.correction == Correction::OtherService).count();
        let rows = codes.codes.into_iter().map(|row| CodeRow {
            account: row.account,
            issuer: row.issuer,
            name: row.name,
            shown: match row.code {
                ShownCode::Timed(timed) => Shown::Timed {
                    code: timed.code.to_string(),
                    next: timed.next.to_string(),
                    seconds_left: timed.remaining_seconds,
                    period: timed.period,
                    correction: row.correction,
                },
                ShownCode::Refused(CodeRefusal::NotActive) => Shown::NotActive,
                ShownCode::Refused(_) => Shown::Removed,
                _ => Shown::OnRequest { code: None },
            },
        });
        Self {
            codes: rows.collect(),
            withheld: codes.withheld,
            loss: Loss::of(&codes.damaged, codes.completeness),
            unix_ms: codes.clock.time.unix_ms,
            correction: correction::sentence(&codes.clock, foreign),
            clock: ClockView::new(codes.clock),
        }
    }

    /// What to do about accounts whose codes the service refuses.
    pub(super) fn advice(&self) -> Vec<String> {
        let advice = |row: &CodeRow| {
            let label = safe(&label(&row.issuer, &row.name));
            match row.shown {
                Shown::NotActive => Some(format!(
                    "{label} is not active yet: approve the enrolment page's request (`countersign requests`)."
                )),
                Shown::Removed => Some(format!(
                    "{label} was not activated, or was removed by its service: `countersign accounts delete {}` removes it here.",
                    short(row.account)
                )),
                _ => None,
            }
        };
        self.codes.iter().filter_map(advice).collect()
    }

    /// The code that was generated on request.
    pub(super) fn of_request(account: &AccountSummary, code: Code, clock: ClockStatus) -> Self {
        let row = CodeRow {
            account: account.id,
            issuer: account.issuer.clone(),
            name: account.name.clone(),
            shown: Shown::OnRequest { code: Some(code.to_string()) },
        };
        let unix_ms = clock.time.unix_ms;
        Self {
            codes: vec![row],
            clock: ClockView::new(clock),
            withheld: Vec::new(),
            loss: None,
            unix_ms,
            correction: None,
        }
    }
}

impl ClockView {
    fn new(clock: ClockStatus) -> Self {
        Self {
            unix_ms: clock.time.unix_ms,
            source: clock.time.source,
            wall_ahead_ms: clock.wall_ahead_ms,
            undecided: clock.undecided.iter().map(ServiceClockView::new).collect(),
            choice: clock.choice.as_ref().map(|choice| choice_text(choice).to_owned()),
            service: clock.service,
            age_ms: clock.age_ms,
        }
    }
}

impl Report for CodesReport {
    fn write_text(&self, out: &mut dyn Write, look: Look) -> io::Result<()> {
        for row in &self.codes {
            if look.quiet {
                if let Some(code) = row.code() {
                    writeln!(out, "{code}")?;
                }
            } else if look.terminal {
                writeln!(out, "{}", row.line(look.width))?;
            } else {
                let left = row.seconds_left().map(|left| left.to_string()).unwrap_or_default();
                let (code, issuer, name) = (row.code().unwrap_or("-"), safe(&row.issuer), safe(&row.name));
                writeln!(out, "{code}\t{left}\t{issuer}\t{name}")?;
            }
        }
        Ok(())
    }
}

impl CodeRow {
    fn code(&self) -> Option<&str> {
        match &self.shown {
            Shown::Timed { code, .. } => Some(code),
            Shown::OnRequest { code } => code.as_deref(),
            Shown::NotActive | Shown::Removed => None,
        }
    }

    const fn seconds_left(&self) -> Option<u32> {
        match self.shown {
            Shown::Timed { seconds_left, .. } => Some(seconds_left),
            _ => None,
        }
    }

    /// The row for a terminal of this width: label, code, time left.
    pub(super) fn line(&self, width: usize) -> String {
        let wide = width >= WIDE;
        let extra = if wide { 2 + BAR + 6 } else { 6 };
        let label_width = width.saturating_sub(2 + CODE + extra).min(46);
        let label = column(&label(&self.issuer, &self.name), label_width);
        match &self.shown {
            Shown::Timed { code, next, seconds_left, period, .. } => {
                let code = format!("{:>CODE$}", grouped(code));
                let soon = *seconds_left <= SOON_SECONDS;
                let style = if soon { WARNING } else { BOLD };
                let middle = match (wide, soon) {
                    (false, _) => String::new(),
                    (true, false) => format!("  {}", bar(*seconds_left, *period)),
                    (true, true) => format!("  {DIM}{:<BAR$}{DIM:#}", format!("→ {}", grouped(next))),
                };
                format!("{label}  {style}{code}{style:#}{middle}{:>4} s", seconds_left)
            }
            Shown::OnRequest { code: Some(code) } => {
                format!("{label}  {BOLD}{:>CODE$}{BOLD:#}  {DIM}used up{DIM:#}", grouped(code))
            }
            Shown::OnRequest { code: None } => {
                format!("{label}  {DIM}{:>CODE$}{DIM:#}", "on request")
            }
            Shown::NotActive => format!("{label}  {WARNING}{:>CODE$}{WARNING:#}", "not active"),
            Shown::Removed => format!("{label}  {WARNING}{:>CODE$}{WARNING:#}", "removed"),
        }
    }
}

/// Columns of a code: ten digits and a space.
const CODE: usize = 11;
/// Columns of the bar.
const BAR: usize = 12;
/// Minimum width for the bar.
const WIDE: usize = 56;
/// Seconds before the end of a code from which the next one is shown as well.
const SOON_SECONDS: u32 = 5;

/// A code in two groups, as people read and type it.
fn grouped(code: &str) -> String {
    match code.len() {
        length @ 6.. => {
            let (head, tail) = code.split_at(length / 2);
            format!("{head} {tail}")
        }
        _ => code.to_owned(),
    }
}

/// The time left as a bar.
fn bar(left: u32, period: u32) -> String {
    let columns = u32::try_from(BAR).unwrap_or_default();
    let full =
        usize::try_from(u64::from(left) * u64::from(columns) / u64::from(period.max(1))).unwrap_or_default();
    let full = full.clamp(1, BAR);
    format!("{}{DIM}{}{DIM:#}", "━".repeat(full), "─".repeat(BAR - full))
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr;

    use super::*;

    fn row(issuer: &str, seconds_left: u32) -> CodeRow {
        CodeRow {
            account: Id::from_bytes([1; 16]),
            issuer: issuer.to_owned(),
            name: "sister@north.example".to_owned(),
            shown: Shown::Timed {
                code: "123456".into(),
                next: "654321".into(),
                seconds_left,
                period: 30,
                correction: Correction::Uncorrected,
            },
        }
    }

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    #[test]
    fn no_row_is_wider_than_the_terminal() {
        for width in [20, 40, 55, 56, 80, 200] {
            for seconds_left in [1, 5, 6, 30] {
                for issuer in ["", "A hospital with quite a long name indeed", "東京大学医学部附属病院"]
                {
                    let line = plain(&row(issuer, seconds_left).line(width));
                    assert!(line.width() <= width, "{width}: {line}");
                    assert!(line.contains("123 456"), "{width}: {line}");
                }
            }
        }
    }

    #[test]
    fn shortly_before_its_end_a_code_is_shown_with_the_next_one() {
        assert!(plain(&row("North", 5).line(80)).contains("→ 654 321"));
        assert!(!plain(&row("North", 6).line(80)).contains("654 321"));
    }

    #[test]
    fn the_bar_is_full_at_first_and_never_empty() {
        assert_eq!(plain(&bar(30, 30)), "━".repeat(12));
        assert_eq!(plain(&bar(1, 30)), format!("━{}", "─".repeat(11)));
    }

    #[test]
    fn codes_are_read_in_groups() {
        assert_eq!(grouped("123456"), "123 456");
        assert_eq!(grouped("1234567"), "123 4567");
        assert_eq!(grouped("12345678"), "1234 5678");
        assert_eq!(grouped("2B7KX"), "2B7KX");
    }
}
