//! FreeOTP 2's backup, `externalBackup.xml`, which is no XML but a Java `HashMap` of texts as `ObjectOutputStream` writes
//! it: for each token its JSON, and its secret encrypted (AES-256-GCM) with a master key, which PBKDF2 of the password
//! opens.

use std::collections::HashMap;

use ring::pbkdf2::{PBKDF2_HMAC_SHA1, PBKDF2_HMAC_SHA512};
use zeroize::Zeroizing;

use super::freeotp::entry_of_token;
use super::{Entry, Format, ImportError, ImportFormat, Source};
use crate::exports::crypto::{open_gcm, pbkdf2};
use crate::exports::error::EntryError;
use crate::exports::java;
use crate::exports::json::Json;
use countersign_otp::Secret;

pub(super) struct FreeOtpBackup;

const FORMAT: ImportFormat = ImportFormat::FreeOtp;

impl Format for FreeOtpBackup {
    fn name(&self) -> ImportFormat {
        FORMAT
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        source.binary().is_some_and(|bytes| bytes.starts_with(java::MAGIC))
    }

    fn read(&self, source: &Source<'_>, password: Option<&Secret>) -> Result<Vec<Entry>, ImportError> {
        let map = java::string_map(source.binary().ok_or(ImportError::Damaged)?)?;
        let texts: HashMap<&str, &str> =
            map.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        let master = texts.get("masterKey").ok_or(ImportError::Damaged)?;
        let master = open_master_key(&Json::parse(master.as_bytes())?, self.password(password)?)?;
        let mut entries = Vec::new();
        for (name, token) in &map {
            let Some(id) = name.strip_suffix("-token") else { continue };
            let key = texts.get(id).and_then(|key| open_secret(key, &master)).ok_or(EntryError::Malformed);
            entries.push(entry_of_token(&Json::parse(token.as_bytes())?, key));
        }
        Ok(entries)
    }
}

fn open_master_key(master: &Json, password: &Secret) -> Result<Zeroizing<Vec<u8>>, ImportError> {
    let algorithm = match master.text("mAlgorithm") {
        "PBKDF2withHmacSHA1" => PBKDF2_HMAC_SHA1,
        "PBKDF2withHmacSHA512" => PBKDF2_HMAC_SHA512,
        _ => return Err(ImportError::UnknownEncryption(FORMAT)),
    };
    let salt = master.get("mSalt").and_then(Json::as_bytes).ok_or(ImportError::Damaged)?;
    let key = pbkdf2(FORMAT, algorithm, password, &salt, master.parameter("mIterations")?)?;
    let sealed = master.get("mEncryptedKey").ok_or(ImportError::Damaged)?;
    open(sealed, &*key).ok_or(ImportError::WrongPassword(FORMAT))
}

fn open_secret(entry: &str, master: &[u8]) -> Option<Secret> {
    let entry = Json::parse(entry.as_bytes()).ok()?;
    let sealed = Json::parse(entry.text("key").as_bytes()).ok()?;
    Some(Secret::from(open(&sealed, master)?.as_slice()))
}

fn open(sealed: &Json, key: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    if sealed.text("mCipher") != "AES/GCM/NoPadding" {
        return None;
    }
    let parameters = sealed.get("mParameters")?.as_bytes()?;
    let text = sealed.get("mCipherText")?.as_bytes()?;
    open_gcm(key, nonce(&parameters)?, sealed.text("mToken").as_bytes(), &text)
}

/// DER: an octet string, alone or first in a sequence.
fn nonce(parameters: &[u8]) -> Option<&[u8]> {
    match parameters {
        [0x04, 12, rest @ ..] | [0x30, _, 0x04, 12, rest @ ..] => rest.get(..12),
        _ => None,
    }
}
