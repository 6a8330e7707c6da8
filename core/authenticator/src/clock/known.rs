//! What time it is, by the device's clock and by all that services have said: several witnesses, of whom one may be wrong.
//!
//! | the account's service | whose time its codes and requests go by |
//! |---|---|
//! | has told the time since the device was started | that service's, right or wrong: it is who checks them |
//! | has not, or there is none | the device's clock; against it, two services that don't know each other, or one that the person has chosen |
//!
//! `docs/adr/0014-clock-for-codes.md` says why.

use std::collections::{BTreeMap, BTreeSet};

use countersign_protocol::Id;

use super::{
    ClockChoice, ClockReading, ClockStatus, ServiceClock, ServiceTime, StoredChoice, TimeAnchor, TimeSource,
    WORTH_TELLING_MS, agree, site,
};

/// Every service's time, as each last told it.
#[derive(Debug, Default)]
pub(crate) struct KnownTimes {
    anchors: BTreeMap<Id, TimeAnchor>,
    /// Those that have yet to be written to the vault.
    unsaved: BTreeSet<Id>,
    choice: Option<StoredChoice>,
}

impl KnownTimes {
    pub(crate) fn new(anchors: impl IntoIterator<Item = TimeAnchor>) -> Self {
        let anchors = anchors.into_iter().map(|anchor| (TimeAnchor::id_of(anchor.authority()), anchor));
        Self { anchors: anchors.collect(), unsaved: BTreeSet::new(), choice: None }
    }

    /// Takes what a service has just said.
    pub(crate) fn learn(&mut self, new: TimeAnchor) {
        let id = TimeAnchor::id_of(new.authority());
        let old = self.anchors.get(&id);
        if old.is_some_and(|old| !new.improves_on(old)) {
            return;
        }
        let new = match old {
            Some(old) => new.continue_from(old),
            None => new,
        };
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

    /// What the person has said of clocks that disagree.
    pub(crate) fn set_choice(&mut self, choice: Option<StoredChoice>) {
        self.choice = choice;
    }

    #[cfg(test)]
    pub(super) const fn choice(&self) -> Option<&StoredChoice> {
        self.choice.as_ref()
    }

    /// The time of all that isn't a service's own.
    pub(crate) fn status(&self, reading: &ClockReading) -> ClockStatus {
        let Some(base) = Base::of(self, reading) else { return self.without_device(reading) };
        let is_current = self.has_current(reading);
        // What was known before a restart is a guess from the wall clock's error, which the platform may have ended.
        let witnesses = if is_current || base.is_wall { self.witnesses(reading) } else { Vec::new() };
        let (with, against): (Vec<_>, Vec<_>) =
            witnesses.iter().copied().partition(|witness| agree(witness.now, base.time));
        let agreeing = voices(with.iter(), false);
        let (strongest, votes) = strongest(&against, &witnesses, base.is_wall && is_current);
        if votes >= 2
            && votes > agreeing + 1
            && let Some(witness) = strongest
        {
            return self.told_by(witness, reading);
        }
        let may_be_wrong = base.is_wall && votes > agreeing;
        let asked: Vec<ServiceClock> = if may_be_wrong {
            against.iter().map(|witness| witness.clock(base.time)).collect()
        } else {
            Vec::new()
        };
        match self.chosen(&asked, &against) {
            Some(Chosen::Witness(witness)) => self.told_by(witness, reading),
            Some(Chosen::Device) => self.by_device(base, &with, reading, Vec::new()),
            // Nobody is asked about a guess.
            None => self.by_device(base, &with, reading, if is_current { asked } else { Vec::new() }),
        }
    }

    /// The time that a service goes by.
    pub(crate) fn status_at(&self, authority: &str, reading: &ClockReading) -> ClockStatus {
        let own = self.anchors.get(&TimeAnchor::id_of(authority));
        let own = own.and_then(|anchor| Some(Witness { anchor, now: anchor.now(reading)? }));
        match own {
            Some(own) if own.anchor.is_current(reading) || !self.has_current(reading) => {
                self.told_by(own, reading)
            }
            _ => self.status(reading),
        }
    }

    /// How far each service's clock is from the time that is used, where it has told it since the device was started.
    pub(crate) fn service_clocks(&self, reading: &ClockReading) -> Vec<ServiceClock> {
        let used = self.status(reading).time.unix_ms;
        let current = self.anchors.values().filter(|anchor| anchor.is_current(reading));
        current.filter_map(|anchor| Some(Witness { anchor, now: anchor.now(reading)? }.clock(used))).collect()
    }

    /// Every service that contradicts the device's own clock, whoever is believed: what a choice is about.
    pub(crate) fn contradictions(&self, reading: &ClockReading) -> Vec<ServiceClock> {
        let witnesses = self.witnesses(reading);
        let against = witnesses.iter().filter(|witness| !agree(witness.now, reading.wall));
        against.map(|witness| witness.clock(reading.wall)).collect()
    }

    fn has_current(&self, reading: &ClockReading) -> bool {
        self.anchors.values().any(|anchor| anchor.is_current(reading) && is_witness(anchor, reading))
    }

    /// Those who have told the time since the device was started; if nobody has, what is left of what they told before.
    fn witnesses(&self, reading: &ClockReading) -> Vec<Witness<'_>> {
        let has_current = self.has_current(reading);
        self.anchors
            .values()
            .filter(|anchor| is_witness(anchor, reading))
            .filter(|anchor| anchor.is_current(reading) || !has_current)
            .filter_map(|anchor| Some(Witness { anchor, now: anchor.now(reading)? }))
            .collect()
    }

    /// Whom the person believes, if they were asked about just this.
    fn chosen<'a>(&self, asked: &[ServiceClock], against: &[Witness<'a>]) -> Option<Chosen<'a>> {
        let stored = self.choice.as_ref().filter(|_| !asked.is_empty())?;
        let chosen = match &stored.choice {
            ClockChoice::Device => Chosen::Device,
            ClockChoice::Service(authority) => {
                Chosen::Witness(*against.iter().find(|witness| witness.anchor.authority() == authority)?)
            }
        };
        let is_settled = |witness: &Witness<'_>, clock: &ServiceClock| {
            stored.answers(&clock.service, clock.ahead_ms)
                || matches!(chosen, Chosen::Witness(believed)
                    if believed.anchor != witness.anchor && agree(believed.now, witness.now))
        };
        against.iter().zip(asked).all(|(witness, clock)| is_settled(witness, clock)).then_some(chosen)
    }

    fn told_by(&self, Witness { anchor, now }: Witness<'_>, reading: &ClockReading) -> ClockStatus {
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
            undecided: Vec::new(),
            choice: self.choice.as_ref().map(|stored| stored.choice.clone()),
        }
    }

    /// The device's clock, with the best of the services that agree with it; that one's time is the more exact.
    fn by_device(
        &self,
        base: Base,
        agreeing: &[Witness<'_>],
        reading: &ClockReading,
        undecided: Vec<ServiceClock>,
    ) -> ClockStatus {
        let best = agreeing.iter().copied().max_by_key(Witness::quality);
        let is_exact = |witness: &Witness<'_>| witness.now.abs_diff(base.time) < WORTH_TELLING_MS;
        if let Some(witness) =
            best.filter(|witness| base.is_wall && undecided.is_empty() && is_exact(witness))
        {
            return self.told_by(witness, reading);
        }
        let source = if base.is_wall { TimeSource::WallClock } else { TimeSource::Platform };
        ClockStatus {
            time: ServiceTime { unix_ms: base.time, source },
            wall_ahead_ms: difference(reading.wall, base.time),
            service: best.map(|witness| witness.anchor.authority().to_owned()),
            age_ms: best.map(|witness| witness.anchor.age(witness.now)),
            undecided,
            choice: self.choice.as_ref().map(|stored| stored.choice.clone()),
        }
    }

    /// Without a clock of the device's that can be right: the service that most others agree with, or the earliest that it
    /// can be.
    fn without_device(&self, reading: &ClockReading) -> ClockStatus {
        let witnesses = self.witnesses(reading);
        if let (Some(witness), _) = strongest(&witnesses, &witnesses, false) {
            return self.told_by(witness, reading);
        }
        let (unix_ms, source) = match self.passed() {
            Some(passed) if passed > reading.wall => {
                (passed.saturating_add(reading.monotonic), TimeSource::ClockWentBack)
            }
            _ => (reading.wall, TimeSource::WallClock),
        };
        ClockStatus {
            time: ServiceTime { unix_ms, source },
            wall_ahead_ms: difference(reading.wall, unix_ms),
            service: None,
            age_ms: None,
            undecided: Vec::new(),
            choice: self.choice.as_ref().map(|stored| stored.choice.clone()),
        }
    }

    /// The latest time that a service and the wall clock have passed together.
    fn passed(&self) -> Option<u64> {
        self.anchors.values().filter(|anchor| was_plausible(anchor)).map(TimeAnchor::passed).max()
    }
}

/// The device's own clock, where it can be right.
#[derive(Clone, Copy)]
struct Base {
    time: u64,
    /// Whether it is the wall clock, of which nobody knows who sets it.
    is_wall: bool,
}

impl Base {
    fn of(known: &KnownTimes, reading: &ClockReading) -> Option<Self> {
        if let Some(time) = reading.network.filter(|time| is_plausible(*time)) {
            return Some(Self { time, is_wall: false });
        }
        let went_back = known.passed().is_some_and(|passed| passed > reading.wall);
        let can_be_right = is_plausible(reading.wall) && !went_back;
        can_be_right.then_some(Self { time: reading.wall, is_wall: true })
    }
}

/// A service, and what time it is by it.
#[derive(Clone, Copy)]
struct Witness<'a> {
    anchor: &'a TimeAnchor,
    now: u64,
}

impl Witness<'_> {
    /// A signed time before another; then the one that is known most closely; then the newest.
    fn quality(&self) -> (bool, u64, u64) {
        (self.anchor.is_signed(), u64::MAX - self.anchor.uncertainty(), self.anchor.service())
    }

    fn clock(&self, used: u64) -> ServiceClock {
        ServiceClock {
            service: self.anchor.authority().to_owned(),
            ahead_ms: difference(self.now, used),
            is_signed: self.anchor.is_signed(),
        }
    }
}

/// Whom the person believes.
#[derive(Clone, Copy)]
enum Chosen<'a> {
    Device,
    Witness(Witness<'a>),
}

/// How many speak for one time: services that don't know each other, and the wall clock as it was before somebody set it.
fn voices<'a, 'w: 'a>(witnesses: impl Iterator<Item = &'a Witness<'w>>, with_wall_as_it_was: bool) -> usize {
    let mut sites = BTreeSet::new();
    let mut has_agreed = false;
    for witness in witnesses {
        sites.insert(site::of(witness.anchor.authority()));
        has_agreed |= witness.anchor.has_agreed();
    }
    sites.len() + usize::from(with_wall_as_it_was && has_agreed)
}

/// The best of those candidates that most others of them agree with, and how many they are. What nobody signs has no voice
/// where a signed time among `all` says otherwise.
fn strongest<'a>(
    candidates: &[Witness<'a>],
    all: &[Witness<'a>],
    with_wall_as_it_was: bool,
) -> (Option<Witness<'a>>, usize) {
    let has_signed = all.iter().any(|witness| witness.anchor.is_signed());
    let count = |witness: &Witness<'a>| {
        let with = || candidates.iter().filter(|other| agree(other.now, witness.now));
        let has_voice = !has_signed || with().any(|other| other.anchor.is_signed());
        if has_voice { voices(with(), with_wall_as_it_was) } else { 0 }
    };
    let counted = candidates.iter().map(|witness| (count(witness), *witness));
    let best = counted.max_by_key(|(votes, witness)| (*votes, witness.quality()));
    best.map_or((None, 0), |(votes, witness)| (Some(witness), votes))
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

fn difference(one: u64, other: u64) -> i64 {
    let difference = i128::from(one) - i128::from(other);
    i64::try_from(difference).unwrap_or(if difference < 0 { i64::MIN } else { i64::MAX })
}

/// 2026-01-01T00:00:00Z.
const EARLIEST_MS: u64 = 1_767_225_600_000;
/// 2100-01-01T00:00:00Z.
const LATEST_MS: u64 = 4_102_444_800_000;
/// 26 hours: time zones are so far apart, and a clock that was set in the wrong one is wrong by no more.
const MAX_UNSIGNED_CORRECTION_MS: u64 = 93_600_000;
