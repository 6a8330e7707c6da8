//! TOTP Authenticator, of BinaryBoot: its backup, and the store that a rooted phone gives away.
//!
//! The backup is base64 of JSON under AES-256-CBC, the key SHA-256 of the password and the initialisation vector zeros. Who
//! sets no password gets one that is the same for everybody. The JSON is an object of one member, whose *name* is the list
//! of accounts as text. Without a MAC a wrong password is told by what comes out.

use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};
use ring::digest::{SHA256, digest};
use zeroize::Zeroizing;

use super::{Entry, Format, ImportError, ImportFormat, Source};
use crate::OfferError;
use crate::exports::crypto::open_cbc;
use crate::exports::entry::{Fields, Kind, base32, entries, entry};
use crate::exports::error::EntryError;
use crate::exports::json::Json;
use crate::exports::xml;
use countersign_otp::Secret;

pub(super) struct TotpAuthenticator;

const FORMAT: ImportFormat = ImportFormat::TotpAuthenticator;
const COMMON_PASSWORD: &[u8] = b"TotpAuthenticator";
const PREFERENCE: &str = "STATIC_TOTP_CODES_LIST";
const BLOCK: usize = 16;
/// One account takes more, and a secret alone, which is base64 as well, less.
const MIN_BYTES: usize = 128;

impl Format for TotpAuthenticator {
    fn name(&self) -> ImportFormat {
        FORMAT
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        match source {
            Source::Xml(xml) => xml.contains(PREFERENCE),
            Source::Text(text) => sealed(text).is_some(),
            _ => false,
        }
    }

    fn read(&self, source: &Source<'_>, password: Option<&Secret>) -> Result<Vec<Entry>, ImportError> {
        match source {
            Source::Xml(xml) => {
                let preferences = xml::preferences(xml)?;
                let list = preferences.iter().find(|(name, _)| name == PREFERENCE);
                let (_, list) = list.ok_or(ImportError::Damaged)?;
                read_list(list)
            }
            Source::Text(text) => {
                let sealed = sealed(text).ok_or(ImportError::Damaged)?;
                if let Some(content) = open(&sealed, COMMON_PASSWORD) {
                    return read_backup(&content);
                }
                let password = self.password(password)?;
                let content = open(&sealed, password.expose()).ok_or(ImportError::WrongPassword(FORMAT))?;
                read_backup(&content)
            }
            _ => Err(ImportError::Damaged),
        }
    }
}

/// The bytes of a text that is base64 of whole blocks and nothing else.
fn sealed(text: &str) -> Option<Vec<u8>> {
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=\r\n \t".contains(&byte);
    if !text.bytes().all(is_base64) {
        return None;
    }
    let text: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let bytes = BASE64.decode(&text).ok()?;
    (bytes.len() >= MIN_BYTES && bytes.len().is_multiple_of(BLOCK)).then_some(bytes)
}

fn open(sealed: &[u8], password: &[u8]) -> Option<Json> {
    let mut key = Zeroizing::new([0; 32]);
    key.copy_from_slice(digest(&SHA256, password).as_ref());
    let content = open_cbc(&key, &[0; BLOCK], sealed)?;
    if !content.starts_with(b"{") {
        return None;
    }
    Json::parse(&content).ok()
}

fn read_backup(content: &Json) -> Result<Vec<Entry>, ImportError> {
    let (list, _) = content.members().next().ok_or(ImportError::Empty)?;
    read_list(list)
}

fn read_list(list: &str) -> Result<Vec<Entry>, ImportError> {
    let list = Json::parse(list.as_bytes())?;
    Ok(entries(list.as_list().ok_or(ImportError::Damaged)?, read_entry))
}

/// An account is an object, or that as text.
fn read_entry(json: &Json) -> Entry {
    match json.as_text().map(|text| Json::parse(text.as_bytes())) {
        Some(Ok(account)) => read_account(&account),
        Some(Err(_)) => entry("", "", Err(EntryError::Malformed)),
        None => read_account(json),
    }
}

fn read_account(account: &Json) -> Entry {
    // What the app writes where there is no issuer.
    let issuer = Some(account.text("issuer")).filter(|issuer| *issuer != "Unknown").unwrap_or_default();
    entry(issuer, account.text("name"), read_fields(account))
}

fn read_fields(account: &Json) -> Result<Fields, EntryError> {
    let key = account.text("key").trim();
    let bad = |_| EntryError::Offer(OfferError::BadSecret);
    let secret = match account.number("base")? {
        _ if key.is_empty() => return Err(OfferError::MissingSecret.into()),
        Some(16) => Secret::new(HEXLOWER_PERMISSIVE.decode(key.as_bytes()).map_err(bad)?),
        Some(32) => base32(key)?,
        Some(64) => Secret::new(BASE64.decode(key.as_bytes()).map_err(bad)?),
        _ => return Err(OfferError::BadSecret.into()),
    };
    let (digits, period) = (account.number("digits"), account.number("period"));
    Ok(Fields { digits, period, ..Fields::of_secret(Kind::Time, secret) })
}
