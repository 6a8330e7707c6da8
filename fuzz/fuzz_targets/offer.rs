//! Any text: what is read as an offer of codes must be able to give them.

#![no_main]

use countersign_core::offer::Offer;
use countersign_core::otp::OtpGenerator;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(Offer::Otp(offer)) = Offer::parse(text) {
        let _ = OtpGenerator::new(&offer.parameters).code_for_counter(u64::MAX);
    }
});
