//! A JWT (RFC 7519) as it arrives: taken apart and looked at, but not believed.

use std::time::Duration;

use countersign_protocol::{decode_base64url, json};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::error::ForeignError;
use crate::time::Time;

/// Longest token, in bytes. Those of Entra and Keycloak have one to four thousand.
pub(super) const MAX_BYTES: usize = 16 * 1024;
/// Longest name of a key, an issuer, a subject or an audience, in bytes.
const MAX_TEXT_BYTES: usize = 512;
/// How far an issuer's clock may be from this service's.
pub(crate) const TOLERANCE: Duration = Duration::from_secs(120);

/// How long tokens are good for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Lifetime {
    /// Until `exp`.
    Expiry,
    /// So long after `iat`. `exp` is passed over: Entra's hints are issued as expired.
    SinceIssue(Duration),
}

/// What tokens may be signed by. The key decides which of them it is, not the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Rs256,
    Es256,
}

/// A token whose signature has not been looked at yet.
pub(super) struct Token<'a> {
    pub(super) algorithm: Algorithm,
    pub(super) key: String,
    pub(super) claims: Claims,
    /// What is signed.
    pub(super) input: &'a str,
    pub(super) signature: Vec<u8>,
}

/// The claims that every token has, and the rest.
#[derive(Clone)]
pub(super) struct Claims {
    pub(super) issuer: String,
    pub(super) subject: String,
    pub(super) audience: String,
    pub(super) issued: u64,
    expires: u64,
    not_before: Option<u64>,
    pub(super) all: Map<String, Value>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
}

impl<'a> Token<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Self, ForeignError> {
        if text.len() > MAX_BYTES {
            return Err(ForeignError::TooLong);
        }
        let malformed = ForeignError::Malformed;
        let (input, signature) = text.rsplit_once('.').ok_or(malformed("form"))?;
        let (header, claims) = input.split_once('.').ok_or(malformed("form"))?;
        let header = object(header, "header")?;
        if header.contains_key("crit") {
            return Err(ForeignError::Critical);
        }
        let header: Header =
            serde_json::from_value(Value::Object(header)).map_err(|_| malformed("header"))?;
        let algorithm = match header.alg.as_str() {
            "RS256" => Algorithm::Rs256,
            "ES256" => Algorithm::Es256,
            _ => return Err(ForeignError::Algorithm),
        };
        if header.typ.is_some_and(|typ| !typ.eq_ignore_ascii_case("JWT")) {
            return Err(malformed("typ"));
        }
        let key = header.kid.filter(|key| is_text(key)).ok_or(malformed("kid"))?;
        let claims = Claims::parse(object(claims, "claims")?)?;
        let signature = decode_base64url(signature).map_err(|_| malformed("signature"))?;
        Ok(Self { algorithm, key, claims, input, signature })
    }
}

impl Claims {
    fn parse(all: Map<String, Value>) -> Result<Self, ForeignError> {
        let text = |name| match all.get(name) {
            Some(Value::String(text)) if is_text(text) => Ok(text.clone()),
            _ => Err(ForeignError::Malformed(name)),
        };
        let time = |name| match all.get(name) {
            None => Ok(None),
            Some(value) => value.as_u64().map(Some).ok_or(ForeignError::Malformed(name)),
        };
        // A token for several is one that any of them could pass on.
        let audience = match all.get("aud") {
            Some(Value::Array(values)) => match values.as_slice() {
                [Value::String(text)] if is_text(text) => text.clone(),
                _ => return Err(ForeignError::Audience),
            },
            _ => text("aud")?,
        };
        Ok(Self {
            issuer: text("iss")?,
            subject: text("sub")?,
            audience,
            issued: time("iat")?.ok_or(ForeignError::Malformed("iat"))?,
            expires: time("exp")?.ok_or(ForeignError::Malformed("exp"))?,
            not_before: time("nbf")?,
            all,
        })
    }

    /// Whether this is its time, give or take [`TOLERANCE`].
    pub(super) fn check_time(&self, lifetime: Lifetime, now: Time) -> Result<(), ForeignError> {
        let begins = self.issued.max(self.not_before.unwrap_or(0));
        if Time::from_seconds(begins) > now + TOLERANCE {
            return Err(ForeignError::NotYet);
        }
        let ends = match lifetime {
            Lifetime::Expiry => Time::from_seconds(self.expires),
            Lifetime::SinceIssue(lifetime) => Time::from_seconds(self.issued) + lifetime,
        };
        if ends + TOLERANCE <= now { Err(ForeignError::Expired) } else { Ok(()) }
    }
}

/// A part of a token that is a JSON object without a name that comes twice.
fn object(part: &str, what: &'static str) -> Result<Map<String, Value>, ForeignError> {
    let malformed = ForeignError::Malformed(what);
    let bytes = decode_base64url(part).map_err(|_| malformed)?;
    json::from_object(&bytes).map_err(|_| malformed)
}

fn is_text(text: &str) -> bool {
    (1..=MAX_TEXT_BYTES).contains(&text.len()) && !text.chars().any(char::is_control)
}
