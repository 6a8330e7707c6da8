//! Budgets that refill steadily, one for each of those who use them: the generic cell rate algorithm, with one time for
//! each.
//!
//! They bound how fast nonsense is answered, by address and by client, and how much of it is written down. Whoever is over
//! a budget of refusals waits for the reply, and so can't have more of the processor than the budget allows. Nothing that is
//! accepted waits or counts, so that others behind the same address, or with the right secret, aren't kept from anything.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Budgets that are remembered at most. One is forgotten once it is full again.
const MAX_BUDGETS: usize = 65_536;

/// Budgets, by whom they belong to.
#[derive(Debug)]
pub(crate) struct Pace<K> {
    /// What one use takes from the budget.
    interval: Duration,
    /// A full budget.
    burst: Duration,
    /// The longest that anything waits.
    longest: Duration,
    /// When each budget is full again.
    full_at: Mutex<HashMap<K, Instant>>,
}

impl<K: Copy + Eq + Hash> Pace<K> {
    /// A budget of `burst` uses, refilled by one in each `interval`.
    pub(crate) fn new(interval: Duration, burst: u32, longest: Duration) -> Self {
        Self { interval, burst: interval * burst, longest, full_at: Mutex::default() }
    }

    /// Takes one use from the budget, and says how long one has to wait for it.
    pub(crate) fn take(&self, whose: K, now: Instant) -> Duration {
        let mut budgets = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        if !has_place(&mut budgets, whose, now) {
            return self.longest;
        }
        let full_at = budgets.entry(whose).or_insert(now);
        let debt_limit = now + self.burst + self.longest;
        *full_at = ((*full_at).max(now) + self.interval).min(debt_limit);
        self.wait(*full_at, now)
    }

    /// How long one has to wait, without taking anything.
    pub(crate) fn debt(&self, whose: K, now: Instant) -> Duration {
        let budgets = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        budgets.get(&whose).map_or(Duration::ZERO, |full_at| self.wait(*full_at, now))
    }

    /// Takes one use if the budget has it now. Otherwise takes nothing, and says how long one has to wait.
    pub(crate) fn try_take(&self, whose: K, now: Instant) -> Result<(), Duration> {
        let mut budgets = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        if !has_place(&mut budgets, whose, now) {
            return Err(self.longest);
        }
        let full_at = budgets.get(&whose).map_or(now, |full_at| (*full_at).max(now)) + self.interval;
        match self.wait(full_at, now) {
            Duration::ZERO => {
                budgets.insert(whose, full_at);
                Ok(())
            }
            wait => Err(wait),
        }
    }

    /// Gives one use back.
    pub(crate) fn give_back(&self, whose: K) {
        let mut budgets = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(full_at) = budgets.get_mut(&whose)
            && let Some(earlier) = full_at.checked_sub(self.interval)
        {
            *full_at = earlier;
        }
    }

    fn wait(&self, full_at: Instant, now: Instant) -> Duration {
        full_at.saturating_duration_since(now + self.burst).min(self.longest)
    }
}

/// Whether this budget is remembered, or can be. Those that are full again are forgotten first.
fn has_place<K: Copy + Eq + Hash>(budgets: &mut HashMap<K, Instant>, whose: K, now: Instant) -> bool {
    if budgets.len() < MAX_BUDGETS || budgets.contains_key(&whose) {
        return true;
    }
    budgets.retain(|_, full_at| *full_at > now);
    budgets.len() < MAX_BUDGETS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_used_up_and_refills_and_is_each_ones_own() {
        let pace = Pace::new(Duration::from_millis(50), 40, Duration::from_secs(5));
        let start = Instant::now();
        for _ in 0..40 {
            assert_eq!(pace.take(1, start), Duration::ZERO);
        }
        assert_eq!(pace.debt(1, start), Duration::ZERO);
        assert_eq!(pace.take(1, start), Duration::from_millis(50));
        assert_eq!(pace.take(1, start), Duration::from_millis(100));
        assert_eq!(pace.debt(1, start), Duration::from_millis(100));
        assert_eq!((pace.take(2, start), pace.debt(3, start)), (Duration::ZERO, Duration::ZERO));
        // Each second gives twenty back.
        let later = start + Duration::from_secs(1);
        assert_eq!(pace.debt(1, later), Duration::ZERO);
        for _ in 0..18 {
            assert_eq!(pace.take(1, later), Duration::ZERO);
        }
        assert_eq!(pace.take(1, later), Duration::from_millis(50));
    }

    #[test]
    fn a_debt_ends() {
        let pace = Pace::new(Duration::from_millis(50), 40, Duration::from_secs(5));
        let start = Instant::now();
        let longest = (0..100_000).map(|_| pace.take(1, start)).max();
        assert_eq!(longest, Some(Duration::from_secs(5)));
        assert_eq!(pace.debt(1, start + Duration::from_secs(5)), Duration::ZERO);
    }

    #[test]
    fn only_so_many_budgets_are_remembered() {
        let pace = Pace::new(Duration::from_millis(50), 1, Duration::from_secs(5));
        let start = Instant::now();
        for number in 0..u32::try_from(MAX_BUDGETS).unwrap() {
            assert_eq!(pace.take(number, start), Duration::ZERO);
        }
        assert_eq!(pace.take(u32::MAX, start), Duration::from_secs(5));
        assert_eq!(pace.try_take(u32::MAX, start), Err(Duration::from_secs(5)));
        assert_eq!(pace.full_at.lock().unwrap().len(), MAX_BUDGETS);
        assert_eq!(pace.try_take(u32::MAX, start + Duration::from_secs(1)), Ok(()));
        assert_eq!(pace.full_at.lock().unwrap().len(), 1);
        assert_eq!(pace.take(0, start + Duration::from_secs(1)), Duration::ZERO);
    }

    #[test]
    fn a_use_is_taken_only_if_it_is_there_and_can_be_given_back() {
        let pace = Pace::new(Duration::from_secs(5), 2, Duration::from_secs(300));
        let start = Instant::now();
        assert_eq!([pace.try_take(1, start), pace.try_take(1, start)], [Ok(()), Ok(())]);
        for _ in 0..100 {
            assert_eq!(pace.try_take(1, start), Err(Duration::from_secs(5)));
        }
        assert_eq!(pace.try_take(1, start + Duration::from_secs(5)), Ok(()));
        assert_eq!(pace.try_take(1, start + Duration::from_secs(5)), Err(Duration::from_secs(5)));
        pace.give_back(1);
        assert_eq!(pace.try_take(1, start + Duration::from_secs(5)), Ok(()));
    }
}
