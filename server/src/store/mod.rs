//! The database: one SQLite file, one thread that writes and a few that read.
//!
//! | pragma | value | why |
//! |---|---|---|
//! | `journal_mode` | WAL | readers never wait for the writer |
//! | `synchronous` | FULL | what was answered to a phone is on the disk |
//! | `foreign_keys` | ON | no row refers to nothing |
//! | `busy_timeout` | 5 s | the command line may write beside the service |
//! | `query_only` | ON for readers | a read can't write by mistake |
//!
//! A commit with `synchronous = FULL` costs a disk flush. The writer therefore takes every closure that has queued up
//! meanwhile into one transaction ([`worker`]), which is what gives throughput without giving up durability.
//! Each table family has a file of its own; state changes there are compare-and-set, so that nothing happens twice.

pub(crate) mod accounts;
pub(crate) mod audit;
pub(crate) mod authorize_requests;
pub(crate) mod challenges;
pub(crate) mod clients;
pub(crate) mod clock;
pub(crate) mod devices;
pub(crate) mod enrolments;
pub(crate) mod entra_requests;
pub(crate) mod failures;
pub(crate) mod idempotency;
pub(crate) mod identities;
pub(crate) mod mailboxes;
pub(crate) mod organisations;
pub(crate) mod page_claims;
pub(crate) mod pushes;
mod schema;
pub(crate) mod set;
pub(crate) mod sign_ins;
pub(crate) mod signing_keys;
mod trouble;
mod worker;

use std::path::Path;
use std::sync::Arc;

use countersign_protocol::{Id, Jwk, Thumbprint};
use rusqlite::{Connection, OpenFlags, Row};

pub use self::schema::SchemaError;
pub(crate) use self::schema::is_empty;
pub(crate) use self::trouble::Trouble;
pub(crate) use self::worker::{Store, Transaction};
use crate::keys::SealError;

/// Why the database didn't do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    #[error("the database failed")]
    Sqlite(#[from] rusqlite::Error),
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error("a row of the database is damaged: {0}")]
    Damaged(&'static str),
    #[error("the changes could not be committed")]
    NotCommitted,
    /// The transaction that the changes were in failed as a whole; the log has SQLite's error.
    #[error("the transaction could not be committed")]
    Transaction(Trouble),
    #[error("a change or a query panicked")]
    Panicked,
    #[error("the database is closed")]
    Closed,
}

impl StoreError {
    /// Why the database doesn't work, if that is the reason.
    pub(crate) fn trouble(&self) -> Trouble {
        match self {
            Self::Sqlite(error) => Trouble::of(error),
            Self::Transaction(trouble) => *trouble,
            Self::Damaged(_) | Self::Seal(_) => Trouble::Damaged,
            Self::NotCommitted | Self::Panicked | Self::Closed => Trouble::Other,
        }
    }
}

pub(crate) type Result<T> = std::result::Result<T, StoreError>;

/// Opens the file at `path` for writing, made if it isn't there, with its pragmas set.
pub(crate) fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", "ON")?;
    connection.set_prepared_statement_cache_capacity(128);
    Ok(connection)
}

/// Brings the schema to this version's.
pub(crate) fn migrate(connection: &mut Connection) -> std::result::Result<(), SchemaError> {
    schema::migrate(connection)
}

/// Starts the threads on an open and migrated database. `on_commit` is told what changed, after each commit.
pub(crate) fn start(
    path: &Path,
    writer: Connection,
    on_commit: Arc<dyn Fn(Id) + Send + Sync>,
) -> Result<Store> {
    const READERS: usize = 2;
    let readers = (0..READERS)
        .map(|_| {
            let connection = connect(path)?;
            connection.pragma_update(None, "query_only", "ON")?;
            Ok(connection)
        })
        .collect::<rusqlite::Result<Vec<_>>>()?;
    Store::start(writer, readers, on_commit)
}

fn id(row: &Row<'_>, column: &str) -> rusqlite::Result<Id> {
    row.get(column).map(Id::from_bytes)
}

fn optional_id(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<Id>> {
    Ok(row.get::<_, Option<[u8; 16]>>(column)?.map(Id::from_bytes))
}

fn key(row: &Row<'_>, column: &'static str) -> Result<Jwk> {
    let point: [u8; 65] = row.get(column)?;
    Jwk::from_point(&point).map_err(|_| StoreError::Damaged(column))
}

fn thumbprint(row: &Row<'_>, column: &'static str) -> Result<Thumbprint> {
    row.get_ref(column)?.as_str().ok().and_then(|text| text.parse().ok()).ok_or(StoreError::Damaged(column))
}

/// An enumeration that is stored, and written in replies, as text.
macro_rules! text_enum {
    ($(#[$meta:meta])* $name:ident { $($(#[$about:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
        pub(crate) enum $name {
            $($(#[$about])* #[serde(rename = $text)] $variant),+
        }

        impl $name {
            /// Its stored text.
            #[must_use]
            pub(crate) const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl std::str::FromStr for $name {
            type Err = ();

            fn from_str(text: &str) -> std::result::Result<Self, ()> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err(()),
                }
            }
        }

        // Not derived: within a macro utoipa doesn't see what serde renames, and would describe other texts.
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::schema::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .enum_values(Some([$($text),+]))
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {}

        impl rusqlite::ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
                Ok(self.as_str().into())
            }
        }

        impl rusqlite::types::FromSql for $name {
            fn column_result(value: rusqlite::types::ValueRef<'_>) -> rusqlite::types::FromSqlResult<Self> {
                value.as_str()?.parse().map_err(|()| rusqlite::types::FromSqlError::InvalidType)
            }
        }
    };
}
pub(crate) use text_enum;
