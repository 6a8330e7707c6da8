//! A network between phone and service: a TCP proxy that can lose, hold and cut what passes through it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

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
}

/// The network.
pub struct Network {
    address: SocketAddr,
    faults: Arc<Mutex<Vec<Fault>>>,
    target: watch::Sender<SocketAddr>,
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
        let queue = Arc::clone(&faults);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let fault = queue.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or(Fault::None);
                let destination = *destination.borrow();
                tokio::spawn(carry(client, destination, fault));
            }
        });
        Self { address, faults, target }
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

    /// What happens to the next connections, in this order. After them all is well again.
    pub fn next(&self, faults: &[Fault]) {
        let reversed = faults.iter().rev().copied().collect();
        *self.faults.lock().unwrap_or_else(PoisonError::into_inner) = reversed;
    }

    /// Whether every fault that was asked for has happened.
    #[must_use]
    pub fn all_faults_happened(&self) -> bool {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }
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
        Fault::None | Fault::LoseReply | Fault::CutReply => {}
    }
    let Ok(mut service) = TcpStream::connect(destination).await else { return };
    if fault == Fault::None {
        let _ = copy_bidirectional(&mut client, &mut service).await;
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
