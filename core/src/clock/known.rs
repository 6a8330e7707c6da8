//! What time it is, by all that services have said: several witnesses, of whom one may be wrong.
//!
//! | the account's service | whose time its codes and requests go by |
//! |---|---|
//! | has told the time since the device was started | that service's, right or wrong: it is who checks them |
//! | has not, or there is none | the time that most witnesses agree on, the wall clock being one of them |
//!
//! `docs/adr/0014-whose-time-codes-go-by.md` says why.

use std::collections::{BTreeMap, BTreeSet};

use countersign_protocol::Id;

use super::{ClockReading, ClockStatus, ServiceClock, ServiceTime, TimeAnchor, TimeSource};

/// Every service's time, as each last told it.
#[derive(Debug, Default)]
pub(crate) struct KnownTimes {
    anchors: BTreeMap<Id, TimeAnchor>,
    /// Those that have yet to be written to the vault.
    unsaved: BTreeSet<Id>,
}

impl KnownTimes {
    pub(crate) fn new(anchors: impl IntoIterator<Item = TimeAnchor>) -> Self {
        let anchors = anchors.into_iter().map(|anchor| (TimeAnchor::id_of(anchor.authority()), anchor));
        Self { anchors: anchors.collect(), unsaved: BTreeSet::new() }
    }

    /// Takes what a service has just said.
    pub(crate) fn learn(&mut self, new: TimeAnchor) {
        let id = TimeAnchor::id_of(new.authority());
        let old = self.anchors.get(&id);
        if old.is_some_and(|old| !new.improves_on(old)) {
            return;
        }
        if old.is_none_or(|old| new.is_worth_keeping(old)) {
            self.unsaved.insert(id);
        }
        self.anchors.insert(id, new);
    }

    /// Notes that the wall clock has been set since a service told the time.
    pub(crate) fn note_wall(&mut self, reading: &ClockReading) {
        for (id, anchor) in &mut self.anchors {
            if let Some(moved) = anchor.moved_to(reading) {
                *anchor = moved;
                self.unsaved.insert(*id);
            }
        }
    }

    pub(crate) fn has_unsaved(&self) -> bool {
        !self.unsaved.is_empty()
    }

    /// What has yet to be written, which then counts as written.
    pub(crate) fn take_unsaved(&mut self) -> Vec<(Id, TimeAnchor)> {
        let unsaved = std::mem::take(&mut self.unsaved);
        unsaved.into_iter().filter_map(|id| Some((id, self.anchors.get(&id)?.clone()))).collect()
    }

    /// The time that most witnesses agree on.
    pub(crate) fn status(&self, reading: &ClockReading) -> ClockStatus {
        match self.best(reading) {
            Some((anchor, now)) => told_by(anchor, now, reading),
            None => self.without_witness(reading),
        }
    }

    /// The time that a service goes by.
    pub(crate) fn status_at(&self, authority: &str, reading: &ClockReading) -> ClockStatus {
        let own = self.anchors.get(&TimeAnchor::id_of(authority));
        let own = own.and_then(|anchor| Some((anchor, anchor.now(reading)?)));
        match own {
            Some((anchor, now)) if anchor.is_current(reading) || !self.has_current(reading) => {
                told_by(anchor, now, reading)
            }
            _ => self.status(reading),
        }
    }

    /// How far each service's clock is from the time that is used, where it has told it since the device was started.
    pub(crate) fn service_clocks(&self, reading: &ClockReading) -> Vec<ServiceClock> {
        let used = self.status(reading).time.unix_ms;
        let current = self.anchors.values().filter(|anchor| anchor.is_current(reading));
        current
            .filter_map(|anchor| {
                let now = anchor.now(reading)?;
                Some(ServiceClock {
                    service: anchor.authority().to_owned(),
                    ahead_ms: difference(now, used),
                    is_signed: anchor.is_signed(),
                })
            })
            .collect()
    }

    fn has_current(&self, reading: &ClockReading) -> bool {
        self.anchors.values().any(|anchor| anchor.is_current(reading) && is_witness(anchor, reading))
    }

    /// The anchor that most others and the wall clock agree with. One that somebody signed is preferred, and what nobody
    /// signed wins against it only together with the wall clock: it can't move the time, only leave it.
    fn best(&self, reading: &ClockReading) -> Option<(&TimeAnchor, u64)> {
        let has_current = self.has_current(reading);
        let witnesses: Vec<(&TimeAnchor, u64)> = self
            .anchors
            .values()
            .filter(|anchor| is_witness(anchor, reading))
            .filter(|anchor| anchor.is_current(reading) || !has_current)
            .filter_map(|anchor| Some((anchor, anchor.now(reading)?)))
            .collect();
        let is_signed = witnesses.iter().any(|(anchor, _)| anchor.is_signed());
        let agrees_with_wall = |now: u64| is_plausible(reading.wall) && agree(now, reading.wall);
        witnesses
            .iter()
            .filter(|(anchor, now)| anchor.is_signed() || !is_signed || agrees_with_wall(*now))
            .max_by_key(|(anchor, now)| {
                let votes = witnesses.iter().filter(|(_, other)| agree(*now, *other)).count()
                    + usize::from(agrees_with_wall(*now));
                // Counted on, the most exact one; guessed from the wall clock's error, the newest.
                let quality = if has_current { u64::MAX - anchor.uncertainty() } else { anchor.service() };
                (votes, anchor.is_signed(), quality)
            })
            .copied()
    }

    /// The wall clock, unless it is known to have gone back.
    fn without_witness(&self, reading: &ClockReading) -> ClockStatus {
        let believed = self.anchors.values().filter(|anchor| was_plausible(anchor));
        let newest = believed.max_by_key(|anchor| anchor.service());
        let (unix_ms, source, anchor) = match newest {
            Some(anchor) if anchor.service() > reading.wall => {
                let at_least = anchor.service().saturating_add(reading.monotonic);
                (at_least, TimeSource::ClockWentBack, Some(anchor))
            }
            _ => (reading.wall, TimeSource::WallClock, None),
        };
        ClockStatus {
            time: ServiceTime { unix_ms, source },
            wall_ahead_ms: difference(reading.wall, unix_ms),
            service: anchor.map(|anchor| anchor.authority().to_owned()),
            age_ms: None,
        }
    }
}

fn told_by(anchor: &TimeAnchor, now: u64, reading: &ClockReading) -> ClockStatus {
    let source = match (anchor.is_current(reading), anchor.is_signed()) {
        (false, _) => TimeSource::LastKnownOffset,
        (true, true) => TimeSource::Service,
        (true, false) => TimeSource::UnsignedService,
    };
    ClockStatus {
        time: ServiceTime { unix_ms: now, source },
        wall_ahead_ms: difference(reading.wall, now),
        service: Some(anchor.authority().to_owned()),
        age_ms: Some(anchor.age(now)),
    }
}

/// Whether a service may say what time it is for others than itself.
fn is_witness(anchor: &TimeAnchor, reading: &ClockReading) -> bool {
    anchor.now(reading).is_some_and(|now| {
        is_plausible(now) && (anchor.is_signed() || now.abs_diff(reading.wall) <= MAX_UNSIGNED_CORRECTION_MS)
    })
}

/// Whether it could be believed when it was told.
fn was_plausible(anchor: &TimeAnchor) -> bool {
    is_plausible(anchor.service())
        && (anchor.is_signed()
            || anchor.wall_ahead().unsigned_abs() <= u128::from(MAX_UNSIGNED_CORRECTION_MS))
}

/// Whether it can be the time: not before this software was written, not after its certificates and codes mean anything.
const fn is_plausible(unix_ms: u64) -> bool {
    unix_ms >= EARLIEST_MS && unix_ms < LATEST_MS
}

const fn agree(one: u64, other: u64) -> bool {
    one.abs_diff(other) <= AGREEMENT_MS
}

fn difference(one: u64, other: u64) -> i64 {
    let difference = i128::from(one) - i128::from(other);
    i64::try_from(difference).unwrap_or(if difference < 0 { i64::MIN } else { i64::MAX })
}

/// 2026-01-01T00:00:00Z.
const EARLIEST_MS: u64 = 1_767_225_600_000;
/// 2100-01-01T00:00:00Z.
const LATEST_MS: u64 = 4_102_444_800_000;
/// Clocks that are set by the network agree to far less; half a code's step is still no wrong code.
const AGREEMENT_MS: u64 = 10_000;
/// 26 hours: time zones are so far apart, and a clock that was set in the wrong one is wrong by no more.
const MAX_UNSIGNED_CORRECTION_MS: u64 = 93_600_000;
