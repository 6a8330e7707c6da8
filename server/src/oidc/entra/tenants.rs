//! Which tenants a client has, in which of Microsoft's clouds, and where their answers go.

use url::Url;

use crate::foreign::{Foreign, Issuer};
use crate::store::clients::Client;
use crate::text::is_guid;

/// Where the tenants of a cloud are: the world's, that of the government of the United States, that of 21Vianet in China.
const AUTHORITIES: [&str; 3] = [
    "https://login.microsoftonline.com",
    "https://login.microsoftonline.us",
    "https://login.partner.microsoftonline.cn",
];
/// Where Entra takes answers, below the address of its cloud.
const CALLBACK: &str = "/common/federation/externalauthprovider";

/// A tenant whose people may sign in by a client.
#[derive(Clone, Debug)]
pub(super) struct Tenant {
    /// Its directory identifier, as it stands in `tid`.
    pub(super) id: String,
    /// The address of its cloud.
    authority: String,
    pub(super) issuer: Issuer,
}

impl Tenant {
    /// Those of a client: what it names by identifier is in the world's cloud, what it names as an issuer
    /// (`https://login.microsoftonline.us/TENANT/v2.0`) is in that one's.
    pub(super) fn all_of(client: &Client, foreign: &Foreign) -> Vec<Self> {
        let [world, ..] = AUTHORITIES;
        let in_the_world = client.tenants.iter().map(|id| format!("{world}/{id}/v2.0"));
        let issuers = in_the_world.chain(client.issuers.iter().cloned());
        issuers.filter_map(|issuer| Self::parse(&issuer, foreign)).collect()
    }

    fn parse(issuer: &str, foreign: &Foreign) -> Option<Self> {
        let (authority, id) = issuer.strip_suffix("/v2.0")?.rsplit_once('/')?;
        // Plain http passes on loopback alone, and there where that is allowed.
        let is_cloud = AUTHORITIES.contains(&authority);
        let is_stand_in =
            authority.starts_with("http:") && Url::parse(authority).is_ok_and(|url| url.path() == "/");
        let issuer = foreign.issuer(issuer)?;
        ((is_cloud || is_stand_in) && is_guid(id)).then(|| Self {
            id: id.to_owned(),
            authority: authority.to_owned(),
            issuer,
        })
    }

    /// Whether this is where the tenant's cloud takes answers.
    pub(super) fn takes_answers_at(&self, redirect_uri: &str) -> bool {
        redirect_uri.strip_prefix(&self.authority) == Some(CALLBACK)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::foreign::Loopback;

    const TENANT: &str = "bbbbcccc-1111-dddd-2222-eeee3333ffff";

    fn foreign(loopback: Loopback) -> Foreign {
        Foreign::new(crate::https::client(None).unwrap().build().unwrap(), loopback)
    }

    fn parse(issuer: &str, loopback: Loopback) -> Option<Tenant> {
        Tenant::parse(issuer, &foreign(loopback))
    }

    #[test]
    fn a_tenant_is_in_one_of_the_clouds_and_answers_go_there() {
        for authority in AUTHORITIES {
            let tenant = parse(&format!("{authority}/{TENANT}/v2.0"), Loopback::Refused).unwrap();
            assert_eq!(tenant.id, TENANT);
            assert!(tenant.takes_answers_at(&format!("{authority}/common/federation/externalauthprovider")));
            for address in [
                format!("{authority}/common/federation/externalauthprovider/"),
                format!("{authority}/common/federation/externalauthprovider?x"),
                format!("{authority}/common/federation/ExternalAuthProvider"),
                format!("{authority}:443/common/federation/externalauthprovider"),
                format!("{authority}.example/common/federation/externalauthprovider"),
                format!("{}/common/federation/externalauthprovider", authority.replace("https", "http")),
                format!("{}/common/federation/externalauthprovider", authority.replace("login", "LOGIN")),
                authority.to_owned(),
                String::new(),
            ] {
                assert!(!tenant.takes_answers_at(&address), "{address}");
            }
        }
        let [world, government, _] = AUTHORITIES;
        let tenant = parse(&format!("{world}/{TENANT}/v2.0"), Loopback::Refused).unwrap();
        assert!(!tenant.takes_answers_at(&format!("{government}{CALLBACK}")), "each cloud takes its own");
    }

    #[test]
    fn what_is_in_no_cloud_is_no_tenant() {
        let [world, ..] = AUTHORITIES;
        for issuer in [
            format!("{world}/common/v2.0"),
            format!("{world}/{}/v2.0", TENANT.to_uppercase()),
            format!("{world}/{TENANT}/v1.0"),
            format!("{world}/{TENANT}"),
            format!("{world}/x/{TENANT}/v2.0"),
            format!("{world}.example/{TENANT}/v2.0"),
            format!("https://evil.example/{TENANT}/v2.0"),
            format!("http://login.microsoftonline.com/{TENANT}/v2.0"),
        ] {
            assert!(parse(&issuer, Loopback::Allowed).is_none(), "{issuer}");
        }
        let stand_in = format!("http://127.0.0.1:81/{TENANT}/v2.0");
        assert!(parse(&stand_in, Loopback::Refused).is_none());
        assert!(parse(&stand_in, Loopback::Allowed).is_some());
    }
}
