//! Moving to a new phone, between two real vaults. Each test is named after what people complain about elsewhere.
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use countersign_authenticator::backup::ExportFormat;
use countersign_authenticator::import::{Import, ImportOptions, RowOutcome, SameName};
use countersign_authenticator::protocol::Id;
use countersign_authenticator::transfer::TransferError;
use countersign_authenticator::vault::VaultError;
use countersign_authenticator::{
    Error, Receiving, ReceivingStep, Sending, SendingStep, ShownAccounts, ShownCode, Transfer,
};
use countersign_tests::Phone;

const KINDS: &str = "\
otpauth://totp/Example:alice?secret=JBSWY3DPEHPK3PXPCANARYCANARYCANA&issuer=Example
otpauth://totp/Example:alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Example&algorithm=SHA512&digits=8&period=60
otpauth://hotp/Lab%3A%20%22door%22:a%20%26%20c%3D%2541%20%C3%BC?secret=GEZDGNBVGY3TQOJQ&algorithm=SHA256&digits=7&counter=41
otpauth://totp/only%20a%20name?secret=MFRGGZDFMZTWQ2LK
otpauth://steam/Steam:ada?secret=ONSWG4TFOQQGS43B&issuer=Steam
";

fn phone_with(links: &str) -> Phone {
    let phone = Phone::new();
    let mut import = Import::new();
    import.add_file(links.as_bytes(), None).unwrap();
    phone.authenticator.import(&import, &ImportOptions::default()).unwrap();
    phone
}

/// A ward's worth of accounts.
fn many() -> String {
    let letter = |n: u8| char::from(b'A' + n % 26);
    let secret = |n: u8| [letter(n), letter(n / 26)].iter().cycle().take(32).collect::<String>();
    (0..60).map(|n| format!("otpauth://totp/Ward%20{n}:nurse?secret={}\n", secret(n))).collect()
}

/// Everything that a phone's accounts are, as text.
fn accounts(phone: &Phone) -> String {
    let export = phone.authenticator.export(ExportFormat::Links, None).unwrap();
    String::from_utf8(export.content.to_vec()).unwrap()
}

fn invite(new: &Phone) -> String {
    match new.authenticator.receive_accounts().unwrap().step {
        ReceivingStep::Inviting { invitation } => invitation,
        other => panic!("{other:?}"),
    }
}

/// Both phones as far as the check value.
fn greet(old: &Phone, new: &Phone) -> String {
    let sending = old.authenticator.send_accounts(&invite(new)).unwrap();
    let SendingStep::Comparing { acceptance } = sending.step else { panic!("{sending:?}") };
    let receiving = new.authenticator.receive_code(&acceptance).unwrap();
    assert_eq!(receiving.check_value.as_ref(), Some(&sending.check_value));
    sending.check_value
}

/// Both phones as far as the old one's codes.
fn show(old: &Phone, new: &Phone) -> ShownAccounts {
    let check_value = greet(old, new);
    old.authenticator.show_accounts(&check_value, None).unwrap()
}

/// All steps but the removal.
fn transfer(old: &Phone, new: &Phone, options: &ImportOptions) -> Sending {
    for code in show(old, new).codes {
        new.authenticator.receive_code(&code).unwrap();
    }
    let received = new.authenticator.store_received(options).unwrap();
    let receive = |code: &String| old.authenticator.receive_receipt(code).unwrap();
    received.receipt.iter().map(receive).next_back().unwrap()
}

fn refused<T: std::fmt::Debug>(result: Result<T, Error>) -> TransferError {
    match result.unwrap_err() {
        Error::Transfer(error) => error,
        other => panic!("{other:?}"),
    }
}

fn visible(phone: &Phone) -> Vec<Id> {
    let accounts = phone.authenticator.accounts().unwrap().accounts;
    accounts.iter().filter(|account| account.trashed_at.is_none()).map(|account| account.id).collect()
}

fn on_request(phone: &Phone) -> Id {
    let codes = phone.authenticator.codes().unwrap().codes;
    codes.iter().find(|row| row.code == ShownCode::OnRequest).unwrap().account
}

#[test]
fn a_new_phone_has_every_account() {
    let (old, new) = (phone_with(KINDS), Phone::new());
    let done = transfer(&old, &new, &ImportOptions::default());
    assert_eq!(done.step, SendingStep::Proven { held: 5, sent: 5, ahead: vec![] });
    assert_eq!(accounts(&new), accounts(&old));
    assert!(accounts(&new).contains("counter=41"));
}

#[test]
fn codes_are_scanned_in_any_order_repeated_and_found_again() {
    let (old, new) = (phone_with(&many()), Phone::new());
    let codes = show(&old, &new).codes;
    assert!(codes.len() > 10, "{}", codes.len());
    for code in codes.iter().rev().step_by(2).chain(codes.iter().skip(4).step_by(2)) {
        new.authenticator.receive_code(code).unwrap();
    }
    let Some(Transfer::Receiving(Receiving { step, .. })) = new.authenticator.transfer().unwrap() else {
        panic!()
    };
    let ReceivingStep::Scanning { count, missing } = step else { panic!("{step:?}") };
    assert_eq!(count.map(usize::from), Some(codes.len()));
    let too_early = refused(new.authenticator.store_received(&ImportOptions::default()));
    assert_eq!(too_early, TransferError::Incomplete(missing.len()));
    for number in &missing {
        new.authenticator.receive_code(&codes[usize::from(*number) - 1]).unwrap();
    }
    assert_eq!(new.authenticator.store_received(&ImportOptions::default()).unwrap().report.proven, 60);
    assert_eq!(accounts(&new), accounts(&old));
}

#[test]
fn the_old_phone_keeps_everything_until_the_new_one_proved_it() {
    let (old, new) = (phone_with(KINDS), Phone::new());
    let before = accounts(&old);
    let keeps_everything = || {
        assert_eq!(accounts(&old), before);
        assert_eq!(visible(&old).len(), 5);
    };
    let check_value = greet(&old, &new);
    assert_eq!(refused(old.authenticator.remove_moved()), TransferError::NotProven);
    keeps_everything();
    for code in old.authenticator.show_accounts(&check_value, None).unwrap().codes {
        new.authenticator.receive_code(&code).unwrap();
    }
    assert_eq!(refused(old.authenticator.remove_moved()), TransferError::NotProven);
    let received = new.authenticator.store_received(&ImportOptions::default()).unwrap();
    keeps_everything();

    // A receipt of another move proves nothing.
    let (other_old, other_new) = (phone_with(&many()), Phone::new());
    for code in show(&other_old, &other_new).codes {
        other_new.authenticator.receive_code(&code).unwrap();
    }
    let foreign = other_new.authenticator.store_received(&ImportOptions::default()).unwrap().receipt;
    assert_eq!(refused(old.authenticator.receive_receipt(&foreign[0])), TransferError::OtherMove);
    assert_eq!(refused(old.authenticator.remove_moved()), TransferError::NotProven);
    keeps_everything();

    old.authenticator.receive_receipt(&received.receipt[0]).unwrap();
    keeps_everything();
    assert_eq!(old.authenticator.remove_moved().unwrap(), 5);
    assert!(visible(&old).is_empty() && old.authenticator.transfer().unwrap().is_none());
    for account in old.authenticator.accounts().unwrap().accounts {
        assert!(account.trashed_at.is_some() && account.moved_at.is_some());
        old.authenticator.restore(account.id).unwrap();
    }
    keeps_everything();
}

#[test]
fn nothing_is_shown_before_the_check_values_agree() {
    let (old, new) = (phone_with(KINDS), Phone::new());
    let check_value = greet(&old, &new);
    let differs = refused(old.authenticator.show_accounts("0000-0000", None));
    assert_eq!(differs, TransferError::CheckValueDiffers);
    assert_eq!(refused(old.authenticator.show_accounts("", None)), TransferError::CheckValueDiffers);
    let as_people_type = check_value.to_lowercase().replace('-', " ").replace('0', "o").replace('1', "l");
    old.authenticator.show_accounts(&as_people_type, None).unwrap();
}

#[test]
fn a_move_goes_on_after_either_phone_was_restarted() {
    let (mut old, mut new) = (phone_with(KINDS), Phone::new());
    let invitation = invite(&new);
    new = new.restarted();
    assert_eq!(invite(&new), invitation);
    let sending = old.authenticator.send_accounts(&invitation).unwrap();
    old = old.restarted();
    assert_eq!(old.authenticator.send_accounts(&invitation).unwrap(), sending);
    let SendingStep::Comparing { acceptance } = sending.step else { panic!() };
    new.authenticator.receive_code(&acceptance).unwrap();
    new = new.restarted();
    new.authenticator.receive_code(&acceptance).unwrap();

    let shown = old.authenticator.show_accounts(&sending.check_value, None).unwrap();
    old = old.restarted();
    for code in &shown.codes {
        new.authenticator.receive_code(code).unwrap();
        new = new.restarted();
    }
    let Some(Transfer::Sending(Sending { step: SendingStep::Showing { codes, .. }, .. })) =
        old.authenticator.transfer().unwrap()
    else {
        panic!()
    };
    assert_eq!(codes, shown.codes, "one content is sealed in a move");
    let received = new.authenticator.store_received(&ImportOptions::default()).unwrap();
    new = new.restarted();
    let Some(Transfer::Receiving(Receiving { step: ReceivingStep::Stored { receipt }, .. })) =
        new.authenticator.transfer().unwrap()
    else {
        panic!()
    };
    assert_eq!(receipt, received.receipt);
    old.authenticator.receive_receipt(&receipt[0]).unwrap();
    old = old.restarted();
    old.authenticator.receive_receipt(&receipt[0]).unwrap();
    assert_eq!(old.authenticator.remove_moved().unwrap(), 5);
}

#[test]
fn a_phone_that_stopped_between_storing_and_its_receipt_stores_nothing_twice() {
    let (old, new) = (phone_with(KINDS), Phone::new());
    for code in show(&old, &new).codes {
        new.authenticator.receive_code(&code).unwrap();
    }
    // All that was done when it stopped.
    let mut stored = Import::new();
    stored.add_file(KINDS.as_bytes(), None).unwrap();
    new.authenticator.import(&stored, &ImportOptions::default()).unwrap();
    let new = new.restarted();
    let received = new.authenticator.store_received(&ImportOptions::default()).unwrap();
    assert_eq!((received.report.proven, accounts(&new)), (5, accounts(&old)));
    let proven = old.authenticator.receive_receipt(&received.receipt[0]).unwrap();
    assert_eq!(proven.step, SendingStep::Proven { held: 5, sent: 5, ahead: vec![] });
}

#[test]
fn two_phones_never_make_the_same_code_from_a_counter() {
    let (old, new) = (phone_with(KINDS), Phone::new());
    let codes = show(&old, &new).codes;
    let (at_old, used) = (on_request(&old), old.authenticator.next_code(on_request(&old)).unwrap());
    codes.iter().for_each(|code| drop(new.authenticator.receive_code(code).unwrap()));
    let receipt = new.authenticator.store_received(&ImportOptions::default()).unwrap().receipt;
    let proven = old.authenticator.receive_receipt(&receipt[0]).unwrap();
    assert_eq!(
        proven.step,
        SendingStep::Proven { held: 5, sent: 5, ahead: vec![at_old] },
        "the person is told"
    );
    assert_eq!(new.authenticator.next_code(on_request(&new)).unwrap(), used);

    let refused = old.authenticator.next_code(at_old).unwrap_err();
    assert_eq!((&refused, refused.code()), (&Error::Vault(VaultError::MovedAway), "account_moved_away"));
    old.authenticator.take_back(at_old).unwrap();
    old.authenticator.next_code(at_old).unwrap();
}

#[test]
fn a_code_of_another_move_is_told_and_changes_nothing() {
    let (old, new) = (phone_with(KINDS), Phone::new());
    let (other_old, other_new) = (phone_with(&many()), Phone::new());
    let theirs = show(&other_old, &other_new).codes;
    show(&old, &new);
    assert_eq!(refused(new.authenticator.receive_code(&theirs[0])), TransferError::OtherMove);
    let own = new.authenticator.receive_code("https://north.example").unwrap_err();
    assert_eq!(own.code(), "move_not_a_code");
    let Some(Transfer::Receiving(receiving)) = new.authenticator.transfer().unwrap() else { panic!() };
    assert_eq!(receiving.step, ReceivingStep::Scanning { count: None, missing: vec![] });
}

#[test]
fn a_second_phone_that_answers_is_told() {
    let (old, stranger, new) = (phone_with(KINDS), phone_with(&many()), Phone::new());
    let invitation = invite(&new);
    let [answer, second] = [&old, &stranger].map(|phone| {
        let sending = phone.authenticator.send_accounts(&invitation).unwrap();
        let SendingStep::Comparing { acceptance } = sending.step else { panic!() };
        acceptance
    });
    new.authenticator.receive_code(&answer).unwrap();
    assert_eq!(refused(new.authenticator.receive_code(&second)), TransferError::SecondAnswer);
    let elsewhere = refused(old.authenticator.send_accounts(&invite(&Phone::new())));
    assert_eq!(elsewhere, TransferError::UnderWay);
    assert_eq!(refused(old.authenticator.receive_accounts()), TransferError::UnderWay);
}

#[test]
fn an_account_of_the_same_name_is_never_overwritten() {
    let (old, new) = (
        phone_with(KINDS),
        phone_with("otpauth://totp/Example:alice?secret=GEZDGNBVGY3TQOJQ&issuer=Example"),
    );
    for code in show(&old, &new).codes {
        new.authenticator.receive_code(&code).unwrap();
    }
    let mut options = ImportOptions::default();
    options.same_name = SameName::Skip;
    assert_eq!(new.authenticator.preview_received(&options).unwrap().rows.len(), 5);
    let received = new.authenticator.store_received(&options).unwrap();
    let skipped = received.report.rows.iter().filter(|row| row.outcome == RowOutcome::Skipped).count();
    assert_eq!((skipped, visible(&new).len()), (2, 4));
    // The receipt says what is held: another choice would make it untrue.
    assert_eq!(
        refused(new.authenticator.store_received(&ImportOptions::default())),
        TransferError::OutOfTurn
    );
    assert_eq!(visible(&new).len(), 4);
    // What the new phone left out stays on the old one.
    let proven = old.authenticator.receive_receipt(&received.receipt[0]).unwrap();
    assert_eq!(proven.step, SendingStep::Proven { held: 3, sent: 5, ahead: vec![] });
    assert_eq!(old.authenticator.remove_moved().unwrap(), 3);
    assert_eq!(visible(&old).len(), 2);
}

#[test]
fn moving_back_brings_the_accounts_out_of_the_trash() {
    let (old, new) = (phone_with(KINDS), Phone::new());
    let before = accounts(&old);
    transfer(&old, &new, &ImportOptions::default());
    old.authenticator.remove_moved().unwrap();
    new.authenticator.end_transfer().unwrap();
    new.authenticator.next_code(on_request(&new)).unwrap();

    transfer(&new, &old, &ImportOptions::default());
    assert_eq!(accounts(&old), before.replace("counter=41", "counter=42"));
    old.authenticator.next_code(on_request(&old)).unwrap();
    new.authenticator.next_code(on_request(&new)).unwrap_err();
}

#[test]
fn only_the_chosen_accounts_go() {
    let (old, new) = (phone_with(KINDS), Phone::new());
    let check_value = greet(&old, &new);
    let unknown = old.authenticator.show_accounts(&check_value, Some(&[Id::make_random()])).unwrap_err();
    assert_eq!(unknown, Error::NoSuchAccount);
    let chosen = visible(&old)[1];
    let shown = old.authenticator.show_accounts(&check_value, Some(&[chosen])).unwrap();
    assert_eq!((shown.codes.len(), shown.rehearsal.restorable), (1, 1));
    assert_eq!(refused(old.authenticator.show_accounts(&check_value, None)), TransferError::OutOfTurn);
    new.authenticator.receive_code(&shown.codes[0]).unwrap();
    let receipt = new.authenticator.store_received(&ImportOptions::default()).unwrap().receipt;
    old.authenticator.receive_receipt(&receipt[0]).unwrap();
    assert_eq!((old.authenticator.remove_moved().unwrap(), visible(&old).len()), (1, 4));
}

#[test]
fn a_phone_without_codes_says_so() {
    let (old, new) = (Phone::new(), Phone::new());
    let check_value = greet(&old, &new);
    let refused = refused(old.authenticator.show_accounts(&check_value, None));
    assert_eq!(refused, TransferError::NothingToMove);
}

#[test]
fn the_move_is_seen_while_another_process_writes() {
    let (old, new) = (phone_with(KINDS), Phone::new());
    show(&old, &new);
    let writer = rusqlite::Connection::open(old.vault_path()).unwrap();
    writer.execute_batch("BEGIN IMMEDIATE").unwrap();
    let Some(Transfer::Sending(sending)) = old.authenticator.transfer().unwrap() else { panic!() };
    assert!(matches!(sending.step, SendingStep::Showing { .. }));
    writer.execute_batch("ROLLBACK").unwrap();
}
