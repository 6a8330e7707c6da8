//! Who a request comes from, as far as limits go.

use std::net::{IpAddr, Ipv6Addr};

use axum::http::HeaderMap;
use ipnet::IpNet;

/// A client: an IPv4 address, or an IPv6 network of 64 bits, which is what one subscriber has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Client(IpAddr);

/// The address that a request comes from, as its extension.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClientAddress(pub(crate) IpAddr);

impl From<IpAddr> for Client {
    fn from(address: IpAddr) -> Self {
        const NETWORK: u128 = !0 << 64;
        Self(match address.to_canonical() {
            IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & NETWORK)),
            address @ IpAddr::V4(_) => address,
        })
    }
}

/// Proxies that are believed when they say whose request they pass on.
#[derive(Clone, Debug, Default)]
pub(super) struct Proxies(Vec<IpNet>);

impl Proxies {
    pub(super) const fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    pub(super) fn contain(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Whose request a proxy passes on: the last address in `X-Forwarded-For` that isn't a proxy's. What stands before
    /// it was written by the client, and may be anything.
    pub(super) fn address_behind(&self, proxy: IpAddr, headers: &HeaderMap) -> IpAddr {
        let lines: Vec<_> =
            headers.get_all("x-forwarded-for").iter().map(|line| line.to_str().unwrap_or("")).collect();
        let mut nearest = proxy;
        for hop in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
            let Some(address) = parse_hop(hop.trim()) else { break };
            nearest = address;
            if !self.contain(address) {
                break;
            }
        }
        nearest
    }
}

/// An address, which some proxies write with its port.
fn parse_hop(text: &str) -> Option<IpAddr> {
    let plain = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let with_port = || text.parse::<std::net::SocketAddr>().ok().map(|address| address.ip());
    plain.parse().ok().or_else(with_port)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn client(text: &str) -> Client {
        text.parse::<IpAddr>().unwrap().into()
    }

    #[test]
    fn a_network_of_ipv6_is_one_client_and_an_address_of_ipv4_is_one() {
        assert_eq!(client("2001:db8:1:2::1"), client("2001:db8:1:2:ffff::9"));
        assert_ne!(client("2001:db8:1:2::1"), client("2001:db8:1:3::1"));
        assert_eq!(client("::ffff:192.0.2.1"), client("192.0.2.1"));
        assert_ne!(client("192.0.2.1"), client("192.0.2.2"));
    }

    #[test]
    fn the_last_address_that_is_no_proxy_is_the_client() {
        let proxies =
            Proxies::new(["10.0.0.0/8", "fd00::/8"].iter().map(|network| network.parse().unwrap()).collect());
        let proxy: IpAddr = "10.0.0.1".parse().unwrap();
        for (lines, expected) in [
            (&["192.0.2.1"][..], "192.0.2.1"),
            // The client has made the first up.
            (&["203.0.113.9, 192.0.2.1"], "192.0.2.1"),
            (&["203.0.113.9", "192.0.2.1, 10.0.0.2"], "192.0.2.1"),
            (&["192.0.2.1:4711"], "192.0.2.1"),
            (&["[2001:db8::1]:4711,fd00::2"], "2001:db8::1"),
            (&["[2001:db8::1]"], "2001:db8::1"),
            // Nothing beyond what can be read is believed.
            (&["192.0.2.1, unknown, 10.0.0.3"], "10.0.0.3"),
            (&["192.0.2.1, "], "10.0.0.1"),
            (&[""], "10.0.0.1"),
            (&[], "10.0.0.1"),
            (&["10.0.0.4, 10.0.0.5"], "10.0.0.4"),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append("x-forwarded-for", HeaderValue::from_static(line));
            }
            assert_eq!(Client::from(proxies.address_behind(proxy, &headers)), client(expected), "{lines:?}");
        }
        let mut opaque = HeaderMap::new();
        opaque.append("x-forwarded-for", HeaderValue::from_bytes(b"192.0.2.1, \xff").unwrap());
        assert_eq!(Client::from(proxies.address_behind(proxy, &opaque)), client("10.0.0.1"));
    }

    #[test]
    fn only_named_networks_are_proxies() {
        let proxies = Proxies::new(vec!["10.0.0.0/8".parse().unwrap()]);
        for (address, is_one) in
            [("10.1.2.3", true), ("::ffff:10.1.2.3", true), ("11.0.0.1", false), ("::1", false)]
        {
            assert_eq!(proxies.contain(address.parse().unwrap()), is_one, "{address}");
        }
        assert!(!Proxies::default().contain("127.0.0.1".parse().unwrap()));
    }
}
