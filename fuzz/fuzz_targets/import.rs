//! Any file, read as whatever its content makes it: no panic, no cost without a password, and what is accepted can be
//! previewed. Start it with `tests/vectors/import` as its corpus.
//!
//! The first byte says whether a password is given. With one, formats with a costly key derivation run too, so give
//! libFuzzer `-timeout=10`.

#![no_main]

use countersign_authenticator::Secret;
use countersign_authenticator::import::{Import, ImportOptions, preview};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((&first, file)) = input.split_first() else { return };
    let password = (first == 1).then(|| Secret::from(&b"correct horse battery"[..]));
    let mut import = Import::new();
    if let Ok(added) = import.add_file(file, password.as_ref()) {
        assert!(added.entries <= Import::MAX_ENTRIES);
        let _ = preview(&import, &[], &ImportOptions::default());
    }
});
