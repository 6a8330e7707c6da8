//! Import on a real vault: all or nothing, proven, and undone.

use std::path::PathBuf;

use rusqlite::Connection;
use tempfile::TempDir;

use super::*;
use crate::vault::{NewSlot, RecoveryCode, Vault};
use crate::{Account, Error};

const NOW: u64 = 1_790_000_000;
const OTHER_ALICE: &str = "otpauth://totp/Example:alice?secret=GEZDGNBVGY3TQOJQ&issuer=Example";
const BROKEN: &str = "otpauth://totp/Example:bob?secret=0189";

struct Fixture {
    _folder: TempDir,
    path: PathBuf,
    code: RecoveryCode,
    vault: Vault,
}

impl Fixture {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vault.db");
        let code = RecoveryCode::make_random();
        let vault = Vault::create(&path, &[NewSlot::from_recovery_code(&code)]).unwrap();
        Self { _folder: folder, path, code, vault }
    }

    fn import(&self, links: &[&str], options: &ImportOptions) -> Result<ImportReport, Error> {
        apply(&self.vault, &import_of_links(links), options, NOW)
    }

    fn undo(&self) -> Result<UndoReport, Error> {
        self.vault.transaction(|tx| undo(tx, NOW + 1))
    }

    fn accounts(&self) -> Vec<Account> {
        self.vault.accounts().unwrap().items
    }

    /// Counters of the accounts that aren't in the trash.
    fn counters(&self) -> Vec<u64> {
        let visible = self.accounts().into_iter().filter(|account| account.trashed_at.is_none());
        visible.map(|account| counter(account.otp.as_ref().unwrap())).collect()
    }
}

fn hotp(counter: u64) -> String {
    format!("otpauth://hotp/Bank:ada?secret=JBSWY3DPEHPK3PXP&issuer=Bank&counter={counter}")
}

fn same_name(same_name: SameName) -> ImportOptions {
    ImportOptions { same_name, ..ImportOptions::default() }
}

#[test]
fn an_import_into_an_empty_vault_holds_everything_the_export_held() {
    let fixture = Fixture::new();
    let report =
        apply(&fixture.vault, &import_of("aegis.json").unwrap(), &ImportOptions::default(), NOW).unwrap();
    assert_eq!((report.rows.len(), report.proven), (4, 4));
    let stored: Vec<_> = fixture
        .accounts()
        .into_iter()
        .map(|account| OtpOffer::new(account.issuer, account.name, account.otp.unwrap()))
        .collect();
    assert_eq!(stored, [hospital(), bank(), door(), steam()]);
}

#[test]
fn an_import_that_added_none_never_reports_that_it_added_two() {
    // A vault that loses every account it is given.
    let Fixture { _folder, path, code, vault } = Fixture::new();
    drop(vault);
    let trigger = "CREATE TRIGGER lose AFTER INSERT ON records WHEN NEW.kind = 1
        BEGIN DELETE FROM records WHERE kind = NEW.kind AND id = NEW.id; END";
    Connection::open(&path).unwrap().execute_batch(trigger).unwrap();
    let vault = Vault::open(&path).unwrap();
    vault.unlock_with_recovery_code(&code).unwrap();
    let failed = apply(&vault, &import_of_links(&[ALICE, OTHER_ALICE]), &ImportOptions::default(), NOW);
    assert_eq!(failed.unwrap_err(), Error::Import(ImportError::NotProven));
    let listing = vault.accounts().unwrap();
    assert!(listing.items.is_empty() && listing.is_whole());
    assert_eq!(vault.transaction(last).unwrap(), None);
}

#[test]
fn one_entry_that_cannot_be_imported_keeps_all_out_unless_that_is_wanted() {
    let fixture = Fixture::new();
    let failed = fixture.import(&[ALICE, BROKEN], &ImportOptions::default());
    assert_eq!(failed.unwrap_err(), Error::Import(ImportError::EntriesRefused(1)));
    assert!(fixture.accounts().is_empty());
    let partial = ImportOptions { partial: true, ..ImportOptions::default() };
    let report = fixture.import(&[ALICE, BROKEN], &partial).unwrap();
    assert_eq!((report.proven, &report.rows[1].outcome), (1, &RowOutcome::Refused));
    assert_eq!(fixture.accounts().len(), 1);
}

#[test]
fn a_preview_says_of_every_entry_what_becomes_of_it_and_changes_nothing() {
    let fixture = Fixture::new();
    let trashed = "otpauth://totp/Old:x?secret=MZXW6YTBOIMZXW6YTBOI";
    fixture.import(&[ALICE, trashed], &ImportOptions::default()).unwrap();
    let accounts = fixture.accounts();
    fixture.vault.trash_account(accounts[1].id, NOW).unwrap();
    let accounts = fixture.accounts();
    let new = "otpauth://totp/New:y?secret=MZXW6YTBOJRGC6Q";
    let import = import_of_links(&[ALICE, OTHER_ALICE, trashed, new, new, BROKEN]);
    let rows = preview(&import, &accounts, &ImportOptions::default()).unwrap().rows;
    let verdicts: Vec<_> = rows.into_iter().map(|row| row.verdict).collect();
    let reason = crate::offer::OfferError::BadSecret.into();
    assert_eq!(
        verdicts,
        [
            RowVerdict::Present { account: accounts[0].id },
            RowVerdict::SameName { accounts: vec![accounts[0].id], choice: SameName::KeepBoth },
            RowVerdict::InTrash { account: accounts[1].id },
            RowVerdict::New,
            RowVerdict::Repeated { row: 3 },
            RowVerdict::Refused { reason },
        ]
    );
    assert_eq!(fixture.accounts(), accounts);
}

#[test]
fn accounts_of_the_same_name_live_side_by_side_are_replaced_or_skipped_as_chosen() {
    for (choice, visible, all) in
        [(SameName::KeepBoth, 2, 2), (SameName::Replace, 1, 2), (SameName::Skip, 1, 1)]
    {
        let fixture = Fixture::new();
        fixture.import(&[ALICE], &ImportOptions::default()).unwrap();
        fixture.import(&[OTHER_ALICE], &same_name(choice)).unwrap();
        let accounts = fixture.accounts();
        let count = accounts.iter().filter(|account| account.trashed_at.is_none()).count();
        assert_eq!((count, accounts.len()), (visible, all), "{choice:?}");
    }
    let fixture = Fixture::new();
    fixture.import(&[ALICE], &ImportOptions::default()).unwrap();
    let choices = [(0, SameName::Skip)].into_iter().collect();
    let report =
        fixture.import(&[OTHER_ALICE], &ImportOptions { choices, ..same_name(SameName::Replace) }).unwrap();
    assert_eq!(report.rows[0].outcome, RowOutcome::Skipped);
}

const ALICE_AT_WORK: &str = "otpauth://totp/Work:alice?secret=JBSWY3DPEHPK3PXP&issuer=Work";

#[test]
fn one_secret_under_two_names_is_two_accounts_unless_that_is_not_wanted() {
    let skip = ImportOptions { skip_same_secret: true, ..ImportOptions::default() };
    for (options, count) in [(ImportOptions::default(), 2), (skip.clone(), 1)] {
        // In one file, and one after the other.
        let fixture = Fixture::new();
        let report = fixture.import(&[ALICE, ALICE_AT_WORK], &options).unwrap();
        assert_eq!((fixture.accounts().len(), report.proven), (count, count));
        let row = RowVerdict::SameSecret {
            accounts: vec![],
            row: Some(0),
            choice: if count == 2 { SameName::KeepBoth } else { SameName::Skip },
        };
        assert_eq!(report.rows[1].row.verdict, row);
        let fixture = Fixture::new();
        fixture.import(&[ALICE], &options).unwrap();
        let first = fixture.accounts()[0].id;
        let report = fixture.import(&[ALICE_AT_WORK], &options).unwrap();
        assert_eq!(fixture.accounts().len(), count);
        assert!(
            matches!(&report.rows[0].row.verdict, RowVerdict::SameSecret { accounts, .. } if *accounts == [first])
        );
        // And again: nothing is added, nothing is left out but what was.
        fixture.import(&[ALICE, ALICE_AT_WORK], &options).unwrap();
        assert_eq!(fixture.accounts().len(), count);
    }
    let fixture = Fixture::new();
    fixture.import(&[ALICE], &ImportOptions::default()).unwrap();
    let replace = ImportOptions { choices: [(0, SameName::Replace)].into(), ..skip };
    fixture.import(&[ALICE_AT_WORK], &replace).unwrap();
    let visible: Vec<_> = fixture
        .accounts()
        .into_iter()
        .filter(|account| account.trashed_at.is_none())
        .map(|a| a.issuer)
        .collect();
    assert_eq!(visible, ["Work"]);
}

#[test]
fn an_account_that_an_entry_has_is_not_replaced_by_another_entry() {
    let fixture = Fixture::new();
    fixture.import(&[ALICE], &ImportOptions::default()).unwrap();
    let options = ImportOptions { choices: [(0, SameName::Replace)].into(), ..same_name(SameName::Replace) };
    fixture.import(&[OTHER_ALICE, ALICE], &options).unwrap();
    assert!(fixture.accounts().iter().all(|account| account.trashed_at.is_none()));
    assert_eq!(fixture.accounts().len(), 2);
}

#[test]
fn an_own_copy_of_an_account_that_was_renamed_since_is_that_account() {
    let fixture = Fixture::new();
    fixture.import(&[ALICE, ALICE_AT_WORK], &ImportOptions::default()).unwrap();
    let id = fixture.accounts()[1].id;
    fixture.vault.transaction(|tx| tx.update_account(id, |account| account.name = "me".into())).unwrap();
    let mut moved = Import::new();
    moved.add_list(&[ALICE, ALICE_AT_WORK].join("\n")).unwrap();
    let report = apply(&fixture.vault, &moved, &ImportOptions::default(), NOW).unwrap();
    assert!(report.rows.iter().all(|row| matches!(row.outcome, RowOutcome::Unchanged { .. })));
    assert_eq!((fixture.accounts().len(), report.proven), (2, 2));
}

#[test]
fn what_the_other_app_deleted_stays_out_even_if_it_could_not_be_imported() {
    let deleted = "&codeDisplay=%7B%22trashed%22%3Atrue%7D";
    let fixture = Fixture::new();
    let links = [ALICE.to_owned(), format!("{ALICE}{deleted}"), format!("{BROKEN}{deleted}")];
    let links: Vec<&str> = links.iter().map(String::as_str).collect();
    let report = fixture.import(&links, &ImportOptions::default()).unwrap();
    let outcomes: Vec<_> = report.rows.iter().map(|row| row.outcome == RowOutcome::Skipped).collect();
    assert_eq!((outcomes, fixture.accounts().len()), (vec![false, true, true], 1));
}

#[test]
fn counters_keep_the_higher_one_whichever_side_has_it() {
    let fixture = Fixture::new();
    fixture.import(&[&hotp(5), &hotp(9), &hotp(7)], &ImportOptions::default()).unwrap();
    assert_eq!(fixture.counters(), [9]);
    let report = fixture.import(&[&hotp(3)], &ImportOptions::default()).unwrap();
    assert!(matches!(report.rows[0].outcome, RowOutcome::Unchanged { .. }));
    assert_eq!(fixture.counters(), [9]);
    fixture.import(&[&hotp(12)], &ImportOptions::default()).unwrap();
    assert_eq!(fixture.counters(), [12]);
}

#[test]
fn importing_twice_adds_nothing() {
    let fixture = Fixture::new();
    let import = import_of("aegis.json").unwrap();
    apply(&fixture.vault, &import, &ImportOptions::default(), NOW).unwrap();
    let before = fixture.accounts();
    let report = apply(&fixture.vault, &import, &ImportOptions::default(), NOW + 9).unwrap();
    assert!(report.rows.iter().all(|row| matches!(row.outcome, RowOutcome::Unchanged { .. })));
    assert_eq!(fixture.accounts(), before);
}

#[test]
fn undo_takes_everything_back_in_one_step_and_loses_nothing() {
    let fixture = Fixture::new();
    let trashed = "otpauth://totp/Old:x?secret=MZXW6YTBOI";
    fixture.import(&[ALICE, trashed, &hotp(5)], &ImportOptions::default()).unwrap();
    let old = fixture.accounts()[1].id;
    fixture.vault.trash_account(old, NOW - 100).unwrap();
    let before = fixture.accounts();

    fixture.import(&[OTHER_ALICE, trashed, &hotp(8)], &same_name(SameName::Replace)).unwrap();
    let undone = fixture.undo().unwrap();
    assert_eq!(undone, UndoReport { trashed: 2, restored: 1, counters: 1, left: 0 });
    let after = fixture.accounts();
    assert_eq!(after[..3], before);
    assert_eq!(after[3].trashed_at, Some(NOW + 1), "what was imported can still be had");
    assert_eq!(fixture.undo().unwrap_err(), Error::Import(ImportError::NothingToUndo));
}

#[test]
fn undo_makes_no_code_twice_and_leaves_what_was_deleted_since() {
    let fixture = Fixture::new();
    fixture.import(&[&hotp(5)], &ImportOptions::default()).unwrap();
    fixture.import(&[&hotp(8), ALICE], &ImportOptions::default()).unwrap();
    let accounts = fixture.accounts();
    fixture.vault.next_hotp(accounts[0].id).unwrap();
    fixture.vault.delete_account(accounts[1].id).unwrap();
    assert_eq!(fixture.undo().unwrap(), UndoReport { left: 2, ..UndoReport::default() });
    assert_eq!(fixture.counters(), [9]);
}

#[test]
fn thousands_of_accounts_are_imported_and_undone_in_one_transaction_each() {
    let fixture = Fixture::new();
    let links: Vec<_> = (0..3000)
        .map(|number| {
            let secret = data_encoding::BASE32_NOPAD.encode(format!("secret {number:06}").as_bytes());
            format!("otpauth://totp/I:n{number}?secret={secret}")
        })
        .collect();
    let links: Vec<&str> = links.iter().map(String::as_str).collect();
    assert_eq!(fixture.import(&links, &ImportOptions::default()).unwrap().proven, 3000);
    assert_eq!(fixture.vault.transaction(last).unwrap().unwrap().changes, 3000);
    assert_eq!(fixture.undo().unwrap().trashed, 3000);
}
