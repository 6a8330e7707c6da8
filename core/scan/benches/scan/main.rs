//! What scanning costs: a 1080p camera frame, with a code in it and without, and hard pictures; against the decoders alone, and
//! against zxing-cpp, the fastest one known.
//!
//! zxing-cpp runs in a process of its own, from its Python package: `pip install zxing-cpp`. Without it the rest runs.

#![expect(
    clippy::as_conversions,
    reason = "synthetic pictures are arithmetic between pixels and coordinates"
)]
#![expect(clippy::print_stdout, reason = "a bench prints what it has measured")]
#![expect(clippy::unwrap_used, reason = "a bench that fails should stop")]

mod frames;
mod zxing;

use std::hint::black_box;

use countersign_scan::{FrameScanner, scan_frame};
use criterion::Criterion;
use frames::{HEIGHT, WIDTH, frame};
use rxing::common::{DetectorRXingResult, HybridBinarizer};
use rxing::qrcode::cpp_port::decoder::Decode;
use rxing::qrcode::cpp_port::detector::{FindFinderPatterns, GenerateFinderPatternSets, SampleQR};
use rxing::{Binarizer, Luma8Source};

fn main() {
    let has = |argument: &str| std::env::args().any(|given| given == argument);
    // Without `--bench`, `cargo test` runs it: everything once, and no more.
    let is_test = has("--test") || !has("--bench");
    let count = if is_test { 1 } else { 20 };
    let sets =
        [true, false].map(|with_code| (1..=count).map(|seed| frame(seed, with_code)).collect::<Vec<_>>());
    let mut criterion = Criterion::default().configure_from_args();
    for (name, frames) in ["1080p frame with a code", "1080p frame without"].into_iter().zip(&sets) {
        measure(&mut criterion, name, frames);
    }
    criterion.final_summary();
    zxing::compare(&sets, is_test);
}

fn measure(criterion: &mut Criterion, name: &str, frames: &[Vec<u8>]) {
    let mut group = criterion.benchmark_group(name);
    let mut next = frames.iter().cycle();
    let mut next = || next.next().map_or(&[][..], Vec::as_slice);
    group.bench_function("floor: read each pixel", |bencher| {
        bencher.iter(|| black_box(next()).iter().map(|pixel| u64::from(*pixel)).sum::<u64>());
    });
    group.bench_function("countersign, first attempt", |bencher| bencher.iter(|| scan_first(next())));
    group.bench_function("countersign, stream", |bencher| {
        let mut scanner = FrameScanner::new();
        bencher.iter(|| scanner.scan(next(), WIDTH, HEIGHT, WIDTH).map(|codes| codes.len()));
    });
    group.bench_function("countersign, all effort", |bencher| {
        bencher.iter(|| scan_frame(next(), WIDTH, HEIGHT, WIDTH).map(|codes| codes.len()));
    });
    group.bench_function("rxing alone", |bencher| bencher.iter(|| scan_rxing(next())));
    group.bench_function("quircs alone", |bencher| bencher.iter(|| scan_quircs(next())));
    group.finish();
}

/// A new scanner makes its first attempt and no other.
pub(crate) fn scan_first(frame: &[u8]) -> usize {
    FrameScanner::new().scan(frame, WIDTH, HEIGHT, WIDTH).map_or(0, |codes| codes.len())
}

/// What `rxing`'s own reader does. That one is not compiled in, as it needs the tables of character sets.
fn scan_rxing(frame: &[u8]) -> bool {
    let binarizer =
        HybridBinarizer::new(Luma8Source::new_with_slice(frame, WIDTH as u32, HEIGHT as u32).unwrap());
    let matrix = binarizer.get_black_matrix().unwrap();
    let mut patterns = FindFinderPatterns(matrix, true, 1);
    GenerateFinderPatternSets(&mut patterns).iter().any(|set| {
        SampleQR(matrix, set).and_then(|sampled| Decode(sampled.getBits())).is_ok_and(|code| code.isValid())
    })
}

fn scan_quircs(frame: &[u8]) -> usize {
    let mut decoder = quircs::Quirc::default();
    decoder
        .identify(WIDTH, HEIGHT, frame)
        .filter(|code| code.as_ref().is_ok_and(|code| code.decode().is_ok()))
        .count()
}
