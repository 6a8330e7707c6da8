//! Which services may know each other: two of one site are one witness of the time, since one mistake sets both clocks.

use std::net::IpAddr;

/// The site of a service's host and port. Two names that share their registrable domain are one; all addresses without a
/// name are one, too. Where it isn't known, two services are rather taken for one than for two.
pub(super) fn of(authority: &str) -> String {
    let host = host(authority);
    if host.parse::<IpAddr>().is_ok() {
        return "address".to_owned();
    }
    let labels: Vec<&str> = host.split('.').filter(|label| !label.is_empty()).collect();
    let is_shared =
        |labels: &[&str]| matches!(labels, [.., second, top] if top.len() == 2 && SHARED.contains(second));
    let kept = if is_shared(&labels) { 3 } else { 2 };
    labels[labels.len().saturating_sub(kept)..].join(".").to_ascii_lowercase()
}

fn host(authority: &str) -> &str {
    match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => authority.rsplit_once(':').map_or(authority, |(host, _)| host),
    }
}

/// Second-level names under which countries register those of others.
const SHARED: &[&str] = &[
    "ac", "co", "com", "edu", "go", "gob", "gov", "gouv", "gv", "ltd", "mil", "ne", "net", "nhs", "or",
    "org", "plc", "police", "sch",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_one_registrable_domain_are_one_site() {
        for (one, other, is_same) in [
            ("sign.north.example", "pi.north.example", true),
            ("sign.north.example:8443", "SIGN.NORTH.EXAMPLE.", true),
            ("sign.north.example", "sign.south.example", false),
            ("a.example", "b.example", false),
            ("sign.leeds.nhs.uk", "sign.york.nhs.uk", false),
            ("sign.leeds.nhs.uk", "pi.leeds.nhs.uk", true),
            ("pi.clinic.co.jp", "pi.other.co.jp", false),
            ("a.bmw.de", "b.bmw.de", true),
            ("co.uk", "nhs.uk", false),
            ("127.0.0.1:1", "192.0.2.7", true),
            ("[::1]:443", "127.0.0.1:443", true),
            ("localhost:1", "localhost:2", true),
            ("localhost", "127.0.0.1", false),
            ("", "", true),
        ] {
            assert_eq!(of(one) == of(other), is_same, "{one} {other}");
        }
    }
}
