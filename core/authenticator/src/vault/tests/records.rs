//! Records, transactions and the manifest.

use super::*;

#[test]
fn a_record_survives_closing_and_opening() {
    let fixture = Fixture::new();
    fixture.vault.transaction(|transaction| transaction.insert(id(1), &offset(-7))).unwrap();
    assert_eq!(fixture.open_again().get(id(1)), Ok(Some(offset(-7))));
    assert_eq!(fixture.vault.get::<Offset>(id(2)), Ok(None));
}

#[test]
fn insert_never_overwrites_and_update_never_creates() {
    let fixture = Fixture::new();
    let kind = RecordKind::ClockOffset;
    let vault = &fixture.vault;
    vault.transaction(|transaction| transaction.insert(id(1), &offset(1))).unwrap();
    assert_eq!(
        vault.transaction(|transaction| transaction.insert(id(1), &offset(2))),
        Err(VaultError::AlreadyPresent { kind, id: id(1) })
    );
    assert_eq!(
        vault.transaction(|transaction| transaction.update(id(2), &offset(2))),
        Err(VaultError::NotFound { kind, id: id(2) })
    );
    assert_eq!(
        vault.transaction(|transaction| transaction.delete::<Offset>(id(2))),
        Err(VaultError::NotFound { kind, id: id(2) })
    );
    assert_eq!(vault.list().unwrap().items, [(id(1), offset(1))]);
}

#[test]
fn put_creates_and_overwrites() {
    let fixture = Fixture::new();
    for seconds in [1, 2] {
        fixture.vault.transaction(|transaction| transaction.put(id(1), &offset(seconds))).unwrap();
    }
    let listing = fixture.vault.list().unwrap();
    assert_eq!(listing.items, [(id(1), offset(2))]);
    assert!(listing.is_whole());
}

#[test]
fn a_failing_transaction_changes_nothing() {
    #[derive(Debug, PartialEq)]
    enum Failure {
        Vault(VaultError),
        Other,
    }
    impl From<VaultError> for Failure {
        fn from(error: VaultError) -> Self {
            Self::Vault(error)
        }
    }

    let fixture = Fixture::new();
    fixture.vault.transaction(|transaction| transaction.insert(id(1), &offset(1))).unwrap();
    let result = fixture.vault.transaction(|transaction| {
        transaction.insert(id(2), &offset(2))?;
        transaction.delete::<Offset>(id(1))?;
        Err::<(), _>(Failure::Other)
    });
    assert_eq!(result, Err(Failure::Other));

    let vault = &fixture.vault;
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        vault.transaction(|transaction| -> Result<(), VaultError> {
            transaction.insert(id(3), &offset(3))?;
            panic!("planned")
        })
    }));
    assert!(panicked.is_err());
    let listing = vault.list().unwrap();
    assert_eq!(listing.items, [(id(1), offset(1))]);
    assert!(listing.is_whole());
}

#[test]
fn oversized_records_are_refused() {
    let fixture = Fixture::new();
    let large = Offset { seconds: 0, secret: Secret::new(vec![0; MAX_PAYLOAD_BYTES]) };
    assert_eq!(
        fixture.vault.transaction(|transaction| transaction.insert(id(1), &large)),
        Err(VaultError::TooLarge)
    );
}

#[test]
fn a_damaged_record_is_named_and_the_others_are_listed() {
    let fixture = Fixture::new();
    fixture
        .vault
        .transaction(|transaction| (1..=3).try_for_each(|n| transaction.insert(id(n), &offset(n.into()))))
        .unwrap();
    let fixture = fixture.reopen_after(
        "UPDATE records SET envelope = zeroblob(60) WHERE id = unhex('02020202020202020202020202020202')",
    );

    let listing = fixture.vault.list::<Offset>().unwrap();
    assert_eq!(listing.items, [(id(1), offset(1)), (id(3), offset(3))]);
    assert_eq!((&listing.damaged[..], listing.completeness), (&[id(2)][..], Completeness::Complete));
    assert!(!listing.is_whole());
    let damaged = VaultError::DamagedRecord { kind: RecordKind::ClockOffset, id: id(2) };
    assert_eq!(fixture.vault.get::<Offset>(id(2)), Err(damaged));

    fixture.vault.transaction(|transaction| transaction.delete::<Offset>(id(2))).unwrap();
    assert!(fixture.vault.list::<Offset>().unwrap().is_whole());
}

#[test]
fn exchanged_envelopes_are_damaged_records() {
    let fixture = Fixture::new();
    fixture
        .vault
        .transaction(|transaction| (1..=2).try_for_each(|n| transaction.insert(id(n), &offset(n.into()))))
        .unwrap();
    let fixture = fixture.reopen_after(
        "CREATE TEMP TABLE old AS SELECT * FROM records WHERE kind = 4;
         UPDATE records SET envelope = (SELECT envelope FROM old WHERE old.id <> records.id) WHERE kind = 4",
    );
    assert_eq!(fixture.vault.list::<Offset>().unwrap().damaged, [id(1), id(2)]);
}

#[test]
fn a_record_that_no_longer_makes_sense_is_damaged() {
    #[derive(Serialize, Deserialize)]
    struct Other {
        unrelated: bool,
    }
    impl Record for Other {
        const KIND: RecordKind = RecordKind::ClockOffset;
    }

    let fixture = Fixture::new();
    fixture.vault.transaction(|transaction| transaction.insert(id(1), &Other { unrelated: true })).unwrap();
    assert_eq!(fixture.vault.list::<Offset>().unwrap().damaged, [id(1)]);
}

#[test]
fn vanished_and_returned_records_are_counted() {
    let fixture = Fixture::new();
    fixture
        .vault
        .transaction(|transaction| (1..=3).try_for_each(|n| transaction.insert(id(n), &offset(n.into()))))
        .unwrap();
    let fixture = fixture.reopen_after(
        "CREATE TABLE copy AS SELECT * FROM records WHERE kind = 4;
         DELETE FROM records WHERE kind = 4 AND substr(id, 1, 1) <> x'01'",
    );
    assert_eq!(fixture.vault.list::<Offset>().unwrap().completeness, Completeness::Missing(2));
    assert!(!fixture.vault.check().unwrap().is_sound());

    fixture.vault.accept_loss().unwrap();
    assert!(fixture.vault.list::<Offset>().unwrap().is_whole());

    let fixture = fixture.reopen_after(
        "INSERT INTO records SELECT * FROM copy WHERE substr(id, 1, 1) = x'02'; DROP TABLE copy",
    );
    assert_eq!(fixture.vault.list::<Offset>().unwrap().completeness, Completeness::Surplus(1));
}

#[test]
fn without_its_manifest_a_vault_is_read_but_not_added_to() {
    for damage in
        ["DELETE FROM records WHERE kind = 0", "UPDATE records SET envelope = zeroblob(40) WHERE kind = 0"]
    {
        let fixture = Fixture::new();
        fixture.vault.add_account(&totp_account("kept")).unwrap();
        let fixture = fixture.reopen_after(damage);

        let listing = fixture.vault.accounts().unwrap();
        assert_eq!((listing.items.len(), listing.completeness), (1, Completeness::Unproven));
        let added = fixture.vault.add_account(&totp_account("new"));
        assert!(
            matches!(added, Err(VaultError::DamagedRecord { kind: RecordKind::Manifest, .. })),
            "{added:?}"
        );
        assert!(!fixture.vault.check().unwrap().is_sound());

        fixture.vault.accept_loss().unwrap();
        fixture.vault.add_account(&totp_account("new")).unwrap();
        assert_eq!(names(&fixture.vault), ["kept", "new"]);
        assert!(fixture.vault.check().unwrap().is_sound());
    }
}

#[test]
fn a_locked_vault_gives_nothing_and_takes_nothing() {
    let fixture = Fixture::new();
    let vault = &fixture.vault;
    vault.add_account(&totp_account("kept")).unwrap();
    vault.lock();
    assert!(vault.is_locked());
    assert_eq!(vault.accounts(), Err(VaultError::Locked));
    assert_eq!(vault.get::<Offset>(id(1)), Err(VaultError::Locked));
    assert_eq!(vault.add_account(&totp_account("new")), Err(VaultError::Locked));
    assert_eq!(
        vault.add_slot(&NewSlot::from_recovery_code(&RecoveryCode::make_random())),
        Err(VaultError::Locked)
    );
    assert_eq!(vault.remove_slot(vault.slots().unwrap()[0].id), Err(VaultError::Locked));
    assert_eq!(vault.check().unwrap().kinds, []);

    vault.unlock_with_recovery_code(&fixture.code).unwrap();
    assert_eq!(names(vault), ["kept"]);
}

#[test]
fn a_vault_can_be_shared_between_threads() {
    fn assert_shareable<T: Send + Sync>() {}
    assert_shareable::<Vault>();
}
