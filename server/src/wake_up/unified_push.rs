//! UnifiedPush: a push without content by the Web Push protocol (RFC 8030, section 5).

use std::error::Error;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use countersign_protocol::has_plain_host;
use reqwest::Client;
use reqwest::header::CONTENT_LENGTH;
use url::{Host, Url};

use super::Failure;
use super::destination::{NotPublic, PublicOnly, is_public};
use super::reply::judge;
use crate::https::{self, SetupError};

/// Sends wake-ups to the addresses that phones have from their distributors.
pub(crate) struct UnifiedPush {
    client: Client,
    /// Whether they may go to addresses that aren't public.
    private: bool,
}

/// Whether this has the form of an endpoint: https, with a host, and without a name and password in it.
pub(crate) fn is_endpoint(text: &str) -> bool {
    let is_good = |url: Url| {
        url.scheme() == "https" && url.has_host() && url.username().is_empty() && url.password().is_none()
    };
    has_plain_host(text) && Url::parse(text).is_ok_and(is_good)
}

impl UnifiedPush {
    /// With one more certificate authority (PEM) for an organisation's own push server, if there is a file of one.
    pub(super) fn new(private: bool, ca_file: Option<&Path>) -> Result<Self, SetupError> {
        let client = https::client(ca_file)?;
        let client = if private { client } else { client.dns_resolver(Arc::new(PublicOnly)) };
        Ok(Self { client: client.build()?, private })
    }

    /// Sends one push, which the push server keeps for `lifetime` if the phone is away.
    pub(super) async fn send(&self, endpoint: &str, lifetime: Duration) -> Result<(), Failure> {
        let url = Url::parse(endpoint).map_err(|_| Failure::Refused)?;
        // A name is checked when it is resolved, but an address is no name.
        if !self.private && literal(&url).is_some_and(|address| !is_public(address)) {
            return Err(Failure::NotAllowed);
        }
        let reply = self
            .client
            .post(url)
            .header("TTL", lifetime.as_secs())
            .header("Urgency", "high")
            // The next one replaces it: a phone that was away fetches once.
            .header("Topic", "countersign")
            .header(CONTENT_LENGTH, 0)
            .send()
            .await
            .map_err(|error| kind(&error))?;
        judge(&reply)
    }
}

fn literal(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Ipv4(address) => Some(address.into()),
        Host::Ipv6(address) => Some(address.into()),
        Host::Domain(_) => None,
    }
}

/// Without the address, which is a secret of the phone.
fn kind(error: &reqwest::Error) -> Failure {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.is::<NotPublic>() {
            return Failure::NotAllowed;
        }
        cause = error.source();
    }
    Failure::Unreachable(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_https_and_has_no_password() {
        assert!(is_endpoint("https://push.example/up?id=1"));
        for text in
            ["http://push.example/", "https://", "https://ada@push.example/", "https://:x@push.example/", ""]
        {
            assert!(!is_endpoint(text), "{text}");
        }
    }

    #[tokio::test]
    async fn a_phone_cannot_point_into_the_services_network() {
        let sender = UnifiedPush::new(false, None).unwrap();
        for endpoint in [
            "https://127.0.0.1:9/",
            "https://[::1]:9/",
            "https://169.254.169.254/",
            "https://localhost:9/",
            "https://0x7f.1:9/",
        ] {
            let sent = sender.send(endpoint, Duration::from_secs(1)).await;
            assert_eq!(sent, Err(Failure::NotAllowed), "{endpoint}");
        }
    }
}
