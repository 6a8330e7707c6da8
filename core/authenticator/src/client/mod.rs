//! The thin client: carries signed requests over HTTP and brings back text. It believes nothing.

mod http;

use std::time::Duration;

use async_trait::async_trait;
pub use http::{HttpTransport, HttpTransportBuilder};

/// Carries one request to the service. Every future is drop-safe: dropped, it leaves at most a request that the
/// service has already taken, and every request can be sent again unchanged.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Sends one request to `url` and gives the reply, whatever its status.
    async fn send(
        &self,
        url: &str,
        payload: Payload<'_>,
        time_out: Duration,
    ) -> Result<HttpReply, NetworkError>;
}

/// What a request carries, and so how it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Payload<'a> {
    /// Posted: a compact JWS, `application/jose`.
    Jose(&'a str),
    /// Posted: `application/json`.
    Json(&'a str),
    /// Posted: `application/x-www-form-urlencoded`.
    Form(&'a str),
    /// Nothing: a GET, whose address says it all.
    Query,
}

/// A reply, not looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "transports make it")]
pub struct HttpReply {
    /// The status, which nobody signs.
    pub status: u16,
    /// The text; empty if it isn't UTF-8.
    pub text: String,
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

impl NetworkError {
    /// A stable name for shells and scripts.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unreachable => "network_unreachable",
            Self::NotSecure => "network_not_secure",
            Self::TimedOut => "network_timed_out",
            Self::Interrupted => "network_interrupted",
            Self::TooLong => "network_not_the_service",
        }
    }
}
