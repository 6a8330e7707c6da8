//! 2FAS: JSON of schema 1 to 4, plain or encrypted (AES-256-GCM, PBKDF2-HMAC-SHA-256 with 10,000 iterations).
//!
//! Schema 1 has neither digits, period, algorithm nor type: the app had nothing but codes of six digits by 30 seconds.

use super::{Entry, Format, ImportError, ImportFormat, Source, expect_version};
use crate::exports::crypto::{open_gcm, pbkdf2};
use crate::exports::entry::{Fields, base64, either, entries, entry};
use crate::exports::json::Json;
use countersign_otp::Secret;

pub(super) struct TwoFas;

const FORMAT: ImportFormat = ImportFormat::TwoFas;
const ITERATIONS: u64 = 10_000;

impl Format for TwoFas {
    fn name(&self) -> ImportFormat {
        FORMAT
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        source.json().is_some_and(|json| json.has("schemaVersion") && json.has("services"))
    }

    fn read(&self, source: &Source<'_>, password: Option<&Secret>) -> Result<Vec<Entry>, ImportError> {
        let file = source.json().ok_or(ImportError::Damaged)?;
        expect_version(FORMAT, file.parameter("schemaVersion")?, 1..=4)?;
        let Some(sealed) = file.get("servicesEncrypted") else {
            return Ok(entries(file.list("services")?, read_entry));
        };
        let mut parts = sealed.as_text().ok_or(ImportError::Damaged)?.split(':').map(base64);
        let mut part = || parts.next().ok_or(ImportError::Damaged)?;
        let (sealed, salt, nonce) = (part()?, part()?, part()?);
        let password = self.password(password)?;
        let key = pbkdf2(FORMAT, ring::pbkdf2::PBKDF2_HMAC_SHA256, password, &salt, ITERATIONS)?;
        let services = open_gcm(&*key, &nonce, &[], &sealed).ok_or(ImportError::WrongPassword(FORMAT))?;
        let services = Json::parse(&services)?;
        Ok(entries(services.as_list().ok_or(ImportError::Damaged)?, read_entry))
    }
}

fn read_entry(service: &Json) -> Entry {
    let otp = service.get("otp").unwrap_or(&Json::Null);
    let secret = service.text("secret");
    let fields = Fields::read(otp, otp.text("tokenType"), secret, otp.text("algorithm"));
    let issuer = either(service.text("name"), otp.text("issuer"));
    entry(issuer, either(otp.text("account"), otp.text("label")), fields)
}
