//! The client that wake-ups are sent by.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Client, ClientBuilder, Response, StatusCode};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use super::Failure;

/// For connecting and for the reply together.
const TIME_OUT: Duration = Duration::from_secs(10);

pub(super) type SetupError = Box<dyn Error + Send + Sync>;

/// A client that follows no redirect and trusts the bundled authorities, and those (PEM) in `ca_file`.
pub(super) fn client(ca_file: Option<&Path>) -> Result<ClientBuilder, SetupError> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    for certificate in ca_file.map(CertificateDer::pem_file_iter).transpose()?.into_iter().flatten() {
        roots.add(certificate?)?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(reqwest::redirect::Policy::none())
        .timeout(TIME_OUT)
        .user_agent(concat!("countersign-server/", env!("CARGO_PKG_VERSION"))))
}

/// What a push server's reply means.
pub(super) fn judge(reply: &Response) -> Result<(), Failure> {
    match reply.status() {
        status if status.is_success() => Ok(()),
        StatusCode::NOT_FOUND | StatusCode::GONE => Err(Failure::Gone),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => {
            Err(Failure::Unreachable(retry_after(reply.headers())))
        }
        status if status.is_server_error() => Err(Failure::Unreachable(retry_after(reply.headers()))),
        _ => Err(Failure::Refused),
    }
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok().map(Duration::from_secs)
}
