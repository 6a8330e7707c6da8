//! Bitwarden, and Bitwarden Authenticator: JSON, plain or encrypted with a password (AES-256-CBC and HMAC-SHA-256 under
//! PBKDF2 or Argon2id). What is no login with one-time codes isn't an entry.

use ring::digest::{SHA256, digest};
use ring::hkdf::{HKDF_SHA256, Prk};
use ring::hmac;
use ring::pbkdf2::PBKDF2_HMAC_SHA256;
use zeroize::Zeroizing;

use super::{Entry, Format, ImportError, ImportFormat, Source};
use crate::exports::crypto::{Argon2Cost, Key, argon2id, open_cbc, pbkdf2};
use crate::exports::entry::{Fields, Kind, Place, base32, base64, entry, entry_of_link};
use crate::exports::error::EntryError;
use crate::exports::json::Json;
use crate::exports::trash::is_deleted;
use countersign_otp::Secret;

pub(super) struct Bitwarden;

const FORMAT: ImportFormat = ImportFormat::Bitwarden;

impl Format for Bitwarden {
    fn name(&self) -> ImportFormat {
        FORMAT
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        source.json().is_some_and(|json| {
            // Before 2021 the app wrote no `encrypted`.
            let is_list = |name: &str| json.get(name).and_then(Json::as_list).is_some();
            (json.has("encrypted") && (json.has("items") || json.has("data")))
                || (is_list("items") && (is_list("folders") || is_list("collections") || has_logins(json)))
        })
    }

    fn read(&self, source: &Source<'_>, password: Option<&Secret>) -> Result<Vec<Entry>, ImportError> {
        let file = source.json().ok_or(ImportError::Damaged)?;
        if !matches!(file.get("encrypted"), Some(Json::Bool(true))) {
            return read_content(file);
        }
        if !matches!(file.get("passwordProtected"), Some(Json::Bool(true))) {
            return Err(ImportError::BoundToAccount(FORMAT));
        }
        let keys = Keys::derive(file, self.password(password)?)?;
        // A value that only proves the password comes first.
        keys.open(file.text("encKeyValidation_DO_NOT_EDIT"))?.ok_or(ImportError::WrongPassword(FORMAT))?;
        let content = keys.open(file.text("data"))?.ok_or(ImportError::Damaged)?;
        read_content(&Json::parse(&content)?)
    }
}

struct Keys {
    encryption: Key,
    authentication: Key,
}

impl Keys {
    fn derive(file: &Json, password: &Secret) -> Result<Self, ImportError> {
        let (salt, iterations) = (file.text("salt").as_bytes(), file.parameter("kdfIterations")?);
        let key = match file.parameter("kdfType")? {
            0 => pbkdf2(FORMAT, PBKDF2_HMAC_SHA256, password, salt, iterations)?,
            1 => {
                let memory_kib = file.parameter("kdfMemory")?.saturating_mul(1024);
                let lanes = file.parameter("kdfParallelism")?;
                let cost = Argon2Cost { memory_kib, passes: iterations, lanes };
                argon2id(FORMAT, password, digest(&SHA256, salt).as_ref(), cost)?
            }
            _ => return Err(ImportError::UnknownEncryption(FORMAT)),
        };
        let prk = Prk::new_less_safe(HKDF_SHA256, &*key);
        let expand = |info: &[u8]| {
            let mut key = Zeroizing::new([0; 32]);
            let filled = prk.expand(&[info], HKDF_SHA256).and_then(|okm| okm.fill(&mut *key));
            filled.map(|()| key).map_err(|_| ImportError::Damaged)
        };
        Ok(Self { encryption: expand(b"enc")?, authentication: expand(b"mac")? })
    }

    /// `2.IV|text|MAC`; nothing if the MAC is another.
    fn open(&self, sealed: &str) -> Result<Option<Zeroizing<Vec<u8>>>, ImportError> {
        let parts = sealed.strip_prefix("2.").ok_or(ImportError::UnknownEncryption(FORMAT))?;
        let mut parts = parts.split('|').map(base64);
        let mut part = || parts.next().ok_or(ImportError::Damaged)?;
        let (iv, text, mac) = (part()?, part()?, part()?);
        let key = hmac::Key::new(hmac::HMAC_SHA256, &*self.authentication);
        if hmac::verify(&key, &[iv.as_slice(), text.as_slice()].concat(), &mac).is_err() {
            return Ok(None);
        }
        Ok(open_cbc(&self.encryption, &iv, &text))
    }
}

fn has_logins(json: &Json) -> bool {
    let items = json.get("items").and_then(Json::as_list).unwrap_or_default();
    items.iter().any(|item| item.get("login").is_some_and(|login| login.has("totp")))
}

fn read_content(content: &Json) -> Result<Vec<Entry>, ImportError> {
    let read = |(number, item): (usize, &Json)| {
        let login = item.get("login")?;
        let (issuer, name) = (item.text("name"), login.text("username"));
        let entry = match login.get("totp")? {
            Json::Text(totp) if totp.trim().is_empty() => return None,
            Json::Text(totp) => entry_of_totp(totp, issuer, name),
            _ => entry(issuer, name, Err(EntryError::Malformed)),
        };
        Some(entry.at(Place::Entry(number)).deleted_if(is_deleted(item)))
    };
    Ok((1..).zip(content.list("items")?).filter_map(read).collect())
}

/// The field that password managers keep codes in: a link, or the secret alone.
pub(super) fn entry_of_totp(totp: &str, issuer: &str, name: &str) -> Entry {
    if totp.contains("://") {
        return entry_of_link(totp, issuer, name);
    }
    entry(issuer, name, base32(totp).map(|secret| Fields::of_secret(Kind::Time, secret)))
}
