//! A push server over https, with a certificate of its own making: a phone's distributor, as far as a service sees it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;

/// A push server.
pub struct PushServer {
    port: u16,
    pushes: mpsc::UnboundedReceiver<String>,
    folder: TempDir,
}

impl PushServer {
    /// Answers with these statuses in turn, and with 201 after them.
    ///
    /// # Panics
    ///
    /// When the machine can't give it a port and a folder.
    pub async fn start(statuses: &[&'static str]) -> Self {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(["localhost".into()]).expect("a certificate");
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join("ca.pem"), cert.pem()).expect("it can be written");
        let key = PrivateKeyDer::try_from(signing_key.serialize_der()).expect("a key");
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|config| config.with_no_client_auth().with_single_cert(vec![cert.der().clone()], key))
            .expect("TLS can be set up");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("loopback has a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let (sender, pushes) = mpsc::unbounded_channel();
        let mut statuses = Vec::from(statuses).into_iter();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let Some(push) = answer(&acceptor, stream, statuses.next().unwrap_or("201 Created")).await
                else {
                    continue;
                };
                let _ = sender.send(push);
            }
        });
        Self { port, pushes, folder }
    }

    /// An address at this server.
    #[must_use]
    pub fn endpoint(&self, path: &str) -> String {
        format!("https://localhost:{}/{path}", self.port)
    }

    /// The file of the certificate that vouches for it.
    #[must_use]
    pub fn ca_file(&self) -> PathBuf {
        Path::new(self.folder.path()).join("ca.pem")
    }

    /// The next push, its head and its body as they came, in lower case.
    ///
    /// # Panics
    ///
    /// When none comes within ten seconds.
    pub async fn push(&mut self) -> String {
        let push = tokio::time::timeout(Duration::from_secs(10), self.pushes.recv()).await;
        push.expect("a push comes").expect("the server runs")
    }

    /// Whether a push has come that nobody has looked at.
    #[must_use]
    pub fn has_more(&self) -> bool {
        !self.pushes.is_empty()
    }
}

/// One request of one connection.
async fn answer(acceptor: &TlsAcceptor, stream: TcpStream, status: &str) -> Option<String> {
    let mut stream = acceptor.accept(stream).await.ok()?;
    let mut request = Vec::new();
    let mut chunk = [0; 1024];
    while !request.ends_with(b"\r\n\r\n") {
        let read = stream.read(&mut chunk).await.ok().filter(|read| *read > 0)?;
        request.extend_from_slice(chunk.get(..read)?);
    }
    let reply = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    stream.write_all(reply.as_bytes()).await.ok()?;
    let _ = stream.shutdown().await;
    String::from_utf8(request).ok().map(|text| text.to_ascii_lowercase())
}
