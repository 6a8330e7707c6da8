//! The client for requests to other servers: push servers, and issuers.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, ClientBuilder};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

/// For connecting and for the reply together, unless a request sets another.
const TIME_OUT: Duration = Duration::from_secs(10);

pub(crate) type SetupError = Box<dyn Error + Send + Sync>;

/// A client that follows no redirect and trusts the bundled authorities, and those (PEM) in `ca_file`.
pub(crate) fn client(ca_file: Option<&Path>) -> Result<ClientBuilder, SetupError> {
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
