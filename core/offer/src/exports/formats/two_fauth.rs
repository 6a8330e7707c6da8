//! 2FAuth: JSON of schema 1.

use super::{Entry, Format, ImportError, ImportFormat, Source, expect_version};
use crate::exports::entry::{Fields, entries, entry};
use crate::exports::json::Json;
use countersign_otp::Secret;

pub(super) struct TwoFAuth;

const FORMAT: ImportFormat = ImportFormat::TwoFAuth;

impl Format for TwoFAuth {
    fn name(&self) -> ImportFormat {
        FORMAT
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        source.json().is_some_and(|json| json.text("app").starts_with("2fauth") && json.has("data"))
    }

    fn read(&self, source: &Source<'_>, _: Option<&Secret>) -> Result<Vec<Entry>, ImportError> {
        let file = source.json().ok_or(ImportError::Damaged)?;
        expect_version(FORMAT, file.parameter("schema")?, 1..=1)?;
        Ok(entries(file.list("data")?, read_entry))
    }
}

fn read_entry(json: &Json) -> Entry {
    let kind = match json.text("otp_type") {
        "steamtotp" => "steam",
        kind => kind,
    };
    let fields = Fields::read(json, kind, json.text("secret"), json.text("algorithm"));
    entry(json.text("service"), json.text("account"), fields)
}
