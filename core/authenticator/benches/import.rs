//! What moving 10,000 accounts costs: reading an export, importing it with its proof, and writing and rehearsing one.
//!
//! The floor is parsing the same JSON into `serde_json::Value` and nothing else.

#![expect(clippy::unwrap_used, reason = "a bench that fails should stop")]

use std::hint::black_box;
use std::sync::{Arc, LazyLock};

use countersign_authenticator::backup::ExportFormat;
use countersign_authenticator::client::HttpTransportBuilder;
use countersign_authenticator::clock::SystemClock;
use countersign_authenticator::import::{Import, ImportOptions};
use countersign_authenticator::keys::{SoftwareKeys, UserCheck};
use countersign_authenticator::vault::{NewSlot, RecoveryCode, Vault};
use countersign_authenticator::{Authenticator, Secret};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use tempfile::TempDir;

/// How many accounts; without `--bench`, `cargo test` runs it: once, with few.
static ACCOUNTS: LazyLock<usize> = LazyLock::new(|| {
    let has = |argument: &str| std::env::args().any(|given| given == argument);
    if has("--test") || !has("--bench") { 100 } else { 10_000 }
});
const PASSWORD: &[u8] = b"a passphrase as typed";

fn links() -> String {
    let link = |number| {
        let secret = data_encoding::BASE32_NOPAD.encode(format!("secret of no. {number:06}").as_bytes());
        format!(
            "otpauth://totp/Northern%20Hospitals:sister.{number}%40north.example?secret={secret}&issuer=Northern%20Hospitals\n"
        )
    };
    (0..*ACCOUNTS).map(link).collect()
}

fn read(file: &[u8]) -> Import {
    let mut import = Import::new();
    import.add_file(file, None).unwrap();
    import
}

fn authenticator() -> (Authenticator, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let slot = NewSlot::from_recovery_code(&RecoveryCode::make_random());
    let vault = Arc::new(Vault::create(&folder.path().join("vault.db"), &[slot]).unwrap());
    let keys = Arc::new(SoftwareKeys::new(vault.clone(), UserCheck::None));
    let transport = Arc::new(HttpTransportBuilder::default().build().unwrap());
    (Authenticator::new(vault, keys, Arc::new(SystemClock::default()), transport).unwrap(), folder)
}

fn bench_import(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("move 10,000 accounts");
    group.sample_size(10);
    let links = links();
    let import = read(links.as_bytes());
    let (full, _folder) = authenticator();
    full.import(&import, &ImportOptions::default()).unwrap();
    let json = full.export(ExportFormat::AegisJson, None).unwrap().content;

    group.bench_function("floor: parse the JSON", |bencher| {
        bencher.iter(|| black_box(serde_json::from_slice::<serde_json::Value>(&json).unwrap()));
    });
    group.bench_function("read links", |bencher| bencher.iter(|| read(links.as_bytes())));
    group.bench_function("read JSON", |bencher| bencher.iter(|| read(&json)));
    group.bench_function("import with proof", |bencher| {
        let import = |(authenticator, _folder): &(Authenticator, TempDir)| {
            assert_eq!(authenticator.import(&import, &ImportOptions::default()).unwrap().proven, *ACCOUNTS);
        };
        bencher.iter_batched_ref(authenticator, |fresh| import(fresh), BatchSize::PerIteration);
    });
    group.bench_function("import again", |bencher| {
        bencher.iter(|| full.import(&import, &ImportOptions::default()).unwrap());
    });
    for (name, format) in [("plain", ExportFormat::AegisJson), ("encrypted", ExportFormat::Backup)] {
        group.bench_function(format!("export and rehearse, {name}"), |bencher| {
            let password = Secret::from(PASSWORD);
            bencher.iter(|| full.export(format, Some(&password)).unwrap().rehearsal.restorable);
        });
    }
    group.finish();
}

criterion_group!(benches, bench_import);
criterion_main!(benches);
