//! What another issuer has signed: who a person is, for a client that names the issuer as one that it believes.
//!
//! The issuer must stand in the client's configuration before anything is fetched. Its keys come from its metadata over
//! https. A token is believed once all of it was checked: form, issuer, audience, time, key and signature.
//!
//! | module | what is in it |
//! |---|---|
//! | `token` | a JWT taken apart, and its times |
//! | `issuer` | names of issuers, and where their metadata is |
//! | `keys` | sets of keys, and signatures |
//! | `fetch`, `cache` | how keys are had, and how often |
//! | `error` | why nothing is believed |

mod cache;
mod error;
mod fetch;
mod issuer;
mod keys;
#[cfg(test)]
mod tests;
mod token;

use std::fmt;

use reqwest::Client;
use serde_json::{Map, Value};

use self::cache::Cache;
#[cfg(test)]
use self::error::FetchError;
pub(crate) use self::error::ForeignError;
use self::fetch::Fetcher;
pub(crate) use self::issuer::{Issuer, Loopback};
use self::token::Token;
pub(crate) use self::token::{Algorithm, Lifetime};
use crate::time::Time;

/// Verifies what other issuers have signed.
pub(crate) struct Foreign {
    cache: Cache,
    loopback: Loopback,
}

/// What a client believes.
#[derive(Clone, Debug)]
pub(crate) struct Allowed {
    /// Whose tokens.
    pub(crate) issuers: Vec<Issuer>,
    /// For whom they must be made.
    pub(crate) audience: String,
    /// What they may be signed by. Leave out ES256 where a token counts once and is known by its text: anybody can turn
    /// its signature into another one that verifies.
    pub(crate) algorithms: &'static [Algorithm],
    /// How long they are good for.
    pub(crate) lifetime: Lifetime,
}

/// What a token says, now that it is verified.
#[derive(Clone)]
pub(crate) struct Verified {
    pub(crate) issuer: String,
    pub(crate) subject: String,
    claims: Map<String, Value>,
}

impl Foreign {
    /// With the HTTP client that metadata and keys are fetched by; it must follow no redirect.
    pub(crate) fn new(client: Client, loopback: Loopback) -> Self {
        Self { cache: Cache::new(Fetcher::new(client, loopback)), loopback }
    }

    /// The issuer of this name, if its metadata may be fetched.
    pub(crate) fn issuer(&self, name: &str) -> Option<Issuer> {
        Issuer::parse(name, self.loopback)
    }

    /// Verifies a token. Everything that needs no key is checked first, so that little is ever fetched in vain.
    pub(crate) async fn verify(
        &self,
        allowed: &Allowed,
        token: &str,
        now: Time,
    ) -> Result<Verified, ForeignError> {
        let token = Token::parse(token)?;
        if !allowed.algorithms.contains(&token.algorithm) {
            return Err(ForeignError::Algorithm);
        }
        let issuer = allowed.issuers.iter().find(|issuer| issuer.as_str() == token.claims.issuer);
        let issuer = issuer.ok_or(ForeignError::Issuer)?;
        if token.claims.audience != allowed.audience {
            return Err(ForeignError::Audience);
        }
        token.claims.check_time(allowed.lifetime, now)?;
        let has_key = |keys: &keys::KeySet| keys.has_key_of(&token);
        let keys = self.cache.keys(issuer, now, has_key).await.map_err(ForeignError::Unavailable)?;
        keys.verify(&token)?;
        let claims = token.claims;
        Ok(Verified { issuer: claims.issuer, subject: claims.subject, claims: claims.all })
    }
}

/// Verifies a token under keys that are at hand, as a JWK set. It must be of this issuer, and for one of these audiences.
pub(crate) fn verify_under(
    keys: &[u8],
    issuer: &str,
    audiences: &[&str],
    lifetime: Lifetime,
    token: &str,
    now: Time,
) -> Result<Verified, ForeignError> {
    let token = Token::parse(token)?;
    if token.claims.issuer != issuer {
        return Err(ForeignError::Issuer);
    }
    if !audiences.contains(&token.claims.audience.as_str()) {
        return Err(ForeignError::Audience);
    }
    token.claims.check_time(lifetime, now)?;
    keys::KeySet::parse(keys).map_err(ForeignError::Unavailable)?.verify(&token)?;
    let claims = token.claims;
    Ok(Verified { issuer: claims.issuer, subject: claims.subject, claims: claims.all })
}

impl Verified {
    /// A claim that is a time in whole seconds.
    pub(crate) fn time(&self, claim: &str) -> Option<Time> {
        self.claims.get(claim)?.as_u64().map(Time::from_seconds)
    }

    /// A claim that is text.
    pub(crate) fn text(&self, claim: &str) -> Option<&str> {
        self.claims.get(claim)?.as_str()
    }
}

impl fmt::Debug for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}
