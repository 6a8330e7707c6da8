//! LastPass Authenticator: JSON.

use super::{Entry, Format, ImportError, ImportFormat, Source};
use crate::exports::entry::{Fields, either, entries, entry};
use crate::exports::json::Json;
use countersign_otp::Secret;

pub(super) struct LastPass;

impl Format for LastPass {
    fn name(&self) -> ImportFormat {
        ImportFormat::LastPassAuthenticator
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        source.json().is_some_and(|json| {
            // The app on iOS writes no device.
            let accounts = json.get("accounts").and_then(Json::as_list);
            accounts.is_some_and(|accounts| json.has("deviceId") || are_accounts(accounts))
        })
    }

    fn read(&self, source: &Source<'_>, _: Option<&Secret>) -> Result<Vec<Entry>, ImportError> {
        let file = source.json().ok_or(ImportError::Damaged)?;
        Ok(entries(file.list("accounts")?, read_entry))
    }
}

fn are_accounts(accounts: &[Json]) -> bool {
    accounts.first().is_some_and(|account| account.has("secret") && account.has("timeStep"))
}

fn read_entry(json: &Json) -> Entry {
    let fields = || {
        let mut fields = Fields::read(json, "totp", json.text("secret"), json.text("algorithm"))?;
        fields.period = json.number("timeStep");
        Ok(fields)
    };
    let issuer = either(json.text("issuerName"), json.text("originalIssuerName"));
    entry(issuer, either(json.text("userName"), json.text("originalUserName")), fields())
}
