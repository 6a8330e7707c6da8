//! How fast one client's nonsense is answered.
//!
//! A client has a budget of refusals that refills steadily: the generic cell rate algorithm, one time for each client.
//! Whoever is over it waits for the reply, and so can't have more of the processor than the budget allows. Nothing that
//! is accepted waits or counts, so that others behind the same address aren't kept from anything.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::client::Client;

/// Clients that are remembered at most. A client is forgotten once its budget is full again.
const MAX_CLIENTS: usize = 65_536;

/// Budgets, by client.
#[derive(Debug)]
pub(crate) struct Pace {
    /// What one refusal takes from the budget.
    interval: Duration,
    /// A full budget.
    burst: Duration,
    /// The longest that anything waits.
    longest: Duration,
    /// When each client's budget is full again.
    full_at: Mutex<HashMap<Client, Instant>>,
}

impl Pace {
    /// A budget of `burst` refusals, refilled by one in each `interval`.
    pub(crate) fn new(interval: Duration, burst: u32, longest: Duration) -> Self {
        Self { interval, burst: interval * burst, longest, full_at: Mutex::default() }
    }

    /// Takes one refusal from the client's budget, and says how long it has to wait for its reply.
    pub(crate) fn take(&self, client: Client, now: Instant) -> Duration {
        let mut clients = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        if clients.len() >= MAX_CLIENTS && !clients.contains_key(&client) {
            clients.retain(|_, full_at| *full_at > now);
            if clients.len() >= MAX_CLIENTS {
                return self.longest;
            }
        }
        let full_at = clients.entry(client).or_insert(now);
        let debt_limit = now + self.burst + self.longest;
        *full_at = ((*full_at).max(now) + self.interval).min(debt_limit);
        self.wait(*full_at, now)
    }

    /// How long the client has to wait, without taking anything.
    pub(crate) fn debt(&self, client: Client, now: Instant) -> Duration {
        let clients = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        clients.get(&client).map_or(Duration::ZERO, |full_at| self.wait(*full_at, now))
    }

    /// How long the client has to wait before it may take one more at once, without taking anything.
    pub(crate) fn wait_for_one(&self, client: Client, now: Instant) -> Duration {
        let clients = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        match clients.get(&client) {
            Some(full_at) => self.wait((*full_at).max(now) + self.interval, now),
            None if clients.len() >= MAX_CLIENTS => self.longest,
            None => Duration::ZERO,
        }
    }

    /// Gives the client one back.
    pub(crate) fn give_back(&self, client: Client) {
        let mut clients = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(full_at) = clients.get_mut(&client)
            && let Some(earlier) = full_at.checked_sub(self.interval)
        {
            *full_at = earlier;
        }
    }

    fn wait(&self, full_at: Instant, now: Instant) -> Duration {
        full_at.saturating_duration_since(now + self.burst).min(self.longest)
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;

    fn client(number: u32) -> Client {
        IpAddr::from(Ipv4Addr::from_bits(number)).into()
    }

    #[test]
    fn a_budget_is_used_up_and_refills_and_is_each_clients_own() {
        let pace = Pace::new(Duration::from_millis(50), 40, Duration::from_secs(5));
        let start = Instant::now();
        for _ in 0..40 {
            assert_eq!(pace.take(client(1), start), Duration::ZERO);
        }
        assert_eq!(pace.debt(client(1), start), Duration::ZERO);
        assert_eq!(pace.take(client(1), start), Duration::from_millis(50));
        assert_eq!(pace.take(client(1), start), Duration::from_millis(100));
        assert_eq!(pace.debt(client(1), start), Duration::from_millis(100));
        assert_eq!(
            (pace.take(client(2), start), pace.debt(client(3), start)),
            (Duration::ZERO, Duration::ZERO)
        );
        // Each second gives twenty back.
        let later = start + Duration::from_secs(1);
        assert_eq!(pace.debt(client(1), later), Duration::ZERO);
        for _ in 0..18 {
            assert_eq!(pace.take(client(1), later), Duration::ZERO);
        }
        assert_eq!(pace.take(client(1), later), Duration::from_millis(50));
    }

    #[test]
    fn a_debt_ends() {
        let pace = Pace::new(Duration::from_millis(50), 40, Duration::from_secs(5));
        let start = Instant::now();
        let longest = (0..100_000).map(|_| pace.take(client(1), start)).max();
        assert_eq!(longest, Some(Duration::from_secs(5)));
        assert_eq!(pace.debt(client(1), start + Duration::from_secs(5)), Duration::ZERO);
    }

    #[test]
    fn only_so_many_clients_are_remembered() {
        let pace = Pace::new(Duration::from_millis(50), 1, Duration::from_secs(5));
        let start = Instant::now();
        for number in 0..u32::try_from(MAX_CLIENTS).unwrap() {
            assert_eq!(pace.take(client(number), start), Duration::ZERO);
        }
        assert_eq!(pace.take(client(u32::MAX), start), Duration::from_secs(5));
        assert_eq!(pace.full_at.lock().unwrap().len(), MAX_CLIENTS);
        assert_eq!(pace.take(client(u32::MAX), start + Duration::from_secs(1)), Duration::ZERO);
        assert_eq!(pace.full_at.lock().unwrap().len(), 1);
    }
}
