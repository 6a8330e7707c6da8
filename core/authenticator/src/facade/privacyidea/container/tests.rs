//! What the vault's part of a synchronisation does, and refuses to do.

use std::path::PathBuf;

use super::synchronise::{Applied, apply, begin};
use super::*;
use crate::Account;
use crate::approvals::privacyidea::container::{Inventory, Listed, Member, Policies, read_inventory};
use crate::offer::{Offer, TokenKind};
use crate::otp::MovingFactor;
use crate::vault::{NewSlot, RecoveryCode, Vault};

const CONTAINER: Id = Id::from_bytes([9; 16]);
const QR: &str = "pia://container/S?nonce=7440e149aecf020fc7f82ad578032485a3ca5514&time=2026&url=https%3A//pi.example\
    &serial=S&hash_algorithm=SHA256&ssl_verify=True";

struct Phone {
    vault: Vault,
    path: PathBuf,
    _folder: tempfile::TempDir,
}

impl Phone {
    /// With a container that has these tokens already.
    fn new(serials: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vault.db");
        let vault =
            Vault::create(&path, &[NewSlot::from_recovery_code(&RecoveryCode::make_random())]).unwrap();
        let Offer::Container(offer) = Offer::parse(QR).unwrap() else { panic!("a container") };
        let mut record = ContainerRecord::new(&offer, String::new());
        record.offer = None;
        let phone = Self { vault, path, _folder: folder };
        phone.vault.transaction(|tx| tx.insert(CONTAINER, &record)).unwrap();
        let links: Vec<_> = serials.iter().map(|serial| hotp(serial, 1)).collect();
        phone.synchronise(&links, &[]).unwrap();
        phone
    }

    fn record(&self) -> ContainerRecord {
        self.vault.get(CONTAINER).unwrap().unwrap()
    }

    fn begin(&self) -> Result<(u64, Vec<Listed>), Error> {
        self.vault.transaction(|tx| begin(tx, CONTAINER, &[])).map(|(record, listed)| (record.round, listed))
    }

    fn apply(&self, round: u64, listed: &[Listed], inventory: Inventory) -> Option<Applied> {
        self.vault
            .transaction(|tx| apply(tx, CONTAINER, round, listed, &[], (inventory, Policies::default()), 5))
            .unwrap()
    }

    /// One synchronisation: what the server adds, and what it keeps with which counters.
    fn synchronise(&self, added: &[String], kept: &[(&str, u64)]) -> Result<ContainerSync, Error> {
        let (round, listed) = self.begin()?;
        Ok(self.apply(round, &listed, inventory(added, kept)).unwrap().report)
    }

    fn account(&self, serial: &str) -> Account {
        self.vault.account(self.record().tokens[serial].account).unwrap().unwrap()
    }

    fn spoil(&self, sql: &str) {
        rusqlite::Connection::open(&self.path).unwrap().execute_batch(sql).unwrap();
    }
}

fn hotp(serial: &str, counter: u64) -> String {
    format!("otpauth://hotp/{serial}?secret=JBSWY3DPEHPK3PXP&counter={counter}&issuer=PI&serial={serial}")
}

fn inventory(added: &[String], kept: &[(&str, u64)]) -> Inventory {
    let kept: Vec<_> = kept
        .iter()
        .map(|(serial, counter)| serde_json::json!({ "serial": serial, "counter": counter }))
        .collect();
    let text =
        serde_json::json!({ "container": { "serial": "S" }, "tokens": { "add": added, "update": kept } });
    read_inventory(text.to_string().as_bytes(), "S").unwrap()
}

fn serials(listed: &[Listed]) -> Vec<&str> {
    listed.iter().map(|token| token.serial.as_str()).collect()
}

#[test]
fn what_came_is_listed_and_in_the_trash_too() {
    let phone = Phone::new(&["A", "B"]);
    phone.vault.trash_account(phone.account("B").id, 1).unwrap();
    assert_eq!(serials(&phone.begin().unwrap().1), ["A", "B"]);
    assert_eq!(phone.record().tokens["A"].kind, TokenKind::Hotp);
}

#[test]
fn what_the_server_took_out_is_in_the_trash_with_its_secret() {
    let phone = Phone::new(&["A", "B"]);
    let (kept, gone) = (phone.account("A"), phone.account("B"));
    let report = phone.synchronise(&[], &[("A", 1)]).unwrap();
    assert_eq!(report.removed, [gone.id]);
    let trashed = phone.vault.account(gone.id).unwrap().unwrap();
    assert_eq!((trashed.trashed_at, trashed.otp), (Some(5), gone.otp));
    assert_eq!(phone.account("A"), kept);
    assert_eq!(serials(&phone.begin().unwrap().1), ["A"]);
}

#[test]
fn an_account_that_cannot_be_read_stops_the_synchronisation() {
    for sql in [
        "UPDATE records SET envelope = zeroblob(60) WHERE kind = 1",
        "DELETE FROM records WHERE kind = 1",
        "UPDATE records SET envelope = zeroblob(60) WHERE kind IN (0, 1)",
    ] {
        let phone = Phone::new(&["A"]);
        phone.spoil(sql);
        assert_eq!(phone.begin(), Err(ContainerError::AccountsDamaged.into()), "{sql}");
        assert_eq!(phone.record().tokens.len(), 1, "nothing is forgotten");
    }
}

#[test]
fn a_damaged_account_of_somebody_else_stops_nothing() {
    let phone = Phone::new(&["A"]);
    let other = Account::new("Bank", "ada", 1);
    phone.vault.add_account(&other).unwrap();
    let id = data_encoding::HEXLOWER.encode(other.id.as_bytes());
    phone.spoil(&format!("UPDATE records SET envelope = zeroblob(60) WHERE id = x'{id}'"));
    assert_eq!(serials(&phone.begin().unwrap().1), ["A"]);
}

#[test]
fn what_the_person_deleted_for_good_comes_anew() {
    let phone = Phone::new(&["A", "B"]);
    phone.vault.delete_account(phone.account("A").id).unwrap();
    assert_eq!(serials(&phone.begin().unwrap().1), ["B"]);
}

#[test]
fn a_token_made_anew_leaves_the_old_one_in_the_trash() {
    let phone = Phone::new(&["A"]);
    let old = phone.account("A").id;
    let report = phone.synchronise(&[hotp("A", 3)], &[]).unwrap();
    assert_eq!((report.replaced, report.removed), (vec![old], Vec::new()));
    let new = phone.account("A").id;
    assert_ne!(new, old);
    assert_eq!((report.added[0].id, report.added[0].same_name.len()), (new, 0));
}

#[test]
fn a_counter_goes_forward_a_little_and_never_back() {
    let phone = Phone::new(&["A"]);
    for (server, next) in [(7, 7), (3, 7), (1_007, 1_007), (2_008, 1_007), (u64::MAX, 1_007)] {
        phone.synchronise(&[], &[("A", server)]).unwrap();
        assert_eq!(phone.account("A").otp.unwrap().factor(), MovingFactor::Counter { next });
    }
}

#[test]
fn two_synchronisations_at_once_leave_their_tokens_to_a_third() {
    let phone = Phone::new(&[]);
    let (first, nothing) = phone.begin().unwrap();
    let (second, _) = phone.begin().unwrap();
    // The server has made the token anew twice; which secret is its last, nobody can tell.
    assert!(phone.apply(first, &nothing, inventory(&[hotp("A", 1)], &[])).is_none());
    phone.apply(second, &nothing, inventory(&[hotp("A", 1)], &[])).unwrap();
    assert_eq!(phone.begin().unwrap().1, [], "it isn't listed, so that it comes once more");
    let report = phone.synchronise(&[hotp("A", 1)], &[]).unwrap();
    assert_eq!(report.replaced.len(), 1);
    assert_eq!(serials(&phone.begin().unwrap().1), ["A"]);
    // The other order.
    let (first, listed) = phone.begin().unwrap();
    let (second, _) = phone.begin().unwrap();
    phone.apply(second, &listed, inventory(&[hotp("B", 1)], &[("A", 1)])).unwrap();
    assert!(phone.apply(first, &listed, inventory(&[hotp("B", 1)], &[("A", 1)])).is_none());
    assert_eq!(serials(&phone.begin().unwrap().1), ["A"]);
}

#[test]
fn a_registration_anew_takes_the_place_of_the_earlier_one() {
    let phone = Phone::new(&["A"]);
    let old = phone.account("A").id;
    let Offer::Container(offer) = Offer::parse(QR).unwrap() else { panic!("a container") };
    let anew = Id::from_bytes([10; 16]);
    phone.vault.transaction(|tx| tx.insert(anew, &ContainerRecord::new(&offer, String::new()))).unwrap();
    let (round, listed) = {
        let (record, listed) = phone.vault.transaction(|tx| begin(tx, anew, &[])).unwrap();
        (record.round, listed)
    };
    assert_eq!(listed, []);
    let added = inventory(&[hotp("A", 1)], &[]);
    let applied = phone
        .vault
        .transaction(|tx| apply(tx, anew, round, &listed, &[], (added, Policies::default()), 5))
        .unwrap();
    let Applied { report, replaced_containers, .. } = applied.unwrap();
    assert_eq!((replaced_containers, report.replaced), (vec![CONTAINER], vec![old]));
    let record: ContainerRecord = phone.vault.get(anew).unwrap().unwrap();
    let member = Member { account: report.added[0].id, kind: TokenKind::Hotp, is_stale: false };
    assert_eq!((record.offer, &record.tokens["A"]), (None, &member));
    assert!(phone.vault.get::<ContainerRecord>(CONTAINER).unwrap().is_none());
}
