//! Whether this computer's clock is right, according to whom, and which clocks aren't.

use countersign_authenticator::Authenticator;
use countersign_authenticator::clock::{ClockStatus, TimeSource};

use super::Check;
use crate::correction;
use crate::text::{duration, safe};

pub(super) fn all(authenticator: &Authenticator) -> Vec<Check> {
    let status = authenticator.clock_status();
    let mut checks = vec![own(&status)];
    checks.extend(authenticator.service_clocks().iter().filter(|clock| is_off(clock.ahead_ms)).map(
        |clock| {
            let direction = if clock.ahead_ms > 0 { "fast" } else { "slow" };
            let by = duration(clock.ahead_ms.unsigned_abs() / 1000);
            let found = format!("{by} {direction}; its own codes and requests use it, others don't");
            Check::warning(format!("Clock of {}", safe(&clock.service)), found)
                .advise(Some("tell its administrator"))
                .measure("service_ahead_ms", clock.ahead_ms)
        },
    ));
    checks
}

fn own(status: &ClockStatus) -> Check {
    let offset_ms = status.wall_ahead_ms;
    let check = match correction::sentence(status, 0) {
        // Nobody knows which clock is wrong.
        Some(sentence) if !status.undecided.is_empty() => Check::warning("Clock", sentence).advise(Some(
            "compare both with a clock that you trust, then use `countersign clock choose device`, or the service's host",
        )),
        Some(sentence) => Check::warning("Clock", sentence)
            .advise(Some("set this computer's clock, or turn on automatic time (NTP)")),
        None => Check::good("Clock", right(status)),
    };
    let check = check.measure("wall_ahead_ms", offset_ms).measure("source", source(status.time.source));
    match status.age_ms {
        Some(age) => check.measure("age_ms", age),
        None => check,
    }
}

/// Describes a clock that needs no correction.
fn right(status: &ClockStatus) -> String {
    let offset_ms = status.wall_ahead_ms;
    let ago = duration(status.age_ms.unwrap_or_default() / 1000);
    let service = safe(status.service.as_deref().unwrap_or_default());
    match status.time.source {
        TimeSource::Service => {
            format!("within {offset_ms} ms of the time that {service} signed {ago} ago")
        }
        TimeSource::UnsignedService => {
            format!("within {offset_ms} ms of the time of {service} {ago} ago, which is unsigned")
        }
        TimeSource::LastKnownOffset => {
            format!("within {offset_ms} ms when compared with {service} {ago} ago, before the last restart")
        }
        TimeSource::Platform => "set automatically from the network".to_owned(),
        _ if status.service.is_some() => format!("{service} agrees, {ago} ago"),
        _ => "codes use this computer's clock, since no service has provided a usable time".to_owned(),
    }
}

fn source(source: TimeSource) -> serde_json::Value {
    serde_json::to_value(source).unwrap_or_default()
}

/// A smaller difference of a service's clock is harmless.
const fn is_off(ahead_ms: i64) -> bool {
    ahead_ms.unsigned_abs() >= 10_000
}
