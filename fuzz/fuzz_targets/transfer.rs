//! Any text and any bytes as a code of a move: no panic, and what is read is written as it was.

#![no_main]

use countersign_authenticator::transfer::TransferCode;
use data_encoding::BASE32_NOPAD;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let _ = TransferCode::parse(&String::from_utf8_lossy(input));
    let text = format!("COUNTERSIGN-MOVE:{}", BASE32_NOPAD.encode(input));
    if let Ok(code) = TransferCode::parse(&text) {
        assert_eq!(code.to_text(), text);
    }
});
