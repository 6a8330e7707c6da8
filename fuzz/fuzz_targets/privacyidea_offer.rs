//! Any parameters behind the beginning of each of privacyIDEA's links: a push token's, a container's, and that of codes in
//! two steps. What is read is complete, and no debug text has its secret.

#![no_main]

use countersign_offer::{EnrolmentOffer, Offer};
use libfuzzer_sys::fuzz_target;

/// Each with its secret last, which the input may take over and change.
const LINKS: &[&str] = &[
    "pia://container/S?hash_algorithm=SHA256&time=2026-11-24&url=https%3A//pi.example/&serial=S&nonce=7440e149aecf020fc7f82ad578032485a3ca5514",
    "otpauth://pipush/P?v=1&url=https%3A//pi.example/ttype/push&serial=P&enrollment_credential=7440e149aecf020fc7f82ad578032485a3ca5514",
    "otpauth://totp/T?serial=T&2step_difficulty=1&secret=JBSWY3DPEHPK3PXP",
    "pia://",
    "otpauth://",
];

fuzz_target!(|input: (usize, &str)| {
    let (link, more) = (LINKS[input.0 % LINKS.len()], input.1);
    let Ok(offer) = Offer::parse(&format!("{link}{more}")) else { return };
    assert!(!format!("{offer:?}").contains("7440e149aecf020f"));
    match offer {
        Offer::Container(offer) => assert!(!offer.serial.contains('|') && !offer.serial.is_empty()),
        Offer::Enrolment(EnrolmentOffer::PrivacyIdea(offer)) => assert!(!offer.serial.contains('|')),
        // With more rounds it takes as long as it should.
        Offer::TwoStep(offer) if !more.contains("difficulty") && link.contains("difficulty=1") => {
            let _ = offer.complete();
        }
        _ => {}
    }
});
