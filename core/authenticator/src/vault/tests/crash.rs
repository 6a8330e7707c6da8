//! Crashes: whatever moment the process dies at, the vault is as it was before a change or as it is after it.
//!
//! The processes that die are this test binary, started again with one of the `child_` tests and killed.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use super::*;

const PATH: &str = "COUNTERSIGN_TEST_VAULT";
const CODE: &str = "COUNTERSIGN_TEST_CODE";

/// A step of a child: what it is about to do, or what it has done durably.
fn say(step: &str) {
    let mut output = std::io::stdout().lock();
    writeln!(output, "@{step}").unwrap();
    output.flush().unwrap();
}

fn start(test: &str, path: &Path, code: &RecoveryCode) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("vault::tests::crash::{test}"), "--ignored", "--nocapture", "--quiet"])
        .env(PATH, path)
        .env(CODE, code.to_text().as_str())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Kills a child some microseconds after it has said `steps` steps, and returns all that it said.
fn kill_after(mut child: Child, steps: usize, microseconds: u128) -> Vec<String> {
    let output = BufReader::new(child.stdout.take().unwrap());
    let mut said =
        output.lines().map_while(Result::ok).filter_map(|line| Some(line.strip_prefix('@')?.to_owned()));
    let mut steps: Vec<String> = said.by_ref().take(steps).collect();
    let start = Instant::now();
    while start.elapsed().as_micros() < microseconds {
        std::hint::spin_loop();
    }
    child.kill().unwrap();
    steps.extend(said);
    child.wait().unwrap();
    steps
}

fn vault_of_child() -> Option<(PathBuf, RecoveryCode)> {
    let path = std::env::var_os(PATH)?.into();
    Some((path, RecoveryCode::parse(&std::env::var(CODE).unwrap()).unwrap()))
}

/// Different in every run, which is what such a test is for.
fn random(below: u8) -> u8 {
    Secret::make_random(1).expose()[0] % below
}

#[test]
#[ignore = "a process for the tests here to kill"]
fn child_writes() {
    let Some((path, code)) = vault_of_child() else { return };
    let vault = Vault::open(&path).unwrap();
    vault.unlock_with_recovery_code(&code).unwrap();
    loop {
        let round = vault.transaction(write_round).unwrap();
        say(&round.to_string());
    }
}

/// One round adds an account, deletes the one before it, and counts; together or not at all.
fn write_round(transaction: &mut Transaction<'_>) -> Result<i64, VaultError> {
    let last = transaction.get::<Offset>(id(1))?.map_or(0, |offset| offset.seconds);
    for account in transaction.accounts()?.items {
        if account.name == last.to_string() {
            transaction.delete_account(account.id)?;
        }
    }
    transaction.add_account(&totp_account(&(last + 1).to_string()))?;
    transaction.put(id(1), &offset(last + 1))?;
    Ok(last + 1)
}

#[test]
fn a_killed_writer_leaves_all_of_a_transaction_or_nothing_and_loses_nothing_it_reported() {
    let Fixture { folder, code, vault } = Fixture::new();
    let path = folder.path().join("vault.db");
    vault.transaction(write_round).unwrap();
    drop(vault);
    let mut highest = 1;
    for _ in 0..25 {
        let child = start("child_writes", &path, &code);
        let said = kill_after(child, 1 + usize::from(random(8)), u128::from(random(250)) * 4);
        let reported: i64 = said.last().unwrap().parse().unwrap();
        assert!(reported > highest);

        let vault = Vault::open(&path).unwrap();
        vault.unlock_with_recovery_code(&code).unwrap();
        assert!(vault.check().unwrap().is_sound());
        let count = vault.get::<Offset>(id(1)).unwrap().unwrap().seconds;
        assert!(count == reported || count == reported + 1, "{count} after {reported}");
        assert_eq!(names(&vault), [count.to_string()]);
        highest = count;
    }
}

#[test]
#[ignore = "a process for the tests here to kill"]
fn child_takes_codes() {
    let Some((path, code)) = vault_of_child() else { return };
    let vault = Vault::open(&path).unwrap();
    vault.unlock_with_recovery_code(&code).unwrap();
    let account = vault.accounts().unwrap().items[0].id;
    loop {
        say(&vault.next_hotp(account).unwrap().to_string());
    }
}

#[test]
fn killed_processes_never_give_a_counter_out_twice() {
    let Fixture { folder, code, vault } = Fixture::new();
    let path = folder.path().join("vault.db");
    let account = otp_account("counter", MovingFactor::Counter { next: 0 });
    let generator = crate::otp::OtpGenerator::new(account.otp.as_ref().unwrap());
    vault.add_account(&account).unwrap();
    drop(vault);
    let mut next = 0;
    for _ in 0..8 {
        // Two at once, as an app and its widget are.
        let children = [(); 2].map(|()| start("child_takes_codes", &path, &code));
        let mut given: Vec<String> =
            children.into_iter().flat_map(|child| kill_after(child, 2, u128::from(random(250)))).collect();

        let vault = Vault::open(&path).unwrap();
        vault.unlock_with_recovery_code(&code).unwrap();
        let factor = vault.account(account.id).unwrap().unwrap().otp.unwrap().factor();
        let MovingFactor::Counter { next: reached } = factor else { panic!("{factor:?}") };
        let mut counted: Vec<String> =
            (next..reached).map(|counter| generator.code_for_counter(counter).to_string()).collect();
        // Every code that was given out comes from a counter of its own; a kill may waste one in each process.
        given.sort();
        counted.sort();
        let wasted = counted.len() - given.len();
        assert!(wasted <= 2, "{wasted}");
        for code in given {
            counted.remove(counted.binary_search(&code).unwrap());
        }
        next = reached;
    }
}

#[test]
#[ignore = "a process for the tests here to kill"]
fn child_creates() {
    let Some((path, code)) = vault_of_child() else { return };
    say("start");
    Vault::create(&path, &[NewSlot::from_recovery_code(&code)]).unwrap();
    say("created");
}

#[test]
fn a_killed_creation_leaves_no_vault_or_a_whole_one() {
    let code = RecoveryCode::make_random();
    for round in 0..40 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vault.db");
        // The first is killed at once, the last when it is done.
        let steps = if round == 39 { 2 } else { 1 };
        let said = kill_after(start("child_creates", &path, &code), steps, round * 150);
        match Vault::open(&path) {
            Err(VaultError::Missing) => {
                assert!(!said.contains(&"created".to_owned()));
                Vault::create(&path, &[NewSlot::from_recovery_code(&code)]).unwrap();
            }
            opened => {
                let vault = opened.unwrap();
                vault.unlock_with_recovery_code(&code).unwrap();
                assert!(vault.check().unwrap().is_sound());
            }
        }
    }
}

#[test]
#[ignore = "a process for the tests here to kill"]
fn child_changes_the_passphrase() {
    let Some((path, code)) = vault_of_child() else { return };
    let vault = Vault::open(&path).unwrap();
    vault.unlock_with_recovery_code(&code).unwrap();
    let slot = |n: u32| NewSlot::from_passphrase_at_cost(&passphrase(n), 64, 1).unwrap();
    let mut old = vault.slots().unwrap().iter().find(|slot| slot.kind == SlotKind::Passphrase).unwrap().id;
    for n in 1.. {
        let new = slot(n);
        say(&n.to_string());
        vault.replace_slot(old, &new).unwrap();
        old = new.id();
    }
}

fn passphrase(n: u32) -> Secret {
    n.to_string().as_bytes().into()
}

#[test]
fn a_killed_change_of_passphrase_leaves_the_old_one_or_the_new_one() {
    for _ in 0..15 {
        let fixture = Fixture::new();
        fixture.vault.add_slot(&NewSlot::from_passphrase_at_cost(&passphrase(0), 64, 1).unwrap()).unwrap();
        let child = start("child_changes_the_passphrase", &fixture.path(), &fixture.code);
        let said = kill_after(child, 1 + usize::from(random(5)), u128::from(random(250)) * 8);
        let announced: u32 = said.last().unwrap().parse().unwrap();
        let vault = Vault::open(&fixture.path()).unwrap();
        let opened = [announced - 1, announced].map(|n| vault.unlock_with_passphrase(&passphrase(n)).is_ok());
        assert!(opened[0] != opened[1], "exactly one of the two opens the vault");
        assert!(vault.check().unwrap().is_sound());
    }
}

#[test]
fn a_write_ahead_log_cut_short_or_damaged_anywhere_gives_an_earlier_state_whole() {
    let Fixture { folder, code, vault } = Fixture::new();
    let path = folder.path().join("vault.db");
    vault.transaction(write_round).unwrap();
    // From here on the file itself holds the first round, and the log those after it.
    vault.lock();
    vault.unlock_with_recovery_code(&code).unwrap();
    for _ in 1..12 {
        vault.transaction(write_round).unwrap();
    }
    let main = fs::read(&path).unwrap();
    let log = fs::read(folder.path().join("vault.db-wal")).unwrap();
    drop(vault);

    let state_after = |log: &[u8]| {
        let copy = tempfile::tempdir().unwrap();
        let path = copy.path().join("vault.db");
        fs::write(&path, &main).unwrap();
        fs::write(copy.path().join("vault.db-wal"), log).unwrap();
        let vault = Vault::open(&path).unwrap();
        vault.unlock_with_recovery_code(&code).unwrap();
        assert!(vault.check().unwrap().is_sound());
        let count = vault.get::<Offset>(id(1)).unwrap().unwrap().seconds;
        assert_eq!(names(&vault), [count.to_string()]);
        count
    };
    assert_eq!(state_after(&log), 12);
    let mut reached = 0;
    for length in (0..log.len()).step_by(1021) {
        let state = state_after(&log[..length]);
        assert!(state >= reached, "a longer log never gives an older state");
        reached = state;
    }
    assert!(reached >= 10);
    for place in (0..log.len()).step_by(2039) {
        let mut flipped = log.clone();
        flipped[place] ^= 4;
        assert!((1..=12).contains(&state_after(&flipped)));
    }
}
