//! What the vault costs beside the least that the same work can cost, in one run.
//!
//! - *show*: open the file, read every account, and make its two codes; beside a plain SQLite table of the same accounts.
//! - *add*: write one account durably; beside one 4 KiB write and `fdatasync`.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench that fails should stop, and print what it has measured"
)]

use std::fs::File;
use std::hint::black_box;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

use countersign_authenticator::otp::{Algorithm, CodeFormat, MovingFactor, OtpGenerator, OtpParameters};
use countersign_authenticator::vault::{NewSlot, RecoveryCode, Vault, VaultError};
use countersign_authenticator::{Account, Secret};
use cpu_time::ThreadTime;
use criterion::{BenchmarkId, Criterion, criterion_group};
use rusqlite::{Connection, params};

const NOW: u64 = 1_790_000_000;

fn account(number: usize) -> Account {
    let otp = OtpParameters::new(
        Secret::make_random(20),
        Algorithm::Sha1,
        CodeFormat::Decimal { digits: 6 },
        MovingFactor::Time { period: 30 },
    );
    let mut account =
        Account::new("Northern Hospitals Trust", format!("ward.sister.{number}@north.example"), NOW);
    account.otp = Some(otp.unwrap());
    account
}

fn create(path: &Path, accounts: &[Account]) -> (Vault, RecoveryCode) {
    let code = RecoveryCode::make_random();
    let vault = Vault::create(path, &[NewSlot::from_recovery_code(&code)]).unwrap();
    vault
        .transaction(|transaction| accounts.iter().try_for_each(|account| transaction.add_account(account)))
        .unwrap();
    (vault, code)
}

fn create_plain(path: &Path, accounts: &[Account]) {
    let mut connection = Connection::open(path).unwrap();
    connection
        .execute_batch(
            "PRAGMA journal_mode=WAL;
             CREATE TABLE accounts (
                position INTEGER NOT NULL, id BLOB NOT NULL PRIMARY KEY, issuer TEXT NOT NULL, name TEXT NOT NULL,
                secret BLOB NOT NULL, digits INTEGER NOT NULL, period INTEGER NOT NULL, created_at INTEGER NOT NULL
             ) STRICT, WITHOUT ROWID;",
        )
        .unwrap();
    let transaction = connection.transaction().unwrap();
    for (position, account) in accounts.iter().enumerate() {
        let secret = account.otp.as_ref().unwrap().secret().expose();
        transaction
            .execute(
                "INSERT INTO accounts VALUES (?1, ?2, ?3, ?4, ?5, 6, 30, ?6)",
                params![
                    i64::try_from(position).unwrap(),
                    account.id.as_bytes(),
                    account.issuer,
                    account.name,
                    secret,
                    i64::try_from(account.created_at).unwrap()
                ],
            )
            .unwrap();
    }
    transaction.commit().unwrap();
}

/// Shows an account: who it is, and its code of now and of the next step.
fn show(otp: &OtpParameters) {
    black_box(OtpGenerator::new(otp).codes_at(NOW).unwrap());
}

fn show_sealed(path: &Path, code: &RecoveryCode) -> (Vault, Vec<Account>) {
    let vault = Vault::open(path).unwrap();
    vault.unlock_with_recovery_code(code).unwrap();
    let listing = vault.accounts().unwrap();
    assert!(listing.is_whole());
    listing.items.iter().for_each(|account| show(account.otp.as_ref().unwrap()));
    (vault, listing.items)
}

fn show_plain(path: &Path) -> (Connection, Vec<(String, String)>) {
    let connection = Connection::open(path).unwrap();
    let accounts = connection
        .prepare("SELECT issuer, name, secret, digits, period FROM accounts ORDER BY position")
        .unwrap()
        .query_map([], |row| {
            let otp = OtpParameters::new(
                Secret::from(row.get_ref(2)?.as_blob()?),
                Algorithm::Sha1,
                CodeFormat::Decimal { digits: row.get(3)? },
                MovingFactor::Time { period: row.get(4)? },
            );
            show(&otp.unwrap());
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    (connection, accounts)
}

fn bench_show(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("show");
    for count in [1_000, 10_000].into_iter().take(if is_test() { 1 } else { 2 }) {
        let folder = tempfile::tempdir().unwrap();
        let accounts: Vec<_> = (0..count).map(account).collect();
        let (sealed, plain) = (folder.path().join("vault.db"), folder.path().join("plain.db"));
        let (vault, code) = create(&sealed, &accounts);
        drop(vault);
        create_plain(&plain, &accounts);

        group.bench_function(BenchmarkId::new("vault", count), |bencher| {
            bencher.iter_custom(|iterations| time_without_drop(iterations, || show_sealed(&sealed, &code)));
        });
        group.bench_function(BenchmarkId::new("plain SQLite", count), |bencher| {
            bencher.iter_custom(|iterations| time_without_drop(iterations, || show_plain(&plain)));
        });
    }
    group.finish();
}

/// Closing isn't part of it, since nobody waits for that; but it must have happened, since the first to open a file
/// has more to do than the second.
fn time_without_drop<R>(iterations: u64, work: impl Fn() -> R) -> Duration {
    (0..iterations)
        .map(|_| {
            let start = Instant::now();
            let result = work();
            let time = start.elapsed();
            drop(result);
            time
        })
        .sum()
}

/// Without `--bench`, `cargo test` runs it: once, with little.
fn is_test() -> bool {
    let has = |argument: &str| std::env::args().any(|given| given == argument);
    has("--test") || !has("--bench")
}

fn bench_parts(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let accounts: Vec<_> = (0..1_000).map(account).collect();
    let path = folder.path().join("vault.db");
    let (vault, code) = create(&path, &accounts);
    let mut group = criterion.benchmark_group("parts");
    group.bench_function("accounts/1000", |bencher| {
        bencher.iter_custom(|iterations| time_without_drop(iterations, || vault.accounts().unwrap()));
    });
    group.bench_function("codes/1000", |bencher| {
        bencher.iter(|| accounts.iter().for_each(|account| show(account.otp.as_ref().unwrap())));
    });
    group.bench_function("unlock", |bencher| {
        bencher.iter(|| vault.unlock_with_recovery_code(&code).unwrap());
    });
    drop(vault);
    group.bench_function("open", |bencher| {
        bencher.iter_custom(|iterations| time_without_drop(iterations, || Vault::open(&path).unwrap()));
    });
    group.finish();
}

fn bench_add(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("add");
    for count in [10, 1_000, 10_000].into_iter().take(if is_test() { 1 } else { 3 }) {
        let folder = tempfile::tempdir().unwrap();
        let accounts: Vec<_> = (0..count).map(account).collect();
        let (vault, _) = create(&folder.path().join("vault.db"), &accounts);
        // Between two of them the account goes again, so that the vault stays as large as it is.
        group.bench_function(BenchmarkId::new("vault", count), |bencher| {
            bencher.iter_custom(|iterations| (0..iterations).map(|_| time_addition(&vault).unwrap()).sum());
        });
        let file = File::create(folder.path().join("floor")).unwrap();
        group.bench_function(BenchmarkId::new("pwrite and fdatasync", count), |bencher| {
            bencher.iter(|| {
                file.write_all_at(&[7; 4096], 0).unwrap();
                file.sync_data().unwrap();
            });
        });
    }
    group.finish();
}

fn time_addition(vault: &Vault) -> Result<Duration, VaultError> {
    let account = account(0);
    let start = Instant::now();
    vault.add_account(&account)?;
    let time = start.elapsed();
    vault.delete_account(account.id)?;
    Ok(time)
}

/// Prints what showing takes beside plain SQLite, in turn and by the processor time of each: other programs hardly matter to it.
fn compare() {
    for count in [1_000, 10_000].into_iter().take(if is_test() { 1 } else { 2 }) {
        let folder = tempfile::tempdir().unwrap();
        let accounts: Vec<_> = (0..count).map(account).collect();
        let (sealed, plain) = (folder.path().join("vault.db"), folder.path().join("plain.db"));
        let (vault, code) = create(&sealed, &accounts);
        drop(vault);
        create_plain(&plain, &accounts);
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..if is_test() { 1 } else { 200_000 / count } {
            let start = ThreadTime::now();
            let shown = show_sealed(&sealed, &code);
            ours.push(start.elapsed());
            drop(shown);
            let start = ThreadTime::now();
            let shown = show_plain(&plain);
            theirs.push(start.elapsed());
            drop(shown);
        }
        let [ours, theirs] = [ours, theirs].map(|mut times| {
            times.sort();
            times[times.len() / 2].as_secs_f64() * 1e3
        });
        println!(
            "show {count}, processor time: vault {ours:.2} ms, plain SQLite {theirs:.2} ms, {:.2} x",
            ours / theirs
        );
    }
}

criterion_group!(benches, bench_show, bench_parts, bench_add);

fn main() {
    benches();
    Criterion::default().configure_from_args().final_summary();
    compare();
}
