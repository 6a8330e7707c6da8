//! Any protobuf message of an export, past the base64 around it.

#![no_main]

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_offer::{MigrationBatch, Offer};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|payload: &[u8]| {
    let text = format!("otpauth-migration://offline?data={}", URL_SAFE_NO_PAD.encode(payload));
    if let Ok(Offer::Migration(part)) = Offer::parse(&text) {
        let (index, count) = (part.index, part.count);
        let mut batch = MigrationBatch::new(part.clone());
        assert_eq!(batch.add(part), Ok(()));
        assert_eq!(batch.missing().len(), count - 1);
        assert!(!batch.missing().contains(&index));
    }
});
