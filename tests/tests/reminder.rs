//! A passphrase that is hardly ever typed is forgotten: it is asked for while something else still opens the vault.

use std::sync::Arc;

use countersign_authenticator::client::HttpTransportBuilder;
use countersign_authenticator::clock::SystemClock;
use countersign_authenticator::keys::{SoftwareKeys, UserCheck};
use countersign_authenticator::vault::{NewSlot, Recoverability, SlotKind, Vault, VaultError};
use countersign_authenticator::{Authenticator, Secret};
use countersign_tests::Phone;

const DAY_MS: i64 = 86_400_000;

#[test]
fn a_passphrase_is_asked_for_while_another_one_can_still_be_made() {
    let phone = Phone::new();
    let authenticator = &phone.authenticator;
    assert_eq!(authenticator.passphrase_reminder(), Ok(None), "there is none to remember");

    let vault = authenticator.vault();
    vault.add_slot(&NewSlot::from_passphrase(&passphrase("first")).unwrap()).unwrap();
    assert!(authenticator.passphrase_reminder().unwrap().unwrap().is_due, "nobody ever typed it");
    let mut ahead = 0;
    for days in [1, 3, 7] {
        let next = authenticator.check_passphrase(&passphrase("first")).unwrap();
        let interval = next.due_at.unwrap() - next.typed_at.unwrap();
        assert_eq!((next.is_due, interval), (false, days * 86_400));
        ahead += i64::try_from(days).unwrap() * DAY_MS;
        phone.clock.set_wall_ahead(ahead);
    }
    assert!(authenticator.passphrase_reminder().unwrap().unwrap().is_due);

    let wrong = authenticator.check_passphrase(&passphrase("forgotten")).unwrap_err();
    assert_eq!(wrong.code(), "vault_wrong_key");
    assert!(!vault.is_locked());
    assert!(authenticator.passphrase_reminder().unwrap().unwrap().is_due);
    let old = vault.slots().unwrap().into_iter().find(|slot| slot.kind == SlotKind::Passphrase).unwrap();
    vault.replace_slot(old.id, &NewSlot::from_passphrase(&passphrase("second")).unwrap()).unwrap();
    let next = authenticator.check_passphrase(&passphrase("second")).unwrap();
    assert_eq!(next.due_at.unwrap() - next.typed_at.unwrap(), 86_400, "reminders begin anew");

    // The recovery code opens the vault in the next process, and says nothing about the passphrase.
    let phone = phone.restarted();
    assert_eq!(phone.authenticator.passphrase_reminder().unwrap().unwrap().typed_at, next.typed_at);
}

#[test]
fn a_passphrase_that_a_file_gives_was_typed_by_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vault.db");
    Vault::create(&path, &[NewSlot::from_passphrase(&passphrase("kept")).unwrap()]).unwrap();
    let reminder = |unlock: fn(&Vault, &Secret) -> Result<(), VaultError>| {
        let vault = Vault::open(&path).unwrap();
        unlock(&vault, &passphrase("kept")).unwrap();
        let recoverability = vault.recoverability().unwrap();
        (recoverability, authenticator(vault).passphrase_reminder().unwrap().unwrap())
    };
    let (recoverability, kept) = reminder(Vault::unlock_with_kept_passphrase);
    assert_eq!((recoverability, kept.is_due, kept.typed_at), (Recoverability::Proven, true, None));
    let (_, typed) = reminder(Vault::unlock_with_passphrase);
    assert!(!typed.is_due && typed.typed_at.is_some());
    assert_eq!(reminder(Vault::unlock_with_kept_passphrase).1, typed);
}

fn authenticator(vault: Vault) -> Authenticator {
    let vault = Arc::new(vault);
    let keys = Arc::new(SoftwareKeys::new(Arc::clone(&vault), UserCheck::None));
    let transport = Arc::new(HttpTransportBuilder::default().build().unwrap());
    Authenticator::new(vault, keys, Arc::new(SystemClock::default()), transport).unwrap()
}

fn passphrase(text: &str) -> Secret {
    text.as_bytes().into()
}
