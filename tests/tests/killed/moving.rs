//! Moving to a new phone. The folder's vault is one of the two phones; the other one is made, used and gone while the
//! operation is prepared, and has left the code to be scanned in a file.

use std::fs;
use std::path::Path;

use countersign_authenticator::import::ImportOptions;
use countersign_authenticator::{Authenticator, Receiving, ReceivingStep, Sending, SendingStep, Transfer};
use tempfile::TempDir;

use crate::operations::{Operation, authenticator, create, create_filled, import, links, open, operation};
use crate::state::Keys;

pub(crate) const OPERATIONS: &[Operation] = &[
    operation("begin to receive a move", create, |folder| {
        let new = authenticator(open(folder));
        Box::new(move || drop(new.receive_accounts().unwrap()))
    }),
    operation(
        "take up a move's invitation",
        |folder| {
            create_many(folder);
            leave(folder, &invitation(&other_phone(folder, create).0));
        },
        |folder| {
            let (old, scanned) = (authenticator(open(folder)), scanned(folder));
            Box::new(move || drop(old.send_accounts(&scanned).unwrap()))
        },
    ),
    operation(
        "take in the old phone's answer",
        |folder| {
            create(folder);
            let old = other_phone(folder, create_many).0;
            let invitation = invitation(&authenticator(open(folder)));
            leave(folder, &acceptance(&old.send_accounts(&invitation).unwrap()));
        },
        receive,
    ),
    operation(
        "seal the accounts of a move",
        |folder| {
            create_many(folder);
            let new = other_phone(folder, create).0;
            leave(folder, &greet(&authenticator(open(folder)), &new));
        },
        |folder| {
            let (old, check_value) = (authenticator(open(folder)), scanned(folder));
            Box::new(move || assert!(old.show_accounts(&check_value, None).unwrap().codes.len() > 2))
        },
    ),
    operation("scan one of many codes", |folder| leave(folder, &receive_codes(folder, 2).remove(0)), receive),
    operation("scan the last code", |folder| leave(folder, &receive_codes(folder, 1).remove(0)), receive),
    operation(
        "store the accounts of a move",
        |folder| drop(receive_codes(folder, 0)),
        |folder| {
            let new = authenticator(open(folder));
            Box::new(move || drop(new.store_received(&ImportOptions::default()).unwrap()))
        },
    )
    .in_steps(),
    operation(
        "scan the receipt",
        |folder| leave(folder, &receipt(folder)),
        |folder| {
            let (old, scanned) = (authenticator(open(folder)), scanned(folder));
            Box::new(move || {
                let step = old.receive_receipt(&scanned).unwrap().step;
                assert!(matches!(step, SendingStep::Proven { held: MANY, sent: MANY, .. }), "{step:?}");
            })
        },
    ),
    operation(
        "remove what has moved",
        |folder| {
            let receipt = receipt(folder);
            authenticator(open(folder)).receive_receipt(&receipt).unwrap();
        },
        |folder| {
            let old = authenticator(open(folder));
            Box::new(move || assert!(old.remove_moved().unwrap() > 0))
        },
    ),
    operation(
        "take an account back",
        |folder| {
            let receipt = receipt(folder);
            authenticator(open(folder)).receive_receipt(&receipt).unwrap();
        },
        |folder| {
            let old = authenticator(open(folder));
            let account = old.accounts().unwrap().accounts[0].id;
            Box::new(move || old.take_back(account).unwrap())
        },
    ),
    operation(
        "end a move",
        |folder| drop(receive_codes(folder, 1)),
        |folder| {
            let new = authenticator(open(folder));
            Box::new(move || new.end_transfer().unwrap())
        },
    ),
];

/// As many accounts as take more than two codes.
const MANY: u64 = 22;

fn create_many(folder: &Path) {
    create_filled(folder);
    import(&authenticator(open(folder)), links(300..310).as_bytes());
}

/// A phone with a vault of its own, opened by the keys of this folder's.
pub(crate) fn other_phone(folder: &Path, create: fn(&Path)) -> (Authenticator, TempDir) {
    let other = tempfile::tempdir().unwrap();
    Keys::read(folder).write(other.path());
    create(other.path());
    (authenticator(open(other.path())), other)
}

fn invitation(new: &Authenticator) -> String {
    match new.receive_accounts().unwrap().step {
        ReceivingStep::Inviting { invitation } => invitation,
        other => panic!("{other:?}"),
    }
}

fn acceptance(sending: &Sending) -> String {
    match &sending.step {
        SendingStep::Comparing { acceptance } => acceptance.clone(),
        other => panic!("{other:?}"),
    }
}

/// Both phones as far as the check value, which is the result.
fn greet(old: &Authenticator, new: &Authenticator) -> String {
    let sending = old.send_accounts(&invitation(new)).unwrap();
    let receiving = new.receive_code(&acceptance(&sending)).unwrap();
    assert_eq!(receiving.check_value.as_ref(), Some(&sending.check_value));
    sending.check_value
}

/// Both phones as far as the codes, which are the result.
fn show(old: &Authenticator, new: &Authenticator) -> Vec<String> {
    let check_value = greet(old, new);
    old.show_accounts(&check_value, None).unwrap().codes
}

/// Makes a new phone of the folder, which has scanned all codes but the last few: they are the result.
fn receive_codes(folder: &Path, but: usize) -> Vec<String> {
    create(folder);
    let (old, new) = (other_phone(folder, create_many).0, authenticator(open(folder)));
    let mut codes = show(&old, &new);
    let rest = codes.split_off(codes.len() - but);
    for code in codes {
        new.receive_code(&code).unwrap();
    }
    rest
}

/// Makes an old phone of the folder, whose accounts the new one holds. The one code of its receipt.
fn receipt(folder: &Path) -> String {
    create_many(folder);
    let (old, new) = (authenticator(open(folder)), other_phone(folder, create).0);
    for code in show(&old, &new) {
        new.receive_code(&code).unwrap();
    }
    let [receipt] =
        <[String; 1]>::try_from(new.store_received(&ImportOptions::default()).unwrap().receipt).unwrap();
    receipt
}

fn receive(folder: &Path) -> Box<dyn FnOnce()> {
    let (new, scanned) = (authenticator(open(folder)), scanned(folder));
    Box::new(move || drop(new.receive_code(&scanned).unwrap()))
}

fn leave(folder: &Path, text: &str) {
    fs::write(folder.join("scanned"), text).unwrap();
}

fn scanned(folder: &Path) -> String {
    fs::read_to_string(folder.join("scanned")).unwrap()
}

/// The move under way as a text that tells one state from another. What is made at random in every run isn't in it: the
/// keys of this phone, and what follows from them.
pub(crate) fn view(authenticator: &Authenticator) -> Option<String> {
    Some(match authenticator.transfer().unwrap()? {
        Transfer::Receiving(Receiving { step: ReceivingStep::Inviting { .. }, .. }) => "inviting".to_owned(),
        Transfer::Sending(Sending { step: SendingStep::Comparing { .. }, .. }) => "comparing".to_owned(),
        other => format!("{other:?}"),
    })
}
