//! Opening the data folder: database, master key, and what the first start makes.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use countersign_protocol::name::{self, NameError};
use rusqlite::{Connection, TransactionBehavior, params};

use crate::actions::clients::{self as managing, Manager};
use crate::config::Config;
use crate::keys::{KeyRing, Keys, MasterKeyError, obtain_master_key, write_private};
use crate::oidc::NewKey;
use crate::refusal::Refusal;
use crate::relying_party::ApiError;
use crate::secret::SecretText;
use crate::store::clients::{self, Client, ClientKind};
use crate::store::signing_keys::{self, Purpose};
use crate::store::{self, SchemaError, StoreError, organisations};
use crate::time::Time;

/// Name of the file with the first API key, in the data folder.
pub const API_KEY_FILE: &str = "api-key";
/// Name of the database file, in the data folder.
pub const DATABASE_FILE: &str = "countersign.db";
/// Name of the organisation that the first start makes.
pub const DEFAULT_ORGANISATION: &str = "default";
/// Name of the client that the first API key belongs to.
pub const DEFAULT_CLIENT: &str = "default";

/// Why the data folder can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// The folder or a file in it can't be made or read.
    #[error("{} can't be made or used", .0.display())]
    Folder(PathBuf, #[source] std::io::Error),
    /// There is no database, where there has to be one.
    #[error("there is no database in {}: start countersign-server on it first, or name its folder with --data", .0.display())]
    NoDatabase(PathBuf),
    /// An organisation or a client can't be called this.
    #[error("--{which}: {error}")]
    Name {
        /// Which of the two.
        which: &'static str,
        /// What is wrong with its name.
        error: NameError,
    },
    /// What was asked for can't be done, for this reason.
    #[error("{0}")]
    Refused(String),
    /// Another service works on it.
    #[error("another countersign-server is using {}: stop it, or name another folder with --data", .0.display())]
    InUse(PathBuf),
    /// The master key is missing, malformed, or another one.
    #[error(transparent)]
    MasterKey(#[from] MasterKeyError),
    /// The database is from a newer version, or can't be opened.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// The database can't be read or written, or something sealed in it doesn't open.
    #[error("the database {} can't be used: {reason}", path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// What SQLite says, or which part is damaged.
        reason: String,
    },
}

/// An opened data folder.
pub(crate) struct Opened {
    pub(crate) connection: Connection,
    pub(crate) keys: Keys,
    pub(crate) ring: KeyRing,
    /// Whether this was the first start.
    pub(crate) first: bool,
}

/// Opens the folder for a service, and sets it up if it is new.
pub(crate) fn open_alone(config: &Config, now: Time) -> Result<(Opened, FolderLock), SetupError> {
    make_private_folder(&config.data)?;
    let lock = lock(config)?;
    make_private_file(&config.data.join(DATABASE_FILE))?;
    Ok((open(config, now, true)?, lock))
}

/// Opens the folder beside a service that may be running. A new folder isn't set up: that would take the lock, and a
/// misspelt name would go unnoticed.
fn open_beside(config: &Config, now: Time) -> Result<Opened, SetupError> {
    if !config.data.join(DATABASE_FILE).exists() {
        return Err(SetupError::NoDatabase(config.data.clone()));
    }
    open(config, now, false)
}

fn open(config: &Config, now: Time, may_set_up: bool) -> Result<Opened, SetupError> {
    let path = config.data.join(DATABASE_FILE);
    let failed = |error: StoreError| SetupError::Database { path: path.clone(), reason: reason(&error) };
    let mut connection = store::connect(&path).map_err(SchemaError::from)?;
    let first = store::is_empty(&connection).map_err(|error| failed(error.into()))?;
    if first && !may_set_up {
        return Err(SetupError::NoDatabase(config.data.clone()));
    }
    let keys = Keys::derive(&obtain_master_key(&config.master_key, first)?);
    store::migrate(&mut connection)?;
    if first {
        set_up(&mut connection, &keys, &config.data, now)
            .map_err(|error| error.into_setup_error(&config.data, &path))?;
    } else {
        check_master_key(&connection, &keys, &failed)?;
    }
    let ring = signing_keys::load(&connection, &keys.sealer).map_err(failed)?;
    Ok(Opened { connection, keys, ring, first })
}

/// Makes an API key for a client of an organisation; both are made if there is none of this name. A new client may do
/// everything with people, and nothing with other clients. One that is there keeps its rights, and may have two keys at
/// once.
///
/// It can be done beside a running service.
///
/// # Errors
///
/// [`SetupError`].
pub fn create_api_key(
    config: &Config,
    organisation: &str,
    client: &str,
    now: Time,
) -> Result<SecretText, SetupError> {
    for (which, text) in [("organisation", organisation), ("client", client)] {
        name::check(text).map_err(|error| SetupError::Name { which, error })?;
    }
    beside(config, now, |connection, keys| {
        let id = organisations::obtain(connection, organisation, now)?;
        let by = Manager::CommandLine;
        if let Some(known) = clients::named(connection, id, client)? {
            if known.kind != ClientKind::Rest {
                return Ok(Err(Refusal::NameTaken));
            }
            let added = managing::add_secret(connection, keys, &by, known.id, now)?;
            return Ok(added.map(|(_, secret)| secret));
        }
        let rights = clients::api_key_rights();
        let new = Client::new(ClientKind::Rest, id, organisation, client, rights, now);
        let created = managing::create(connection, keys, &by, &new, now)?;
        Ok(created.and_then(|secret| secret.map(|(_, secret)| secret).ok_or(Refusal::ShowsNoSecret)))
    })
}

/// Does something in one transaction beside a service that may be running. What is refused changes nothing.
pub(crate) fn beside<T>(
    config: &Config,
    now: Time,
    change: impl FnOnce(&Connection, &Keys) -> Result<Result<T, Refusal>, StoreError>,
) -> Result<T, SetupError> {
    let mut opened = open_beside(config, now)?;
    let failed = |error: StoreError| database_error(config, &error);
    let transaction = begin(&mut opened.connection).map_err(|error| failed(error.into()))?;
    let done = change(&transaction, &opened.keys).map_err(failed)?;
    let done = done.map_err(|refusal| SetupError::Refused(ApiError::from(refusal).message().to_owned()))?;
    transaction.commit().map_err(|error| failed(error.into()))?;
    Ok(done)
}

/// Makes a new device-facing signing key. The old ones are kept: devices go over to the new one by themselves. A
/// running service takes it up within seconds.
///
/// # Errors
///
/// [`SetupError`].
pub fn rotate_key(config: &Config, now: Time) -> Result<countersign_protocol::Thumbprint, SetupError> {
    let opened = open_beside(config, now)?;
    let failed = |error: StoreError| database_error(config, &error);
    signing_keys::add(&opened.connection, &opened.keys.sealer, Purpose::Device, now).map_err(failed)?;
    let ring = signing_keys::load(&opened.connection, &opened.keys.sealer).map_err(failed)?;
    Ok(ring.current().thumbprint())
}

/// Makes new keys for ID tokens. They are published at once and sign two days later, when relying parties have them; the
/// old ones are kept for as long after that. With `at_once`, for when a key has leaked, the old ones are deleted: they are
/// published no longer, and relying parties that keep a copy of them refuse sign-ins until they have fetched the new ones.
///
/// # Errors
///
/// [`SetupError`].
pub fn rotate_openid_keys(config: &Config, at_once: bool, now: Time) -> Result<(), SetupError> {
    let mut opened = open_beside(config, now)?;
    let failed = |error: StoreError| database_error(config, &error);
    let made = NewKey::make_all(now).map_err(|error| failed(error.into()))?;
    let transaction = begin(&mut opened.connection).map_err(|error| failed(error.into()))?;
    if at_once {
        signing_keys::delete_openid(&transaction).map_err(failed)?;
    }
    for key in &made {
        signing_keys::add_openid(&transaction, &opened.keys.sealer, key, now).map_err(failed)?;
    }
    transaction.commit().map_err(|error| failed(error.into()))
}

enum Failed {
    File(std::io::Error),
    Store(StoreError),
}

impl Failed {
    fn into_setup_error(self, folder: &Path, database: &Path) -> SetupError {
        match self {
            Self::File(error) => SetupError::Folder(folder.to_owned(), error),
            Self::Store(error) => SetupError::Database { path: database.to_owned(), reason: reason(&error) },
        }
    }
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<rusqlite::Error> for Failed {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}

/// All that a first start makes, in one transaction. Killed before its end, the next start is the first again.
fn set_up(connection: &mut Connection, keys: &Keys, data: &Path, now: Time) -> Result<(), Failed> {
    let transaction = begin(connection)?;
    transaction.execute(
        "INSERT INTO meta (key, value) VALUES ('master_key_check', ?1)",
        params![keys.derive_check()],
    )?;
    signing_keys::add(&transaction, &keys.sealer, Purpose::Device, now)?;
    signing_keys::add(&transaction, &keys.sealer, Purpose::Assertion, now)?;
    let organisation = organisations::obtain(&transaction, DEFAULT_ORGANISATION, now)?;
    let (name, rights) = (DEFAULT_CLIENT, clients::api_key_rights());
    let client = Client::new(ClientKind::Rest, organisation, DEFAULT_ORGANISATION, name, rights, now);
    clients::insert(&transaction, &client)?;
    let (_, key) = clients::add_secret(&transaction, keys, client.id, now)?;
    let text = SecretText::new(format!("{}\n", key.expose()));
    write_private(&data.join(API_KEY_FILE), text.expose().as_bytes()).map_err(Failed::File)?;
    Ok(transaction.commit()?)
}

fn check_master_key(
    connection: &Connection,
    keys: &Keys,
    failed: &dyn Fn(StoreError) -> SetupError,
) -> Result<(), SetupError> {
    let stored: Vec<u8> = connection
        .query_row("SELECT value FROM meta WHERE key = 'master_key_check'", [], |row| row.get(0))
        .map_err(|error| failed(error.into()))?;
    if keys.checks(&stored) { Ok(()) } else { Err(MasterKeyError::Wrong.into()) }
}

fn begin(connection: &mut Connection) -> rusqlite::Result<rusqlite::Transaction<'_>> {
    connection.transaction_with_behavior(TransactionBehavior::Immediate)
}

/// One service at a time works on a data folder: waiters live in its memory. The system gives the lock back when the
/// process ends, however it ends.
pub(crate) struct FolderLock(File);

impl Drop for FolderLock {
    fn drop(&mut self) {
        // Closing the file would do, were it not for a program that is just being started: until it runs, it has the file
        // open as well.
        let _ = self.0.unlock();
    }
}

#[expect(clippy::disallowed_methods, reason = "no service runs on a phone")]
fn lock(config: &Config) -> Result<FolderLock, SetupError> {
    let path = config.data.join("lock");
    let failed = |error| SetupError::Folder(path.clone(), error);
    let file = File::options().append(true).create(true).open(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(FolderLock(file)),
        Err(TryLockError::WouldBlock) => Err(SetupError::InUse(config.data.clone())),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

fn make_private_folder(path: &Path) -> Result<(), SetupError> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|error| SetupError::Folder(path.to_owned(), error))
}

/// SQLite gives its side files the permissions of the database.
fn make_private_file(path: &Path) -> Result<(), SetupError> {
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(|_| ()).map_err(|error| SetupError::Folder(path.to_owned(), error))
}

fn database_error(config: &Config, error: &StoreError) -> SetupError {
    SetupError::Database { path: config.data.join(DATABASE_FILE), reason: reason(error) }
}

fn reason(error: &StoreError) -> String {
    match error {
        StoreError::Sqlite(cause) => cause.to_string(),
        _ => error.to_string(),
    }
}
