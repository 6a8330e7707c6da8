//! LastPass Authenticator: JSON.

use super::{Entry, Format, ImportError, ImportFormat, Source};
use crate::Secret;
use crate::import::entry::{Fields, either, entry};
use crate::import::json::Json;

pub(super) struct LastPass;

impl Format for LastPass {
    fn name(&self) -> ImportFormat {
        ImportFormat::LastPassAuthenticator
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        source.json().is_some_and(|json| json.has("accounts") && json.has("deviceId"))
    }

    fn read(&self, source: &Source<'_>, _: Option<&Secret>) -> Result<Vec<Entry>, ImportError> {
        let file = source.json().ok_or(ImportError::Damaged)?;
        Ok(file.list("accounts")?.iter().map(read_entry).collect())
    }
}

fn read_entry(json: &Json) -> Entry {
    let fields = || {
        let mut fields = Fields::read(json, "totp", json.text("secret"), json.text("algorithm"))?;
        fields.period = json.number("timeStep")?;
        Ok(fields)
    };
    let issuer = either(json.text("issuerName"), json.text("originalIssuerName"));
    entry(issuer, either(json.text("userName"), json.text("originalUserName")), fields())
}
