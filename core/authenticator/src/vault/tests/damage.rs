//! Damage to the file, wherever it strikes: told, never taken for an empty vault, never made worse.

use super::*;

/// A closed vault whose accounts fill several pages, and its file's bytes.
fn sample() -> (Fixture, Vec<Account>, Vec<u8>) {
    let fixture = Fixture::new();
    let accounts: Vec<_> = (0..60).map(|n| totp_account(&format!("account {n}"))).collect();
    fixture
        .vault
        .transaction(|transaction| accounts.iter().try_for_each(|account| transaction.add_account(account)))
        .unwrap();
    let Fixture { folder, code, vault } = fixture;
    drop(vault);
    let bytes = fs::read(folder.path().join("vault.db")).unwrap();
    assert!(bytes.len() > 5 * 4096);
    // A second vault takes the place of the closed one in the fixture; the tests write the sample's file elsewhere.
    let vault = Vault::create(
        &folder.path().join("other.db"),
        &[NewSlot::from_recovery_code(&RecoveryCode::make_random())],
    );
    (Fixture { folder, code, vault: vault.unwrap() }, accounts, bytes)
}

/// What a person would see of a damaged file.
#[derive(Debug, PartialEq)]
enum Seen {
    Everything,
    NotWhole,
    Refused(VaultError),
}

fn look(path: &Path, code: &RecoveryCode, accounts: &[Account]) -> Seen {
    let read = || {
        let vault = Vault::open(path)?;
        vault.unlock_with_recovery_code(code)?;
        Ok((vault.accounts()?, vault.check()))
    };
    let (listing, health) = match read() {
        Err(error) => return Seen::Refused(error),
        Ok(read) => read,
    };
    assert!(listing.items.iter().all(|item| accounts.contains(item)), "nothing altered is listed");
    if listing.is_whole() {
        assert_eq!(listing.items, accounts);
        return Seen::Everything;
    }
    assert!(!health.is_ok_and(|health| health.is_sound()), "the doctor sees what the list sees");
    Seen::NotWhole
}

fn assert_typed(seen: &Seen, place: &str) {
    let typed = match seen {
        Seen::Everything | Seen::NotWhole => true,
        Seen::Refused(error) => matches!(
            error,
            VaultError::DamagedFile
                | VaultError::NotAVault
                | VaultError::NewerSchema { .. }
                | VaultError::DamagedSlot(_)
                | VaultError::NoSuchSlot
        ),
    };
    assert!(typed, "{place}: {seen:?}");
}

#[test]
fn a_missing_file_is_told_and_not_created() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vault.db");
    assert_eq!(Vault::open(&path).unwrap_err(), VaultError::Missing);
    assert_eq!(Vault::open(&path.join("deeper")).unwrap_err(), VaultError::Missing);
    assert_eq!(files_in(folder.path()), [""; 0]);
}

#[test]
fn what_is_no_database_is_damage_and_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vault.db");
    for content in [&b""[..], b"x", b"SQLite format 3\0", &[0; 5000], &[0xA5; 5000]] {
        fs::write(&path, content).unwrap();
        assert_eq!(Vault::open(&path).unwrap_err(), VaultError::DamagedFile);
        assert_eq!(fs::read(&path).unwrap(), content);
        assert_eq!(files_in(folder.path()), ["vault.db"]);
    }
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert_eq!(Vault::open(&path).unwrap_err(), VaultError::DamagedFile);
}

#[test]
fn a_truncated_file_is_damage_at_every_length() {
    let (fixture, accounts, bytes) = sample();
    let path = fixture.folder.path().join("vault.db");
    for length in (0..bytes.len()).step_by(509).chain((4096..bytes.len()).step_by(4096)) {
        fs::write(&path, &bytes[..length]).unwrap();
        let seen = look(&path, &fixture.code, &accounts);
        // When only part of the last page is gone, the records on the other pages can still be read.
        assert_typed(&seen, &format!("{length} bytes"));
        assert_ne!(seen, Seen::Everything, "{length} bytes");
        assert!(length > bytes.len() - 4096 || seen == Seen::Refused(VaultError::DamagedFile));
        assert_eq!(fs::read(&path).unwrap(), bytes[..length], "kept as it is");
    }
}

#[test]
fn a_flipped_bit_is_told_wherever_it_is() {
    let (fixture, accounts, bytes) = sample();
    let path = fixture.folder.path().join("vault.db");
    let mut told = 0;
    // Every byte of the header and of the start of the first pages, and a sample of the rest.
    let places = (0..200).chain((200..bytes.len()).step_by(37));
    for place in places {
        let mut flipped = bytes.clone();
        flipped[place] ^= 1 << (place % 8);
        fs::write(&path, &flipped).unwrap();
        let seen = look(&path, &fixture.code, &accounts);
        assert_typed(&seen, &format!("byte {place}"));
        told += usize::from(seen != Seen::Everything);
        for companion in ["vault.db-wal", "vault.db-shm"] {
            let _ = fs::remove_file(fixture.folder.path().join(companion));
        }
    }
    // The rest are flips in bytes that hold nothing.
    assert!(told > 200, "{told}");
}

#[test]
fn an_overwritten_page_is_told_whichever_it_is() {
    let (fixture, accounts, bytes) = sample();
    let path = fixture.folder.path().join("vault.db");
    for (page, filler) in (0..bytes.len() / 4096).flat_map(|page| [(page, 0), (page, 0xFF), (page, 0x0D)]) {
        let mut overwritten = bytes.clone();
        overwritten[page * 4096..(page + 1) * 4096].fill(filler);
        fs::write(&path, &overwritten).unwrap();
        let seen = look(&path, &fixture.code, &accounts);
        assert_typed(&seen, &format!("page {page}"));
        assert_ne!(seen, Seen::Everything, "page {page}");
    }
}

#[test]
fn pages_of_an_older_copy_are_told() {
    let (fixture, mut accounts, old) = sample();
    let path = fixture.folder.path().join("vault.db");
    fs::write(&path, &old).unwrap();
    let vault = Vault::open(&path).unwrap();
    vault.unlock_with_recovery_code(&fixture.code).unwrap();
    accounts.extend((0..10).map(|n| totp_account(&format!("later {n}"))));
    for account in &accounts[60..] {
        vault.add_account(account).unwrap();
    }
    drop(vault);
    let new = fs::read(&path).unwrap();
    for page in 1..old.len() / 4096 {
        let range = page * 4096..(page + 1) * 4096;
        if new[range.clone()] == old[range.clone()] {
            continue;
        }
        let mut mixed = new.clone();
        mixed[range.clone()].copy_from_slice(&old[range]);
        fs::write(&path, &mixed).unwrap();
        assert_ne!(look(&path, &fixture.code, &accounts), Seen::Everything, "page {page}");
    }
}

#[test]
fn tables_that_are_gone_are_damage() {
    for sql in
        ["DROP TABLE records", "DROP TABLE key_slots", "ALTER TABLE records RENAME COLUMN envelope TO other"]
    {
        let Fixture { folder, code, vault } = Fixture::new();
        drop(vault);
        let path = folder.path().join("vault.db");
        Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        let seen = look(&path, &code, &[]);
        assert_eq!(seen, Seen::Refused(VaultError::DamagedFile), "{sql}");
    }
}

#[test]
fn a_value_too_large_to_be_ours_is_refused_before_it_is_read() {
    let fixture = Fixture::new();
    let fixture = {
        let Fixture { folder, code, vault } = fixture;
        drop(vault);
        let raw = Connection::open(folder.path().join("vault.db")).unwrap();
        raw.execute_batch("UPDATE records SET envelope = zeroblob(50000000) WHERE kind = 0").unwrap();
        drop(raw);
        let vault = Vault::open(&folder.path().join("vault.db")).unwrap();
        vault.unlock_with_recovery_code(&code).unwrap();
        Fixture { folder, code, vault }
    };
    assert_eq!(fixture.vault.accounts(), Err(VaultError::DamagedFile));
}
