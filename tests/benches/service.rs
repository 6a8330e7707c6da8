//! What one service on this machine does, with its clients on the same machine: approvals a second, the time from a
//! sign-in's start to its appearance on a waiting phone, and memory.
//!
//! The service is the release program in a process of its own. `cargo bench --package countersign-tests` runs it;
//! `docs/performance.md` has the results.

mod load;

use std::time::{Duration, Instant};

use countersign_tests::ServiceProcess;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use tokio::runtime::Runtime;

fn approvals(criterion: &mut Criterion) {
    let runtime = runtime();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let service = runtime.block_on(start(folder.path()));
    let phones = runtime.block_on(load::enrol(&service, 256));
    let mut group = criterion.benchmark_group("approvals");
    group.throughput(Throughput::Elements(1)).sample_size(10).measurement_time(Duration::from_secs(10));
    for at_once in [1, 16, 256] {
        group.bench_function(BenchmarkId::from_parameter(at_once), |bencher| {
            bencher.iter_custom(|approvals| {
                let started = Instant::now();
                runtime.block_on(load::approve_many(&phones[..at_once], approvals));
                started.elapsed()
            });
        });
    }
    group.finish();
}

fn latency_and_memory(_: &mut Criterion) {
    let runtime = runtime();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let service = runtime.block_on(start(folder.path()));
    println!("memory, idle service: {:.1} MB", megabytes(service.resident_bytes()));

    let phones = runtime.block_on(load::enrol(&service, 32));
    let mut shown = runtime.block_on(load::time_to_phone(&phones, 600));
    shown.sort_unstable();
    let at = |per_cent: usize| shown[(shown.len() - 1) * per_cent / 100];
    println!(
        "sign-in started to shown on a waiting phone: p50 {:?}, p99 {:?}, n {}",
        at(50),
        at(99),
        shown.len()
    );

    let before = service.resident_bytes();
    let waiting = runtime.block_on(load::wait_many(&phones, 2_000));
    let after = service.resident_bytes();
    println!("memory, each of 2000 waiting phones: {:.1} kB", (after - before) as f64 / 2_000.0 / 1000.0);
    drop(waiting);
}

async fn start(folder: &std::path::Path) -> ServiceProcess {
    ServiceProcess::start(&folder.join("data"), None, None, None).await.expect("the service starts")
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
}

fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1_000_000.0
}

criterion_group!(benches, approvals, latency_and_memory);
criterion_main!(benches);
