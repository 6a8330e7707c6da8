//! What the command line may say about a client.

use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::actions::clients::Change;
use crate::oidc::Algorithm;
use crate::store::clients::{Client, ClientSettings, Methods, Rights};
use crate::time::Time;

/// What a client may do, and how. What isn't given stays as it is.
#[derive(Clone, Debug, Default, Args)]
pub struct ClientOptions {
    /// What it may do, separated by commas: sign_in, enrol, read_users, manage_users, read_audit, manage_clients
    #[arg(long)]
    pub rights: Option<String>,
    /// Address that browsers may be sent back to, compared exactly; can be repeated. Empty for none
    #[arg(long, value_name = "URL")]
    pub redirect_uri: Option<Vec<String>>,
    /// Application name that phones show if a request doesn't contain one. Empty for none
    #[arg(long)]
    pub application: Option<String>,
    /// Methods that may approve its sign-ins, separated by commas: push, code
    #[arg(long)]
    pub methods: Option<String>,
    /// When it expires: a date (at 00:00 UTC), a time such as 2027-01-31T12:00:00Z, or `never`
    #[arg(long, value_name = "TIME")]
    pub expires: Option<String>,
    /// Issuer that may vouch for a person; can be repeated. Empty for none
    #[arg(long, value_name = "URL")]
    pub issuer: Option<Vec<String>>,
    /// Tenant of Entra, by identifier; can be repeated. Empty for none
    #[arg(long, value_name = "ID")]
    pub tenant: Option<Vec<String>>,
    /// JWK set file with the public keys that it signs with, instead of a secret. Empty for none
    #[arg(long, value_name = "FILE")]
    pub jwks_file: Option<PathBuf>,
    /// OpenID Connect: whether people may type their name on the sign-in page
    #[arg(long)]
    pub asks_name: Option<bool>,
    /// OpenID Connect: how its ID tokens are signed, RS256 or ES256
    #[arg(long, value_name = "ALGORITHM")]
    pub id_token_alg: Option<String>,
    /// Entra: application ID of the registration. Empty for none
    #[arg(long, value_name = "ID")]
    pub app_id: Option<String>,
    /// Entra: whether the account of somebody who is new is the one of their user name
    #[arg(long)]
    pub trusts_names: Option<bool>,
}

/// The options, read.
pub(super) struct Options {
    pub(super) rights: Option<Rights>,
    change: Change,
    asks_name: Option<bool>,
    algorithm: Option<Algorithm>,
    app_id: Option<Option<String>>,
    trusts_names: Option<bool>,
}

impl ClientOptions {
    /// Reads them. The error says which one is wrong.
    pub(super) fn read(self) -> Result<Options, String> {
        let rights = self.rights.map(|text| text.parse::<Rights>()).transpose();
        let rights = rights.map_err(|error| format!("--rights: {error}"))?;
        let methods = self.methods.map(|text| text.parse::<Methods>()).transpose();
        let jwks = match self.jwks_file {
            None => None,
            Some(path) if path.as_os_str().is_empty() => Some(None),
            Some(path) => {
                let text = std::fs::read_to_string(&path);
                Some(Some(text.map_err(|error| format!("--jwks-file: {}: {error}", path.display()))?))
            }
        };
        let change = Change {
            application: self.application.map(unless_empty),
            rights,
            redirect_uris: self.redirect_uri.map(without_empty),
            issuers: self.issuer.map(without_empty),
            tenants: self.tenant.map(without_empty),
            jwks,
            methods: methods.map_err(|error| format!("--methods: {error}"))?,
            settings: None,
            expires: self.expires.map(|text| end(&text)).transpose()?,
        };
        let algorithm = self.id_token_alg.map(|text| serde_json::from_value(text.into())).transpose();
        let algorithm = algorithm.map_err(|_| "--id-token-alg: RS256 and ES256 are known".to_owned())?;
        let (asks_name, app_id) = (self.asks_name, self.app_id.map(unless_empty));
        Ok(Options { rights, change, asks_name, algorithm, app_id, trusts_names: self.trusts_names })
    }
}

impl Options {
    /// A new client with them.
    pub(super) fn of(self, client: Client) -> Client {
        self.change(&client.settings).of(client)
    }

    /// What they change of a client with these settings.
    pub(super) fn change(self, settings: &ClientSettings) -> Change {
        let changed = ClientSettings {
            asks_name: self.asks_name.unwrap_or(settings.asks_name),
            app_id: self.app_id.unwrap_or_else(|| settings.app_id.clone()),
            id_token_signed_response_alg: self.algorithm.unwrap_or(settings.id_token_signed_response_alg),
            trusts_names: self.trusts_names.unwrap_or(settings.trusts_names),
        };
        Change { settings: Some(changed), ..self.change }
    }
}

fn unless_empty(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

fn without_empty(texts: Vec<String>) -> Vec<String> {
    texts.into_iter().filter(|text| !text.is_empty()).collect()
}

fn end(text: &str) -> Result<Option<Time>, String> {
    if text == "never" {
        return Ok(None);
    }
    // A time without an offset isn't taken for a date.
    let date = || {
        let date = Some(text).filter(|text| text.len() == "2027-01-31".len())?.parse::<Date>().ok()?;
        TimeZone::UTC.to_timestamp(date.at(0, 0, 0, 0)).ok()
    };
    let time = text.parse::<Timestamp>().ok().or_else(date);
    let time =
        time.ok_or("--expires: give a date as 2027-01-31, a time as 2027-01-31T12:00:00Z, or `never`")?;
    Ok(Some(Time::from_millis(time.as_millisecond())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_a_date_or_a_time_or_never() {
        let at = |seconds| Ok(Some(Time::from_seconds(seconds)));
        assert_eq!(end("1970-01-02"), at(86_400));
        assert_eq!(end("1970-01-01T00:01:00Z"), at(60));
        assert_eq!(end("1970-01-01T01:01:00+01:00"), at(60));
        assert_eq!(end("never"), Ok(None));
        for text in ["", "soon", "2027-02-30", "90", "1970-01-01T00:01:00"] {
            assert!(end(text).is_err(), "{text}");
        }
    }
}
