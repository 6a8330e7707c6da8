//! FreeOTP's tokens: the JSON that FreeOTP+ exports, and the XML that FreeOTP 1 keeps.
//!
//! Both keep the secret as Java's signed bytes, and the counter of the next code, which is -1 before the first.

use super::{Entry, Format, ImportError, ImportFormat, Source};
use crate::OfferError;
use crate::exports::entry::{Fields, Kind, algorithm_of, either, entries, entry};
use crate::exports::error::EntryError;
use crate::exports::json::Json;
use crate::exports::xml;
use countersign_otp::Secret;

pub(super) struct FreeOtp;

impl Format for FreeOtp {
    fn name(&self) -> ImportFormat {
        ImportFormat::FreeOtp
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        match source {
            Source::Json(json) => json.has("tokens") && json.has("tokenOrder"),
            Source::Xml(xml) => xml.contains("issuerExt") && xml.contains("tokenOrder"),
            _ => false,
        }
    }

    fn read(&self, source: &Source<'_>, _: Option<&Secret>) -> Result<Vec<Entry>, ImportError> {
        match source {
            Source::Json(json) => Ok(entries(json.list("tokens")?, read_token)),
            Source::Xml(xml) => {
                let preferences = xml::preferences(xml)?;
                let tokens = preferences.iter().filter(|(name, _)| name != "tokenOrder");
                tokens.map(|(_, text)| Ok(read_token(&Json::parse(text.as_bytes())?))).collect()
            }
            _ => Err(ImportError::Damaged),
        }
    }
}

fn read_token(token: &Json) -> Entry {
    let secret = token.get("secret").and_then(Json::as_bytes);
    let secret = secret.ok_or(EntryError::Offer(OfferError::MissingSecret));
    entry_of_token(token, secret.map(|bytes| Secret::from(bytes.as_slice())))
}

/// A token whose secret was read already.
pub(super) fn entry_of_token(token: &Json, secret: Result<Secret, EntryError>) -> Entry {
    let issuer = [token.text("issuerAlt"), token.text("issuerExt"), token.text("issuerInt")];
    let issuer = issuer.into_iter().find(|text| !text.is_empty()).unwrap_or_default();
    let name = either(token.text("labelAlt"), token.text("label"));
    entry(issuer, name, secret.and_then(|secret| read_fields(token, secret)))
}

fn read_fields(token: &Json, secret: Secret) -> Result<Fields, EntryError> {
    let kind = Kind::named(token.text("type"))?;
    // FreeOTP has no type of its own for Steam, and goes by the issuer.
    let is_steam = token.text("issuerExt") == "Steam" && kind == Kind::Time;
    Ok(Fields {
        kind: if is_steam { Kind::Steam } else { kind },
        secret,
        algorithm: algorithm_of(token.text("algo"))?,
        digits: token.number("digits"),
        period: token.number("period"),
        counter: token.counter("counter"),
    })
}
