//! Duo Mobile's own store on Android, which only a rooted phone gives away: JSON.

use super::{Entry, Format, ImportError, ImportFormat, Source};
use crate::exports::entry::{Fields, entries, entry};
use crate::exports::error::EntryError;
use crate::exports::json::Json;
use countersign_otp::Secret;

pub(super) struct Duo;

impl Format for Duo {
    fn name(&self) -> ImportFormat {
        ImportFormat::Duo
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        let list = source.json().and_then(Json::as_list).unwrap_or_default();
        list.iter().any(|account| account.has("otpGenerator"))
    }

    fn read(&self, source: &Source<'_>, _: Option<&Secret>) -> Result<Vec<Entry>, ImportError> {
        let list = source.json().and_then(Json::as_list).ok_or(ImportError::Damaged)?;
        Ok(entries(list, read_account))
    }
}

fn read_account(account: &Json) -> Entry {
    // Accounts of Duo itself approve sign-ins.
    let fields = account.get("otpGenerator").ok_or(EntryError::Approvals).and_then(|generator| {
        let kind = if generator.has("counter") { "hotp" } else { "totp" };
        Fields::read(generator, kind, generator.text("otpSecret"), "")
    });
    entry("", account.text("name"), fields)
}
