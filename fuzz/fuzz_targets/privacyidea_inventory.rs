//! Any text as the list that a container's server sends, once it is decrypted: whole or nothing.

#![no_main]

use countersign_authenticator::approvals::privacyidea::fuzzing;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| fuzzing::inventory(text));
