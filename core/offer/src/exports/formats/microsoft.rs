//! Microsoft Authenticator's own database on Android, `PhoneFactor`, which only a rooted phone gives away: SQLite.
//!
//! Accounts of other issuers have their secret in base32, personal Microsoft accounts in base64 and eight digits, and
//! work accounts have none that could be copied.

use data_encoding::BASE64;
use rusqlite::limits::Limit;
use rusqlite::{Connection, MAIN_DB};

use super::{Entry, Format, ImportError, ImportFormat, Source};
use crate::OfferError;
use crate::exports::entry::{Fields, Kind, base32, entry};
use crate::exports::error::EntryError;
use countersign_otp::Secret;

pub(super) struct Microsoft;

const MAGIC: &[u8] = b"SQLite format 3\0";
/// The versions for writing and reading in the header: 2 asks for a write-ahead log, which isn't here.
const JOURNAL_VERSIONS: std::ops::Range<usize> = 18..20;
const MAX_VALUE_BYTES: i32 = 64 * 1024;
const MAX_ACCOUNTS: usize = 20_000;
/// Virtual machine steps, far more than that many accounts take.
const MAX_STEPS: std::ffi::c_int = 50_000_000;

impl Format for Microsoft {
    fn name(&self) -> ImportFormat {
        ImportFormat::MicrosoftAuthenticator
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        source.binary().is_some_and(|bytes| bytes.starts_with(MAGIC))
    }

    fn read(&self, source: &Source<'_>, _: Option<&Secret>) -> Result<Vec<Entry>, ImportError> {
        let mut file = source.binary().ok_or(ImportError::Damaged)?.to_vec();
        file.get_mut(JOURNAL_VERSIONS).ok_or(ImportError::Damaged)?.fill(1);
        read_accounts(&file).map_err(|error| match error {
            Failure::Import(error) => error,
            Failure::Sql => ImportError::Damaged,
        })
    }
}

enum Failure {
    Import(ImportError),
    Sql,
}

impl From<rusqlite::Error> for Failure {
    fn from(_: rusqlite::Error) -> Self {
        Self::Sql
    }
}

fn read_accounts(file: &[u8]) -> Result<Vec<Entry>, Failure> {
    let mut connection = Connection::open_in_memory()?;
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, MAX_VALUE_BYTES)?;
    connection.deserialize_read_exact(MAIN_DB, file, file.len(), true)?;
    connection
        .execute_batch("PRAGMA temp_store=MEMORY; PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; PRAGMA query_only=ON;")?;
    connection.progress_handler(MAX_STEPS, Some(|| true))?;
    let mut statement = connection
        .prepare("SELECT name, username, oath_secret_key, account_type FROM accounts")
        .map_err(|_| Failure::Import(ImportError::UnknownFormat))?;
    let mut rows = statement.query([])?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        if entries.len() == MAX_ACCOUNTS {
            return Err(Failure::Import(ImportError::TooMuch));
        }
        let text =
            |index: usize| Ok::<_, rusqlite::Error>(row.get::<_, Option<String>>(index)?.unwrap_or_default());
        let secret = zeroize::Zeroizing::new(text(2)?);
        entries.push(entry(&text(0)?, &text(1)?, fields(row.get(3)?, &secret)));
    }
    Ok(entries)
}

fn fields(account_type: i64, secret: &str) -> Result<Fields, EntryError> {
    match account_type {
        0 | 1 if secret.is_empty() => Err(EntryError::Sealed),
        0 => Ok(Fields::of_secret(Kind::Time, base32(secret)?)),
        1 => {
            let secret = BASE64.decode(secret.trim().as_bytes()).map_err(|_| OfferError::BadSecret)?;
            Ok(Fields { digits: Ok(Some(8)), ..Fields::of_secret(Kind::Time, Secret::new(secret)) })
        }
        _ => Err(EntryError::Approvals),
    }
}
