//! Challenges of a privacyIDEA server: any JSON, and any fields under a signature that verifies. What is shown has one
//! reading.
//!
//! The input is JSON, or fields with line ends between them. An empty field stands for one in order.

#![no_main]

use countersign_authenticator::approvals::privacyidea::fuzzing;
use libfuzzer_sys::fuzz_target;

const IN_ORDER: [&str; 6] =
    ["RABY2RZTU7YA2RGCWXEPEKH7PJHF7BWM", "https://pi.example/ttype/push", "PIPU1", "Sign in?", "Ward portal", "1"];

fuzz_target!(|input: &str| {
    if let Ok(challenges) = serde_json::from_str(input) {
        return fuzzing::challenges(challenges);
    }
    let mut fields = IN_ORDER.to_vec();
    for (index, field) in input.split('\n').enumerate().take(7) {
        match fields.get_mut(index) {
            Some(known) if !field.is_empty() => *known = field,
            Some(_) => {}
            None => fields.push(field),
        }
    }
    fuzzing::signed_challenge(&fields);
});
