//! Authy's own store on Android, which only a rooted phone gives away: JSON in XML, the secrets plain or encrypted
//! with the backup password (AES-256-CBC, PBKDF2-HMAC-SHA-1 with 1,000 iterations).

use ring::pbkdf2::PBKDF2_HMAC_SHA1;

use super::{Entry, Format, ImportError, ImportFormat, Source};
use crate::OfferError;
use crate::exports::crypto::{open_cbc, pbkdf2};
use crate::exports::entry::{Fields, Kind, base32, base64, either, entry, hex};
use crate::exports::error::EntryError;
use crate::exports::json::Json;
use crate::exports::trash::is_deleted;
use crate::exports::xml;
use countersign_otp::Secret;

pub(super) struct Authy;

const FORMAT: ImportFormat = ImportFormat::Authy;
const PREFERENCES: [&str; 2] =
    ["com.authy.storage.tokens.authenticator.key", "com.authy.storage.tokens.authy.key"];
const ITERATIONS: u64 = 1000;
/// Each encrypted secret costs a derivation of its own.
const MAX_TOKENS: usize = 5_000;
/// Authy's own tokens change every 10 seconds.
const OWN_PERIOD: u64 = 10;

impl Format for Authy {
    fn name(&self) -> ImportFormat {
        FORMAT
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        matches!(source, Source::Xml(xml) if PREFERENCES.iter().any(|name| xml.contains(name)))
    }

    fn read(&self, source: &Source<'_>, password: Option<&Secret>) -> Result<Vec<Entry>, ImportError> {
        let Source::Xml(xml) = source else { return Err(ImportError::Damaged) };
        let mut entries = Vec::new();
        for (name, text) in xml::preferences(xml)? {
            if !PREFERENCES.contains(&name.as_str()) {
                continue;
            }
            let tokens = Json::parse(text.as_bytes())?;
            let tokens = tokens.as_list().ok_or(ImportError::Damaged)?;
            if tokens.len() > MAX_TOKENS {
                return Err(ImportError::TooMuch);
            }
            for token in tokens {
                entries.push(read_token(token, password)?.deleted_if(is_deleted(token)));
            }
        }
        Ok(entries)
    }
}

fn read_token(token: &Json, password: Option<&Secret>) -> Result<Entry, ImportError> {
    let damaged = EntryError::Offer(OfferError::BadSecret);
    if token.has("secretSeed") {
        let secret = hex(token.text("secretSeed")).map_err(|_| damaged);
        let fields = secret.and_then(|secret| fields(token, Secret::from(secret.as_slice()), OWN_PERIOD));
        return Ok(entry(token.text("name"), "", fields));
    }
    let secret = if token.has("encryptedSecret") {
        let password = password.ok_or(ImportError::PasswordNeeded(FORMAT))?;
        let text = open(token, password)?;
        // Without a MAC a wrong password is told by what comes out.
        let secret = str::from_utf8(&text).ok().and_then(|text| base32(text).ok());
        Ok(secret.ok_or(ImportError::WrongPassword(FORMAT))?)
    } else {
        base32(token.text("decryptedSecret"))
    };
    let (issuer, name) = names(token);
    Ok(entry(issuer, name, secret.and_then(|secret| fields(token, secret, 30))))
}

fn fields(token: &Json, secret: Secret, period: u64) -> Result<Fields, EntryError> {
    let digits = token.number("digits");
    Ok(Fields { digits, period: Ok(Some(period)), ..Fields::of_secret(Kind::Time, secret) })
}

fn open(token: &Json, password: &Secret) -> Result<zeroize::Zeroizing<Vec<u8>>, ImportError> {
    let sealed = base64(token.text("encryptedSecret"))?;
    let salt = token.text("salt").as_bytes();
    let key = pbkdf2(FORMAT, PBKDF2_HMAC_SHA1, password, salt, ITERATIONS)?;
    open_cbc(&key, &[0; 16], &sealed).ok_or(ImportError::WrongPassword(FORMAT))
}

/// Authy writes `Issuer: name` into the name, and the issuer beside it where it knows one.
fn names(token: &Json) -> (&str, &str) {
    let name = either(token.text("name"), token.text("originalName"));
    let issuer = token.text("originalIssuer");
    match name.split_once(':') {
        Some((prefix, rest)) if issuer.is_empty() || prefix.trim() == issuer => (prefix.trim(), rest.trim()),
        _ => (either(issuer, token.text("accountType")), name),
    }
}
