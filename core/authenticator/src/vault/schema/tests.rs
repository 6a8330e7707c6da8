//! Versions newer and older than this software, and what a failing migration leaves.

use std::fs;

use tempfile::TempDir;

use super::*;
use crate::Account;
use crate::vault::{NewSlot, RecoveryCode, Vault};

/// A version that doesn't exist yet: one step that changes a table, one that changes rows.
const TO_NEXT: Migration = Migration {
    to: VERSION + 1,
    steps: &[
        "ALTER TABLE records ADD COLUMN touched INTEGER NOT NULL DEFAULT 0",
        "UPDATE records SET touched = 7",
    ],
};

const FAILING: Migration =
    Migration { to: VERSION + 1, steps: &["DELETE FROM records", "UPDATE no_such_table SET x = 1"] };

struct Closed {
    _folder: TempDir,
    path: PathBuf,
    code: RecoveryCode,
    account: Account,
}

/// A closed vault with one account.
fn closed_vault() -> Closed {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vault.db");
    let code = RecoveryCode::make_random();
    let account = Account::new("North", "kept", 1);
    Vault::create(&path, &[NewSlot::from_recovery_code(&code)]).unwrap().add_account(&account).unwrap();
    Closed { _folder: folder, path, code, account }
}

fn steps(last: Migration) -> Vec<Migration> {
    let first = MIGRATIONS.iter().map(|Migration { to, steps }| Migration { to: *to, steps });
    first.chain([last]).collect()
}

fn assert_opens_with_its_account(path: &Path, closed: &Closed) {
    let vault = Vault::open(path).unwrap();
    vault.unlock_with_recovery_code(&closed.code).unwrap();
    let listing = vault.accounts().unwrap();
    assert!(listing.is_whole());
    assert_eq!(listing.items, std::slice::from_ref(&closed.account));
}

#[test]
fn a_newer_vault_is_told_and_not_touched() {
    let closed = closed_vault();
    Connection::open(&closed.path).unwrap().pragma_update(None, "user_version", VERSION + 1).unwrap();
    let before = fs::read(&closed.path).unwrap();
    let newer = VaultError::NewerSchema { found: VERSION + 1, supported: VERSION };
    assert_eq!(Vault::open(&closed.path).unwrap_err(), newer);
    assert_eq!(fs::read(&closed.path).unwrap(), before);
}

#[test]
fn the_log_that_a_newer_version_left_behind_is_not_merged() {
    let closed = closed_vault();
    let wal = files::beside(&closed.path, "-wal");
    // The files as they are when a newer version is killed: the new version number is in the log alone.
    let newer = Connection::open(&closed.path).unwrap();
    newer.pragma_update(None, "user_version", VERSION + 1).unwrap();
    let killed = [&closed.path, &wal].map(|file| fs::read(file).unwrap());
    drop(newer);
    for (file, content) in [&closed.path, &wal].into_iter().zip(&killed) {
        fs::write(file, content).unwrap();
    }

    assert!(matches!(Vault::open(&closed.path), Err(VaultError::NewerSchema { .. })));
    assert_eq!([&closed.path, &wal].map(|file| fs::read(file).unwrap()), killed);
}

#[test]
fn other_databases_and_impossible_versions_are_not_opened() {
    for (sql, expected) in [
        ("PRAGMA application_id = 1", VaultError::NotAVault),
        ("PRAGMA application_id = 0", VaultError::NotAVault),
        ("PRAGMA user_version = 0", VaultError::DamagedFile),
        ("PRAGMA user_version = -1", VaultError::DamagedFile),
    ] {
        let closed = closed_vault();
        Connection::open(&closed.path).unwrap().execute_batch(sql).unwrap();
        let before = fs::read(&closed.path).unwrap();
        assert_eq!(Vault::open(&closed.path).unwrap_err(), expected, "{sql}");
        assert_eq!(fs::read(&closed.path).unwrap(), before);
    }
}

#[test]
fn a_migration_runs_all_its_steps_and_keeps_a_copy_of_the_old_vault() {
    let closed = closed_vault();
    let mut connection = connection::connect(&closed.path).unwrap();
    migrate_by(&mut connection, &closed.path, &steps(TO_NEXT)).unwrap();
    let touched: i64 =
        connection.query_row("SELECT min(touched) FROM records", [], |row| row.get(0)).unwrap();
    assert_eq!((check_against(&connection, VERSION + 1), touched), (Ok(VERSION + 1), 7));

    let copy = copy_path(&closed.path, VERSION);
    assert_opens_with_its_account(&copy, &closed);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn a_migration_that_fails_leaves_the_old_vault() {
    let closed = closed_vault();
    let mut connection = connection::connect(&closed.path).unwrap();
    assert!(migrate_by(&mut connection, &closed.path, &steps(FAILING)).is_err());
    drop(connection);
    assert_opens_with_its_account(&closed.path, &closed);
}

#[test]
fn without_room_for_the_copy_nothing_is_migrated() {
    let closed = closed_vault();
    // A folder in the copy's place: it can't be replaced by a file.
    fs::create_dir(copy_path(&closed.path, VERSION)).unwrap();
    let mut connection = connection::connect(&closed.path).unwrap();
    assert!(migrate_by(&mut connection, &closed.path, &steps(TO_NEXT)).is_err());
    assert_eq!(check(&connection), Ok(VERSION));
}

#[test]
fn of_two_that_migrate_at_once_one_does_and_the_other_finds_it_done() {
    let closed = closed_vault();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut connection = connection::connect(&closed.path).unwrap();
                migrate_by(&mut connection, &closed.path, &steps(TO_NEXT)).unwrap();
                assert_eq!(check_against(&connection, VERSION + 1), Ok(VERSION + 1));
            });
        }
    });
    assert_opens_with_its_account(&copy_path(&closed.path, VERSION), &closed);
}

#[test]
fn the_copy_goes_once_the_new_vault_is_found_sound() {
    let closed = closed_vault();
    let mut connection = connection::connect(&closed.path).unwrap();
    migrate_by(&mut connection, &closed.path, &steps(TO_NEXT)).unwrap();
    let copy = copy_path(&closed.path, VERSION);
    let discard = |sound| discard_copies_before(&closed.path, VERSION + 1, || sound);

    discard(Ok(false)).unwrap();
    assert!(copy.exists());
    assert_eq!(discard(Err(VaultError::DamagedFile)), Err(VaultError::DamagedFile));
    assert!(copy.exists());
    discard(Ok(true)).unwrap();
    assert!(!copy.exists());
    discard_copies_before(&closed.path, VERSION + 1, || panic!("there is no copy to decide about")).unwrap();
}

const PATH: &str = "COUNTERSIGN_TEST_UPGRADE";
const POINT: &str = "COUNTERSIGN_TEST_POINT";

#[test]
#[ignore = "a process for the tests here to kill"]
fn child_upgrades() {
    let (Some(path), Ok(point)) = (std::env::var_os(PATH).map(PathBuf::from), std::env::var(POINT)) else {
        return;
    };
    let mut connection = connection::connect(&path).unwrap();
    countersign_kill::arm(point.parse().unwrap());
    migrate_by(&mut connection, &path, &steps(TO_NEXT)).unwrap();
    fs::write(path.with_extension("changes"), countersign_kill::disarm()).unwrap();
}

/// Upgrades in a process of its own. The changes that it made; nothing if it was killed.
fn upgrade(path: &Path, point: countersign_kill::Point) -> Option<String> {
    let test = "vault::schema::tests::child_upgrades";
    let child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--ignored", "--quiet"])
        .env(PATH, path)
        .env(POINT, point.to_string())
        .output();
    child.unwrap();
    fs::read_to_string(path.with_extension("changes")).ok()
}

#[test]
fn killed_at_any_write_an_upgrade_leaves_the_old_vault_or_the_new_one_and_works_the_next_time() {
    if !countersign_kill::IS_SUPPORTED {
        return;
    }
    let changes = upgrade(&closed_vault().path, countersign_kill::Point::Never).unwrap();
    let mut tried = 0;
    for point in countersign_kill::points(&changes) {
        let closed = closed_vault();
        tried += u64::from(upgrade(&closed.path, point).is_none());
        let version = check_against(&connection::connect(&closed.path).unwrap(), VERSION + 1).unwrap();
        let copy = copy_path(&closed.path, VERSION);
        if version == VERSION {
            assert_opens_with_its_account(&closed.path, &closed);
            upgrade(&closed.path, countersign_kill::Point::Never).unwrap();
        }
        // Upgraded means that a copy was kept first, and verified.
        assert_opens_with_its_account(&copy, &closed);
        let connection = connection::connect(&closed.path).unwrap();
        let touched: i64 =
            connection.query_row("SELECT min(touched) FROM records", [], |row| row.get(0)).unwrap();
        assert_eq!((check_against(&connection, VERSION + 1), touched), (Ok(VERSION + 1), 7), "{point}");
    }
    countersign_kill::assert_documented("upgrade the schema", tried);
}
