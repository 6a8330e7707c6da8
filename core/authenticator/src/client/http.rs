//! HTTP/1.1 over rustls, with ring and the bundled roots.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use countersign_protocol::limits::MAX_MESSAGE_BYTES;
use countersign_protocol::messages::paths;
use reqwest::header::CONTENT_TYPE;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};

use super::{HttpReply, NetworkError, Payload, Transport};

/// Posts over https, and over plain http to loopback alone (the addresses come from a checked
/// [`countersign_protocol::ServiceUrl`]). It follows no redirect and keeps no cookie.
#[derive(Clone, Debug)]
pub struct HttpTransport {
    client: reqwest::Client,
}

/// Makes an [`HttpTransport`].
#[derive(Debug)]
pub struct HttpTransportBuilder {
    roots: RootCertStore,
}

impl Default for HttpTransportBuilder {
    fn default() -> Self {
        Self { roots: RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() } }
    }
}

impl HttpTransportBuilder {
    /// Trusts one more certificate authority (DER), such as an organisation's own. There is no way to trust all.
    ///
    /// # Errors
    ///
    /// When it isn't a certificate.
    pub fn add_root(mut self, certificate: &[u8]) -> Result<Self, NetworkError> {
        self.roots.add(CertificateDer::from(certificate)).map_err(|_| NetworkError::NotSecure)?;
        Ok(self)
    }

    /// The transport.
    ///
    /// # Errors
    ///
    /// When TLS can't be set up on this machine.
    pub fn build(self) -> Result<HttpTransport, NetworkError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|_| NetworkError::NotSecure)?
            .with_root_certificates(self.roots)
            .with_no_client_auth();
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIME_OUT)
            .user_agent(concat!("countersign/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|_| NetworkError::NotSecure)?;
        Ok(HttpTransport { client })
    }
}

const CONNECT_TIME_OUT: Duration = Duration::from_secs(10);
const FORM: &str = "application/x-www-form-urlencoded";
/// A list of a hundred challenges with 4096-bit signatures.
const MAX_JSON_BYTES: usize = 256 * 1024;

#[async_trait]
impl Transport for HttpTransport {
    async fn send(
        &self,
        url: &str,
        payload: Payload<'_>,
        time_out: Duration,
    ) -> Result<HttpReply, NetworkError> {
        let post = |body: &str, media_type| {
            self.client.post(url).header(CONTENT_TYPE, media_type).body(body.to_owned())
        };
        let (request, most) = match payload {
            Payload::Jose(body) => (post(body, paths::MEDIA_TYPE), MAX_MESSAGE_BYTES),
            Payload::Json(body) => (post(body, paths::JSON), MAX_MESSAGE_BYTES),
            Payload::Form(body) => (post(body, FORM), MAX_JSON_BYTES),
            Payload::Query => (self.client.get(url), MAX_JSON_BYTES),
        };
        let mut response = request.timeout(time_out).send().await.map_err(|error| kind(&error))?;
        let status = response.status().as_u16();
        let mut reply = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| kind(&error))? {
            if reply.len() + chunk.len() > most {
                return Err(NetworkError::TooLong);
            }
            reply.extend_from_slice(&chunk);
        }
        // What isn't text isn't a message either; the reader of the reply says so.
        Ok(HttpReply { status, text: String::from_utf8(reply).unwrap_or_default() })
    }
}

/// The kind of a failure. The error itself holds the URL, so it goes no further.
fn kind(error: &reqwest::Error) -> NetworkError {
    // No connection in time: nothing was sent.
    if error.is_timeout() && !error.is_connect() {
        return NetworkError::TimedOut;
    }
    if error.source().is_some_and(is_tls) {
        return NetworkError::NotSecure;
    }
    if error.is_connect() { NetworkError::Unreachable } else { NetworkError::Interrupted }
}

/// Whether a failure of TLS is at the bottom of it. An `io::Error` hides what it wraps from `source`.
fn is_tls(error: &(dyn std::error::Error + 'static)) -> bool {
    let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    error.is::<rustls::Error>()
        || wrapped.is_some_and(|wrapped| is_tls(wrapped))
        || error.source().is_some_and(is_tls)
}

#[cfg(test)]
mod tests;
