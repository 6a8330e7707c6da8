//! Accounts: identity, order, trash and counters.

use countersign_protocol::messages::{Matching, Policy, StormPolicy, WakeUp};

use super::*;
use crate::approvals::{Binding, BindingState, NativeBinding};

pub(super) fn binding() -> Binding {
    let point = p256::SecretKey::from_slice(&[1; 32]).unwrap().public_key().to_sec1_bytes();
    let service_key = countersign_protocol::Jwk::from_point(&point).unwrap();
    Binding::Native(NativeBinding {
        service: "https://approve.example".parse().unwrap(),
        service_key,
        device: id(9),
        device_key: service_key.thumbprint(),
        approval_key: service_key.thumbprint(),
        user: "sister@north.example".into(),
        policy: Policy {
            matching: Matching { digits: Some(6), scan: true },
            tries: 1,
            storm: StormPolicy::default(),
            relay: 0,
        },
        state: BindingState::Active,
        wake_up: Some(WakeUp::UnifiedPush { endpoint: "https://push.example/1".into() }),
        wake_up_is_unsent: true,
        enrolment: None,
        newer_devices: Vec::new(),
    })
}

#[test]
fn every_part_of_an_account_is_kept() {
    let fixture = Fixture::new();
    let mut accounts = vec![
        Account::new("", "", 0),
        totp_account("Zoë 👩‍⚕️"),
        Account { binding: Some(Box::new(binding())), ..Account::new("North", "push", u64::MAX) },
        Account { binding: Some(Box::new(binding())), trashed_at: Some(5), ..totp_account("both") },
        otp_account("counter", MovingFactor::Counter { next: u64::MAX }),
        Account {
            otp: Some(OtpParameters::new_steam(Secret::new(vec![1])).unwrap()),
            ..Account::new("Steam", "", 1)
        },
    ];
    for (algorithm, digits) in [(Algorithm::Sha256, 8), (Algorithm::Sha512, 10)] {
        let factor = MovingFactor::Time { period: 60 };
        let secret = Secret::new(vec![0xFF; OtpParameters::MAX_SECRET_BYTES]);
        let otp = OtpParameters::new(secret, algorithm, CodeFormat::Decimal { digits }, factor).unwrap();
        accounts.push(Account { otp: Some(otp), ..Account::new("North", "other hash", 1) });
    }
    for account in &accounts {
        fixture.vault.add_account(account).unwrap();
    }
    let vault = fixture.open_again();
    assert_eq!(vault.accounts().unwrap().items, accounts);
    for account in &accounts {
        assert_eq!(vault.account(account.id).unwrap().as_ref(), Some(account));
    }
}

#[test]
fn accounts_of_the_same_issuer_and_name_live_side_by_side() {
    let fixture = Fixture::new();
    let twins = [totp_account("sister"), totp_account("sister")];
    for twin in &twins {
        fixture.vault.add_account(twin).unwrap();
    }
    assert_eq!(fixture.vault.accounts().unwrap().items, twins);
    let again = fixture.vault.add_account(&twins[0]);
    assert_eq!(again, Err(VaultError::AlreadyPresent { kind: RecordKind::Account, id: twins[0].id }));
}

#[test]
fn a_renamed_account_keeps_its_place_and_its_codes() {
    let fixture = Fixture::new();
    let accounts = ["a", "b", "c"].map(totp_account);
    for account in &accounts {
        fixture.vault.add_account(account).unwrap();
    }
    fixture.vault.rename_account(accounts[1].id, "South", "renamed").unwrap();
    assert_eq!(names(&fixture.vault), ["a", "renamed", "c"]);
    let renamed = fixture.vault.account(accounts[1].id).unwrap().unwrap();
    assert_eq!((renamed.issuer.as_str(), &renamed.otp), ("South", &accounts[1].otp));
}

#[test]
fn the_trash_gives_back_what_was_put_there() {
    let fixture = Fixture::new();
    let accounts = ["a", "b"].map(totp_account);
    for account in &accounts {
        fixture.vault.add_account(account).unwrap();
    }
    fixture.vault.trash_account(accounts[0].id, 1_800_000_000).unwrap();
    let trashed = fixture.vault.account(accounts[0].id).unwrap().unwrap();
    assert_eq!(trashed.trashed_at, Some(1_800_000_000));
    fixture.vault.restore_account(accounts[0].id).unwrap();
    assert_eq!(fixture.vault.accounts().unwrap().items, accounts);
}

#[test]
fn a_deleted_account_is_gone_and_its_place_is_not_given_away() {
    let fixture = Fixture::new();
    let accounts = ["a", "b", "c"].map(totp_account);
    for account in &accounts {
        fixture.vault.add_account(account).unwrap();
    }
    fixture.vault.delete_account(accounts[2].id).unwrap();
    assert_eq!(fixture.vault.account(accounts[2].id), Ok(None));
    let missing = VaultError::NotFound { kind: RecordKind::Account, id: accounts[2].id };
    assert_eq!(fixture.vault.delete_account(accounts[2].id), Err(missing));
    assert_eq!(fixture.vault.rename_account(accounts[2].id, "", ""), Err(missing));
    fixture.vault.add_account(&totp_account("d")).unwrap();
    let listing = fixture.vault.accounts().unwrap();
    assert!(listing.is_whole());
    assert_eq!(names(&fixture.vault), ["a", "b", "d"]);
}

#[test]
fn reordering_moves_the_named_accounts_among_their_own_places() {
    let fixture = Fixture::new();
    let accounts = ["a", "b", "c", "d", "e"].map(totp_account);
    for account in &accounts {
        fixture.vault.add_account(account).unwrap();
    }
    let [a, b, c, d, e] = accounts.each_ref().map(|account| account.id);
    fixture.vault.reorder_accounts(&[e, d, c, b, a]).unwrap();
    assert_eq!(names(&fixture.vault), ["e", "d", "c", "b", "a"]);
    fixture.vault.reorder_accounts(&[a, e]).unwrap();
    assert_eq!(names(&fixture.open_again()), ["a", "d", "c", "b", "e"]);

    let twice = VaultError::AlreadyPresent { kind: RecordKind::Account, id: b };
    assert_eq!(fixture.vault.reorder_accounts(&[c, b, b]), Err(twice));
    let unknown = VaultError::NotFound { kind: RecordKind::Account, id: id(0) };
    assert_eq!(fixture.vault.reorder_accounts(&[c, b, id(0)]), Err(unknown));
    assert_eq!(names(&fixture.vault), ["a", "d", "c", "b", "e"]);
}

#[test]
fn a_counter_has_moved_on_in_the_file_before_its_code_is_returned() {
    let fixture = Fixture::new();
    let account = otp_account("counter", MovingFactor::Counter { next: 0 });
    fixture.vault.add_account(&account).unwrap();
    let other = fixture.open_again();
    // RFC 4226, appendix D.
    for (counter, code) in (1..).zip(["755224", "287082", "359152", "969429", "338314"]) {
        let vault = if counter % 2 == 0 { &other } else { &fixture.vault };
        assert_eq!(vault.next_hotp(account.id).unwrap().to_string(), code);
        let factor = other.account(account.id).unwrap().unwrap().otp.unwrap().factor();
        assert_eq!(factor, MovingFactor::Counter { next: counter });
    }
}

#[test]
fn accounts_without_a_counter_have_no_next_code() {
    let fixture = Fixture::new();
    let exhausted = otp_account("at the end", MovingFactor::Counter { next: u64::MAX });
    for account in [totp_account("time"), Account::new("North", "push", 0), exhausted] {
        fixture.vault.add_account(&account).unwrap();
        assert_eq!(fixture.vault.next_hotp(account.id).unwrap_err(), VaultError::NoCounter);
    }
}

#[test]
fn a_transaction_over_accounts_and_other_records_is_one_step() {
    let fixture = Fixture::new();
    let account = totp_account("enrolled");
    let failed = fixture.vault.transaction(|transaction| {
        transaction.add_account(&account)?;
        transaction.insert(account.id, &offset(1))?;
        transaction.delete::<Offset>(id(1))
    });
    assert!(failed.is_err());
    assert_eq!(names(&fixture.vault), [""; 0]);
    fixture
        .vault
        .transaction(|transaction| {
            transaction.add_account(&account)?;
            transaction.insert(account.id, &offset(1))
        })
        .unwrap();
    assert_eq!(names(&fixture.vault), ["enrolled"]);
}
