//! andOTP: a JSON list, plain or encrypted (AES-256-GCM), now under PBKDF2-HMAC-SHA-1 with the iterations in front, and
//! before under SHA-256 of the password alone.
//!
//! An encrypted file has no mark at all, so whatever binary file no other format claims is tried as one.

use ring::digest::{SHA256, digest};
use ring::pbkdf2::PBKDF2_HMAC_SHA1;
use zeroize::Zeroizing;

use super::{Entry, Format, ImportError, ImportFormat, Source};
use crate::exports::crypto::{open_gcm, pbkdf2};
use crate::exports::entry::{Fields, entries, entry};
use crate::exports::json::Json;
use crate::issuer_and_name;
use countersign_otp::Secret;

pub(super) struct AndOtp;

const FORMAT: ImportFormat = ImportFormat::AndOtp;
const NONCE_LEN: usize = 12;
const SALT_LEN: usize = 12;
/// What the app chooses from, with room; other numbers aren't iterations.
const ITERATIONS: std::ops::RangeInclusive<u32> = 1_000..=1_000_000;

impl Format for AndOtp {
    fn name(&self) -> ImportFormat {
        FORMAT
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        match source {
            Source::Json(json) => json
                .as_list()
                .and_then(<[Json]>::first)
                .is_some_and(|entry| entry.has("secret") && entry.has("label") && entry.has("type")),
            Source::Binary(_) => true,
            _ => false,
        }
    }

    fn read(&self, source: &Source<'_>, password: Option<&Secret>) -> Result<Vec<Entry>, ImportError> {
        match source {
            Source::Json(json) => read_list(json),
            Source::Binary(bytes) => read_list(&Json::parse(&open(bytes, password)?)?),
            _ => Err(ImportError::Damaged),
        }
    }
}

fn open(file: &[u8], password: Option<&Secret>) -> Result<Zeroizing<Vec<u8>>, ImportError> {
    let (iterations, rest) = file.split_first_chunk::<4>().ok_or(ImportError::UnknownFormat)?;
    let iterations = u32::from_be_bytes(*iterations);
    let is_new = ITERATIONS.contains(&iterations);
    let unopened = if is_new { ImportError::WrongPassword(FORMAT) } else { ImportError::UnknownFormat };
    let Some(password) = password else {
        return Err(if is_new { ImportError::PasswordNeeded(FORMAT) } else { unopened });
    };
    if is_new && let Some((salt, sealed)) = rest.split_at_checked(SALT_LEN) {
        let key = pbkdf2(FORMAT, PBKDF2_HMAC_SHA1, password, salt, iterations.into())?;
        if let Some(content) = open_with(&*key, sealed) {
            return Ok(content);
        }
    }
    open_with(digest(&SHA256, password.expose()).as_ref(), file).ok_or(unopened)
}

fn open_with(key: &[u8], file: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, sealed) = file.split_at_checked(NONCE_LEN)?;
    open_gcm(key, nonce, &[], sealed)
}

fn read_list(content: &Json) -> Result<Vec<Entry>, ImportError> {
    Ok(entries(content.as_list().ok_or(ImportError::Damaged)?, read_entry))
}

fn read_entry(json: &Json) -> Entry {
    let (issuer, name) = match json.text("label").split_once(" - ") {
        // Before it had a field for the issuer.
        Some((issuer, name)) if !json.has("issuer") => (issuer.to_owned(), name.to_owned()),
        // A label is that of the link which it was scanned from.
        _ => issuer_and_name(json.text("label"), json.text("issuer")),
    };
    entry(&issuer, &name, Fields::read(json, json.text("type"), json.text("secret"), json.text("algorithm")))
}
