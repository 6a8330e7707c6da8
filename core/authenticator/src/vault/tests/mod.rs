//! What the vault promises, tested through its public interface and, where damage is needed, through the raw file.

mod accounts;
mod canary;
mod crash;
mod damage;
mod limits;
mod lost_keys;
mod records;
mod slots;
mod vector;

use std::fs;
use std::path::{Path, PathBuf};

use countersign_protocol::Id;
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use super::*;
use crate::Account;
use crate::otp::{Algorithm, CodeFormat, MovingFactor, OtpParameters};

/// A vault in a folder of its own, opened by a recovery code, which needs no slow derivation.
struct Fixture {
    folder: TempDir,
    code: RecoveryCode,
    vault: Vault,
}

impl Fixture {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let code = RecoveryCode::make_random();
        let vault =
            Vault::create(&folder.path().join("vault.db"), &[NewSlot::from_recovery_code(&code)]).unwrap();
        Self { folder, code, vault }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("vault.db")
    }

    /// A second vault on the same file, as another process has it.
    fn open_again(&self) -> Vault {
        let vault = Vault::open(&self.path()).unwrap();
        vault.unlock_with_recovery_code(&self.code).unwrap();
        vault
    }

    /// Closes the vault, changes its file by SQL, and opens it again.
    fn reopen_after(self, sql: &str) -> Self {
        let Self { folder, code, vault } = self;
        drop(vault);
        Connection::open(folder.path().join("vault.db")).unwrap().execute_batch(sql).unwrap();
        let vault = Vault::open(&folder.path().join("vault.db")).unwrap();
        vault.unlock_with_recovery_code(&code).unwrap();
        Self { folder, code, vault }
    }
}

/// A record as another module would have one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Offset {
    seconds: i64,
    #[serde(with = "sealed_secret")]
    secret: Secret,
}

impl Record for Offset {
    const KIND: RecordKind = RecordKind::ClockOffset;
}

fn offset(seconds: i64) -> Offset {
    Offset { seconds, secret: Secret::from(&b"shared with the service"[..]) }
}

fn id(byte: u8) -> Id {
    Id::from_bytes([byte; 16])
}

fn totp_account(name: &str) -> Account {
    otp_account(name, MovingFactor::Time { period: 30 })
}

fn otp_account(name: &str, factor: MovingFactor) -> Account {
    let secret = Secret::from(&b"12345678901234567890"[..]);
    let otp = OtpParameters::new(secret, Algorithm::Sha1, CodeFormat::Decimal { digits: 6 }, factor).unwrap();
    Account { otp: Some(otp), ..Account::new("Northern Hospitals", name, 1_790_000_000) }
}

fn names(vault: &Vault) -> Vec<String> {
    vault.accounts().unwrap().items.into_iter().map(|account| account.name).collect()
}

#[test]
fn create_never_overwrites_what_is_there() {
    let fixture = Fixture::new();
    fixture.vault.add_account(&totp_account("kept")).unwrap();
    let slot = NewSlot::from_recovery_code(&RecoveryCode::make_random());
    assert_eq!(Vault::create(&fixture.path(), &[slot]).unwrap_err(), VaultError::AlreadyExists);
    assert_eq!(names(&fixture.open_again()), ["kept"]);
}

#[test]
fn create_refuses_the_log_of_a_vault_whose_file_went_missing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vault.db");
    fs::write(folder.path().join("vault.db-wal"), "a log").unwrap();
    let slot = NewSlot::from_recovery_code(&RecoveryCode::make_random());
    assert_eq!(Vault::create(&path, &[slot]).unwrap_err(), VaultError::AlreadyExists);
    assert!(!path.exists());
}

#[test]
fn create_needs_a_slot() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vault.db");
    assert_eq!(Vault::create(&path, &[]).unwrap_err(), VaultError::LastSlot);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn create_throws_the_draft_of_a_crashed_creation_away() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vault.db");
    for leftover in ["vault.db.new", "vault.db.new-journal", "vault.db.new-wal", "vault.db.lock"] {
        fs::write(folder.path().join(leftover), "half of it").unwrap();
    }
    let vault = Vault::create(&path, &[NewSlot::from_recovery_code(&RecoveryCode::make_random())]).unwrap();
    assert_eq!(vault.accounts().unwrap().items, []);
    drop(vault);
    assert_eq!(files_in(folder.path()), ["vault.db"]);
}

#[test]
fn of_many_that_create_at_once_exactly_one_succeeds() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/in/vault.db");
    let created = std::thread::scope(|scope| {
        let creators = [(); 8].map(|()| {
            scope.spawn(|| {
                let code = RecoveryCode::make_random();
                Vault::create(&path, &[NewSlot::from_recovery_code(&code)]).map(|_| code)
            })
        });
        creators.map(|creator| creator.join().unwrap())
    });
    let mut codes = Vec::new();
    for outcome in created {
        match outcome {
            Ok(code) => codes.push(code),
            Err(error) => assert_eq!(error, VaultError::AlreadyExists),
        }
    }
    assert_eq!(codes.len(), 1);
    Vault::open(&path).unwrap().unlock_with_recovery_code(&codes[0]).unwrap();
}

#[cfg(unix)]
#[test]
fn files_and_new_folders_are_the_owners_alone() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/vault.db");
    let code = RecoveryCode::make_random();
    let vault = Vault::create(&path, &[NewSlot::from_recovery_code(&code)]).unwrap();
    vault.add_account(&totp_account("a")).unwrap();

    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    let files = files_in(path.parent().unwrap());
    assert_eq!(files, ["vault.db", "vault.db-shm", "vault.db-wal"]);
    for file in files {
        assert_eq!(mode(&path.with_file_name(&file)), 0o600, "{file}");
    }
}

fn files_in(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
