//! A moment at which a service's time was known.

use countersign_protocol::Id;
use ring::digest;
use serde::{Deserialize, Serialize};

use super::{ClockReading, agree};

/// What one service said of the time, kept against the device's clocks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TimeAnchor {
    /// Host and port of the service.
    authority: String,
    /// Whether the service signed it. If not, it is worth what TLS is worth.
    is_signed: bool,
    /// The service's time at `at`, milliseconds since 1970.
    service: u64,
    /// By how many milliseconds it may be wrong.
    uncertainty: u64,
    /// The device's clocks at that moment.
    at: ClockReading,
    /// The service's time when it told it, which was then or earlier.
    told: u64,
    /// Whether the wall clock agreed with it at some moment of this boot: then whoever has set that clock since speaks
    /// against two, this service and the clock as it was.
    #[serde(default)]
    agreed: bool,
}

impl TimeAnchor {
    /// From one exchange with the service: the clocks when the request was sent and when its reply had come, and the
    /// service's time in the reply, which it had held back for `held` milliseconds. `None` if the device was restarted
    /// in between.
    pub(crate) fn from_exchange(
        authority: &str,
        is_signed: bool,
        sent: &ClockReading,
        received: ClockReading,
        service: u64,
        held: u64,
    ) -> Option<Self> {
        if sent.boot != received.boot {
            return None;
        }
        let round_trip = received.monotonic.checked_sub(sent.monotonic)?.saturating_sub(held);
        let service = service.saturating_add(round_trip / 2);
        Some(Self {
            authority: authority.to_owned(),
            is_signed,
            service,
            uncertainty: round_trip / 2,
            agreed: agree(received.wall, service),
            at: received,
            told: service,
        })
    }

    /// The identifier that the record of a service's time has.
    pub(crate) fn id_of(authority: &str) -> Id {
        let hash = digest::digest(&digest::SHA256, authority.as_bytes());
        let mut id = [0; 16];
        for (to, from) in id.iter_mut().zip(hash.as_ref()) {
            *to = *from;
        }
        Id::from_bytes(id)
    }

    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    pub(super) const fn is_signed(&self) -> bool {
        self.is_signed
    }

    pub(super) const fn service(&self) -> u64 {
        self.service
    }

    pub(super) const fn uncertainty(&self) -> u64 {
        self.uncertainty
    }

    pub(super) const fn has_agreed(&self) -> bool {
        self.agreed
    }

    /// A time that both the service and the wall clock have passed, by what they said then.
    pub(super) fn passed(&self) -> u64 {
        self.service.min(self.at.wall)
    }

    /// Takes over from `old`, of the same service, what it had seen of the wall clock in this boot; unless the service has
    /// set its clock since.
    pub(super) fn continue_from(mut self, old: &Self) -> Self {
        let by_old = old.now(&self.at).filter(|_| old.is_current(&self.at));
        self.agreed |= old.agreed && by_old.is_some_and(|by_old| agree(by_old, self.service));
        self
    }

    /// Whether the monotonic clock has counted on since.
    pub(super) fn is_current(&self, reading: &ClockReading) -> bool {
        reading.boot == self.at.boot && reading.monotonic >= self.at.monotonic
    }

    /// The service's time at `reading`. After a restart the best guess is that the wall clock is still wrong by as much
    /// as it was; `None` if it can't be, since the time would be before what the service told.
    pub(super) fn now(&self, reading: &ClockReading) -> Option<u64> {
        if self.is_current(reading) {
            return Some(self.service.saturating_add(reading.monotonic - self.at.monotonic));
        }
        let guess = i128::from(reading.wall) - self.wall_ahead();
        u64::try_from(guess).ok().filter(|guess| *guess >= self.service)
    }

    /// Milliseconds since the service told the time.
    pub(super) const fn age(&self, now: u64) -> u64 {
        now.saturating_sub(self.told)
    }

    /// Whether this anchor should take the place of `old`, of the same service: one that is known more closely stays, so
    /// that a slow reply can't make the time worse; unless the service has set its clock, or `old` was signed.
    pub(super) fn improves_on(&self, old: &Self) -> bool {
        let Some(by_old) = old.now(&self.at).filter(|_| old.is_current(&self.at)) else { return true };
        if old.is_signed && !self.is_signed {
            return false;
        }
        let known = old.uncertainty.saturating_add(self.drift_since(old));
        let disagreement = self.service.abs_diff(by_old);
        self.uncertainty <= known
            || disagreement > known.saturating_add(self.uncertainty).saturating_add(CLOCK_SET_MS)
            || (self.is_signed && !old.is_signed)
    }

    /// Whether the next process would go by another time with this anchor than with `old`.
    pub(super) fn is_worth_keeping(&self, old: &Self) -> bool {
        match old.now(&self.at).filter(|_| old.is_current(&self.at)) {
            None => true,
            Some(by_old) => {
                self.agreed != old.agreed
                    || self.service.abs_diff(by_old) > NOTICEABLE_MS
                    || self.wall_ahead().abs_diff(old.wall_ahead()) > u128::from(NOTICEABLE_MS)
                    || self.service.saturating_sub(old.service) > A_DAY_MS
            }
        }
    }

    /// The same knowledge at another moment of the same boot, if the wall clock has been set in between: after a restart
    /// its error is all that is left.
    pub(super) fn moved_to(&self, reading: &ClockReading) -> Option<Self> {
        let service = self.now(reading).filter(|_| self.is_current(reading))?;
        let moved = Self { service, at: reading.clone(), ..self.clone() };
        let uncertainty = self.uncertainty.saturating_add(moved.drift_since(self));
        let was_set = moved.wall_ahead().abs_diff(self.wall_ahead()) > u128::from(WALL_SET_MS);
        was_set.then_some(Self { uncertainty, ..moved })
    }

    /// Milliseconds that the wall clock was ahead of the service's.
    pub(super) fn wall_ahead(&self) -> i128 {
        i128::from(self.at.wall) - i128::from(self.service)
    }

    /// A monotonic clock drifts; 50 ppm is what phones' crystals keep to.
    const fn drift_since(&self, old: &Self) -> u64 {
        self.at.monotonic.saturating_sub(old.at.monotonic) / 20_000
    }
}

/// What uncertainty doesn't explain by so much, a set clock does.
const CLOCK_SET_MS: u64 = 1_000;
/// Less makes no difference to any code.
const NOTICEABLE_MS: u64 = 500;
/// More than a wall clock drifts from the monotonic one, or is slewed, without somebody having set it.
const WALL_SET_MS: u64 = 2_000;
/// Kept at least so often, so that a wall clock that goes back is noticed.
const A_DAY_MS: u64 = 86_400_000;
