//! What 1,000 one-time codes of 1,000 accounts cost, against the floor and against totp-rs.
//!
//! The floor is what no HMAC can do without: two compressions of the hash, from states that already have the key, the
//! second one fed from the first.

use std::hint::black_box;

use countersign_otp::{Algorithm, CodeFormat, MovingFactor, OtpGenerator, OtpParameters, Secret};
use criterion::{
    BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime,
};

const ACCOUNTS: u64 = 1_000;
const TIME: u64 = 1_700_000_000;

/// Two compressions for each account, one after the other.
macro_rules! bench_floor {
    ($group:expr, $compress:path, $state:expr, $block_bytes:expr) => {
        $group.bench_function("floor", |bencher| {
            bencher.iter(|| {
                for _ in 0..ACCOUNTS {
                    let (mut inner, mut outer, mut block) = black_box(($state, $state, [[7; $block_bytes]]));
                    $compress(&mut inner, &block);
                    block[0][..4].copy_from_slice(&inner[0].to_be_bytes()[..4]);
                    $compress(&mut outer, &block);
                    black_box(outer);
                }
            });
        });
    };
}

fn codes(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("1000 codes, SHA-1");
    bench_floor!(group, sha1::block_api::compress, [1_u32; 5], 64);
    contenders(group, Algorithm::Sha1, totp_rs::Algorithm::SHA1);

    let mut group = criterion.benchmark_group("1000 codes, SHA-256");
    bench_floor!(group, sha2::block_api::compress256, [1_u32; 8], 64);
    contenders(group, Algorithm::Sha256, totp_rs::Algorithm::SHA256);

    let mut group = criterion.benchmark_group("1000 codes, SHA-512");
    bench_floor!(group, sha2::block_api::compress512, [1_u64; 8], 128);
    contenders(group, Algorithm::Sha512, totp_rs::Algorithm::SHA512);
}

fn contenders(mut group: BenchmarkGroup<'_, WallTime>, ours: Algorithm, theirs: totp_rs::Algorithm) {
    let secret = |account: u64| account.to_be_bytes().repeat(3)[..20].to_vec();
    let parameters: Vec<OtpParameters> = (0..ACCOUNTS)
        .filter_map(|account| {
            let (format, factor) = (CodeFormat::Decimal { digits: 6 }, MovingFactor::Time { period: 30 });
            OtpParameters::new(Secret::new(secret(account)), ours, format, factor).ok()
        })
        .collect();
    let generators: Vec<OtpGenerator> = parameters.iter().map(OtpGenerator::new).collect();
    let rivals: Vec<totp_rs::Totp> = (0..ACCOUNTS)
        .map(|account| {
            let builder = totp_rs::Builder::new().with_algorithm(theirs).with_secret(secret(account));
            builder.build_noncompliant()
        })
        .collect();
    for (generator, rival) in generators.iter().zip(&rivals) {
        let code = generator.code_at(TIME).map(|code| code.to_string());
        assert_eq!(code, Some(rival.generate(TIME).to_string()));
    }

    // A new time for each round, so that nothing can be remembered.
    let mut time = TIME;
    let mut later = || {
        time += 30;
        time
    };
    group.throughput(Throughput::Elements(ACCOUNTS));
    group.bench_function("countersign, key kept", |bencher| {
        bencher.iter(|| {
            let time = later();
            for generator in &generators {
                black_box(generator.code_at(time));
            }
        });
    });
    group.bench_function("countersign, key each time", |bencher| {
        bencher.iter(|| {
            let time = later();
            for parameters in &parameters {
                black_box(OtpGenerator::new(parameters).code_at(time));
            }
        });
    });
    group.bench_function("totp-rs", |bencher| {
        bencher.iter(|| {
            let time = later();
            for rival in &rivals {
                black_box(rival.generate(time));
            }
        });
    });
    group.bench_function("totp-rs, as text", |bencher| {
        bencher.iter(|| {
            let time = later();
            for rival in &rivals {
                black_box(rival.generate(time).to_string());
            }
        });
    });
    group.finish();
}

criterion_group!(benches, codes);
criterion_main!(benches);
