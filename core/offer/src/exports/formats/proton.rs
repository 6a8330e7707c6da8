//! Proton Authenticator: JSON with a link for each entry, plain or encrypted (AES-256-GCM under Argon2id).

use super::{Entry, Format, ImportError, ImportFormat, Source, expect_version};
use crate::exports::crypto::{Argon2Cost, argon2id, open_gcm};
use crate::exports::entry::{base64, entries, entry_of_link};
use crate::exports::json::Json;
use countersign_otp::Secret;

pub(super) struct Proton;

const FORMAT: ImportFormat = ImportFormat::ProtonAuthenticator;
const COST: Argon2Cost = Argon2Cost { memory_kib: 19 * 1024, passes: 2, lanes: 1 };
const AAD: &[u8] = b"proton.authenticator.export.v1";
const NONCE_LEN: usize = 12;

impl Format for Proton {
    fn name(&self) -> ImportFormat {
        FORMAT
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        source.json().is_some_and(|json| {
            json.has("version") && (json.has("entries") || (json.has("salt") && json.has("content")))
        })
    }

    fn read(&self, source: &Source<'_>, password: Option<&Secret>) -> Result<Vec<Entry>, ImportError> {
        let file = source.json().ok_or(ImportError::Damaged)?;
        expect_version(FORMAT, file.parameter("version")?, 1..=1)?;
        if file.has("entries") {
            return read_content(file);
        }
        let sealed = base64(file.text("content"))?;
        let (nonce, sealed) = sealed.split_at_checked(NONCE_LEN).ok_or(ImportError::Damaged)?;
        let key = argon2id(FORMAT, self.password(password)?, &base64(file.text("salt"))?, COST)?;
        let content = open_gcm(&*key, nonce, AAD, sealed).ok_or(ImportError::WrongPassword(FORMAT))?;
        read_content(&Json::parse(&content)?)
    }
}

fn read_content(content: &Json) -> Result<Vec<Entry>, ImportError> {
    Ok(entries(content.list("entries")?, read_entry))
}

fn read_entry(json: &Json) -> Entry {
    let content = json.get("content").unwrap_or(&Json::Null);
    entry_of_link(content.text("uri"), "", content.text("name"))
}
