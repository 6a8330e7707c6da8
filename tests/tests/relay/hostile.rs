//! A service that lies: it can make a move fail over the service, and nothing else.

use countersign_authenticator::import::ImportOptions;
use countersign_authenticator::protocol::{MailboxName, encode_base64url};
use countersign_authenticator::transfer::TransferError;
use countersign_authenticator::{Receiving, ReceivingStep, Transfer};
use countersign_tests::{Phone, TestService};

use super::{by_codes, database, greet, movable, old_phone, proven, receiving, refused, sending};

#[tokio::test]
async fn what_the_service_alters_swaps_drops_or_repeats_is_not_taken() {
    let service = TestService::start().await;
    let altering: [(&str, &str); 6] = [
        ("altered", "UPDATE mailbox_parts SET sealed = zeroblob(length(sealed)) WHERE number = 2"),
        ("no part at all", "UPDATE mailbox_parts SET sealed = zeroblob(16) WHERE number = 2"),
        (
            "repeated",
            "UPDATE mailbox_parts SET sealed = (SELECT sealed FROM mailbox_parts WHERE number = 1) WHERE number = 2",
        ),
        (
            "dropped",
            "DELETE FROM mailbox_parts WHERE number = 2; UPDATE mailbox_parts SET number = 2 WHERE number = 3",
        ),
        ("said to be fewer", "UPDATE mailboxes SET count = 2"),
        ("said to be more", "UPDATE mailboxes SET count = 4096"),
    ];
    for (what, statements) in altering {
        let ((old, account), new) = (old_phone(&service, 40).await, Phone::new());
        let codes = greet(&old, account, &new);
        sending(&old).await.unwrap();
        database(&service).execute_batch(statements).unwrap();
        assert_eq!(refused(receiving(&new).await), TransferError::RelayAltered, "{what}");
        let Some(Transfer::Receiving(Receiving { step, .. })) = new.authenticator.transfer().unwrap() else {
            panic!()
        };
        assert_eq!(
            step,
            ReceivingStep::Scanning { count: None, missing: vec![] },
            "{what}: nothing was taken"
        );
        by_codes(&old, &new, &codes, 40);
        old.authenticator.end_relay().await.unwrap();
    }
}

#[tokio::test]
async fn parts_that_the_service_holds_back_are_waited_for_and_scanned() {
    let service = TestService::start().await;
    let ((old, account), new) = (old_phone(&service, 40).await, Phone::new());
    let codes = greet(&old, account, &new);
    sending(&old).await.unwrap();
    database(&service).execute("DELETE FROM mailbox_parts WHERE number >= 3", []).unwrap();
    let ReceivingStep::Scanning { count, missing } = receiving(&new).await.unwrap().step else { panic!() };
    assert_eq!((count.map(usize::from), missing.len()), (Some(codes.len()), codes.len() - 2));
    by_codes(&old, &new, &codes[2..], 40);
}

#[tokio::test]
async fn parts_of_another_move_are_not_taken() {
    let service = TestService::start().await;
    let ((old, account), new) = (old_phone(&service, 40).await, Phone::new());
    let first = greet(&old, account, &new);
    sending(&old).await.unwrap();
    let database = database(&service);
    let keep = "CREATE TABLE kept AS SELECT * FROM mailbox_parts";
    database.execute(keep, []).unwrap();
    old.authenticator.end_relay().await.unwrap();
    for phone in [&old, &new] {
        phone.authenticator.end_transfer().unwrap();
    }

    // A new move of the same phones and accounts, for which the service gives the old one's parts out.
    let second = greet(&old, account, &new);
    assert_eq!(first.len(), second.len());
    sending(&old).await.unwrap();
    database.execute("DELETE FROM mailbox_parts", []).unwrap();
    database.execute("INSERT INTO mailbox_parts SELECT * FROM kept", []).unwrap();
    assert_eq!(refused(receiving(&new).await), TransferError::RelayAltered);
    by_codes(&old, &new, &second, 40);
}

#[tokio::test]
async fn a_receipt_that_the_new_phone_did_not_write_proves_nothing() {
    let service = TestService::start().await;
    let ((old, account), new) = (old_phone(&service, 40).await, Phone::new());
    let codes = greet(&old, account, &new);
    sending(&old).await.unwrap();
    let forge =
        "INSERT INTO mailbox_parts SELECT device, 1, number, sealed FROM mailbox_parts WHERE number <= 1";
    database(&service).execute(forge, []).unwrap();
    assert_eq!(refused(sending(&old).await), TransferError::RelayAltered);
    let too_early = refused(old.authenticator.remove_moved());
    assert_eq!((too_early, movable(&old).lines().count()), (TransferError::NotProven, 40));

    // The new phone is told that its own isn't what the old one gets.
    receiving(&new).await.unwrap();
    let received = new.authenticator.store_received(&ImportOptions::default()).unwrap();
    assert_eq!(refused(receiving(&new).await), TransferError::RelayOver);
    let done = old.authenticator.receive_receipt(&received.receipt[0]).unwrap();
    assert_eq!((done.step, codes.is_empty()), (proven(40), false));
}

#[tokio::test]
async fn another_services_answer_is_not_believed() {
    let mut service = TestService::start().await;
    let ((old, account), new) = (old_phone(&service, 40).await, Phone::new());
    let codes = greet(&old, account, &new);
    sending(&old).await.unwrap();
    service.replace_by_another().await;
    assert_eq!(sending(&old).await.unwrap_err().code(), "service_key_changed");
    assert_eq!(receiving(&new).await.unwrap_err().code(), "service_key_changed");
    by_codes(&old, &new, &codes, 40);
}

#[tokio::test]
async fn the_service_sees_neither_an_account_nor_the_mailboxes_name() {
    let service = TestService::start().await;
    let ((old, account), new) = (old_phone(&service, 40).await, Phone::new());
    greet(&old, account, &new);
    sending(&old).await.unwrap();
    receiving(&new).await.unwrap();
    let stored: Vec<u8> =
        database(&service).query_row("SELECT name FROM mailboxes", [], |row| row.get(0)).unwrap();
    new.authenticator.store_received(&ImportOptions::default()).unwrap();
    receiving(&new).await.unwrap();
    // A name of which the service knows the hash alone: its hash opens nothing.
    assert_eq!(stored.len(), 32);
    let as_name = MailboxName::new(stored.clone().try_into().unwrap());
    assert_ne!(as_name.id().as_bytes().to_vec(), stored);
    let secrets: Vec<String> = movable(&old)
        .lines()
        .map(|line| line.split("secret=").nth(1).unwrap().split('&').next().unwrap().to_owned())
        .collect();
    let raw = |text: &str| data_encoding::BASE32_NOPAD.decode(text.as_bytes()).unwrap();
    for file in std::fs::read_dir(service.data()).unwrap() {
        let path = file.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        let holds = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
        for secret in &secrets {
            assert!(!holds(secret.as_bytes()) && !holds(&raw(secret)), "{}", path.display());
            assert!(!holds(encode_base64url(raw(secret)).as_bytes()), "{}", path.display());
        }
        assert!(!holds(b"Ward") && !holds(b"nurse"), "{}", path.display());
    }
}
