//! Stratum, once Authenticator Pro: JSON, plain or encrypted, now with AES-256-GCM under Argon2id and before with
//! AES-256-CBC under PBKDF2-HMAC-SHA-1. Described in its repository, `doc/BACKUP_FORMAT.md`.

use zeroize::Zeroizing;

use super::{Entry, Format, ImportError, ImportFormat, Source};
use crate::OfferError;
use crate::exports::crypto::{Argon2Cost, argon2id, open_cbc, open_gcm, pbkdf2};
use crate::exports::entry::{Fields, entries, entry};
use crate::exports::error::EntryError;
use crate::exports::json::Json;
use countersign_otp::Secret;

pub(super) struct Stratum;

const FORMAT: ImportFormat = ImportFormat::Stratum;
const MAGIC: &[u8] = b"AUTHENTICATORPRO";
const LEGACY_MAGIC: &[u8] = b"AuthenticatorPro";
const COST: Argon2Cost = Argon2Cost { memory_kib: 64 * 1024, passes: 3, lanes: 4 };
const LEGACY_ITERATIONS: u64 = 64_000;

impl Format for Stratum {
    fn name(&self) -> ImportFormat {
        FORMAT
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        match source {
            Source::Json(json) => json.has("Authenticators"),
            Source::Binary(bytes) => bytes.starts_with(MAGIC) || bytes.starts_with(LEGACY_MAGIC),
            _ => false,
        }
    }

    fn read(&self, source: &Source<'_>, password: Option<&Secret>) -> Result<Vec<Entry>, ImportError> {
        match source {
            Source::Json(json) => read_content(json),
            Source::Binary(bytes) => read_content(&Json::parse(&open(bytes, self.password(password)?)?)?),
            _ => Err(ImportError::Damaged),
        }
    }
}

fn open(file: &[u8], password: &Secret) -> Result<Zeroizing<Vec<u8>>, ImportError> {
    let opened = if let Some(rest) = file.strip_prefix(MAGIC) {
        let (salt, rest) = rest.split_at_checked(16).ok_or(ImportError::Damaged)?;
        let (nonce, sealed) = rest.split_at_checked(12).ok_or(ImportError::Damaged)?;
        open_gcm(&*argon2id(FORMAT, password, salt, COST)?, nonce, &[], sealed)
    } else {
        let rest = file.strip_prefix(LEGACY_MAGIC).ok_or(ImportError::Damaged)?;
        let (salt, rest) = rest.split_at_checked(20).ok_or(ImportError::Damaged)?;
        let (iv, sealed) = rest.split_at_checked(16).ok_or(ImportError::Damaged)?;
        let key = pbkdf2(FORMAT, ring::pbkdf2::PBKDF2_HMAC_SHA1, password, salt, LEGACY_ITERATIONS)?;
        // Without a MAC a wrong password is told by what comes out.
        open_cbc(&key, iv, sealed).filter(|text| text.starts_with(b"{"))
    };
    opened.ok_or(ImportError::WrongPassword(FORMAT))
}

fn read_content(content: &Json) -> Result<Vec<Entry>, ImportError> {
    Ok(entries(content.list("Authenticators")?, read_entry))
}

fn read_entry(json: &Json) -> Entry {
    entry(json.text("Issuer"), json.text("Username"), read_fields(json))
}

fn read_fields(json: &Json) -> Result<Fields, EntryError> {
    // Mobile-OTP (3) and Yandex (5) have algorithms of their own.
    let kind = match json.number("Type")? {
        Some(1) => "hotp",
        Some(2) => "totp",
        Some(4) => "steam",
        _ => return Err(OfferError::UnsupportedType.into()),
    };
    let algorithm = match json.number("Algorithm")? {
        Some(0) | None => "SHA1",
        Some(1) => "SHA256",
        Some(2) => "SHA512",
        Some(_) => return Err(OfferError::UnsupportedAlgorithm.into()),
    };
    let mut fields = Fields::read(&Json::Null, kind, json.text("Secret"), algorithm)?;
    fields.digits = json.number("Digits");
    fields.period = json.number("Period");
    fields.counter = json.counter("Counter");
    Ok(fields)
}
