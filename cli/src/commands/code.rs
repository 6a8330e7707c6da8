//! `countersign code`: generates one code from a link on standard input, for scripts, like oathtool.

use std::io::{self, Write};
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;
use countersign_authenticator::approvals::ascii_digits;
use countersign_authenticator::offer::Offer;
use countersign_authenticator::otp::{MovingFactor, OtpGenerator};
use serde::Serialize;

use crate::failure::Failure;
use crate::input;
use crate::output::{Look, Output, Report};

#[derive(Args)]
#[command(
    after_help = "The link contains a secret, so it is never taken from the command line, which the shell stores and other programs \
                  can read. On a terminal it is asked for.\n\nExample:\n  countersign code --at 2026-01-31T12:00:00Z < link.txt"
)]
pub(crate) struct Code {
    /// Accepted only to explain that it belongs on standard input.
    #[arg(hide = true, num_args = 0.., allow_hyphen_values = false)]
    links: Vec<String>,
    /// Time of the code, as Unix seconds or RFC 3339 [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    at: Option<u64>,
}

pub(crate) fn run(args: &Code, output: Output) -> Result<(), Failure> {
    if !args.links.is_empty() {
        return Err(Failure::Usage(
            "the link is not taken from the command line, where others can read it: run `countersign code` and paste it \
             when asked, or give it on standard input (`countersign code < FILE`)"
                .to_owned(),
        ));
    }
    let link = input::read_link()?;
    let Offer::Otp(offer) = Offer::parse(&link)? else { return Err(Failure::NotOneTimeCodes) };
    let generator = OtpGenerator::new(&offer.parameters);
    let report = match offer.parameters.factor() {
        MovingFactor::Counter { next } => CodeReport {
            code: generator.code_for_counter(next).to_string(),
            counter: Some(next),
            ..Default::default()
        },
        _ => {
            let timed = generator.codes_at(args.at.unwrap_or_else(now)).ok_or(Failure::NotOneTimeCodes)?;
            CodeReport {
                code: timed.code.to_string(),
                next: Some(timed.next.to_string()),
                seconds_left: Some(timed.remaining_seconds),
                period: Some(timed.period),
                counter: None,
            }
        }
    };
    output.report(&report)
}

#[derive(Default, Serialize)]
struct CodeReport {
    code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds_left: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    period: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    counter: Option<u64>,
}

impl Report for CodeReport {
    fn write_text(&self, out: &mut dyn Write, _: Look) -> io::Result<()> {
        writeln!(out, "{}", self.code)
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

fn parse_time(text: &str) -> Result<u64, &'static str> {
    const HELP: &str = "give Unix seconds, or a time such as 2026-01-31T12:00:00Z; not before 1970";
    let text = &ascii_digits(text);
    if let Ok(seconds) = text.parse() {
        return Ok(seconds);
    }
    let timestamp: jiff::Timestamp = text.parse().map_err(|_| HELP)?;
    u64::try_from(timestamp.as_second()).map_err(|_| HELP)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_unix_seconds_or_rfc_3339_with_any_offset() {
        assert_eq!(parse_time("59"), Ok(59));
        assert_eq!(parse_time("1970-01-01T00:00:59Z"), Ok(59));
        assert_eq!(parse_time("1970-01-01T01:00:59+01:00"), Ok(59));
    }

    #[test]
    fn a_time_without_offset_or_before_1970_is_refused() {
        for text in ["", "-1", "tomorrow", "1970-01-01T00:00:59", "1969-12-31T23:59:59Z"] {
            assert!(parse_time(text).is_err(), "{text}");
        }
    }
}
