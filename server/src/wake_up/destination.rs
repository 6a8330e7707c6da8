//! Where wake-ups may go: phones name the address, so it mustn't lead into the service's own network.

use std::net::{IpAddr, SocketAddr};
use std::sync::LazyLock;

use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// What isn't the public internet, of IPv4: every entry of IANA's registry of special-purpose addresses
/// (<https://www.iana.org/assignments/iana-ipv4-special-registry>), multicast, and what is reserved. Entries that are
/// reachable, such as those of AS112, are in it as well: no push server is there, and any network may have its own.
const SPECIAL_V4: [&str; 18] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.31.196.0/24",
    "192.52.193.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "192.175.48.0/24",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
];

/// All that IANA gives out as global unicast (RFC 4291, section 2.4). Whatever is outside is local, multicast, an IPv4
/// address in other clothes, or not in use yet: `::1`, `64:ff9b::/96`, `100::/64`, `5f00::/16`, `fc00::/7`, `fe80::/10`,
/// `fec0::/10`, `ff00::/8` and all the rest.
const GLOBAL_V6: &str = "2000::/3";

/// Special-purpose networks within it (<https://www.iana.org/assignments/iana-ipv6-special-registry>). An IPv4 address
/// can be behind those of Teredo (in `2001::/23`) and 6to4.
const SPECIAL_V6: [&str; 5] = ["2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20"];

struct Public {
    global_v6: Vec<IpNet>,
    special: Vec<IpNet>,
}

static PUBLIC: LazyLock<Public> = LazyLock::new(|| {
    let networks = |texts: &[&str]| texts.iter().filter_map(|network| network.parse().ok()).collect();
    Public { global_v6: networks(&[GLOBAL_V6]), special: networks(&[&SPECIAL_V4[..], &SPECIAL_V6].concat()) }
});

/// Whether an address is on the public internet.
pub(super) fn is_public(address: IpAddr) -> bool {
    let is_in = |networks: &[IpNet]| networks.iter().any(|network| network.contains(&address));
    (address.is_ipv4() || is_in(&PUBLIC.global_v6)) && !is_in(&PUBLIC.special)
}

/// Resolves names to public addresses alone. What was checked is what is connected to: no second look-up comes between.
pub(super) struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|found| is_public(found.ip())).collect();
            if public.is_empty() {
                return Err(NotPublic.into());
            }
            let addresses: Addrs = Box::new(public.into_iter());
            Ok(addresses)
        })
    }
}

/// A name leads to no public address.
#[derive(Debug, thiserror::Error)]
#[error("the name leads to no public address")]
pub(super) struct NotPublic;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_network_is_one() {
        assert_eq!(PUBLIC.special.len(), SPECIAL_V4.len() + SPECIAL_V6.len());
        assert_eq!(PUBLIC.global_v6.len(), 1);
    }

    /// IANA's registries of special-purpose addresses, IPv4 and IPv6, as of 2026, and what other RFCs set apart.
    #[test]
    fn no_special_purpose_network_is_public() {
        for network in [
            "0.0.0.0/8",
            "0.0.0.0/32",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.0.0/29",
            "192.0.0.8/32",
            "192.0.0.9/32",
            "192.0.0.10/32",
            "192.0.0.170/32",
            "192.0.0.171/32",
            "192.0.2.0/24",
            "192.31.196.0/24",
            "192.52.193.0/24",
            "192.88.99.0/24",
            "192.88.99.2/32",
            "192.168.0.0/16",
            "192.175.48.0/24",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",
            "240.0.0.0/4",
            "255.255.255.255/32",
            "::1/128",
            "::/128",
            "::/96",
            "::ffff:0:0/96",
            "::ffff:0:0:0/96",
            "64:ff9b::/96",
            "64:ff9b:1::/48",
            "100::/64",
            "100:0:0:1::/64",
            "200::/7",
            "400::/6",
            "800::/5",
            "1000::/4",
            "2001::/23",
            "2001::/32",
            "2001:1::1/128",
            "2001:1::2/128",
            "2001:1::3/128",
            "2001:2::/48",
            "2001:3::/32",
            "2001:4:112::/48",
            "2001:10::/28",
            "2001:20::/28",
            "2001:30::/28",
            "2001:db8::/32",
            "2002::/16",
            "2620:4f:8000::/48",
            "3fff::/20",
            "4000::/3",
            "5f00::/16",
            "6000::/3",
            "8000::/3",
            "a000::/3",
            "c000::/3",
            "e000::/4",
            "f000::/5",
            "f800::/6",
            "fc00::/7",
            "fe00::/9",
            "fe80::/10",
            "fec0::/10",
            "ff00::/8",
        ] {
            let network: IpNet = network.parse().unwrap();
            for address in [network.addr(), network.network(), network.broadcast()] {
                assert!(!is_public(address), "{address} in {network}");
            }
        }
    }

    #[test]
    fn the_addresses_next_to_them_are_public() {
        for address in [
            "1.0.0.0",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "191.255.255.255",
            "192.0.1.0",
            "192.0.3.0",
            "192.31.195.255",
            "192.31.197.0",
            "192.88.98.255",
            "192.88.100.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "198.51.99.255",
            "203.0.114.0",
            "223.255.255.255",
            "2000::",
            "2001:200::",
            "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff",
            "2001:db9::",
            "2003::",
            "2620:4f:7fff::1",
            "2620:4f:8001::",
            "2a00:1450:4001::1",
            "3ffe:ffff::1",
            "3fff:1000::",
        ] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_home_is_not_resolved() {
        let failed = PublicOnly.resolve("localhost".parse().unwrap()).await.err().unwrap();
        assert!(failed.is::<NotPublic>(), "{failed}");
    }
}
