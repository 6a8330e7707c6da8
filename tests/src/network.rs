//! A network between phone and service: a TCP proxy that can lose, hold and cut what passes through it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::AbortHandle;

/// What happens to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It passes.
    None,
    /// Nobody answers: the connection is closed at once.
    Unreachable,
    /// The service gets the request and acts on it; its reply is lost, and the connection cut.
    LoseReply,
    /// The reply breaks off after some bytes.
    CutReply,
    /// Something else answers, as a captive portal does.
    CaptivePortal,
    /// A gateway in front of the service answers with a page of this status.
    Gateway(u16),
    /// Somebody puts the second text in the place of the first, as long as it, in what the phone sends.
    Alter(&'static str, &'static str),
}

/// The network.
pub struct Network {
    address: SocketAddr,
    faults: Arc<Mutex<Vec<Fault>>>,
    connections: Arc<Mutex<Vec<AbortHandle>>>,
    target: watch::Sender<SocketAddr>,
    listening: AbortHandle,
}

impl Network {
    /// A network in front of nothing yet.
    ///
    /// # Panics
    ///
    /// When loopback has no free port.
    pub async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("loopback has a free port");
        let address = listener.local_addr().expect("it is bound");
        let faults: Arc<Mutex<Vec<Fault>>> = Arc::default();
        let (target, destination) = watch::channel(address);
        let connections: Arc<Mutex<Vec<AbortHandle>>> = Arc::default();
        let (queue, open) = (Arc::clone(&faults), Arc::clone(&connections));
        let listening = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let fault = hold(&queue).pop().unwrap_or(Fault::None);
                let destination = *destination.borrow();
                let carrying = tokio::spawn(carry(client, destination, fault));
                hold(&open).push(carrying.abort_handle());
            }
        });
        Self { address, faults, connections, target, listening: listening.abort_handle() }
    }

    /// Where the phone finds the service.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it leads to.
    pub fn lead_to(&self, service: SocketAddr) {
        self.target.send_replace(service);
    }

    /// What happens to the next connections, in this order; those that are open now are cut. After them all is well
    /// again.
    pub async fn next(&self, faults: &[Fault]) {
        *hold(&self.faults) = faults.iter().rev().copied().collect();
        for connection in hold(&self.connections).drain(..) {
            connection.abort();
        }
        // The phone's side has to notice, or it would send its next request into a connection that is gone.
        tokio::time::sleep(std::time::Duration::from_millis(30)).await;
    }

    /// Nobody listens there any more, and open connections are cut.
    pub async fn stop_listening(&self) {
        self.listening.abort();
        self.next(&[]).await;
    }

    /// Whether every fault that was asked for has happened.
    #[must_use]
    pub fn all_faults_happened(&self) -> bool {
        hold(&self.faults).is_empty()
    }
}

fn hold<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn carry(mut client: TcpStream, destination: SocketAddr, fault: Fault) {
    let page = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 14\r\nConnection: close\r\n\r\n<h1>Wi-Fi</h1>";
    match fault {
        Fault::Unreachable => return,
        Fault::CaptivePortal => {
            let mut request = [0; 16 * 1024];
            let _ = client.read(&mut request).await;
            let _ = client.write_all(page).await;
            return;
        }
        Fault::Gateway(status) => {
            let mut request = [0; 16 * 1024];
            let _ = client.read(&mut request).await;
            let page = format!("<h1>{status} nginx</h1>");
            let length = page.len();
            let reply = format!(
                "HTTP/1.1 {status} Gateway\r\nContent-Type: text/html\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{page}"
            );
            let _ = client.write_all(reply.as_bytes()).await;
            return;
        }
        Fault::None | Fault::LoseReply | Fault::CutReply | Fault::Alter(..) => {}
    }
    let Ok(mut service) = TcpStream::connect(destination).await else { return };
    if fault == Fault::None {
        let _ = copy_bidirectional(&mut client, &mut service).await;
        return;
    }
    if let Fault::Alter(from, to) = fault {
        alter(client, service, from.as_bytes(), to.as_bytes()).await;
        return;
    }
    // One request passes; the service has acted on it once its reply begins.
    let (mut from_client, mut to_client) = client.split();
    let (mut from_service, mut to_service) = service.split();
    let mut reply = [0; 16 * 1024];
    tokio::select! {
        _ = tokio::io::copy(&mut from_client, &mut to_service) => {}
        read = from_service.read(&mut reply) => {
            if let (Ok(length), Fault::CutReply) = (read, fault) {
                let part = reply.get(..length / 2).unwrap_or_default();
                let _ = to_client.write_all(part).await;
            }
        }
    }
}

async fn alter(mut client: TcpStream, mut service: TcpStream, from: &[u8], to: &[u8]) {
    let (mut from_client, mut to_client) = client.split();
    let (mut from_service, mut to_service) = service.split();
    let altering = async {
        let mut request = Vec::new();
        let mut chunk = [0; 16 * 1024];
        while let Ok(length @ 1..) = from_client.read(&mut chunk).await {
            request.extend_from_slice(chunk.get(..length).unwrap_or_default());
            let at = request.windows(from.len()).position(|window| window == from);
            if let Some(place) = at.and_then(|at| request.get_mut(at..at + from.len())) {
                place.copy_from_slice(to);
            }
            // The end may be the beginning of the text.
            let is_begun = (1..from.len())
                .any(|length| from.get(..length).is_some_and(|begin| request.ends_with(begin)));
            if !is_begun && to_service.write_all(&std::mem::take(&mut request)).await.is_err() {
                break;
            }
        }
    };
    tokio::select! {
        () = altering => {}
        _ = tokio::io::copy(&mut from_service, &mut to_client) => {}
    }
}
