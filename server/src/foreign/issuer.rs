//! The name of an issuer, which is also where its metadata is (OpenID Connect Discovery 1.0, section 4).

use std::fmt;

use countersign_protocol::has_plain_host;
use url::{Host, Url};

/// Longest name of an issuer, in bytes.
const MAX_BYTES: usize = 512;

/// An issuer whose metadata may be fetched.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Issuer {
    /// As tokens have it in `iss`, character for character.
    name: String,
    metadata: Url,
}

/// Whether plain http is good enough on this machine's loopback. It is for trying things out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loopback {
    Allowed,
    Refused,
}

impl Issuer {
    /// The issuer of this name: an https address without query and fragment, or http on loopback where that is allowed.
    pub(crate) fn parse(name: &str, loopback: Loopback) -> Option<Self> {
        let url = address(name, loopback)?;
        let is_plain = url.query().is_none() && !name.ends_with('?');
        let metadata = format!("{}/.well-known/openid-configuration", name.strip_suffix('/').unwrap_or(name));
        is_plain
            .then(|| Url::parse(&metadata).ok())
            .flatten()
            .map(|metadata| Self { name: name.to_owned(), metadata })
    }

    /// With `?appid=` in the address of its metadata: Entra then names the keys of an application that has its own.
    pub(crate) fn with_application(mut self, application: &str) -> Self {
        self.metadata.query_pairs_mut().append_pair("appid", application);
        self
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.name
    }

    pub(super) const fn metadata(&self) -> &Url {
        &self.metadata
    }
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// An address that something may be fetched from: without a name and password, and without a fragment.
pub(super) fn address(text: &str, loopback: Loopback) -> Option<Url> {
    if text.len() > MAX_BYTES
        || text.chars().any(|c| c.is_control() || c.is_whitespace())
        || !has_plain_host(text)
    {
        return None;
    }
    let url = Url::parse(text).ok()?;
    let is_secure = match url.scheme() {
        "https" => true,
        "http" => loopback == Loopback::Allowed && is_loopback(&url),
        _ => false,
    };
    let is_bare = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    (is_secure && is_bare).then_some(url)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata(name: &str) -> String {
        Issuer::parse(name, Loopback::Allowed).unwrap().metadata().to_string()
    }

    #[test]
    fn the_metadata_is_below_the_issuer() {
        assert_eq!(metadata("https://one.example"), "https://one.example/.well-known/openid-configuration");
        assert_eq!(metadata("https://one.example/"), "https://one.example/.well-known/openid-configuration");
        assert_eq!(
            metadata("http://127.0.0.1:81/realms/a"),
            "http://127.0.0.1:81/realms/a/.well-known/openid-configuration"
        );
        let entra =
            Issuer::parse("https://login.example/t/v2.0", Loopback::Refused).unwrap().with_application("a&b");
        assert_eq!(
            entra.metadata().as_str(),
            "https://login.example/t/v2.0/.well-known/openid-configuration?appid=a%26b"
        );
        assert_eq!(entra.as_str(), "https://login.example/t/v2.0");
    }

    #[test]
    fn only_https_is_fetched_and_http_on_loopback_where_that_is_said() {
        for name in ["http://127.0.0.1:81/a", "http://[::1]/a", "http://localhost:9/"] {
            assert!(Issuer::parse(name, Loopback::Refused).is_none(), "{name}");
            assert!(Issuer::parse(name, Loopback::Allowed).is_some(), "{name}");
        }
        for name in [
            "",
            "one.example",
            "http://one.example",
            "http://127.0.0.1.example/",
            "http://localhost.example/",
            "ftp://one.example",
            "file:///etc/passwd",
            "https://user@one.example",
            "https://user:word@one.example",
            "https://one.example/#a",
            "https://one.example/#",
            "https://one.example/?a",
            "https://one.example/?",
            "https://one.example/a b",
            "https://one.example/\n",
            &format!("https://one.example/{}", "a".repeat(600)),
        ] {
            assert!(Issuer::parse(name, Loopback::Allowed).is_none(), "{name}");
        }
    }
}
