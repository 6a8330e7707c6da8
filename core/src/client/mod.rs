//! The thin client: carries signed requests over HTTP and brings back text. It believes nothing.

mod http;

use std::time::Duration;

use async_trait::async_trait;
pub use http::{HttpTransport, HttpTransportBuilder};

/// Carries one request to the service. Every future is drop-safe: dropped, it leaves at most a request that the
/// service has already taken, and every request can be sent again unchanged.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Posts `body` (a compact JWS, `application/jose`) to `url` and gives the reply's text, whatever its status.
    async fn post(&self, url: &str, body: &str, time_out: Duration) -> Result<String, NetworkError>;
}

/// Why no reply came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// No connection: no network, no such host, or nothing listens there.
    #[error("the approval service can't be reached; check the network, then try again")]
    Unreachable,
    /// The connection is there, but not safe: the certificate isn't valid for the service.
    #[error(
        "the connection to the approval service is not safe; don't use this network, or tell your organisation"
    )]
    NotSecure,
    /// No reply in time.
    #[error("the approval service did not answer in time; try again")]
    TimedOut,
    /// The connection broke off before the reply was complete.
    #[error("the connection to the approval service broke off; try again")]
    Interrupted,
    /// The reply is longer than any of the protocol.
    #[error("the answer did not come from an approval service; check the network, then try again")]
    TooLong,
}
