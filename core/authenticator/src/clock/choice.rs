//! What a person has said of clocks that disagree, where nobody else can tell which is right.

use std::collections::BTreeMap;

use countersign_protocol::Id;
use serde::{Deserialize, Serialize};

use super::ServiceClock;

/// Whose clock is right, as a person has said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "a clock is the device's or a service's")]
pub enum ClockChoice {
    /// The device's.
    Device,
    /// That of the service at this host.
    Service(String),
}

/// A choice, and what it was made about: it answers these differences, and not others that come later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredChoice {
    pub(crate) choice: ClockChoice,
    /// Milliseconds that each service was ahead of the device's clock when the person was asked.
    differences: BTreeMap<String, i64>,
}

impl StoredChoice {
    /// The one record of its kind.
    pub(crate) const ID: Id = Id::from_bytes([0; 16]);

    /// A choice about these services, whose clocks differ from the device's by so much.
    pub(crate) fn new(choice: ClockChoice, asked: &[ServiceClock]) -> Self {
        let differences = asked.iter().map(|clock| (clock.service.clone(), clock.ahead_ms)).collect();
        Self { choice, differences }
    }

    /// Whether the person was asked about this service's clock, being ahead by about so much.
    pub(super) fn answers(&self, service: &str, ahead_ms: i64) -> bool {
        self.differences.get(service).is_some_and(|asked| {
            let tolerance = (asked.unsigned_abs() / 4).clamp(LEAST_TOLERANCE_MS, MOST_TOLERANCE_MS);
            asked.abs_diff(ahead_ms) <= tolerance
        })
    }
}

/// A clock that nobody sets drifts by a second or two a day; a question about the same error isn't asked again each week.
const LEAST_TOLERANCE_MS: u64 = 10_000;
/// Two steps of a code.
const MOST_TOLERANCE_MS: u64 = 60_000;
