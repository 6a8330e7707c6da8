//! Raivo: the JSON list in its export, with every number as text. Take it out of the encrypted ZIP archive first.

use super::{Entry, Format, ImportError, ImportFormat, Source};
use crate::exports::entry::{Fields, entries, entry};
use crate::exports::json::Json;
use countersign_otp::Secret;

pub(super) struct Raivo;

impl Format for Raivo {
    fn name(&self) -> ImportFormat {
        ImportFormat::Raivo
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        let first = source.json().and_then(Json::as_list).and_then(<[Json]>::first);
        first.is_some_and(|entry| entry.has("kind") && entry.has("timer") && entry.has("secret"))
    }

    fn read(&self, source: &Source<'_>, _: Option<&Secret>) -> Result<Vec<Entry>, ImportError> {
        let list = source.json().and_then(Json::as_list).ok_or(ImportError::Damaged)?;
        Ok(entries(list, read_entry))
    }
}

fn read_entry(json: &Json) -> Entry {
    let fields = || {
        let mut fields = Fields::read(json, json.text("kind"), json.text("secret"), json.text("algorithm"))?;
        fields.period = json.number("timer");
        Ok(fields)
    };
    entry(json.text("issuer"), json.text("account"), fields())
}
