use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::*;

const PATIENCE: Duration = Duration::from_secs(10);

async fn listen() -> (TcpListener, u16) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

/// Answers one request with these bytes, and closes.
async fn answering(reply: Vec<u8>) -> String {
    let (listener, port) = listen().await;
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 4096]).await;
        let _ = stream.write_all(&reply).await;
    });
    format!("http://127.0.0.1:{port}/")
}

async fn post(url: &str, time_out: Duration) -> Result<String, NetworkError> {
    post_by(&HttpTransportBuilder::default().build().unwrap(), url, time_out).await
}

async fn post_by(transport: &HttpTransport, url: &str, time_out: Duration) -> Result<String, NetworkError> {
    Ok(transport.send(url, Payload::Jose("a request"), time_out).await?.text)
}

/// A service on loopback with a certificate of its own making, and the certificate.
async fn secured() -> (String, Vec<u8>) {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".into()]).unwrap();
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let (listener, port) = listen().await;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(acceptor.clone(), stream));
        }
    });
    (format!("https://localhost:{port}/"), cert.der().to_vec())
}

async fn serve(acceptor: TlsAcceptor, stream: TcpStream) {
    let Ok(mut stream) = acceptor.accept(stream).await else { return };
    let _ = stream.read(&mut [0; 4096]).await;
    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nsafe").await;
    let _ = stream.shutdown().await;
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_not_secure() {
    let (url, _) = secured().await;
    assert_eq!(post(&url, PATIENCE).await, Err(NetworkError::NotSecure));
}

#[tokio::test]
async fn an_organisations_own_authority_is_trusted_once_it_is_added() {
    let (url, certificate) = secured().await;
    let transport = HttpTransportBuilder::default().add_root(&certificate).unwrap().build().unwrap();
    assert_eq!(post_by(&transport, &url, PATIENCE).await.as_deref(), Ok("safe"));
    // The name counts as well: the certificate is for localhost.
    let by_address = url.replace("localhost", "127.0.0.1");
    assert_eq!(post_by(&transport, &by_address, PATIENCE).await, Err(NetworkError::NotSecure));
}

#[tokio::test]
async fn what_is_no_certificate_is_not_added() {
    assert_eq!(HttpTransportBuilder::default().add_root(b"junk").unwrap_err(), NetworkError::NotSecure);
}

#[tokio::test]
async fn nobody_there_is_unreachable() {
    let (listener, port) = listen().await;
    drop(listener);
    let url = format!("http://127.0.0.1:{port}/");
    assert_eq!(post(&url, PATIENCE).await, Err(NetworkError::Unreachable));
}

#[tokio::test]
async fn a_service_that_does_not_answer_times_out() {
    let (listener, port) = listen().await;
    let url = format!("http://127.0.0.1:{port}/");
    assert_eq!(post(&url, Duration::from_millis(50)).await, Err(NetworkError::TimedOut));
    drop(listener);
}

#[tokio::test]
async fn a_reply_that_breaks_off_is_interrupted() {
    let url = answering(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf".to_vec()).await;
    assert_eq!(post(&url, PATIENCE).await, Err(NetworkError::Interrupted));
}

#[tokio::test]
async fn an_endless_reply_is_cut_at_the_protocols_limit() {
    let mut reply = b"HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n".to_vec();
    reply.resize(10_000_000, b'x');
    let url = answering(reply).await;
    assert_eq!(post(&url, PATIENCE).await, Err(NetworkError::TooLong));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = answering(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil".to_vec()).await;
    let reply =
        format!("HTTP/1.1 307 Temporary Redirect\r\nLocation: {elsewhere}\r\nContent-Length: 5\r\n\r\nmoved");
    let url = answering(reply.into_bytes()).await;
    assert_eq!(post(&url, PATIENCE).await.as_deref(), Ok("moved"));
}
