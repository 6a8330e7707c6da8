//! The loop that serves connections, and the bounds on what clients may take of the service.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use countersign_protocol::Id;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper::{Request, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use ipnet::IpNet;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::RefusedAs;
use super::client::{Client, ClientAddress, Proxies};
use super::connections::{Busy, Connection, Connections, Full, Requests};
use super::stream::WriteDeadline;
use crate::pace::Pace;
use crate::relying_party::ApiError;

/// How long a client may take for the head of a request, idle time on an open connection included.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// How long it may take to read what is ready for it.
const REPLY_TIMEOUT: Duration = Duration::from_secs(15);
/// How long open requests may take to end once the service stops.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);
/// Refusals of one client that are answered at once, and what each further one waits for.
const REFUSALS: u32 = 40;
const REFUSAL_INTERVAL: Duration = Duration::from_millis(50);
/// The longest that a refusal waits.
const LONGEST_REFUSAL: Duration = Duration::from_secs(5);
/// The longest that a connection waits whose client has sent what isn't HTTP: others may share its address.
const LONGEST_GREETING: Duration = Duration::from_secs(1);

/// How much clients may take.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    /// Connections in all.
    pub(crate) connections: usize,
    /// Connections of one client; behind a named proxy, its requests that are under way.
    pub(crate) client_connections: usize,
    /// Proxies that are believed when they say whose request they pass on.
    pub(crate) trusted_proxies: Vec<IpNet>,
}

/// Serves until `stop`, then lets open requests end. Waits that are still held must be ended by whoever stops it.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    stop: oneshot::Receiver<()>,
) {
    let shared = Arc::new(Shared::new(limits));
    serve_with(listener, router, shared, stop).await;
}

async fn serve_with(
    listener: TcpListener,
    router: Router,
    shared: Arc<Shared>,
    mut stop: oneshot::Receiver<()>,
) {
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            _ = &mut stop => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, most often: wait for some to be given back.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let direct = (!shared.proxies.contain(peer.ip())).then(|| Client::from(peer.ip()));
        match shared.connections.open(direct) {
            Ok(open) => {
                let served = Served { peer, direct, router: router.clone(), shared: Arc::clone(&shared) };
                tokio::spawn(served.run(stream, open, graceful.watcher()));
            }
            Err(full) => {
                shared.complain(full);
                turn_away(&stream);
            }
        }
    }
    drop(listener);
    if tokio::time::timeout(STOP_TIMEOUT, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests did not end within {} s", STOP_TIMEOUT.as_secs());
    }
}

/// Tells a client that there is no room, as far as that can be done without waiting for it.
fn turn_away(stream: &TcpStream) {
    let reply = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    let _ = stream.try_write(reply);
}

/// What all connections share.
struct Shared {
    connections: Arc<Connections>,
    proxies: Proxies,
    /// How fast a client's refused requests are answered.
    refusals: Pace<Client>,
    /// How fast those are answered who would be a client and aren't, by client.
    refused_clients: Pace<Id>,
    /// How fast connections begin whose client has sent what isn't HTTP.
    greetings: Pace<Client>,
    http: http1::Builder,
    reply_timeout: Duration,
    /// When the log was last told that there is no room.
    complained: Mutex<Option<Instant>>,
}

impl Shared {
    fn new(limits: Limits) -> Self {
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT).max_buf_size(16 * 1024);
        Self {
            connections: Connections::new(limits.connections, limits.client_connections),
            proxies: Proxies::new(limits.trusted_proxies),
            refusals: Pace::new(REFUSAL_INTERVAL, REFUSALS, LONGEST_REFUSAL),
            refused_clients: Pace::new(REFUSAL_INTERVAL, REFUSALS, LONGEST_REFUSAL),
            greetings: Pace::new(REFUSAL_INTERVAL, REFUSALS, LONGEST_GREETING),
            http,
            reply_timeout: REPLY_TIMEOUT,
            complained: Mutex::new(None),
        }
    }

    /// Logs that there is no room, once a minute at most.
    fn complain(&self, full: Full) {
        const SILENCE: Duration = Duration::from_mins(1);
        let now = Instant::now();
        let mut complained = self.complained.lock().unwrap_or_else(PoisonError::into_inner);
        if complained.is_some_and(|last| now.duration_since(last) < SILENCE) {
            return;
        }
        match full {
            Full::Closed => return,
            Full::All => tracing::warn!("all connections are busy: new ones are turned away"),
            Full::Client => tracing::warn!(
                "one client has as many connections as it may have: more are turned away. If it is a proxy, name it \
                 with --trusted-proxies"
            ),
        }
        *complained = Some(now);
    }
}

/// One connection that is served.
struct Served {
    peer: SocketAddr,
    /// Who is at its other end, if it is no proxy.
    direct: Option<Client>,
    router: Router,
    shared: Arc<Shared>,
}

impl Served {
    async fn run(self, stream: TcpStream, open: Connection, watcher: hyper_util::server::graceful::Watcher) {
        let Self { peer, direct, router, shared } = self;
        let debt = direct.map_or(Duration::ZERO, |client| shared.greetings.debt(client, Instant::now()));
        if !debt.is_zero() {
            tokio::select! {
                () = open.closed() => return,
                () = tokio::time::sleep(debt) => {}
            }
        }
        let _ = stream.set_nodelay(true);
        let stream = TokioIo::new(WriteDeadline::new(stream, shared.reply_timeout));
        let service = Tracked {
            inner: TowerToHyperService::new(router),
            requests: open.requests(),
            peer: peer.ip(),
            direct,
            shared: Arc::clone(&shared),
        };
        let connection = watcher.watch(shared.http.serve_connection(stream, service));
        let ended = tokio::select! {
            () = open.closed() => return,
            ended = connection => ended,
        };
        // A client that goes away is its own affair; one that talks nonsense waits the next time.
        if let (Some(client), Err(error)) = (direct, ended)
            && error.is_parse()
        {
            shared.greetings.take(client, Instant::now());
        }
    }
}

/// The router, with each request announced and counted for its client.
struct Tracked {
    inner: TowerToHyperService<Router>,
    requests: Requests,
    peer: IpAddr,
    direct: Option<Client>,
    shared: Arc<Shared>,
}

impl Service<Request<Incoming>> for Tracked {
    type Response = Response<TrackedBody>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        let (address, client, passed_on) = if let Some(client) = self.direct {
            (self.peer, client, None)
        } else {
            let address = self.shared.proxies.address_behind(self.peer, request.headers());
            let client = Client::from(address);
            (address, client, Some(client))
        };
        request.extensions_mut().insert(ClientAddress(address.to_canonical()));
        let busy = match self.requests.begin(passed_on) {
            Ok(busy) => busy,
            Err(full) => {
                self.shared.complain(full);
                return Box::pin(async { Ok(no_room()) });
            }
        };
        let response = self.inner.call(request);
        let shared = Arc::clone(&self.shared);
        Box::pin(async move {
            let response = match response.await {
                Ok(response) => response,
                Err(never) => match never {},
            };
            if !is_paced(response.status()) {
                return Ok(response.map(|body| TrackedBody { body, _busy: Some(busy) }));
            }
            // A connection that waits for nothing but its pace may be closed to make room.
            drop(busy);
            let now = Instant::now();
            let mut wait = shared.refusals.take(client, now);
            if let Some(RefusedAs(client)) = response.extensions().get() {
                wait = wait.max(shared.refused_clients.take(*client, now));
            }
            if !wait.is_zero() {
                tokio::time::sleep(wait).await;
            }
            Ok(response.map(|body| TrackedBody { body, _busy: None }))
        })
    }
}

/// Whether a reply is a refusal that nonsense gets. What a person or a program with a right to ask may run into, such as
/// a conflict or a throttle, isn't one.
const fn is_paced(status: StatusCode) -> bool {
    matches!(status.as_u16(), 400 | 401 | 403 | 404 | 405 | 408 | 411 | 413 | 414 | 415 | 421)
}

/// What a request gets for which its client has no room.
fn no_room() -> Response<TrackedBody> {
    ApiError::of_status(StatusCode::TOO_MANY_REQUESTS)
        .into_response()
        .map(|body| TrackedBody { body, _busy: None })
}

/// A reply's body. Its connection is busy until the last of it is taken.
struct TrackedBody {
    body: Body,
    _busy: Option<Busy>,
}

impl hyper::body::Body for TrackedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use futures_util::FutureExt;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    /// A server with `/`, and `/large`, whose body no socket's buffer takes.
    struct Server {
        address: SocketAddr,
        shared: Arc<Shared>,
        _stop: oneshot::Sender<()>,
    }

    impl Server {
        async fn start(limits: Limits, adjust: impl FnOnce(&mut Shared)) -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let router = Router::new()
                .route("/", get(async || "here"))
                .route("/large", get(async || vec![0_u8; 64 << 20]))
                .route("/wait", get(std::future::pending::<()>));
            let mut shared = Shared::new(limits);
            adjust(&mut shared);
            let shared = Arc::new(shared);
            let (stop, stopped) = oneshot::channel();
            tokio::spawn(serve_with(listener, router, Arc::clone(&shared), stopped));
            Self { address, shared, _stop: stop }
        }

        async fn connect(&self) -> TcpStream {
            TcpStream::connect(self.address).await.unwrap()
        }

        async fn until_open(&self, count: usize) {
            while self.shared.connections.count() != count {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
    }

    fn limits(connections: usize, client_connections: usize) -> Limits {
        Limits { connections, client_connections, trusted_proxies: Vec::new() }
    }

    async fn send(stream: &mut TcpStream, path: &str, headers: &str) {
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\n{headers}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
    }

    async fn status(stream: &mut TcpStream) -> String {
        let mut head = vec![0; 12];
        stream.read_exact(&mut head).await.unwrap();
        String::from_utf8(head).unwrap().split_off(9)
    }

    /// Whether the server ends the connection, whatever it has sent before.
    async fn is_ended(stream: &mut TcpStream) -> bool {
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest).await;
        true
    }

    #[tokio::test]
    async fn a_reply_that_is_not_read_holds_no_connection() {
        let server =
            Server::start(limits(10, 10), |shared| shared.reply_timeout = Duration::from_millis(1)).await;
        let mut unread = Vec::new();
        for _ in 0..3 {
            let mut stream = server.connect().await;
            send(&mut stream, "/large", "").await;
            unread.push(stream);
        }
        server.until_open(0).await;
        let mut other = server.connect().await;
        send(&mut other, "/", "").await;
        assert_eq!(status(&mut other).await, "200");
    }

    #[tokio::test]
    async fn idle_connections_make_room_and_busy_ones_stay() {
        let server = Server::start(limits(3, 3), |_| {}).await;
        let mut busy = server.connect().await;
        send(&mut busy, "/wait", "").await;
        let mut idle = Vec::new();
        for _ in 0..50 {
            idle.push(server.connect().await);
        }
        let mut last = server.connect().await;
        send(&mut last, "/", "").await;
        assert_eq!(status(&mut last).await, "200");
        for mut stream in idle.drain(..40) {
            assert!(is_ended(&mut stream).await);
        }
        let mut byte = [0];
        assert!(busy.read(&mut byte).now_or_never().is_none(), "the wait goes on");
    }

    #[tokio::test]
    async fn a_new_connection_is_turned_away_when_all_are_busy() {
        let server = Server::start(limits(2, 2), |_| {}).await;
        let mut busy = Vec::new();
        for _ in 0..2 {
            let mut stream = server.connect().await;
            send(&mut stream, "/wait", "").await;
            busy.push(stream);
        }
        // The server has seen both requests once it refuses a third connection; before, it closes an idle one.
        loop {
            let mut third = server.connect().await;
            let mut reply = String::new();
            if third.read_to_string(&mut reply).await.is_ok() && reply.starts_with("HTTP/1.1 503 ") {
                return;
            }
            for stream in &mut busy {
                if stream.read(&mut [0]).now_or_never().is_some() {
                    *stream = server.connect().await;
                    send(stream, "/wait", "").await;
                }
            }
        }
    }

    #[tokio::test]
    async fn whoever_sends_nonsense_waits_for_the_reply_and_nobody_else_does() {
        let server = Server::start(limits(100, 100), |shared| {
            shared.refusals = Pace::new(HOUR, 3, HOUR);
        })
        .await;
        let mut nonsense = server.connect().await;
        for _ in 0..3 {
            send(&mut nonsense, "/nothing", "").await;
            assert_eq!(status(&mut nonsense).await, "404");
            let mut rest = [0; 1024];
            let _ = nonsense.read(&mut rest).await.unwrap();
        }
        send(&mut nonsense, "/nothing", "").await;
        let mut other = server.connect().await;
        for _ in 0..10 {
            send(&mut other, "/", "").await;
            assert_eq!(status(&mut other).await, "200");
            let mut rest = [0; 1024];
            let _ = other.read(&mut rest).await.unwrap();
        }
        assert!(nonsense.read(&mut [0]).now_or_never().is_none(), "its fourth is held");
    }

    #[tokio::test]
    async fn what_is_not_http_is_counted_for_its_client() {
        let server = Server::start(limits(100, 100), |shared| {
            shared.greetings = Pace::new(HOUR, 3, HOUR);
        })
        .await;
        for _ in 0..4 {
            let mut stream = server.connect().await;
            stream.write_all(b"\x16\x03\x01\x02\x00 nonsense\r\n\r\n").await.unwrap();
            assert!(is_ended(&mut stream).await);
        }
        server.until_open(0).await;
        let client = Client::from(server.address.ip());
        assert!(!server.shared.greetings.debt(client, Instant::now()).is_zero());
    }

    #[tokio::test]
    async fn a_named_proxys_requests_count_for_whom_they_are_passed_on() {
        let trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
        let server = Server::start(Limits { trusted_proxies, ..limits(100, 100) }, |shared| {
            shared.refusals = Pace::new(HOUR, 1, HOUR);
        })
        .await;
        let mut streams = Vec::new();
        for client in ["192.0.2.1", "192.0.2.1", "192.0.2.2"] {
            let mut stream = server.connect().await;
            send(&mut stream, "/nothing", &format!("x-forwarded-for: {client}\r\n")).await;
            if client == "192.0.2.2" || streams.is_empty() {
                assert_eq!(status(&mut stream).await, "404");
            }
            streams.push(stream);
        }
        assert!(streams[1].read(&mut [0]).now_or_never().is_none(), "the same client's second is held");
    }

    #[tokio::test]
    async fn whoever_would_be_a_client_waits_with_all_others_who_would() {
        let client = Id::make_random();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let refuse = async move || {
            let mut response = StatusCode::UNAUTHORIZED.into_response();
            response.extensions_mut().insert(RefusedAs(client));
            response
        };
        let router = Router::new().route("/", get(async || "here")).route("/refused", get(refuse));
        let limits = Limits {
            connections: 10,
            client_connections: 10,
            trusted_proxies: vec!["127.0.0.1/32".parse().unwrap()],
        };
        let mut shared = Shared::new(limits);
        shared.refused_clients = Pace::new(HOUR, 1, HOUR);
        let (_stop, stopped) = oneshot::channel();
        tokio::spawn(serve_with(listener, router, Arc::new(shared), stopped));
        let ask = async |path: &str, from: &str| {
            let mut stream = TcpStream::connect(address).await.unwrap();
            send(&mut stream, path, &format!("x-forwarded-for: {from}\r\n")).await;
            stream
        };
        let mut first = ask("/refused", "192.0.2.1").await;
        assert_eq!(status(&mut first).await, "401");
        let mut second = ask("/refused", "192.0.2.2").await;
        // The client itself, with the right secret, waits for nobody.
        let mut accepted = ask("/", "192.0.2.3").await;
        assert_eq!(status(&mut accepted).await, "200");
        assert!(second.read(&mut [0]).now_or_never().is_none(), "another address has used the budget up");
    }
}
