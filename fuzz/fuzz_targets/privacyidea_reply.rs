//! Any text as the reply of a privacyIDEA server, to whatever call.

#![no_main]

use countersign_authenticator::approvals::privacyidea::fuzzing;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (bool, &str)| fuzzing::reply(if input.0 { 200 } else { 400 }, input.1));
