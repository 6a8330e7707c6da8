//! Messages about a clock that is wrong.

use countersign_authenticator::clock::{ClockStatus, TimeSource};

use crate::text::{count, duration, safe};

/// Says that the clock is off, and how it is corrected; nothing if it is right. `foreign` counts codes of issuers that
/// provide no time.
pub(crate) fn sentence(status: &ClockStatus, foreign: usize) -> Option<String> {
    if let Some(sentence) = question(status) {
        return Some(sentence);
    }
    let source = status.time.source;
    let is_off = status.is_corrected() || source == TimeSource::ClockWentBack;
    let service = safe(status.service.as_deref().unwrap_or_default());
    is_off.then(|| words(source, status.wall_ahead_ms, &service, foreign))
}

/// Says that the clocks disagree, if nobody can know which is right.
fn question(status: &ClockStatus) -> Option<String> {
    let first = status.undecided.first()?;
    let direction = if first.ahead_ms > 0 { "slow" } else { "fast" };
    let off = format!("{} {direction}", duration(first.ahead_ms.unsigned_abs().saturating_add(500) / 1000));
    let others = match status.undecided.len() - 1 {
        0 => String::new(),
        others => format!(", and {} disagree", count(others, "other service")),
    };
    Some(format!(
        "According to {}, your clock is {off}{others}; codes use your clock, and may be wrong. \
         `countersign clock` shows both and lets you choose.",
        safe(&first.service)
    ))
}

fn words(source: TimeSource, wall_ahead_ms: i64, service: &str, foreign: usize) -> String {
    let direction = if wall_ahead_ms > 0 { "fast" } else { "slow" };
    let off = format!("{} {direction}", duration(wall_ahead_ms.unsigned_abs().saturating_add(500) / 1000));
    let others = match foreign {
        0 => String::new(),
        1 => format!(", including one whose issuer provides no time, by {service}"),
        _ => format!(", including {} whose issuers provide no time, by {service}", count(foreign, "code")),
    };
    match source {
        TimeSource::ClockWentBack => {
            "Your clock shows a time in the past; codes are most likely wrong until you set it.".to_owned()
        }
        TimeSource::Platform => format!("Your clock is {off} according to the network; codes are corrected."),
        TimeSource::UnsignedService => {
            format!(
                "Your clock is {off} according to {service}, which doesn't sign its time; codes are corrected{others}."
            )
        }
        TimeSource::LastKnownOffset => {
            format!(
                "Your clock was {off} before the last restart; codes are corrected accordingly, but unverified{others}."
            )
        }
        _ => format!("Your clock is {off}; codes are corrected{others}."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_told_how_far_the_clock_is_off_and_by_whom() {
        for (source, wall_ahead_ms, foreign, told) in [
            (TimeSource::Service, 74_000, 0, "Your clock is 74 s fast; codes are corrected."),
            (
                TimeSource::Service,
                -600_400,
                3,
                "Your clock is 10 min slow; codes are corrected, including 3 codes whose issuers provide no time, by north.example.",
            ),
            (
                TimeSource::UnsignedService,
                74_000,
                1,
                "Your clock is 74 s fast according to north.example, which doesn't sign its time; codes are corrected, including one whose issuer provides no time, by north.example.",
            ),
            (
                TimeSource::LastKnownOffset,
                74_000,
                0,
                "Your clock was 74 s fast before the last restart; codes are corrected accordingly, but unverified.",
            ),
            (
                TimeSource::ClockWentBack,
                -74_000,
                0,
                "Your clock shows a time in the past; codes are most likely wrong until you set it.",
            ),
        ] {
            assert_eq!(words(source, wall_ahead_ms, "north.example", foreign), told);
        }
    }
}
