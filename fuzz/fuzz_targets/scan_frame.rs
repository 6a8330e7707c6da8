//! Any frame: its size and row stride come from the input too, and needn't fit it.

#![no_main]

use countersign_scan::{FrameScanner, scan_frame};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u16, u16, u16, &[u8])| {
    let (width, height, stride, luma) = input;
    let (width, height, stride) = (width.into(), height.into(), stride.into());
    let thorough = scan_frame(luma, width, height, stride);
    let streamed = FrameScanner::new().scan(luma, width, height, stride);
    assert_eq!(thorough.err(), streamed.err());
});
