//! The two links that people scan: the enrolment QR and the QR for scan matching.
//!
//! What is secret in them is in the fragment (RFC 3986, section 3.5), which no browser sends and no server logs.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use url::{Host, Url};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::encoding::{decode_array, encode_base64url};
use crate::limits::MAX_LINK_BYTES;
use crate::{Id, ProtocolError, Thumbprint, name};

/// The address of an approval service: https, or http on loopback alone, with no user, query or fragment.
///
/// Written without a trailing slash.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceUrl(Url);

impl ServiceUrl {
    /// The address of `path` below the service; `path` begins with a slash.
    #[must_use]
    pub fn join(&self, path: &str) -> String {
        format!("{self}{path}")
    }

    /// Host, and port if it isn't the scheme's own: what a person is shown.
    #[must_use]
    pub fn authority(&self) -> &str {
        self.0.authority()
    }

    /// Whether scheme, host and port are those of `other` (RFC 6454, section 5).
    #[must_use]
    pub fn is_same_origin(&self, other: &Self) -> bool {
        self.0.origin() == other.0.origin()
    }
}

/// What the enrolment QR says: which service, the single-use ticket, and the thumbprint of the service's signing key.
///
/// Text form: `https://HOST[/PREFIX]/enrol#t=TICKET&k=THUMBPRINT`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnrolmentLink {
    /// Where the service is.
    pub service: ServiceUrl,
    /// The single-use ticket.
    pub ticket: Ticket,
    /// The service's signing key, pinned from here on.
    pub service_key: Thumbprint,
}

/// What the sign-in page's QR says: the challenge and its 128-bit secret.
///
/// Text form: `https://HOST[/PREFIX]/match#c=CHALLENGE&s=SECRET`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatchLink {
    /// Where the service is.
    pub service: ServiceUrl,
    /// The challenge that it belongs to.
    pub challenge: Id,
    /// The secret that proves that the phone saw the page.
    pub secret: MatchSecret,
}

/// A single-use enrolment ticket: the enrolment's identifier and 128 secret bits, 43 characters of base64url.
#[derive(Clone, PartialEq, Eq)]
pub struct Ticket {
    enrolment: Id,
    secret: SecretBits,
}

/// The 128-bit secret of scan matching, 22 characters of base64url.
#[derive(Clone, PartialEq, Eq)]
pub struct MatchSecret(SecretBits);

impl Ticket {
    /// The ticket of an enrolment, with its secret half.
    #[must_use]
    pub const fn new(enrolment: Id, secret: [u8; 16]) -> Self {
        Self { enrolment, secret: SecretBits(secret) }
    }

    /// The enrolment that it belongs to.
    #[must_use]
    pub const fn enrolment(&self) -> Id {
        self.enrolment
    }

    /// The secret half, to be compared in constant time.
    #[must_use]
    pub const fn expose_secret(&self) -> &[u8; 16] {
        &self.secret.0
    }

    /// The 43 characters that travel in the link and in the enrolment message.
    #[must_use]
    pub fn expose_text(&self) -> String {
        let mut bytes = [0; 32];
        bytes[..16].copy_from_slice(self.enrolment.as_bytes());
        bytes[16..].copy_from_slice(&self.secret.0);
        let text = encode_base64url(bytes);
        bytes.zeroize();
        text
    }
}

impl MatchSecret {
    /// The secret with these bytes.
    #[must_use]
    pub const fn new(secret: [u8; 16]) -> Self {
        Self(SecretBits(secret))
    }

    /// The bytes, to be compared in constant time.
    #[must_use]
    pub const fn expose_secret(&self) -> &[u8; 16] {
        &self.0.0
    }

    /// The 22 characters that travel in the link and in the answer.
    #[must_use]
    pub fn expose_text(&self) -> String {
        encode_base64url(self.0.0)
    }
}

impl EnrolmentLink {
    /// The text of the QR. It holds the ticket: show it, never log it.
    #[must_use]
    pub fn expose_text(&self) -> String {
        format!("{}{ENROL_PATH}#t={}&k={}", self.service, self.ticket.expose_text(), self.service_key)
    }
}

impl MatchLink {
    /// The text of the QR. It holds the secret: show it, never log it.
    #[must_use]
    pub fn expose_text(&self) -> String {
        format!("{}{MATCH_PATH}#c={}&s={}", self.service, self.challenge, self.secret.expose_text())
    }
}

const ENROL_PATH: &str = "/enrol";
const MATCH_PATH: &str = "/match";

#[derive(Clone, Zeroize, ZeroizeOnDrop)]
struct SecretBits([u8; 16]);

impl PartialEq for SecretBits {
    fn eq(&self, other: &Self) -> bool {
        // Folding the differences takes the same time wherever they are.
        self.0.iter().zip(&other.0).fold(0, |differences, (a, b)| differences | (a ^ b)) == 0
    }
}

impl Eq for SecretBits {}

impl FromStr for ServiceUrl {
    type Err = ProtocolError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > MAX_LINK_BYTES {
            return Err(ProtocolError::TooLong);
        }
        if !has_plain_host(text) {
            return Err(ProtocolError::Malformed("service address"));
        }
        let mut url = Url::parse(text).map_err(|_| ProtocolError::Malformed("service address"))?;
        if !is_secure(&url) {
            return Err(ProtocolError::InsecureUrl);
        }
        let has_extras = !url.username().is_empty()
            || url.password().is_some()
            || url.query().is_some()
            || url.fragment().is_some();
        if has_extras {
            return Err(ProtocolError::Malformed("service address"));
        }
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&path);
        Ok(Self(url))
    }
}

/// Whether an address begins with a scheme and a host of ASCII letters, digits and what stands between them: nothing is left for
/// a parser to decode or to map, which `url` without tables of Unicode must not be asked to do. Names in Punycode pass,
/// unless they hold a mark of direction, which no host name may (RFC 5892, section 2.6).
#[must_use]
pub fn has_plain_host(address: &str) -> bool {
    let Some((scheme, rest)) = address.split_once("://") else { return false };
    let authority = rest.split(['/', '\\', '?', '#']).next().unwrap_or_default();
    !authority.is_empty()
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && authority.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._:@[]".contains(&byte))
        && !authority.split(['.', ':', '@']).any(turns_direction)
}

fn turns_direction(label: &str) -> bool {
    let label = label.to_ascii_lowercase();
    let decoded = label.strip_prefix("xn--").and_then(idna::punycode::decode);
    decoded.is_some_and(|text| text.iter().any(|mark| name::turns_direction(*mark)))
}

fn is_secure(url: &Url) -> bool {
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => return false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && loopback)
}

impl FromStr for EnrolmentLink {
    type Err = ProtocolError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (service, [ticket, key]) = split_link(text, ENROL_PATH, ["t=", "k="])?;
        Ok(Self { service, ticket: ticket.parse()?, service_key: key.parse()? })
    }
}

impl FromStr for MatchLink {
    type Err = ProtocolError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (service, [challenge, secret]) = split_link(text, MATCH_PATH, ["c=", "s="])?;
        Ok(Self { service, challenge: challenge.parse()?, secret: secret.parse()? })
    }
}

/// Splits `SERVICE PATH # a=… & b=…`: exactly these two fields in this order, so that a link has one reading.
fn split_link<'a>(
    text: &'a str,
    path: &str,
    names: [&str; 2],
) -> Result<(ServiceUrl, [&'a str; 2]), ProtocolError> {
    const MALFORMED: ProtocolError = ProtocolError::Malformed("link");
    let text = text.trim();
    if text.len() > MAX_LINK_BYTES {
        return Err(ProtocolError::TooLong);
    }
    let (address, fragment) = text.split_once('#').ok_or(MALFORMED)?;
    let service = address.strip_suffix(path).ok_or(MALFORMED)?.parse()?;
    let (first, second) = fragment.split_once('&').ok_or(MALFORMED)?;
    let first = first.strip_prefix(names[0]).ok_or(MALFORMED)?;
    let second = second.strip_prefix(names[1]).ok_or(MALFORMED)?;
    Ok((service, [first, second]))
}

impl FromStr for Ticket {
    type Err = ProtocolError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes: [u8; 32] = decode_array(text, "ticket")?;
        let (mut enrolment, mut secret) = ([0; 16], [0; 16]);
        enrolment.copy_from_slice(&bytes[..16]);
        secret.copy_from_slice(&bytes[16..]);
        Ok(Self::new(Id::from_bytes(enrolment), secret))
    }
}

impl FromStr for MatchSecret {
    type Err = ProtocolError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        decode_array(text, "scanned secret").map(Self::new)
    }
}

impl fmt::Display for ServiceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

impl fmt::Debug for ServiceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ticket({}, [redacted])", self.enrolment)
    }
}

impl fmt::Debug for MatchSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MatchSecret([redacted])")
    }
}

/// Serialises through the text form, for the fields of messages.
macro_rules! serde_as_text {
    ($type:ty, $text:expr) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let text: fn(&$type) -> String = $text;
                serializer.serialize_str(&text(self))
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

serde_as_text!(ServiceUrl, ToString::to_string);
serde_as_text!(Ticket, Ticket::expose_text);
serde_as_text!(MatchSecret, MatchSecret::expose_text);

#[cfg(test)]
mod tests {
    use super::*;

    fn thumbprint() -> Thumbprint {
        "cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s".parse().unwrap()
    }

    #[test]
    fn links_round_trip_through_their_text() {
        for service in ["https://approve.example", "https://approve.example:8443/eu", "http://127.0.0.1:8080"]
        {
            let service: ServiceUrl = service.parse().unwrap();
            let ticket = Ticket::new(Id::make_random(), [7; 16]);
            let link = EnrolmentLink { service: service.clone(), ticket, service_key: thumbprint() };
            assert_eq!(link.expose_text().parse(), Ok(link));
            let link = MatchLink { service, challenge: Id::make_random(), secret: MatchSecret::new([9; 16]) };
            assert_eq!(link.expose_text().parse(), Ok(link));
        }
    }

    #[test]
    fn plain_http_is_for_loopback_alone() {
        for text in
            ["http://approve.example", "http://10.0.0.1", "http://127.0.0.1.example", "ftp://localhost"]
        {
            assert_eq!(text.parse::<ServiceUrl>(), Err(ProtocolError::InsecureUrl), "{text}");
        }
        for text in ["http://localhost:1", "http://127.9.9.9", "http://[::1]:80"] {
            assert!(text.parse::<ServiceUrl>().is_ok(), "{text}");
        }
    }

    #[test]
    fn hosts_are_ascii_and_a_name_that_is_not_comes_in_punycode() {
        for text in
            ["https://m\u{fc}ller.example", "https://m%C3%BCller.example", "https://\u{430}pprove.example"]
        {
            assert_eq!(
                text.parse::<ServiceUrl>(),
                Err(ProtocolError::Malformed("service address")),
                "{text}"
            );
        }
        let url: ServiceUrl = "https://XN--mller-kva.example".parse().unwrap();
        assert_eq!(url.authority(), "xn--mller-kva.example");
    }

    #[test]
    fn a_host_is_written_out_or_no_parser_sees_it() {
        for text in [
            "http://ahrBBB%BBBB%BBB~nr://enrol",
            "https://ho%BBst.example/x",
            "https://A%FFb.example",
            "https:///ho%BBst.example",
            "https:\\\\ho%BBst.example",
            "https:/\t/ho%BBst.example/://x",
            "https:ho%BBst.example",
            " https://approve.example",
            "https://XN--ab-s1t.example",
            "https://user@a.xn--ab-s1t:8443/",
            "https://xn--a_b-nn0a.example",
            "https://approve$.example",
            "https://approve.exam\tple",
            "https://",
        ] {
            assert!(!has_plain_host(text), "{text}");
            let refused = text.parse::<ServiceUrl>();
            assert_eq!(refused, Err(ProtocolError::Malformed("service address")), "{text}");
        }
    }

    #[test]
    fn users_queries_and_fragments_in_an_address_are_refused() {
        for text in
            ["https://u@a.example", "https://:p@a.example", "https://a.example?q", "https://a.example#f"]
        {
            assert_eq!(
                text.parse::<ServiceUrl>(),
                Err(ProtocolError::Malformed("service address")),
                "{text}"
            );
        }
    }

    #[test]
    fn altered_links_are_refused() {
        let ticket = Ticket::new(Id::make_random(), [7; 16]);
        let service: ServiceUrl = "https://approve.example".parse().unwrap();
        let text = EnrolmentLink { service, ticket, service_key: thumbprint() }.expose_text();
        for altered in [
            text.replace("/enrol#", "/enroll#"),
            text.replace("#t=", "?t="),
            text.replace("&k=", "&k=A"),
            text.replace("#t=", "#t=A"),
            text.replace("https", "http"),
            format!("{text}&sslverify=0"),
            "x".repeat(10_000_000),
        ] {
            assert!(altered.parse::<EnrolmentLink>().is_err());
        }
    }

    #[test]
    fn debug_output_has_no_secret() {
        let ticket = Ticket::new(Id::from_bytes([0; 16]), *b"canary-canary-ca");
        let shown = format!("{ticket:?} {:?}", MatchSecret::new(*b"canary-canary-ca"));
        assert_eq!(shown, "Ticket(AAAAAAAAAAAAAAAAAAAAAA, [redacted]) MatchSecret([redacted])");
    }
}
