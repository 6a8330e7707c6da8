//! Any file: decoded and read, or refused.

#![no_main]

use countersign_scan::scan_picture;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|file: &[u8]| {
    let _ = scan_picture(file);
});
