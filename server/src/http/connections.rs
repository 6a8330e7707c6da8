//! Which connections are open, and which has to go when there are too many.
//!
//! A connection is *busy* from the head of a request to the last byte of its reply, a wait for news included, and *idle*
//! otherwise. When there is no room, the connection that has been idle for longest is closed, first among those of the
//! same client if it is the client that has too many. Only if there is none, a new one is turned away. So connections on
//! which nothing happens keep nobody out, and nothing that is under way is lost.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::client::Client;

/// Open connections, and requests that proxies have passed on.
#[derive(Debug)]
pub(super) struct Connections {
    limit: usize,
    limit_of_client: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    open: HashMap<u64, Entry>,
    /// Idle connections in the order in which they became so.
    idle: BTreeMap<u64, u64>,
    /// The same, by client.
    idle_of: BTreeMap<(Client, u64), u64>,
    /// Connections, and requests of proxies, by client.
    counts: HashMap<Client, usize>,
    /// Names connections, and orders those that are idle.
    next: u64,
}

#[derive(Debug)]
struct Entry {
    client: Option<Client>,
    /// Its place among the idle ones.
    idle: Option<u64>,
    close: Arc<Notify>,
}

/// An open connection, counted until it is dropped.
#[derive(Debug)]
pub(super) struct Connection {
    all: Arc<Connections>,
    id: u64,
    close: Arc<Notify>,
}

/// A request on a connection, which isn't closed meanwhile.
#[derive(Debug)]
pub(super) struct Busy {
    all: Arc<Connections>,
    id: u64,
    /// Whose request a proxy has passed on.
    passed_on: Option<Client>,
}

/// Why a connection or a request isn't taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Full {
    /// The client has as many as it may have, and all are busy.
    Client,
    /// All connections are busy.
    All,
    /// The connection is being closed.
    Closed,
}

impl Connections {
    pub(super) fn new(limit: usize, limit_of_client: usize) -> Arc<Self> {
        Arc::new(Self { limit, limit_of_client, state: Mutex::default() })
    }

    /// Counts a new connection, idle at first. A proxy's has no client: its requests have.
    pub(super) fn open(self: &Arc<Self>, client: Option<Client>) -> Result<Connection, Full> {
        let mut state = self.state();
        if let Some(client) = client
            && state.counts.get(&client).is_some_and(|count| *count >= self.limit_of_client)
            && !state.close_idle_of(client)
        {
            return Err(Full::Client);
        }
        if state.open.len() >= self.limit && !state.close_idle() {
            return Err(Full::All);
        }
        let id = state.next();
        let close = Arc::new(Notify::new());
        state.open.insert(id, Entry { client, idle: None, close: Arc::clone(&close) });
        if let Some(client) = client {
            *state.counts.entry(client).or_default() += 1;
        }
        state.set_idle(id);
        Ok(Connection { all: Arc::clone(self), id, close })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.state().open.len()
    }
}

impl Connection {
    /// Completes when the connection has to go.
    pub(super) async fn closed(&self) {
        self.close.notified().await;
    }

    /// Where its requests are announced.
    pub(super) fn requests(&self) -> Requests {
        Requests { all: Arc::clone(&self.all), id: self.id }
    }
}

/// Announces the requests of one connection.
#[derive(Clone, Debug)]
pub(super) struct Requests {
    all: Arc<Connections>,
    id: u64,
}

impl Requests {
    /// The connection is busy from now on, for this client if a proxy has passed the request on.
    pub(super) fn begin(&self, passed_on: Option<Client>) -> Result<Busy, Full> {
        let mut state = self.all.state();
        if !state.open.contains_key(&self.id) {
            return Err(Full::Closed);
        }
        if let Some(client) = passed_on {
            let limit = self.all.limit_of_client;
            let count = state.counts.entry(client).or_default();
            if *count >= limit {
                return Err(Full::Client);
            }
            *count += 1;
        }
        state.set_busy(self.id);
        Ok(Busy { all: Arc::clone(&self.all), id: self.id, passed_on })
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let mut state = self.all.state();
        if let Some(client) = self.passed_on {
            state.uncount(client);
        }
        state.set_idle(self.id);
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.all.state().remove(self.id);
    }
}

impl State {
    fn next(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn set_idle(&mut self, id: u64) {
        let place = self.next();
        let Some(entry) = self.open.get_mut(&id) else { return };
        entry.idle = Some(place);
        self.idle.insert(place, id);
        if let Some(client) = entry.client {
            self.idle_of.insert((client, place), id);
        }
    }

    fn set_busy(&mut self, id: u64) {
        let Some(entry) = self.open.get_mut(&id) else { return };
        let Some(place) = entry.idle.take() else { return };
        self.idle.remove(&place);
        if let Some(client) = entry.client {
            self.idle_of.remove(&(client, place));
        }
    }

    /// Closes the connection that has been idle for longest. False if there is none.
    fn close_idle(&mut self) -> bool {
        let first = self.idle.first_key_value().map(|(_, id)| *id);
        first.is_some_and(|id| self.remove(id))
    }

    /// The same among those of one client.
    fn close_idle_of(&mut self, client: Client) -> bool {
        let first = self.idle_of.range((client, 0)..=(client, u64::MAX)).next().map(|(_, id)| *id);
        first.is_some_and(|id| self.remove(id))
    }

    /// Counts a connection no more, and has it closed if it isn't yet.
    fn remove(&mut self, id: u64) -> bool {
        self.set_busy(id);
        let Some(entry) = self.open.remove(&id) else { return false };
        if let Some(client) = entry.client {
            self.uncount(client);
        }
        entry.close.notify_one();
        true
    }

    fn uncount(&mut self, client: Client) {
        if let Some(count) = self.counts.get_mut(&client) {
            *count -= 1;
            if *count == 0 {
                self.counts.remove(&client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use futures_util::FutureExt;

    use super::*;

    fn client(text: &str) -> Option<Client> {
        Some(text.parse::<IpAddr>().unwrap().into())
    }

    fn is_closed(connection: &Connection) -> bool {
        connection.closed().now_or_never().is_some()
    }

    #[test]
    fn the_one_that_was_idle_for_longest_makes_room() {
        let connections = Connections::new(3, 3);
        let [one, two, three] = [(); 3].map(|()| connections.open(client("192.0.2.1")).unwrap());
        // The first has had a request since.
        drop(one.requests().begin(None).unwrap());
        let four = connections.open(client("192.0.2.2")).unwrap();
        assert_eq!([&one, &two, &three, &four].map(is_closed), [false, true, false, false]);
        let five = connections.open(client("192.0.2.3")).unwrap();
        assert_eq!([&one, &three, &four, &five].map(is_closed), [false, true, false, false]);
        assert_eq!(connections.count(), 3);
        assert_eq!(two.requests().begin(None).unwrap_err(), Full::Closed);
        drop((two, three));
        assert_eq!(connections.count(), 3, "one that was closed is counted no more");
    }

    #[test]
    fn what_is_busy_stays_and_a_new_one_is_turned_away() {
        let connections = Connections::new(2, 2);
        let [one, two] = [(); 2].map(|()| connections.open(client("192.0.2.1")).unwrap());
        let busy = [&one, &two].map(|it| it.requests().begin(None).unwrap());
        assert_eq!(connections.open(client("192.0.2.2")).unwrap_err(), Full::All);
        assert_eq!([&one, &two].map(is_closed), [false; 2]);
        drop(busy);
        assert!(connections.open(client("192.0.2.2")).is_ok());
        drop((one, two));
        assert_eq!(connections.count(), 0);
    }

    #[test]
    fn a_client_with_too_many_loses_its_own() {
        let connections = Connections::new(10, 2);
        let other = connections.open(client("192.0.2.9")).unwrap();
        let [one, two] = [(); 2].map(|()| connections.open(client("192.0.2.1")).unwrap());
        let three = connections.open(client("192.0.2.1")).unwrap();
        assert_eq!([&other, &one, &two, &three].map(is_closed), [false, true, false, false]);
        let _busy = [&two, &three].map(|it| it.requests().begin(None).unwrap());
        assert_eq!(connections.open(client("192.0.2.1")).unwrap_err(), Full::Client);
        assert!(connections.open(client("192.0.2.2")).is_ok());
    }

    #[test]
    fn behind_a_proxy_requests_count_for_their_client() {
        let connections = Connections::new(10, 2);
        let proxied: Vec<_> = (0..5).map(|_| connections.open(None).unwrap()).collect();
        let begin = |index: usize, text: &str| proxied[index].requests().begin(client(text));
        let one = begin(0, "192.0.2.1").unwrap();
        let _two = begin(1, "192.0.2.1").unwrap();
        assert_eq!(begin(2, "192.0.2.1").unwrap_err(), Full::Client);
        assert!(begin(2, "192.0.2.2").is_ok());
        drop(one);
        assert!(begin(3, "192.0.2.1").is_ok());
        drop(proxied);
        assert_eq!(connections.count(), 0);
    }
}
