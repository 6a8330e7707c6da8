//! Aegis: JSON, plain or encrypted (AES-256-GCM, scrypt slots). Described in its repository, `docs/vault.md`.

use super::{Entry, Format, ImportError, ImportFormat, Source, expect_version};
use crate::exports::crypto::{open_gcm, scrypt};
use crate::exports::entry::{Fields, base64, entries, entry, hex};
use crate::exports::json::Json;
use countersign_otp::Secret;

pub(super) struct Aegis;

const FORMAT: ImportFormat = ImportFormat::Aegis;
/// A slot that a password opens.
const PASSWORD_SLOT: u64 = 1;
/// Each costs a key derivation.
const MAX_SLOTS: usize = 8;

impl Format for Aegis {
    fn name(&self) -> ImportFormat {
        FORMAT
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        source.json().is_some_and(|json| json.has("db") && json.has("header"))
    }

    fn read(&self, source: &Source<'_>, password: Option<&Secret>) -> Result<Vec<Entry>, ImportError> {
        let file = source.json().ok_or(ImportError::Damaged)?;
        expect_version(FORMAT, file.parameter("version")?, 1..=1)?;
        match file.get("db") {
            Some(Json::Text(sealed)) => {
                let header = file.get("header").ok_or(ImportError::Damaged)?;
                let content = open(header, sealed, self.password(password)?)?;
                read_content(&Json::parse(&content)?)
            }
            Some(content) => read_content(content),
            None => Err(ImportError::Damaged),
        }
    }
}

fn open(header: &Json, sealed: &str, password: &Secret) -> Result<zeroize::Zeroizing<Vec<u8>>, ImportError> {
    let mut sealed = base64(sealed)?;
    let params = header.get("params").ok_or(ImportError::Damaged)?;
    sealed.extend_from_slice(&hex(params.text("tag"))?);
    let nonce = hex(params.text("nonce"))?;
    let slots = header.list("slots")?;
    let slots = slots.iter().filter(|slot| slot.number("type") == Ok(Some(PASSWORD_SLOT)));
    for slot in slots.take(MAX_SLOTS) {
        let cost = [slot.parameter("n")?, slot.parameter("r")?, slot.parameter("p")?];
        let slot_key = scrypt(FORMAT, password, &hex(slot.text("salt"))?, cost)?;
        let params = slot.get("key_params").ok_or(ImportError::Damaged)?;
        let mut wrapped = hex(slot.text("key"))?;
        wrapped.extend_from_slice(&hex(params.text("tag"))?);
        if let Some(key) = open_gcm(&*slot_key, &hex(params.text("nonce"))?, &[], &wrapped) {
            return open_gcm(&key, &nonce, &[], &sealed).ok_or(ImportError::Damaged);
        }
    }
    Err(ImportError::WrongPassword(FORMAT))
}

fn read_content(content: &Json) -> Result<Vec<Entry>, ImportError> {
    expect_version(FORMAT, content.parameter("version")?, 1..=3)?;
    Ok(entries(content.list("entries")?, read_entry))
}

fn read_entry(json: &Json) -> Entry {
    let info = json.get("info").unwrap_or(&Json::Null);
    let fields = Fields::read(info, json.text("type"), info.text("secret"), info.text("algo"));
    entry(json.text("issuer"), json.text("name"), fields)
}
