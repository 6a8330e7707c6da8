//! A vault file that was written once and must open for ever.

use super::*;
use crate::approvals::{Binding, BindingState};

const FILE: &str = "../../tests/vectors/vault/schema-1.db";
/// The bytes 0 to 19.
const CODE: &str = "000G-40R4-0M30-E209-185G-R38E-1W81-24GK-R";
const PASSPHRASE: &str = "correct horse battery staple";

/// The accounts of the file, but for the binding.
fn expected() -> Vec<Account> {
    let secret = || Secret::from(&b"12345678901234567890"[..]);
    let decimal = |digits| CodeFormat::Decimal { digits };
    let time = |period| MovingFactor::Time { period };
    let make = |secret, algorithm, format, factor| OtpParameters::new(secret, algorithm, format, factor).ok();
    let accounts = [
        Account {
            otp: make(secret(), Algorithm::Sha1, decimal(6), time(30)),
            ..Account::new("Northern Hospitals", "sister@north.example", 1_790_000_000)
        },
        Account {
            otp: make(secret(), Algorithm::Sha512, decimal(8), time(60)),
            trashed_at: Some(1_790_000_100),
            ..Account::new("", "Zoë", 1_790_000_001)
        },
        Account {
            otp: make(secret(), Algorithm::Sha1, decimal(6), MovingFactor::Counter { next: 7 }),
            ..Account::new("Northern Hospitals", "sister@north.example", 1_790_000_002)
        },
        Account {
            otp: OtpParameters::new_steam(secret()).ok(),
            ..Account::new("Steam", "gamer", 1_790_000_003)
        },
        Account::new("Northern Hospitals", "push", 1_790_000_004),
    ];
    (1..).zip(accounts).map(|(number, account)| Account { id: id(number), ..account }).collect()
}

#[test]
fn a_vault_of_schema_1_opens_with_all_that_was_put_into_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vault.db");
    fs::copy(FILE, &path).unwrap();

    let vault = Vault::open(&path).unwrap();
    vault.unlock_with_passphrase(&PASSPHRASE.as_bytes().into()).unwrap();
    vault.lock();
    vault.unlock_with_recovery_code(&RecoveryCode::parse(CODE).unwrap()).unwrap();
    assert!(vault.check().unwrap().is_sound());
    let mut accounts = vault.accounts().unwrap().items;
    let Binding::Native(binding) = *accounts[4].binding.take().unwrap() else {
        panic!("a binding of our own protocol stays one")
    };
    assert_eq!(accounts, expected());
    assert_eq!((binding.user.as_str(), binding.state), ("sister@north.example", BindingState::Active));
    assert_eq!(vault.next_hotp(id(3)).unwrap().to_string(), "162583");
}

/// `cargo test -p countersign-authenticator writes_the_vector -- --ignored`, for a new schema version and a new file only.
#[test]
#[ignore = "writes the file that the test above reads"]
fn writes_the_vector() {
    let path = Path::new(FILE);
    assert!(!path.exists(), "a file that was published doesn't change");
    let passphrase = NewSlot::from_passphrase_at_cost(&PASSPHRASE.as_bytes().into(), 64, 1).unwrap();
    let code = NewSlot::from_recovery_code(&RecoveryCode::parse(CODE).unwrap());
    let vault = Vault::create(path, &[passphrase, code]).unwrap();
    for mut account in expected() {
        account.binding = (account.name == "push").then(|| Box::new(accounts::binding()));
        vault.add_account(&account).unwrap();
    }
}
