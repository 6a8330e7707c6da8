//! A full disk, and other processes.

use std::time::Duration;

use super::*;

/// Lets the file grow by nothing, as a full disk does.
fn fill_disk(vault: &Vault) {
    let state = vault.state();
    let pages: i64 = state.connection.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
    let limit = format!("PRAGMA max_page_count = {pages}");
    state.connection.query_row(&limit, [], |_| Ok(())).unwrap();
}

fn make_room(vault: &Vault) {
    vault.state().connection.query_row("PRAGMA max_page_count = 100000", [], |_| Ok(())).unwrap();
}

#[test]
fn a_full_disk_is_told_and_leaves_what_was_there() {
    let fixture = Fixture::new();
    let vault = &fixture.vault;
    fill_disk(vault);
    let mut added = Vec::new();
    let refusal = loop {
        let account = totp_account(&format!("account {}", added.len()));
        match vault.add_account(&account) {
            Ok(()) => added.push(account),
            Err(error) => break error,
        }
    };
    assert_eq!(refusal, VaultError::DiskFull);
    assert!(added.len() > 3);

    let several = vault.transaction(|transaction| {
        transaction.delete_account(added[0].id)?;
        (0..100).try_for_each(|n| transaction.add_account(&totp_account(&format!("more {n}"))))
    });
    assert_eq!(several, Err(VaultError::DiskFull));
    assert_eq!(vault.accounts().unwrap().items, added);
    assert!(vault.check().unwrap().is_sound());

    make_room(vault);
    vault.add_account(&totp_account("after")).unwrap();
    assert_eq!(fixture.open_again().accounts().unwrap().items.len(), added.len() + 1);
}

/// On a file system of a few hundred kilobytes that the environment names:
/// `mount -t tmpfs -o size=400k tmpfs DIR && COUNTERSIGN_SMALL_DISK=DIR cargo test small_disk -- --ignored`
#[test]
#[ignore = "needs a small file system of its own"]
fn a_really_small_disk_gives_the_same_answers() {
    let Some(disk) = std::env::var_os("COUNTERSIGN_SMALL_DISK").map(PathBuf::from) else { return };
    let path = disk.join("vault.db");
    let code = RecoveryCode::make_random();
    let ballast = disk.join("ballast");
    let fill = |keep: usize| {
        let mut size = 16 << 20;
        fs::write(&ballast, "").unwrap();
        let mut content = Vec::new();
        while size >= 512 {
            content.resize(content.len() + size, 1);
            if fs::write(&ballast, &content).is_err() {
                content.truncate(content.len() - size);
                size /= 2;
            }
        }
        content.truncate(content.len().saturating_sub(keep));
        fs::write(&ballast, &content).unwrap();
    };
    for keep in [0, 4096, 8192, 20_000, 60_000] {
        fill(keep);
        let created = Vault::create(&path, &[NewSlot::from_recovery_code(&code)]);
        assert!(matches!(created, Ok(_) | Err(VaultError::DiskFull)), "{keep}: {created:?}");
        if created.is_err() {
            assert_eq!(Vault::open(&path).unwrap_err(), VaultError::Missing);
        }
        drop(created);
        for file in files_in(&disk) {
            fs::remove_file(disk.join(file)).unwrap();
        }
    }

    let vault = Vault::create(&path, &[NewSlot::from_recovery_code(&code)]).unwrap();
    let mut accounts = Vec::new();
    for keep in [100_000, 30_000, 0] {
        fill(keep);
        let refusal = loop {
            let account = totp_account(&format!("account {}", accounts.len()));
            match vault.add_account(&account) {
                Ok(()) => accounts.push(account),
                Err(error) => break error,
            }
        };
        assert_eq!(refusal, VaultError::DiskFull);
        assert_eq!(vault.accounts().unwrap().items, accounts);
    }
    drop(vault);
    let vault = Vault::open(&path).unwrap();
    vault.unlock_with_recovery_code(&code).unwrap();
    assert_eq!(vault.accounts().unwrap().items, accounts);
    fs::remove_file(&ballast).unwrap();
    vault.add_account(&totp_account("after")).unwrap();
    assert!(vault.check().unwrap().is_sound());
}

#[test]
fn a_writer_elsewhere_keeps_writers_waiting_and_readers_reading() {
    let fixture = Fixture::new();
    let other = fixture.open_again();
    other.add_account(&totp_account("kept")).unwrap();
    fixture.vault.state().connection.busy_timeout(Duration::ZERO).unwrap();
    other
        .transaction(|transaction| {
            transaction.add_account(&totp_account("not yet"))?;
            assert_eq!(fixture.vault.add_account(&totp_account("busy")), Err(VaultError::Busy));
            assert_eq!(names(&fixture.vault), ["kept"]);
            Ok::<_, VaultError>(())
        })
        .unwrap();
    assert_eq!(names(&fixture.vault), ["kept", "not yet"]);
}

#[test]
fn several_connections_write_at_once_and_nothing_is_lost() {
    let fixture = Fixture::new();
    let counter = otp_account("counter", MovingFactor::Counter { next: 0 });
    fixture.vault.add_account(&counter).unwrap();
    let mut codes: Vec<String> = std::thread::scope(|scope| {
        let writers = [(); 4].map(|()| {
            let vault = fixture.open_again();
            let id = counter.id;
            scope.spawn(move || {
                let mut codes = Vec::new();
                for n in 0..25 {
                    vault.add_account(&totp_account(&n.to_string())).unwrap();
                    codes.push(vault.next_hotp(id).unwrap().to_string());
                    assert!(vault.accounts().unwrap().is_whole());
                }
                codes
            })
        });
        writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect()
    });
    let listing = fixture.vault.accounts().unwrap();
    assert_eq!((listing.items.len(), listing.is_whole()), (101, true));
    codes.sort();
    let generator = crate::otp::OtpGenerator::new(counter.otp.as_ref().unwrap());
    let mut expected: Vec<String> = (0..100).map(|n| generator.code_for_counter(n).to_string()).collect();
    expected.sort();
    assert_eq!(codes, expected);
}

#[test]
fn one_process_sees_at_once_what_another_wrote_and_keeps_its_own_lock() {
    let fixture = Fixture::new();
    let other = fixture.open_again();
    fixture.vault.add_account(&totp_account("new")).unwrap();
    assert_eq!(names(&other), ["new"]);
    fixture.vault.lock();
    assert_eq!(names(&other), ["new"]);
}

#[cfg(unix)]
#[test]
fn a_file_that_may_not_be_opened_is_told() {
    use std::os::unix::fs::PermissionsExt;

    let Fixture { folder, code: _, vault } = Fixture::new();
    drop(vault);
    let path = folder.path().join("vault.db");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    // Whoever may read everything (root) isn't kept out.
    if fs::File::open(&path).is_err() {
        assert_eq!(Vault::open(&path).unwrap_err(), VaultError::AccessDenied);
    }
}
