//! How many sign-ins an address may start for people whom nobody vouches for.
//!
//! Anybody can name anybody: without a bound, one address could have the phones of a whole organisation ask at once. Each
//! sign-in takes one from its network's budget, which refills steadily, and one that is approved gives it back. So a
//! hospital behind one address isn't slowed down by the sign-ins of its people, only by those that come to nothing.

use std::net::IpAddr;
use std::time::Duration;

use tokio::time::Instant;

use crate::http::Client;
use crate::pace::Pace;

/// Sign-ins that may come to nothing in a short time.
const BURST: u32 = 60;
/// How often one more may.
const INTERVAL: Duration = Duration::from_secs(5);
/// The longest that a network waits.
const LONGEST: Duration = Duration::from_secs(300);

/// Budgets, by network.
pub(crate) struct Starts(Pace<Client>);

impl Default for Starts {
    fn default() -> Self {
        Self(Pace::new(INTERVAL, BURST, LONGEST))
    }
}

impl Starts {
    /// Counts a sign-in that is being started, or says how long the address has to wait before it may start one more.
    pub(super) fn take(&self, address: IpAddr) -> Result<(), Duration> {
        self.0.try_take(Client::from(address), Instant::now())
    }

    /// Gives back what a sign-in took that was approved, or wasn't started after all.
    pub(super) fn give_back(&self, address: IpAddr) {
        self.0.give_back(Client::from(address));
    }
}
