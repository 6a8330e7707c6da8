//! ID tokens (OpenID Connect Core 1.0, section 2), and the same claims for the userinfo endpoint.

use std::time::Duration;

use countersign_protocol::encode_base64url;
use ring::digest::{SHA256, digest};
use serde::Serialize;

use super::person;
use super::resume::Found;
use crate::secret::SecretText;
use crate::time::Time;

/// How long an ID token is good for.
pub(super) const LIFETIME: Duration = Duration::from_mins(5);

/// Who the person is.
#[derive(Serialize)]
pub(super) struct PersonClaims {
    sub: String,
    /// The name that was asked for, as it was.
    preferred_username: String,
    /// The user's name, if it is an address and the client asks for one. Nothing says that mail to it arrives: there is no
    /// `email_verified`.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    organisation: String,
    organisation_id: String,
}

/// An ID token's claims.
#[derive(Serialize)]
pub(super) struct IdTokenClaims {
    iss: String,
    aud: String,
    exp: u64,
    iat: u64,
    auth_time: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<String>,
    acr: &'static str,
    amr: Vec<String>,
    /// The sign-in, as the audit log names it.
    sid: String,
    at_hash: String,
    #[serde(flatten)]
    person: PersonClaims,
}

impl PersonClaims {
    pub(super) fn of(found: &Found) -> Self {
        let account = &found.sign_in.account;
        let wants_email = found.request.scope.split(' ').any(|scope| scope == "email");
        Self {
            sub: person::sub(account.organisation, &account.user),
            preferred_username: account.user.clone(),
            email: (wants_email && is_address(&account.user)).then(|| account.user.clone()),
            organisation: found.client.organisation_name.clone(),
            organisation_id: account.organisation.to_string(),
        }
    }
}

impl IdTokenClaims {
    /// Of an approved sign-in.
    pub(super) fn of(found: &Found, issuer: String, access_token: &SecretText, now: Time) -> Self {
        let sign_in = &found.sign_in;
        let hash = digest(&SHA256, access_token.expose().as_bytes());
        let half: Vec<u8> = hash.as_ref().iter().take(16).copied().collect();
        Self {
            iss: issuer,
            aud: found.client.id.to_string(),
            exp: (now + LIFETIME).seconds(),
            iat: now.seconds(),
            auth_time: sign_in.decided.unwrap_or(now).seconds(),
            nonce: found.request.nonce.clone(),
            acr: found.wanted.context(sign_in).as_str(),
            amr: sign_in.amr.as_deref().unwrap_or_default().split(' ').map(str::to_owned).collect(),
            sid: sign_in.id.to_string(),
            at_hash: encode_base64url(half),
            person: PersonClaims::of(found),
        }
    }
}

/// Whether a name has the form of a mail address: one at sign, with something without spaces before it and a domain after.
fn is_address(name: &str) -> bool {
    let Some((local, domain)) = name.split_once('@') else { return false };
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|it| it.is_ascii_alphanumeric() || it == '-')
    };
    let is_local = |it: char| it.is_ascii_alphanumeric() || "!#$%&'*+/=?^_`{|}~.-".contains(it);
    !local.is_empty()
        && local.chars().all(is_local)
        && domain.contains('.')
        && domain.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_address_is_taken_for_one() {
        for name in ["ada@leeds.example", "ada.okafor+ward@nhs.example", "a@b-c.d"] {
            assert!(is_address(name), "{name}");
        }
        for name in [
            "ada",
            "ada@leeds",
            "@leeds.example",
            "ada@",
            "ada b@leeds.example",
            "a@b@c.example",
            "a@-b.c",
            "a@b..c",
            "a@b.c ",
        ] {
            assert!(!is_address(name), "{name}");
        }
    }
}
