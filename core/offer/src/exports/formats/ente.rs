//! Ente Auth's encrypted export: JSON around a libsodium secret stream of otpauth links, under Argon2id. Described in
//! Ente's documentation, "Auth Encrypted Export format". Its plain export is a list of links.

use super::{Entry, Format, ImportError, ImportFormat, Source, expect_version};
use crate::exports::crypto::{Argon2Cost, argon2id, open_secretstream};
use crate::exports::entry::base64;
use crate::exports::links;
use countersign_otp::Secret;

pub(super) struct Ente;

const FORMAT: ImportFormat = ImportFormat::EnteAuth;

impl Format for Ente {
    fn name(&self) -> ImportFormat {
        FORMAT
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        source.json().is_some_and(|json| json.has("kdfParams") && json.has("encryptedData"))
    }

    fn read(&self, source: &Source<'_>, password: Option<&Secret>) -> Result<Vec<Entry>, ImportError> {
        let file = source.json().ok_or(ImportError::Damaged)?;
        expect_version(FORMAT, file.parameter("version")?, 1..=1)?;
        let kdf = file.get("kdfParams").ok_or(ImportError::Damaged)?;
        let (sealed, header) = (base64(file.text("encryptedData"))?, base64(file.text("encryptionNonce"))?);
        // libsodium counts bytes.
        let cost = Argon2Cost {
            memory_kib: kdf.parameter("memLimit")? / 1024,
            passes: kdf.parameter("opsLimit")?,
            lanes: 1,
        };
        let key = argon2id(FORMAT, self.password(password)?, &base64(kdf.text("salt"))?, cost)?;
        let text = open_secretstream(&key, &header, &sealed).ok_or(ImportError::WrongPassword(FORMAT))?;
        links::entries(str::from_utf8(&text).map_err(|_| ImportError::Damaged)?)
    }
}
